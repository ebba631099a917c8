"""A private Samba server for tests: everything in one temporary folder, no root, several at once.

    with SambaServer({'server signing': 'mandatory'}) as server:
        connection.connect(server.host, server.port)            # as server.user with server.password

It is Samba's own smbd on a loopback port of its own. ``python -m smb.testing -- COMMAND`` runs a command against one.
This module needs Samba and a Unix system, and nothing else of this package.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

START_SECONDS = 30
NOTIFY_SECONDS = 5
STOP_SECONDS = 10
PROGRAM_FOLDERS = ('/usr/sbin', '/usr/local/samba/sbin', '/usr/local/samba/bin')
DAEMONS = ('smbd', 'samba-dcerpcd', 'rpcd_')

SHARES: dict[str, dict[str, str]] = {
    'smbtest': {'comment': 'everybody reads and writes', 'read only': 'no'},
    'public': {'comment': 'guests too', 'read only': 'no', 'guest ok': 'yes'},
    'readonly': {'comment': 'nobody writes', 'read only': 'yes'},
    'hidden$': {'comment': 'not in listings', 'read only': 'no', 'browseable': 'no'},
}


class SambaServer:
    """A running smbd, from ``start()`` to ``stop()`` or inside a ``with`` block.

    * ``options``: lines of smb.conf's ``[global]`` section, ``{'max protocol': 'SMB2_10'}``; they replace the defaults.
    * ``shares``: lines for each share, ``{'smbtest': {'smb encrypt': 'required'}}``; they are added to the shares that
      are always there (``smbtest``, ``public``, ``readonly``, ``hidden$``), and an unknown name makes one more share.
      Each share has a folder of its own. ``{root}`` in a value stands for that folder, ``{folder}`` for the server's.
    * ``user``: the account to log in with, which has to be a Unix user; the current one by default.
    * ``name``: the server's NetBIOS name.

    Attributes: ``host``, ``port``, ``user``, ``password``, ``name``; ``share`` is the name of the share for reading and
    writing, ``root`` its folder, ``folder`` has everything, ``configuration`` is the path of smb.conf.
    """

    host = '127.0.0.1'
    share = 'smbtest'

    def __init__(
        self,
        options: Mapping[str, str] | None = None,
        shares: Mapping[str, Mapping[str, str]] | None = None,
        *,
        user: str | None = None,
        password: str = 'p@ssW0rd',
        name: str = 'TESTSERVER',
    ) -> None:
        self.user = current_user() if user is None else user
        self.password = password
        self.name = name
        self.port = 0
        self._options = dict(options or {})
        self._shares = {share: {**SHARES.get(share, {'read only': 'no'})} for share in [*SHARES, *(shares or {})]}
        for share, lines in (shares or {}).items():
            self._shares[share].update(lines)
        self._process: subprocess.Popen[bytes] | None = None
        self._clean_up = contextlib.ExitStack()

    def __repr__(self) -> str:
        return f'<SambaServer {self.name} on {self.host}:{self.port}>'

    @property
    def root(self) -> Path:
        """The folder behind the share ``smbtest``."""
        return self.share_root(self.share)

    @property
    def configuration(self) -> Path:
        return self.folder / 'smb.conf'

    def share_root(self, share: str) -> Path:
        """The folder behind a share."""
        return self.folder / 'shares' / share

    def __enter__(self) -> SambaServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Return when the server can be used; RuntimeError, with what Samba said, when it does not come up."""
        try:
            self.folder = Path(tempfile.mkdtemp(prefix='smbd-'))
            self._clean_up.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.port = self._clean_up.enter_context(reserve_port(self.host)).getsockname()[1]
            self._write_configuration()
            self._add_user()
            self._run_daemon()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every process of the server and remove its folder. Harmless when it is not running."""
        try:
            if self._process is not None:
                self._end_processes(self._process)
                self._process = None
        finally:
            self._clean_up.close()

    def environment(self) -> dict[str, str]:
        """What a program needs to find the server, as environment variables."""
        return {
            'SMB_HOST': self.host,
            'SMB_PORT': str(self.port),
            'SMB_NAME': self.name,
            'SMB_USER': self.user,
            'SMB_PASSWORD': self.password,
            'SMB_SHARE': self.share,
            'SMB_ROOT': str(self.root),
            'SMB_CONF': str(self.configuration),
        }

    def processes(self) -> list[int]:
        """The ids of this server's processes; empty where there is no /proc."""
        return [
            pid
            for pid, command in _commands()
            if command[0].startswith(DAEMONS) and any(str(self.folder) in argument for argument in command[1:])
        ]

    def _write_configuration(self) -> None:
        folder = self.folder
        for part in ('private', 'lock', 'state', 'cache', 'pid', 'ncalrpc', 'log', 'shares'):
            (folder / part).mkdir()
        sections = {'global': {**self._global_defaults(), **self._options}}
        for share, lines in self._shares.items():
            root = self.share_root(share)
            root.mkdir()
            sections[share] = {
                key: value.replace('{root}', str(root)) for key, value in {'path': '{root}', **lines}.items()
            }
        if self.user != current_user():
            self._hand_over_shares()
        self.configuration.write_text(
            ''.join(
                f'[{section}]\n' + ''.join(f'\t{key} = {value}\n' for key, value in lines.items())
                for section, lines in sections.items()
            ).replace('{folder}', str(folder)),
            encoding='utf-8',
        )

    def _global_defaults(self) -> dict[str, str]:
        return {
            'workgroup': 'WORKGROUP',
            'netbios name': self.name,
            'server role': 'standalone server',
            'interfaces': 'lo',
            'bind interfaces only': 'yes',
            'smb ports': str(self.port),
            'private dir': '{folder}/private',
            'lock directory': '{folder}/lock',
            'state directory': '{folder}/state',
            'cache directory': '{folder}/cache',
            'pid directory': '{folder}/pid',
            'ncalrpc dir': '{folder}/ncalrpc',
            'usershare path': '',
            'log file': '{folder}/log/log.%m',
            'passdb backend': 'tdbsam:{folder}/private/passdb.tdb',
            'guest account': current_user(),
            # `Bad User` would turn every mistyped name into a log-in that succeeds
            'map to guest': 'never',
            'server min protocol': 'NT1',
            'ntlm auth': 'yes',
            'unix extensions': 'no',
            'load printers': 'no',
            'printcap name': '/dev/null',
            'disable spoolss': 'yes',
        }

    def _hand_over_shares(self) -> None:
        self.folder.chmod(0o711)
        for share in self._shares:
            shutil.chown(self.share_root(share), self.user)

    def _add_user(self) -> None:
        command = [find_program('pdbedit'), '-s', str(self.configuration), '-a', '-t', '-u', self.user]
        entry = f'{self.password}\n{self.password}\n'.encode()
        result = subprocess.run(command, input=entry, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if result.returncode != 0:
            raise RuntimeError(f'pdbedit did not add {self.user}: {result.stdout.decode(errors="replace")}')

    def _run_daemon(self) -> None:
        logs = self.folder / 'log'
        command = [find_smbd(), '-F', '--no-process-group', '-s', str(self.configuration), '-l', str(logs)]
        with open(logs / 'out', 'wb') as out:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection((self.host, self.port), 1).close()
                break
            except OSError:
                if self._process.poll() is not None or time.monotonic() > end:
                    said = ''.join(log.read_text(errors='replace') for log in sorted(logs.iterdir()) if log.is_file())
                    raise RuntimeError(f'smbd did not start on port {self.port}: {said[-2000:]}') from None
                time.sleep(0.01)
        self._wait_for_notify_daemon()

    def _wait_for_notify_daemon(self) -> None:
        """Return when shares can be connected, too.

        A process that smbd starts besides tells clients of changes. Until it has written its name into a file, smbd
        answers each TREE_CONNECT with STATUS_NO_MEMORY. Where there is no such file, it is an older Samba.
        """
        names = self.folder / 'lock' / 'names.tdb'
        end = time.monotonic() + NOTIFY_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                if b'notify-daemon' in names.read_bytes():
                    return
            time.sleep(0.01)

    def _end_processes(self, daemon: subprocess.Popen[bytes]) -> None:
        # The first listing of shares starts this helper. It leaves smbd's process group and would live on for hours.
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((self.folder / 'pid' / 'samba-dcerpcd.pid').read_text()), signal.SIGTERM)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(daemon.pid, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while daemon.poll() is None or self.processes():
            how = signal.SIGTERM if time.monotonic() < end else signal.SIGKILL
            # also reaches a helper that was only starting and had not written its pid yet
            for pid in {daemon.pid, *self.processes()}:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, how)
            time.sleep(0.01)


