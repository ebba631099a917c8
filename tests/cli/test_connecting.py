"""Servers that do not let us in, and what is said then."""

from __future__ import annotations

import os
import socket
import time

import pytest

from smb.cli import client as client_module
from smb.SMBConnection import SMBConnection
from tests.cli import stage
from tests.cli.conftest import Place, sign_on
from tests.live.network import OddServer, Relay
from tests.nmb.packets import entry, name_answer, status_answer
from tests.nmb.responder import Responder


def check(result, code, error):
    assert (result.code, result.out) == (code, ''), result
    (line,) = result.err.splitlines()
    assert line.startswith('smbcourier: ') and error in line, line
    assert 'p@ssW0rd' not in line and 's3cret' not in line


def test_a_wrong_password_is_exit_code_3(run, folder):
    host = f'{folder.server.host}:{folder.server.port}'
    wanted = (
        f'{host} refused the user jane: wrong user or password; -U names the user, -W the domain (STATUS_LOGON_FAILURE)'
    )
    check(run('ls', '-U', 'jane%s3cret', folder.address), 3, wanted)
    check(run('shares', '-U', 'jane%s3cret', host), 3, wanted)
    check(run('cat', folder.address.replace('//', 'smb://jane:s3cret@')), 3, wanted)
    check(run('ping', '-U', 'jane%s3cret', host), 3, wanted)


def test_every_way_to_name_the_user(run, folder, monkeypatch, tmp_path):
    server = folder.server
    monkeypatch.delenv('SMB_USER')
    monkeypatch.delenv('SMB_PASSWORD')
    folder.put('file')
    file = tmp_path / 'login'
    file.write_text(f'username = {server.user}\npassword = {server.password}\n')
    url = folder.at('file').replace('//', f'smb://{server.user}:{server.password.replace("@", "%40")}@', 1)
    for line in (
        ['-U', f'{server.user}%{server.password}', folder.at('file')],
        ['-A', str(file), folder.at('file')],
        [url.replace(' ', '%20')],
        ['-U', f'WORKGROUP\\{server.user}%{server.password}', folder.at('file').replace('/', '\\')],
    ):
        assert run('cat', *line).out == '0123456789', line
    monkeypatch.setenv('SMB_PASSWORD', server.password)
    assert run('cat', '-U', server.user, folder.at('file')).out == '0123456789'


def test_without_a_password_nobody_in_particular_signs_on(run, folder):
    host = f'{folder.server.host}:{folder.server.port}'
    assert 'smbtest' in run('shares', '-N', host).out
    check(run('ls', '-N', folder.address), 5, 'this user may not use the share; -U signs on as somebody else')
    check(run('ls', '-N', '-U', folder.server.user, folder.address), 3, 'wrong user or password')


def test_a_guest_is_told_so(run, server):
    private = server(map_to_guest='Bad User')
    result = run('ls', '-U', 'nobodyatall%x', f'//{private.host}:{private.port}/public')
    assert (result.code, result.out) == (0, '')
    assert 'does not know nobodyatall, and let a guest in' in result.err
    check(run('ls', '--sign', '-U', 'nobodyatall%x', f'//{private.host}:{private.port}/public'), 3, 'leave out --sign')


def test_a_server_that_requires_encryption(run, server, monkeypatch):
    private = server(server_smb_encrypt='required')
    sign_on(monkeypatch, private)
    place = Place(private)
    place.put('file')
    assert run('cat', place.at('file')).code == 0
    check(run('cat', '--max-dialect', '2.1', place.at('file')), 3, 'the server requires encryption, which takes SMB 3')


def test_a_share_that_requires_encryption(run, odd):
    address = f'//{odd.host}:{odd.port}/enc'
    assert run('ls', address).code == 0
    check(run('ls', '-m', 'SMB2_10', address), 5, 'a share that requires encryption takes SMB 3')


def test_encryption_that_cannot_be_had(run, folder):
    assert run('ls', '--encrypt', '--sign', folder.address).code == 0
    check(run('ls', '--encrypt', '-m', '2.1', folder.address), 3, 'leave out --encrypt')
    check(run('ls', '--encrypt', '-N', folder.address), 3, 'name a user with -U')


def test_a_server_that_refuses_ntlm(run, server, monkeypatch):
    private = server(ntlm_auth='disabled')
    sign_on(monkeypatch, private)
    check(run('shares', f'{private.host}:{private.port}'), 3, 'NTLM was refused')


