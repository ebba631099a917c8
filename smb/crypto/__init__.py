"""Keys, signatures, encryption and hashes of SMB2 and SMB3, [MS-SMB2] 3.1.4, and the old algorithms of NTLM."""
