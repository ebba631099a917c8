"""NEGOTIATE. Captured bytes are what smbclient and smbd of Samba 4.17 said to each other."""

from __future__ import annotations

import pytest

from smb.errors import ProtocolError
from smb.messages.smb2.negotiate import (
    SMB2EncryptionCapabilities,
    SMB2NegotiateContext,
    SMB2NegotiateRequest,
    SMB2NegotiateResponse,
    SMB2NetnameNegotiateContextId,
    SMB2PreauthIntegrityCapabilities,
    SMB2SigningCapabilities,
)
from smb.smb2_constants import (
    SHA_512,
    SIGNING_AES_CMAC,
    SIGNING_AES_GMAC,
    SIGNING_HMAC_SHA256,
    SMB2_COMPRESSION_CAPABILITIES,
    SMB2_DIALECT_2,
    SMB2_DIALECT_21,
    SMB2_DIALECT_30,
    SMB2_DIALECT_302,
    SMB2_DIALECT_311,
    SMB2_ENCRYPTION_AES128_CCM,
    SMB2_ENCRYPTION_AES128_GCM,
    SMB2_ENCRYPTION_AES256_CCM,
    SMB2_ENCRYPTION_AES256_GCM,
)
from tests.check_wire import check_wire

# SPNEGO's NegTokenInit2 in smbd's answers
TOKEN = bytes.fromhex(
    '604806062b0601050502a03e303ca00e300c060a2b06010401823702020aa32a3028a0261b246e6f745f646566696e65645f696e5f52464334'
    '31373840706c656173655f69676e6f7265'
)
SALT = bytes.fromhex('63fd686a6fee378f69401abe50025724c768e36451a9f35f5ab0ec750ec7bd60')


def test_request_for_2_0_2_alone():
    request = SMB2NegotiateRequest(security_mode=1, client_guid=bytes(16), dialects=(SMB2_DIALECT_2,))
    check_wire(request, '2400 0100 0100 0000 00000000' + '00' * 16 + '00' * 8 + '0202')  # captured; also 4.3, step 1


def test_request_up_to_3_1_1_aligns_each_context():
    request = SMB2NegotiateRequest(
        security_mode=1,
        capabilities=0x7F,
        client_guid=bytes.fromhex('ddc6f70c182b43449aebf7b2dea3125b'),
        dialects=(SMB2_DIALECT_2, SMB2_DIALECT_21, SMB2_DIALECT_30, SMB2_DIALECT_302, SMB2_DIALECT_311),
        negotiate_contexts=(
            SMB2PreauthIntegrityCapabilities(
                hash_algorithms=(SHA_512,),
                salt=bytes.fromhex('0a6aacfae210a3607f15c4f9e4c0039a9cf344440f8c45f39bfd25a1ce1b0a03'),
            ),
            SMB2EncryptionCapabilities(
                ciphers=(
                    SMB2_ENCRYPTION_AES128_GCM,
                    SMB2_ENCRYPTION_AES128_CCM,
                    SMB2_ENCRYPTION_AES256_GCM,
                    SMB2_ENCRYPTION_AES256_CCM,
                )
            ),
            SMB2SigningCapabilities(signing_algorithms=(SIGNING_AES_GMAC, SIGNING_AES_CMAC, SIGNING_HMAC_SHA256)),
            SMB2NetnameNegotiateContextId(net_name='127.0.0.1'),
        ),
    )
    check_wire(
        request,
        # laid out as captured
        '2400 0500 0100 0000 7f000000 ddc6f70c182b43449aebf7b2dea3125b 70000000 0400 0000 02021002000302031103 0000'
        ' 0100 2600 00000000 0100 2000 0100 0a6aacfae210a3607f15c4f9e4c0039a9cf344440f8c45f39bfd25a1ce1b0a03 0000'
        ' 0200 0a00 00000000 0400 0200 0100 0400 0300 000000000000'
        ' 0800 0800 00000000 0300 0200 0100 0000'
        ' 0500 1200 00000000 3100320037002e0030002e0030002e003100',
    )


def test_response_of_2_1_leaves_out_the_contexts():
    response = SMB2NegotiateResponse(
        security_mode=1,
        dialect_revision=SMB2_DIALECT_21,
        server_guid=b'testserver'.ljust(16, b'\0'),
        capabilities=7,
        max_transact_size=0x800000,
        max_read_size=0x800000,
        max_write_size=0x800000,
        system_time=0x01DD7AB82A97B008,
        security_buffer=TOKEN,
    )
    check_wire(
        response,
        '4100 0100 1002 0000 74657374736572766572000000000000 07000000 00008000 00008000 00008000'
        ' 08b0972ab87add01 0000000000000000 8000 4a00 00000000' + TOKEN.hex(),
    )


