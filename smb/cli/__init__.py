"""The program ``smbcourier``: files and folders on SMB shares, from a shell.

An address becomes an Address (``smb.addresses``), a Client (``client``) connects to its server as a Login
(``credentials``), a command (``commands``) works on what is there (``remote``) and here (``local``), says what it
found (``output``, ``text``), and what went wrong becomes one line and an exit code (``failures``).
"""

from smb.cli.program import main as main
