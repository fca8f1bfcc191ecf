"""Lorenz curves of all rules: what share of the awards the members with the smallest ones hold."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenwatt.app.plots.axes import Scale, percent_ticks, x_axis, y_axis
from evenwatt.app.plots.colours import rule_ink
from evenwatt.app.plots.drawing import (
    document,
    element,
    hover,
    line,
    polyline,
    rect,
    shortened,
    statement,
    text,
)
from evenwatt.app.plots.quantities import percent

WIDTH, HEIGHT = 960.0, 640.0
LEFT, TOP, BOTTOM = 62.0, 40.0, 590.0
RIGHT = LEFT + (BOTTOM - TOP)  # the frame is a square
LEGEND = RIGHT + 34
INSET = 236.0  # side of the magnified square
CLOSE = 0.16  # curves that differ by less than this are magnified


@dataclass(frozen=True)
class Curve:
    """One rule's curve and how unequal it is."""

    rule: str
    points: Sequence[tuple[float, float]]

    @property
    def gini(self) -> float:
        """One less twice the area under the curve."""
        area = sum(
            (b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in zip(self.points, self.points[1:], strict=False)
        )
        return 1 - 2 * area

    def at(self, population: float) -> float:
        """The share held by this share of members, straight between points."""
        k = min(max(bisect_right(self.points, (population, 2.0)), 1), len(self.points) - 1)
        (x1, y1), (x2, y2) = self.points[k - 1], self.points[k]
        return y1 if x2 == x1 else y1 + (y2 - y1) * (population - x1) / (x2 - x1)


def curves_of(rows: Sequence[Mapping[str, Sequence[float]]]) -> list[Curve]:
    """The curves of the ``lorenz`` table, most equal first; a row without points is left out."""
    curves = [
        Curve(str(row["rule"]), list(zip(row["population"], row["share"], strict=True)))
        for row in rows
        if len(row.get("population") or ()) > 1 and None not in row["share"]
    ]
    return sorted(curves, key=lambda curve: (round(curve.gini, 9), curve.rule))


def lorenz(
    rows: Sequence[Mapping[str, Sequence[float]]], *, chosen: str | None = None, of: str = "awards"
) -> str:
    """All curves in one square, the chosen rule thick, and a magnified window where they lie close.

    Parameters
    ----------
    rows : table of rule, population, share
        Points of each curve, from (0, 0) to (1, 1).
    chosen : str, optional
        The case's rule, drawn last and thick.
    of : str
        What is shared, for the axis.
    """
    title = f"Lorenz curves of {of} by rule"
    curves = curves_of(rows)
    if not curves:
        return statement(title, "No rule has a Lorenz curve.")
    x, y = Scale(0, 1, LEFT, RIGHT), Scale(0, 1, BOTTOM, TOP)
    ticks = percent_ticks()
    parts = [
        x_axis(
            x,
            ticks,
            top=TOP,
            bottom=BOTTOM,
            title="Share of members, smallest award first [%]",
            middle=(LEFT + RIGHT) / 2,
        ),
        y_axis(y, ticks, left=LEFT, right=RIGHT, title=f"Share of {of} [%]", top=TOP),
        element(
            "path", d=f"M{LEFT} {BOTTOM}L{RIGHT} {TOP}", class_="axis", stroke="#a3abb3", stroke_width=1.5
        ),
        *_drawn(curves, chosen, x, y),
        *_window(curves, chosen, x, y),
        *_legend(curves, chosen),
    ]
    described = "; ".join(f"{curve.rule}: Gini {curve.gini:.3f}" for curve in curves)
    return document(title, f"Most equal first. {described}.", WIDTH, HEIGHT, parts)


def _drawn(curves: Sequence[Curve], chosen: str | None, x: Scale, y: Scale) -> list[str]:
    """The curves, the chosen one last so that it lies on top."""
    return [
        _path(curve, curve.rule == chosen, x, y) for curve in sorted(curves, key=lambda c: c.rule == chosen)
    ]


def _path(curve: Curve, is_chosen: bool, x: Scale, y: Scale) -> str:
    """One curve."""
    ink = rule_ink(curve.rule)
    return element(
        "path",
        hover(f"{curve.rule}: Gini {curve.gini:.3f}"),
        d=polyline((x(a), y(b)) for a, b in curve.points),
        fill="none",
        stroke=ink.colour,
        stroke_width=3.4 if is_chosen else 1.6,
        stroke_dasharray=ink.dash or None,
        stroke_linejoin="round",
    )


def widest(curves: Sequence[Curve]) -> tuple[float, float, float]:
    """Where the curves differ most: share of members, and the lowest and highest share there."""
    places = [k / 50 for k in range(1, 50)]
    spans = [(p, min(c.at(p) for c in curves), max(c.at(p) for c in curves)) for p in places]
    return max(spans, key=lambda span: (span[2] - span[1], -span[0]))


def _window(curves: Sequence[Curve], chosen: str | None, x: Scale, y: Scale) -> list[str]:
    """The magnified window in the empty upper left, where curves are close but not the same."""
    if len(curves) < 2:
        return []
    place, low, high = widest(curves)
    if not 1e-4 < high - low < CLOSE:
        return []
    half = max((high - low) * 0.75, 0.008)
    middle = (low + high) / 2
    sides = (max(place - half, 0), min(place + half, 1), max(middle - half, 0), min(middle + half, 1))
    inner_x, inner_y = Scale(sides[0], sides[1], 0, INSET), Scale(sides[2], sides[3], INSET, 0)
    left, top = LEFT + 22, TOP + 46
    drawn = "".join(_drawn(curves, chosen, inner_x, inner_y))
    # A nested drawing clips what runs past its frame, without an id for a clip path.
    magnified = element("svg", drawn, x=left, y=top, width=INSET, height=INSET, overflow="hidden")
    shown = (x(sides[0]), y(sides[3]), x(sides[1]) - x(sides[0]), y(sides[2]) - y(sides[3]))
    frame: dict[str, Any] = {"fill": "none", "stroke": "#5f6973", "class_": "frame", "stroke_width": 1}
    times = INSET / (RIGHT - LEFT) / (sides[1] - sides[0])
    words = f"Magnified {times:.0f} times, around {percent(place)} of members"
    return [
        rect(left, top, INSET, INSET, fill="#ffffff", class_="paper"),
        magnified,
        rect(left, top, INSET, INSET, **frame),
        rect(*shown, **frame),
        line(left + INSET, top + INSET, shown[0], shown[1], kind="axis"),
        text(left, top - 10, words, kind="muted", size=12),
    ]


def _legend(curves: Sequence[Curve], chosen: str | None) -> list[str]:
    """The rules in the order of their curves with their Gini index, and the line of equality."""
    step = min(24.0, (BOTTOM - TOP - 60) / max(len(curves), 1))
    parts = [
        text(LEGEND + 44, TOP + 4, "Rule, most equal first", kind="muted"),
        text(WIDTH - 4, TOP + 4, "Gini", anchor="end", kind="muted"),
    ]
    rows = curves if step >= 15 else curves[: int((BOTTOM - TOP - 60) / 15)]
    for k, curve in enumerate(rows):
        ink, y, bold = (
            rule_ink(curve.rule),
            TOP + 28 + k * max(step, 15),
            700 if curve.rule == chosen else None,
        )
        sample = polyline([(LEGEND, y - 4), (LEGEND + 34, y - 4)])
        width = 3.4 if bold else 1.8
        parts += [
            element(
                "path", d=sample, stroke=ink.colour, stroke_width=width, stroke_dasharray=ink.dash or None
            ),
            text(LEGEND + 44, y, shortened(curve.rule, WIDTH - LEGEND - 100), weight=bold),
            text(WIDTH - 4, y, f"{curve.gini:.3f}", anchor="end", weight=bold),
        ]
    y = TOP + 34 + len(rows) * max(step, 15)
    parts.append(line(LEGEND, y - 4, LEGEND + 34, y - 4, kind="axis", width=1.5))
    return [*parts, text(LEGEND + 44, y, "everybody the same", kind="muted")]


def lorenz_caption(
    rows: Sequence[Mapping[str, Sequence[float]]], chosen: str | None, of: str = "awards"
) -> str:
    """What to see: the most and the least equal rule, and where the case's rule stands between."""
    curves = curves_of(rows)
    if not curves:
        return ""
    first, last = curves[0], curves[-1]
    half = f"the half of the members with the smaller awards holds {percent(first.at(0.5))} of {of}"
    if len(curves) == 1 or last.gini - first.gini < 5e-4:
        return (
            f"All curves coincide: under every rule {half}."
            if len(curves) > 1
            else f"Under {first.rule} {half}."
        )
    rank = next((k for k, curve in enumerate(curves) if curve.rule == chosen), None)
    case = (
        "" if rank is None else f" The case’s rule, {chosen}, stands {_ordinal(rank + 1)} of {len(curves)}."
    )
    return (
        f"The nearer to the diagonal, the more equal. Under {first.rule}, the most equal, {half};"
        f" under {last.rule} {percent(last.at(0.5))}.{case}"
    )


def _ordinal(rank: int) -> str:
    """``1st``, ``2nd`` ..."""
    ending = "th" if rank % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{ending}"
