"""Each cipher and each signing algorithm, with both crypto packages, against Samba's own."""

from __future__ import annotations

import io

import pytest

from tests.live.folder import Folder, noise

# Around the lengths where a block cipher, a compound and a second request begin
SIZES = (0, 1, 15, 16, 17, 65535, 65536, 65537, 1_500_000)


def check_transfers(connection, folder):
    for size in SIZES:
        data = noise(size)
        assert connection.storeFile(folder.share, folder.path(f'{size}'), io.BytesIO(data)) == size
        assert folder.read(f'{size}') == data
        target = io.BytesIO()
        assert connection.retrieveFile(folder.share, folder.path(f'{size}'), target)[1] == size
        assert target.getvalue() == data
    assert len(connection.listPath(folder.share, folder.path())) == len(SIZES) + 2
    assert 'smbtest' in {share.name for share in connection.listShares()}


@pytest.mark.parametrize('cipher', ['AES-128-CCM', 'AES-128-GCM', 'AES-256-CCM', 'AES-256-GCM'])
def test_each_cipher_works(server, connect, primitives, cipher):
    folder = Folder(server(server_smb3_encryption_algorithms=cipher, server_smb_encrypt='required'))
    connection = connect(folder.server, require_encryption=True)
    assert connection.cipher == cipher
    check_transfers(connection, folder)


@pytest.mark.parametrize('algorithm', ['AES-128-GMAC', 'AES-128-CMAC', 'HMAC-SHA256'])
def test_each_signing_algorithm_works(server, connect, primitives, algorithm):
    folder = Folder(server(server_smb3_signing_algorithms=algorithm, server_signing='mandatory'))
    connection = connect(folder.server)
    assert connection.signing_algorithm == algorithm
    assert connection.is_signing_active
    check_transfers(connection, folder)


@pytest.mark.parametrize('dialect', [0x0202, 0x0300])
def test_what_older_dialects_sign_and_seal_with_works(server, connect, primitives, dialect):
    folder = Folder(server())
    protection = {'require_signing': True} if dialect < 0x0300 else {'require_encryption': True}
    connection = connect(folder.server, max_dialect=dialect, **protection)
    assert connection.dialect == dialect
    check_transfers(connection, folder)


@pytest.mark.parametrize('username', ['{}', 'WORKGROUP\\{}', 'ELSEWHERE\\{}'])
@pytest.mark.parametrize('protection', ['require_signing', 'require_encryption'])
def test_ntlm_v1_gives_keys_too(server, connect, username, protection):
    folder = Folder(server())
    arguments = {'username': username.format(folder.server.user), 'use_ntlm_v2': False, protection: True}
    connection = connect(folder.server, **arguments)
    data = noise(100_000)
    connection.storeFile(folder.share, folder.path('file'), io.BytesIO(data))
    assert folder.read('file') == data
