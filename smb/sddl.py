"""Security descriptors as text: SDDL, the security descriptor description language of [MS-DTYP] 2.5.1.

Written is what Windows writes: two-letter codes where there are some for all bits, hexadecimal digits otherwise, and
the names of SIDs that are the same on every computer. Read are, besides: small letters, blanks and line ends anywhere,
rights as decimal or octal digits, the parts in any order, and names of SIDs within a domain.

Not covered, in either direction: conditions (ACE types XA, XD, XU, ZA) and resource attributes (RA).
"""

from __future__ import annotations

from typing import Any

from smb import security_descriptors as sd
from smb.security_descriptors import ACE, ACL, SID, SecurityDescriptor

ACE_TYPES = {
    'A': sd.ACE_TYPE_ACCESS_ALLOWED,
    'D': sd.ACE_TYPE_ACCESS_DENIED,
    'AU': sd.ACE_TYPE_SYSTEM_AUDIT,
    'AL': sd.ACE_TYPE_SYSTEM_ALARM,
    'OA': sd.ACE_TYPE_ACCESS_ALLOWED_OBJECT,
    'OD': sd.ACE_TYPE_ACCESS_DENIED_OBJECT,
    'OU': sd.ACE_TYPE_SYSTEM_AUDIT_OBJECT,
    'OL': sd.ACE_TYPE_SYSTEM_ALARM_OBJECT,
    'ML': sd.ACE_TYPE_SYSTEM_MANDATORY_LABEL,
    'SP': sd.ACE_TYPE_SYSTEM_SCOPED_POLICY_ID,
}
OBJECT_ACE_TYPES = ('OA', 'OD', 'OU', 'OL')
TYPES_NOT_COVERED = ('XA', 'XD', 'XU', 'ZA', 'RA')

ACE_FLAGS = {
    'OI': sd.ACE_FLAG_OBJECT_INHERIT,
    'CI': sd.ACE_FLAG_CONTAINER_INHERIT,
    'NP': sd.ACE_FLAG_NO_PROPAGATE_INHERIT,
    'IO': sd.ACE_FLAG_INHERIT_ONLY,
    'ID': sd.ACE_FLAG_INHERITED,
    'SA': sd.ACE_FLAG_SUCCESSFUL_ACCESS,
    'FA': sd.ACE_FLAG_FAILED_ACCESS,
}

# One bit each: of directory objects (the names used for the low bits of a file's rights, too), standard, generic
RIGHTS = {
    'CC': 0x00000001,
    'DC': 0x00000002,
    'LC': 0x00000004,
    'SW': 0x00000008,
    'RP': 0x00000010,
    'WP': 0x00000020,
    'DT': 0x00000040,
    'LO': 0x00000080,
    'CR': 0x00000100,
    'SD': 0x00010000,
    'RC': 0x00020000,
    'WD': 0x00040000,
    'WO': 0x00080000,
    'GA': 0x10000000,
    'GX': 0x20000000,
    'GW': 0x40000000,
    'GR': 0x80000000,
}
FILE_RIGHTS = {'FA': 0x001F01FF, 'FR': 0x00120089, 'FW': 0x00120116, 'FX': 0x001200A0}
REGISTRY_RIGHTS = {'KA': 0x000F003F, 'KR': 0x00020019, 'KW': 0x00020006, 'KX': 0x00020019}
LABEL_RIGHTS = {'NW': 0x00000001, 'NR': 0x00000002, 'NX': 0x00000004}
ALL_RIGHTS = {**RIGHTS, **FILE_RIGHTS, **REGISTRY_RIGHTS, **LABEL_RIGHTS}
FILE_RIGHTS_BY_MASK = {mask: name for name, mask in FILE_RIGHTS.items()}

