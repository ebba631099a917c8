"""SPNEGO: the tokens around NTLM's messages, [RFC4178] 4.2 and [MS-SPNG] 2.2.

pyasn1 is imported when the first token is made or read. On damaged input it raises nearly anything, so every exception
of it becomes a ``BadSecurityBlobError``. It is slow: the tokens that are the same at each connect are kept.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from smb.errors import ProtocolError

RESULT_ACCEPT_COMPLETED = 0
RESULT_ACCEPT_INCOMPLETE = 1
RESULT_REJECT = 2
RESULT_REQUEST_MIC = 3

SPNEGO_OID = (1, 3, 6, 1, 5, 5, 2)
NTLMSSP_OID = (1, 3, 6, 1, 4, 1, 311, 2, 2, 10)
MECHANISM_NAMES = {
    NTLMSSP_OID: 'NTLM',
    (1, 2, 840, 113554, 1, 2, 2): 'Kerberos',
    (1, 2, 840, 48018, 1, 2, 2): 'Kerberos (Microsoft)',
    (1, 3, 6, 1, 4, 1, 311, 2, 2, 30): 'NEGOEX',
}
RESPONSE_TAG = b'\xa1'  # of a NegTokenResp, [RFC4178] 4.2
MAX_BLOB_SIZE = 0xFFFF  # no SMB dialect can send a longer one

ObjectId = tuple[int, ...]


class BadSecurityBlobError(ProtocolError):
    """A security blob cannot be decoded, or does not belong where it stands."""


class UnsupportedSecurityProvider(BadSecurityBlobError):
    """A security blob speaks of another mechanism than NTLM."""


class NegTokenResp:
    """One answer of SPNEGO, [RFC4178] 4.2.2: absent are ``state`` and ``supported_mech`` None, the tokens empty."""

    def __init__(
        self, state: int | None, supported_mech: ObjectId | None, response_token: bytes, mech_list_mic: bytes
    ) -> None:
        self.state = state
        self.supported_mech = supported_mech
        self.response_token = response_token
        self.mech_list_mic = mech_list_mic


class _Schema:
    """The ASN.1 types, and pyasn1's coders for them."""

    decode: Any
    encode: Any
    mech_types: Any
    response: Any
    token: Any
    initial_context_token: Any

    def __init__(self) -> None:
        from pyasn1.codec.der import decoder, encoder
        from pyasn1.type import char, namedtype, tag, univ

        def tagged(number: int, asn1_type: Any) -> Any:
            return asn1_type.subtype(explicitTag=tag.Tag(tag.tagClassContext, tag.tagFormatSimple, number))

        def optional(name: str, number: int, asn1_type: Any) -> Any:
            return namedtype.OptionalNamedType(name, tagged(number, asn1_type))

        def sequence(*components: Any) -> Any:
            return univ.Sequence(componentType=namedtype.NamedTypes(*components))

        self.decode, self.encode = decoder.decode, encoder.encode
        self.mech_types = univ.SequenceOf(componentType=univ.ObjectIdentifier())
        # [MS-SPNG] 2.2.1 NegTokenInit2: negHints stand where [RFC4178] has mechListMIC, which no first token holds.
        hints = sequence(optional('hintName', 0, char.GeneralString()), optional('hintAddress', 1, univ.OctetString()))
        init = sequence(
            optional('mechTypes', 0, self.mech_types),
            optional('reqFlags', 1, univ.BitString()),
            optional('mechToken', 2, univ.OctetString()),
            optional('negHints', 3, hints),
            optional('mechListMIC', 4, univ.OctetString()),
        )
        response = sequence(
            optional('negState', 0, univ.Enumerated()),
            optional('supportedMech', 1, univ.ObjectIdentifier()),
            optional('responseToken', 2, univ.OctetString()),
            optional('mechListMIC', 3, univ.OctetString()),
        )
        self.response = tagged(1, response)
        self.token = univ.Choice(
            componentType=namedtype.NamedTypes(
                namedtype.NamedType('negTokenInit', tagged(0, init)),
                namedtype.NamedType('negTokenResp', self.response),
            )
        )
        # [RFC2743] 3.1 Mechanism-Independent Token Format
        plain: Any = univ.Sequence.tagSet
        self.initial_context_token = univ.Sequence(
            tagSet=plain.tagImplicitly(tag.Tag(tag.tagClassApplication, tag.tagFormatConstructed, 0)),
            componentType=namedtype.NamedTypes(
                namedtype.NamedType('thisMech', univ.ObjectIdentifier()),
                namedtype.NamedType('innerContextToken', self.token),
            ),
        )

    def read_mechanisms(self, data: bytes) -> tuple[ObjectId, ...]:
        """The mechanisms of a NegTokenInit2."""
        message = self.decode(data, asn1Spec=self.initial_context_token)[0]
        if message['thisMech'].asTuple() != SPNEGO_OID:
            raise UnsupportedSecurityProvider('The security blob is not one of SPNEGO')
        if message['innerContextToken'].getName() != 'negTokenInit':
            raise BadSecurityBlobError('The security blob holds no NegTokenInit')
        mech_types = message['innerContextToken']['negTokenInit']['mechTypes']
        return tuple(oid.asTuple() for oid in mech_types) if mech_types.isValue else ()

    def read_response(self, data: bytes) -> NegTokenResp:
        """A NegTokenResp."""
        if data and not data.startswith(RESPONSE_TAG):
            raise BadSecurityBlobError('The security blob holds no NegTokenResp')
        # Without the choice between the two tokens around it, which takes as long again.
        message = self.decode(data, asn1Spec=self.response)[0]
        fields = {name: value for name, value in message.items() if value.isValue}
        state = int(fields['negState']) if 'negState' in fields else None
        if state not in (None, RESULT_ACCEPT_COMPLETED, RESULT_ACCEPT_INCOMPLETE, RESULT_REJECT, RESULT_REQUEST_MIC):
            raise BadSecurityBlobError('The security blob has an unknown negState')
        mechanism = fields['supportedMech'].asTuple() if 'supportedMech' in fields else None
        token, mic = fields.get('responseToken', b''), fields.get('mechListMIC', b'')
        return NegTokenResp(state, mechanism, bytes(token), bytes(mic))


