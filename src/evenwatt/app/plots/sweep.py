"""How much is shared by the number of rounds: steps that flatten towards what the keys allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenwatt.app.plots.axes import Scale, percent_ticks, y_axis
from evenwatt.app.plots.colours import BLUE
from evenwatt.app.plots.drawing import document, element, hover, line, number, polyline, statement, text
from evenwatt.app.plots.quantities import energy, percent

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 960.0, 66.0, 930.0, 44.0, 286.0

Row = Mapping[str, object]


def rounds_sweep(rows: Sequence[Row]) -> str:
    """A point for each number of rounds; the case's own is filled.

    Parameters
    ----------
    rows : rows of name, title, shared_wh, share_of_ideal, chosen
        In ascending order of rounds.
    """
    title = "Shared by the number of rounds"
    shares = [_share(row) for row in rows]
    if not rows or not any(shares):
        return statement(title, "Nothing was shared, whatever the number of rounds.")
    room = max(max(shares) - min(shares), 0.004)
    low, high = max(min(shares) - 0.25 * room, 0.0), min(max(shares) + 0.35 * room, 1.0)
    y = Scale(low, high, BOTTOM, TOP)
    wide = (RIGHT - LEFT) / len(rows)
    places = [(LEFT + (k + 0.5) * wide, y(share)) for k, share in enumerate(shares)]
    parts = [
        y_axis(y, percent_ticks(low, high), left=LEFT, right=RIGHT, title="Share of the ideal [%]", top=TOP),
        element("path", d=polyline(places), fill="none", stroke=BLUE, stroke_width=2, stroke_opacity="0.5"),
    ]
    for row, share, (px, py) in zip(rows, shares, places, strict=True):
        parts += _point(row, share, px, py)
    parts += [
        line(LEFT, BOTTOM, RIGHT, BOTTOM, kind="axis"),
        text(
            (LEFT + RIGHT) / 2, BOTTOM + 42, "Rounds in which what is left is offered again", anchor="middle"
        ),
    ]
    return document(title, sweep_told(rows), WIDTH, BOTTOM + 54, parts)


def _share(row: Row) -> float:
    return float(str(row.get("share_of_ideal") or 0))


def _point(row: Row, share: float, x: float, y: float) -> list[str]:
    chosen, name = bool(row.get("chosen")), str(row.get("name"))
    wh = energy(int(str(row.get("shared_wh") or 0)))
    told = f"{row.get('title')}: {wh}, {percent(share, 1)} of the ideal"
    label = "∞" if name == "unlimited" else name
    return [
        element(
            "circle", hover(told), cx=number(x), cy=number(y), r=7 if chosen else 5,
            fill=BLUE if chosen else "#ffffff", class_=None if chosen else "paper", stroke=BLUE, stroke_width=2,
        ),
        text(x, y - 13, percent(share, 1), anchor="middle", weight=700 if chosen else None, size=12),
        text(x, BOTTOM + 20, label, anchor="middle", weight=700 if chosen else None),
    ]  # fmt: skip


def sweep_told(rows: Sequence[Row]) -> str:
    """What to see: what the case's number of rounds leaves on the table, and what one round would."""
    chosen = next((row for row in rows if row.get("chosen")), None)
    if chosen is None or not rows:
        return "With more rounds more is shared, for what is left of a producer's supply is offered again."
    most = max(rows, key=_share)
    told = f"With {chosen['title']} {percent(_share(chosen), 1)} of the ideal are shared"
    told += f", in a single round {percent(_share(rows[0]), 1)}" if rows[0] is not chosen else ""
    if _share(most) > _share(chosen):
        return f"{told}; rounds without end would come to {percent(_share(most), 1)}."
    return f"{told}; more rounds would share nothing more."
