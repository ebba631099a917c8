"""The messages of SMB1, [MS-CIFS] 2.2."""
