"""Door to MD4, which is in ``smb.crypto.legacy``."""

from __future__ import annotations

from smb.crypto.legacy import MD4

__all__ = ['MD4']
