"""What a server does with its own files: copies by FSCTL_SRV_COPYCHUNK, [MS-SMB2] 3.3.5.15.6, and facts of a volume."""

from __future__ import annotations

import pytest

from smb import ntstatus, smb2_constants
from smb.base import DiskSpace
from smb.errors import OperationFailure, ProtocolError
from smb.messages.fscc import FileFsFullSizeInformation, FileFsSizeInformation
from smb.messages.smb2.copychunk import SRVCopyChunkCopy, SRVCopyChunkResponse, SRVRequestResumeKeyResponse
from smb.messages.smb2.info import SMB2QueryInfoResponse
from smb.messages.smb2.ioctl import SMB2IoctlResponse
from smb.messages.smb2.simple import SMB2ErrorResponse
from smb.ntstatus import STATUS_INVALID_PARAMETER, STATUS_SUCCESS
from smb.smb2_constants import FSCTL_SRV_COPYCHUNK_WRITE, FSCTL_SRV_REQUEST_RESUME_KEY, SMB2_INFO_FILESYSTEM
from smb.smb_constants import CAP_INFOLEVEL_PASSTHRU, SMB_INFO_PASSTHROUGH
from tests.session import scripted_smb1
from tests.session.scripted import ScriptedServer, connected, is_usable
from tests.session.scripted_smb1 import ScriptedSMB1Server

SIZES = {'total_allocation_units': 1000, 'sectors_per_allocation_unit': 8, 'bytes_per_sector': 512}
CONTENT = bytes(range(256)) * 4096


class CopyingServer(ScriptedServer):
    """It copies, as far as ``limits`` let it: chunks, bytes of one, bytes in all."""

    def __init__(self, **options):
        self.limits = (16, 1 << 20, 16 << 20)
        self.copy_status = None
        self.without_answer = False
        self.copied = []  # for each request the chunks, as (offset, length)
        self.classes = (FileFsFullSizeInformation, FileFsSizeInformation)
        super().__init__(**options)
        self.files['large'] = CONTENT

    def _do_ioctl(self, request, session):
        payload = request.payload
        if payload.ctl_code == FSCTL_SRV_REQUEST_RESUME_KEY:
            key = payload.file_id + bytes(8)
            return STATUS_SUCCESS, self._answer(payload, SRVRequestResumeKeyResponse(resume_key=key).pack() + bytes(4))
        if payload.ctl_code != FSCTL_SRV_COPYCHUNK_WRITE:
            return super()._do_ioctl(request, session)
        if self.copy_status is not None:
            return self.copy_status, SMB2ErrorResponse()
        copy = SRVCopyChunkCopy.unpack(payload.input)
        chunks = [(chunk.source_offset, chunk.length) for chunk in copy.chunks]
        lengths = [length for _, length in chunks]
        asked = (len(chunks), max(lengths), sum(lengths))
        if any(one > most for one, most in zip(asked, self.limits, strict=True)):
            names = ('chunks_written', 'chunk_bytes_written', 'total_bytes_written')
            output = SRVCopyChunkResponse(**dict(zip(names, self.limits, strict=True))).pack()
            return STATUS_INVALID_PARAMETER, SMB2ErrorResponse() if self.without_answer else self._answer(
                payload, output
            )
        self.copied.append(chunks)
        source = self.files[session.opens[copy.source_key[:16]]]
        target = session.opens[payload.file_id]
        for chunk in copy.chunks:
            data = source[chunk.source_offset : chunk.source_offset + chunk.length]
            self.files[target] = self.files[target].ljust(chunk.target_offset, b'\0')[: chunk.target_offset] + data
        answer = SRVCopyChunkResponse(chunks_written=len(chunks), chunk_bytes_written=0, total_bytes_written=asked[2])
        return STATUS_SUCCESS, self._answer(payload, answer.pack())

    @staticmethod
    def _answer(payload, output):
        return SMB2IoctlResponse(ctl_code=payload.ctl_code, file_id=payload.file_id, output=output)

    def _do_query_info(self, request, session):
        payload = request.payload
        if payload.info_type != SMB2_INFO_FILESYSTEM:
            return super()._do_query_info(request, session)
        kind = next((kind for kind in self.classes if payload.file_info_class == kind.INFORMATION_CLASS), None)
        if kind is None:
            return ntstatus.STATUS_INVALID_INFO_CLASS, SMB2ErrorResponse()
        answer = kind(**{field.name: SIZES.get(field.name, 100) for field in kind.FIELDS})
        return STATUS_SUCCESS, SMB2QueryInfoResponse(output_buffer=answer.pack())


def travelled(server):
    return bool({'READ', 'WRITE'} & set(server.commands()))


def test_a_copy_is_one_request_of_chunks():
    server = CopyingServer()
    server.files['large'] = CONTENT * 2 + b'rest'
    with connected(server) as connection:
        assert connection.copyFile('share', 'large', 'copy') == len(CONTENT) * 2 + 4
        assert is_usable(connection)
    assert server.files['copy'] == server.files['large']
    mebi = 1 << 20
    assert server.copied == [[(0, mebi), (mebi, mebi), (2 * mebi, 4)]]
    assert not travelled(server)
    assert server.open_handles == 0


