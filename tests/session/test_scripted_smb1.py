"""The scripted SMB1 server itself, by raw messages: what tests of the library rely on is tried without the library."""

from __future__ import annotations

import hashlib

import pytest

from smb import ntstatus
from smb.errors import NotConnectedError, SMBTimeout
from smb.messages import fscc
from smb.messages.fscc import FileFsFullSizeInformation
from smb.messages.smb1.header import SMBHeader
from smb.messages.smb1.paths import ComCreateDirectoryRequest, ComDeleteRequest, ComRenameRequest
from smb.messages.smb1.read_write import ComReadAndxRequest, ComWriteAndxRequest
from smb.messages.smb1.simple import (
    ComCloseRequest,
    ComEchoRequest,
    ComFindClose2Request,
    ComLogoffAndxRequest,
    ComNTCancelRequest,
)
from smb.messages.smb1.transaction import (
    ComNTTransactRequest,
    ComTransactionRequest,
)
from smb.messages.smb1.transaction2 import (
    Trans2FindFirst2Request,
    Trans2FindFirst2Response,
    Trans2FindNext2Request,
    Trans2QueryFileInformationRequest,
    Trans2QueryFsInformationRequest,
    Trans2QueryPathInformationRequest,
    Trans2SetFileInformationRequest,
    parse_entries,
)
from smb.messages.smb1.tree_connect import ComTreeDisconnectRequest
from smb.ntstatus import STATUS_SUCCESS
from smb.smb_constants import (
    CAP_INFOLEVEL_PASSTHRU,
    CAP_LARGE_READX,
    FILE_CREATE,
    SMB_COM_ECHO,
    SMB_COM_NT_CREATE_ANDX,
    SMB_COM_READ_ANDX,
    SMB_COM_TRANSACTION2,
    SMB_FIND_FILE_BOTH_DIRECTORY_INFO,
    SMB_FIND_FILE_ID_BOTH_DIRECTORY_INFO,
    SMB_FLAGS2_LONG_NAMES,
    SMB_FLAGS2_NT_STATUS,
    SMB_FLAGS2_SMB_SECURITY_SIGNATURE,
    SMB_FLAGS2_UNICODE,
    SMB_SETUP_GUEST,
)
from tests.auth import server as ntlm
from tests.session.raw_smb1 import FLAGS2, NOW, RawClient, ready
from tests.session.scripted_smb1 import (
    CAPABILITIES,
    ScriptedSMB1Server,
    reset,
    silence,
    smb2_error,
)

ENTRIES_LEVELS = (SMB_FIND_FILE_BOTH_DIRECTORY_INFO, SMB_FIND_FILE_ID_BOTH_DIRECTORY_INFO)


# Connections, and SMB2 on them


def offer_smb2(raw):
    raw.transport.send([b'\xfeSMB' + bytes(60)], NOW)
    return bytes(raw.transport.receive(NOW))


def test_smb2_offer_ends_the_connection_and_the_next_one_begins_anew():
    server = ScriptedSMB1Server()
    raw = RawClient(server)
    with pytest.raises(NotConnectedError, match='hung up'):
        offer_smb2(raw)
    assert raw.transport.sock is None
    raw.transport.connect('server', 445, None, NOW, 'ME', 'SERVER')
    assert raw.sign_on()[0] == STATUS_SUCCESS
    assert (server.connections, server.sign_ons, len(server.smb2_offers)) == (2, 1, 1)


def test_other_answers_to_an_smb2_offer():
    with pytest.raises(NotConnectedError) as caught:
        offer_smb2(RawClient(ScriptedSMB1Server(smb2_answer=reset)))
    assert isinstance(caught.value.__cause__, ConnectionResetError)
    with pytest.raises(SMBTimeout):
        offer_smb2(RawClient(ScriptedSMB1Server(smb2_answer=silence)))
    assert offer_smb2(RawClient(ScriptedSMB1Server(smb2_answer=lambda: b'garbage'))) == b'garbage'
    answer = offer_smb2(RawClient(ScriptedSMB1Server(smb2_answer=smb2_error(ntstatus.STATUS_NOT_SUPPORTED))))
    assert answer.startswith(b'\xfeSMB') and answer[8:12] == bytes.fromhex('bb0000c0')


# NEGOTIATE and signing on


