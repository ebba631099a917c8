"""The private Samba server itself, smb/testing.py."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from smb import testing
from smb.testing import SambaServer, find_program, find_smbd, reserve_port

needs_proc = pytest.mark.skipif(not Path('/proc/self/cmdline').exists(), reason='reads /proc')
needs_smbclient = pytest.mark.skipif(shutil.which('smbclient') is None, reason='smbclient is not installed')

# Accepts connections at once, and only later writes down that its helper is there.
SLOW_SMBD = f"""#!{sys.executable}
import pathlib, re, socket, sys, time
configuration = pathlib.Path(sys.argv[sys.argv.index('-s') + 1])
port = int(re.search(r'smb ports = (\\d+)', configuration.read_text())[1])
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(('127.0.0.1', port))
listener.listen()
time.sleep(0.3)
(configuration.parent / 'lock' / 'names.tdb').write_text('... notify-daemon ...')
time.sleep(60)
"""


def processes_that_name(folder: Path) -> list[bytes]:
    found = []
    for entry in Path('/proc').glob('[0-9]*'):
        try:
            command = (entry / 'cmdline').read_bytes()
        except OSError:
            continue
        if bytes(folder) in command:
            found.append(command)
    return found


def smbclient(server: SambaServer, *arguments: str) -> str:
    command = ['smbclient', '-p', str(server.port), '-U', f'{server.user}%{server.password}', *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def wait_until_reset(connection: socket.socket) -> None:
    connection.settimeout(10)
    with contextlib.suppress(ConnectionResetError):
        assert connection.recv(1) == b''


@pytest.mark.usefixtures('server')
class TestServer:
    def test_listens_on_loopback_only(self):
        with SambaServer() as server:
            assert server.host == '127.0.0.1'
            socket.create_connection((server.host, server.port), 5).close()
            with pytest.raises(OSError):
                socket.create_connection(('127.0.0.2', server.port), 1).close()

    def test_several_run_at_once_on_ports_and_in_folders_of_their_own(self):
        with SambaServer() as first, SambaServer() as second:
            assert first.port != second.port
            assert first.folder != second.folder

    @needs_proc
    def test_stop_leaves_no_process_and_no_folder(self):
        with SambaServer() as server:
            connection = socket.create_connection((server.host, server.port), 5)
            assert processes_that_name(server.folder)
            assert server.processes()
        with connection:
            wait_until_reset(connection)
        assert processes_that_name(server.folder) == []
        assert not server.folder.exists()

    @needs_proc
    @needs_smbclient
    def test_stop_ends_the_helper_that_a_share_listing_starts(self):
        with SambaServer() as server:
            smbclient(server, '-L', server.host)
            assert any(b'samba-dcerpcd' in command for command in processes_that_name(server.folder))
        assert processes_that_name(server.folder) == []

    @needs_proc
    def test_stop_ends_a_helper_that_wrote_no_pid_yet(self, tmp_path):
        with SambaServer() as server:
            helper = tmp_path / 'samba-dcerpcd'
            shutil.copy(shutil.which('sleep'), helper)
            process = subprocess.Popen([helper, '300', f'--configfile={server.configuration}'], start_new_session=True)
        assert process.wait(10) != 0

    def test_stop_may_be_called_twice_and_start_again(self):
        server = SambaServer()
        for _ in range(2):
            server.start()
            server.stop()
            server.stop()

    def test_a_start_waits_until_shares_can_be_connected(self, monkeypatch, tmp_path):
        with SambaServer() as server:
            names = (server.folder / 'lock' / 'names.tdb').read_bytes()
        assert b'notify-daemon' in names
        daemon = tmp_path / 'smbd'
        daemon.write_text(SLOW_SMBD)
        daemon.chmod(0o755)
        monkeypatch.setattr(testing, 'find_smbd', lambda: str(daemon))
        with SambaServer() as server:
            assert (server.folder / 'lock' / 'names.tdb').exists()
        monkeypatch.setattr(testing, 'NOTIFY_SECONDS', 0.1)
        with SambaServer() as server:  # one that never says so
            assert not (server.folder / 'lock' / 'names.tdb').exists()

    def test_a_server_that_cannot_start_says_why_and_leaves_nothing(self):
        server = SambaServer({'server role': 'no such role'})
        with pytest.raises(RuntimeError, match='server role'):
            server.start()
        assert not server.folder.exists()
        assert server.processes() == []

    def test_a_user_whom_the_system_does_not_know_is_refused_by_name(self):
        with pytest.raises((RuntimeError, LookupError), match='no-such-user'):
            SambaServer(user='no-such-user').start()

    @pytest.mark.skipif(not hasattr(os, 'getuid') or os.getuid() != 0, reason='only root runs servers for others')
    @needs_smbclient
    def test_root_can_run_one_for_another_user(self):
        with SambaServer(user='nobody', password='other') as server:
            smbclient(server, f'//{server.host}/smbtest', '-c', 'mkdir made')
            assert (server.root / 'made').owner() == 'nobody'

    @needs_smbclient
    def test_lists_its_shares_but_the_hidden_one(self):
        with SambaServer() as server:
            listing = smbclient(server, '-g', '-L', server.host)
        names = [line.split('|')[1] for line in listing.splitlines() if line.startswith('Disk|')]
        assert names == ['smbtest', 'public', 'readonly']

    @needs_smbclient
    def test_options_and_shares_reach_the_configuration(self):
        shares = {'smbtest': {'comment': 'at {root}'}, 'one more': {'read only': 'yes'}}
        with SambaServer({'server string': 'in {folder}'}, shares) as server:
            listing = smbclient(server, '-g', '-L', server.host)
            assert f'at {server.root}' in listing
            assert f'in {server.folder}' in listing
            assert 'Disk|one more|' in listing
            (server.share_root('one more') / 'file').touch()
            assert 'file' in smbclient(server, f'//{server.host}/one more', '-c', 'ls')

    @needs_smbclient
    def test_main_runs_a_command_and_gives_its_exit_status(self, capfd):
        script = 'import os; print(os.environ["SMB_PORT"], os.environ["SMB_SHARE"]); raise SystemExit(7)'
        status = testing.main(
            ['-o', 'max protocol = SMB2_10', '-s', 'x:comment = y', '--', sys.executable, '-c', script]
        )
        assert status == 7
        assert capfd.readouterr().out.split()[1] == 'smbtest'

    @needs_smbclient
    def test_main_applies_its_options(self, capfd):
        script = 'grep -e "max protocol" -e "shadow:mountpoint" "$SMB_CONF"; exit 0'
        testing.main(
            ['-o', 'max protocol = SMB2_10', '-s', 'smbtest:shadow:mountpoint = {root}', '--', 'sh', '-c', script]
        )
        out = capfd.readouterr().out
        assert 'max protocol = SMB2_10\n' in out
        assert 'shadow:mountpoint = /' in out

    def test_smbd_is_found_beside_the_path(self, monkeypatch, tmp_path):
        found = find_smbd()
        monkeypatch.setenv('PATH', str(tmp_path))
        monkeypatch.setattr(testing, 'PROGRAM_FOLDERS', (str(tmp_path), os.path.dirname(found)))
        assert find_smbd() == found


def test_a_missing_program_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(FileNotFoundError, match='no-such-program'):
        find_program('no-such-program')


def test_a_reserved_port_is_given_to_nobody_but_a_server():
    with reserve_port('127.0.0.1') as reservation:
        address = reservation.getsockname()
        with socket.socket() as other, pytest.raises(OSError):
            other.bind(address)
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(address)
            server.listen()
            socket.create_connection(address, 5).close()


def test_it_needs_nothing_else_of_the_package():
    script = 'import sys, smb.testing; print(*(m for m in sys.modules if m.split(".")[0] in ("smb", "nmb")))'
    result = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True, check=True)
    assert set(result.stdout.split()) == {'smb', 'smb.testing'}
