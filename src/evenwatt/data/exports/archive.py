"""Tables in a zip archive, in a folder or alone."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from evenwatt.data import text

# What the standard library raises when an archive is damaged, encrypted or packed in another way.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


def members(path: Path, most: int | None = None) -> Iterator[tuple[str, bytes]]:
    """The tables in a zip, a folder or a file: name and content, or its first bytes."""
    if path.is_dir():
        for file in sorted(path.iterdir()):
            if file.suffix.lower() in (".csv", ".txt"):
                yield file.name, text.raw(file, most)
        return
    if not text.raw(path, 4).startswith(b"PK"):
        yield path.name, text.raw(path, most)
        return
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.lower().endswith((".csv", ".txt")):
                with archive.open(name) as stream:
                    yield name, stream.read() if most is None else stream.read(most)
