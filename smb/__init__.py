"""A blocking SMB client: ``from smb.SMBConnection import SMBConnection``."""

__version__ = '0.1.0'
