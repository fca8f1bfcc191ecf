"""Fairness against efficiency: a point per rule, and the rules that no other beats on both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evenwatt.app.plots.axes import Scale, Ticks, decimals_of, percent_ticks, round_ticks, x_axis, y_axis
from evenwatt.app.plots.drawing import document, element, hover, line, polyline, statement, text, text_width
from evenwatt.app.plots.placing import Label, placed
from evenwatt.app.plots.quantities import grouped, percent
from evenwatt.app.plots.regrets import FORESIGHT, INKS, SAID, kind_of, title_of
from evenwatt.app.plots.values import Row, capital, listed, value

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 960.0, 66.0, 944.0, 74.0, 470.0
TITLE = "Fairness against efficiency"
NOTHING = "No rule has both a regret and a measure of fairness."


@dataclass(frozen=True)
class Fairness:
    """A measure of fairness: its column, name, and whether less of it is fairer."""

    key: str
    name: str
    is_less_fairer: bool


GINI = Fairness("gini", "Gini index of satisfaction; 0 is equal", True)
WORST = Fairness("satisfaction_worst", "Satisfaction of the worst-served agent [%]", False)


def points_of(rows: Sequence[Row], measure: Fairness) -> list[Row]:
    """The rules that can be drawn."""
    return [row for row in rows if value(row, "regret") is not None and value(row, measure.key) is not None]


def front(rows: Sequence[Row], measure: Fairness = GINI) -> list[str]:
    """Rules that no other beats on regret and fairness both, least regret first; the yardstick has no part.

    Examples
    --------
    >>> rows = [{"rule": "a", "regret": 0.02, "gini": 0.05}, {"rule": "b", "regret": 0.03, "gini": 0.03},
    ...         {"rule": "c", "regret": 0.04, "gini": 0.04}]
    >>> front(rows)
    ['a', 'b']
    """
    held = [
        (str(row["rule"]), *_costs(row, measure))
        for row in points_of(rows, measure)
        if kind_of(row) != FORESIGHT
    ]
    kept = [
        (rule, regret, unfair) for rule, regret, unfair in held
        if not any(r <= regret and u <= unfair and (r, u) != (regret, unfair) for _, r, u in held)
    ]  # fmt: skip
    return [rule for rule, *_ in sorted(kept, key=lambda item: (item[1], item[2], item[0]))]


def _costs(row: Row, measure: Fairness) -> tuple[float, float]:
    """Regret and unfairness; of both less is better."""
    held = float(row[measure.key])
    return float(row["regret"]), held if measure.is_less_fairer else -held


def fairness_regret(rows: Sequence[Row], *, measure: Fairness = GINI) -> str:
    """A point per rule: regret across, fairness up, the better the nearer to the marked corner.

    Parameters
    ----------
    rows : rows of rule, title, regret, gini, satisfaction_worst, is_baseline
    measure : Fairness
    """
    held = points_of(rows, measure)
    if not held:
        return statement(TITLE, NOTHING)
    x, y, ticks = _scales(held, measure)
    places = [(x(float(row["regret"])), y(float(row[measure.key]))) for row in held]
    names = [capital(title_of(row)) for row in held]
    labels = placed(places, names, (LEFT + 4, TOP - 6, RIGHT, BOTTOM - 6))
    title = "Regret [% of perfect foresight]; further left is more efficient"
    parts = [
        x_axis(
            x, percent_ticks(x.low, x.high, 7), top=TOP, bottom=BOTTOM, title=title, middle=(LEFT + RIGHT) / 2
        ),
        y_axis(y, ticks, left=LEFT, right=RIGHT, title=_axis(measure), top=TOP),
        *_front(held, measure, x, y),
    ]
    on_front = set(front(held, measure))
    for row, place, name, label in zip(held, places, names, labels, strict=True):
        parts += _point(row, place, name, label, measure, is_front=str(row["rule"]) in on_front)
    return document(TITLE, fairness_told(rows, measure), WIDTH, BOTTOM + 52, [*_legend(held), *parts])


def _axis(measure: Fairness) -> str:
    return f"{measure.name}; further {'down' if measure.is_less_fairer else 'up'} is fairer"


def _scales(rows: Sequence[Row], measure: Fairness) -> tuple[Scale, Scale, Ticks]:
    """Both axes with air around the points."""
    regrets, fair = [float(row["regret"]) for row in rows], [float(row[measure.key]) for row in rows]
    x, y = _aired(regrets, LEFT, RIGHT), _aired(fair, BOTTOM, TOP)
    if measure.is_less_fairer:
        marks = round_ticks(y.low, y.high, 5)
        return x, y, [(mark, grouped(mark, decimals_of(marks))) for mark in marks]
    return x, y, percent_ticks(y.low, y.high, 5)


def _aired(held: Sequence[float], start: float, stop: float) -> Scale:
    room = max(held) - min(held) or max(abs(held[0]), 0.01)
    return Scale(min(held) - 0.08 * room, max(held) + 0.08 * room, start, stop)


def _front(rows: Sequence[Row], measure: Fairness, x: Scale, y: Scale) -> Iterable[str]:
    """The staircase through the rules that no other beats on both."""
    of: Mapping[str, Row] = {str(row["rule"]): row for row in rows}
    corners = [
        (x(float(of[rule]["regret"])), y(float(of[rule][measure.key]))) for rule in front(rows, measure)
    ]
    if not corners:
        return
    far = TOP if measure.is_less_fairer else BOTTOM
    steps = [(corners[0][0], far)]
    for a, b in corners:
        steps += [(a, steps[-1][1]), (a, b)]
    steps.append((RIGHT, steps[-1][1]))
    ring = [*steps, (RIGHT, far)]
    yield element("path", d=polyline(ring) + "z", fill="#7d858e", fill_opacity="0.09")
    yield element(
        "path", hover("No rule beats these on both"), d=polyline(steps), fill="none", stroke="#7d858e",
        stroke_width=1.4, stroke_dasharray="5 3", class_="front",
    )  # fmt: skip


def _point(
    row: Row, place: tuple[float, float], name: str, label: Label | None, measure: Fairness, *, is_front: bool
) -> Iterable[str]:
    """A rule's dot, its name, and a line between them where they are apart."""
    colour, is_yardstick = INKS[kind_of(row)], kind_of(row) == FORESIGHT
    fair = float(row[measure.key])
    written = grouped(fair, 3) if measure.is_less_fairer else percent(fair, 1)
    told = f"{name}: regret {percent(float(row['regret']), 2)}, {measure.name.partition(';')[0]} {written}"
    if label is not None and label.is_far:
        edge = label.x + {"start": -3, "end": 3, "middle": 0}[label.anchor]
        yield line(*place, edge, label.y - 4, kind="axis")
    yield element(
        "circle", hover(told), cx=place[0], cy=place[1], r=6.5 if is_front else 5, stroke=colour, stroke_width=2,
        fill="#ffffff" if is_yardstick else colour, class_="paper" if is_yardstick else None,
    )  # fmt: skip
    if label is not None:
        weight = 650 if is_front else None
        yield text(
            label.x,
            label.y,
            name,
            anchor=None if label.anchor == "start" else label.anchor,
            weight=weight,
            halo=True,
        )


