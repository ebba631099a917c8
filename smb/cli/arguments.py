"""The command line: commands, their arguments, and the options that all of them have."""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Callable
from typing import Any, NoReturn

import smb
from smb.addresses import FORMS
from smb.cli import text
from smb.cli.commands import changes, completion, facts, listing, network, transfer
from smb.cli.failures import UsageFailure
from smb.cli.output import PROGRAM

DEFAULT_TIMEOUT = 30.0
# What options are without being given; they stand before a command or behind it, and so cannot have a default there.
DEFAULTS: dict[str, Any] = {
    'user': None, 'workgroup': None, 'authfile': None, 'no_pass': False, 'port': None, 'netbios': False,
    'server_name': None, 'encrypt': False, 'sign': False, 'min_dialect': None, 'max_dialect': None,
    'timeout': DEFAULT_TIMEOUT, 'json': False, 'quiet': False,
    'recursive': False, 'resume': False, 'preserve': False,
}  # fmt: skip
DIALECTS = {'2.0.2': 0x0202, '2.1': 0x0210, '3.0': 0x0300, '3.0.2': 0x0302, '3.1.1': 0x0311}
# As smbclient has them; SMB2 and SMB3 are the newest ones of their kind
OTHER_DIALECT_NAMES = {
    'SMB2_02': 0x0202, 'SMB2_10': 0x0210, 'SMB3_00': 0x0300, 'SMB3_02': 0x0302, 'SMB3_11': 0x0311,
    'SMB2': 0x0210, 'SMB3': 0x0311,
}  # fmt: skip
LONGEST_TIMEOUT = 86400.0
EXIT_CODES = """\
exit codes: 0 done, 1 failed, 2 wrong usage, 3 sign-on refused, 4 not found, 5 permission denied, 6 no connection,
7 name taken or folder not empty, 130 interrupted, 141 nobody reads the output any more
"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are UsageFailures, and do not repeat what may be a password."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(
            allow_abbrev=False,
            argument_default=argparse.SUPPRESS,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **keywords,
        )

    def error(self, message: str) -> NoReturn:
        raise UsageFailure(f'{message}; see "{self.prog} --help"')


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of a command line; a UsageFailure for one that makes no sense, SystemExit behind a help text."""
    parser = build_parser()
    options, unknown = parser.parse_known_args(arguments, argparse.Namespace(**DEFAULTS))
    if unknown:
        # The value of an option that there is not may be a secret.
        first = unknown[0].partition('=')[0] if unknown[0].startswith('-') else 'an argument'
        parser.error(f'{first} is too much' if first == 'an argument' else f'there is no option {first}')
    return options


