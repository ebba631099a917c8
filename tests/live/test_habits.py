"""What programs lean on besides the results: histories, progress bars, silence."""

from __future__ import annotations

import copy
import io
import logging
import pickle
import tempfile

import pytest

from smb.smb2_constants import SMB2_COM_CREATE, SMB2_COM_SESSION_SETUP
from smb.smb2_structs import SMB2Message
from smb.smb_constants import SMB_COM_NT_CREATE_ANDX
from smb.smb_structs import OperationFailure, SMBMessage
from tests.live.folder import noise

SECRET = 's3cret-p@ssword'


# by isUsingSMB2: class, protocol, first bytes, and the command that opens a file
HISTORIES = {
    True: (SMB2Message, 2, b'\xfeSMB', SMB2_COM_CREATE),
    False: (SMBMessage, 1, b'\xffSMB', SMB_COM_NT_CREATE_ANDX),
}


def fail(connection, folder, method='retrieveFile', name='none'):
    with pytest.raises(OperationFailure) as caught:
        getattr(connection, method)(folder.share, folder.path(name), io.BytesIO(b'x'))
    return caught.value


class TestHistory:
    def test_has_requests_and_answers_in_order_of_time(self, connection, folder):
        fail(connection, folder)
        history = fail(connection, folder, name='other').smb_messages
        assert [message.isReply for message in history] == sorted(message.isReply for message in history)
        kind, protocol, magic, create = HISTORIES[connection.isUsingSMB2]
        assert history[0].command == create and not history[0].isReply
        assert history[-1].command == create and history[-1].isReply
        assert history[0].mid == history[-1].mid
        assert 'other' in str(history[0])
        for message in history:
            assert isinstance(message, kind)
            assert message.protocol == protocol
            assert isinstance(message.raw_data, bytes) and message.raw_data[:4] == magic
            assert isinstance(message.status if protocol == 2 else message.status.internal_value, int)
            for attribute in ('flags', 'tid', 'pid', 'data', 'payload', 'isAsync'):
                assert hasattr(message, attribute), attribute

    def test_walking_it_finds_the_status(self, connection, folder):
        folder.put('full/file')
        folder.put('file')
        for method, arguments, status in (
            ('deleteDirectory', (folder.path('full'),), 0xC0000101),
            ('rename', (folder.path('file'), folder.path('full')), 0xC0000035),
            ('storeFile', (folder.path('full'), io.BytesIO(b'x')), 0xC00000BA),
        ):
            with pytest.raises(OperationFailure) as caught:
                getattr(connection, method)(folder.share, *arguments)
            statuses = [message.status for message in caught.value.smb_messages]
            assert status in [getattr(each, 'internal_value', each) for each in statuses]
            last = caught.value.args[1][-1].status
            assert getattr(last, 'internal_value', last) == caught.value.status == status

    def test_large_transfers_stay_out_of_it(self, connection, folder):
        connection.storeFile(folder.share, folder.path('file'), io.BytesIO(noise(5_000_000)))
        failure = fail(connection, folder)
        assert sum(len(message.raw_data) for message in failure.smb_messages) < 10_000

    def test_a_failure_can_be_pickled_and_copied(self, connection, folder):
        failure = fail(connection, folder)
        for copied in (pickle.loads(pickle.dumps(failure)), copy.copy(failure), copy.deepcopy(failure)):
            assert type(copied) is type(failure)
            assert (copied.message, copied.status, copied.filename) == (
                failure.message, failure.status, failure.filename,
            )  # fmt: skip
            assert str(copied) == str(failure)


class TestProgress:
    @pytest.mark.parametrize('size', [0, 10, 3_000_000])
    def test_bars_end_full(self, connection, folder, size):
        path, out = folder.put('file', noise(size)), io.StringIO()
        options = {'file': out, 'mininterval': 0}
        for kind in (io.BytesIO, tempfile.TemporaryFile):
            with kind() as source:
                source.write(noise(size))
                source.seek(0)
                connection.storeFile(folder.share, path, source, show_progress=True, tqdm_kwargs=options)
        target = io.BytesIO()
        connection.retrieveFile(folder.share, path, target, show_progress=True, tqdm_kwargs=options)
        assert target.getvalue() == noise(size)
        assert options == {'file': out, 'mininterval': 0}
        bars = [bar for bar in out.getvalue().replace('\n', '\r').split('\r') if bar.strip()]
        assert any(bar.startswith('Uploading ') for bar in bars)
        assert bars[-1].startswith(f'Downloading {path}')
        if size:
            assert '100%' in bars[-1]

    def test_options_of_the_caller_win(self, connection, folder, capsys):
        path = folder.put('file', noise(200_000))
        connection.retrieveFile(
            folder.share, path, io.BytesIO(), show_progress=True, tqdm_kwargs={'desc': 'my own', 'total': 400_000}
        )
        shown = capsys.readouterr().err
        assert 'my own' in shown and '50%' in shown and 'Downloading' not in shown

    def test_a_source_without_an_end_has_a_bar_without_one(self, connection, folder, capsys):
        class Source:
            def __init__(self):
                self.left = 200_000

            def read(self, size):
                count = min(size, self.left)
                self.left -= count
                return bytes(count)

        assert connection.storeFile(folder.share, folder.path('file'), Source(), show_progress=True) == 200_000
        assert 'Uploading' in capsys.readouterr().err


class TestSilence:
    def test_nothing_is_printed(self, connect, folder, capfd):
        connection = connect(folder.server)
        connection.storeFile(folder.share, folder.path('file'), io.BytesIO(b'x'))
        connection.retrieveFile(folder.share, folder.path('file'), io.BytesIO())
        fail(connection, folder)
        connection.close()
        assert capfd.readouterr() == ('', '')

    @pytest.mark.parametrize('arguments', [{}, {'use_ntlm_v2': False}, {'is_direct_tcp': False}], ids=str)
    def test_no_secret_is_in_logs_and_texts(self, server, connect, new, caplog, arguments):
        caplog.set_level(logging.DEBUG)
        private = server(password=SECRET)
        connection = connect(private, **arguments)
        connection.listShares()
        refused = new(private, password='wrong ' + SECRET, **arguments)
        assert not refused.connect(private.host, private.port)
        shown = [caplog.text, repr(connection), str(connection), repr(refused), refused.auth_error]
        hidden = [SECRET, repr(SECRET.encode('utf-16-le'))[2:-1], SECRET.encode('utf-16-le').hex()]
        for text in shown:
            for secret in hidden:
                assert secret not in text

    def test_what_signs_on_is_in_no_history(self, connection, folder):
        commands = [message.command for message in fail(connection, folder).smb_messages]
        assert SMB2_COM_SESSION_SETUP not in commands
