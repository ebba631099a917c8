"""The numbers of the NetBIOS services: ports, name types, node types and session packets, [RFC1001] and [RFC1002]."""

# [RFC1002] 6: name service over UDP, session service over TCP
NETBIOS_NS_PORT = 137
NETBIOS_SESSION_PORT = 139

# The sixteenth byte of a name says what it names
TYPE_WORKSTATION = 0x00
TYPE_UNKNOWN = 0x01
TYPE_CLIENT = 0x03
TYPE_DOMAIN_MASTER = 0x1B
TYPE_MASTER_BROWSER = 0x1D
TYPE_BROWSER = 0x1E
TYPE_SERVER = 0x20

TYPE_NAMES = {
    TYPE_WORKSTATION: 'Workstation',
    TYPE_UNKNOWN: 'Unknown',
    TYPE_CLIENT: 'Client',
    TYPE_DOMAIN_MASTER: 'Domain Master',
    TYPE_MASTER_BROWSER: 'Master Browser',
    TYPE_BROWSER: 'Browser Server',
    TYPE_SERVER: 'Server',
}

# How a node registers and resolves names; the values are the ones that programs know, not those of the wire
NODE_B = 0x00
NODE_P = 0x01
NODE_M = 0x10
NODE_RESERVED = 0x11

# [RFC1002] 4.3.1 TYPE of a session packet; REGTARGET is the name that programs know for RETARGET
SESSION_MESSAGE = 0x00
SESSION_REQUEST = 0x81
POSITIVE_SESSION_RESPONSE = 0x82
NEGATIVE_SESSION_RESPONSE = 0x83
REGTARGET_SESSION_RESPONSE = 0x84
SESSION_KEEPALIVE = 0x85

# [RFC1002] 4.2.1.1 the second word of a name service packet: OPCODE, NM_FLAGS and RCODE with the response bit
NS_RESPONSE = 0x8000
NS_OPCODE = 0x7800
NS_TRUNCATED = 0x0200
NS_RECURSION_DESIRED = 0x0100
NS_BROADCAST = 0x0010
NS_RCODE = 0x000F

# [RFC1002] 4.2.1.2 QUESTION_TYPE and QUESTION_CLASS, also those of records
NS_TYPE_NB = 0x0020
NS_TYPE_NBSTAT = 0x0021
NS_CLASS_IN = 0x0001
