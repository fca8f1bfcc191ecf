"""What each member wanted and how much of it was shared with it: a bar a member."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evenwatt.app.plots.axes import Scale, energy_ticks, x_axis
from evenwatt.app.plots.colours import BLUE
from evenwatt.app.plots.drawing import document, hover, rect, shortened, statement, text
from evenwatt.app.plots.quantities import counted, percent, unit_for, written

WIDTH, LEFT, RIGHT, TOP, ROW = 960.0, 168.0, 880.0, 44.0, 21.0
MOST_ROWS = 40

Row = Mapping[str, object]


def served(rows: Sequence[Row]) -> str:
    """A bar as long as what a member wanted, filled by what it got.

    Parameters
    ----------
    rows : rows of id, label, deficit_wh, received_wh, coverage
        Any order; drawn by coverage, of very many members the largest.
    """
    title = "Demand of each member and what was shared with it"
    shown = _shown(rows)
    if not shown:
        return statement(title, "Nobody wanted more than its own generation gave.")
    most = max(_wh(row, "deficit_wh") for row in shown)
    unit, x, bottom = unit_for([most]), Scale(0, most, LEFT, RIGHT), TOP + ROW * len(shown)
    parts = [
        x_axis(
            x, energy_ticks(most, unit), top=TOP, bottom=bottom, middle=(LEFT + RIGHT) / 2,
            title=f"Demand after own use (outline) and what of it was shared (filled) [{unit.name}]",
        ),
        text(WIDTH - 4, TOP - 14, "met", anchor="end", kind="muted"),
        text(0, TOP - 14, "Member, best served first", kind="muted"),
    ]  # fmt: skip
    for k, row in enumerate(shown):
        parts += _row(row, x, TOP + ROW * k)
    return document(title, served_told(rows), WIDTH, bottom + 52, parts)


def _wh(row: Row, key: str) -> int:
    return int(str(row.get(key) or 0))


def _met(row: Row) -> float:
    return _wh(row, "received_wh") / _wh(row, "deficit_wh")


def _shown(rows: Sequence[Row]) -> list[Row]:
    wanting = [row for row in rows if _wh(row, "deficit_wh")]
    largest = sorted(wanting, key=lambda row: -_wh(row, "deficit_wh"))[:MOST_ROWS]
    return sorted(largest, key=lambda row: (-_met(row), str(row["id"])))


def _row(row: Row, x: Scale, top: float) -> Iterable[str]:
    wanted, got, label = _wh(row, "deficit_wh"), _wh(row, "received_wh"), str(row.get("label") or row["id"])
    unit = unit_for([wanted])
    told = f"{label}: {written(got, unit)} of {written(wanted, unit)}, {percent(_met(row))}"
    yield text(LEFT - 10, top + 14.5, shortened(label, LEFT - 14), anchor="end")
    yield rect(x(0), top + 3, x(wanted) - x(0), 14, fill="none", stroke="#a3abb3", class_="axis", rx=1)
    yield rect(x(0), top + 3, x(got) - x(0), 14, inner=hover(told), fill=BLUE, fill_opacity="0.85", rx=1)
    yield text(WIDTH - 4, top + 14.5, percent(_met(row)), anchor="end")


def served_told(rows: Sequence[Row]) -> str:
    """What to see: who is served best and worst, and whom the drawing leaves out."""
    wanting = [row for row in rows if _wh(row, "deficit_wh")]
    if not wanting:
        return "Nobody wanted more than its own generation gave."
    best, worst = max(wanting, key=_met), min(wanting, key=_met)
    told = (
        f"{best.get('label') or best['id']} had {percent(_met(best))} of its demand met by sharing, "
        f"{worst.get('label') or worst['id']} {percent(_met(worst))}."
    )
    more = len(wanting) - MOST_ROWS
    return told + (
        f" {counted(more, 'member')} with smaller demand are in the table only." if more > 0 else ""
    )
