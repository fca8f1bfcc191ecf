"""How files of series look: which column is the time, which may be prices or generation, whose clock it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evenwatt.core.errors import DataError
from evenwatt.data import table

Kind = Literal["prices", "generation"]


@dataclass(frozen=True)
class Layout:
    """A way in which files of series are written.

    Attributes
    ----------
    name : str
    looks_like : str
        For messages.
    time : pattern
        Column of the time stamps.
    beside : tuple of pattern
        Further columns by which the layout is known.
    prices, generation : pattern
        Columns that may hold a price per energy, or a power.
    zone : str or None
        IANA zone of naive stamps, where the layout settles it.
    normalised : bool
        Whether every day has 24 hours: the hour of spring that does not exist filled in, the two of
        autumn made one.
    """

    name: str
    looks_like: str
    time: re.Pattern[str]
    beside: tuple[re.Pattern[str], ...]
    prices: re.Pattern[str]
    generation: re.Pattern[str]
    zone: str | None = None
    normalised: bool = False


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_NOTHING = _pattern(r"(?!)")
LAYOUTS = (
    Layout(
        "fetched",
        "interval_start, seconds, then columns as `evenwatt data fetch` writes them",
        _pattern(r"interval_start"),
        (_pattern(r"seconds"),),
        _pattern(r"price_per_mwh"),
        _pattern(r"generation_\w+_mw|pv_w_per_kw"),
    ),
    Layout(
        "epf",
        "date, price_eur_mwh or Date, Price, Exogenous 1 (benchmark of day-ahead prices, every day of 24 hours)",
        _pattern(r"date"),
        (_pattern(r"price_eur_mwh|exogenous 1"),),
        _pattern(r"price_eur_mwh|price"),
        _NOTHING,
        "Europe/Berlin",
        normalised=True,
    ),
    Layout(
        "opsd",
        "utc_timestamp, <area>_price_day_ahead, <area>_solar_generation_actual (Open Power System Data)",
        _pattern(r"utc_timestamp"),
        (),
        _pattern(r"\w+_price_day_ahead"),
        _pattern(r"\w+_generation_actual"),
        "UTC",
    ),
    Layout(
        "mtu",
        "MTU (CET/CEST), Day-ahead Price [EUR/MWh] (table of the Transparency Platform)",
        _pattern(r"mtu.*"),
        (),
        _pattern(r".*price.*"),
        _pattern(r".*(actual aggregated|generation).*"),
        "Europe/Brussels",
    ),
    Layout(
        "plain",
        "interval_start (or time, timestamp, datetime, date), and a column with price or generation in its name",
        _pattern(r"interval_start|start|time|timestamp|datetime|date|time_utc|datum.*"),
        (),
        _pattern(r".*(price|_per_mwh|per_kwh|eur.?/?.?mwh).*"),
        _pattern(r".*(generation|solar|wind|pv).*"),
    ),
)


def recognise(path: Path) -> tuple[Layout, tuple[str, ...]]:
    """The layout of a file by its columns, and those columns.

    Raises
    ------
    DataError
        If no layout fits; shows the columns and the first row, and names the known layouts.
    """
    columns, first = table.columns(path)
    for layout in LAYOUTS:
        if all(_holding(columns, wanted) for wanted in (layout.time, *layout.beside)):
            return layout, columns
    known = "\n".join(f"    {layout.name}: {layout.looks_like}" for layout in LAYOUTS)
    raise DataError(
        f"{path}: holds no series known here\n  columns: {', '.join(columns)[:200]}\n"
        f"  first row: {first[:200]}\n  known layouts:\n{known}"
    )


def chosen(
    source: str, layout: Layout, columns: tuple[str, ...], kind: Kind | None, column: str | None
) -> tuple[Kind, str]:
    """Which column to read, and as what.

    Raises
    ------
    DataError
        If nothing or too much could be meant; names the columns.
    """
    time = _holding(columns, layout.time)[0]
    others = [name for name in columns if name and name != time]
    if column is not None:
        if column not in others:
            raise DataError(f"{source}: column '{column}' is not there; there are {', '.join(others)}")
        return kind or ("prices" if layout.prices.fullmatch(column) else "generation"), column
    found = {
        "prices": _holding(tuple(others), layout.prices),
        "generation": _holding(tuple(others), layout.generation),
    }
    wanted: Kind = kind or ("prices" if found["prices"] else "generation")
    if len(found[wanted]) == 1:
        return wanted, found[wanted][0]
    what = "several columns may be" if found[wanted] else "no column looks like"
    fitting = found[wanted] or others
    raise DataError(
        f"{source}: {what} {wanted}; name one with --column: {', '.join(fitting[:20])}"
        + (f" and {len(fitting) - 20} more" if len(fitting) > 20 else "")
    )


def time_column(layout: Layout, columns: tuple[str, ...]) -> str:
    """The column of the time stamps."""
    return _holding(columns, layout.time)[0]


def _holding(columns: tuple[str, ...], wanted: re.Pattern[str]) -> list[str]:
    return [name for name in columns if wanted.fullmatch(name.strip())]