SIDS = {
    'AA': sd.SID_ACCESS_CONTROL_ASSISTANCE_OPS,
    'AC': sd.SID_ALL_APP_PACKAGES,
    'AN': sd.SID_ANONYMOUS,
    'AO': sd.SID_ACCOUNT_OPERATORS,
    'AS': sd.SID_AUTHENTICATION_AUTHORITY_ASSERTED_IDENTITY,
    'AU': sd.SID_AUTHENTICATED_USERS,
    'BA': sd.SID_BUILTIN_ADMINISTRATORS,
    'BG': sd.SID_BUILTIN_GUESTS,
    'BO': sd.SID_BACKUP_OPERATORS,
    'BU': sd.SID_BUILTIN_USERS,
    'CD': sd.SID_CERTIFICATE_SERVICE_DCOM_ACCESS,
    'CG': sd.SID_CREATOR_GROUP,
    'CO': sd.SID_CREATOR_OWNER,
    'CY': sd.SID_CRYPTOGRAPHIC_OPERATORS,
    'ED': sd.SID_ENTERPRISE_DOMAIN_CONTROLLERS,
    'ER': sd.SID_EVENT_LOG_READERS,
    'ES': sd.SID_RDS_ENDPOINT_SERVERS,
    'HA': sd.SID_HYPER_V_ADMINS,
    'HI': sd.SID_ML_HIGH,
    'IS': sd.SID_IIS_IUSRS,
    'IU': sd.SID_INTERACTIVE,
    'LS': sd.SID_LOCAL_SERVICE,
    'LU': sd.SID_PERFLOG_USERS,
    'LW': sd.SID_ML_LOW,
    'ME': sd.SID_ML_MEDIUM,
    'MP': sd.SID_ML_MEDIUM_PLUS,
    'MS': sd.SID_RDS_MANAGEMENT_SERVERS,
    'MU': sd.SID_PERFMON_USERS,
    'NO': sd.SID_NETWORK_CONFIGURATION_OPS,
    'NS': sd.SID_NETWORK_SERVICE,
    'NU': sd.SID_NETWORK,
    'OW': sd.SID_OWNER_RIGHTS,
    'PO': sd.SID_PRINTER_OPERATORS,
    'PS': sd.SID_PRINCIPAL_SELF,
    'PU': sd.SID_POWER_USERS,
    'RA': sd.SID_RDS_REMOTE_ACCESS_SERVERS,
    'RC': sd.SID_RESTRICTED_CODE,
    'RD': sd.SID_REMOTE_DESKTOP,
    'RE': sd.SID_REPLICATOR,
    'RM': sd.SID_REMOTE_MANAGEMENT_USERS,
    'RU': sd.SID_ALIAS_PREW2KCOMPACC,
    'SI': sd.SID_ML_SYSTEM,
    'SO': sd.SID_SERVER_OPERATORS,
    'SS': sd.SID_SERVICE_ASSERTED_IDENTITY,
    'SU': sd.SID_SERVICE,
    'SY': sd.SID_LOCAL_SYSTEM,
    'UD': sd.SID_USER_MODE_DRIVERS,
    'WD': sd.SID_EVERYONE,
    'WR': sd.SID_WRITE_RESTRICTED_CODE,
}
SID_NAMES = {text: name for name, text in SIDS.items()}
# The last number of SIDs that stand in a domain, [MS-DTYP] 2.4.2.4
DOMAIN_SIDS = {
    'AP': 525,
    'CA': 517,
    'CN': 522,
    'DA': 512,
    'DC': 515,
    'DD': 516,
    'DG': 514,
    'DU': 513,
    'EA': 519,
    'EK': 527,
    'KA': 526,
    'LA': 500,
    'LG': 501,
    'PA': 520,
    'RO': 498,
    'RS': 553,
    'SA': 518,
}

NULL_ACL = 'NO_ACCESS_CONTROL'
DACL_FLAGS = {
    'P': sd.SECURITY_DESCRIPTOR_DACL_PROTECTED,
    'AR': sd.SECURITY_DESCRIPTOR_DACL_COMPUTED_INHERITANCE_REQUIRED,
    'AI': sd.SECURITY_DESCRIPTOR_DACL_AUTO_INHERITED,
}
SACL_FLAGS = {
    'P': sd.SECURITY_DESCRIPTOR_SACL_PROTECTED,
    'AR': sd.SECURITY_DESCRIPTOR_SACL_COMPUTED_INHERITANCE_REQUIRED,
    'AI': sd.SECURITY_DESCRIPTOR_SACL_AUTO_INHERITED,
}
ACL_REVISION = 2
ACL_REVISION_DS = 4  # of a list with object ACEs, [MS-DTYP] 2.4.5
ACE_FIELDS = 6


