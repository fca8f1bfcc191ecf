"""Small pictures: a grid of palette indices as a PNG inside a data URI, one pixel a cell."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Sequence

from evenwatt.app.plots.colours import Colour


def png(rows: Sequence[bytes], palette: Sequence[Colour]) -> bytes:
    """An indexed picture (PNG, colour type 3): ``rows`` hold one index a pixel, of at most 256."""
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 3, 0, 0, 0)
    colours = b"".join(bytes(colour) for colour in palette)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    chunks = ((b"IHDR", header), (b"PLTE", colours), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk: length, kind, data, checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def data_uri(picture: bytes) -> str:
    """The picture as an address that asks nobody."""
    return "data:image/png;base64," + b64encode(picture).decode("ascii")
