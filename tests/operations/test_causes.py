"""What an answer itself says of a refusal: where the link leads that the server stopped on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from smb import ntstatus
from smb.errors import StatusError
from smb.messages.smb2.simple import SMB2ErrorContext, SMB2ErrorResponse, SMB2SymbolicLinkError
from smb.operations import phrases
from smb.smb2_constants import SMB2_COM_CREATE

REQUEST = SimpleNamespace(COMMAND=SMB2_COM_CREATE)


def stopped(payload, status=ntstatus.STATUS_STOPPED_ON_SYMLINK):
    return StatusError(REQUEST, SimpleNamespace(ntstatus=status, payload=payload))


def link(substitute='\\??\\C:\\far', shown='C:\\far'):
    """[MS-SMB2] 2.2.2.2.1, with the tag of a symbolic link."""
    return SMB2SymbolicLinkError(
        reparse_tag=0xA000000C, unparsed_path_length=0, flags=0, substitute_name=substitute, print_name=shown
    ).pack()


def bare(data):
    """2.2.2: as dialects before 3.1.1 have it."""
    return SMB2ErrorResponse(error_data=data)


def in_context(data):
    """2.2.2.1: as 3.1.1 has it."""
    context = SMB2ErrorContext(error_context_data=data).pack()
    return SMB2ErrorResponse(error_context_count=1, error_data=context)


@pytest.mark.parametrize('wrapped', [bare, in_context])
@pytest.mark.parametrize(
    ('substitute', 'shown', 'target'),
    [
        ('\\??\\C:\\far', 'C:\\far', r"'C:\\far'"),
        ('..\\elsewhere', '', r"'..\\elsewhere'"),
        ('x', 'größe', "'größe'"),
        ('x', 'two\nlines', r"'two\nlines'"),
    ],
)
def test_where_a_link_leads_is_said_in_one_line(wrapped, substitute, shown, target):
    error = stopped(wrapped(link(substitute, shown)))
    text = phrases.message('retrieve', ('a',), 'share', 'Unable to open file', error.status, phrases.cause(error))
    assert text == (
        f'Failed to retrieve a on share (a symbolic link on the path leads to {target}, which is not followed): '
        'Unable to open file (STATUS_STOPPED_ON_SYMLINK, 0x8000002D)'
    )


@pytest.mark.parametrize(
    'payload',
    [
        bare(b''),
        bare(link()[:-1]),
        bare(link()[:20]),
        bare(b'something else'),
        in_context(b''),
        bare(link('', '')),
        None,
    ],
    ids=['nothing', 'cut', 'short', 'no link', 'empty context', 'no name', 'no answer of that kind'],
)
def test_an_answer_that_does_not_say_where_leaves_it_at_that(payload):
    error = stopped(payload)
    text = phrases.message('list', ('a',), 'share', 'List failed', error.status, phrases.cause(error))
    assert 'a symbolic link on the path leads elsewhere, which is not followed' in text


def test_only_the_status_of_a_link_is_about_one():
    assert phrases.cause(stopped(bare(link()), ntstatus.STATUS_ACCESS_DENIED)) is None


def test_what_the_operation_knows_comes_first():
    error = stopped(bare(link()))
    error.cause = 'it is known'
    assert phrases.cause(error) == 'it is known'


def test_a_cause_with_a_name_in_it_stays_on_one_line():
    error = stopped(None, ntstatus.STATUS_DIRECTORY_NOT_EMPTY)
    error.cause = 'a\nb is a symbolic link'
    text = phrases.message('delete', ('a*',), 'share', 'Delete failed', error.status, phrases.cause(error))
    assert r'(a\nb is a symbolic link)' in text
