"""SID, ACE, ACL and SecurityDescriptor from bytes and back, [MS-DTYP] 2.4."""

from __future__ import annotations

import contextlib
import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb import security_descriptors as sd
from smb.errors import ProtocolError
from smb.security_descriptors import ACE, ACL, SID, SecurityDescriptor
from tests.descriptors import AUTHENTIC, aces, acls, descriptors, sids

SYSTEM = bytes.fromhex('0101000000000005 12000000')  # S-1-5-18, 2.4.2.2
ADMINISTRATORS = bytes.fromhex('0102000000000005 20000000 20020000')  # S-1-5-32-544
GUID_1, GUID_2 = bytes(range(16)), bytes(range(16, 32))

# 2.4.4.x: header with type, flags and size; mask; object flags and GUIDs; SID; data
ACE_VECTORS = {
    '2.4.4.2 ACCESS_ALLOWED': ('00 03 1400 ff011f00', SYSTEM, ACE(0, 3, 0x1F01FF, SID(1, 5, [18]), {})),
    '2.4.4.4 ACCESS_DENIED': ('01 10 1800 00000100', ADMINISTRATORS, ACE(1, 16, 0x10000, SID(1, 5, [32, 544]), {})),
    '2.4.4.10 SYSTEM_AUDIT': ('02 c0 1400 00000080', SYSTEM, ACE(2, 0xC0, 0x80000000, SID(1, 5, [18]), {})),
    '2.4.4.13 SYSTEM_MANDATORY_LABEL': ('11 00 1400 01000000', SYSTEM, ACE(0x11, 0, 1, SID(1, 5, [18]), {})),
    '2.4.4.16 SYSTEM_SCOPED_POLICY_ID': ('13 00 1400 00000000', SYSTEM, ACE(0x13, 0, 0, SID(1, 5, [18]), {})),
    '2.4.4.3 ACCESS_ALLOWED_OBJECT without a GUID': (
        '05 00 1800 00010000 00000000',
        SYSTEM,
        ACE(5, 0, 0x100, SID(1, 5, [18]), {'flags': 0}),
    ),
    '2.4.4.3 ACCESS_ALLOWED_OBJECT with the first GUID': (
        '05 00 2800 00010000 01000000' + GUID_1.hex(),
        SYSTEM,
        ACE(5, 0, 0x100, SID(1, 5, [18]), {'flags': 1, 'object_type': GUID_1}),
    ),
    '2.4.4.5 ACCESS_DENIED_OBJECT with the second GUID': (
        '06 00 2800 00010000 02000000' + GUID_2.hex(),
        SYSTEM,
        ACE(6, 0, 0x100, SID(1, 5, [18]), {'flags': 2, 'inherited_object_type': GUID_2}),
    ),
    '2.4.4.11 SYSTEM_AUDIT_OBJECT with both GUIDs and data': (
        '07 40 3c00 00010000 03000000' + GUID_1.hex() + GUID_2.hex(),
        SYSTEM + b'data',
        ACE(
            7,
            0x40,
            0x100,
            SID(1, 5, [18]),
            {'flags': 3, 'object_type': GUID_1, 'inherited_object_type': GUID_2, 'application_data': b'data'},
        ),
    ),
    '2.4.4.6 ACCESS_ALLOWED_CALLBACK': (
        '09 00 1800 01000000',
        SYSTEM + b'artx',
        ACE(9, 0, 1, SID(1, 5, [18]), {'application_data': b'artx'}),
    ),
    '2.4.4.7 ACCESS_DENIED_CALLBACK without data': (
        '0a 00 1400 01000000',
        SYSTEM,
        ACE(10, 0, 1, SID(1, 5, [18]), {'application_data': b''}),
    ),
    '2.4.4.8 ACCESS_ALLOWED_CALLBACK_OBJECT': (
        '0b 00 2c00 01000000 01000000' + GUID_2.hex(),
        SYSTEM + b'artx',
        ACE(11, 0, 1, SID(1, 5, [18]), {'flags': 1, 'object_type': GUID_2, 'application_data': b'artx'}),
    ),
    '2.4.4.15 SYSTEM_RESOURCE_ATTRIBUTE': (
        '12 00 1800 00000000',
        SYSTEM + b'attr',
        ACE(18, 0, 0, SID(1, 5, [18]), {'attribute_data': b'attr'}),
    ),
    '2.4.4.1 a size with room in it': (
        '00 00 1800 01000000',
        SYSTEM + b'room',
        ACE(0, 0, 1, SID(1, 5, [18]), {'application_data': b'room'}),
    ),
    'the access filter of Windows': (
        '15 00 1800 01000000',
        SYSTEM + b'artx',
        ACE(0x15, 0, 1, SID(1, 5, [18]), {'application_data': b'artx'}),
    ),
    '2.4.4.1 a reserved type': (
        '04 00 0c00 0100000001000000',
        b'',
        ACE(4, 0, 0, None, {'application_data': bytes.fromhex('0100000001000000')}),
    ),
    '2.4.4.1 a type of the future': ('fe 00 0400', b'', ACE(0xFE, 0, 0, None, {'application_data': b''})),
}
ACE_PARAMETERS = pytest.mark.parametrize(
    ('data', 'ace'),
    [(bytes.fromhex(head.replace(' ', '')) + tail, ace) for head, tail, ace in ACE_VECTORS.values()],
    ids=list(ACE_VECTORS),
)

