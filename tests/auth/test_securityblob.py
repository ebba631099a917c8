"""SPNEGO tokens, [RFC4178] and [MS-SPNG]; the tokens of servers are as Samba and Windows send them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb import securityblob
from smb.errors import ProtocolError
from smb.securityblob import BadSecurityBlobError, UnsupportedSecurityProvider
from tests.auth.server import KERBEROS_OID, NTLM_OID, SPNEGO_OID, der, neg_token_init2, neg_token_resp

CHALLENGE = b'NTLMSSP\0\2\0\0\0 and more'
DECODERS: list[Callable[[bytes], object]] = [
    securityblob.parse_mechanisms,
    securityblob.parse_response,
    securityblob.decodeChallengeSecurityBlob,
    securityblob.decodeAuthResponseSecurityBlob,
]


def test_negotiate_blob_offers_ntlm_alone() -> None:
    assert securityblob.generateNegotiateSecurityBlob(b'NTLM').hex() == (
        '602406062b0601050502a01a3018a00e300c060a2b06010401823702020aa20604044e544c4d'
    )


def test_negotiate_blob_of_a_real_message() -> None:
    blob = securityblob.generateNegotiateSecurityBlob(b'N' * 40)
    assert blob.hex() == '604806062b0601050502a03e303ca00e300c060a2b06010401823702020aa22a0428' + '4e' * 40


def test_auth_blob_holds_the_message_alone() -> None:
    assert securityblob.generateAuthSecurityBlob(b'NTLM').hex() == 'a10a3008a20604044e544c4d'
    long = securityblob.generateAuthSecurityBlob(b'N' * 500)
    assert long.hex() == 'a1820200308201fca28201f8048201f4' + '4e' * 500


def test_response_with_mic() -> None:
    blob = securityblob.build_response(b'NTLM', b'M' * 16)
    assert blob.hex() == 'a11e301ca20604044e544c4da3120410' + '4d' * 16


def test_mechanisms_as_the_mic_covers_them() -> None:
    assert securityblob.encoded_mech_types().hex() == '300c060a2b06010401823702020a'


def test_mechanisms_of_a_negotiate_answer() -> None:
    mechanisms = securityblob.parse_mechanisms(neg_token_init2(KERBEROS_OID, NTLM_OID))
    assert mechanisms == ((1, 2, 840, 113554, 1, 2, 2), securityblob.NTLMSSP_OID)
    assert [securityblob.mechanism_name(oid) for oid in mechanisms] == [
        'Kerberos 1.2.840.113554.1.2.2',
        'NTLM 1.3.6.1.4.1.311.2.2.10',
    ]


def test_tokens_that_are_the_same_each_time_are_made_and_read_once(monkeypatch) -> None:
    first = neg_token_init2(KERBEROS_OID, NTLM_OID)
    made = securityblob.generateNegotiateSecurityBlob(b'NTLM')
    mechanisms, mech_types = securityblob.parse_mechanisms(first), securityblob.encoded_mech_types()
    monkeypatch.setattr(securityblob, '_asn1', None)
    assert securityblob.generateNegotiateSecurityBlob(bytearray(b'NTLM')) == made
    assert securityblob.parse_mechanisms(memoryview(first)) == mechanisms
    assert securityblob.encoded_mech_types() == mech_types


def test_an_empty_negotiate_answer_names_no_mechanism() -> None:
    assert securityblob.parse_mechanisms(b'') == ()


def test_a_negotiate_answer_without_a_list_names_no_mechanism() -> None:
    assert securityblob.parse_mechanisms(der(0x60, SPNEGO_OID, der(0xA0, der(0x30)))) == ()


def test_mechanisms_of_something_else_than_spnego() -> None:
    with pytest.raises(UnsupportedSecurityProvider):
        securityblob.parse_mechanisms(der(0x60, KERBEROS_OID, der(0xA0, der(0x30))))
    with pytest.raises(BadSecurityBlobError):
        securityblob.parse_mechanisms(der(0x60, SPNEGO_OID, der(0xA1, der(0x30))))


def test_unknown_mechanisms_are_named_by_number() -> None:
    assert securityblob.mechanism_name((1, 2, 3)) == '1.2.3'
    assert securityblob.mechanism_name((1, 2, 1 << 70)) == '1.2.?'


def test_challenge_blob() -> None:
    result, token = securityblob.decodeChallengeSecurityBlob(neg_token_resp(1, token=CHALLENGE))
    assert (result, token) == (securityblob.RESULT_ACCEPT_INCOMPLETE, CHALLENGE)
    assert securityblob.decodeChallengeSecurityBlob(neg_token_resp(1, mechanism=b'', token=CHALLENGE))[1] == CHALLENGE


@pytest.mark.parametrize('blob', [neg_token_resp(1), neg_token_resp(None, token=CHALLENGE), der(0xA0, der(0x30))])
def test_challenge_blob_that_lacks_something(blob: bytes) -> None:
    with pytest.raises(BadSecurityBlobError):
        securityblob.decodeChallengeSecurityBlob(blob)


def test_challenge_blob_of_another_mechanism() -> None:
    with pytest.raises(UnsupportedSecurityProvider):
        securityblob.decodeChallengeSecurityBlob(neg_token_resp(1, KERBEROS_OID, CHALLENGE))


@pytest.mark.parametrize('state', [0, 1, 2])
def test_auth_response_blob(state: int) -> None:
    assert securityblob.decodeAuthResponseSecurityBlob(neg_token_resp(state, mechanism=b'')) == state


@pytest.mark.parametrize('blob', [b'', neg_token_resp(None), neg_token_resp(4), neg_token_resp(0xFF)])
def test_auth_response_blob_without_a_known_state(blob: bytes) -> None:
    with pytest.raises(BadSecurityBlobError):
        securityblob.decodeAuthResponseSecurityBlob(blob)


def test_response_has_all_its_parts() -> None:
    response = securityblob.parse_response(neg_token_resp(3, NTLM_OID, b'token', b'mic'))
    assert (response.state, response.supported_mech) == (3, securityblob.NTLMSSP_OID)
    assert (response.response_token, response.mech_list_mic) == (b'token', b'mic')
    empty = securityblob.parse_response(neg_token_resp(None, b''))
    assert (empty.state, empty.supported_mech, empty.response_token, empty.mech_list_mic) == (None, None, b'', b'')


def test_errors_belong_to_the_library() -> None:
    assert issubclass(BadSecurityBlobError, ProtocolError)
    assert issubclass(UnsupportedSecurityProvider, BadSecurityBlobError)


def test_every_cut_is_an_error() -> None:
    init, response = neg_token_init2(KERBEROS_OID, NTLM_OID), neg_token_resp(1, NTLM_OID, CHALLENGE, b'mic')
    for blob, decode in [(init, securityblob.parse_mechanisms), (response, securityblob.parse_response)]:
        for length in range(1, len(blob)):
            with pytest.raises(BadSecurityBlobError):
                decode(blob[:length])  # type: ignore[operator]


@pytest.mark.parametrize('decode', DECODERS)
@pytest.mark.parametrize(
    'blob',
    [
        b'\x60',
        b'\xa1\x80' * 30000,  # nested without an end
        b'\x30\x80' * 30000,
        b'\xa1\x84\xff\xff\xff\xff',  # four gigabytes are announced
        b'\xa1\x88' + b'\xff' * 8,
        der(0xA1, der(0x30, der(0xA1, der(0x06, b'\xff' * 60000)))),  # a number of 420,000 bits
        der(0x60, SPNEGO_OID, der(0xA0, der(0x30, der(0xA0, der(0x30, der(0x06, b'\x2b' + b'\xff' * 60000)))))),
        der(0xA1, der(0x30, der(0xA0, der(0x0A, b'\x7f' * 60000)))),
        bytes(70000),
    ],
)
def test_hostile_blobs_are_refused(decode: Callable[[bytes], object], blob: bytes) -> None:
    with pytest.raises(BadSecurityBlobError):
        decode(blob)


def test_a_blob_longer_than_any_message_is_refused_unread() -> None:
    blob = neg_token_resp(0, token=b'x', trailer=bytes(0x10000))
    with pytest.raises(BadSecurityBlobError, match='too long'):
        securityblob.parse_response(blob)


@given(st.binary(max_size=100), st.integers(0, 200), st.integers(0, 255))
def test_garbage_is_an_error_or_a_token(garbage: bytes, position: int, value: int) -> None:
    damaged = []
    for blob in (neg_token_init2(KERBEROS_OID, NTLM_OID), neg_token_resp(1, NTLM_OID, CHALLENGE, b'mic')):
        changed = bytearray(blob)
        changed[position % len(blob)] = value
        damaged.append(bytes(changed))
    for data in (garbage, *damaged):
        for decode in DECODERS:
            try:
                decode(data)
            except BadSecurityBlobError:
                continue


def test_pyasn1_is_imported_at_first_use() -> None:
    code = 'import sys, smb.auth; assert not [m for m in sys.modules if m.split(".")[0] in ("pyasn1", "Cryptodome")]'
    subprocess.run([sys.executable, '-c', code], check=True)
