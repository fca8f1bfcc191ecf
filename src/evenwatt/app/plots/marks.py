"""Marks of money rules: a colour and a shape each, so that they are told apart without colour too."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from evenwatt.app.plots import colours
from evenwatt.app.plots.drawing import element, hover, number

# Paths around the origin at radius 1; those in OPEN are strokes, the others are filled.
SHAPES = {
    "disc": "M-1 0a1 1 0 1 0 2 0a1 1 0 1 0 -2 0z",
    "ring": "M-.9 0a.9 .9 0 1 0 1.8 0a.9 .9 0 1 0 -1.8 0z",
    "square": "M-.85 -.85h1.7v1.7h-1.7z",
    "diamond": "M0 -1.15L1.15 0L0 1.15L-1.15 0z",
    "triangle": "M0 -1.1L1.1 .85H-1.1z",
    "wedge": "M0 1.1L1.1 -.85H-1.1z",
    "cross": "M-.9 -.9L.9 .9M-.9 .9L.9 -.9",
    "plus": "M0 -1.1V1.1M-1.1 0H1.1",
}
OPEN = frozenset({"ring", "cross", "plus"})


@dataclass(frozen=True)
class Mark:
    """How the dot of a money rule looks."""

    colour: str
    shape: str


MONEY = {
    "shapley": Mark(colours.BLUE, "disc"),
    "nucleolus": Mark(colours.VERMILION, "diamond"),
    "tau": Mark(colours.SKY, "triangle"),
    "proportional": Mark(colours.GREEN, "square"),
    "equal": Mark(colours.GREY, "plus"),
    "mid-market": Mark(colours.ORANGE, "wedge"),
    "bill-sharing": Mark(colours.PURPLE, "cross"),
    "seed001": Mark(colours.WINE, "ring"),
}
OTHERS = tuple(Mark(ink.colour, shape) for ink in colours.OTHERS for shape in SHAPES)


def money_mark(rule: str) -> Mark:
    """The mark of a money rule by its name; parameters keep the family's mark."""
    name = rule.partition(":")[0]
    return MONEY.get(name) or OTHERS[crc32(name.encode()) % len(OTHERS)]


def drawn(mark: Mark, x: float, y: float, radius: float, told: str = "") -> str:
    """The mark at a place, and what a pointer resting on it reads."""
    is_open = mark.shape in OPEN
    return element(
        "path",
        hover(told) if told else "",
        d=SHAPES[mark.shape],
        transform=f"translate({number(x)} {number(y)}) scale({number(radius)})",
        fill="none" if is_open else mark.colour,
        stroke=mark.colour if is_open else None,
        stroke_width=1.9 if is_open else None,
        vector_effect="non-scaling-stroke" if is_open else None,
    )
