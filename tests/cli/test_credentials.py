"""Who signs on, from all the places that may say so."""

from __future__ import annotations

import pytest

from smb.addresses import parse as parse_address
from smb.cli.arguments import parse
from smb.cli.credentials import find_login, read_login_file, split_login
from smb.cli.failures import UsageFailure


def login(*options, address='//host/share', answer='typed'):
    """(user, domain, password), and the questions that were asked for it."""
    questions = []

    def ask(question):
        questions.append(question)
        return answer

    found = find_login(parse(['ls', *options, address]), parse_address(address), ask)
    return (found.user, found.domain, found.password), questions


@pytest.fixture(autouse=True)
def own_name(monkeypatch):
    monkeypatch.setenv('LOGNAME', 'me')


def write(tmp_path, text, encoding='utf-8'):
    path = tmp_path / 'login'
    path.write_text(text, encoding=encoding)
    return str(path)


@pytest.mark.parametrize(
    ('text', 'wanted'),
    [
        ('jane', ('jane', None, None)),
        ('jane%secret', ('jane', None, 'secret')),
        ('jane%', ('jane', None, '')),
        ('jane%50%/\\', ('jane', None, '50%/\\')),
        ('WORK\\jane%x', ('jane', 'WORK', 'x')),
        ('WORK/jane', ('jane', 'WORK', None)),
        ('jane@corp', ('jane@corp', None, None)),
        ('%secret', ('', None, 'secret')),
    ],
)
def test_user_and_password_of_one_text(text, wanted):
    found = split_login(text)
    assert (found.user, found.domain, found.password) == wanted
    assert 'secret' not in repr(found)


def test_somebody_who_says_nothing_is_asked_for_the_password_of_their_own_name():
    assert login() == (('me', '', 'typed'), ['Password for me at host: '])


def test_the_question_names_the_domain_and_shows_no_control_characters():
    assert login('-U', 'ja\x1bne', '-W', 'WORK')[1] == ['Password for WORK\\ja\\x1bne at host: ']


def test_the_environment_has_a_user_and_a_password(monkeypatch):
    monkeypatch.setenv('SMB_PASSWORD', 'secret')
    assert login() == (('me', '', 'secret'), [])
    monkeypatch.setenv('SMB_USER', 'jane')
    assert login() == (('jane', '', 'secret'), [])
    assert login('-U', 'joe') == (('joe', '', 'secret'), [])


def test_the_address_counts_more_than_the_options_and_these_more_than_a_file(tmp_path, monkeypatch):
    monkeypatch.setenv('SMB_USER', 'env')
    monkeypatch.setenv('SMB_PASSWORD', 'env-password')
    file = write(tmp_path, 'username = filed\npassword = file-password\ndomain = FILE\n')
    url = 'smb://URL;url:url-password@host/share'
    assert login('-A', file)[0] == ('filed', 'FILE', 'file-password')
    assert login('-A', file, '-U', 'opt%opt-password')[0] == ('opt', 'FILE', 'opt-password')
    assert login('-A', file, '-U', 'opt%opt-password', address=url)[0] == ('url', 'URL', 'url-password')
    assert login('-A', file, '-W', 'WORK')[0] == ('filed', 'WORK', 'file-password')


def test_a_password_is_not_taken_for_that_of_another_user(tmp_path):
    file = write(tmp_path, 'username=filed\npassword=file-password')
    assert login('-A', file, '-U', 'joe') == (('joe', '', 'typed'), ['Password for joe at host: '])
    assert login('-A', file, '-U', 'filed')[0] == ('filed', '', 'file-password')
    assert login('-A', write(tmp_path, 'password=alone'), '-U', 'joe')[0] == ('joe', '', 'alone')


def test_without_a_password_nobody_is_asked(monkeypatch):
    monkeypatch.setenv('SMB_PASSWORD', 'secret')
    monkeypatch.setenv('SMB_USER', 'env')
    assert login('-N') == (('', '', ''), [])
    assert login('-N', '-U', 'jane', '-W', 'WORK') == (('jane', 'WORK', ''), [])


def test_a_login_file_may_have_comments_and_blanks(tmp_path):
    found = read_login_file(write(tmp_path, '# mine\n\nUserName =  jane \npassword = a = b  \nother\n; x = y\n'))
    assert (found.user, found.domain, found.password) == ('jane', None, 'a = b  ')


@pytest.mark.parametrize('text', ['', 'jane\nsecret\n', 'user = jane\n'])
def test_a_login_file_that_says_nothing_is_refused(tmp_path, text):
    with pytest.raises(UsageFailure) as caught:
        read_login_file(write(tmp_path, text))
    assert 'secret' not in caught.value.text and 'has no line' in caught.value.text


def test_a_login_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(UsageFailure, match='cannot be read: No such file'):
        read_login_file(str(tmp_path / 'none'))
    with pytest.raises(UsageFailure, match='is no text in UTF-8'):
        read_login_file(write(tmp_path, 'username = jäne', encoding='latin-1'))