def test_dialects_that_the_server_does_not_have(run, server, monkeypatch):
    private = server(max_protocol='SMB2_10')
    sign_on(monkeypatch, private)
    place = Place(private)
    assert run('ls', place.address).code == 0
    check(run('ls', '--min-dialect', '3.0', place.address), 1, 'leave out --min-dialect')


def test_the_main_job_over_smb1(server, monkeypatch):
    private = server(max_protocol='NT1')
    sign_on(monkeypatch, private)
    place = Place(private)
    place.put('sub/a', b'a')
    assert stage.run('ping', '-n', '1', place.address).lines[0].endswith('SMB 1.0')
    for line in (
        ['get', '-r', place.at('sub')], ['put', '-r', 'sub', place.at('copy')],
        ['mv', place.at('copy/a'), place.at('b')], ['rm', '-r', place.at('sub')], ['rmdir', place.at('copy')],
        ['put', '-c', 'sub/a', place.at('b')],
    ):  # fmt: skip
        assert stage.run(*line).code == 0, line
    assert place.tree() == {'b': b'a'} and stage.run('cat', place.at('b')).out == 'a'


@pytest.mark.parametrize(
    ('options', 'port', 'advice'),
    [
        ([], 445, 'port 445 is closed; try --port 139 --netbios'),
        (['--netbios', '--server-name', 'X'], 139, 'port 139 is closed; try it without --netbios'),
        (['-p', '4455'], 4455, 'port 4455 is closed; is the port right? 445 is usual'),
    ],
)
def test_a_closed_port_is_exit_code_6(run, monkeypatch, options, port, advice):
    def connect(self, host, given_port, timeout):
        assert (given_port, timeout) == (port, 30.0)
        raise ConnectionRefusedError(111, 'Connection refused')

    monkeypatch.setattr(SMBConnection, 'connect', connect)
    check(run('ls', '-N', *options, '//192.0.2.1/share'), 6, f'192.0.2.1: {advice}')


def test_a_port_that_is_really_closed(run):
    with socket.socket() as reserved:
        reserved.bind(('127.0.0.1', 0))
        check(run('ls', '-N', f'//127.0.0.1:{reserved.getsockname()[1]}/share'), 6, 'is closed; is the port right?')


def test_a_host_that_is_not_there(run, monkeypatch):
    def refuse(*arguments):
        raise socket.gaierror(-2, 'Name or service not known')

    monkeypatch.setattr(socket, 'getaddrinfo', refuse)
    check(run('ls', '-N', '//none/share'), 6, 'there is no host of this name; "smbcourier lookup none"')


@pytest.mark.parametrize(
    ('error', 'advice'),
    [
        (TimeoutError('timed out'), 'no answer on port 445: a firewall may be in between'),
        (OSError(113, 'No route to host'), 'the network knows no way to this host'),
        (OSError(22, 'Invalid argument'), 'Invalid argument'),
    ],
)
def test_networks_that_fail(run, monkeypatch, error, advice):
    def connect(self, host, port, timeout):
        raise error

    monkeypatch.setattr(SMBConnection, 'connect', connect)
    check(run('ls', '-N', '//192.0.2.1/share', '//192.0.2.1/other'), 6, advice)


def swallow(sock):
    while sock.recv(4096):
        pass


def test_a_server_that_says_nothing_costs_the_timeout(run, monkeypatch):
    monkeypatch.setenv('SMB_PASSWORD', 's3cret')
    with OddServer(swallow) as odd:
        begin = time.monotonic()
        check(run('ls', '-t', '0.3', f'//{odd.host}:{odd.port}/share'), 6, 'no answer on port')
        assert time.monotonic() - begin < 1.5


def test_a_server_that_hangs_up(run, monkeypatch):
    monkeypatch.setenv('SMB_PASSWORD', 's3cret')
    with OddServer(lambda sock: sock.recv(1)) as odd:
        check(run('ls', f'//{odd.host}:{odd.port}/share'), 6, 'is the port right? 445 is usual')


def test_a_server_that_talks_something_else(run, monkeypatch):
    monkeypatch.setenv('SMB_PASSWORD', 's3cret')
    with OddServer(lambda sock: sock.sendall(b'SSH-2.0-OpenSSH_9.2\r\n') or time.sleep(0.2)) as odd:
        result = run('ls', f'//{odd.host}:{odd.port}/share')
    assert result.code in (1, 6) and len(result.err.splitlines()) == 1


