"""The share of claims served on each day of each scenario, with the band over its draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenwatt.app.plots.axes import percent_ticks
from evenwatt.app.plots.banded import Line, Point
from evenwatt.app.plots.calendar_maps import day_name
from evenwatt.app.plots.colours import Ink
from evenwatt.app.plots.drawing import element, polyline, shortened, statement, text, text_width
from evenwatt.app.plots.panels import Frame, Panel, bounds, panels
from evenwatt.app.plots.quantities import percent
from evenwatt.app.plots.rule_inks import rule_inks
from evenwatt.app.plots.values import Row, capital, value, values

TITLE = "Served share of each day by scenario"
NOTHING = "No day of any scenario was kept."
MOST_PANELS = 18

Titles = Mapping[str, str]


def scenario_bands(rows: Sequence[Row], *, titles: Titles) -> str:
    """A panel per scenario with a line per rule.

    Parameters
    ----------
    rows : rows of scenario, rule, day, served_share, low, high
    titles : scenario -> name
    """
    held = [row for row in rows if value(row, "served_share") is not None]
    if not held:
        return statement(TITLE, NOTHING)
    days = sorted({str(row.get("day") or "") for row in held})
    rules = list(dict.fromkeys(str(row["rule"]) for row in held))
    inks = rule_inks(rules)
    scenarios = list(dict.fromkeys(str(row["scenario"]) for row in held))[:MOST_PANELS]
    made = [_panel(name, held, days, inks, titles) for name in scenarios]
    reached = bounds(line for panel in made for line in panel.lines)
    low = max(min(reached) - 0.02, 0.0)
    low = int(low * 10) / 10
    high = max(1.0, max(reached))
    frame = Frame(
        0, max(len(days), 1), low, high, percent_ticks(low, high, 3), day_name(days[0]), day_name(days[-1])
    )
    legend, below = _legend(inks)
    axis = "Share of claims served [%]" + (f"; the axis begins at {percent(low)}" if low else "")
    return panels(
        made, frame, title=TITLE, description=bands_told(rows, titles), axis=axis, legend=legend, legend_height=below,
        tall=110.0,
    )  # fmt: skip


def _panel(
    scenario: str, rows: Sequence[Row], days: Sequence[str], inks: Mapping[str, Ink], titles: Titles
) -> Panel:
    """A scenario's lines; a day without a row is a gap."""
    own = {
        (str(row["rule"]), str(row.get("day") or "")): row for row in rows if str(row["scenario"]) == scenario
    }
    lines = []
    for rule, ink in inks.items():
        points = [_point(k, own.get((rule, day))) for k, day in enumerate(days)]
        lines.append(Line(rule, points, ink, 1.8))
    mean = values(own.values(), "served_share")
    return Panel(
        capital(titles.get(scenario, scenario)), percent(sum(mean) / len(mean)) if mean else "", lines
    )


def _point(position: int, row: Row | None) -> Point | None:
    if row is None:
        return None
    return Point(position + 0.5, float(row["served_share"]), value(row, "low"), value(row, "high"))


def _legend(inks: Mapping[str, Ink]) -> tuple[list[str], float]:
    """Rules and their lines, in rows as wide as the drawing, and how high they are."""
    parts, x, y = [], 0.0, 10.0
    for rule, ink in inks.items():
        name = shortened(rule, 260)
        wide = text_width(name) + 58
        if x + wide > 960:
            x, y = 0.0, y + 21
        sample = polyline([(x, y), (x + 26, y)])
        parts.append(
            element("path", d=sample, stroke=ink.colour, stroke_width=2.2, stroke_dasharray=ink.dash or None)
        )
        parts.append(text(x + 33, y + 4.5, name))
        x += wide
    return parts, y + 18


def bands_told(rows: Sequence[Row], titles: Titles) -> str:
    """What to see: the worst day of all."""
    held = [row for row in rows if value(row, "served_share") is not None]
    if not held:
        return NOTHING
    worst = min(held, key=lambda row: (float(row["served_share"]), str(row.get("day"))))
    name = capital(titles.get(str(worst["scenario"]), str(worst["scenario"])))
    told = (
        f"The worst day is {day_name(str(worst.get('day') or ''))} in “{name}” under {worst['rule']}:"
        f" {percent(float(worst['served_share']))} of what was claimed is served"
    )
    low, high = value(worst, "low"), value(worst, "high")
    told += (
        f", {percent(low)} to {percent(high)} over the draws" if low is not None and high is not None else ""
    )
    shown = len(dict.fromkeys(str(row["scenario"]) for row in held))
    return f"{told}." + (
        f" The drawing shows the first {MOST_PANELS} scenarios." if shown > MOST_PANELS else ""
    )
