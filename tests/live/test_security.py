"""Security descriptors: what Samba makes of a file's mode, and what its acl_xattr has stored."""

from __future__ import annotations

import os
import subprocess

import pytest

from smb.security_descriptors import (
    ACE,
    ACL,
    SECURITY_DESCRIPTOR_DACL_PRESENT,
    SECURITY_DESCRIPTOR_SELF_RELATIVE,
    SID_CREATOR_OWNER,
    SID_EVERYONE,
    SecurityDescriptor,
)
from smb.smb_constants import FILE_EXECUTE, FILE_READ_DATA, FILE_WRITE_DATA
from smb.testing import find_program
from tests.live.folder import Folder
from tests.live.refusals import check_refused

RIGHTS = FILE_READ_DATA | FILE_WRITE_DATA | FILE_EXECUTE
STORED = {'vfs objects': 'acl_xattr', 'acl_xattr:security_acl_name': 'user.NTACL'}
# What Samba's own Python packs as xattr.NTACL (version 1) from this text, with S-1-5-21-1-2-3 as the domain:
# O:S-1-5-21-1-2-3-1000G:S-1-5-21-1-2-3-513D:P(D;;SD;;;S-1-5-21-1-2-3-1001)(A;OICI;0x1301ff;;;WD)
NTACL = bytes.fromhex(
    '0100010000000200'
    '01000490 1c000000 38000000 00000000 54000000'
    '0105000000000005 15000000 01000000 02000000 03000000 e8030000'
    '0105000000000005 15000000 01000000 02000000 03000000 01020000'
    '0400 4000 02000000'
    '01002400 00000100 0105000000000005 15000000 01000000 02000000 03000000 e9030000'
    '00031400 ff011300 0101000000000001 00000000'
)


def sid_of_user(server):
    """What Samba's own tool says."""
    pdbedit = [find_program('pdbedit'), '-s', str(server.configuration), '-L', '-v', server.user]
    lines = subprocess.run(pdbedit, capture_output=True, text=True, check=True).stdout.splitlines()
    return next(line.split()[-1] for line in lines if line.startswith('User SID:'))


@pytest.mark.parametrize('name', ['file', 'inside'])
@pytest.mark.parametrize('mode', [0o640, 0o755, 0o700, 0o444])
def test_a_mode_is_an_access_list(connection, folder, name, mode):
    folder.put('file')
    folder.mkdir('inside')
    (folder.local / name).chmod(mode)
    found = connection.getSecurity(folder.share, folder.path(name))
    assert type(found) is SecurityDescriptor
    assert str(found.owner) == sid_of_user(folder.server)
    assert str(found.group).startswith('S-1-')
    assert found.sacl is None
    assert found.flags & SECURITY_DESCRIPTOR_SELF_RELATIVE and found.flags & SECURITY_DESCRIPTOR_DACL_PRESENT
    assert type(found.dacl) is ACL and all(type(ace) is ACE for ace in found.dacl.aces)
    granted = {str(ace.sid): ace.mask & RIGHTS for ace in found.dacl.aces if not ace.isInheritOnly}
    wanted = [mode >> 6 & 7, mode >> 3 & 7, mode & 7]
    bits = {4: FILE_READ_DATA, 2: FILE_WRITE_DATA, 1: FILE_EXECUTE}
    wanted = [sum(right for bit, right in bits.items() if digit & bit) for digit in wanted]
    assert [granted[str(who)] for who in (found.owner, found.group, SID_EVERYONE)] == wanted


def test_the_root_of_a_share_has_one(connection, folder):
    for root in ('', '/', '\\'):
        assert str(connection.getSecurity(folder.share, root).owner) == sid_of_user(folder.server)


@pytest.mark.parametrize(
    ('name', 'status'),
    [
        ('none', 'STATUS_OBJECT_NAME_NOT_FOUND'),
        ('none/none', 'STATUS_OBJECT_PATH_NOT_FOUND'),
        ('wild*', 'STATUS_OBJECT_NAME_INVALID'),
    ],
)
def test_a_missing_file_has_none(connection, folder, name, status):
    reason = 'Unable to open file or directory'
    check_refused(connection, 'getSecurity', folder.share, folder.path(name), reason=reason, status=status)


class TestStored:
    @pytest.fixture
    def folder(self, server):
        return Folder(server(shares={'stored': STORED}), 'stored')

    @pytest.mark.parametrize('name', ['file', 'inside'])
    def test_owner_group_and_access_list_are_as_the_server_has_them(self, connection, folder, name):
        folder.put('file')
        folder.mkdir('inside')
        try:
            os.setxattr(folder.local / name, 'user.NTACL', NTACL)
        except (AttributeError, OSError) as error:
            pytest.skip(f'no extended attributes here: {error}')
        found = connection.getSecurity(folder.share, folder.path(name))
        assert (str(found.owner), str(found.group)) == ('S-1-5-21-1-2-3-1000', 'S-1-5-21-1-2-3-513')
        assert [(ace.type, ace.flags, ace.mask, str(ace.sid)) for ace in found.dacl.aces] == [
            (1, 0, 0x00010000, 'S-1-5-21-1-2-3-1001'),
            (0, 3, 0x001301FF, SID_EVERYONE),
        ]
        assert found.sacl is None
        assert found.to_sddl() == (
            'O:S-1-5-21-1-2-3-1000G:S-1-5-21-1-2-3-513D:P(D;;SD;;;S-1-5-21-1-2-3-1001)(A;OICI;0x1301ff;;;WD)'
        )
        assert SecurityDescriptor.from_bytes(found.to_bytes()) == found

    def test_a_folder_hands_on_what_is_for_those_who_make_things_in_it(self, connection, folder):
        found = connection.getSecurity(folder.share, folder.path())
        inherited = {str(ace.sid) for ace in found.dacl.aces if ace.isInheritOnly}
        assert SID_CREATOR_OWNER in inherited
