"""Security descriptors to test with: one from a server, and hypothesis strategies for any others."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from smb.sddl import ACE_TYPES, OBJECT_ACE_TYPES
from smb.security_descriptors import ACE, ACL, SID, SecurityDescriptor

# The answer of Samba 4.17 to an SMB2 QUERY_INFO for the owner, group and DACL of a folder
AUTHENTIC = bytes.fromhex(
    '01000480140000003000000000000000400000000105000000000005150000002310f46aa834c3d3c0a4486bf5010000'
    '010200000000001602000000000000000200c0000800000001031800ff011f0001020000000000052000000022020000'
    '00001400a9001200010100000000000100000000000b1400a9001200010100000000000100000000000b1400ff011f00'
    '010100000000000300000000000b1400a9001200010100000000000301000000000b1400ff0113000101000000000005'
    '0b00000000001800a90012000102000000000016020000000000000000002400ff011f00010500000000000515000000'
    '2310f46aa834c3d3c0a4486bf5010000'
)

U8, U32 = st.integers(0, 0xFF), st.integers(0, 0xFFFFFFFF)
GUIDS = st.binary(min_size=16, max_size=16)
OBJECT_TYPES = (5, 6, 7, 8, 11, 12, 15, 16)
DATA_NAMES = {**dict.fromkeys((7, *range(9, 17)), 'application_data'), 18: 'attribute_data'}
SDDL_TYPES = tuple(ACE_TYPES.values())
SDDL_OBJECT_TYPES = {ACE_TYPES[name] for name in OBJECT_ACE_TYPES}


@st.composite
def sids(draw: st.DrawFn) -> SID:
    authority = draw(st.one_of(st.integers(0, 20), st.integers(0, 2**48 - 1)))
    return SID(1, authority, draw(st.lists(U32, max_size=15)))


@st.composite
def aces(
    draw: st.DrawFn, types: tuple[int, ...] = (*range(4), *range(5, 20)), flags: Any = U8, data: bool = True
) -> ACE:
    ace_type = draw(st.sampled_from(types))
    additional: dict[str, Any] = {}
    if ace_type in OBJECT_TYPES:
        present = additional['flags'] = draw(st.integers(0, 3))
        if present & 1:
            additional['object_type'] = draw(GUIDS)
        if present & 2:
            additional['inherited_object_type'] = draw(GUIDS)
    if ace_type in DATA_NAMES:
        fours = st.binary(max_size=10).map(lambda value: value * 4) if data else st.just(b'')
        additional[DATA_NAMES[ace_type]] = draw(fours)
    return ACE(ace_type, draw(flags), draw(U32), draw(sids()), additional)


@st.composite
def acls(draw: st.DrawFn) -> ACL:
    return ACL(draw(st.sampled_from((2, 4))), draw(st.lists(aces(), max_size=4)))


@st.composite
def sddl_acls(draw: st.DrawFn) -> ACL:
    """Lists that SDDL has a form for."""
    # 0x20 is a bit that no flag of an ACE has
    flags = U8.map(lambda value: value & ~0x20)
    entries = draw(st.lists(aces(SDDL_TYPES, flags, data=False), max_size=4))
    return ACL(4 if any(ace.type in SDDL_OBJECT_TYPES for ace in entries) else 2, entries)


@st.composite
def descriptors(draw: st.DrawFn, lists: st.SearchStrategy[ACL], flags: int = 0x7FFF) -> SecurityDescriptor:
    """Descriptors with some of ``flags``, and those that say what is in it."""
    dacl, sacl = draw(st.none() | lists), draw(st.none() | lists)
    present = 0x8000 | (0x04 if dacl else 0) | (0x10 if sacl else 0)
    owner, group = draw(st.none() | sids()), draw(st.none() | sids())
    return SecurityDescriptor(present | draw(st.integers(0, 0x7FFF)) & flags, owner, group, dacl, sacl)
