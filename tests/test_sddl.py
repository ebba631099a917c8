"""Security descriptors as text, [MS-DTYP] 2.5.1."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb import sddl
from smb import security_descriptors as sd
from smb.security_descriptors import ACE, ACL, SID, SecurityDescriptor
from tests.descriptors import AUTHENTIC, descriptors, sddl_acls

DOMAIN = 'S-1-5-21-1-2-3'
SYSTEM = SID.from_string(sd.SID_LOCAL_SYSTEM)


def with_dacl(*aces: ACE, revision: int = 2) -> SecurityDescriptor:
    return SecurityDescriptor(0x8004, None, None, ACL(revision, aces), None)


def only_ace(text: str, domain: str | None = None) -> ACE:
    (ace,) = SecurityDescriptor.from_sddl(f'D:({text})', domain).dacl.aces
    return ace


def test_owner_group_and_lists_stand_behind_their_letters():
    text = 'O:BAG:SYD:PAI(A;OICI;FA;;;BA)(D;;0x1301bf;;;S-1-5-21-1-2-3-1001)S:ARAI(AU;SAFA;WD;;;WD)(ML;;NW;;;HI)'
    descriptor = SecurityDescriptor.from_sddl(text)
    assert descriptor == SecurityDescriptor(
        0x8000 | 0x04 | 0x1000 | 0x400 | 0x10 | 0x200 | 0x800,
        SID(1, 5, [32, 544]),
        SID(1, 5, [18]),
        ACL(
            2, [ACE(0, 3, 0x1F01FF, SID(1, 5, [32, 544]), {}), ACE(1, 0, 0x1301BF, SID(1, 5, [21, 1, 2, 3, 1001]), {})]
        ),
        ACL(2, [ACE(2, 0xC0, 0x40000, SID(1, 1, [0]), {}), ACE(0x11, 0, 1, SID(1, 16, [12288]), {})]),
    )
    assert descriptor.to_sddl() == text


def test_a_real_servers_descriptor_has_the_text_that_the_servers_own_tool_gives():
    user = 'S-1-5-21-1794379811-3552785576-1799922880-501'
    theirs = (
        f'O:{user}G:S-1-22-2-0D:(D;OICI;0x001f01ff;;;BG)(A;;0x001200a9;;;WD)(A;OICIIO;0x001200a9;;;WD)'
        '(A;OICIIO;0x001f01ff;;;CO)(A;OICIIO;0x001200a9;;;CG)(A;OICIIO;0x001301ff;;;AU)(A;;0x001200a9;;;S-1-22-2-0)'
        f'(A;;0x001f01ff;;;{user})'
    )
    descriptor = SecurityDescriptor.from_bytes(AUTHENTIC)
    assert SecurityDescriptor.from_sddl(theirs) == descriptor
    assert descriptor.to_sddl() == theirs.replace('0x001f01ff', 'FA').replace('0x00', '0x')


@pytest.mark.parametrize(
    'text',
    [
        # the folders of Windows that everyone knows: a drive, and what is below it
        'O:SYG:SYD:AI(A;OICIIO;SDGXGWGR;;;AU)(A;;0x1301bf;;;AU)(A;;FA;;;SY)(A;OICIIO;GA;;;SY)(A;OICIIO;GXGR;;;BU)',
        'O:BAG:BAD:PAI(A;OICIID;FA;;;SY)(A;CI;LC;;;BU)(A;OICINP;FR;;;OW)S:(ML;OINPIO;NW;;;HI)',
        'D:NO_ACCESS_CONTROL',
        'D:PNO_ACCESS_CONTROLS:AINO_ACCESS_CONTROL',
        'D:',
        'D:P',
        'D:PARAIS:PARAI',
        'S:(SP;;;;;S-1-17-1)(OU;SA;CR;bf967aba-0de6-11d0-a285-00aa003049e2;;PS)(OL;FA;CR;;;SU)(AL;;;;;IU)',
        'O:S-1-5',
        'O:S-1-0x123456789abc-1G:S-1-0xabcd00000000D:(A;;FX;;;WD)',
        '',
    ],
)
def test_text_as_windows_writes_it_comes_back_the_same(text):
    assert SecurityDescriptor.from_sddl(text).to_sddl() == text


def test_object_aces_have_guids_and_make_a_list_of_revision_4():
    guid = 'bf967aba-0de6-11d0-a285-00aa003049e2'
    text = f'D:(OA;;CCDC;{guid};;AO)(OD;;RP;;{guid};PS)(OA;;WP;;;AU)(A;;RPLCRC;;;AU)'
    descriptor = SecurityDescriptor.from_sddl(text)
    data = bytes.fromhex('ba7a96bf e60d d011 a285 00aa003049e2')  # [MS-DTYP] 2.3.4.2
    assert descriptor.dacl.revision == 4
    assert [ace.additional_data for ace in descriptor.dacl.aces] == [
        {'flags': 1, 'object_type': data},
        {'flags': 2, 'inherited_object_type': data},
        {'flags': 0},
        {},
    ]
    assert SecurityDescriptor.from_bytes(descriptor.to_bytes()) == descriptor
    assert descriptor.to_sddl() == text.replace('RPLCRC', 'LCRPRC')


@pytest.mark.parametrize(
    ('rights', 'mask', 'written'),
    [
        ('RPWPCCDCLCSWRCWDWOGA', 0x100E003F, 'CCDCLCSWRPWPRCWDWOGA'),
        ('FA', 0x1F01FF, 'FA'),
        ('FR', 0x120089, 'FR'),
        ('FW', 0x120116, 'FW'),
        ('FX', 0x1200A0, 'FX'),
        ('FRFX', 0x1200A9, '0x1200a9'),
        ('KA', 0xF003F, 'CCDCLCSWRPWPSDRCWDWO'),
        ('KRKX', 0x20019, 'CCSWRPRC'),
        ('KW', 0x20006, 'DCLCRC'),
        ('GR', 0x80000000, 'GR'),
        ('DTLOCR', 0x1C0, 'DTLOCR'),
        ('', 0, ''),
        ('0x1F01fF', 0x1F01FF, 'FA'),
        ('0xFFFFFFFF', 0xFFFFFFFF, '0xffffffff'),
        ('1179785', 0x120089, 'FR'),
        ('037777777777', 0xFFFFFFFF, '0xffffffff'),
        ('0', 0, ''),
    ],
)
def test_rights_are_codes_or_a_number(rights, mask, written):
    ace = only_ace(f'A;;{rights};;;SY')
    assert ace.mask == mask
    assert with_dacl(ace).to_sddl() == f'D:(A;;{written};;;SY)'


def test_rights_of_a_mandatory_label_have_codes_of_their_own():
    descriptor = SecurityDescriptor.from_sddl('S:(ML;;NWNRNX;;;LW)')
    assert descriptor.sacl.aces[0].mask == 7
    assert descriptor.to_sddl() == 'S:(ML;;NWNRNX;;;LW)'


@pytest.mark.parametrize('name', sddl.SIDS)
def test_names_of_sids_stand_for_the_same_sid_everywhere(name):
    descriptor = SecurityDescriptor.from_sddl(f'O:{name}')
    assert descriptor.owner == sddl.SIDS[name]
    assert descriptor.to_sddl() == f'O:{name}'


@pytest.mark.parametrize(
    ('name', 'text'),
    [  # [MS-DTYP] 2.4.2.4
        ('WD', 'S-1-1-0'),
        ('CO', 'S-1-3-0'),
        ('OW', 'S-1-3-4'),
        ('AN', 'S-1-5-7'),
        ('AU', 'S-1-5-11'),
        ('WR', 'S-1-5-33'),
        ('BU', 'S-1-5-32-545'),
        ('RE', 'S-1-5-32-552'),
        ('RU', 'S-1-5-32-554'),
        ('MU', 'S-1-5-32-558'),
        ('LU', 'S-1-5-32-559'),
        ('ER', 'S-1-5-32-573'),
        ('RM', 'S-1-5-32-580'),
        ('AC', 'S-1-15-2-1'),
        ('MP', 'S-1-16-8448'),
        ('UD', 'S-1-5-84-0-0-0-0-0'),
    ],
)
def test_names_of_sids_are_those_of_the_specification(name, text):
    assert SecurityDescriptor.from_sddl(f'O:{name}').owner == text


def test_names_within_a_domain_need_the_domain():
    text = 'O:DAG:DUD:(A;;FA;;;LA)(A;;FA;;;EA)'
    descriptor = SecurityDescriptor.from_sddl(text, DOMAIN)
    assert (descriptor.owner, descriptor.group) == (f'{DOMAIN}-512', f'{DOMAIN}-513')
    assert [ace.sid for ace in descriptor.dacl.aces] == [f'{DOMAIN}-500', f'{DOMAIN}-519']
    assert SecurityDescriptor.from_sddl(text, SID.from_string(DOMAIN)) == descriptor
    with pytest.raises(ValueError, match='no domain is given'):
        SecurityDescriptor.from_sddl(text)


def test_case_blanks_and_order_do_not_matter():
    strange = ' s:(au;sa; fa ;;;wd)\n d: p (a;oi ci;0X1F01FF;;;s-1-5-32-544)\n\t(A;;fr;;;bu)g:sy\r\no:ba '
    assert SecurityDescriptor.from_sddl(strange) == SecurityDescriptor.from_sddl(
        'O:BAG:SYD:P(A;OICI;FA;;;BA)(A;;FR;;;BU)S:(AU;SA;FA;;;WD)'
    )


def test_flags_of_a_null_list_are_kept():
    descriptor = SecurityDescriptor.from_sddl('D:PAINO_ACCESS_CONTROL')
    assert descriptor == SecurityDescriptor(0x8000 | 0x04 | 0x1000 | 0x400, None, None, None, None)


@pytest.mark.parametrize(
    'text',
    [
        'X:BA',
        'BA',
        'O',
        'O:',
        'O::',
        ':',
        'O:BAO:BA',
        'D:D:',
        'O:XX',
        'O:S-1-5-4294967296',
        'D:X',
        'D:PNO_ACCESS_CONTROL(A;;FA;;;WD)',
        'D:NO_ACCESS',
        'D:(',
        'D:()',
        'D:(A;;FA;;;WD',
        'D:(A;;FA;;;WD))',
        'D:(A;;FA;;;WD)P',
        'D:(A;;FA;;;WD)((A;;FA;;;WD)',
        'D:(A;;FA;;WD)',
        'D:(A;;FA;;;WD;)',
        'D:(A;;FA;;;)',
        'D:(Z;;FA;;;WD)',
        'D:(A;O;FA;;;WD)',
        'D:(A;XX;FA;;;WD)',
        'D:(A;;F;;;WD)',
        'D:(A;;XX;;;WD)',
        'D:(A;;0x;;;WD)',
        'D:(A;;0x100000000;;;WD)',
        'D:(A;;4294967296;;;WD)',
        'D:(A;;09;;;WD)',
        'D:(A;;12AB;;;WD)',
        'D:(A;;-1;;;WD)',
        'D:(A;;' + '9' * 5000 + ';;;WD)',
        'D:(A;;FA;bf967aba-0de6-11d0-a285-00aa003049e2;;WD)',
        'D:(OA;;FA;bf967aba-0de6-11d0-a285;;WD)',
        'O:ß',
        'D:(A;;FA;;;S-1-5-٣)',
    ],
)
def test_text_that_is_no_sddl_is_a_value_error(text):
    with pytest.raises(ValueError, match=r'.'):
        SecurityDescriptor.from_sddl(text)


@pytest.mark.parametrize(
    'text',
    [
        'D:(XA;;FX;;;S-1-1-0;(@User.Title=="PM" && (@User.Division=="Finance: Sales")))',
        'D:(xd;;FX;;;WD;(Member_of {SID(BA)}))',
        'D:(ZA;;CR;;;WD;(a==1))',
        'S:(XU;;FX;;;WD;(a==1))',
        'S:(RA;;;;;WD;("Secrecy",TU,0,3))',
    ],
)
def test_conditions_and_resource_attributes_are_said_not_to_be_covered(text):
    with pytest.raises(ValueError, match='not covered'):
        SecurityDescriptor.from_sddl(text)


@pytest.mark.parametrize(
    'ace',
    [
        ACE(9, 0, 1, SYSTEM, {'application_data': b'artx'}),
        ACE(18, 0, 0, SYSTEM, {'attribute_data': b'data'}),
        ACE(4, 0, 0, None, {'application_data': b''}),
        ACE(0xFE, 0, 0, None, {'application_data': b''}),
        ACE(0, 0, 0, None, {}),
        ACE(0, 0x20, 0, SYSTEM, {}),
        ACE(0, 0, 1, SYSTEM, {'application_data': b'room'}),
    ],
    ids=['condition', 'attribute', 'reserved type', 'unknown type', 'no SID', 'unknown flag', 'data'],
)
def test_an_ace_without_a_form_in_sddl_is_a_value_error(ace):
    with pytest.raises(ValueError, match='SDDL'):
        with_dacl(ace).to_sddl()


@given(descriptors(sddl_acls(), flags=0x3F00 | 0x14))
def test_what_sddl_can_say_survives_it(descriptor):
    # flags of a list that is not there are not said
    for present, others in ((0x04, 0x1500), (0x10, 0x2A00)):
        if not descriptor.flags & present:
            descriptor.flags &= ~others
    assert SecurityDescriptor.from_sddl(descriptor.to_sddl()) == descriptor


@given(
    st.lists(
        st.sampled_from(
            [*'OGDSPA();:', 'D:', 'S:', '(A;;FA;;;WD)', 'S-1-5', '0x1', 'OICI', 'AI', 'BA', 'XA', '-', '9']
        ),
        max_size=25,
    ).map(''.join)
    | st.text(max_size=20)
)
def test_random_text_is_read_or_a_value_error(text):
    with contextlib.suppress(ValueError):
        SecurityDescriptor.from_sddl(text, DOMAIN).to_sddl()