def test_negotiate_says_what_the_server_was_made_with():
    answer = RawClient(ScriptedSMB1Server(max_mpx_count=7, max_buffer_size=4356, signing='mandatory')).negotiate()
    assert (answer.dialect_index, answer.max_mpx_count, answer.max_buffer_size) == (1, 7, 4356)
    assert answer.security_mode == 0x0F
    assert answer.security_blob.startswith(b'\x60')
    assert RawClient(ScriptedSMB1Server(signing='disabled')).negotiate().security_mode == 0x03
    assert RawClient(ScriptedSMB1Server(security_mode=0, signing='disabled')).negotiate().security_mode == 0
    assert RawClient(ScriptedSMB1Server(dialect_index=0xFFFF)).negotiate().dialect_index == 0xFFFF


@pytest.mark.parametrize('unicode', [True, False])
def test_negotiate_without_extended_security(unicode):
    server = ScriptedSMB1Server(extended_security=False, unicode=unicode, challenge=b'12345678')
    answer = RawClient(server).negotiate()
    assert (answer.challenge, answer.domain_name, answer.server_name) == (b'12345678', 'DOMAIN', 'SERVER')
    server = ScriptedSMB1Server()
    assert RawClient(server, extended=False).negotiate().challenge == ntlm.SERVER_CHALLENGE
    assert not server.extended


@pytest.mark.parametrize('version', [1, 2])
def test_bare_responses_are_checked(version):
    raw = RawClient(ScriptedSMB1Server(extended_security=False))
    status, answer = raw.sign_on(version=version)
    assert (status, answer.action, answer.security_blob) == (STATUS_SUCCESS, 0, b'')
    assert (answer.native_os, answer.primary_domain) == ('Unix', 'DOMAIN')
    for wrong in ('password', 'lm_password')[:version]:
        with pytest.raises(AssertionError):
            RawClient(ScriptedSMB1Server(extended_security=False)).sign_on(version=version, **{wrong: 'wrong'})


@pytest.mark.parametrize('extended', [True, False])
def test_guests_and_refused_users(extended):
    server = ScriptedSMB1Server(action=SMB_SETUP_GUEST, has_keys=False, signing='mandatory')
    raw = RawClient(server, extended=extended)
    assert raw.sign_on()[1].action == SMB_SETUP_GUEST
    assert server.mac_key is None
    assert raw.connect_tree()[0] == STATUS_SUCCESS
    server = ScriptedSMB1Server(refuses_user=ntstatus.STATUS_LOGON_FAILURE)
    raw = RawClient(server, extended=extended)
    assert raw.sign_on()[0] == ntstatus.STATUS_LOGON_FAILURE
    assert not server.sessions
    assert raw.connect_tree()[0] == ntstatus.STATUS_SMB_BAD_UID


def test_session_that_has_ended_and_shares_that_are_not_there():
    server = ScriptedSMB1Server()
    raw = ready(server)
    assert raw.connect_tree('none')[0] == ntstatus.STATUS_BAD_NETWORK_NAME
    assert raw.call(ComCloseRequest(fid=1), tid=9)[0] == ntstatus.STATUS_SMB_BAD_TID
    server.expire_session()
    assert raw.connect_tree()[0] == ntstatus.STATUS_NETWORK_SESSION_EXPIRED
    server.delete_session()
    assert raw.connect_tree()[0] == ntstatus.STATUS_SMB_BAD_UID
    raw = ready(server)
    assert raw.call(ComTreeDisconnectRequest())[0] == STATUS_SUCCESS
    assert not server.session.trees
    assert raw.call(ComLogoffAndxRequest())[0] == STATUS_SUCCESS
    assert raw.connect_tree()[0] == ntstatus.STATUS_SMB_BAD_UID


def test_dos_errors_and_oem_names():
    server = ScriptedSMB1Server(dos_errors=True, unicode=False, names=['häß'])
    raw = ready(server)
    raw.send(ComCloseRequest(fid=1))
    header, _ = raw.receive()
    assert header.status == 6 << 16 | 1 and not header.flags2 & (SMB_FLAGS2_NT_STATUS | SMB_FLAGS2_UNICODE)
    assert raw.open('\\tür', FILE_CREATE)[0] == STATUS_SUCCESS
    assert 'tür' in server.files
    status, answer = raw.transact2(Trans2FindFirst2Request(search_attributes=0x16, search_count=9, file_name='\\*'))
    assert status == STATUS_SUCCESS
    assert [entry.filename for entry in parse_entries(0x104, answer.data, 1, is_unicode=False)] == ['häß']