# 2.4.5: revision, size, count; 2.4.6: control, offsets of owner, group, SACL and DACL
ACL_BYTES = bytes.fromhex('0200 1c00 0100 0000') + bytes.fromhex('00031400ff011f00') + SYSTEM
ALL_PARTS = (
    bytes.fromhex('0100 1480 14000000 20000000 30000000 4c000000') + SYSTEM + ADMINISTRATORS + ACL_BYTES + ACL_BYTES
)


def every_cut_is_refused(read, data):
    for length in range(len(data)):
        with pytest.raises(ProtocolError):
            read(data[:length])


class TestSID:
    def test_reads_and_writes_the_packet_form_of_2_4_2_2(self):
        sid = SID.from_bytes(ADMINISTRATORS)
        assert (sid.revision, sid.identifier_authority, sid.subauthorities) == (1, 5, [32, 544])
        assert sid.to_bytes() == ADMINISTRATORS
        every_cut_is_refused(SID.from_bytes, ADMINISTRATORS)

    def test_gives_back_the_bytes_behind_it_when_asked(self):
        assert SID.from_bytes(SYSTEM + b'tail', return_tail=True) == (SID(1, 5, [18]), b'tail')
        assert SID.from_bytes(memoryview(SYSTEM + b'tail')) == SID(1, 5, [18])

    @pytest.mark.parametrize('damaged', ['02' + SYSTEM.hex()[2:], '0110' + '00' * 100])
    def test_with_a_strange_revision_or_too_many_subauthorities_is_refused(self, damaged):
        with pytest.raises(ProtocolError):
            SID.from_bytes(bytes.fromhex(damaged))

    @pytest.mark.parametrize(
        ('sid', 'text'),
        [
            (SID(1, 5, [32, 544]), 'S-1-5-32-544'),
            (SID(1, 5, []), 'S-1-5'),
            (SID(1, 0xFFFFFFFF, [1]), 'S-1-4294967295-1'),
            (SID(1, 0x100000000, [1]), 'S-1-0x100000000-1'),
            (SID(1, 1, [2**32 - 1] * 15), 'S-1-1' + '-4294967295' * 15),
        ],
    )
    def test_has_the_string_form_of_2_4_2_1(self, sid, text):
        assert str(sid) == text
        assert repr(sid) == f"SID('{text}')"
        assert SID.from_string(text) == sid

    def test_in_text_may_have_small_letters_and_any_hexadecimal_authority(self):
        assert SID.from_string('s-1-0x000100000000-7') == SID(1, 2**32, [7])
        assert SID.from_string('S-1-0x5-18') == SID.from_string('S-1-5-18')

    @pytest.mark.parametrize(
        'text',
        [
            '',
            'S',
            'S-1',
            'X-1-5-18',
            'S-2-5-18',
            'S-1-5-',
            'S-1--18',
            'S-1-5-1 8',
            'S-1-5-+18',
            'S-1-5-1_8',
            'S-1-5-18\n',
            'S-1-5-٣',
            'S-1-5-0x',
            'S-1-5-4294967296',
            'S-1-0x1000000000000-1',
            'S-1-5-' + '9' * 5000,
            'S-1-5' + '-1' * 16,
        ],
    )
    def test_text_that_is_no_sid_is_a_value_error(self, text):
        with pytest.raises(ValueError, match='is not a SID'):
            SID.from_string(text)

    def test_compares_and_hashes_by_value_and_equals_its_text(self):
        sid = SID.from_bytes(SYSTEM)
        assert sid == SID(1, 5, (18,))
        assert sid == sd.SID_LOCAL_SYSTEM
        assert sd.SID_LOCAL_SYSTEM in {sid}
        assert sid in {sd.SID_LOCAL_SYSTEM}
        assert sid != SID(1, 5, [19])
        assert sid != sd.SID_LOCAL_SERVICE
        assert sid != SYSTEM

    @pytest.mark.parametrize('sid', [SID(1, 5, [2**32]), SID(1, 2**48, [1]), SID(1, -1, [1]), SID(1, 5, [1] * 16)])
    def test_with_numbers_that_do_not_fit_cannot_be_written(self, sid):
        with pytest.raises(ValueError, match=r'fit|more'):
            sid.to_bytes()

    @pytest.mark.parametrize('name', [name for name in vars(sd) if name.startswith('SID_')])
    def test_constants_are_texts_of_sids(self, name):
        assert str(SID.from_string(getattr(sd, name))) == getattr(sd, name)


