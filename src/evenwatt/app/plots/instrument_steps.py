"""What the regulator set, step by step: a panel for each instrument that it moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from evenwatt.app.plots.axes import Scale, Ticks, decimals_of, percent_ticks, round_ticks
from evenwatt.app.plots.colours import INDIGO
from evenwatt.app.plots.drawing import document, element, hover, line, polyline, statement, text
from evenwatt.app.plots.quantities import THIN, counted, decimals_for, grouped, percent
from evenwatt.app.plots.time_axis import day_marks, moment, moment_at, seconds, time_axis, when
from evenwatt.app.plots.values import Row, capital, listed, value

WIDTH, LEFT, RIGHT, TALL, STEP = 960.0, 54.0, 860.0, 74.0, 122.0
TITLE = "Instruments through time"
NOTHING = "The regulator moved no instrument."
DAY = 86_400.0

# Name, unit (with the currency in it), and whether it is a share.
NAMES = {
    "cap_per_mwh": ("Price cap", "{} per MWh", False),
    "floor_per_mwh": ("Price floor", "{} per MWh", False),
    "carbon_per_t": ("Carbon price", "{} per t", False),
    "quota": ("Renewable quota", "", True),
    "quota_penalty_per_mwh": ("Penalty for what is short of the quota", "{} per MWh", False),
    "fine_rate": ("Fine rate", "", True),
    "fine_tolerance": ("Tolerated above the reference price", "", True),
    "subsidy_per_mwh": ("Subsidy for renewable energy", "{} per MWh", False),
    "bid_cap": ("Bid cap for indispensable sellers", "{} per MWh", False),
}


@dataclass(frozen=True)
class Move:
    """One change: when [s], from what to what, and why."""

    at: float
    before: float | None
    after: float
    row: Row


def moves(rows: Iterable[Row], zone: tzinfo | None) -> dict[str, list[Move]]:
    """The changes of each instrument in order of time; a change to what is no number is left to the table."""
    of: dict[str, list[Move]] = {}
    for row in rows:
        at, after = moment(row.get("start"), zone), value(row, "after")
        if at is not None and after is not None:
            of.setdefault(str(row.get("instrument")), []).append(
                Move(seconds(at), value(row, "before"), after, row)
            )
    return {name: sorted(held, key=lambda move: move.at) for name, held in of.items()}


def instrument_name(instrument: str) -> str:
    """What an instrument is called.

    Examples
    --------
    >>> instrument_name("carbon_per_t"), instrument_name("night_cap")
    ('Carbon price', 'Night cap')
    """
    return NAMES[instrument][0] if instrument in NAMES else capital(instrument.replace("_", " "))


def figure(instrument: str, amount: float | None, currency: str) -> str:
    """The level of an instrument with its unit."""
    if amount is None:
        return "–"
    _, unit, is_share = NAMES.get(instrument, ("", "", False))
    if is_share:
        return percent(amount, 1)
    return f"{grouped(amount, min(decimals_for(amount), 2))}{THIN}{unit.format(currency)}".rstrip(f"{THIN} ")


def instrument_steps(
    rows: Sequence[Row], *, ends: tuple[object, object], zone: tzinfo | None, currency: str
) -> str:
    """A stepped line per instrument from the first day to the last, with a dot at each change.

    Parameters
    ----------
    rows : rows of start, instrument, before, after, reason
    ends : first and last moment of the run
    zone : tzinfo or None
    currency : str
    """
    of = moves(rows, zone)
    if not of:
        return statement(TITLE, NOTHING)
    x = Scale(*_period([move.at for held in of.values() for move in held], ends, zone), LEFT, RIGHT)
    marks = day_marks(x.low, x.high, RIGHT - LEFT)
    parts: list[str] = []
    for k, (instrument, held) in enumerate(of.items()):
        top = 40 + STEP * k
        is_last = k == len(of) - 1
        parts.append(
            time_axis(
                x,
                marks if is_last else [(at, "") for at, _ in marks],
                left=LEFT,
                right=RIGHT,
                top=top,
                bottom=top + TALL,
            )
        )
        parts += _panel(instrument, held, x, top, currency)
    return document(
        TITLE, instruments_told(rows, currency=currency), WIDTH, 40 + STEP * (len(of) - 1) + TALL + 34, parts
    )


def _period(held: Sequence[float], ends: tuple[object, object], zone: tzinfo | None) -> tuple[float, float]:
    """From the first to the last moment of the run, or of the changes where it is not told."""
    first, last = (moment(end, zone) for end in ends)
    low = min([seconds(first)] if first else held)
    high = seconds(last) if last else max(held)
    # A day without a time of day stands for all of it.
    high += DAY if len(str(ends[1])) <= 10 or high <= low else 0
    return min(low, *held), max(high, *held)


def _panel(instrument: str, held: Sequence[Move], x: Scale, top: float, currency: str) -> Iterable[str]:
    """Name, marks, the line, its changes, and both ends in figures."""
    levels = [v for move in held for v in (move.before, move.after) if v is not None]
    low, high = min(0.0, *levels), max(*levels, 0.0)
    y = Scale(low, high * 1.12 if high > 0 else low + 1, top + TALL, top)
    unit = NAMES.get(instrument, ("", "", False))[1].format(currency)
    yield text(0, top - 14, instrument_name(instrument) + (f" [{unit}]" if unit else ""), weight=600)
    for at, words in _ticks(instrument, y):
        yield line(LEFT, y(at), RIGHT, y(at))
        yield text(LEFT - 8, y(at) + 4.5, words, anchor="end", kind="muted", size=12)
    level = held[0].before if held[0].before is not None else held[0].after
    corners = [(x(x.low), y(level))]
    for move in held:
        corners += [(x(move.at), y(level)), (x(move.at), y(move.after))]
        level = move.after
    corners.append((x(x.high), y(level)))
    yield element(
        "path", d=polyline(corners), fill="none", stroke=INDIGO, stroke_width=2.3, stroke_linejoin="round"
    )
    for move in held:
        before, after = (figure(instrument, level, currency) for level in (move.before, move.after))
        told = f"{when(moment_at(move.at))}: {before} to {after}"
        told += f"; {move.row['reason']}" if move.row.get("reason") else ""
        yield element("circle", hover(told), cx=x(move.at), cy=y(move.after), r=4.4, fill=INDIGO)
    yield text(RIGHT + 10, y(level) + 4.5, _alone(instrument, level), weight=600)


def _alone(instrument: str, level: float) -> str:
    """A level without its unit, which stands above its panel."""
    is_share = NAMES.get(instrument, ("", "", False))[2]
    return percent(level, 1) if is_share else grouped(level, min(decimals_for(level), 2))


def _ticks(instrument: str, y: Scale) -> Ticks:
    if NAMES.get(instrument, ("", "", False))[2]:
        return percent_ticks(y.low, y.high, 3)
    marks = round_ticks(y.low, y.high, 3)
    return [(at, grouped(at, decimals_of(marks))) for at in marks]


def instruments_told(rows: Sequence[Row], *, currency: str) -> str:
    """What to see: from where to where each instrument went, in how many changes."""
    of = moves(rows, None)
    if not of:
        return NOTHING
    told = [
        f"{instrument_name(name).lower()} from {figure(name, held[0].before, currency)} to"
        f" {figure(name, held[-1].after, currency)} in {counted(len(held), 'change')}"
        for name, held in of.items()
    ]
    return capital(
        f"{listed(told, 4)}. Decisions act from the next step on; why each was taken stands in the table."
    )
