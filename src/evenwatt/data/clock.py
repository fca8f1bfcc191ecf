"""Local clock labels and UTC instants: what a wall clock showed, and which moments it may have meant."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError
from evenwatt.core.meters import Times

_SECOND = np.timedelta64(1, "s")
_LOOK = timedelta(hours=6)  # no zone changes its offset twice within six hours


def offset_seconds(text: str) -> int:
    """Fixed offset from UTC, such as "+01:00" or "Z", in seconds.

    Raises
    ------
    DataError
        If the text is not an offset.

    Examples
    --------
    >>> offset_seconds("-03:30")
    -12600
    """
    if text.strip().upper() in {"Z", "UTC"}:
        return 0
    found = re.fullmatch(r"\s*([+-])(\d\d):?(\d\d)\s*", text)
    if not found:
        raise DataError(f"offset {text!r} is not of the form '+01:00' or 'Z'")
    sign = -1 if found[1] == "-" else 1
    return sign * (int(found[2]) * 3600 + int(found[3]) * 60)


def offsets(start: Times, zone: str) -> npt.NDArray[np.timedelta64]:
    """Local time minus UTC at each instant, (T,) timedelta64[s]."""
    if len(start) == 0:
        return np.empty(0, dtype="timedelta64[s]")
    edges, values = _periods(start.min(), start.max(), zone)
    return values[np.searchsorted(edges, start.astype("datetime64[s]"), side="right") - 1]


def local_labels(start: Times, zone: str) -> Times:
    """What the wall clock of the zone showed at each instant, (T,) naive datetime64[s].

    Examples
    --------
    >>> twice = np.array(["2026-10-25T00:30", "2026-10-25T01:30"], dtype="datetime64[s]")
    >>> local_labels(twice, "Europe/Prague")
    array(['2026-10-25T02:30:00', '2026-10-25T02:30:00'], dtype='datetime64[s]')
    """
    return np.asarray(start.astype("datetime64[s]") + offsets(start, zone), dtype="datetime64[s]")


def meanings(labels: Times, zone: str) -> tuple[Times, Times]:
    """Which instants a local label may mean: the earlier and the later one.

    They are equal for an ordinary label, differ in the hour that the autumn change repeats, and are
    both NaT in the hour that the spring change skips.

    Parameters
    ----------
    labels : (R,) naive datetime64[s]
        Wall-clock times.
    zone : str
        IANA name.
    """
    label = labels.astype("datetime64[s]")
    if len(label) == 0:
        return label, label
    day = np.timedelta64(1, "D")
    earlier: Times = np.asarray(label - day, dtype="datetime64[s]")
    before, after = offsets(earlier, zone), offsets(np.asarray(label + day), zone)
    early = label - np.maximum(before, after)
    late = label - np.minimum(before, after)
    early_is_true = early + offsets(early, zone) == label
    late_is_true = late + offsets(late, zone) == label
    nat = np.datetime64("NaT", "s")
    first = np.where(early_is_true, early, np.where(late_is_true, late, nat))
    last = np.where(late_is_true, late, np.where(early_is_true, early, nat))
    return first, last


def _periods(
    first: np.datetime64, last: np.datetime64, zone: str
) -> tuple[Times, npt.NDArray[np.timedelta64]]:
    """From which instants on which offset held, covering first to last."""
    info = ZoneInfo(zone)
    at, end = _aware(first) - _LOOK, _aware(last) + _LOOK
    edges, values = [at], [_offset(at, info)]
    while at < end:
        following = at + _LOOK
        if _offset(following, info) != values[-1]:
            edges.append(_change(at, following, info))
            values.append(_offset(following, info))
        at = following
    naive = [edge.replace(tzinfo=None) for edge in edges]
    return np.array(naive, dtype="datetime64[s]"), np.array(values, dtype="timedelta64[s]")


def _change(before: datetime, after: datetime, info: ZoneInfo) -> datetime:
    old = _offset(before, info)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        before, after = (middle, after) if _offset(middle, info) == old else (before, middle)
    return after


def _offset(instant: datetime, info: ZoneInfo) -> timedelta:
    return instant.astimezone(info).utcoffset() or timedelta(0)


def _aware(instant: np.datetime64) -> datetime:
    naive: datetime = instant.astype("datetime64[s]").astype(datetime)
    return naive.replace(tzinfo=UTC)
