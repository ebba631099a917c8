"""smb:// for fsspec, and with it for pandas, Dask and whatever else takes a file system of fsspec.

``looking`` connects and says what there is, each thread over a connection of its own (``pool``); ``reading`` and
``filesystem`` do the rest, and ``files`` has the files that are open.
"""

from smb.fsspec.filesystem import SMBFileSystem as SMBFileSystem
