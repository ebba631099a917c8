"""What the listing calls give back: SharedFile and SharedDevice.

Programs know both classes as names of ``smb.base``; they build, compare and pickle them there.
"""

from __future__ import annotations

from smb.smb_constants import ATTR_DIRECTORY, ATTR_NORMAL, ATTR_READONLY

LOW_ATTRIBUTES = (
    0xFF  # the attributes that DOS knew; a file with none of them, or with ATTR_NORMAL alone, is a normal one
)

# The upper bits of a share's type, [MS-SRVS] 2.2.2.4
STYPE_TEMPORARY = 0x40000000
STYPE_SPECIAL = 0x80000000


class SharedFile:
    """A file or folder on a share, as it was when the server was asked.

    * ``create_time``, ``last_access_time``, ``last_write_time``, ``last_attr_change_time``: float, seconds since 1970
      UTC. A time that the server does not keep (a FILETIME of 0) is -11644473600.0.
    * ``file_size``, ``alloc_size``: bytes; a folder has size 0
    * ``file_attributes``: the sum of ``ATTR_...`` bits of ``smb.smb_constants``, [MS-FSCC] 2.6
    * ``filename``, ``short_name``: the name, and its 8.3 form where there is one (else ``''``)
    * ``file_id``: the number of the file in its file system, 64 bits, or None where it is not known

    Two are equal when all of these are.
    """

    __module__ = 'smb.base'

    def __init__(
        self,
        create_time: float,
        last_access_time: float,
        last_write_time: float,
        last_attr_change_time: float,
        file_size: int,
        alloc_size: int,
        file_attributes: int,
        short_name: str,
        filename: str,
        file_id: int | None = None,
    ) -> None:
        self.create_time = create_time
        self.last_access_time = last_access_time
        self.last_write_time = last_write_time
        self.last_attr_change_time = last_attr_change_time
        self.file_size = file_size
        self.alloc_size = alloc_size
        self.file_attributes = file_attributes
        self.short_name = short_name
        self.filename = filename
        self.file_id = file_id

    @property
    def isDirectory(self) -> bool:
        """True for a folder."""
        return bool(self.file_attributes & ATTR_DIRECTORY)

    @property
    def isReadOnly(self) -> bool:
        """True where the read-only attribute is set; permissions are not looked at."""
        return bool(self.file_attributes & ATTR_READONLY)

    @property
    def isNormal(self) -> bool:
        """True for a file without attributes: not read-only, hidden, system, archive, and no folder."""
        return self.file_attributes == ATTR_NORMAL or not self.file_attributes & LOW_ATTRIBUTES

    def _values(self) -> tuple[object, ...]:
        return (
            self.create_time,
            self.last_access_time,
            self.last_write_time,
            self.last_attr_change_time,
            self.file_size,
            self.alloc_size,
            self.file_attributes,
            self.short_name,
            self.filename,
            self.file_id,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SharedFile):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        what = 'folder' if self.isDirectory else f'{self.file_size} bytes'
        return f'<SharedFile {self.filename!r}: {what}, attributes {self.file_attributes:#x}>'


class SharedDevice:
    """A share of a server: its ``name``, its ``comments`` and its ``type``, [MS-SRVS] 2.2.4.23.

    Two are equal when these three and the two marks ``isSpecial`` and ``isTemporary`` are.
    """

    __module__ = 'smb.base'

    DISK_TREE = 0x00  #: files and folders
    PRINT_QUEUE = 0x01  #: a printer
    COMM_DEVICE = 0x02  #: a communication device
    IPC = 0x03  #: named pipes

    def __init__(self, type: int, name: str, comments: str) -> None:
        self._type = type
        self.name = name
        self.comments = comments

    @property
    def type(self) -> int:
        """``DISK_TREE``, ``PRINT_QUEUE``, ``COMM_DEVICE`` or ``IPC``."""
        return self._type & 0xFFFF

    @property
    def isSpecial(self) -> bool:
        """True for what the server itself shares for administration: ``IPC$``, ``C$``, ``ADMIN$``."""
        return bool(self._type & STYPE_SPECIAL)

    @property
    def isTemporary(self) -> bool:
        """True for a share that does not outlive the server's restart."""
        return bool(self._type & STYPE_TEMPORARY)

    def _values(self) -> tuple[object, ...]:
        return self._type, self.name, self.comments

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SharedDevice):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        kinds = {self.DISK_TREE: 'disk', self.PRINT_QUEUE: 'printer', self.COMM_DEVICE: 'device', self.IPC: 'IPC'}
        marks = ', special' * self.isSpecial + ', temporary' * self.isTemporary
        return f'<SharedDevice {self.name!r}: {kinds.get(self.type, self.type)}{marks}, {self.comments!r}>'


class DiskSpace:
    """The room on a share's volume, in bytes: :meth:`getDiskSpace`.

    ``total``: its size. ``free``: what nobody uses. ``available``: what of it this user may take, which a quota limits.
    """

    __module__ = 'smb.base'

    def __init__(self, total: int, free: int, available: int) -> None:
        self.total = total
        self.free = free
        self.available = available

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DiskSpace):
            return NotImplemented
        return (self.total, self.free, self.available) == (other.total, other.free, other.available)

    def __hash__(self) -> int:
        return hash((self.total, self.free, self.available))

    def __repr__(self) -> str:
        return f'<DiskSpace total={self.total}, free={self.free}, available={self.available}>'


class TreeReport:
    """What :meth:`downloadTree` or :meth:`uploadTree` has done.

    ``files``, ``folders`` and ``bytes`` count what was copied. ``failures`` has what was not: a list of (path on the
    share, exception).
    """

    __module__ = 'smb.base'

    def __init__(self) -> None:
        self.files = 0
        self.folders = 0
        self.bytes = 0
        self.failures: list[tuple[str, Exception]] = []

    def __repr__(self) -> str:
        counts = f'files={self.files}, folders={self.folders}, bytes={self.bytes}'
        return f'<TreeReport {counts}, failures={len(self.failures)}>'