def test_a_connection_that_is_lost_ends_the_command(filled):
    with Relay(filled.server, cut_after=20) as relay:
        address = filled.address.replace(str(filled.server.port), str(relay.port))
        result = stage.run('cat', *[f'{address}/notes.txt'] * 9)
    assert result.code == 6 and len(result.err.splitlines()) == 1
    assert '-c goes on with a transfer where it ended' in result.err


class TestNetBIOS:
    def test_a_session_is_opened_under_the_name_of_the_host_or_the_one_that_is_given(self, run, filled, monkeypatch):
        names = []
        connect = SMBConnection.connect

        def note(self, *arguments, **keywords):
            names.append((self.remote_name, self.is_direct_tcp))
            return connect(self, *arguments, **keywords)

        monkeypatch.setattr(SMBConnection, 'connect', note)
        monkeypatch.setattr(client_module.Client, '_asked_name', lambda self, host: None)
        local = filled.address.replace('127.0.0.1', 'localhost')
        assert run('ls', '--netbios', '--server-name', 'FILES', filled.address).code == 0
        assert run('ls', '--netbios', local).code == 0
        assert run('ls', '--netbios', filled.address).code == 0
        assert run('ls', filled.address).code == 0
        assert names == [('FILES', False), ('LOCALHOST', False), ('*SMBSERVER', False), ('127.0.0.1', True)]

    @pytest.fixture
    def names(self, monkeypatch):
        """A name service on loopback that knows FILES."""
        from nmb.NetBIOS import NetBIOS

        def answer(query):
            number = int.from_bytes(query[:2], 'big')
            if b'CKAAAA' in query:
                return [status_answer(number, entry('FILES'))]
            return [name_answer(number, '192.0.2.7', name='FILES')] if b'EGEJEMEFFD' in query else []

        with Responder(answer) as node:
            monkeypatch.setattr(NetBIOS, '_target', lambda self, ip, port: ((node.host, node.port), False))
            yield node

    def test_the_name_of_a_server_is_asked_for(self, run, filled, names):
        assert run('ls', '--netbios', filled.address).code == 0
        assert len(names.queries) == 1

    def test_lookup_finds_addresses_and_names(self, run, names):
        for question, answer in (('files', '192.0.2.7'), ('192.0.2.7', 'FILES')):
            result = run('lookup', question)
            assert (result.code, result.out, result.err) == (0, f'{answer}\n', '')
            assert run('lookup', '--json', question).json == [answer]
        check(run('lookup', '-t', '0.1', 'nobody'), 4, 'nobody: nobody answers to this name')


class TestPing:
    def test_the_answers_are_measured(self, run, folder):
        for name in ('SMB_USER', 'SMB_PASSWORD'):
            os.environ.pop(name)
        host = f'{folder.server.host}:{folder.server.port}'
        result = run('ping', '-n', '3', '-i', '0', host)
        assert (result.code, result.err) == (0, '')
        first, *answers, last = result.lines
        assert first == f'127.0.0.1 port {folder.server.port}: SMB 3.1.1'
        assert [answer.split(':')[0] for answer in answers] == ['answer 1', 'answer 2', 'answer 3']
        assert last.startswith('3 answers: fastest ') and last.endswith(' ms')
        assert run('ping', '-n', '1', '-m', '2.0.2', host).lines[0].endswith('SMB 2.0.2')
        assert run('ping', '-n', '1', '-m', '3.0', host).lines[0].endswith('SMB 3.0')

    def test_as_json(self, run, folder):
        found = run('ping', '--json', '-n', '2', '-i', '0', f'{folder.server.host}:{folder.server.port}').json
        assert (found['host'], found['port'], found['dialect']) == ('127.0.0.1', folder.server.port, 'SMB 3.1.1')
        assert len(found['answers_ms']) == 2 and all(0 < milliseconds < 5000 for milliseconds in found['answers_ms'])

    def test_the_interval_is_kept(self, folder):
        begin = time.monotonic()
        assert stage.run('ping', '-n', '3', '-i', '0.1', f'{folder.server.host}:{folder.server.port}').code == 0
        assert 0.2 <= time.monotonic() - begin < 2

    def test_a_server_that_stops_answering(self, run, folder):
        with Relay(folder.server) as relay:
            relay.hold_after = 8
            result = run('ping', '-t', '0.3', '-n', '9', '-i', '0', f'{relay.host}:{relay.port}')
        assert result.code == 6 and 'the server did not answer in time' in result.err
