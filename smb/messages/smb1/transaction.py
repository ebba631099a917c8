"""SMB_COM_TRANSACTION, TRANSACTION2 and NT_TRANSACT, [MS-CIFS] 2.2.4.33, 2.2.4.46 and 2.2.4.62.

A transaction carries setup words, a block of parameters and a block of data. A request is sent in one message. An
answer may come in several, in any order; ``Reassembly`` makes one of them.
"""

from __future__ import annotations

import sys
from bisect import bisect
from typing import TYPE_CHECKING, ClassVar

from smb.errors import ProtocolError
from smb.messages.smb1.payload import SMB1Request, SMB1Response, SMB1Structure, String
from smb.ntstatus import STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL
from smb.smb_constants import (
    NT_TRANSACT_IOCTL,
    NT_TRANSACT_QUERY_SECURITY_DESC,
    NT_TRANSACT_SET_SECURITY_DESC,
    SMB_COM_NT_TRANSACT,
    SMB_COM_TRANSACTION,
    SMB_COM_TRANSACTION2,
    TRANS_TRANSACT_NMPIPE,
)
from smb.wire import structure as wire

if TYPE_CHECKING:
    if sys.version_info >= (3, 11):
        from typing import Self
    else:
        from typing_extensions import Self

LONGEST_BLOCK = 16 * 1024 * 1024

_IS_FCTL = 0x0001


class TransactionResponse(SMB1Response):
    """What the three kinds of answer have: how much there is in all, and which part of it this is."""

    setup: tuple[int, ...]
    total_parameter_count: int
    total_data_count: int
    parameter_displacement: int
    data_displacement: int
    parameters: wire.Buffer
    data: wire.Buffer

    def fill_in(self) -> None:
        self.total_parameter_count = max(self.total_parameter_count, self.parameter_displacement + len(self.parameters))
        self.total_data_count = max(self.total_data_count, self.data_displacement + len(self.data))


class TransactionRequest(SMB1Request):
    """What the three kinds of request have."""

    parameter_count: int
    data_count: int
    total_parameter_count: int
    total_data_count: int
    max_parameter_count: int  # bytes that may come back
    max_data_count: int

    def fill_in(self) -> None:
        self.total_parameter_count, self.total_data_count = self.parameter_count, self.data_count


@wire.structure
class ComTransactionResponse(TransactionResponse):
    """SMB_COM_TRANSACTION Response, [MS-CIFS] 2.2.4.33.2."""

    COMMAND = SMB_COM_TRANSACTION

    total_parameter_count: int = wire.u16(default=0)
    total_data_count: int = wire.u16(default=0)
    reserved1: int = wire.u16(default=0)
    parameter_count: int = wire.u16(default=0)
    parameter_offset: int = wire.u16(default=0)
    parameter_displacement: int = wire.u16(default=0)
    data_count: int = wire.u16(default=0)
    data_offset: int = wire.u16(default=0)
    data_displacement: int = wire.u16(default=0)
    setup_count: int = wire.u8(default=0)
    reserved2: int = wire.u8(default=0)
    setup: tuple[int, ...] = wire.array('H', 'setup_count', default=())
    parameters: wire.Buffer = wire.view(
        'parameter_offset', 'parameter_count', default=b'', align=4, offset_when_empty=True
    )
    data: wire.Buffer = wire.view('data_offset', 'data_count', default=b'', align=4, offset_when_empty=True)


@wire.structure
class ComTransaction2Response(ComTransactionResponse):
    """SMB_COM_TRANSACTION2 Response, [MS-CIFS] 2.2.4.46.2."""

    COMMAND = SMB_COM_TRANSACTION2


@wire.structure
class _NamedTransactionRequest(TransactionRequest):
    """The form that TRANSACTION and TRANSACTION2 have in common."""

    DATA_STATUSES = (STATUS_BUFFER_OVERFLOW,)

    total_parameter_count: int = wire.u16(default=0)
    total_data_count: int = wire.u16(default=0)
    max_parameter_count: int = wire.u16(default=0)
    max_data_count: int = wire.u16(default=0)
    max_setup_count: int = wire.u8(default=0)
    reserved1: int = wire.u8(default=0)
    flags: int = wire.u16(default=0)
    timeout: int = wire.u32(default=0)  # milliseconds; 0: the server's own
    reserved2: int = wire.u16(default=0)
    parameter_count: int = wire.u16(default=0)
    parameter_offset: int = wire.u16(default=0)
    data_count: int = wire.u16(default=0)
    data_offset: int = wire.u16(default=0)
    setup_count: int = wire.u8(default=0)
    reserved3: int = wire.u8(default=0)
    setup: tuple[int, ...] = wire.array('H', 'setup_count')
    name: str = wire.encoded(String(), default='')
    parameters: SMB1Structure | wire.Buffer = wire.buffer(
        'parameter_offset', 'parameter_count', default=b'', align=4, offset_when_empty=True
    )
    data: wire.Buffer = wire.buffer('data_offset', 'data_count', default=b'', align=4, offset_when_empty=True)


