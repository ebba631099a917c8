"""CREATE and its contexts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb.errors import ProtocolError
from smb.messages.smb2.create import (
    SMB2CreateQueryMaximalAccessResponse,
    SMB2CreateQueryOnDiskIdResponse,
    SMB2CreateRequest,
    SMB2CreateResponse,
    SMB2CreateTimewarpToken,
)
from smb.smb2_constants import SMB2_CREATE_QUERY_MAXIMAL_ACCESS_REQUEST, SMB2_CREATE_QUERY_ON_DISK_ID, SMB2_FILE_OPENED
from tests.check_wire import check_wire

FILE_ID = bytes.fromhex('00000000843e12e900000000f83f09d4')


def test_request_without_a_name_has_an_offset_and_one_byte_of_buffer():
    request = SMB2CreateRequest(
        name='', desired_access=0x81, file_attributes=0x10, share_access=3, create_disposition=1, create_options=1
    )
    check_wire(
        request,
        # captured: smbclient opens the root of a share
        '3900 00 00 02000000 0000000000000000 0000000000000000 81000000 10000000 03000000 01000000 01000000'
        ' 7800 0000 00000000 00000000 00',
        may_be_cut_to=56,
    )


def test_request_with_a_name():
    request = SMB2CreateRequest(
        name='nd', desired_access=0x80, file_attributes=0x10, share_access=3, create_disposition=2, create_options=1
    )
    check_wire(
        request,
        # captured: smbclient makes a folder
        '3900 00 00 02000000 0000000000000000 0000000000000000 80000000 10000000 03000000 02000000 01000000'
        ' 7800 0400 00000000 00000000 6e006400',
    )


def test_request_for_a_snapshot_has_a_time_warp_token():
    request = SMB2CreateRequest(
        name='hello.txt',
        desired_access=0x80,
        share_access=7,
        create_disposition=1,
        create_contexts=(SMB2CreateTimewarpToken(timestamp=0x01D5C1194AC40080).pair(),),
    )
    check_wire(
        request,
        # captured: smbclient's `allinfo` of hello.txt as of 2020-01-02 03:04:05
        '3900 00 00 02000000 0000000000000000 0000000000000000 80000000 00000000 07000000 01000000 00000000'
        ' 7800 1200 90000000 20000000 680065006c006c006f002e00740078007400 000000000000'
        ' 00000000 1000 0400 0000 1800 08000000 54577270 00000000 8000c44a19c1d501',
    )


def test_contexts_are_chained_at_multiples_of_eight():
    request = SMB2CreateRequest(
        name='',
        desired_access=0x80,
        share_access=7,
        create_disposition=1,
        create_contexts=((SMB2_CREATE_QUERY_MAXIMAL_ACCESS_REQUEST, b''), (SMB2_CREATE_QUERY_ON_DISK_ID, b'')),
    )
    check_wire(
        request,
        # assembled by hand from 2.2.13.2
        '3900 00 00 02000000 0000000000000000 0000000000000000 80000000 00000000 07000000 01000000 00000000'
        ' 7800 0000 78000000 2c000000'
        ' 18000000 1000 0400 0000 0000 00000000 4d784163 00000000'
        ' 00000000 1000 0400 0000 0000 00000000 51466964',
    )


def _response(**more) -> SMB2CreateResponse:
    return SMB2CreateResponse(
        create_action=SMB2_FILE_OPENED,
        creation_time=0x01DD7AB81BF98895,
        last_access_time=0x01DD7AB81BF98895,
        last_write_time=0x01DD7AB81C23FF1A,
        change_time=0x01DD7AB81C23FF1A,
        allocation_size=0x100000,
        end_of_file=6,
        file_attributes=0x10,
        file_id=FILE_ID,
        **more,
    )


def test_response():
    check_wire(
        _response(),
        # captured but for the two sizes; smbd leaves out the one byte of Buffer
        '5900 00 00 01000000 9588f91bb87add01 9588f91bb87add01 1aff231cb87add01 1aff231cb87add01'
        ' 0000100000000000 0600000000000000 10000000 00000000 00000000843e12e900000000f83f09d4 00000000 00000000 00',
        may_be_cut_to=88,
    )


def test_response_with_contexts_is_read_by_kind():
    access = SMB2CreateQueryMaximalAccessResponse(query_status=0, maximal_access=0x1F01FF)
    disk_id = SMB2CreateQueryOnDiskIdResponse(disk_file_id=0x0123456789, volume_id=0x5F8E9A8C)
    response = _response(create_contexts=(access.pair(), disk_id.pair()))
    check_wire(
        response,
        # the contexts assembled by hand from 2.2.14.2.5 and 2.2.14.2.9
        '5900 00 00 01000000 9588f91bb87add01 9588f91bb87add01 1aff231cb87add01 1aff231cb87add01'
        ' 0000100000000000 0600000000000000 10000000 00000000 00000000843e12e900000000f83f09d4 98000000 58000000'
        ' 20000000 1000 0400 0000 1800 08000000 4d784163 00000000 00000000ff011f00'
        ' 00000000 1000 0400 0000 1800 20000000 51466964 00000000 8967452301000000 8c9a8e5f00000000' + '00' * 16,
    )
    assert response.context(SMB2CreateQueryMaximalAccessResponse) == access
    assert response.context(SMB2CreateQueryOnDiskIdResponse) == disk_id
    assert response.context(SMB2CreateTimewarpToken) is None


def test_a_context_too_short_for_its_kind_is_refused():
    response = _response(create_contexts=((SMB2_CREATE_QUERY_MAXIMAL_ACCESS_REQUEST, bytes(7)),))
    with pytest.raises(ProtocolError):
        SMB2CreateResponse.unpack(response.pack()).context(SMB2CreateQueryMaximalAccessResponse)


@pytest.mark.parametrize('step', [1, 15, 16, 31, 96, 0xFFFFFFFF])
def test_a_step_into_the_context_itself_or_out_of_all_is_refused(step):
    packed = bytearray(_response(create_contexts=((b'MxAc', bytes(8)), (b'QFid', bytes(32)))).pack())
    packed[88:92] = step.to_bytes(4, 'little')
    with pytest.raises(ProtocolError):
        SMB2CreateResponse.unpack(packed)


def test_more_contexts_than_anybody_asks_for_are_refused():
    assert (
        len(SMB2CreateResponse.unpack(_response(create_contexts=((b'name', b''),) * 256).pack()).create_contexts) == 256
    )
    with pytest.raises(ProtocolError, match='more than 256 create contexts'):
        SMB2CreateResponse.unpack(_response(create_contexts=((b'name', b''),) * 257).pack())


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=20), st.binary(max_size=40)), max_size=5))
def test_any_contexts_come_back(pairs):
    response = _response(create_contexts=tuple(pairs))
    assert SMB2CreateResponse.unpack(response.pack()) == response