# Signing


@pytest.mark.parametrize('extended', [True, False])
@pytest.mark.parametrize('signing', ['enabled', 'mandatory'])
def test_signed_session_counts_each_request_and_answer(extended, signing):
    server = ScriptedSMB1Server(signing=signing)
    raw = RawClient(server, extended=extended, signs=True)
    raw.sign_on()
    last = server.requests[-1]
    assert (last.number, last.signed) == (0, False)
    assert [raw.connect_tree()[0] for _ in range(3)] == [STATUS_SUCCESS] * 3
    assert [request.number for request in server.requests[-3:]] == [2, 4, 6]
    assert all(request.signed for request in server.requests[-3:])


@pytest.mark.parametrize('extended', [True, False])
def test_last_answer_of_the_sign_on_is_signed_as_number_one(extended):
    frames = []
    server = ScriptedSMB1Server()
    raw = RawClient(server, extended=extended, signs=True)
    receive = raw.transport.receive
    raw.transport.receive = lambda deadline: frames.append(receive(deadline)) or frames[-1]
    raw.sign_on()
    last = bytes(frames[-1])
    assert last[14:22] == hashlib.md5(raw.key + last[:14] + b'\1' + bytes(7) + last[22:]).digest()[:8]
    assert all(bytes(frame[14:22]) == bytes(8) for frame in frames[:-1])


def test_cancel_takes_one_number_and_parts_share_theirs():
    server = ScriptedSMB1Server(part_size=30, holds={SMB_COM_ECHO})
    raw = ready(server, signs=True)
    first = raw.send(ComEchoRequest(data=b'one'))
    raw.send(ComNTCancelRequest(), mid=raw.mid)
    assert raw.number == first + 3
    assert [request.number for request in server.cancels] == [first + 2]
    status, answer = raw.transact2(Trans2FindFirst2Request(search_attributes=0x16, search_count=9, file_name='\\*'))
    assert status == STATUS_SUCCESS and len(parse_entries(0x104, answer.data, 4)) == 4
    server.let_go()
    assert raw.receive(first)[1].endswith(b'one')
    assert not server.outstanding


def test_wrong_signature_of_a_request_fails_the_test():
    for change in ({'key': b'another key'}, {'flags2': FLAGS2}):
        raw = ready(ScriptedSMB1Server(), signs=True)
        with pytest.raises(AssertionError, match='SMB_COM_ECHO'):
            raw.send(ComEchoRequest(), **change)
    raw = ready(ScriptedSMB1Server(), signs=True)
    raw.number += 2
    with pytest.raises(AssertionError, match='wrong signature'):
        raw.send(ComEchoRequest())


def test_server_that_must_sign_hangs_up_on_who_does_not():
    raw = RawClient(ScriptedSMB1Server(signing='mandatory'))
    assert raw.sign_on()[0] == STATUS_SUCCESS
    with pytest.raises(NotConnectedError):
        raw.connect_tree()


@pytest.mark.parametrize(('signing', 'signs'), [('disabled', True), ('enabled', False)])
def test_server_signs_only_where_both_can(signing, signs):
    server = ScriptedSMB1Server(signing=signing)
    raw = RawClient(server, signs=signs)
    raw.sign_on()
    raw.key = b''
    raw.send(ComEchoRequest())
    header, _ = raw.receive()
    assert header.security_features == bytes(8) and not header.flags2 & SMB_FLAGS2_SMB_SECURITY_SIGNATURE


def test_signatures_of_answers_can_be_bent():
    def spoil(answer):
        answer.spoil_signature = True

    def strip(answer):
        answer.signed = False

    def omit(answer):
        answer.signature = bytes(8)

    def replay(answer):
        answer.number -= 2

    server = ScriptedSMB1Server()
    raw = ready(server, signs=True)
    for change, has_flag in ((spoil, True), (strip, False), (omit, True), (replay, True)):
        server.bend(SMB_COM_ECHO, change)
        number = raw.send(ComEchoRequest())
        frame = bytes(raw.transport.receive(NOW))
        counted = (number + 1).to_bytes(8, 'little')
        assert frame[14:22] != hashlib.md5(raw.key + frame[:14] + counted + frame[22:]).digest()[:8]
        assert bool(SMBHeader.unpack(frame).flags2 & SMB_FLAGS2_SMB_SECURITY_SIGNATURE) is has_flag
    assert raw.call(ComEchoRequest())[0] == STATUS_SUCCESS


