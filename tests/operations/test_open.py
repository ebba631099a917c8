"""The verbs that stand in ``smb/tree/base.py`` as steps: what was opened is closed, whatever happens."""

from __future__ import annotations

import pytest

from smb import ntstatus
from smb.errors import NotConnectedError, ProtocolError, SMBTimeout, StatusError
from smb.messages.fscc import FileDispositionInformation
from smb.smb_constants import FILE_LIST_DIRECTORY, FILE_OPEN, FILE_READ_DATA, FILE_WRITE_DATA
from smb.tree.base import SHARE_ALL, How, Open, Tree

READING = How(FILE_READ_DATA)
WRITING = How(FILE_WRITE_DATA)
LISTING = How(FILE_LIST_DIRECTORY)
DELETE = FileDispositionInformation(delete_pending=1)


def test_a_path_is_opened_as_it_is_and_shared_with_everybody_unless_told_otherwise():
    assert (READING.options, READING.disposition, READING.share, READING.attributes) == (0, FILE_OPEN, SHARE_ALL, 0)


@pytest.fixture
def filled(tree):
    tree.add('file', b'0123456789')
    tree.add('d\\inside')
    return tree


def list_and_close(tree):
    handle, _, following = tree.list_first('d', LISTING, '*')
    handle.abandon(following)
    handle.close()


JOBS = [
    ('read', lambda tree: tree.open_and_read('file', READING, 2, 5)[0].close()),
    ('write', lambda tree: tree.write_small('file', WRITING, 2, b'ab')),
    ('close', lambda tree: tree.query('file', READING)),
    ('change', lambda tree: tree.change('file', READING, DELETE)),
    ('query_security', lambda tree: tree.query_security('file', READING, 7)),
    ('list', list_and_close),
]


@pytest.mark.parametrize('trouble', [ntstatus.STATUS_ACCESS_DENIED, NotConnectedError('gone'), SMBTimeout('late'),
                                     ProtocolError('what'), KeyboardInterrupt()])  # fmt: skip
@pytest.mark.parametrize(('verb', 'job'), JOBS, ids=[verb for verb, _ in JOBS])
def test_a_job_that_fails_closes_what_it_opened(filled, verb, job, trouble):
    filled.fail(verb, trouble)
    expected = StatusError if isinstance(trouble, int) else type(trouble)
    with pytest.raises(expected) as caught:
        job(filled)
    assert trouble in (caught.value, getattr(caught.value, 'status', None))
    assert filled.names().count('close') == 1


@pytest.mark.parametrize(('verb', 'job'), JOBS, ids=[verb for verb, _ in JOBS])
def test_a_job_that_works_closes_what_it_opened(filled, verb, job):
    job(filled)
    assert filled.names().count('close') == 1


def test_an_open_file_comes_with_its_first_bytes(filled):
    handle, data = filled.open_and_read('file', READING, 2, 5)
    with handle:
        assert data == b'23456'
        assert len(filled.released) == 1
        assert handle.facts.end_of_file == 10


def test_a_small_file_is_written_and_closed(filled):
    assert filled.write_small('file', WRITING, 2, b'ab') == 2
    assert filled.write_small('file', WRITING, 0, b'') == 0
    assert filled.files['file'].data == b'01ab456789'
    assert filled.names() == ['open', 'write', 'close', 'open', 'close']


@pytest.mark.parametrize(('pattern', 'count', 'is_all'), [('*', 3, False), ('none', 0, True)])
def test_behind_the_first_entries_others_are_asked_for_unless_they_are_all(filled, pattern, count, is_all):
    handle, entries, following = filled.list_first('d', LISTING, pattern)
    with handle:
        assert (len(entries), following is None) == (count, is_all)
        if following is not None:
            assert handle.finish_list(following) == ([], None)


def test_facts_are_what_the_server_said(filled):
    facts = filled.query('file', READING)
    times = (facts.creation_time, facts.last_access_time, facts.last_write_time, facts.change_time)
    assert times == (1, 2, 3, 4)
    assert (facts.allocation_size, facts.end_of_file) == (4096, 10)
    assert facts.file_attributes == filled.files['file'].attributes


def test_an_open_gives_itself_and_is_closed_once(filled):
    handle = filled.open('file', READING)
    with handle as given:
        assert given is handle
        handle.close()
    assert filled.names() == ['open', 'close']


@pytest.mark.parametrize('on_the_way', [ntstatus.STATUS_FILE_CLOSED, NotConnectedError(), SMBTimeout()])
@pytest.mark.parametrize('first', [KeyError('first'), SMBTimeout('first'), NotConnectedError('first')])
def test_what_went_wrong_first_is_what_comes_out(filled, first, on_the_way):
    filled.fail('close', on_the_way)
    with pytest.raises(type(first), match='first'), filled.open('file', READING):
        raise first


def test_a_close_that_fails_alone_is_an_error(filled):
    filled.fail('close', ntstatus.STATUS_DISK_FULL)
    with pytest.raises(StatusError), filled.open('file', READING):
        pass


@pytest.mark.parametrize(('error', 'waits'), [(SMBTimeout(), False), (KeyError(), True), (NotConnectedError(), True)])
def test_only_after_a_timeout_nobody_waits_for_the_close(filled, error, waits):
    waited = []
    filled.fail('close', lambda: waited.append(True))
    with pytest.raises(type(error)), filled.open('file', READING):
        raise error
    assert bool(waited) is waits
    assert ('cancel_all' in filled.names()) is not waits


VERBS = {
    'query_security': (7,), 'control': (0, 1),
    'submit_read': (0, 1), 'finish_read': (1,), 'submit_write': (0, b''), 'finish_write': (1,), 'change': (DELETE,),
    'submit_list': ('*',), 'finish_list': (1,), 'transact': ([b''],), 'read_pipe': (), 'close': (), 'close_soon': (),
}  # fmt: skip


@pytest.mark.parametrize(('verb', 'arguments'), VERBS.items())
def test_a_verb_that_a_dialect_leaves_out_is_not_implemented(verb, arguments):
    with pytest.raises(NotImplementedError):
        getattr(Open(Tree()), verb)(*arguments)


def test_a_dialect_must_say_how_a_path_is_opened():
    with pytest.raises(NotImplementedError):
        Tree().open('file', READING)


def test_what_a_dialect_need_not_do_does_nothing():
    tree = Tree()
    tree.cancel_all()
    handle = Open(tree)
    handle.release(1)
    handle.abandon(1)
    assert not handle.is_closed