def to_text(descriptor: SecurityDescriptor) -> str:
    """The descriptor in SDDL; ValueError for what has no form in it."""
    text = ''
    if descriptor.owner is not None:
        text += f'O:{_sid_text(descriptor.owner)}'
    if descriptor.group is not None:
        text += f'G:{_sid_text(descriptor.group)}'
    flags = descriptor.flags
    if descriptor.dacl is not None or flags & sd.SECURITY_DESCRIPTOR_DACL_PRESENT:
        text += f'D:{_acl_text(descriptor.dacl, flags, DACL_FLAGS)}'
    if descriptor.sacl is not None or flags & sd.SECURITY_DESCRIPTOR_SACL_PRESENT:
        text += f'S:{_acl_text(descriptor.sacl, flags, SACL_FLAGS)}'
    return text


def _acl_text(acl: ACL | None, flags: int, names: dict[str, int]) -> str:
    text = ''.join(name for name, bit in names.items() if flags & bit)
    return text + (NULL_ACL if acl is None else ''.join(f'({_ace_text(ace)})' for ace in acl.aces))


def _ace_text(ace: ACE) -> str:
    type_name = next((name for name, number in ACE_TYPES.items() if number == ace.type), None)
    if type_name is None or ace.sid is None:
        raise ValueError(f'SDDL, as far as it is covered, has no form for {ace!r}')
    if any(ace.additional_data.get('application_data', b'')):  # zeros are padding
        raise ValueError(f'SDDL has no place for the application data of {ace!r}')
    flags = _letters(ace.flags, ACE_FLAGS)
    if flags is None:
        raise ValueError(f'SDDL has no letters for the flags of {ace!r}')
    guids = ['', '']
    if type_name in OBJECT_ACE_TYPES:
        guids = [_guid_text(ace.additional_data.get(name)) for name in ('object_type', 'inherited_object_type')]
    return ';'.join([type_name, flags, _rights_text(ace.mask, type_name), *guids, _sid_text(ace.sid)])


def _letters(number: int, names: dict[str, int]) -> str | None:
    """The names of the bits of ``number``, from the lowest on; None where one has no name."""
    named = [(name, bit) for name, bit in names.items() if number & bit]
    return ''.join(name for name, _ in named) if sum(bit for _, bit in named) == number else None


def _rights_text(mask: int, type_name: str) -> str:
    name = FILE_RIGHTS_BY_MASK.get(mask)
    letters = _letters(mask, LABEL_RIGHTS if type_name == 'ML' else RIGHTS)
    return name or (f'0x{mask:x}' if letters is None else letters)


def _guid_text(guid: bytes | None) -> str:
    from uuid import UUID  # imported when used: files have no object ACEs

    return '' if guid is None else str(UUID(bytes_le=bytes(guid)))


def _sid_text(sid: SID) -> str:
    return SID_NAMES.get(str(sid), str(sid))


DescriptorParts = tuple[int, 'SID | None', 'SID | None', 'ACL | None', 'ACL | None']


def from_text(text: str, domain: SID | str | None = None) -> DescriptorParts:
    """Flags, owner, group, DACL and SACL that ``text`` says; ValueError says what is wrong with it."""
    if not text.isascii():
        raise ValueError('SDDL has ASCII characters only')
    text = ''.join(text.split()).upper()
    for name in TYPES_NOT_COVERED:
        if f'({name};' in text:
            raise ValueError(f'Conditions and resource attributes are not covered, and there is an ACE of type {name}')
    if isinstance(domain, str):
        domain = SID.from_string(domain)
    sections = _sections(text)
    owner, group = (_parse_sid(sections[name], domain) if name in sections else None for name in ('O', 'G'))
    flags = sd.SECURITY_DESCRIPTOR_SELF_RELATIVE
    dacl = sacl = None
    if 'D' in sections:
        dacl_flags, dacl = _parse_acl(sections['D'], DACL_FLAGS, domain)
        flags |= sd.SECURITY_DESCRIPTOR_DACL_PRESENT | dacl_flags
    if 'S' in sections:
        sacl_flags, sacl = _parse_acl(sections['S'], SACL_FLAGS, domain)
        flags |= sd.SECURITY_DESCRIPTOR_SACL_PRESENT | sacl_flags
    return flags, owner, group, dacl, sacl