# What is outstanding


def test_no_more_requests_than_agreed_may_be_outstanding():
    server = ScriptedSMB1Server(max_mpx_count=3, holds={SMB_COM_ECHO})
    raw = ready(server)
    for _ in range(3):
        raw.send(ComEchoRequest())
    assert (server.held, len(server.outstanding)) == (3, 3)
    with pytest.raises(AssertionError):
        raw.send(ComEchoRequest())


def test_answer_counts_as_outstanding_until_the_client_has_it():
    server = ScriptedSMB1Server(max_mpx_count=1)
    raw = ready(server)
    raw.send(ComEchoRequest(), mid=5)
    with pytest.raises(AssertionError):
        raw.send(ComEchoRequest(), mid=6)
    server = ScriptedSMB1Server(max_mpx_count=1)
    raw = ready(server)
    for mid in (5, 5, 6):
        raw.send(ComEchoRequest(), mid=mid)
        assert raw.receive()[0].mid == mid


@pytest.mark.parametrize('mid', [5, 0xFFFF])
def test_message_ids_that_are_in_use_or_reserved_fail_the_test(mid):
    raw = ready(ScriptedSMB1Server())
    raw.send(ComEchoRequest(), mid=5)
    with pytest.raises(AssertionError):
        raw.send(ComEchoRequest(), mid=mid)


@pytest.mark.parametrize(
    'changes',
    [
        {'flags2': FLAGS2 & ~SMB_FLAGS2_UNICODE},
        {'flags2': FLAGS2 & ~SMB_FLAGS2_NT_STATUS},
        {'flags2': FLAGS2 & ~SMB_FLAGS2_LONG_NAMES},
        {'flags': 0x80},
        {'status': 1},
    ],
)
def test_headers_that_are_not_as_they_must_be_fail_the_test(changes):
    raw = ready(ScriptedSMB1Server())
    with pytest.raises(AssertionError):
        raw.send(ComEchoRequest(), **changes)


def test_cancel_must_name_what_is_outstanding():
    server = ScriptedSMB1Server(holds={SMB_COM_ECHO})
    raw = ready(server)
    raw.send(ComEchoRequest())
    for changes in ({'pid_low': 78}, {'uid': 0}, {'tid': 0}):
        with pytest.raises(AssertionError):
            raw.send(ComNTCancelRequest(), mid=raw.mid, **changes)
    with pytest.raises(KeyError):
        raw.send(ComNTCancelRequest())


def test_messages_longer_than_the_buffers_fail_the_test():
    server = ScriptedSMB1Server(max_buffer_size=1000)
    raw = ready(server)
    with pytest.raises(AssertionError):
        raw.send(ComEchoRequest(data=bytes(1000)))
    for kind, large in ((ComWriteAndxRequest, bytes(20000)), (ComReadAndxRequest, 20000)):
        server = ScriptedSMB1Server()
        raw = ready(server)
        _, opened = raw.open('\\large')
        assert raw.call(kind.at(opened.fid, 0, large))[0] == STATUS_SUCCESS
        raw = ready(server, signs=True)  # [MS-SMB] 2.2.4.5.2.1: the server's buffer is the limit even so
        _, opened = raw.open('\\large')
        with pytest.raises(AssertionError):
            raw.send(kind.at(opened.fid, 0, large))
    raw = ready(ScriptedSMB1Server(capabilities=CAPABILITIES & ~CAP_LARGE_READX))
    _, opened = raw.open('\\large')
    with pytest.raises(AssertionError):
        raw.send(ComReadAndxRequest.at(opened.fid, 0, 0xFFFF))


# Files