def current_user() -> str:
    """The name of the Unix user who runs this."""
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def find_program(name: str) -> str:
    """The path of one of Samba's programs, FileNotFoundError without it.

    Daemons are often not on an ordinary user's PATH.
    """
    path = shutil.which(name, path=os.pathsep.join([os.environ.get('PATH', os.defpath), *PROGRAM_FOLDERS]))
    if path is None:
        raise FileNotFoundError(f'{name} is neither on PATH nor in {", ".join(PROGRAM_FOLDERS)}: is Samba installed?')
    return path


def find_smbd() -> str:
    """The path of smbd, FileNotFoundError without it."""
    return find_program('smbd')


def reserve_port(host: str) -> socket.socket:
    """A socket that keeps a free port from everybody but a server that binds with SO_REUSEADDR, as smbd does.

    A port that was only looked up may be somebody else's before smbd binds it, and two smbd share one without a word.
    """
    reservation = socket.socket()
    reservation.bind((host, 0))
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return reservation


def _commands() -> list[tuple[int, list[str]]]:
    """The id, and the program's file name with its arguments, of each process that can be seen."""
    found = []
    for entry in Path('/proc').glob('[0-9]*'):
        try:
            program, *arguments = (entry / 'cmdline').read_bytes().decode(errors='replace').split('\0')
        except OSError:
            continue
        found.append((int(entry.name), [os.path.basename(program), *arguments]))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command against a private server; the command's exit status."""
    parser = argparse.ArgumentParser(
        prog='python -m smb.testing',
        description='Run a command against a private Samba server; without a command, serve until interrupted. '
        'The command gets SMB_HOST, SMB_PORT, SMB_NAME, SMB_USER, SMB_PASSWORD, SMB_SHARE, SMB_ROOT (the folder of '
        'that share) and SMB_CONF in its environment.',
    )
    parser.add_argument('-o', '--option', action='append', default=[], metavar='KEY=VALUE', help='a line for [global]')
    parser.add_argument(
        '-s', '--share', action='append', default=[], metavar='SHARE:KEY=VALUE', help='a line for a share'
    )
    parser.add_argument('command', nargs='*', metavar='COMMAND')
    given = parser.parse_args(arguments)
    shares: dict[str, dict[str, str]] = {}
    for line in given.share:
        share, _, rest = line.partition(':')
        shares.setdefault(share, {}).update([_key_and_value(rest)])
    signal.signal(
        signal.SIGTERM, lambda number, frame: sys.exit(128 + number)
    )  # so that the server is stopped then, too
    with SambaServer(dict(map(_key_and_value, given.option)), shares) as server, contextlib.suppress(KeyboardInterrupt):
        if given.command:
            return subprocess.call(given.command, env={**os.environ, **server.environment()})
        print('\n'.join(f'{name}={value}' for name, value in server.environment().items()), flush=True)
        signal.pause()
    return 0


def _key_and_value(line: str) -> tuple[str, str]:
    key, _, value = line.partition('=')
    return key.strip(), value.strip()


if __name__ == '__main__':
    sys.exit(main())