class TestACE:
    @ACE_PARAMETERS
    def test_of_each_type_is_read_and_written(self, data, ace):
        assert ACE.from_bytes(data + b'behind') == ace
        assert ace.to_bytes() == data

    @ACE_PARAMETERS
    def test_that_is_cut_is_refused(self, data, ace):
        every_cut_is_refused(ACE.from_bytes, data)

    def test_whose_size_cuts_its_own_sid_is_refused(self):
        data = bytes.fromhex('0000 1400 01000000') + SYSTEM
        for size in range(len(data)):
            with pytest.raises(ProtocolError):
                ACE.from_bytes(data[:2] + size.to_bytes(2, 'little') + data[4:])

    def test_is_filled_up_to_a_multiple_of_four(self):
        ace = ACE(9, 0, 1, SID(1, 5, [18]), {'application_data': b'12345'})
        assert len(ace.to_bytes()) == int.from_bytes(ace.to_bytes()[2:4], 'little') == 28
        assert ace.to_bytes().endswith(b'12345\0\0\0')

    def test_gets_its_object_flags_from_the_guids_that_it_has(self):
        ace = ACE(5, 0, 1, SID(1, 5, [18]), {'inherited_object_type': GUID_2})
        assert ACE.from_bytes(ace.to_bytes()).additional_data == {'flags': 2, 'inherited_object_type': GUID_2}
        stale = ACE(5, 0, 1, SID(1, 5, [18]), {'flags': 3, 'object_type': GUID_1})
        assert ACE.from_bytes(stale.to_bytes()).additional_data == {'flags': 1, 'object_type': GUID_1}

    @pytest.mark.parametrize(
        'ace',
        [
            ACE(0, 0, 2**32, SID(1, 5, [18]), {}),
            ACE(0, 256, 0, SID(1, 5, [18]), {}),
            ACE(0, 0, 0, None, {}),
            ACE(5, 0, 0, SID(1, 5, [18]), {'object_type': b'short'}),
            ACE(9, 0, 0, SID(1, 5, [18]), {'application_data': bytes(0x10000)}),
        ],
    )
    def test_that_has_no_wire_form_is_a_value_error(self, ace):
        with pytest.raises(ValueError, match=r'fit|needs|takes'):
            ace.to_bytes()

    def test_says_whether_it_is_for_children_only(self):
        assert ACE(0, sd.ACE_FLAG_INHERIT_ONLY | sd.ACE_FLAG_INHERITED, 1, SID(1, 5, [18]), {}).isInheritOnly is True
        assert ACE(0, sd.ACE_FLAG_INHERITED, 1, SID(1, 5, [18]), {}).isInheritOnly is False

    def test_repr_names_everything(self):
        ace = ACE(0, 3, 0x1F01FF, SID(1, 5, [18]), {})
        assert repr(ace) == 'ACE(type=0x00, flags=0x03, mask=0x001f01ff, sid=S-1-5-18)'
        assert 'artx' in repr(ACE(9, 3, 1, SID(1, 5, [18]), {'application_data': b'artx'}))