def test_files_are_opened_read_written_and_closed():
    server = ScriptedSMB1Server()
    raw = ready(server)
    status, opened = raw.open('\\large')
    assert (status, opened.end_of_file, opened.directory, server.open_handles) == (STATUS_SUCCESS, 1 << 20, 0, 1)
    _, answer = raw.call(ComReadAndxRequest.at(opened.fid, 1, 70000))
    assert bytes(answer.data) == server.files['large'][1:70001]
    _, answer = raw.call(ComReadAndxRequest.at(opened.fid, 1 << 20, 10))
    assert bytes(answer.data) == b''
    data = bytes(100000)
    assert raw.call(ComWriteAndxRequest.at(opened.fid, 5, data))[1].written == 100000
    assert server.files['large'][:100006] == bytes(range(5)) + data + bytes([0xA5])
    assert raw.call(ComCloseRequest(fid=opened.fid))[0] == STATUS_SUCCESS
    assert raw.call(ComCloseRequest(fid=opened.fid))[0] == ntstatus.STATUS_INVALID_HANDLE
    assert raw.call(ComReadAndxRequest.at(opened.fid, 0, 1))[0] == ntstatus.STATUS_INVALID_HANDLE


def test_what_is_not_there_is_not_opened_and_what_is_there_not_made():
    raw = ready(ScriptedSMB1Server())
    assert raw.open('\\none')[0] == ntstatus.STATUS_OBJECT_NAME_NOT_FOUND
    assert raw.open('\\file', FILE_CREATE)[0] == ntstatus.STATUS_OBJECT_NAME_COLLISION


def test_files_are_renamed_and_deleted():
    server = ScriptedSMB1Server()
    raw = ready(server)
    assert raw.call(ComCreateDirectoryRequest(directory_name='\\folder'))[0] == STATUS_SUCCESS
    assert raw.call(ComRenameRequest(old_file_name='\\file', new_file_name='\\new'))[0] == STATUS_SUCCESS
    assert set(server.files) == {'new', 'large'}
    status, _ = raw.call(ComRenameRequest(old_file_name='\\new', new_file_name='\\large'))
    assert status == ntstatus.STATUS_OBJECT_NAME_COLLISION
    assert raw.call(ComDeleteRequest(file_name='\\new'))[0] == STATUS_SUCCESS
    assert raw.call(ComDeleteRequest(file_name='\\new'))[0] == ntstatus.STATUS_OBJECT_NAME_NOT_FOUND
    assert raw.call(ComDeleteRequest(file_name='\\folder'))[0] == ntstatus.STATUS_FILE_IS_A_DIRECTORY


@pytest.mark.parametrize('passes_through', [0, 1000])
def test_information_is_set_and_asked_for(passes_through):
    server = ScriptedSMB1Server()
    raw = ready(server)
    _, opened = raw.open('\\file')

    def change(level, information):
        level = passes_through + information.INFORMATION_CLASS if passes_through else level
        parameters = Trans2SetFileInformationRequest(fid=opened.fid, information_level=level)
        assert raw.transact2(parameters, information.pack())[0] == STATUS_SUCCESS

    change(0x101, fscc.FileBasicInformation(last_write_time=77, file_attributes=0x21))
    change(0x104, fscc.FileEndOfFileInformation(end_of_file=3))
    assert server.files['file'] == b'con'
    level = 1018 if passes_through else 0x107
    for question in (
        Trans2QueryFileInformationRequest(fid=opened.fid, information_level=level),
        Trans2QueryPathInformationRequest(file_name='\\file', information_level=level),
    ):
        _, answer = raw.transact2(question)
        assert (answer.data[16:24], answer.data[32:36], answer.data[48:56]) == (
            (77).to_bytes(8, 'little'), b'\x21\0\0\0', b'\3\0\0\0\0\0\0\0',
        )  # fmt: skip
    change(0x102, fscc.FileDispositionInformation(delete_pending=1))
    raw.call(ComCloseRequest(fid=opened.fid))
    assert 'file' not in server.files


def test_levels_that_the_server_has_not_are_refused():
    question = Trans2QueryPathInformationRequest(file_name='\\file', information_level=1018)
    without = ScriptedSMB1Server().capabilities & ~CAP_INFOLEVEL_PASSTHRU
    for server in (ScriptedSMB1Server(capabilities=without), ScriptedSMB1Server(refused_levels={1018})):
        assert ready(server).transact2(question)[0] == ntstatus.STATUS_INVALID_LEVEL
    raw = ready(ScriptedSMB1Server(refused_levels={0x106}))
    for level, expected in ((0x106, ntstatus.STATUS_INVALID_LEVEL), (0x104, STATUS_SUCCESS)):
        first = Trans2FindFirst2Request(
            search_attributes=0x16, search_count=9, information_level=level, file_name='\\*'
        )
        assert raw.transact2(first)[0] == expected


