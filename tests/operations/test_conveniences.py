"""Names that may exist, folders that are made or removed whole, times, security and room."""

from __future__ import annotations

import pytest

from smb import ntstatus
from smb.errors import StatusError
from smb.operations import metadata, removal
from smb.results import DiskSpace
from smb.security_descriptors import SID, SecurityDescriptor
from smb.smb_constants import (
    ACCESS_SYSTEM_SECURITY,
    ATTR_DIRECTORY,
    DACL_SECURITY_INFORMATION,
    GROUP_SECURITY_INFORMATION,
    OWNER_SECURITY_INFORMATION,
    SACL_SECURITY_INFORMATION,
    WRITE_DAC,
    WRITE_OWNER,
)


def refused(function, *arguments):
    with pytest.raises(StatusError) as caught:
        function(*arguments)
    return caught.value.status


@pytest.mark.parametrize('name', ['', 'd', 'd\\file', 'link'])
def test_what_is_there_exists(tree, name):
    tree.add('d\\file')
    tree.add('link', link='d')
    assert metadata.exists(tree, name) is True


@pytest.mark.parametrize(
    'status',
    [
        ntstatus.STATUS_NO_SUCH_FILE,
        ntstatus.STATUS_NOT_A_DIRECTORY,
        ntstatus.STATUS_OBJECT_NAME_INVALID,
        ntstatus.STATUS_OBJECT_NAME_NOT_FOUND,
        ntstatus.STATUS_OBJECT_PATH_NOT_FOUND,
    ],
)
def test_a_name_that_nothing_has_or_can_have_does_not_exist(tree, status):
    tree.fail('open', status)
    assert metadata.exists(tree, 'name') is False


def test_what_is_being_deleted_exists_until_it_is_gone(tree):
    tree.fail('open', ntstatus.STATUS_DELETE_PENDING)
    assert metadata.exists(tree, 'name') is True


def test_where_the_server_does_not_say_nobody_knows(tree):
    tree.fail('open', ntstatus.STATUS_ACCESS_DENIED)
    assert refused(metadata.exists, tree, 'name') == ntstatus.STATUS_ACCESS_DENIED


@pytest.mark.parametrize('path', ['a', 'a\\b', 'a\\b\\c\\d', 'there\\a\\b'])
def test_the_folders_above_are_made_too(tree, path):
    tree.add_folder('there')
    metadata.make_directories(tree, path, False)
    assert tree.files[path].attributes & ATTR_DIRECTORY


def test_folders_that_are_there_are_not_asked_for(tree):
    tree.add_folder('a\\b\\c')
    metadata.make_directories(tree, 'a\\b\\c\\d', False)
    assert tree.names() == ['open', 'close']


@pytest.mark.parametrize('path', ['d', 'd\\e', ''])
def test_a_folder_that_is_there_is_an_error_or_not(tree, path):
    tree.add_folder('d\\e')
    assert refused(metadata.make_directories, tree, path, False) == ntstatus.STATUS_OBJECT_NAME_COLLISION
    metadata.make_directories(tree, path, True)


@pytest.mark.parametrize('exist_ok', [True, False])
@pytest.mark.parametrize('path', ['file', 'file\\d', 'file\\d\\e'])
def test_a_file_is_no_folder(tree, path, exist_ok):
    tree.add('file')
    if path != 'file':
        tree.refuse('open', path, ntstatus.STATUS_OBJECT_PATH_NOT_FOUND)
        tree.refuse('open', 'file\\d', ntstatus.STATUS_OBJECT_PATH_NOT_FOUND)
    assert refused(metadata.make_directories, tree, path, exist_ok) == ntstatus.STATUS_OBJECT_NAME_COLLISION
    assert sorted(tree.files) == ['', 'file']


def test_a_folder_that_somebody_else_makes_meanwhile_will_do(tree):
    tree.fail('open', lambda: tree.add_folder('a'), at=2)
    metadata.make_directories(tree, 'a\\b', False)
    assert 'a\\b' in tree.files


def test_a_server_that_says_both_is_not_asked_forever(tree):
    tree.add_folder('a')
    tree.refuse('open', 'a\\b', ntstatus.STATUS_OBJECT_PATH_NOT_FOUND)
    assert refused(metadata.make_directories, tree, 'a\\b', True) == ntstatus.STATUS_OBJECT_PATH_NOT_FOUND


def test_times_are_set_or_left(tree):
    tree.add('file')
    metadata.set_times(tree, 'file', 0, 5, 6, 0)
    (information,) = tree.files['file'].set_basic
    times = [information.creation_time, information.last_access_time]
    assert [*times, information.last_write_time, information.change_time] == [0, 5, 6, 0]
    assert information.file_attributes == 0


