"""Market documents of ENTSO-E, XML as IEC 62325-451 has it: time series of periods of numbered points."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

import numpy as np

from evenwatt.core.meters import Times
from evenwatt.data.series import Array, Whole
from evenwatt.data.sources.errors import UnusableError

ACKNOWLEDGEMENT = "Acknowledgement_MarketDocument"
LARGEST = 1 << 28  # bytes of an unpacked archive; a year of one zone is about a tenth of it
LONGEST = np.timedelta64(400, "D")  # of one period; a request holds a year at most
# What the standard library raises when an archive is damaged: offsets that lie outside are ValueErrors.
BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError)
_BLOCKS = "A03"  # curve type: a value stands until the next point, which may be many positions later
_LENGTH = re.compile(r"PT(\d+)(M|H)")


@dataclass(frozen=True)
class Period:
    """Values of one period, one a position that the document tells.

    Attributes
    ----------
    start : (T,) datetime64[s]
        UTC.
    seconds : (T,) int64
        Length of each interval [s].
    value : (T,)
        As told; an omitted position of a curve of type A03 repeats the one before it.
    """

    start: Times
    seconds: Whole
    value: Array


@dataclass(frozen=True)
class TimeSeries:
    """One time series of a document.

    Attributes
    ----------
    words : mapping of name to text
        Every element that is a plain text, by its name without namespace, e.g. ``psrType``.
    periods : tuple of Period
    """

    words: dict[str, str]
    periods: tuple[Period, ...]


@dataclass(frozen=True)
class Document:
    """A market document: its kind, its series, and its reasons if it is an acknowledgement."""

    kind: str
    series: tuple[TimeSeries, ...]
    reasons: tuple[tuple[str, str], ...]  # (code, text)


def documents(content: bytes, value: str) -> list[Document]:
    """Read an answer: one document, or a zip archive of them.

    Parameters
    ----------
    content : bytes
        As received.
    value : str
        Name of the element that holds a point's value: ``price.amount`` or ``quantity``.

    Raises
    ------
    UnusableError
        If it is truncated or no market document; names the series and the point at fault.
    """
    return [_document(part, value) for part in _unpacked(content)]


def _unpacked(content: bytes) -> Iterator[bytes]:
    if not content.startswith(b"PK"):
        yield content
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".xml")]
            if sum(archive.getinfo(name).file_size for name in names) > LARGEST:
                raise UnusableError("an archive too large to be an answer")
            for name in names:
                yield archive.read(name)
    except BROKEN as why:
        raise UnusableError(f"a damaged archive ({why})") from None


def _document(content: bytes, value: str) -> Document:
    if b"<!DOCTYPE" in content[:2000] or b"<!ENTITY" in content:
        raise UnusableError("XML with declarations that no market document has")
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, LookupError, ValueError) as why:
        raise UnusableError(f"truncated or broken XML ({why})") from None
    kind = _name(root)
    if not kind.endswith("_MarketDocument"):
        raise UnusableError(f"XML of a {kind}, expected a market document")
    reasons = [_words(part) for part in root if _name(part) == "Reason"]
    series = [
        _series(part, f"time series {k}", value)
        for k, part in enumerate((part for part in root if _name(part) == "TimeSeries"), 1)
    ]
    return Document(kind, tuple(series), tuple((r.get("code", ""), r.get("text", "")) for r in reasons))


def _series(element: ElementTree.Element, place: str, value: str) -> TimeSeries:
    words = _words(element)
    blocks = words.get("curveType") == _BLOCKS
    periods = [_period(part, place, value, blocks) for part in element if _name(part) == "Period"]
    return TimeSeries(words, tuple(periods))


def _period(element: ElementTree.Element, place: str, value: str, blocks: bool) -> Period:
    words = _words(element)
    try:
        first, last = _instant(words["start"]), _instant(words["end"])
        step = _seconds(words["resolution"])
        told = [_words(part) for part in element if _name(part) == "Point"]
        position = np.array([int(point["position"]) for point in told], dtype=np.int64)
        amount = np.array([float(point[value]) for point in told], dtype=np.float64)
    except (KeyError, ValueError, OverflowError) as why:
        raise UnusableError(f"{place}: a period without readable {why}") from None
    if not np.isfinite(amount).all() or not np.timedelta64(0) < last - first <= LONGEST:
        raise UnusableError(f"{place}: values or times from {first}Z to {last}Z that cannot be")
    length = int((last - first) / np.timedelta64(1, "s"))
    count, rest = divmod(length, step)
    if rest or count < 1:
        raise UnusableError(f"{place}: {length} s from {first}Z do not hold whole intervals of {step} s")
    if len(np.unique(position)) < len(position) or (position < 1).any() or (position > count).any():
        raise UnusableError(f"{place}: positions from {first}Z are not numbers from 1 to {count}, each once")
    order = np.argsort(position)
    position, amount = position[order], amount[order]
    if blocks and len(position):
        # The last value stands until the period's end, not until the last position that is told.
        held = np.diff(np.append(position, count + 1))
        position, amount = np.arange(position[0], count + 1), np.repeat(amount, held)
    start = first + (position - 1) * np.timedelta64(step, "s")
    return Period(start, np.full(len(start), step), amount)


def _words(element: ElementTree.Element) -> dict[str, str]:
    """Plain texts within an element, periods and points within a series left out, by name."""
    found: dict[str, str] = {}
    for part in element:
        if _name(part) in ("Period", "Point") and _name(element) != "Point":
            continue
        if len(part):
            found.update(_words(part))
        elif part.text and part.text.strip():
            found.setdefault(_name(part), part.text.strip())
    return found


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _instant(text: str) -> np.datetime64:
    told = datetime.fromisoformat(text)
    if told.tzinfo is None:
        raise ValueError(f"offset in '{text}'")
    return np.datetime64(told.astimezone(UTC).replace(tzinfo=None), "s")


def _seconds(text: str) -> int:
    found = _LENGTH.fullmatch(text)
    if not found or not int(found[1]):
        raise ValueError(f"resolution '{text}' of minutes or hours")
    return int(found[1]) * (60 if found[2] == "M" else 3600)
