"""Differences to a control with their intervals, one drawing a measure: which are more than chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evenwatt.app.plots.colours import BLUE, GREY, VERMILION
from evenwatt.app.plots.drawing import statement
from evenwatt.app.plots.interval_rows import DOT, OPEN, Axis, Held, interval_rows
from evenwatt.app.plots.measured import measure, telling, written
from evenwatt.app.plots.quantities import counted
from evenwatt.app.plots.values import Row, listed, value, values

MOST_ROWS = 40
POINTS = "percentage points"
UNSURE = "zero lies in the interval: perhaps chance"

Name = Callable[[Row], str]
# Under which keys a row holds its difference and its interval.
Keys = tuple[str, str, str]
POLICY_KEYS: Keys = ("difference", "difference_low", "difference_high")
SWEEP_KEYS: Keys = ("difference", "low", "high")


def is_sure(row: Row, keys: Keys) -> bool:
    """Whether the interval leaves zero out."""
    low, high = value(row, keys[1]), value(row, keys[2])
    return low is not None and high is not None and (low > 0 or high < 0)


def compared(rows: Sequence[Row], key: str, keys: Keys) -> list[Row]:
    """The rows of a measure that hold a difference."""
    return [row for row in rows if row.get("measure") == key and value(row, keys[0]) is not None]


def effects(rows: Sequence[Row], key: str, *, name: Name, currency: str, keys: Keys) -> str:
    """A row per thing compared: a full dot where the interval leaves zero out, an open one where it does not.

    Parameters
    ----------
    rows : rows of measure, against and a difference with its interval
        Of any measures; only those of ``key`` are drawn.
    key : str
        The measure.
    name : callable
        What stands on the left of a row.
    currency : str
    keys : names of the difference and of both ends of its interval
    """
    held = compared(rows, key, keys)[:MOST_ROWS]
    title = f"{measure(key).title}: difference to the control"
    if not held:
        return statement(title, "Nothing was compared by this measure.")
    reached = [0.0, *values(held, *keys)]
    low, high = min(reached), max(reached)
    room = (high - low) or 1.0
    form = telling(written(key, reached, currency), values(held, keys[0]))
    axis = Axis(low - 0.05 * room, high + 0.05 * room, form.ticks(low, high),
                f"Difference [{POINTS if form.unit == '%' else form.unit or 'index'}]" + _way(key))  # fmt: skip
    shown = [_row(row, name, key, form.number, keys) for row in held]
    words = dict.fromkeys((held.look, held.colour) for held in shown)
    said = {
        (DOT, BLUE): "better than the control",
        (DOT, VERMILION): "worse",
        (DOT, GREY): "different",
        (OPEN, GREY): UNSURE,
    }
    legend = [(*kind, phrase) for kind, phrase in said.items() if kind in words]
    told = effects_told(rows, key, name=name, currency=currency, keys=keys)
    return interval_rows(
        shown, axis, title=title, description=told, legend=legend, heading="difference", row=30.0
    )


def _way(key: str) -> str:
    good = measure(key).more_is_good
    return "" if good is None else "; more is better" if good else "; less is better"


def _row(row: Row, name: Name, key: str, write: Callable[..., str], keys: Keys) -> Held:
    gap, low, high = (value(row, k) for k in keys)
    sure = is_sure(row, keys)
    return Held(name(row), gap, low, high, _colour(gap or 0.0, key) if sure else GREY, DOT if sure else OPEN,
                write(gap or 0.0, signed=True))  # fmt: skip


def _colour(gap: float, key: str) -> str:
    good = measure(key).more_is_good
    return GREY if good is None else BLUE if (gap > 0) == good else VERMILION


def effects_told(rows: Sequence[Row], key: str, *, name: Name, currency: str, keys: Keys) -> str:
    """What to see: against whom, over how many seeds, and which differences are more than chance."""
    held = compared(rows, key, keys)
    if not held:
        return "Nothing was compared by this measure."
    form = telling(written(key, values(held, *keys), currency), values(held, keys[0]))
    against = listed(dict.fromkeys(str(row["against"]) for row in held if row.get("against")))
    seeds = [int(v) for v in values(held, "seeds")]
    told = "Each with the same seeds" + (f" as {against}" if against else " as its control")
    told += f", {counted(min(seeds), 'seed')}" if seeds else ""
    sure = [row for row in held if is_sure(row, keys)]
    if not sure:
        return f"{told}. No difference is more than chance could make."
    most = max(sure, key=lambda row: abs(float(row[keys[0]])))
    return (
        f"{told}. {len(sure)} of {len(held)} differences are more than chance; the largest is that of {name(most)},"
        f" {form.full(float(most[keys[0]]), signed=True)}."
    )
