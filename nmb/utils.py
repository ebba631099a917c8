"""NetBIOS names as they stand in packets: first-level and second-level encoding, [RFC1001] 14.1."""

from __future__ import annotations

NAME_LENGTH = 15  # and one byte for the type
ANY_NAME = '*'
MAX_LABEL_LENGTH = 63
MAX_ENCODED_LENGTH = 255
POINTER = 0xC0


def encode_name(name: str, type: int, scope: str | None = None) -> bytes:
    """The name as it goes into a packet: 32 letters as one label, then the labels of the scope, then a zero.

    ``name`` is cut or padded with blanks to 15 characters, in the case in which it is given; what code page 850 has not
    becomes ``?``. ``'*'`` is the name that every node answers to. ``type`` is the sixteenth byte, ``TYPE_SERVER`` for
    example. ``scope`` is a domain name in ASCII; without one the name is in no scope. A scope that is no domain name is
    a ValueError. [RFC1001] 14.1, [RFC1002] 4.1.
    """
    if name == ANY_NAME:
        # [RFC1002] 4.2.17: zeros in the place of the blanks and of the type
        characters = ANY_NAME.encode('ascii').ljust(NAME_LENGTH + 1, b'\0')
    else:
        characters = name.encode('cp850', 'replace')[:NAME_LENGTH].ljust(NAME_LENGTH) + bytes([type])
    halves = bytearray()
    for character in characters:
        halves += bytes([0x41 + (character >> 4), 0x41 + (character & 0x0F)])
    encoded = _encode_label(bytes(halves))
    if scope:
        encoded += b''.join(_encode_label(label.encode('ascii')) for label in scope.split('.'))
    encoded += b'\0'
    if len(encoded) > MAX_ENCODED_LENGTH:
        raise ValueError(f'A NetBIOS name with its scope has at most {MAX_ENCODED_LENGTH} bytes, not {len(encoded)}')
    return encoded


def decode_name(data: bytes | bytearray | memoryview, offset: int = 0) -> tuple[str, int, str, int]:
    """Name without its padding, type, scope ('' where there is none), and the offset of what follows in ``data``.

    Takes what encode_name() makes, and the pointers into the same packet with which name servers shorten repeated
    names. Anything else is a ValueError. [RFC1001] 14.1, [RFC1002] 4.1.
    """
    labels, end = _decode_labels(data, offset)
    if not labels or len(labels[0]) != 2 * (NAME_LENGTH + 1) or labels[0].strip(b'ABCDEFGHIJKLMNOP'):
        raise ValueError('Not a NetBIOS name: its first label is not 32 letters from A to P')
    halves = labels[0]
    characters = bytes((halves[i] - 0x41) << 4 | (halves[i + 1] - 0x41) for i in range(0, len(halves), 2))
    name = characters[:NAME_LENGTH].rstrip(b' \0').decode('cp850')
    scope = b'.'.join(labels[1:]).decode('ascii', 'backslashreplace')
    return name, characters[NAME_LENGTH], scope, end


def _encode_label(label: bytes) -> bytes:
    if not 0 < len(label) <= MAX_LABEL_LENGTH:
        raise ValueError(f'A label of a NetBIOS scope has 1 to {MAX_LABEL_LENGTH} characters, not {len(label)}')
    return bytes([len(label)]) + label


def _decode_labels(data: bytes | bytearray | memoryview, offset: int) -> tuple[list[bytes], int]:
    """The labels of the domain name at ``offset``, and the offset behind the name."""
    labels: list[bytes] = []
    encoded_length = 1
    end: int | None = None
    position, limit = offset, offset
    while True:
        if not 0 <= position < len(data):
            raise ValueError('Not a NetBIOS name: it ends in the middle')
        length = data[position]
        position += 1
        if length >= POINTER:
            if position >= len(data):
                raise ValueError('Not a NetBIOS name: it ends in the middle')
            target = (length & ~POINTER) << 8 | data[position]
            end = position + 1 if end is None else end
            # Each pointer leads to before where the last one led, so that no chain of them has no end
            if target >= limit:
                raise ValueError('Not a NetBIOS name: a pointer in it does not lead backwards')
            position = limit = target
        elif length > MAX_LABEL_LENGTH:
            raise ValueError(f'Not a NetBIOS name: a label begins with {length:#04x}')
        elif length == 0:
            return labels, position if end is None else end
        else:
            label = bytes(data[position : position + length])
            position += length
            encoded_length += 1 + length
            if len(label) < length or encoded_length > MAX_ENCODED_LENGTH:
                raise ValueError('Not a NetBIOS name: it ends in the middle, or is too long')
            labels.append(label)