@wire.structure
class ComTransactionRequest(_NamedTransactionRequest):
    """SMB_COM_TRANSACTION Request, [MS-CIFS] 2.2.4.33.1."""

    COMMAND = SMB_COM_TRANSACTION
    RESPONSE = ComTransactionResponse

    @classmethod
    def transact_pipe(cls, fid: int, data: wire.Buffer, max_data_count: int) -> Self:
        """TRANS_TRANSACT_NMPIPE, [MS-CIFS] 2.2.5.6.1: write a message to a pipe and read one."""
        return cls(setup=(TRANS_TRANSACT_NMPIPE, fid), name='\\PIPE\\', data=data, max_data_count=max_data_count)


class Transaction2Parameters(SMB1Structure):
    """The parameters of one subcommand of TRANSACTION2, [MS-CIFS] 2.2.6."""

    SUBCOMMAND: ClassVar[int]
    MAX_PARAMETER_COUNT: ClassVar[int]  # bytes of the answer's parameters


@wire.structure
class ComTransaction2Request(_NamedTransactionRequest):
    """SMB_COM_TRANSACTION2 Request, [MS-CIFS] 2.2.4.46.1; ``name`` is not used, but there."""

    COMMAND = SMB_COM_TRANSACTION2
    RESPONSE = ComTransaction2Response

    @classmethod
    def of(cls, parameters: Transaction2Parameters, *, data: wire.Buffer = b'', max_data_count: int = 0) -> Self:
        """The request for a subcommand; its names are in Unicode or not as the message is."""
        return cls(
            setup=(parameters.SUBCOMMAND,),
            parameters=parameters,
            data=data,
            max_parameter_count=parameters.MAX_PARAMETER_COUNT,
            max_data_count=max_data_count,
        )


@wire.structure
class ComNTTransactResponse(TransactionResponse):
    """SMB_COM_NT_TRANSACT Response, [MS-CIFS] 2.2.4.62.2."""

    COMMAND = SMB_COM_NT_TRANSACT

    reserved1: bytes = wire.raw(3, default=bytes(3))
    total_parameter_count: int = wire.u32(default=0)
    total_data_count: int = wire.u32(default=0)
    parameter_count: int = wire.u32(default=0)
    parameter_offset: int = wire.u32(default=0)
    parameter_displacement: int = wire.u32(default=0)
    data_count: int = wire.u32(default=0)
    data_offset: int = wire.u32(default=0)
    data_displacement: int = wire.u32(default=0)
    setup_count: int = wire.u8(default=0)
    setup: tuple[int, ...] = wire.array('H', 'setup_count', default=())
    parameters: wire.Buffer = wire.view(
        'parameter_offset', 'parameter_count', default=b'', align=4, offset_when_empty=True
    )
    data: wire.Buffer = wire.view('data_offset', 'data_count', default=b'', align=4, offset_when_empty=True)


@wire.structure
class NTTransactQuerySecurityDescRequest(wire.Structure):
    """NT_Trans_Parameters of NT_TRANSACT_QUERY_SECURITY_DESC, [MS-CIFS] 2.2.7.6.1."""

    fid: int = wire.u16()
    reserved: int = wire.u16(default=0)
    security_info_fields: int = wire.u32()  # OWNER_SECURITY_INFORMATION and its kin


@wire.structure
class NTTransactQuerySecurityDescResponse(wire.Structure):
    """NT_Trans_Parameters of its answer, [MS-CIFS] 2.2.7.6.2."""

    length_needed: int = wire.u32()  # bytes; comes with STATUS_BUFFER_TOO_SMALL as well


@wire.structure
class NTTransactSetSecurityDescRequest(wire.Structure):
    """NT_Trans_Parameters of NT_TRANSACT_SET_SECURITY_DESC, [MS-CIFS] 2.2.7.3.1; the data are the descriptor."""

    fid: int = wire.u16()
    reserved: int = wire.u16(default=0)
    security_information: int = wire.u32()  # OWNER_SECURITY_INFORMATION and its kin


