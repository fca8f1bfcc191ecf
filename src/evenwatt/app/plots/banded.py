"""Lines with the band of their interval, in one frame or in a panel of many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evenwatt.app.plots.axes import Place
from evenwatt.app.plots.colours import Ink
from evenwatt.app.plots.drawing import element, hover, polyline, shortened, text
from evenwatt.app.plots.placing import spread
from evenwatt.app.plots.row_labels import BOLDER

LINE_HEIGHT = 17.0


@dataclass(frozen=True)
class Point:
    """A value somewhere along the lower axis, with its interval where there is one."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Line:
    """A named line; None breaks it."""

    name: str
    points: Sequence[Point | None]
    ink: Ink
    width: float = 2.0


def runs(points: Iterable[Point | None]) -> list[list[Point]]:
    """The unbroken pieces of a line."""
    pieces: list[list[Point]] = [[]]
    for point in points:
        if point is not None:
            pieces[-1].append(point)
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def drawn(line: Line, x: Place, y: Place, *, dots: bool = False, opacity: str = "0.16") -> list[str]:
    """A line over its band; a piece of one point is a dot."""
    parts = []
    for piece in runs(line.points):
        held = [(p, p.low, p.high) for p in piece]
        upper = [(x(p.x), y(high)) for p, low, high in held if low is not None and high is not None]
        lower = [(x(p.x), y(low)) for p, low, high in held if low is not None and high is not None]
        if len(upper) > 1:
            ring = polyline([*upper, *reversed(lower)]) + "z"
            parts.append(
                element(
                    "path", d=ring, fill=line.ink.colour, fill_opacity=opacity, class_="band", stroke="none"
                )
            )
        elif upper:
            parts.append(
                element("path", d=polyline([upper[0], lower[0]]), stroke=line.ink.colour, stroke_width=1.4)
            )
        parts += _stroke(line, piece, x, y, dots)
    return parts


def _stroke(line: Line, piece: Sequence[Point], x: Place, y: Place, dots: bool) -> Iterable[str]:
    """The line itself, and its points where they are few."""
    if len(piece) > 1:
        yield element(
            "path", hover(line.name), d=polyline((x(p.x), y(p.y)) for p in piece), fill="none",
            stroke=line.ink.colour, stroke_width=line.width, stroke_dasharray=line.ink.dash or None,
            stroke_linejoin="round", class_="line",
        )  # fmt: skip
    if dots or len(piece) == 1:
        for p in piece:
            yield element(
                "circle", hover(line.name), cx=x(p.x), cy=y(p.y), r=line.width + 1.2, fill=line.ink.colour
            )


def ends(
    lines: Sequence[Line], y: Place, *, at: float, room: float, low: float, high: float, bold: frozenset[str]
) -> list[str]:
    """The name of each line beside its last point, pushed apart, with a short tie to where the line ends."""
    last = {line.name: runs(line.points)[-1][-1] for line in lines if runs(line.points)}
    wanted = [y(point.y) for point in last.values()]
    places = spread(wanted, LINE_HEIGHT, low, high)
    inks = {line.name: line.ink for line in lines}
    parts = []
    for name, want, place in zip(last, wanted, places, strict=True):
        tie = polyline([(at + 3, want), (at + 16, place), (at + 22, place)])
        parts.append(element("path", d=tie, fill="none", stroke=inks[name].colour, stroke_width=1.2))
        is_bold = name in bold
        shown = shortened(name, (room - 29) / (BOLDER if is_bold else 1))
        parts.append(text(at + 27, place + 4.5, shown, weight=700 if is_bold else None))
    return parts
