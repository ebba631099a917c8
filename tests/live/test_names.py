"""File names of every kind, through each call that takes or gives one."""

from __future__ import annotations

import io
import unicodedata

import pytest

from smb.smb_structs import OperationFailure
from tests.live.folder import Folder, names
from tests.live.refusals import check_refused

NAMES = [
    'déjà vu.txt',
    unicodedata.normalize('NFD', 'e accent aigu é'),
    '测试.txt',
    'עברית',
    'emoji \U0001f600.txt',
    '\U0001f600',
    '\U0001f468‍\U0001f469‍\U0001f467 family',
    ' leading space',
    'per%20cent',
    "quote'",
    'amp&',
    'semi;colon',
    'plus+',
    'hash#',
    'at@',
    '[brackets]',
    '{braces}',
    '$(dollar)',
    '.hidden',
    'with.many.dots',
    'UPPER lower',
    '\x7f',
    'a' * 255,
    'é' * 127,
    '\U0001f600' * 60,
    'no\u00a0break',
    '\u200b',
    '\uf001 private use',
]
# smbd shows them under another name, but takes the right one
MANGLED = ['trailing dot.', '...', 'trailing space ', 'CON', 'nul.txt', 'tilde~1']
# on the wire a name has 16 bits a character, on the disk of most systems 255 bytes
LONGEST = {'ascii': 'n' * 255, 'emoji': '\U0001f600' * 63 + 'nnn'}
# to the protocol these characters mean something else, or the disk has no such name
NOT_NAMES = ['a:b', 'a<b', 'a>b', 'a"b', 'a|b', 'a*b', 'a?b', 'n' * 256, '\x01', 'tab\t']


def utf8(name):
    return name.encode('utf-8', 'surrogateescape')


@pytest.mark.parametrize('name', [*NAMES, *LONGEST.values()], ids=ascii)
def test_a_name_comes_through_every_call(connection, folder, name):
    share, path, other = folder.share, folder.path(name), folder.path('other')
    assert connection.storeFile(share, path, io.BytesIO(b'data')) == 4
    assert folder.tree() == {name: b'data'}
    assert names(connection.listPath(share, folder.path())) == [name]
    assert connection.getAttributes(share, path).filename == name
    target = io.BytesIO()
    assert connection.retrieveFile(share, path, target)[1] == 4
    assert target.getvalue() == b'data'

    connection.rename(share, path, other)
    assert folder.tree() == {'other': b'data'}
    connection.rename(share, other, path)
    assert folder.tree() == {name: b'data'}
    connection.deleteFiles(share, path)
    assert folder.tree() == {}

    connection.createDirectory(share, path)
    connection.storeFile(share, f'{path}/inside', io.BytesIO(b'data'))
    assert folder.tree() == {name: None, f'{name}/inside': b'data'}
    assert names(connection.listPath(share, path)) == ['inside']
    connection.deleteFiles(share, f'{path}/*')
    connection.deleteDirectory(share, path)
    assert folder.tree() == {}


@pytest.mark.parametrize('name', MANGLED)
def test_a_name_that_windows_does_not_have_can_be_used_nevertheless(connection, folder, name):
    share, path = folder.share, folder.path(name)
    connection.storeFile(share, path, io.BytesIO(b'data'))
    assert folder.tree() == {name: b'data'}
    assert connection.retrieveFile(share, path, io.BytesIO())[1] == 4
    # what the listing calls it opens it as well
    (shown,) = names(connection.listPath(share, folder.path()))
    assert connection.retrieveFile(share, folder.path(shown), io.BytesIO())[1] == 4
    connection.rename(share, path, folder.path(name + 'x'))
    assert folder.tree() == {name + 'x': b'data'}
    connection.deleteFiles(share, folder.path(name + 'x'))
    assert folder.tree() == {}


@pytest.mark.parametrize('name', NOT_NAMES, ids=ascii)
@pytest.mark.parametrize(
    ('method', 'arguments', 'reason'),
    [
        ('storeFile', (io.BytesIO(b'x'),), 'Unable to open file'),
        ('retrieveFile', (io.BytesIO(),), 'Unable to open file'),
        ('getAttributes', (), 'Unable to open remote file object'),
        ('createDirectory', (), 'Create failed'),
    ],
    ids=['store', 'retrieve', 'attributes', 'create'],
)
def test_what_is_no_name_is_refused_by_the_server(connection, folder, method, arguments, reason, name):
    check_refused(
        connection, method, folder.share, folder.path(name), *arguments,
        reason=reason, status='STATUS_OBJECT_NAME_INVALID',
    )  # fmt: skip
    assert folder.tree() == {}


@pytest.mark.parametrize('arguments', [{}, {'max_dialect': 0x0202, 'is_direct_tcp': False}], ids=str)
def test_composed_and_decomposed_names_are_two(connect, folder, arguments):
    connection = connect(folder.server, **arguments)
    composed, decomposed = 'é', unicodedata.normalize('NFD', 'é')
    for name in (composed, decomposed):
        connection.storeFile(folder.share, folder.path(name), io.BytesIO(utf8(name)))
    assert folder.tree() == {name: utf8(name) for name in (composed, decomposed)}
    assert set(names(connection.listPath(folder.share, folder.path()))) == {composed, decomposed}
    for name in (composed, decomposed):
        target = io.BytesIO()
        connection.retrieveFile(folder.share, folder.path(name), target)
        assert target.getvalue() == utf8(name)