def test_room_in_the_file_system():
    _, answer = ready(ScriptedSMB1Server()).transact2(Trans2QueryFsInformationRequest(information_level=1007))
    found = FileFsFullSizeInformation.unpack(answer.data)
    assert (found.caller_available_allocation_units, found.bytes_per_sector) == (500, 512)
    _, answer = ready(ScriptedSMB1Server()).transact2(Trans2QueryFsInformationRequest(information_level=0x103))
    assert len(answer.data) == 24


# Listings


@pytest.mark.parametrize('level', ENTRIES_LEVELS)
@pytest.mark.parametrize('batch', [1, 3, 100])
def test_listing_goes_on_from_the_last_name(level, batch):
    names = ['.', '..', *(f'name {number}' for number in range(7))]
    server = ScriptedSMB1Server(names=names, batch=batch)
    raw = ready(server)
    first = Trans2FindFirst2Request(search_attributes=0x16, search_count=100, information_level=level, file_name='\\*')
    _, answer = raw.transact2(first, longest=10000)
    sid, count, ended = (answer.parameters[at] | answer.parameters[at + 1] << 8 for at in (0, 2, 4))
    found = parse_entries(level, answer.data, count)
    while not ended:
        assert server.open_searches == 1
        following = Trans2FindNext2Request(
            sid=sid, search_count=100, information_level=level, resume_key=len(found), file_name=found[-1].filename
        )
        _, answer = raw.transact2(following, longest=10000)
        count, ended = answer.parameters[0], answer.parameters[2]
        found += parse_entries(level, answer.data, count)
    assert [entry.filename for entry in found] == names
    assert [entry.isDirectory for entry in found[:3]] == [True, True, False]
    if level == SMB_FIND_FILE_ID_BOTH_DIRECTORY_INFO:
        assert [entry.file_id for entry in found] == list(range(1, 10))
    assert server.open_searches == 0


@pytest.mark.parametrize(('name', 'key'), [('.', 2), ('..', 1), ('', 2)])
def test_listing_that_goes_on_elsewhere_fails_the_test(name, key):
    raw = ready(ScriptedSMB1Server(batch=2))
    _, answer = raw.transact2(Trans2FindFirst2Request(search_attributes=0x16, search_count=9, file_name='\\*'))
    sid = Trans2FindFirst2Response.unpack(answer.parameters).sid
    with pytest.raises(AssertionError):
        raw.transact2(Trans2FindNext2Request(sid=sid, search_count=9, resume_key=key, file_name=name))


def test_listing_is_given_up():
    server = ScriptedSMB1Server(batch=2)
    raw = ready(server)
    _, answer = raw.transact2(Trans2FindFirst2Request(search_attributes=0x16, search_count=9, file_name='\\*'))
    sid = Trans2FindFirst2Response.unpack(answer.parameters).sid
    assert raw.call(ComFindClose2Request(search_handle=sid))[0] == STATUS_SUCCESS
    assert server.open_searches == 0
    status, _ = raw.transact2(Trans2FindNext2Request(sid=sid, search_count=9, resume_key=2, file_name='..'))
    assert status == ntstatus.STATUS_INVALID_HANDLE


@pytest.mark.parametrize(
    ('pattern', 'expected'),
    [
        ('\\l*', STATUS_SUCCESS),
        ('\\x*', ntstatus.STATUS_NO_SUCH_FILE),
        ('\\none\\*', ntstatus.STATUS_OBJECT_PATH_NOT_FOUND),
    ],
)
def test_patterns(pattern, expected):
    raw = ready(ScriptedSMB1Server())
    status, answer = raw.transact2(Trans2FindFirst2Request(search_attributes=0x16, search_count=9, file_name=pattern))
    assert status == expected
    if status == STATUS_SUCCESS:
        assert [entry.filename for entry in parse_entries(0x104, answer.data, 1)] == ['large']


# Transactions


