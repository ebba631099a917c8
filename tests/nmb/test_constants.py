"""The numbers that programs know by pysmb's names."""

from __future__ import annotations

import nmb.base
import nmb.nmb_structs
from nmb import nmb_constants


def test_numbers_are_those_of_the_specification():
    """[RFC1002] 4.2.1, 4.3.1 and 6."""
    assert (nmb_constants.NETBIOS_NS_PORT, nmb_constants.NETBIOS_SESSION_PORT) == (137, 139)
    packet_types = (
        nmb_constants.SESSION_MESSAGE,
        nmb_constants.SESSION_REQUEST,
        nmb_constants.POSITIVE_SESSION_RESPONSE,
        nmb_constants.NEGATIVE_SESSION_RESPONSE,
        nmb_constants.REGTARGET_SESSION_RESPONSE,
        nmb_constants.SESSION_KEEPALIVE,
    )
    assert packet_types == (0, 0x81, 0x82, 0x83, 0x84, 0x85)
    assert nmb_constants.TYPE_NAMES == {
        0: 'Workstation',
        1: 'Unknown',
        3: 'Client',
        27: 'Domain Master',
        29: 'Master Browser',
        30: 'Browser Server',
        32: 'Server',
    }
    name_flags = (
        nmb_constants.NS_RESPONSE,
        nmb_constants.NS_OPCODE,
        nmb_constants.NS_TRUNCATED,
        nmb_constants.NS_RECURSION_DESIRED,
        nmb_constants.NS_BROADCAST,
        nmb_constants.NS_RCODE,
    )
    assert name_flags == (0x8000, 0x7800, 0x0200, 0x0100, 0x0010, 0x000F)
    record_types = (nmb_constants.NS_TYPE_NB, nmb_constants.NS_TYPE_NBSTAT, nmb_constants.NS_CLASS_IN)
    assert record_types == (0x20, 0x21, 1)
    nodes = (nmb_constants.NODE_B, nmb_constants.NODE_P, nmb_constants.NODE_M, nmb_constants.NODE_RESERVED)
    assert nodes == (0, 1, 16, 17)


def test_nmb_base_has_the_constants_and_the_errors_too():
    names = [name for name in dir(nmb_constants) if name.isupper()]
    assert len(names) == 29
    for name in names:
        assert getattr(nmb.base, name) is getattr(nmb_constants, name)
    assert nmb.base.NMBError is nmb.nmb_structs.NMBError
    assert nmb.base.NotConnectedError is nmb.nmb_structs.NotConnectedError
