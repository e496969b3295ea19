"""Frames over the channel: length | kind | header length | header (JSON) | body.

All numbers little-endian.  See src/sandbox/frame.h, which is the other end.
"""
import json
import os
import struct

CHANNEL = 3
_PREFIX = struct.Struct("<IcI")  # The length counts what follows it.


def _read_exactly(size):
    pieces = []
    while size > 0:
        piece = os.read(CHANNEL, min(size, 1 << 20))
        if not piece:
            os._exit(0)  # The server has gone, or has given this sandbox up.
        pieces.append(piece)
        size -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def receive():
    """The next frame as (kind, header, body)."""
    length, kind, header_size = _PREFIX.unpack(_read_exactly(_PREFIX.size))
    rest = _read_exactly(length - 5) if length > 5 else b""
    header = json.loads(rest[:header_size]) if header_size else {}
    return kind, header, rest[header_size:]


def pack(kind, header=None, body=b""):
    head = json.dumps(header).encode() if header else b""
    return _PREFIX.pack(5 + len(head) + len(body), kind, len(head)) + head + body


def send(kind, header=None, body=b""):
    view = memoryview(pack(kind, header, body))
    while view:
        view = view[os.write(CHANNEL, view):]
