"""From messages to an answered request: ids, credits, signatures, sealing and sign-on, [MS-SMB2] 3.2."""
