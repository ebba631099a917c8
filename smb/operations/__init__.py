"""What the public calls do, written once over the verbs of ``smb/tree/base.py``."""