@wire.structure
class ComNTTransactRequest(TransactionRequest):
    """SMB_COM_NT_TRANSACT Request, [MS-CIFS] 2.2.4.62.1."""

    COMMAND = SMB_COM_NT_TRANSACT
    RESPONSE = ComNTTransactResponse
    DATA_STATUSES = (STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL)

    max_setup_count: int = wire.u8(default=0)
    reserved1: int = wire.u16(default=0)
    total_parameter_count: int = wire.u32(default=0)
    total_data_count: int = wire.u32(default=0)
    max_parameter_count: int = wire.u32(default=0)
    max_data_count: int = wire.u32(default=0)
    parameter_count: int = wire.u32(default=0)
    parameter_offset: int = wire.u32(default=0)
    data_count: int = wire.u32(default=0)
    data_offset: int = wire.u32(default=0)
    setup_count: int = wire.u8(default=0)
    function: int = wire.u16()
    setup: tuple[int, ...] = wire.array('H', 'setup_count', default=())
    parameters: wire.Buffer = wire.buffer(
        'parameter_offset', 'parameter_count', default=b'', align=4, offset_when_empty=True
    )
    data: wire.Buffer = wire.buffer('data_offset', 'data_count', default=b'', align=4, offset_when_empty=True)

    @classmethod
    def query_security(cls, fid: int, parts: int, max_data_count: int) -> Self:
        """NT_TRANSACT_QUERY_SECURITY_DESC, [MS-CIFS] 2.2.7.6: parts of a security descriptor."""
        parameters = NTTransactQuerySecurityDescRequest(fid=fid, security_info_fields=parts).pack()
        return cls(
            function=NT_TRANSACT_QUERY_SECURITY_DESC,
            parameters=parameters,
            max_parameter_count=NTTransactQuerySecurityDescResponse.fixed_size(),
            max_data_count=max_data_count,
        )

    @classmethod
    def set_security(cls, fid: int, parts: int, descriptor: wire.Buffer) -> Self:
        """NT_TRANSACT_SET_SECURITY_DESC, [MS-CIFS] 2.2.7.3: set parts of a security descriptor."""
        parameters = NTTransactSetSecurityDescRequest(fid=fid, security_information=parts).pack()
        return cls(function=NT_TRANSACT_SET_SECURITY_DESC, parameters=parameters, data=descriptor)

    @classmethod
    def ioctl(cls, fid: int, function_code: int, max_data_count: int, data: wire.Buffer = b'') -> Self:
        """NT_TRANSACT_IOCTL, [MS-CIFS] 2.2.7.2: what the file system answers to an FSCTL."""
        return cls(
            function=NT_TRANSACT_IOCTL,
            setup=(function_code & 0xFFFF, function_code >> 16, fid, _IS_FCTL),
            data=data,
            max_setup_count=1,
            max_data_count=max_data_count,
        )


class _Block:
    """One of the two blocks of an answer, as far as it has come."""

    def __init__(self, what: str, longest: int) -> None:
        self.what = what
        self.total = min(longest, LONGEST_BLOCK)  # what the server said last; before that, what was asked for
        self.received = 0
        self.begins: list[int] = []
        self.parts: list[wire.Buffer] = []

    def add(self, total: int, begin: int, part: wire.Buffer) -> bool:
        """Take in a part; whether there is anything new in it."""
        # 2.2.4.46.2: the totals of a later message may be lower, and the last ones hold.
        if total > self.total:
            raise ProtocolError(f'The server announces {total} bytes of {self.what}, where {self.total} are the most')
        is_lower, self.total = total < self.total, total
        end = begin + len(part)
        if part:
            index = bisect(self.begins, begin)
            begins_inside = index and begin < self.begins[index - 1] + len(self.parts[index - 1])
            if begins_inside or (index < len(self.begins) and end > self.begins[index]):
                raise ProtocolError(f'The server sends bytes of the {self.what} twice: {begin} to {end}')
            self.begins.insert(index, begin)
            self.parts.insert(index, part)
            self.received += len(part)
        if self.parts and self.begins[-1] + len(self.parts[-1]) > total:
            raise ProtocolError(f'The server sends more than the {total} bytes of {self.what} that it announces')
        return is_lower or bool(part)

    @property
    def is_complete(self) -> bool:
        return self.received == self.total

    def joined(self) -> wire.Buffer:
        return self.parts[0] if len(self.parts) == 1 else b''.join(self.parts)


class Reassembly:
    """The answer to a transaction, put together from its messages, [MS-CIFS] 2.2.4.33.2.

    ``add`` each of them; when that is True, ``setup``, ``parameters`` and ``data`` are there. Where one message was the
    whole answer they are slices of it. ProtocolError where a server sends more than it was asked for, the same bytes
    twice, or a message that brings nothing.
    """

    def __init__(self, request: TransactionRequest) -> None:
        self._parameters = _Block('parameters', request.max_parameter_count)
        self._data = _Block('data', request.max_data_count)
        self.setup: tuple[int, ...] = ()
        self.parameters: wire.Buffer = b''
        self.data: wire.Buffer = b''

    def add(self, answer: TransactionResponse) -> bool:
        """Take in one message; whether it was the last."""
        parameters, data = answer.parameters, answer.data
        self.setup = self.setup or answer.setup
        if len(parameters) < answer.total_parameter_count or len(data) < answer.total_data_count:
            # The next message is received into the same memory.
            parameters, data = bytes(parameters), bytes(data)
        has_new = self._parameters.add(answer.total_parameter_count, answer.parameter_displacement, parameters)
        has_new = self._data.add(answer.total_data_count, answer.data_displacement, data) or has_new
        if self._parameters.is_complete and self._data.is_complete:
            self.parameters, self.data = self._parameters.joined(), self._data.joined()
            return True
        if not has_new:
            raise ProtocolError('The server sends a part of a transaction that brings nothing')
        return False