def _sections(text: str) -> dict[str, str]:
    """What stands behind ``O:``, ``G:``, ``D:`` and ``S:``; there is no other colon."""
    sections: dict[str, str] = {}
    position = 0
    while position < len(text):
        name, begin = text[position], position + 2
        if name not in 'OGDS' or text[position + 1 : begin] != ':':
            raise ValueError(f'{text[position:begin]!r} stands where O:, G:, D: or S: is wanted')
        if name in sections:
            raise ValueError(f'{name}: stands there twice')
        colon = text.find(':', begin)
        position = len(text) if colon < 0 else max(begin, colon - 1)
        sections[name] = text[begin:position]
    return sections


def _parse_acl(text: str, names: dict[str, int], domain: SID | None) -> tuple[int, ACL | None]:
    flag_text, bracket, ace_text = text.partition('(')
    is_null = flag_text.endswith(NULL_ACL)
    flags = _parse_names(flag_text.removesuffix(NULL_ACL), names, 'a flag of a list')
    if not bracket:
        return flags, None if is_null else ACL(ACL_REVISION, [])
    if is_null or not ace_text.endswith(')'):
        raise ValueError(f'{text!r} is not a list of ACEs')
    aces = [_parse_ace(ace, domain) for ace in ace_text[:-1].split(')(')]
    object_types = {ACE_TYPES[name] for name in OBJECT_ACE_TYPES}
    return flags, ACL(ACL_REVISION_DS if any(ace.type in object_types for ace in aces) else ACL_REVISION, aces)


def _parse_ace(text: str, domain: SID | None) -> ACE:
    fields = text.split(';')
    if len(fields) != ACE_FIELDS:
        raise ValueError(f'({text}) has {len(fields)} fields instead of {ACE_FIELDS}')
    type_name, flags, rights, object_type, inherited_object_type, sid = fields
    if type_name not in ACE_TYPES:
        raise ValueError(f'({text}) is of no known type')
    additional: dict[str, Any] = {}
    if type_name in OBJECT_ACE_TYPES:
        additional['flags'] = bool(object_type) + 2 * bool(inherited_object_type)
        if object_type:
            additional['object_type'] = _parse_guid(object_type)
        if inherited_object_type:
            additional['inherited_object_type'] = _parse_guid(inherited_object_type)
        if type_name == 'OU':
            additional['application_data'] = b''  # as from bytes
    elif object_type or inherited_object_type:
        raise ValueError(f'({text}) has an object type, but is no object ACE')
    return ACE(
        ACE_TYPES[type_name],
        _parse_names(flags, ACE_FLAGS, 'a flag of an ACE'),
        _parse_rights(rights),
        _parse_sid(sid, domain),
        additional,
    )


def _parse_names(text: str, names: dict[str, int], what: str) -> int:
    """The sum of the names that ``text`` is made of, one behind the other."""
    number, position = 0, 0
    while position < len(text):
        name = text[position] if text[position] in names else text[position : position + 2]
        if name not in names:
            raise ValueError(f'{name!r} is not {what}')
        number |= names[name]
        position += len(name)
    return number


def _parse_rights(text: str) -> int:
    if not text[:1].isdigit():
        return _parse_names(text, ALL_RIGHTS, 'an access right')
    base = 16 if text.startswith('0X') else 8 if text.startswith('0') else 10
    digits = text.removeprefix('0X')
    if len(digits) > 12 or not digits or digits.strip('0123456789ABCDEF'[:base]) or int(digits, base) > 0xFFFFFFFF:
        raise ValueError(f'{text!r} is not a number of 32 bits')
    return int(digits, base)


def _parse_guid(text: str) -> bytes:
    from uuid import UUID

    try:
        guid = UUID(text)
    except ValueError:
        raise ValueError(f'{text!r} is not a GUID') from None
    return guid.bytes_le


def _parse_sid(text: str, domain: SID | None) -> SID:
    if text in SIDS:
        return SID.from_string(SIDS[text])
    if text not in DOMAIN_SIDS:
        return SID.from_string(text)
    if domain is None:
        raise ValueError(f'{text} is a name within a domain, and no domain is given')
    return SID(domain.revision, domain.identifier_authority, [*domain.subauthorities, DOMAIN_SIDS[text]])
