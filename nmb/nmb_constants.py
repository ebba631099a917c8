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
