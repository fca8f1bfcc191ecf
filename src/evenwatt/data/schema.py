"""Tables of a case: the names of their columns, and one reader that checks every cell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from evenwatt.core.errors import gather
from evenwatt.core.meters import Direction
from evenwatt.data import table

# Tidy meter files.
INTERVAL_START, METER, ROLE, KWH, WH, STATUS = "interval_start", "meter", "role", "kwh", "wh", "status"
DIRECTIONS: dict[str, Direction] = {
    "consumption": "consumption",
    "generation": "generation",
    "load": "consumption",
    "pv": "generation",
}

# Tables that more than one study reads.
MEMBERS: Mapping[str, type] = {
    "id": str,
    "label": str,
    "role": str,
    "agent": str,
    "meter": str,
    "weight": float,
    "valid_from": date,
    "valid_to": date,
}
SUPPLIERS: Mapping[str, type] = {"id": str, "meter": str, "cost": float, "offer": float}
AGENTS: Mapping[str, type] = {"id": str, "value": float}
LINKS: Mapping[str, type] = {"supplier": str, "agent": str, "limit": float, "fee": float}
PRICES: Mapping[str, type] = {
    INTERVAL_START: datetime,
    "price_per_mwh": float,
    "grid_buy_per_mwh": float,
    "grid_sell_per_mwh": float,
    "local_per_mwh": float,
}

_EXPECTED: dict[type, str] = {
    str: "text",
    float: "a number such as 0.25",
    int: "a whole number",
    bool: "true or false",
    date: "a date such as 2026-06-01",
    datetime: "a stamp such as 2026-06-01T00:00:00Z",
}


def read_table(
    path: Path | str,
    columns: Mapping[str, type],
    *,
    required: Collection[str] | None = None,
    unique: str | None = None,
) -> list[dict[str, Any]]:
    """Read a small table, every cell checked.

    Text may be UTF-8 (with or without a byte-order mark), cp1250 or cp1252, delimited by comma,
    semicolon or tab; numbers may have a decimal comma where the delimiter is another. Columns that
    are not asked for are left out.

    Parameters
    ----------
    path : path
        CSV or Parquet.
    columns : mapping of name to type
        ``str``, ``float``, ``int``, ``bool``, ``date`` or ``datetime`` (aware when the cell states an
        offset, else naive).
    required : collection of str, optional
        Columns that must be there and filled in every row; by default all of ``columns``.
    unique : str, optional
        A column whose values must differ.

    Returns
    -------
    list of dict
        One per row; a column or cell that is not there is None.

    Raises
    ------
    DataError
        Naming file, line, column, what was found and what was expected, for every fault.
    """
    found = table.load(Path(path), lambda _: False)
    needed = set(columns if required is None else required)
    names = {name.lower(): name for name in found.frame.columns}
    with gather(found.source) as faults:
        faults += found.faults
        missing = [name for name in columns if name in needed and name.lower() not in names]
        faults += [f"column {name!r} is missing; found {', '.join(found.frame.columns)}" for name in missing]
        values = {
            name: _column(found, names[name.lower()], kind, name in needed, faults)
            for name, kind in columns.items()
            if name.lower() in names
        }
        if unique is not None and unique in values:
            _repeats(found, unique, values[unique], faults)
    count = found.frame.height
    filled = {name: values.get(name, [None] * count) for name in columns}
    return [dict(zip(filled, row, strict=True)) for row in zip(*filled.values(), strict=True)]


def table_notes(path: Path | str) -> tuple[str, ...]:
    """What reading a table assumes of its encoding, delimiter and decimal sign."""
    return table.load(Path(path), lambda _: False).notes


def _column(found: table.Table, name: str, kind: type, needed: bool, faults: list[str]) -> list[Any]:
    parse = _PARSERS[kind]
    values = []
    for place, cell in zip(found.places.tolist(), found.frame[name].to_list(), strict=True):
        bare = cell.strip() if isinstance(cell, str) else cell
        value = None
        if bare is None or bare == "":
            if needed:
                faults.append(f"{found.place} {place}, column {name!r}: is empty, expected {_EXPECTED[kind]}")
        else:
            try:
                value = parse(bare)
            except (ValueError, TypeError):
                faults.append(f"{found.place} {place}, column {name!r}: {cell!r}, expected {_EXPECTED[kind]}")
        values.append(value)
    return values


def _repeats(found: table.Table, name: str, values: list[Any], faults: list[str]) -> None:
    seen: dict[Any, int] = {}
    for place, value in zip(found.places.tolist(), values, strict=True):
        if value is not None and value in seen:
            earlier = f"stands on {found.place} {seen[value]} already"
            faults.append(
                f"{found.place} {place}, column {name!r}: {value!r} {earlier}; each may appear once"
            )
        seen.setdefault(value, place)


def _number(cell: Any) -> float:
    value = float(cell.replace(",", ".") if isinstance(cell, str) else cell)
    if not isfinite(value):
        raise ValueError
    return value


def _whole(cell: Any) -> int:
    value = _number(cell)
    if value != int(value):
        raise ValueError
    return int(value)


def _truth(cell: Any) -> bool:
    word = str(cell).lower()
    if word not in {"true", "yes", "1", "false", "no", "0"}:
        raise ValueError
    return word in {"true", "yes", "1"}


def _date(cell: Any) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    return cell if isinstance(cell, date) else date.fromisoformat(cell)


def _datetime(cell: Any) -> datetime:
    value = cell if isinstance(cell, datetime) else datetime.fromisoformat(cell)
    return value if value.tzinfo is None else value.astimezone(UTC)


_PARSERS: dict[type, Callable[[Any], Any]] = {
    str: str,
    float: _number,
    int: _whole,
    bool: _truth,
    date: _date,
    datetime: _datetime,
}
