"""How regret falls as a rule has more of the past to learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenwatt.app.plots.axes import Scale, percent_ticks, round_ticks, x_axis, y_axis
from evenwatt.app.plots.banded import Line, Point, drawn, ends
from evenwatt.app.plots.drawing import document, statement
from evenwatt.app.plots.panels import bounds
from evenwatt.app.plots.quantities import grouped, percent
from evenwatt.app.plots.rule_inks import rule_inks
from evenwatt.app.plots.values import Row, capital, value

WIDTH, LEFT, RIGHT, TOP = 960.0, 60.0, 632.0, 48.0
TITLE = "Regret by the length of the past"
NOTHING = "Nothing was judged with less of the past than all of it."

Titles = Mapping[str, str]


def learning_curve(rows: Sequence[Row], *, titles: Titles, bold: frozenset[str] = frozenset()) -> str:
    """A line per rule with the band of its interval.

    Parameters
    ----------
    rows : rows of rule, rows, regret, low, high
        ``rows`` is how many past intervals the rule was fitted on.
    titles : rule -> name
    bold : rules whose names are set off
    """
    of = _by_rule(rows)
    if not of:
        return statement(TITLE, NOTHING)
    inks = rule_inks(list(of))
    names = {rule: capital(titles.get(rule, rule)) for rule in of}
    lines = [Line(names[rule], held, inks[rule], 3.0 if rule in bold else 1.9) for rule, held in of.items()]
    counts = sorted({p.x for held in of.values() for p in held})
    reached = bounds(lines)
    high, low = max(reached) or 0.01, min(0.0, *reached)
    bottom = max(330.0, TOP + 17 * len(lines) + 20)
    x, y = Scale(min(counts[0], 0), counts[-1], LEFT, RIGHT), Scale(low, high * 1.04, bottom, TOP)
    ticks = [(v, grouped(v)) for v in round_ticks(x.low, x.high, 6)]
    parts = [
        y_axis(
            y,
            percent_ticks(low, high),
            left=LEFT,
            right=RIGHT,
            title="Regret [% of perfect foresight]",
            top=TOP,
        ),
        x_axis(
            x, ticks, top=TOP, bottom=bottom, title="Past intervals learned from", middle=(LEFT + RIGHT) / 2
        ),
    ]
    for shown in lines:
        parts += drawn(shown, x, y, dots=len(counts) <= 12)
    marked = frozenset(names[rule] for rule in bold if rule in names)
    parts += ends(lines, y, at=RIGHT, room=WIDTH - RIGHT, low=TOP, high=bottom, bold=marked)
    return document(TITLE, curve_told(rows, titles), WIDTH, bottom + 52, parts)


def _by_rule(rows: Sequence[Row]) -> dict[str, list[Point]]:
    """The points of each rule, least past first."""
    of: dict[str, list[Point]] = {}
    for row in rows:
        count, regret = value(row, "rows"), value(row, "regret")
        if count is not None and regret is not None:
            of.setdefault(str(row["rule"]), []).append(
                Point(count, regret, value(row, "low"), value(row, "high"))
            )
    return {rule: sorted(points, key=lambda p: p.x) for rule, points in of.items()}


def curve_told(rows: Sequence[Row], titles: Titles) -> str:
    """What to see: which rule learns most from more of the past, and whether it has stopped."""
    of = {rule: points for rule, points in _by_rule(rows).items() if len(points) > 1}
    if not of:
        one = _by_rule(rows)
        if not one:
            return NOTHING
        rule = min(one, key=lambda r: one[r][-1].y)
        return f"Only one length of the past was tried; {titles.get(rule, rule)} loses {percent(one[rule][-1].y, 2)}."
    most = max(of, key=lambda rule: (of[rule][0].y - of[rule][-1].y, rule))
    first, before, last = of[most][0], of[most][-2], of[most][-1]
    name = capital(titles.get(most, most))
    if first.y - last.y <= 1e-4:
        return "No rule gains from more of the past."
    told = (
        f"{name} gains most from more of the past: {percent(first.y, 2)} regret after {grouped(first.x)} intervals,"
        f" {percent(last.y, 2)} after {grouped(last.x)}."
    )
    step = before.y - last.y
    if len(of[most]) > 2 and step < 0.1 * (first.y - last.y):
        return f"{told} The last step changed little: more of the same past would hardly help."
    return f"{told} The last step still took off {percent(step, 2)}." if step > 0 else told