class TestACL:
    def test_reads_and_writes_the_form_of_2_4_5(self):
        acl = ACL.from_bytes(ACL_BYTES + b'behind')
        assert (acl.revision, acl.aces) == (2, [ACE(0, 3, 0x1F01FF, SID(1, 5, [18]), {})])
        assert acl.to_bytes() == ACL_BYTES
        assert repr(acl) == f'ACL({acl.aces})'
        every_cut_is_refused(ACL.from_bytes, ACL_BYTES)

    def test_may_have_unused_room_at_its_end(self):
        with_room = ACL_BYTES[:2] + bytes.fromhex('2400') + ACL_BYTES[4:] + bytes(8)
        assert ACL.from_bytes(with_room) == ACL.from_bytes(ACL_BYTES)

    def test_that_ends_before_its_aces_do_is_refused(self):
        for size in range(len(ACL_BYTES)):
            with pytest.raises(ProtocolError):
                ACL.from_bytes(ACL_BYTES[:2] + size.to_bytes(2, 'little') + ACL_BYTES[4:])

    def test_that_announces_more_aces_than_are_there_is_refused(self):
        with pytest.raises(ProtocolError):
            ACL.from_bytes(ACL_BYTES[:4] + b'\xff\xff' + ACL_BYTES[6:] + bytes(100_000))

    def test_too_large_for_its_size_field_is_a_value_error(self):
        ace = ACE(0, 0, 1, SID(1, 5, [18]), {})
        assert len(ACL(2, [ace] * 3276).to_bytes()) == 65528
        with pytest.raises(ValueError, match='fit'):
            ACL(2, [ace] * 3277).to_bytes()


class TestSecurityDescriptor:
    def test_reads_and_writes_the_form_of_2_4_6(self):
        descriptor = SecurityDescriptor.from_bytes(ALL_PARTS)
        acl = ACL.from_bytes(ACL_BYTES)
        assert descriptor.flags == 0x8014
        assert (descriptor.owner, descriptor.group) == (sd.SID_LOCAL_SYSTEM, sd.SID_BUILTIN_ADMINISTRATORS)
        assert (descriptor.dacl, descriptor.sacl) == (acl, acl)
        assert descriptor.to_bytes() == ALL_PARTS
        every_cut_is_refused(SecurityDescriptor.from_bytes, ALL_PARTS)

    def test_may_have_its_parts_in_any_order_and_shared(self):
        head = bytes.fromhex('0100 0480 30000000 30000000 00000000 14000000')
        descriptor = SecurityDescriptor.from_bytes(head + ACL_BYTES + SYSTEM)
        acl = ACL.from_bytes(ACL_BYTES)
        assert descriptor == SecurityDescriptor(0x8004, SID(1, 5, [18]), SID(1, 5, [18]), acl, None)
        assert SecurityDescriptor.from_bytes(descriptor.to_bytes()) == descriptor

    def test_has_none_for_each_absent_part(self):
        data = bytes.fromhex('0100 0080' + '00' * 16)
        descriptor = SecurityDescriptor.from_bytes(data)
        assert descriptor == SecurityDescriptor(0x8000, None, None, None, None)
        assert descriptor.to_bytes() == data

    def test_keeps_a_null_dacl_apart_from_an_empty_one(self):
        null = SecurityDescriptor.from_bytes(bytes.fromhex('0100 0480' + '00' * 16))
        empty = SecurityDescriptor(null.flags, None, None, ACL(2, []), None)
        assert null.dacl is None
        assert null != empty
        assert SecurityDescriptor.from_bytes(null.to_bytes()) == null
        assert SecurityDescriptor.from_bytes(empty.to_bytes()) == empty

    def test_written_says_in_its_flags_what_is_there(self):
        written = SecurityDescriptor(0x1000, None, None, ACL(2, []), ACL(2, [])).to_bytes()
        assert SecurityDescriptor.from_bytes(written).flags == 0x9014

    def test_keeps_the_resource_managers_byte_where_the_flags_say_that_it_has_one(self):
        data = bytes.fromhex('0107 00c0' + '00' * 16)
        assert SecurityDescriptor.from_bytes(data).resource_manager_control == 7
        assert SecurityDescriptor.from_bytes(data).to_bytes() == data
        assert SecurityDescriptor.from_bytes(bytes.fromhex('0107 0080' + '00' * 16)).resource_manager_control == 0

    @pytest.mark.parametrize(
        'damaged',
        [
            '0200 0480' + '00' * 16,
            '0100 0400' + '00' * 16,
            '0100 0480 13000000' + '00' * 12 + SYSTEM.hex(),
            '0100 0480 20000000' + '00' * 12 + SYSTEM.hex(),
            '0100 0480 ffffffff' + '00' * 12 + SYSTEM.hex(),
        ],
        ids=['revision', 'not self-relative', 'offset in the header', 'offset at the end', 'offset beyond'],
    )
    def test_that_is_damaged_is_refused(self, damaged):
        with pytest.raises(ProtocolError):
            SecurityDescriptor.from_bytes(bytes.fromhex(damaged.replace(' ', '')))

    def test_repr_shows_all_parts(self):
        descriptor = SecurityDescriptor(0x8004, SID(1, 5, [18]), None, ACL(2, []), None)
        assert (
            repr(descriptor) == 'SecurityDescriptor(flags=0x8004, owner=S-1-5-18, group=None, dacl=ACL([]), sacl=None)'
        )

    def test_of_a_real_server_is_read_and_written_back_to_the_byte(self):
        descriptor = SecurityDescriptor.from_bytes(AUTHENTIC)
        user = 'S-1-5-21-1794379811-3552785576-1799922880-501'
        assert (descriptor.flags, descriptor.owner, descriptor.group) == (0x8004, user, 'S-1-22-2-0')
        assert descriptor.sacl is None
        assert [(ace.type, ace.flags, ace.mask, str(ace.sid)) for ace in descriptor.dacl.aces] == [
            (1, 0x03, 0x1F01FF, sd.SID_BUILTIN_GUESTS),
            (0, 0x00, 0x1200A9, sd.SID_EVERYONE),
            (0, 0x0B, 0x1200A9, sd.SID_EVERYONE),
            (0, 0x0B, 0x1F01FF, sd.SID_CREATOR_OWNER),
            (0, 0x0B, 0x1200A9, sd.SID_CREATOR_GROUP),
            (0, 0x0B, 0x1301FF, sd.SID_AUTHENTICATED_USERS),
            (0, 0x00, 0x1200A9, 'S-1-22-2-0'),
            (0, 0x00, 0x1F01FF, user),
        ]
        assert descriptor.to_bytes() == AUTHENTIC
        every_cut_is_refused(SecurityDescriptor.from_bytes, AUTHENTIC)