def _legend(rows: Sequence[Row]) -> Iterable[str]:
    x = 6.0
    for kind, colour in INKS.items():
        if any(kind_of(row) == kind for row in rows):
            is_yardstick = kind == FORESIGHT
            yield element(
                "circle", cx=x, cy=10, r=5, stroke=colour, stroke_width=2, fill="#ffffff" if is_yardstick else colour,
                class_="paper" if is_yardstick else None,
            )  # fmt: skip
            yield text(x + 13, 14.5, SAID[kind])
            x += text_width(SAID[kind]) + 44
    yield element("path", d=f"M{x:.1f} 10h24", stroke="#7d858e", stroke_width=1.4, stroke_dasharray="5 3")
    yield text(x + 31, 14.5, "no rule beats these on both")


def fairness_told(rows: Sequence[Row], measure: Fairness = GINI) -> str:
    """What to see: the rules on the front, and what the fairest of them costs."""
    held = points_of(rows, measure)
    of = {str(row["rule"]): row for row in held}
    best = [of[rule] for rule in front(held, measure)]
    if not best:
        return NOTHING
    first, last = best[0], best[-1]
    if len(best) == 1:
        told = f"{capital(title_of(first))} is both the most efficient and the fairest"
        return told + (": no other rule beats it on either." if len(held) > 1 else ".")
    price = float(last["regret"]) - float(first["regret"])
    return (
        f"{capital(listed((title_of(row) for row in best), 4))} lie on the front: no rule beats one of them on"
        f" both. From the most efficient, {title_of(first)}, to the fairest, {title_of(last)}, regret rises by"
        f" {percent(price, 2)} of perfect foresight."
    )
