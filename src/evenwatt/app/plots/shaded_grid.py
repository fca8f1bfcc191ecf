"""A grid of shaded cells, each with a figure and a remark where there is room: pairs, rules by agents, scenarios."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evenwatt.app.plots.colours import BLUE, GRID
from evenwatt.app.plots.drawing import (
    document,
    element,
    escape,
    hover,
    line,
    rect,
    shortened,
    text,
    text_width,
)
from evenwatt.app.plots.row_labels import in_lines, row_label

WIDTH = 960.0
WIDEST, ROOMY = 108.0, 46.0  # px of a column at most, and from which on it holds a figure
ACCENT = "#b4450f"


@dataclass(frozen=True)
class Cell:
    """A cell: how dark (0 to 1), its figure, a remark beneath, what a pointer reads, and whether it is framed."""

    shade: float
    words: str
    under: str = ""
    told: str = ""
    is_framed: bool = False
    is_sum: bool = False


@dataclass(frozen=True)
class Side:
    """The names along one side in order: key -> label."""

    title: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Shades:
    """What the shades mean: a title, and what the lightest and the darkest stand for."""

    title: str
    low: str
    high: str
    framed: str = ""


def shaded_grid(
    down: Side,
    across: Side,
    cells: Mapping[tuple[str, str], Cell],
    shades: Shades,
    *,
    title: str,
    description: str,
    ends: Mapping[str, str] | None = None,
    ending: str = "",
    left: float = 168.0,
    marked: str | None = None,
    colour: str = BLUE,
) -> str:
    """Rows by columns; a cell that is absent stays empty.

    Parameters
    ----------
    down, across : Side
    cells : (row, column) -> Cell
    shades : Shades
    ends : row -> words, optional
        What stands on the right of a row, under the heading ``ending``.
    left : float
        Room for the names of the rows [px].
    marked : str, optional
        A row to set off.
    """
    last = 84.0 if ends else 4.0
    wide = min((WIDTH - left - last) / max(len(across.labels), 1), WIDEST)
    has_remarks = wide >= ROOMY and any(cell.under for cell in cells.values())
    broken = any(text_width(label) > left - 30 for label in down.labels.values())
    tall = 40.0 if has_remarks else 28.0 if broken else 25.0 if len(down.labels) <= 20 else 21.0
    names = list(across.labels.values())
    lines = [in_lines(name, wide - 8) for name in names]
    is_level = all(" ".join(shown) == name for shown, name in zip(lines, names, strict=True))
    longest = min(max((text_width(name) for name in names), default=0.0) + 4, 170.0)
    top = (68.0 + 15 * max(map(len, lines), default=1)) if is_level else 56.0 + longest
    edge, bottom = left + wide * len(across.labels), top + tall * len(down.labels)
    parts = [
        *_columns(names, lines, left, wide, top, is_level),
        *_legend(shades, colour),
        text(0, top - 10, down.title),
    ]
    for k, (key, label) in enumerate(down.labels.items()):
        y = top + k * tall
        parts += row_label(left - 10, y + tall / 2, label, left - 14, tall=tall, bold=key == marked)
        for j, column in enumerate(across.labels):
            cell = cells.get((key, column))
            if cell is not None:
                parts += _cell(cell, left + j * wide, y, wide, tall, colour)
        if ends:
            parts.append(
                text(edge + last - 4, y + tall / 2 + 4.5, ends.get(key, ""), anchor="end", kind="muted")
            )
        parts.append(line(left, y + tall, edge, y + tall))
    if ending:
        parts.append(text(edge + last - 4, top - 10, ending, anchor="end", kind="muted"))
    parts.append(line(left, top, edge, top, kind="axis"))
    return document(title, description, WIDTH, bottom + 6, parts)


def _columns(
    names: Sequence[str], lines: Sequence[Sequence[str]], left: float, wide: float, top: float, is_level: bool
) -> Iterable[str]:
    """Names of the columns: level in one line or two where all fit, else upright."""
    for k, (name, shown) in enumerate(zip(names, lines, strict=True)):
        x = left + (k + 0.5) * wide
        if is_level:
            for above, words in enumerate(reversed(shown)):
                yield text(x, top - 10 - 15 * above, words, anchor="middle", kind="muted")
        else:
            upright = text(0, 0, shortened(name, top - 52), kind="muted")
            yield element("g", upright, transform=f"translate({x + 4.5:.1f} {top - 8:.1f}) rotate(-90)")


def _cell(cell: Cell, x: float, y: float, wide: float, tall: float, colour: str) -> Iterable[str]:
    """A cell's ground, its figure and its remark."""
    share = min(max(cell.shade, 0.0), 1.0)
    opacity = "0.16" if cell.is_sum else f"{0.05 + 0.9 * share:.2f}"
    yield rect(
        x + 1, y + 1, wide - 2, tall - 2, inner=hover(cell.told) if cell.told else "",
        fill=GRID if cell.is_sum else colour, fill_opacity=opacity, rx=2,
        stroke=ACCENT if cell.is_framed else None, stroke_width=2 if cell.is_framed else None,
        class_="framed" if cell.is_framed else None,
    )  # fmt: skip
    if wide < ROOMY:
        return
    is_dark = share >= 0.88 and not cell.is_sum
    middle, fits = y + tall / 2, cell.under and text_width(cell.under, 12) <= wide - 6
    yield _words(
        x + wide / 2, middle - (3 if fits else -4.2), cell.words, wide, is_dark, 600 if fits else None
    )
    if fits:
        yield _words(x + wide / 2, middle + 13, cell.under, wide, is_dark, None)


def _words(x: float, y: float, words: str, wide: float, is_dark: bool, weight: int | None) -> str:
    """Words in a cell, light where the cell is dark."""
    shown = shortened(words, wide - 4, 12)
    if not is_dark:
        return text(x, y, shown, anchor="middle", size=12, weight=weight)
    return element(
        "text",
        escape(shown),
        x=x,
        y=y,
        text_anchor="middle",
        fill="#ffffff",
        font_size=12,
        font_weight=weight,
    )


def _legend(shades: Shades, colour: str) -> Iterable[str]:
    """A bar of the shades with its ends, and what a frame means where there is one."""
    wide, cells = 180.0, 20
    x, step = WIDTH - wide - 4, wide / cells
    for k in range(cells):
        opacity = f"{0.05 + 0.9 * (k + 0.5) / cells:.2f}"
        yield rect(x + k * step, 2, step + 0.2, 10, fill=colour, fill_opacity=opacity)
    yield text(x - 10, 11, shades.title, anchor="end")
    yield text(x, 27, shades.low, kind="muted")
    yield text(x + wide, 27, shades.high, anchor="end", kind="muted")
    if shades.framed:
        yield rect(1, 2, 16, 11, fill="none", stroke=ACCENT, stroke_width=2, class_="framed", rx=2)
        yield text(24, 11.5, shades.framed)
