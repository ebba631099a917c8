"""NetBIOS over TCP and UDP: name queries and sessions, [RFC1001] and [RFC1002]."""
