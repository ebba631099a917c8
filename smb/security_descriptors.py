"""Who may do what with a file or folder: SID, ACE, ACL and SecurityDescriptor, [MS-DTYP] 2.4.

Each class reads itself from bytes (``from_bytes``) and writes itself (``to_bytes``), in the self-relative form that
travels over the network. All of them compare and hash by value. SDDL, the form for people, is in ``smb.sddl``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, overload

from smb.errors import ProtocolError
from smb.wire.cursor import Cursor
from smb.wire.values import padding

if TYPE_CHECKING:
    from typing import Literal

    from smb.wire.structure import Buffer

    if sys.version_info >= (3, 11):
        from typing import Self
    else:
        from typing_extensions import Self

# Well-known SIDs as text, [MS-DTYP] 2.4.2.4; ``str()`` of a SID, and the SID itself, compares equal to them
SID_NULL = 'S-1-0-0'
SID_EVERYONE = 'S-1-1-0'
SID_LOCAL = 'S-1-2-0'
SID_CONSOLE_LOGON = 'S-1-2-1'
SID_CREATOR_OWNER = 'S-1-3-0'
SID_CREATOR_GROUP = 'S-1-3-1'
SID_OWNER_SERVER = 'S-1-3-2'
SID_GROUP_SERVER = 'S-1-3-3'
SID_OWNER_RIGHTS = 'S-1-3-4'
SID_NT_AUTHORITY = 'S-1-5'
SID_DIALUP = 'S-1-5-1'
SID_NETWORK = 'S-1-5-2'
SID_BATCH = 'S-1-5-3'
SID_INTERACTIVE = 'S-1-5-4'
SID_SERVICE = 'S-1-5-6'
SID_ANONYMOUS = 'S-1-5-7'
SID_PROXY = 'S-1-5-8'
SID_ENTERPRISE_DOMAIN_CONTROLLERS = 'S-1-5-9'
SID_PRINCIPAL_SELF = 'S-1-5-10'
SID_AUTHENTICATED_USERS = 'S-1-5-11'
SID_RESTRICTED_CODE = 'S-1-5-12'
SID_TERMINAL_SERVER_USER = 'S-1-5-13'
SID_REMOTE_INTERACTIVE_LOGON = 'S-1-5-14'
SID_THIS_ORGANIZATION = 'S-1-5-15'
SID_IUSR = 'S-1-5-17'
SID_LOCAL_SYSTEM = 'S-1-5-18'
SID_LOCAL_SERVICE = 'S-1-5-19'
SID_NETWORK_SERVICE = 'S-1-5-20'
SID_COMPOUNDED_AUTHENTICATION = 'S-1-5-21-0-0-0-496'
SID_CLAIMS_VALID = 'S-1-5-21-0-0-0-497'
SID_BUILTIN_ADMINISTRATORS = 'S-1-5-32-544'
SID_BUILTIN_USERS = 'S-1-5-32-545'
SID_BUILTIN_GUESTS = 'S-1-5-32-546'
SID_POWER_USERS = 'S-1-5-32-547'
SID_ACCOUNT_OPERATORS = 'S-1-5-32-548'
SID_SERVER_OPERATORS = 'S-1-5-32-549'
SID_PRINTER_OPERATORS = 'S-1-5-32-550'
SID_BACKUP_OPERATORS = 'S-1-5-32-551'
SID_REPLICATOR = 'S-1-5-32-552'
SID_ALIAS_PREW2KCOMPACC = 'S-1-5-32-554'
SID_REMOTE_DESKTOP = 'S-1-5-32-555'
SID_NETWORK_CONFIGURATION_OPS = 'S-1-5-32-556'
SID_INCOMING_FOREST_TRUST_BUILDERS = 'S-1-5-32-557'
SID_PERFMON_USERS = 'S-1-5-32-558'
SID_PERFLOG_USERS = 'S-1-5-32-559'
SID_WINDOWS_AUTHORIZATION_ACCESS_GROUP = 'S-1-5-32-560'
SID_TERMINAL_SERVER_LICENSE_SERVERS = 'S-1-5-32-561'
SID_DISTRIBUTED_COM_USERS = 'S-1-5-32-562'
SID_IIS_IUSRS = 'S-1-5-32-568'
SID_CRYPTOGRAPHIC_OPERATORS = 'S-1-5-32-569'
SID_EVENT_LOG_READERS = 'S-1-5-32-573'
SID_CERTIFICATE_SERVICE_DCOM_ACCESS = 'S-1-5-32-574'
SID_RDS_REMOTE_ACCESS_SERVERS = 'S-1-5-32-575'
SID_RDS_ENDPOINT_SERVERS = 'S-1-5-32-576'
SID_RDS_MANAGEMENT_SERVERS = 'S-1-5-32-577'
SID_HYPER_V_ADMINS = 'S-1-5-32-578'
SID_ACCESS_CONTROL_ASSISTANCE_OPS = 'S-1-5-32-579'
SID_REMOTE_MANAGEMENT_USERS = 'S-1-5-32-580'
SID_WRITE_RESTRICTED_CODE = 'S-1-5-33'
SID_NTLM_AUTHENTICATION = 'S-1-5-64-10'
SID_SCHANNEL_AUTHENTICATION = 'S-1-5-64-14'
SID_DIGEST_AUTHENTICATION = 'S-1-5-64-21'
SID_THIS_ORGANIZATION_CERTIFICATE = 'S-1-5-65-1'
SID_NT_SERVICE = 'S-1-5-80'
SID_USER_MODE_DRIVERS = 'S-1-5-84-0-0-0-0-0'
SID_LOCAL_ACCOUNT = 'S-1-5-113'
SID_LOCAL_ACCOUNT_AND_MEMBER_OF_ADMINISTRATORS_GROUP = 'S-1-5-114'
SID_OTHER_ORGANIZATION = 'S-1-5-1000'
SID_ALL_APP_PACKAGES = 'S-1-15-2-1'
SID_ML_UNTRUSTED = 'S-1-16-0'
SID_ML_LOW = 'S-1-16-4096'
SID_ML_MEDIUM = 'S-1-16-8192'
SID_ML_MEDIUM_PLUS = 'S-1-16-8448'
SID_ML_HIGH = 'S-1-16-12288'
SID_ML_SYSTEM = 'S-1-16-16384'
SID_ML_PROTECTED_PROCESS = 'S-1-16-20480'
SID_AUTHENTICATION_AUTHORITY_ASSERTED_IDENTITY = 'S-1-18-1'
SID_SERVICE_ASSERTED_IDENTITY = 'S-1-18-2'
SID_FRESH_PUBLIC_KEY_IDENTITY = 'S-1-18-3'
SID_KEY_TRUST_IDENTITY = 'S-1-18-4'
SID_KEY_PROPERTY_MFA = 'S-1-18-5'
SID_KEY_PROPERTY_ATTESTATION = 'S-1-18-6'

# AceType, [MS-DTYP] 2.4.4.1
ACE_TYPE_ACCESS_ALLOWED = 0x00
ACE_TYPE_ACCESS_DENIED = 0x01
ACE_TYPE_SYSTEM_AUDIT = 0x02
ACE_TYPE_SYSTEM_ALARM = 0x03
ACE_TYPE_ACCESS_ALLOWED_COMPOUND = 0x04
ACE_TYPE_ACCESS_ALLOWED_OBJECT = 0x05
ACE_TYPE_ACCESS_DENIED_OBJECT = 0x06
ACE_TYPE_SYSTEM_AUDIT_OBJECT = 0x07
ACE_TYPE_SYSTEM_ALARM_OBJECT = 0x08
ACE_TYPE_ACCESS_ALLOWED_CALLBACK = 0x09
ACE_TYPE_ACCESS_DENIED_CALLBACK = 0x0A
ACE_TYPE_ACCESS_ALLOWED_CALLBACK_OBJECT = 0x0B
ACE_TYPE_ACCESS_DENIED_CALLBACK_OBJECT = 0x0C
ACE_TYPE_SYSTEM_AUDIT_CALLBACK = 0x0D
ACE_TYPE_SYSTEM_ALARM_CALLBACK = 0x0E
ACE_TYPE_SYSTEM_AUDIT_CALLBACK_OBJECT = 0x0F
ACE_TYPE_SYSTEM_ALARM_CALLBACK_OBJECT = 0x10
ACE_TYPE_SYSTEM_MANDATORY_LABEL = 0x11
ACE_TYPE_SYSTEM_RESOURCE_ATTRIBUTE = 0x12
ACE_TYPE_SYSTEM_SCOPED_POLICY_ID = 0x13

# AceFlags, [MS-DTYP] 2.4.4.1
ACE_FLAG_OBJECT_INHERIT = 0x01
ACE_FLAG_CONTAINER_INHERIT = 0x02
ACE_FLAG_NO_PROPAGATE_INHERIT = 0x04
ACE_FLAG_INHERIT_ONLY = 0x08
ACE_FLAG_INHERITED = 0x10
ACE_FLAG_SUCCESSFUL_ACCESS = 0x40
ACE_FLAG_FAILED_ACCESS = 0x80

# Control, [MS-DTYP] 2.4.6
SECURITY_DESCRIPTOR_OWNER_DEFAULTED = 0x0001
SECURITY_DESCRIPTOR_GROUP_DEFAULTED = 0x0002
SECURITY_DESCRIPTOR_DACL_PRESENT = 0x0004
SECURITY_DESCRIPTOR_DACL_DEFAULTED = 0x0008
SECURITY_DESCRIPTOR_SACL_PRESENT = 0x0010
SECURITY_DESCRIPTOR_SACL_DEFAULTED = 0x0020
SECURITY_DESCRIPTOR_SERVER_SECURITY = 0x0040
SECURITY_DESCRIPTOR_DACL_TRUSTED = 0x0080
SECURITY_DESCRIPTOR_DACL_COMPUTED_INHERITANCE_REQUIRED = 0x0100
SECURITY_DESCRIPTOR_SACL_COMPUTED_INHERITANCE_REQUIRED = 0x0200
SECURITY_DESCRIPTOR_DACL_AUTO_INHERITED = 0x0400
SECURITY_DESCRIPTOR_SACL_AUTO_INHERITED = 0x0800
SECURITY_DESCRIPTOR_DACL_PROTECTED = 0x1000
SECURITY_DESCRIPTOR_SACL_PROTECTED = 0x2000
SECURITY_DESCRIPTOR_RM_CONTROL_VALID = 0x4000
SECURITY_DESCRIPTOR_SELF_RELATIVE = 0x8000
# Flags of an object ACE, [MS-DTYP] 2.4.4.3
_OBJECT_TYPE_PRESENT = 0x01
_INHERITED_OBJECT_TYPE_PRESENT = 0x02

_GUID_SIZE = 16
_MAX_SUBAUTHORITIES = 15  # [MS-DTYP] 2.4.2.2
_MAX_AUTHORITY = 2**48 - 1
_MAX_U32 = 2**32 - 1
_SID_HEADER_SIZE = 8
_ACE_HEADER_SIZE = 4
_ACL_HEADER_SIZE = 8
_DESCRIPTOR_HEADER_SIZE = 20

# Windows has two types after those of [MS-DTYP], trust labels and access filters; both have a mask and a SID as others.
_LAST_ACE_TYPE = 0x15

_OBJECT_ACES = frozenset(
    {
        ACE_TYPE_ACCESS_ALLOWED_OBJECT,
        ACE_TYPE_ACCESS_DENIED_OBJECT,
        ACE_TYPE_SYSTEM_AUDIT_OBJECT,
        ACE_TYPE_SYSTEM_ALARM_OBJECT,
        ACE_TYPE_ACCESS_ALLOWED_CALLBACK_OBJECT,
        ACE_TYPE_ACCESS_DENIED_CALLBACK_OBJECT,
        ACE_TYPE_SYSTEM_AUDIT_CALLBACK_OBJECT,
        ACE_TYPE_SYSTEM_ALARM_CALLBACK_OBJECT,
    }
)
# What the bytes behind the SID are, in those types that have some
_TAIL_NAMES = {
    ACE_TYPE_SYSTEM_AUDIT_OBJECT: 'application_data',
    ACE_TYPE_ACCESS_ALLOWED_CALLBACK: 'application_data',
    ACE_TYPE_ACCESS_DENIED_CALLBACK: 'application_data',
    ACE_TYPE_ACCESS_ALLOWED_CALLBACK_OBJECT: 'application_data',
    ACE_TYPE_ACCESS_DENIED_CALLBACK_OBJECT: 'application_data',
    ACE_TYPE_SYSTEM_AUDIT_CALLBACK: 'application_data',
    ACE_TYPE_SYSTEM_ALARM_CALLBACK: 'application_data',
    ACE_TYPE_SYSTEM_AUDIT_CALLBACK_OBJECT: 'application_data',
    ACE_TYPE_SYSTEM_ALARM_CALLBACK_OBJECT: 'application_data',
    ACE_TYPE_SYSTEM_RESOURCE_ATTRIBUTE: 'attribute_data',
}


def _has_known_layout(ace_type: int) -> bool:
    # A compound ACE is reserved, [MS-DTYP] 2.4.4.1, and has a layout of its own where there is one.
    return ace_type <= _LAST_ACE_TYPE and ace_type != ACE_TYPE_ACCESS_ALLOWED_COMPOUND


def _number(value: int, size: int) -> bytes:
    try:
        return value.to_bytes(size, 'little')
    except OverflowError:
        raise ValueError(f'{value} does not fit into {size} bytes') from None


class _Value:
    """Equality and hash over what ``_values`` gives."""

    def _values(self) -> tuple[object, ...]:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return self._values() == other._values() if isinstance(other, type(self)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._values())


class SID:
    """A security identifier: the number of a user, a group or a computer, [MS-DTYP] 2.4.2.

    * ``revision``: 1
    * ``identifier_authority``: int, who gave the number out; 5 is Windows NT
    * ``subauthorities``: list of int; the last one is the number within the domain

    ``str()`` is the form that starts with ``S-1-``. SIDs compare and hash by value, and a SID is equal to its text
    form, so ``ace.sid == SID_EVERYONE`` and ``SID_EVERYONE in {ace.sid}`` do what they say.
    """

    def __init__(self, revision: int, identifier_authority: int, subauthorities: Iterable[int]) -> None:
        self.revision = revision
        self.identifier_authority = identifier_authority
        self.subauthorities = list(subauthorities)

    def __str__(self) -> str:
        # [MS-DTYP] 2.4.2.1: an authority of 2**32 and more is written in hexadecimal digits
        authority = self.identifier_authority
        first = str(authority) if authority <= _MAX_U32 else f'0x{authority:x}'
        return '-'.join(['S', str(self.revision), first, *map(str, self.subauthorities)])

    def __repr__(self) -> str:
        return f"SID('{self}')"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, (SID, str)) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))  # that of the text, since it is equal to it

    @classmethod
    def from_string(cls, text: str) -> Self:
        """The SID that ``text`` says: ``'S-1-5-32-544'`` for example, [MS-DTYP] 2.4.2.1.

        ValueError when it is none.
        """
        mark, *numbers = text.split('-')
        if mark not in ('S', 's') or len(numbers) < 2 or len(numbers) > 2 + _MAX_SUBAUTHORITIES or numbers[0] != '1':
            raise ValueError(f'{text!r} is not a SID')
        try:
            authority = _parsed_number(numbers[1], _MAX_AUTHORITY)
            return cls(1, authority, [_parsed_number(number, _MAX_U32) for number in numbers[2:]])
        except ValueError as error:
            raise ValueError(f'{text!r} is not a SID: {error}') from None

    @overload
    @classmethod
    def from_bytes(cls, data: Buffer, return_tail: Literal[False] = False) -> Self: ...
    @overload
    @classmethod
    def from_bytes(cls, data: Buffer, return_tail: Literal[True]) -> tuple[Self, bytes]: ...
    @classmethod
    def from_bytes(cls, data: Buffer, return_tail: bool = False) -> Self | tuple[Self, bytes]:
        """The SID that ``data`` begins with, [MS-DTYP] 2.4.2.2.

        With ``return_tail`` a pair: the SID, and the bytes behind it. Damaged bytes are a ProtocolError.
        """
        cursor = Cursor(data, 'SID')
        sid = cls._take(cursor)
        return (sid, bytes(cursor.take(cursor.remaining))) if return_tail else sid

    @classmethod
    def _take(cls, cursor: Cursor) -> Self:
        revision, count = cursor.u8(), cursor.u8()
        if revision != 1:
            raise ProtocolError(f'A SID has revision {revision} instead of 1', bytes(cursor.data))
        if count > _MAX_SUBAUTHORITIES:
            raise ProtocolError(f'A SID has {count} sub-authorities; 15 are the most', bytes(cursor.data))
        authority = int.from_bytes(cursor.take(6), 'big')
        return cls(revision, authority, [cursor.u32() for _ in range(count)])

    def to_bytes(self) -> bytes:
        """The SID as it travels; ValueError when a number is out of its range."""
        count = len(self.subauthorities)
        if count > _MAX_SUBAUTHORITIES or not 0 <= self.identifier_authority <= _MAX_AUTHORITY:
            raise ValueError(f'{self} has more sub-authorities, or a greater authority, than a SID can have')
        head = _number(self.revision, 1) + _number(count, 1) + self.identifier_authority.to_bytes(6, 'big')
        return head + b''.join(_number(number, 4) for number in self.subauthorities)


def _parsed_number(text: str, limit: int) -> int:
    # int() would take signs, blanks, underscores and the digits of other scripts, too
    base, digits = (16, text[2:]) if text[:2] in ('0x', '0X') else (10, text)
    allowed = '0123456789abcdefABCDEF' if base == 16 else '0123456789'
    if not digits or len(digits) > 15 or digits.strip(allowed):
        raise ValueError(f'{text!r} is not a number')
    number = int(digits, base)
    if number > limit:
        raise ValueError(f'{text} is greater than {limit}')
    return number


class ACE(_Value):
    """An access control entry: what one user or group may do, may not do, or is watched doing, [MS-DTYP] 2.4.4.

    * ``type``: one of ``ACE_TYPE_...``
    * ``flags``: sum of ``ACE_FLAG_...``
    * ``mask``: sum of access rights, [MS-DTYP] 2.4.3
    * ``sid``: the SID that it is about
    * ``additional_data``: a dict with what some types have besides. Object ACEs: ``flags`` (int; filled in when
      missing) and, where they are there, ``object_type`` and ``inherited_object_type`` (16 bytes each). Callback ACEs
      and others with bytes behind the SID: ``application_data``. Resource attributes: ``attribute_data``.

    Of a type whose layout is not known, all bytes behind the header are ``application_data``; ``sid`` is None and
    ``mask`` 0.
    """

    def __init__(self, type_: int, flags: int, mask: int, sid: SID | None, additional_data: dict[str, Any]) -> None:
        self.type = type_
        self.flags = flags
        self.mask = mask
        self.sid = sid
        self.additional_data = additional_data

    @property
    def isInheritOnly(self) -> bool:
        """True where the ACE does not count for the object itself, only for what is made in it."""
        return bool(self.flags & ACE_FLAG_INHERIT_ONLY)

    def __repr__(self) -> str:
        more = f', additional_data={self.additional_data}' if self.additional_data else ''
        return f'ACE(type=0x{self.type:02x}, flags=0x{self.flags:02x}, mask=0x{self.mask:08x}, sid={self.sid}{more})'

    def _values(self) -> tuple[object, ...]:
        return self.type, self.flags, self.mask, self.sid, frozenset(self.additional_data.items())

    @classmethod
    def from_bytes(cls, data: Buffer) -> Self:
        """The ACE that ``data`` begins with. Damaged bytes are a ProtocolError."""
        return cls._take(Cursor(data, 'ACE'))

    @classmethod
    def _take(cls, cursor: Cursor) -> Self:
        type_, flags, size = cursor.u8(), cursor.u8(), cursor.u16()
        if size < _ACE_HEADER_SIZE:
            raise ProtocolError(f'An ACE says that it takes {size} bytes', bytes(cursor.data))
        body = Cursor(cursor.take(size - _ACE_HEADER_SIZE), f'ACE of type 0x{type_:02x}')
        additional: dict[str, Any] = {}
        if not _has_known_layout(type_):
            return cls(type_, flags, 0, None, {'application_data': bytes(body.take(body.remaining))})
        mask = body.u32()
        if type_ in _OBJECT_ACES:
            present = additional['flags'] = body.u32()
            if present & _OBJECT_TYPE_PRESENT:
                additional['object_type'] = bytes(body.take(_GUID_SIZE))
            if present & _INHERITED_OBJECT_TYPE_PRESENT:
                additional['inherited_object_type'] = bytes(body.take(_GUID_SIZE))
        sid = SID._take(body)
        # The size may leave room in any type; what is in it is kept.
        if type_ in _TAIL_NAMES or body.remaining:
            additional[_TAIL_NAMES.get(type_, 'application_data')] = bytes(body.take(body.remaining))
        return cls(type_, flags, mask, sid, additional)

    def to_bytes(self) -> bytes:
        """The ACE as it travels, filled up with zeros to a multiple of four; ValueError when that cannot be."""
        tail = bytes(self.additional_data.get(_TAIL_NAMES.get(self.type, 'application_data'), b''))
        if not _has_known_layout(self.type):
            body = tail
        elif self.sid is None:
            raise ValueError(f'{self!r} needs a SID')
        else:
            body = _number(self.mask, 4) + self._object_part() + self.sid.to_bytes() + tail
        body += padding(len(body), 4)
        return _number(self.type, 1) + _number(self.flags, 1) + _number(_ACE_HEADER_SIZE + len(body), 2) + body

    def _object_part(self) -> bytes:
        if self.type not in _OBJECT_ACES:
            return b''
        object_type = self.additional_data.get('object_type')
        inherited_object_type = self.additional_data.get('inherited_object_type')
        flags = self.additional_data.get('flags', 0) & ~(_OBJECT_TYPE_PRESENT | _INHERITED_OBJECT_TYPE_PRESENT)
        flags |= _OBJECT_TYPE_PRESENT if object_type is not None else 0
        flags |= _INHERITED_OBJECT_TYPE_PRESENT if inherited_object_type is not None else 0
        guids = [bytes(guid) for guid in (object_type, inherited_object_type) if guid is not None]
        if any(len(guid) != _GUID_SIZE for guid in guids):
            raise ValueError(f'{self!r}: an object type takes 16 bytes')
        return _number(flags, 4) + b''.join(guids)


class ACL(_Value):
    """An access control list, [MS-DTYP] 2.4.5.

    * ``revision``: 2, or 4 where the list has object ACEs
    * ``aces``: list of ACE, in the order that access is decided in
    """

    def __init__(self, revision: int, aces: Iterable[ACE]) -> None:
        self.revision = revision
        self.aces = list(aces)

    def __repr__(self) -> str:
        return f'ACL({self.aces})'

    def _values(self) -> tuple[object, ...]:
        return self.revision, tuple(self.aces)

    @classmethod
    def from_bytes(cls, data: Buffer) -> Self:
        """The ACL that ``data`` begins with. Damaged bytes are a ProtocolError."""
        cursor = Cursor(data, 'ACL')
        revision, _sbz1, size = cursor.u8(), cursor.u8(), cursor.u16()
        if size < _ACL_HEADER_SIZE:
            raise ProtocolError(f'An ACL says that it takes {size} bytes', bytes(cursor.data))
        body = Cursor(cursor.take(size - _ACE_HEADER_SIZE), 'ACL')
        count, _sbz2 = body.u16(), body.u16()
        return cls(revision, [ACE._take(body) for _ in range(count)])  # an ACE takes four bytes or is a ProtocolError

    def to_bytes(self) -> bytes:
        """The ACL as it travels; ValueError when it does not fit into the 65535 bytes that an ACL may have."""
        body = b''.join(ace.to_bytes() for ace in self.aces)
        size, count = _number(_ACL_HEADER_SIZE + len(body), 2), _number(len(self.aces), 2)
        return _number(self.revision, 1) + bytes(1) + size + count + bytes(2) + body


class SecurityDescriptor(_Value):
    """Who owns a file or folder, and who may do what with it, [MS-DTYP] 2.4.6.

    * ``flags``: sum of ``SECURITY_DESCRIPTOR_...``
    * ``owner``, ``group``: SID, or None
    * ``dacl``: ACL of what is allowed and denied, or None. None with ``SECURITY_DESCRIPTOR_DACL_PRESENT`` in ``flags``
      gives everyone full access; a list without entries gives it to nobody.
    * ``sacl``: ACL of what is audited, or None
    * ``resource_manager_control``: one byte of the resource manager's own, where
      ``SECURITY_DESCRIPTOR_RM_CONTROL_VALID`` is in ``flags``; else 0
    """

    def __init__(self, flags: int, owner: SID | None, group: SID | None, dacl: ACL | None, sacl: ACL | None) -> None:
        self.flags = flags
        self.owner = owner
        self.group = group
        self.dacl = dacl
        self.sacl = sacl
        self.resource_manager_control = 0

    def __repr__(self) -> str:
        parts = f'owner={self.owner}, group={self.group}, dacl={self.dacl}, sacl={self.sacl}'
        return f'SecurityDescriptor(flags=0x{self.flags:04x}, {parts})'

    def _values(self) -> tuple[object, ...]:
        return self.flags, self.owner, self.group, self.dacl, self.sacl, self.resource_manager_control

    @classmethod
    def from_bytes(cls, data: Buffer) -> Self:
        """The security descriptor in ``data``, self-relative. Damaged bytes are a ProtocolError."""
        cursor = Cursor(data, 'SECURITY_DESCRIPTOR')
        revision, sbz1, flags = cursor.u8(), cursor.u8(), cursor.u16()
        if revision != 1 or not flags & SECURITY_DESCRIPTOR_SELF_RELATIVE:
            raise ProtocolError(
                f'No self-relative security descriptor: revision {revision}, control 0x{flags:04x}', bytes(data)
            )
        owner, group, sacl, dacl = (_part(cursor.data, cursor.u32()) for _ in range(4))
        descriptor = cls(
            flags,
            None if owner is None else SID.from_bytes(owner),
            None if group is None else SID.from_bytes(group),
            None if dacl is None else ACL.from_bytes(dacl),
            None if sacl is None else ACL.from_bytes(sacl),
        )
        if flags & SECURITY_DESCRIPTOR_RM_CONTROL_VALID:
            descriptor.resource_manager_control = sbz1
        return descriptor

    def to_bytes(self) -> bytes:
        """The descriptor as it travels, self-relative: owner, group, SACL, DACL, in the order of [MS-DTYP] 2.4.6.

        The flags say what is there, whatever ``flags`` says. ValueError when a number is out of its range.
        """
        flags = self.flags | SECURITY_DESCRIPTOR_SELF_RELATIVE
        flags |= SECURITY_DESCRIPTOR_DACL_PRESENT if self.dacl is not None else 0
        flags |= SECURITY_DESCRIPTOR_SACL_PRESENT if self.sacl is not None else 0
        head = bytes([1]) + _number(self.resource_manager_control, 1) + _number(flags, 2)
        body = b''
        for part in (self.owner, self.group, self.sacl, self.dacl):
            head += _number(0 if part is None else _DESCRIPTOR_HEADER_SIZE + len(body), 4)
            body += b'' if part is None else part.to_bytes()
        return head + body

    @classmethod
    def from_sddl(cls, text: str, domain: SID | str | None = None) -> Self:
        """The descriptor that ``text`` says in SDDL, the language of [MS-DTYP] 2.5.1.

        ``domain``: the SID that names such as ``DA`` (its Domain Admins) stand in. ValueError says what is wrong with
        the text, or that it has a condition or a resource attribute, which are not covered.
        """
        from smb import sddl  # imported when used: it is not needed for anything else

        return cls(*sddl.from_text(text, domain))

    def to_sddl(self) -> str:
        """The descriptor in SDDL, the language of [MS-DTYP] 2.5.1: ``'O:BAG:SYD:PAI(A;OICI;FA;;;BA)'`` for example.

        SDDL says who owns the object, both lists, and whether they are protected (P) or inherited (AI, AR); it has no
        words for the other flags. ValueError for an ACE that has no form in it, or none that is covered: one with a
        condition or a resource attribute, and one of a reserved type.
        """
        from smb import sddl

        return sddl.to_text(self)


def _part(data: memoryview, offset: int) -> memoryview | None:
    """The bytes from ``offset`` on, which is 0 for a part that is absent."""
    if offset == 0:
        return None
    if not _DESCRIPTOR_HEADER_SIZE <= offset < len(data):
        raise ProtocolError(f'A part of a security descriptor stands at byte {offset} of {len(data)}', bytes(data))
    return data[offset:]
