"""``python -m smb`` is the program ``smbcourier``."""

import sys

from smb.cli import main

if __name__ == '__main__':
    sys.exit(main())