def _response_of_3_1_1(*contexts) -> SMB2NegotiateResponse:
    return SMB2NegotiateResponse(
        security_mode=1,
        dialect_revision=SMB2_DIALECT_311,
        server_guid=b'testserver'.ljust(16, b'\0'),
        capabilities=15,
        max_transact_size=0x800000,
        max_read_size=0x800000,
        max_write_size=0x800000,
        system_time=0x01DD7AB81C415C34,
        security_buffer=TOKEN,
        negotiate_contexts=contexts,
    )


PREAUTH = SMB2PreauthIntegrityCapabilities(hash_algorithms=(SHA_512,), salt=SALT)
ENCRYPTION = SMB2EncryptionCapabilities(ciphers=(SMB2_ENCRYPTION_AES128_GCM,))
SIGNING = SMB2SigningCapabilities(signing_algorithms=(SIGNING_AES_GMAC,))


def test_response_of_3_1_1_has_the_contexts():
    response = _response_of_3_1_1(PREAUTH, ENCRYPTION, SIGNING)
    check_wire(
        response,
        '4100 0100 1103 0300 74657374736572766572000000000000 0f000000 00008000 00008000 00008000'
        ' 345c411cb87add01 0000000000000000 8000 4a00 d0000000' + TOKEN.hex() + '000000000000'
        ' 0100 2600 00000000 0100 2000 0100' + SALT.hex() + '0000'
        ' 0200 0400 00000000 0100 0200 00000000'
        ' 0800 0400 00000000 0100 0200',
    )
    assert response.context(SMB2EncryptionCapabilities) == ENCRYPTION
    assert response.context(SMB2SigningCapabilities).signing_algorithms == (SIGNING_AES_GMAC,)
    assert response.context(SMB2NetnameNegotiateContextId) is None


def test_reserved_fields_of_an_older_dialect_are_no_contexts():
    response = _response_of_3_1_1(PREAUTH)
    response.dialect_revision = SMB2_DIALECT_302
    packed = response.pack()
    assert SMB2NegotiateResponse.unpack(packed).negotiate_contexts == ()
    assert SMB2NegotiateResponse.unpack(packed[: 64 + len(TOKEN)]).negotiate_contexts == ()


def test_an_unknown_context_is_kept_as_it_came():
    compression = SMB2NegotiateContext(context_type=SMB2_COMPRESSION_CAPABILITIES, data=bytes(5))
    response = SMB2NegotiateResponse.unpack(_response_of_3_1_1(PREAUTH, compression, SIGNING).pack())
    assert response.negotiate_contexts == (PREAUTH, compression, SIGNING)


def test_two_contexts_of_one_kind_are_refused_when_asked_for():
    response = SMB2NegotiateResponse.unpack(_response_of_3_1_1(ENCRYPTION, PREAUTH, ENCRYPTION).pack())
    assert response.context(SMB2PreauthIntegrityCapabilities) == PREAUTH
    with pytest.raises(ProtocolError, match='2 contexts of the kind SMB2EncryptionCapabilities'):
        response.context(SMB2EncryptionCapabilities)


def test_more_contexts_than_there_are_bytes_are_refused():
    packed = bytearray(_response_of_3_1_1(PREAUTH).pack())
    packed[6:8] = (0xFFFF).to_bytes(2, 'little')
    with pytest.raises(ProtocolError):
        SMB2NegotiateResponse.unpack(packed)


def test_more_contexts_than_anybody_sends_are_refused():
    unknown = SMB2NegotiateContext(context_type=0x7777)
    assert len(SMB2NegotiateResponse.unpack(_response_of_3_1_1(*[unknown] * 256).pack()).negotiate_contexts) == 256
    with pytest.raises(ProtocolError, match='257 negotiate contexts'):
        SMB2NegotiateResponse.unpack(_response_of_3_1_1(*[unknown] * 257).pack())


def test_more_ciphers_than_there_are_bytes_are_refused():
    data = bytearray(ENCRYPTION.pack())
    data[:2] = (2).to_bytes(2, 'little')
    with pytest.raises(ProtocolError, match='2 numbers'):
        SMB2EncryptionCapabilities.unpack(data)
