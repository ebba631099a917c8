"""What a client remembers of a connection, a session and a tree connect; names as in [MS-SMB2] 3.2.1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smb.smb2_constants import SMB2_DIALECT_2, SMB2_GLOBAL_CAP_LARGE_MTU, SMB2_NEGOTIATE_SIGNING_REQUIRED

if TYPE_CHECKING:
    from smb.crypto.sealing import Sealer
    from smb.crypto.signing import Signer


class Connection:
    """What NEGOTIATE settled, [MS-SMB2] 3.2.1.2; sizes in bytes."""

    dialect = 0
    max_transact_size = 65536
    max_read_size = 65536
    max_write_size = 65536
    server_capabilities = 0
    server_security_mode = 0
    server_guid = bytes(16)
    gss_negotiate_token = b''
    cipher_id = 0  # 0: no encryption
    signing_algorithm_id = 0
    preauth_integrity_hash_value = bytes(64)  # at 3.1.1

    max_buffer_size = 0  # of SMB1, as max_raw_size
    max_raw_size = 0

    is_validated = False  # by FSCTL_VALIDATE_NEGOTIATE_INFO, below 3.1.1

    asked_for_room = False  # whether the server was asked to have memory for large requests

    # What this server refused once is not asked of it again.
    refuses_compounds = False

    def __init__(self, client_guid: bytes) -> None:
        self.client_guid = client_guid
        self.offered_dialects: tuple[int, ...] = ()
        self.client_security_mode = 0
        self.client_capabilities = 0
        self.refused_information_classes: set[int] = set()

    @property
    def can_sign(self) -> bool:
        """Whether the server signs where it is asked to; in SMB2 each does."""
        return True

    @property
    def requires_signing(self) -> bool:
        """Whether the server demands that every request be signed."""
        return bool(self.server_security_mode & SMB2_NEGOTIATE_SIGNING_REQUIRED)

    @property
    def supports_multi_credit(self) -> bool:
        """Whether one request may cover more than 64 KiB, 3.2.4.1.5; never at 2.0.2, 3.2.5.2."""
        return self.dialect > SMB2_DIALECT_2 and bool(self.server_capabilities & SMB2_GLOBAL_CAP_LARGE_MTU)


class Session:
    """One logged-in user, [MS-SMB2] 3.2.1.3; no key is ever shown."""

    session_id = 0
    signing_required = False  # every request is signed, and so must be every answer
    encrypt_data = False  # every request is sealed, and so must be every answer
    is_guest = False
    is_anonymous = False
    signer: Signer | None = None
    sealer: Sealer | None = None

    def __init__(self) -> None:
        self.preauth_integrity_hash_value = bytes(64)
        self.tree_connects: list[TreeConnect] = []

    @property
    def has_keys(self) -> bool:
        """Whether messages of this session can be signed; a guest's and an anonymous user's cannot."""
        return self.signer is not None


class TreeConnect:
    """One connected share, [MS-SMB2] 3.2.1.4."""

    tree_id = 0
    share_type = 0
    share_flags = 0
    capabilities = 0
    encrypt_data = False

    def __init__(self, share_name: str) -> None:
        self.share_name = share_name  # the UNC path that was connected, \\server\share