def test_the_room_is_in_bytes(tree):
    assert metadata.get_disk_space(tree, '') == DiskSpace(4096 * 1000, 4096 * 200, 4096 * 100)
    assert tree.names() == ['open', 'query_space', 'close']


OWNER, GROUP, DACL, SACL = 'O:BA', 'G:SY', 'D:(A;;FA;;;WD)', 'S:(AU;SA;FA;;;WD)'


@pytest.mark.parametrize(
    ('text', 'parts', 'access'),
    [
        (OWNER, OWNER_SECURITY_INFORMATION, WRITE_OWNER),
        (GROUP, GROUP_SECURITY_INFORMATION, WRITE_OWNER),
        (DACL, DACL_SECURITY_INFORMATION, WRITE_DAC),
        ('D:', DACL_SECURITY_INFORMATION, WRITE_DAC),
        ('D:NO_ACCESS_CONTROL', DACL_SECURITY_INFORMATION, WRITE_DAC),
        (SACL, SACL_SECURITY_INFORMATION, ACCESS_SYSTEM_SECURITY),
        (
            OWNER + GROUP + DACL,
            OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
            WRITE_OWNER | WRITE_DAC,
        ),
    ],
)
@pytest.mark.parametrize('form', [str, bytes, bytearray, SecurityDescriptor])
def test_of_a_descriptor_is_set_what_it_has(tree, text, parts, access, form):
    tree.add('file')
    parsed = SecurityDescriptor.from_sddl(text)
    given = text if form is str else parsed if form is SecurityDescriptor else form(parsed.to_bytes())
    metadata.set_security(tree, 'file', given)
    assert tree.verbs[0][2].access == access
    assert tree.verbs[1] == ('change_security', 'file', parts, parsed.to_bytes())


@pytest.mark.parametrize(
    'wrong', [SecurityDescriptor(0, None, None, None, None), '', 'nonsense', b'', b'\1\0\4\x80', bytes(20)]
)
def test_what_is_no_descriptor_is_an_error_before_anything_is_sent(tree, wrong):
    with pytest.raises(ValueError):
        metadata.set_security(tree, 'file', wrong)
    assert tree.verbs == []


@pytest.mark.parametrize('wrong', [SID.from_string('S-1-1-0'), None, 20])
def test_what_is_neither_is_a_type_error(tree, wrong):
    with pytest.raises(TypeError):
        metadata.set_security(tree, 'file', wrong)
    assert tree.verbs == []


# Whole trees


def test_a_folder_goes_with_all_that_is_in_it(tree):
    tree.add('keep\\file')
    tree.add('d\\e\\f\\file')
    tree.add('d\\e\\other')
    tree.add_folder('d\\empty')
    removal.delete_tree(tree, 'd')
    assert sorted(tree.files) == ['', 'keep', 'keep\\file']


@pytest.mark.parametrize(
    ('path', 'status'),
    [
        ('missing', ntstatus.STATUS_OBJECT_NAME_NOT_FOUND),
        ('file', ntstatus.STATUS_NOT_A_DIRECTORY),
        ('d*', ntstatus.STATUS_OBJECT_NAME_INVALID),
        ('missing\\d', ntstatus.STATUS_OBJECT_NAME_NOT_FOUND),
    ],
)
def test_only_a_folder_goes_that_way(tree, path, status):
    tree.add('file')
    tree.add('d\\file')
    assert refused(removal.delete_tree, tree, path) == status
    assert sorted(tree.files) == ['', 'd', 'd\\file', 'file']


def test_the_root_of_a_share_stays(tree):
    tree.add('file')
    with pytest.raises(ValueError, match='root of a share'):
        removal.delete_tree(tree, '')
    assert tree.verbs == []


@pytest.mark.parametrize('path', ['link', 'd'])
def test_of_a_link_only_the_link_goes(tree, path):
    tree.add('precious\\file')
    tree.add_folder('link', link='precious')
    tree.add_folder('d\\link', link='precious')
    removal.delete_tree(tree, path)
    assert path not in tree.files
    assert 'precious\\file' in tree.files


def test_a_link_that_the_server_follows_itself_keeps_what_it_leads_to(tree):
    tree.numbers_files = True
    tree.add('precious\\file')
    tree.files['link'] = tree.files['precious']  # it has the same number
    tree.files['link\\file'] = tree.files['precious\\file']
    assert refused(removal.delete_tree, tree, 'link') == ntstatus.STATUS_DIRECTORY_NOT_EMPTY
    assert 'precious\\file' in tree.files


def test_of_two_names_that_differ_in_case_only_the_one_that_was_given_goes(tree):
    tree.add('D\\file')
    tree.add('d\\file')
    removal.delete_tree(tree, 'd')
    assert sorted(tree.files) == ['', 'D', 'D\\file']