_schema: _Schema | None = None


def _asn1() -> _Schema:
    global _schema
    if _schema is None:
        _schema = _Schema()
    return _schema


def _guarded(read: Any, data: bytes) -> Any:
    """What ``read`` makes of ``data``; whatever pyasn1 raises is a BadSecurityBlobError."""
    if len(data) > MAX_BLOB_SIZE:
        raise BadSecurityBlobError(f'A security blob of {len(data)} bytes is too long')
    try:
        return read(bytes(data))
    except BadSecurityBlobError:
        raise
    except Exception as error:
        raise BadSecurityBlobError(f'The security blob cannot be decoded ({type(error).__name__})') from None


def mechanism_name(oid: ObjectId) -> str:
    """A mechanism for people: its name where we know it, and its number."""
    number = '.'.join(str(arc) if arc < 1 << 64 else '?' for arc in oid)
    return f'{MECHANISM_NAMES[oid]} {number}' if oid in MECHANISM_NAMES else number


def parse_mechanisms(data: bytes) -> tuple[ObjectId, ...]:
    """The mechanisms in the security blob of a NEGOTIATE answer, [MS-SPNG] 2.2.1; none for an empty blob."""
    return _mechanisms(bytes(data)) if data else ()


@lru_cache(maxsize=8)
def _mechanisms(data: bytes) -> tuple[ObjectId, ...]:
    mechanisms: tuple[ObjectId, ...] = _guarded(_asn1().read_mechanisms, data)
    return mechanisms


def parse_response(data: bytes) -> NegTokenResp:
    """The NegTokenResp of a SESSION_SETUP answer, [RFC4178] 4.2.2."""
    response: NegTokenResp = _guarded(_asn1().read_response, data)
    return response


@lru_cache(maxsize=1)
def encoded_mech_types() -> bytes:
    """The DER bytes of the mechanisms that we offer, over which mechListMIC is computed, [RFC4178] 5."""
    asn1 = _asn1()
    mech_types = asn1.mech_types.clone()
    mech_types.extend([NTLMSSP_OID])
    return bytes(asn1.encode(mech_types))


def build_response(response_token: bytes, mech_list_mic: bytes = b'') -> bytes:
    """A NegTokenResp with an NTLM message, and a mechListMIC unless that is empty."""
    asn1 = _asn1()
    message = asn1.token.clone()
    message['negTokenResp']['responseToken'] = response_token
    if mech_list_mic:
        message['negTokenResp']['mechListMIC'] = mech_list_mic
    return bytes(asn1.encode(message))


def generateNegotiateSecurityBlob(ntlm_data: bytes) -> bytes:
    """A NegTokenInit that offers NTLM alone, with its NEGOTIATE_MESSAGE."""
    return _init_token(bytes(ntlm_data))


@lru_cache(maxsize=1)
def _init_token(ntlm_data: bytes) -> bytes:
    asn1 = _asn1()
    message = asn1.initial_context_token.clone()
    message['thisMech'] = SPNEGO_OID
    init = message['innerContextToken']['negTokenInit']
    init['mechTypes'].extend([NTLMSSP_OID])
    init['mechToken'] = ntlm_data
    return bytes(asn1.encode(message))


def generateAuthSecurityBlob(ntlm_data: bytes) -> bytes:
    """A NegTokenResp with an NTLM AUTHENTICATE_MESSAGE."""
    return build_response(ntlm_data)


def decodeChallengeSecurityBlob(data: bytes) -> tuple[int, bytes]:
    """(result, NTLM message) of a NegTokenResp; BadSecurityBlobError where one of them is missing."""
    response = parse_response(data)
    if response.supported_mech not in (None, NTLMSSP_OID):
        raise UnsupportedSecurityProvider('The server chose another mechanism than NTLM')
    if response.state is None or not response.response_token:
        raise BadSecurityBlobError('The security blob has no challenge')
    return response.state, response.response_token


def decodeAuthResponseSecurityBlob(data: bytes) -> int:
    """The result in the last NegTokenResp: one of the RESULT_ constants."""
    state = parse_response(data).state
    if state is None:
        raise BadSecurityBlobError('The security blob has no negState')
    return state
