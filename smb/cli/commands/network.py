"""``lookup`` and ``ping``: names of machines, and how quickly a server answers."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from smb import addresses
from smb.cli.credentials import Login
from smb.cli.failures import NOT_FOUND, Failure, refused_user

if TYPE_CHECKING:
    from smb.cli.client import Client
    from smb.SMBConnection import SMBConnection

IPV4 = re.compile(r'[0-9]{1,3}(\.[0-9]{1,3}){3}')


def lookup(client: Client) -> None:
    """Ask for the addresses of a NetBIOS name, or for the names of an IPv4 address."""
    from nmb.NetBIOS import NetBIOS

    options, output = client.options, client.output
    name = options.netbios_name
    with client.attempt(name), NetBIOS() as name_service:
        if IPV4.fullmatch(name):
            found = name_service.queryIPForName(name, port=options.port or 137, timeout=client.timeout)
        else:
            server = options.name_server or ''
            found = name_service.queryName(name, server, port=options.port or 137, timeout=client.timeout)
        if not found:
            raise Failure(
                f'{name}: nobody answers to this name; -s asks a name server, and many servers are known to DNS only',
                NOT_FOUND,
            )
        if output.as_json:
            output.json(found)
        else:
            for answer in found:
                output.line(output.name(answer))


def ping(client: Client) -> None:
    """Measure how long a server takes to answer; nobody has to sign on for it."""
    options, output = client.options, client.output
    address = addresses.parse_server(options.host)
    # Without a user it is an anonymous one, and a server that refuses it answers nevertheless.
    named = options.user is not None or options.authfile is not None or address.user is not None
    login = client.login(address) if named else Login('', '', '')
    with client.attempt(address), client.unconnected(address, login) as connection:
        if not client.connect(connection, address) and named:
            raise refused_user(str(login.user), address, connection.auth_error)
        dialect, port = _dialect_name(connection), client.port(address)
        if not output.as_json:
            output.line(f'{address.host} port {port}: {dialect}')
        times = _measure(client, connection)
        if output.as_json:
            output.json(
                {'host': address.host, 'port': port, 'dialect': dialect,
                 'answers_ms': [round(milliseconds, 3) for milliseconds in times]}
            )  # fmt: skip
            return
        fastest, slowest, average = min(times), max(times), sum(times) / len(times)
        output.line(f'{len(times)} answers: fastest {fastest:.2f}, average {average:.2f}, slowest {slowest:.2f} ms')


def _measure(client: Client, connection: SMBConnection) -> list[float]:
    """Milliseconds from each request to its answer."""
    times: list[float] = []
    for number in range(client.options.count):
        if number:
            time.sleep(client.options.interval)
        begin = time.perf_counter()
        connection.echo(b'', timeout=client.timeout)
        times.append((time.perf_counter() - begin) * 1000)
        if not client.output.as_json:
            client.output.line(f'answer {number + 1}: {times[-1]:.2f} ms')
    return times


def _dialect_name(connection: SMBConnection) -> str:
    dialect = connection.dialect or 0
    major, minor, revision = dialect >> 8, dialect >> 4 & 15, dialect & 15
    return f'SMB {major}.{minor}.{revision}' if revision else f'SMB {major}.{minor}'
