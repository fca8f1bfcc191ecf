"""Names of rows in one line or two, right up to where the row begins."""

from __future__ import annotations

from evenwatt.app.plots.drawing import SIZE, shortened, text, text_width

SMALL = 12
LINE = 13.0  # px from a small line to the next
BOLDER = 1.13  # how much wider bold words are


def in_lines(words: str, room: float, size: float = SIZE) -> list[str]:
    """The words in one line, or broken in two, the second shortened where even that is too little.

    Examples
    --------
    >>> in_lines("learned demand, then proportional", 150)
    ['learned demand, then', 'proportional']
    >>> in_lines("proportional", 150)
    ['proportional']
    """
    if text_width(words, size) <= room:
        return [words]
    parts = words.split(" ")
    first = parts[0]
    rest = parts[1:]
    while rest and text_width(f"{first} {rest[0]}", size) <= room:
        first, rest = f"{first} {rest[0]}", rest[1:]
    lines = [first, " ".join(rest)] if rest else [first]
    return [shortened(line, room, size) for line in lines]


def row_label(x: float, y: float, words: str, room: float, *, tall: float, bold: bool = False) -> list[str]:
    """A name that ends at ``x``, in the middle at ``y`` of a row that is ``tall``: in two lines if they fit."""
    room /= BOLDER if bold else 1.0
    weight = 700 if bold else None
    if text_width(words) <= room or tall < 2 * LINE:
        return [text(x, y + 4.5, shortened(words, room), anchor="end", weight=weight)]
    lines = in_lines(words, room, SMALL)
    top = y + 4.2 - LINE / 2 * (len(lines) - 1)
    return [
        text(x, top + LINE * k, line, anchor="end", weight=weight, size=SMALL) for k, line in enumerate(lines)
    ]