def test_pipe_answers_and_what_does_not_fit_is_read():
    raw = ready(ScriptedSMB1Server(), share='ipc$')
    _, opened = raw.open('\\srvsvc')
    assert opened.resource_type == 2
    status, answer = raw.call(ComTransactionRequest.transact_pipe(opened.fid, b'question', 4))
    assert (status, answer.data) == (ntstatus.STATUS_BUFFER_OVERFLOW, b'pipe')
    status, answer = raw.call(ComReadAndxRequest.at(opened.fid, 0, 3))
    assert (status, bytes(answer.data)) == (ntstatus.STATUS_BUFFER_OVERFLOW, b' an')
    status, answer = raw.call(ComReadAndxRequest.at(opened.fid, 0, 100))
    assert (status, bytes(answer.data)) == (STATUS_SUCCESS, b'swer')


def test_security_descriptor_says_how_much_room_it_needs():
    raw = ready(ScriptedSMB1Server())
    _, opened = raw.open('\\file')
    status, answer = raw.call(ComNTTransactRequest.query_security(opened.fid, 7, 5))
    assert (status, answer.parameters, answer.data) == (ntstatus.STATUS_BUFFER_TOO_SMALL, b'\x13\0\0\0', b'')
    status, answer = raw.call(ComNTTransactRequest.query_security(opened.fid, 7, 19))
    assert (status, answer.data) == (STATUS_SUCCESS, b'security descriptor')
    status, answer = raw.call(ComNTTransactRequest.ioctl(opened.fid, 0x900A8, 100))
    assert (status, answer.data) == (STATUS_SUCCESS, b'pipe answer')


@pytest.mark.parametrize('size', [1, 3, 10, 12, 100])
@pytest.mark.parametrize('arrange', [lambda parts: parts, lambda parts: parts[::-1]])
def test_answer_is_cut_into_parts_that_come_in_any_order(size, arrange):
    server = ScriptedSMB1Server(part_size=size, arrange=arrange)
    raw = ready(server, signs=True)
    _, answer = raw.transact2(Trans2FindFirst2Request(search_attributes=0x16, search_count=9, file_name='\\*'))
    assert len(parse_entries(0x104, answer.data, 4)) == 4
    assert not server.outstanding
    assert raw.call(ComEchoRequest())[0] == STATUS_SUCCESS


def test_answer_is_cut_where_the_client_takes_no_more():
    server = ScriptedSMB1Server(names=[f'{number:0200}' for number in range(50)])
    raw = RawClient(server)
    raw.sign_on(buffer_size=2000)
    raw.connect_tree()
    lengths = []
    receive = raw.transport.receive
    raw.transport.receive = lambda deadline: lengths.append(len(frame := receive(deadline))) or frame
    _, answer = raw.transact2(
        Trans2FindFirst2Request(search_attributes=0x16, search_count=99, file_name='\\*'), longest=40000
    )
    assert len(parse_entries(0x104, answer.data, 50)) == 50
    assert len(lengths) > 10 and max(lengths) <= 2000


# What a test does with it


def test_answers_are_bent_held_refused_and_tampered_with():
    server = ScriptedSMB1Server()
    raw = ready(server)
    server.bend(SMB_COM_ECHO, lambda answer: answer.make_error(ntstatus.STATUS_ACCESS_DENIED))
    assert raw.call(ComEchoRequest())[0] == ntstatus.STATUS_ACCESS_DENIED
    server.bend(SMB_COM_ECHO, lambda answer: [answer, answer])
    raw.send(ComEchoRequest())
    assert raw.receive()[0].mid == raw.receive()[0].mid == raw.mid
    server.tampering[SMB_COM_ECHO] = lambda frame: frame[:-1] + b'?'
    raw.send(ComEchoRequest(data=b'data'))
    assert raw.receive()[1].endswith(b'dat?')
    server.refuse = lambda request: ntstatus.STATUS_DISK_FULL if request.command == SMB_COM_NT_CREATE_ANDX else None
    assert raw.open('\\file')[0] == ntstatus.STATUS_DISK_FULL
    server.holds = {SMB_COM_READ_ANDX, SMB_COM_ECHO}
    mids = []
    for _ in range(3):
        raw.send(ComEchoRequest())
        mids.append(raw.mid)
    server.let_go([2, 0, 1])
    assert [raw.receive()[0].mid for _ in range(3)] == [mids[2], mids[0], mids[1]]
    assert server.commands(since=2)[:2] == ['SESSION_SETUP_ANDX', 'TREE_CONNECT_ANDX']
    assert len(server.of(SMB_COM_ECHO)) == 6 and not server.of(SMB_COM_TRANSACTION2)
