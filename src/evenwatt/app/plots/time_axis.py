"""When things happen: time stamps as places along an axis, and local days as its marks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from evenwatt.app.plots.axes import Place, Ticks
from evenwatt.app.plots.calendar_maps import DAYS, MONTHS
from evenwatt.app.plots.drawing import line, text, text_width

LEAST = 58.0  # px between two days that are written
DAY = 86_400.0  # s


def zone_of(name: str) -> tzinfo | None:
    """The time zone of this name; None, which leaves stamps as they are, where there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def moment(stamp: object, zone: tzinfo | None = None) -> datetime | None:
    """A time stamp as local time without an offset; None where it is none.

    Examples
    --------
    >>> moment("2025-06-02T10:00:00+00:00", zone_of("Europe/Berlin"))
    datetime.datetime(2025, 6, 2, 12, 0)
    >>> moment("soon") is None
    True
    """
    try:
        held = stamp if isinstance(stamp, datetime) else datetime.fromisoformat(str(stamp))
        local = held.astimezone(zone) if held.tzinfo and zone else held
    except (ValueError, OverflowError):
        return None
    return local.replace(tzinfo=None)


def when(stamp: object, zone: tzinfo | None = None) -> str:
    """``Wed 4 Jun, 19:15``; a stamp that is none stays as it came.

    Examples
    --------
    >>> when("2025-06-04T19:15:00")
    'Wed 4 Jun, 19:15'
    """
    held = moment(stamp, zone)
    return f"{_day(held, True)}, {held.hour}:{held.minute:02d}" if held else str(stamp)


def seconds(held: datetime) -> float:
    """A place on an axis of time [s]."""
    return (held - datetime(2000, 1, 1)).total_seconds()


def moment_at(place: float) -> datetime:
    """The moment at a place on an axis of time [s]."""
    return datetime(2000, 1, 1) + timedelta(seconds=place)


def day_marks(low: float, high: float, room: float) -> list[tuple[float, str]]:
    """Midnights within ``low..high`` [s], thinned so that their names fit into ``room`` [px].

    Examples
    --------
    >>> start = seconds(datetime(2025, 6, 1, 12))
    >>> [name for _, name in day_marks(start, start + 3 * 86400, 300)]
    ['Mon 2 Jun', 'Tue 3 Jun', 'Wed 4 Jun']
    """
    origin = datetime(2000, 1, 1)
    first = origin + timedelta(days=-(-low // 86_400))
    count = max(int((high - seconds(first)) // 86_400) + 1, 0)
    with_weekday = count * 84 <= room
    every = max(-(-count * int(LEAST) // max(int(room), 1)), 1)
    days = (first + timedelta(days=k) for k in range(0, count, every))
    return [(seconds(day), _day(day, with_weekday)) for day in days]


def _day(day: datetime, weekday: bool) -> str:
    return f"{DAYS[day.weekday()] + ' ' if weekday else ''}{day.day} {MONTHS[day.month - 1]}"


def time_axis(place: Place, marks: Ticks, *, left: float, right: float, top: float, bottom: float) -> str:
    """A line at each midnight; beneath, the days' names, each in the middle of its day where it is wide enough."""
    drawn = [line(place(at), top, place(at), bottom) for at, _ in marks]
    drawn.append(line(left, bottom, right, bottom, kind="axis"))
    for at, name in marks:
        start, stop = place(at), min(place(at + DAY), right)
        drawn.append(line(start, bottom, start, bottom + 4, kind="axis"))
        x = (start + stop) / 2 if place(at + DAY) - start >= LEAST else start
        if left + 4 <= x - text_width(name) / 2 and x + text_width(name) / 2 <= right + 4:
            drawn.append(text(x, bottom + 19, name, kind="muted", anchor="middle"))
    return "".join(drawn)


def extent(held: Iterable[float], least: float = DAY) -> tuple[float, float]:
    """From the first to the last moment [s], never without length.

    Examples
    --------
    >>> extent([5.0, 7.0], 1.0), extent([5.0], 1.0)
    ((5.0, 7.0), (5.0, 6.0))
    """
    values = sorted(held)
    return values[0], max(values[-1], values[0] + (0 if values[-1] > values[0] else least))