@pytest.mark.parametrize(
    ('one', 'others'),
    [
        (
            lambda: ACE(5, 1, 2, SID(1, 5, [18]), {'flags': 1, 'object_type': GUID_1}),
            {'type': 6, 'flags': 2, 'mask': 3, 'sid': SID(1, 5, [19]), 'additional_data': {}},
        ),
        (lambda: ACL.from_bytes(ACL_BYTES), {'revision': 4, 'aces': []}),
        (
            lambda: SecurityDescriptor.from_bytes(ALL_PARTS),
            {
                'flags': 0,
                'owner': None,
                'group': None,
                'dacl': None,
                'sacl': None,
                'resource_manager_control': 1,
            },
        ),
    ],
    ids=['ACE', 'ACL', 'SecurityDescriptor'],
)
def test_values_are_equal_when_every_attribute_is(one, others):
    assert one() == one()
    assert hash(one()) == hash(one())
    assert copy.deepcopy(one()) == one()
    assert pickle.loads(pickle.dumps(one())) == one()
    assert one() != 'something else'
    for name, value in others.items():
        other = one()
        setattr(other, name, value)
        assert other != one(), name
        assert len({one(), one(), other}) == 2


@given(sids())
def test_any_sid_survives_text_and_bytes(sid):
    assert SID.from_string(str(sid)) == sid
    assert SID.from_bytes(sid.to_bytes()) == sid


@given(aces())
def test_any_ace_survives_bytes(ace):
    assert ACE.from_bytes(ace.to_bytes()) == ace


@given(acls())
def test_any_acl_survives_bytes(acl):
    assert ACL.from_bytes(acl.to_bytes()) == acl


@given(descriptors(acls()))
def test_any_descriptor_survives_bytes(descriptor):
    data = descriptor.to_bytes()
    assert SecurityDescriptor.from_bytes(data) == descriptor
    assert SecurityDescriptor.from_bytes(data).to_bytes() == data


@pytest.mark.parametrize('kind', [SID, ACE, ACL, SecurityDescriptor])
@given(data=st.binary(max_size=120))
def test_random_bytes_are_read_or_refused(kind, data):
    with contextlib.suppress(ProtocolError):
        repr(kind.from_bytes(data))


@given(st.data())
def test_a_descriptor_with_changed_bytes_is_read_or_refused(data):
    damaged = bytearray(AUTHENTIC)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ProtocolError):
        repr(SecurityDescriptor.from_bytes(damaged))
