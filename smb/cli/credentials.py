"""Who asks: a user, a domain and a password, from the address, the options, a file, the environment or a prompt."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from smb.cli.failures import Failure, UsageFailure
from smb.cli.text import shown

if TYPE_CHECKING:
    from argparse import Namespace

    from smb.addresses import Address

USER_VARIABLE = 'SMB_USER'
PASSWORD_VARIABLE = 'SMB_PASSWORD'
NO_TERMINAL = (
    f'there is no terminal to ask for the password on; put it into {PASSWORD_VARIABLE} or a file for -A, or use -N'
)


class Login:
    """A user's name and domain, and the password where it is known; None where it is not."""

    def __init__(self, user: str | None, domain: str | None = None, password: str | None = None) -> None:
        self.user = user
        self.domain = domain
        self.password = password

    def __repr__(self) -> str:
        return f'<Login {self.domain or ""};{self.user}>'


def split_login(text: str) -> Login:
    r"""What ``-U`` says: ``user``, ``user%password``, with ``DOMAIN\user`` or ``DOMAIN/user`` for ``user``."""
    name, percent, password = text.partition('%')
    domain, separator, user = name.replace('/', '\\', 1).partition('\\')
    if not separator:
        domain, user = '', name
    return Login(user, domain or None, password if percent else None)


def read_login_file(path: str) -> Login:
    """What a file for ``-A`` says, in lines ``username = ...``, ``password = ...``, ``domain = ...``."""
    try:
        with open(path, encoding='utf-8') as file:
            lines = file.read().splitlines()
    except UnicodeDecodeError:
        raise UsageFailure(f'{shown(path)} is no text in UTF-8') from None
    except OSError as error:
        raise UsageFailure(f'{shown(path)} cannot be read: {error.strerror}') from None
    values = {}
    for line in lines:
        key, equals, value = line.partition('=')
        if equals and not key.lstrip().startswith(('#', ';')):
            # Blanks at the end may belong to a password.
            values[key.strip().lower()] = value.lstrip()
    if 'username' not in values and 'password' not in values:
        raise UsageFailure(f'{shown(path)} has no line "username = NAME", and none "password = PASSWORD"')
    return Login(values.get('username', '').strip() or None, values.get('domain'), values.get('password'))


def find_login(options: Namespace, address: Address, ask: Callable[[str], str]) -> Login:
    """Whom to sign on as at this address, with a password.

    The first of these that names a user counts: the address, ``-U``, ``-A``, ``SMB_USER``, the name of the user who
    runs this. The password is the one that stands beside that name, or else one that stands alone or beside the same
    name in the sources after it, or else what ``SMB_PASSWORD`` has, or else what ``ask`` gives for a question.
    """
    sources = [Login(address.user, address.domain, address.password)]
    if options.user is not None:
        sources.append(split_login(options.user))
    if options.authfile is not None:
        sources.append(read_login_file(options.authfile))
    sources.append(Login(os.environ.get(USER_VARIABLE) or None))
    if options.no_pass and not any(source.user for source in sources[:-1]):
        return Login('', '', '')
    sources.append(Login(_own_name()))
    named = next(source for source in sources if source.user is not None)
    domain = options.workgroup or next((source.domain for source in sources if source.domain), None) or ''
    if options.no_pass:
        return Login(named.user, domain, '')
    fitting = (source.password for source in sources if source.user in (None, named.user))
    password = next((password for password in fitting if password is not None), None)
    if password is None:
        password = os.environ.get(PASSWORD_VARIABLE)
    if password is None:
        who = f'{domain}\\{named.user}' if domain else named.user
        password = ask(f'Password for {shown(str(who))} at {shown(address.server)}: ')
    return Login(named.user, domain, password)


def ask_on_terminal(question: str) -> str:
    """What somebody types without its being seen; a Failure where there is no terminal."""
    import getpass
    import warnings

    with warnings.catch_warnings():
        # It would go on with reading what everybody can see.
        warnings.simplefilter('error', getpass.GetPassWarning)
        try:
            return getpass.getpass(question)
        except getpass.GetPassWarning:
            raise UsageFailure(NO_TERMINAL) from None
        except EOFError:
            raise Failure('no password was typed') from None


def _own_name() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        raise UsageFailure('say with -U who you are') from None