@pytest.mark.parametrize('name', ['\U0001f600', 'a \U0001f600 b \U0001f600', '\U0001f600' * 60 + ' the end'], ids=ascii)
def test_rename_to_a_name_with_emoji_keeps_all_of_it(connection, folder, name):
    connection.rename(folder.share, folder.put('old', b'x'), folder.path(name))
    assert folder.tree() == {name: b'x'}
    folder.mkdir('folder')
    connection.rename(folder.share, folder.path(name), folder.path(f'folder/{name}'))
    assert folder.tree() == {'folder': None, f'folder/{name}': b'x'}


def test_names_are_found_in_any_case_and_keep_their_own(connection, folder):
    connection.storeFile(folder.share, folder.path('Großer Ärger.TXT'), io.BytesIO(b'one'))
    connection.storeFile(folder.share, folder.path('gROSSER äRGER.txt'.replace('SS', 'ß')), io.BytesIO(b'two'))
    assert folder.tree() == {'Großer Ärger.TXT': b'two'}


def test_a_deep_path(connection, folder):
    share, path = folder.share, folder.name
    for depth in range(40):
        path += f'/folder {depth} ' + 'x' * 40
        connection.createDirectory(share, path)
    connection.storeFile(share, path + '/file', io.BytesIO(b'deep'))
    assert names(connection.listPath(share, path)) == ['file']
    assert connection.retrieveFile(share, path + '/file', io.BytesIO())[1] == 4
    connection.deleteFiles(share, folder.path('folder*'), True)
    assert folder.tree() == {}


def test_long_names_fill_many_batches_of_a_listing(connection, folder):
    expected = {f'{number:04} ' + '\U0001f600' * 60 for number in range(1000)}
    for name in expected:
        (folder.local / name).touch()
    assert set(names(connection.listPath(folder.share, folder.path()))) == expected


def test_a_name_on_the_disk_that_is_no_text_does_no_harm(connection, folder):
    folder.put('text')
    with open(bytes(folder.local) + b'/\xff\xfe not UTF-8', 'wb'):
        pass
    assert 'text' in names(connection.listPath(folder.share, folder.path()))


@pytest.mark.parametrize('share', ['smbtest', 'SMBTEST', 'SmbTest'])
def test_a_share_in_any_case_is_the_same(connection, folder, share):
    folder.put('file')
    assert names(connection.listPath(share, folder.path())) == ['file']


def test_each_failure_names_path_and_share(connection, folder):
    """Whatever is in the name: the first line of the text stays one line."""
    for name in ('größe', '\U0001f600', 'a' * 200, "quote'", '%s', '{}'):
        with pytest.raises(OperationFailure) as caught:
            connection.retrieveFile(folder.share, folder.path(name), io.BytesIO())
        assert f'{folder.name}\\{name} on {folder.share}' in caught.value.message
        assert len(caught.value.message.splitlines()) == 1
        assert caught.value.filename


def test_two_shares_have_the_same_path(server, connection):
    one, other = Folder(server()), Folder(server(), 'public')
    connection.storeFile('smbtest', one.path('file'), io.BytesIO(b'one'))
    connection.createDirectory('public', one.name)
    connection.storeFile('public', one.path('file'), io.BytesIO(b'two'))
    assert one.tree() == {'file': b'one'}
    assert (other.local.parent / one.name / 'file').read_bytes() == b'two'


@pytest.mark.parametrize('name', ['a\ud800b', '\udfff', '\ud83d'], ids=ascii)
def test_half_a_surrogate_pair_is_for_the_server_to_refuse(connection, folder, name):
    for method, arguments, reason in (
        ('storeFile', (io.BytesIO(b'x'),), 'Unable to open file'),
        ('retrieveFile', (io.BytesIO(),), 'Unable to open file'),
        ('listPath', (), 'Unable to open directory'),
        ('createDirectory', (), 'Create failed'),
    ):
        check_refused(
            connection, method, folder.share, folder.path(name), *arguments,
            reason=reason, status='STATUS_ILLEGAL_CHARACTER' if connection.isUsingSMB2 else 'STATUS_INVALID_PARAMETER',
        )  # fmt: skip
    assert folder.tree() == {}


@pytest.mark.parametrize(
    ('path', 'status'),
    [
        ('n' * 32767, 'STATUS_OBJECT_NAME_INVALID'),
        ('\U0001f600' * 16383, 'STATUS_OBJECT_NAME_INVALID'),
        ('a/' * 16383, 'STATUS_OBJECT_PATH_NOT_FOUND'),
    ],
    ids=['one name', 'emoji', 'folders'],
)
def test_the_longest_path_that_can_be_sent_is_sent(connection, folder, path, status):
    for method, arguments, reason in (
        ('getAttributes', (), 'Unable to open remote file object'),
        ('storeFile', (io.BytesIO(b'x'),), 'Unable to open file'),
        ('listPath', (), 'Unable to open directory'),
        ('createDirectory', (), 'Create failed'),
    ):
        if connection.isUsingSMB2:
            check_refused(connection, method, folder.share, path, *arguments, reason=reason, status=status)
        else:
            with pytest.raises(ValueError, match='paths of 8258 characters at most, not of 327'):
                getattr(connection, method)(folder.share, path, *arguments)


@pytest.mark.parametrize('name', ['a\nb', 'a\r\nb', '\x85', '\u2028', 'a\x0bb'], ids=ascii)
def test_the_text_of_a_failure_stays_one_line_whatever_the_name(connection, folder, name):
    with pytest.raises(OperationFailure) as caught:
        connection.retrieveFile(folder.share, folder.path(name), io.BytesIO())
    (line,) = caught.value.message.splitlines()
    assert line == str(caught.value).splitlines()[0]
    assert caught.value.status_name in line
