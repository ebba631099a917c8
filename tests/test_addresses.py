"""The forms of addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb.addresses import BadAddress, is_address, parse, parse_server


def parts(address):
    return address.host, address.port, address.share, address.path


@pytest.mark.parametrize(
    ('text', 'wanted'),
    [
        ('//host/share', ('host', None, 'share', '')),
        ('//host/share/', ('host', None, 'share', '')),
        ('//host/share/a/b', ('host', None, 'share', 'a/b')),
        ('//host:4455/share/a', ('host', 4455, 'share', 'a')),
        ('//host/share//a/./b/../c', ('host', None, 'share', 'a/c')),
        ('//host/share/100%25.txt', ('host', None, 'share', '100%25.txt')),
        ('//host/share/a@b;c#d', ('host', None, 'share', 'a@b;c#d')),
        ('//10.0.0.1/share/*.t?t', ('10.0.0.1', None, 'share', '*.t?t')),
        ('//[fe80::1]:4455/share', ('fe80::1', 4455, 'share', '')),
        ('//fe80::1%eth0/share', ('fe80::1%eth0', None, 'share', '')),
        (r'\\host\share\a b\c', ('host', None, 'share', 'a b/c')),
        (r'\\host\share', ('host', None, 'share', '')),
        ('smb://host/share/a', ('host', None, 'share', 'a')),
        ('SMB://host/share/a', ('host', None, 'share', 'a')),
        ('smb://host:4455/share', ('host', 4455, 'share', '')),
        ('smb://host/share/a%20b%25', ('host', None, 'share', 'a b%')),
        ('smb://host/sh%c3%a4re/*', ('host', None, 'shäre', '*')),
        ('smb://user@[::1]:4455/share', ('::1', 4455, 'share', '')),
    ],
)
def test_each_form_is_understood(text, wanted):
    assert parts(parse(text)) == wanted


@pytest.mark.parametrize(
    ('login', 'wanted'),
    [
        ('', (None, None, None)),
        ('jane@', (None, 'jane', None)),
        ('WORK;jane@', ('WORK', 'jane', None)),
        ('WORK;jane:secret@', ('WORK', 'jane', 'secret')),
        ('jane:@', (None, 'jane', '')),
        ('j%40ne:se%3Acret%2F@', (None, 'j@ne', 'se:cret/')),
        ('jane@corp.example@', (None, 'jane@corp.example', None)),
    ],
)
def test_a_url_may_say_who_signs_on(login, wanted):
    address = parse(f'smb://{login}host/share')
    assert (address.domain, address.user, address.password) == wanted
    assert str(address) == '//host/share'
    assert 'secret' not in repr(address)


@pytest.mark.parametrize(
    'text',
    [
        '', 'share', '/host/share', 'C:\\folder', 'http://host/share', '//', '///share', 'smb://', 'smb:///share/a',
        '//host//a', '//host:/share', '//host:0/share', '//host:65536/share', '//host:x/share', '//ho st/share',
        '//a:b@host/share', '//[::1/share', '//host/share/..', '//host/share/a/../..', '//host/share/a\0b',
        'smb://host/share/a%00b', 'smb://host/share/a%2Fb', 'smb://host/share/a%5Cb', 'smb://host/share/%ff',
        '//host\n/share', 'smb://u:s3cret@ho st/share', 'smb://u:s3cret@host:port/share', 'smb://u:s3cret@/share',
        'smb://u:s3cret@host/share/../..',
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_showing_a_password(text):
    with pytest.raises(BadAddress) as caught:
        parse(text)
    assert 's3cret' not in str(caught.value)
    assert str(caught.value)


def test_an_address_without_a_share_says_how_to_list_them():
    for text in ('//host:4455', '//host:4455/', 'smb://jane:s3cret@host:4455'):
        with pytest.raises(BadAddress) as caught:
            parse(text)
        assert str(caught.value) == '//host:4455 names no share; smbcourier shares host:4455 lists them'


@pytest.mark.parametrize(
    'text', ['host:4455', '//host:4455', 'smb://host:4455/', '//host:4455/share/a', r'\\host:4455']
)
def test_a_server_is_a_host_or_any_address(text):
    assert parse_server(text).server == 'host:4455'


def test_an_ipv6_address_is_a_server():
    assert [parse_server(text).server for text in ('::1', '[::1]', '[::1]:4455')] == ['[::1]', '[::1]', '[::1]:4455']


def test_local_paths_are_no_addresses():
    assert not any(map(is_address, ['a', './a', '/a/b', 'C:\\a', '\\a', '-', 'smb', 'smb:/a']))


def test_folder_child_and_parent():
    address = parse('smb://jane@host:4455/share/a/b')
    assert (address.name, str(address.parent), str(address.child('c'))) == (
        'b', '//host:4455/share/a', '//host:4455/share/a/b/c',
    )  # fmt: skip
    assert str(address.parent.parent.parent) == '//host:4455/share'
    assert address.child('c').user == 'jane'
    assert [parse(f'//h/s/{end}').wants_folder for end in ('a', 'a/', 'a/.')] == [False, True, True]
    assert parse('//HOST/Share/a').is_on_share_of(parse('//host/SHARE/b'))
    assert not parse('//host/share/a').is_on_share_of(parse('//host:4455/share/a'))


NAMES = st.text(st.characters(exclude_characters='/\\\0', exclude_categories=['Cs']), min_size=1).filter(
    lambda name: name not in ('.', '..')
)


@given(NAMES, st.lists(NAMES))
def test_an_address_that_is_shown_means_the_same_place(share, names):
    address = parse('//host/' + '/'.join([share, *names]))
    assert parts(parse(str(address))) == parts(address) == ('host', None, share, '/'.join(names))


@given(st.text())
def test_any_text_is_an_address_or_refused(text):
    for start in ('', '//', '\\\\', 'smb://', '//host/'):
        try:
            parse(start + text)
        except BadAddress as error:
            assert str(error)
