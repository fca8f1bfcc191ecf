"""Files are written whole or not at all: first under another name, then renamed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def written(path: Path, fill: Callable[[Path], object]) -> Path:
    """Let ``fill`` write a file beside ``path``, then give it that name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        fill(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def text(path: Path, words: str, encoding: str = "utf-8") -> Path:
    """Write text, line ends as they stand in it."""
    return written(path, lambda part: part.write_bytes(words.encode(encoding)))