@functools.cache
def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole program."""
    common = _common_options()
    parser = Parser(
        prog=PROGRAM,
        usage='%(prog)s [options] COMMAND [options] ...',
        description=f'Files and folders on SMB shares.\n\nAn ADDRESS is {FORMS}.',
        epilog=EXIT_CODES,
        parents=[common],
    )
    parser.add_argument('--version', action='version', version=f'{PROGRAM} {smb.__version__}')
    commands = parser.add_subparsers(title='commands', prog=PROGRAM, metavar='COMMAND', required=True)
    for add in (_add_listings, _add_transfers, _add_changes, _add_facts, _add_network):
        add(lambda run, usage: _command(commands, common, run, usage))
    return parser


def _command(commands: Any, common: Parser, run: Callable[..., None], usage: str) -> Parser:
    summary = (run.__doc__ or '').rstrip('.')
    parser: Parser = commands.add_parser(
        run.__name__,
        parents=[common],
        usage=f'%(prog)s [options] {usage}',
        help=summary[0].lower() + summary[1:],
        description=f'{summary}.',
        epilog=EXIT_CODES,
    )
    parser.set_defaults(run=run)
    return parser


def _common_options() -> Parser:
    common = Parser(add_help=False)
    who = common.add_argument_group('who signs on')
    who.add_argument(
        '-U', '--user', metavar='USER[%PASSWORD]', help='the user, also with DOMAIN and a backslash in front'
    )
    who.add_argument('-W', '--workgroup', metavar='DOMAIN', help='the domain or workgroup of the user')
    who.add_argument(
        '-A', '--authfile', metavar='FILE', help='a file with lines "username = ", "password = ", "domain = "'
    )
    who.add_argument('-N', '--no-pass', action='store_true', help='no password, and no user where -U names none')
    how = common.add_argument_group('how to connect')
    how.add_argument('-p', '--port', type=_port, help='the port, 445 by default, 139 with --netbios')
    how.add_argument('--netbios', action='store_true', help='a NetBIOS session in place of direct TCP')
    how.add_argument('--server-name', metavar='NAME', help='the NetBIOS name of the server, for --netbios')
    how.add_argument('--encrypt', action='store_true', help='encrypt everything, or fail')
    how.add_argument('--sign', action='store_true', help='sign everything, or fail')
    dialects = ', '.join(DIALECTS)
    how.add_argument('--min-dialect', type=_dialect, metavar='DIALECT', help=f'the oldest to accept: {dialects}')
    how.add_argument('-m', '--max-dialect', type=_dialect, metavar='DIALECT', help='the newest to offer')
    how.add_argument('-t', '--timeout', type=_seconds, metavar='SECONDS',
                     help=f'how long the server may be silent ({DEFAULT_TIMEOUT:g})')  # fmt: skip
    shape = common.add_argument_group('output')
    shape.add_argument('--json', action='store_true', help='one JSON document')
    shape.add_argument('-q', '--quiet', action='store_true', help='no progress bars and no notes')
    return common


Adder = Callable[..., Parser]


def _add_listings(command: Adder) -> None:
    command(listing.shares, 'HOST').add_argument('host', metavar='HOST', help='a host, host:port or an address')
    ls = command(listing.ls, 'ADDRESS...')
    _addresses(ls, 'a folder, a file, or a pattern with * and ?')
    ls.add_argument('-1', '--names', action='store_true', default=False, help='names only')
    ls.add_argument('-b', '--bytes', action='store_true', default=False, help='sizes in bytes')
    ls.add_argument('-r', '--recursive', action='store_true', help='everything in folders, too')
    ls.add_argument('--sort', choices=sorted(listing.SORT_KEYS), default='name', help='by name, size or time')
    ls.add_argument('--reverse', action='store_true', default=False, help='the other way round')
    tree = command(listing.tree, 'ADDRESS')
    tree.add_argument('address', metavar='ADDRESS', help='a folder')
    tree.add_argument('-d', '--folders', action='store_true', default=False, help='folders only')
    tree.add_argument('--depth', type=_count, default=None, metavar='LEVELS', help='so many levels')
    find = command(listing.find, 'ADDRESS...')
    _addresses(find, 'where to begin')
    find.add_argument('--name', metavar='PATTERN', default=None, help='a name, with * and ?')
    find.add_argument('--type', choices=tuple(listing.KINDS), default=None, help='files, folders or links')
    find.add_argument('--larger', type=_size, metavar='SIZE', default=None, help='files of more bytes: 10, 4K, 1.5M')
    find.add_argument('--smaller', type=_size, metavar='SIZE', default=None, help='files of fewer bytes')
    find.add_argument('--newer', type=_date, metavar='DATE', default=None, help='written after this: 2026-01-31')
    find.add_argument('--older', type=_date, metavar='DATE', default=None, help='written before this')
    find.add_argument('--depth', type=_count, default=None, metavar='LEVELS', help='so many levels')
    find.add_argument('-0', '--print0', action='store_true', default=False, help='a NUL behind each, for xargs -0')


def _add_transfers(command: Adder) -> None:
    get = command(transfer.get, 'ADDRESS... [TARGET]')
    get.add_argument('places', nargs='+', metavar='PLACE', help='what, and where to: . by default')
    put = command(transfer.put, 'FILE... ADDRESS')
    put.add_argument('places', nargs='+', metavar='PLACE', help='what, and where to; - is standard input')
    for parser in (get, put):
        parser.add_argument('-r', '--recursive', action='store_true', help='folders, with all that is in them')
        parser.add_argument('-c', '--continue', dest='resume', action='store_true', help='go on behind what is there')
        parser.add_argument('--preserve', action='store_true', help='keep the time of the last write')
    _addresses(command(transfer.cat, 'ADDRESS...'), 'a file, or a pattern with * and ?')


def _add_changes(command: Adder) -> None:
    rm = command(changes.rm, 'ADDRESS...')
    _addresses(rm, 'a file, a folder, or a pattern with * and ?')
    rm.add_argument('-r', '--recursive', action='store_true', help='folders, with all that is in them')
    rm.add_argument('-f', '--force', action='store_true', default=False, help='what is not there is no error')
    mkdir = command(changes.mkdir, 'ADDRESS...')
    _addresses(mkdir, 'a folder')
    mkdir.add_argument('--parents', action='store_true', default=False, help='the folders around it, too')
    _addresses(command(changes.rmdir, 'ADDRESS...'), 'a folder, or a pattern with * and ?')
    mv = command(changes.mv, 'ADDRESS... TARGET')
    mv.add_argument('sources', nargs='+', metavar='ADDRESS', help='what, with * and ?')
    mv.add_argument('target', metavar='TARGET', help='the new address, or a folder to move it into')


def _add_facts(command: Adder) -> None:
    _addresses(command(facts.stat, 'ADDRESS...'), 'a file, a folder, or a pattern with * and ?')
    acl = command(facts.acl, 'ADDRESS...')
    _addresses(acl, 'a file or folder')
    acl.add_argument('--sddl', action='store_true', default=False, help='SDDL only')
    command(facts.snapshots, 'ADDRESS').add_argument('address', metavar='ADDRESS', help='a file or folder')


def _add_network(command: Adder) -> None:
    lookup = command(network.lookup, 'NAME')
    lookup.add_argument('netbios_name', metavar='NAME', help='a NetBIOS name, or an IPv4 address')
    lookup.add_argument('-s', '--name-server', metavar='HOST', default=None, help='whom to ask, in place of everybody')
    ping = command(network.ping, 'HOST')
    ping.add_argument('host', metavar='HOST', help='a host, host:port or an address')
    ping.add_argument('-n', '--count', type=_count, default=4, help='how often (4)')
    ping.add_argument('-i', '--interval', type=_interval, default=1.0, metavar='SECONDS', help='in between (1)')
    shell = command(completion.completion, '{bash,zsh,fish}')
    shell.add_argument('shell', choices=tuple(completion.SHELLS), help='the shell')


def _addresses(parser: Parser, what: str) -> None:
    parser.add_argument('addresses', nargs='+', metavar='ADDRESS', help=what)


def _whole(text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text[:12]) <= most:
        raise argparse.ArgumentTypeError(f'it takes a number from {least} to {most}')
    return int(text)


def _port(text: str) -> int:
    return _whole(text, 1, 65535)


def _count(text: str) -> int:
    return _whole(text, 1, 1_000_000)


def _number(text: str, least: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not least <= value <= LONGEST_TIMEOUT:
        raise argparse.ArgumentTypeError(f'it takes seconds, {LONGEST_TIMEOUT:.0f} at most')
    return value


def _seconds(text: str) -> float:
    return _number(text, 0.001)


def _interval(text: str) -> float:
    return _number(text, 0.0)


def _dialect(name: str) -> int:
    number = DIALECTS.get(name) or OTHER_DIALECT_NAMES.get(name.upper())
    if number is None:
        raise argparse.ArgumentTypeError(f'it takes one of {", ".join(DIALECTS)}')
    return number


def _size(value: str) -> int:
    try:
        return text.parse_size(value)
    except ValueError:
        raise argparse.ArgumentTypeError('it takes a number of bytes, or one with K, M, G or T behind it') from None


def _date(value: str) -> float:
    for form in ('%Y-%m-%d', '%Y-%m-%d %H:%M', '%Y-%m-%dT%H:%M:%S'):
        try:
            return time.mktime(time.strptime(value, form))
        except (ValueError, OverflowError):
            continue
    raise argparse.ArgumentTypeError('it takes a date as in 2026-01-31, or "2026-01-31 18:00"')
