"""Regret of each rule in each stretch of time that was judged: does it hold, or come from one lucky month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenwatt.app.plots.calendar_maps import day_name
from evenwatt.app.plots.colours import BLUE
from evenwatt.app.plots.drawing import statement
from evenwatt.app.plots.quantities import percent
from evenwatt.app.plots.shaded_grid import Cell, Shades, Side, shaded_grid
from evenwatt.app.plots.values import Row, capital, value

TITLE = "Regret of each stretch of time"
NOTHING = "No stretch of time was judged by itself."

Titles = Mapping[str, str]


def block_name(row: Row) -> str:
    """``1 Jan – 28 Feb``, or ``1–31 Jan`` within a month.

    Examples
    --------
    >>> block_name({"first": "2016-01-01", "last": "2016-01-31"})
    '1–31 Jan'
    """
    first, last = (day_name(str(row.get(key) or "")[:10]) for key in ("first", "last"))
    if first == last:
        return first
    day, _, month = first.partition(" ")
    return f"{day}–{last}" if month and last.endswith(f" {month}") else f"{first} – {last}"


def block_grid(
    rows: Sequence[Row], *, titles: Titles, order: Sequence[str] = (), marked: str | None = None
) -> str:
    """Rules down, stretches of time across; the best rule of each is framed.

    Parameters
    ----------
    rows : rows of first, last, rule, regret
    titles : rule -> name
    order : rules in the order of the rows
    marked : a rule to set off
    """
    held = [row for row in rows if value(row, "regret") is not None]
    if not held:
        return statement(TITLE, NOTHING)
    tried = list(dict.fromkeys(str(row["rule"]) for row in held))
    rules = [*(rule for rule in order if rule in tried), *(rule for rule in tried if rule not in order)]
    # Two stretches may have the same name, so the first day with its year tells them apart.
    stretches = {key: block_name(row) for row in sorted(held, key=_start) if (key := _start(row))}
    most = max(float(row["regret"]) for row in held) or 1e-9
    winners = _winners(held)
    cells = {}
    for row in held:
        rule, regret = str(row["rule"]), float(row["regret"])
        told = f"{capital(titles.get(rule, rule))}, {block_name(row)}: {percent(regret, 2)}"
        is_best = (rule, _start(row)) in winners
        cells[rule, _start(row)] = Cell(max(regret / most, 0), percent(regret, 1), "", told, is_best)
    return shaded_grid(
        Side("Rule", {rule: capital(titles.get(rule, rule)) for rule in rules}),
        Side("Stretch of time", stretches),
        cells,
        Shades("Regret [% of perfect foresight]", "0", percent(most, 1), "least regret of the stretch"),
        title=TITLE, description=blocks_told(rows, titles), left=268, marked=marked, colour=BLUE,
    )  # fmt: skip


def _start(row: Row) -> str:
    return str(row.get("first") or "-")


def _winners(rows: Sequence[Row]) -> set[tuple[str, str]]:
    """The rule with the least regret of each stretch, the yardstick apart."""
    found: dict[str, Row] = {}
    for row in rows:
        if "foresight" in str(row["rule"]):
            continue
        held = found.get(_start(row))
        if held is None or float(row["regret"]) < float(held["regret"]):
            found[_start(row)] = row
    return {(str(row["rule"]), start) for start, row in found.items()}


def blocks_told(rows: Sequence[Row], titles: Titles) -> str:
    """What to see: which rule is best in most stretches."""
    held = [row for row in rows if value(row, "regret") is not None]
    winners = _winners(held)
    if not winners:
        return NOTHING
    counts: dict[str, int] = {}
    for rule, _ in winners:
        counts[rule] = counts.get(rule, 0) + 1
    most = max(counts, key=lambda rule: (counts[rule], rule))
    if len(winners) == 1:
        return f"A single stretch was judged; {titles.get(most, most)} regrets least in it."
    name = capital(titles.get(most, most))
    return f"{name} regrets least in {counts[most]} of {len(winners)} stretches of time."