@pytest.mark.parametrize(
    'limits', [(1, 1 << 20, 1 << 20), (3, 100_000, 250_000), (16, 1 << 20, 300_000), (2, 65536, 1 << 20)]
)
def test_a_server_that_takes_less_is_asked_for_less_from_then_on(limits):
    server = CopyingServer()
    server.limits = limits
    server.files['large'] = CONTENT * 2
    with connected(server) as connection:
        connection.copyFile('share', 'large', 'copy')
        refused = sum(request.command == smb2_constants.SMB2_COM_IOCTL for request in server.requests)
        connection.copyFile('share', 'large', 'other')
    assert server.files['copy'] == server.files['other'] == CONTENT * 2
    assert not travelled(server)
    assert refused == len(server.copied) // 2 + 2  # the key, and one that was too large
    most = [(len(chunks), max(n for _, n in chunks), sum(n for _, n in chunks)) for chunks in server.copied]
    assert tuple(map(max, zip(*most, strict=True))) <= limits


@pytest.mark.parametrize('limits', [(0, 0, 0), (0, 1 << 20, 1 << 20), (16, 1 << 20, 0)])
@pytest.mark.parametrize('without_answer', [True, False])
def test_a_server_that_takes_nothing_has_the_bytes_read_and_written(limits, without_answer):
    server = CopyingServer()
    server.limits, server.without_answer = limits, without_answer
    with connected(server) as connection:
        connection.copyFile('share', 'large', 'copy')
        assert is_usable(connection)
    assert server.files['copy'] == CONTENT
    assert server.copied == [] and travelled(server)


@pytest.mark.parametrize(
    'status',
    [ntstatus.STATUS_NOT_SUPPORTED, ntstatus.STATUS_INVALID_DEVICE_REQUEST, ntstatus.STATUS_OBJECT_NAME_NOT_FOUND,
     ntstatus.STATUS_INVALID_VIEW_SIZE],
)  # fmt: skip
def test_a_server_that_does_not_copy_has_the_bytes_read_and_written(status):
    server = CopyingServer()
    server.copy_status = status
    with connected(server) as connection:
        connection.copyFile('share', 'large', 'copy')
        assert is_usable(connection)
    assert server.files['copy'] == CONTENT
    assert travelled(server)


def test_a_copy_that_fails_is_an_error():
    server = CopyingServer()
    server.copy_status = ntstatus.STATUS_DISK_FULL
    with connected(server) as connection:
        with pytest.raises(
            OperationFailure, match=r'Failed to copy large to copy on share .*: Copy failed \(STATUS_DIS'
        ):
            connection.copyFile('share', 'large', 'copy')
        assert is_usable(connection)
    assert server.open_handles == 0


def test_a_server_that_copies_more_than_it_was_asked_to_is_wrong():
    server = CopyingServer()

    def more(answer):
        if answer.request.payload.ctl_code == FSCTL_SRV_COPYCHUNK_WRITE:
            answer.payload.output = SRVCopyChunkResponse(
                chunks_written=1, chunk_bytes_written=0, total_bytes_written=len(CONTENT) + 1
            ).pack()

    with connected(server) as connection:
        server.bend(smb2_constants.SMB2_COM_IOCTL, more, times=2)
        with pytest.raises(ProtocolError, match='were to be copied'):
            connection.copyFile('share', 'large', 'copy')


# Volumes


@pytest.mark.parametrize('classes', [(FileFsFullSizeInformation, FileFsSizeInformation), (FileFsSizeInformation,)])
def test_the_room_on_a_volume_comes_by_the_class_that_the_server_has(classes):
    server = CopyingServer()
    server.classes = classes
    with connected(server) as connection:
        assert connection.getDiskSpace('share') == DiskSpace(4096 * 1000, 4096 * 100, 4096 * 100)
        assert is_usable(connection)
    assert server.open_handles == 0


def test_a_server_that_has_neither_class_refuses():
    server = CopyingServer()
    server.classes = ()
    with connected(server) as connection:
        with pytest.raises(OperationFailure, match='STATUS_INVALID_INFO_CLASS'):
            connection.getDiskSpace('share')
        assert is_usable(connection)


@pytest.mark.parametrize('how', ['passes through', 'refuses that', 'cannot'])
def test_the_room_on_a_volume_over_smb1(how):
    level = SMB_INFO_PASSTHROUGH + FileFsFullSizeInformation.INFORMATION_CLASS
    server = ScriptedSMB1Server(refused_levels={level} if how == 'refuses that' else set())
    if how == 'cannot':
        server.capabilities &= ~CAP_INFOLEVEL_PASSTHRU
    with scripted_smb1.connected(server) as connection:
        space = connection.getDiskSpace('share')
    assert 0 < space.available <= space.free <= space.total
    assert (space.available == space.free) is (how != 'passes through')


def test_a_file_object_over_smb1():
    server = ScriptedSMB1Server()
    server.files['large'] = CONTENT
    with scripted_smb1.connected(server) as connection:
        with connection.openFile('share', 'large', 'rb+') as file:
            assert file.read() == CONTENT
            assert file.seek(-4, 2) == len(CONTENT) - 4
            file.write(b'last')
            file.flush()
            assert file.truncate(10) == 10
            file.seek(0)
            assert file.read() == CONTENT[:10]
        assert bytes(server.files['large']) == CONTENT[:10]


def test_a_descriptor_that_finds_no_room_in_an_smb1_message():
    with scripted_smb1.connected(ScriptedSMB1Server()) as connection:
        rights = '(A;;FA;;;WD)' * 3000
        with pytest.raises(ValueError, match='takes security descriptors of'):
            connection.setSecurity('share', 'file', f'D:{rights}')
        assert connection.exists('share', 'file')
