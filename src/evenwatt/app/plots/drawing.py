"""SVG as text: elements, escaped words, and how wide words are, so that none overlap."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from html import escape as escape_markup

NAMESPACE = "http://www.w3.org/2000/svg"
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
SIZE = 13  # px; nothing is written smaller than 12

# What a reader sees without the page's style sheet; the page's classes win over attributes (dark scheme).
FILLS = {"ink": "#1d2329", "muted": "#5f6973", "paper": "#ffffff", "accent": "#b4450f"}
STROKES = {"grid": "#e4e7ea", "axis": "#a3abb3", "rule": "#1d2329", "accent": "#b4450f"}

Value = str | float | int | None


def escape(text: object) -> str:
    """Words as XML text or attribute; characters that XML forbids become U+FFFD."""
    return escape_markup("".join(c if _is_allowed(ord(c)) else "\ufffd" for c in str(text)))


def _is_allowed(code: int) -> bool:
    """Whether XML 1.0 admits this character (section 2.2)."""
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def number(value: float) -> str:
    """A coordinate in at most a tenth of a pixel.

    Examples
    --------
    >>> number(12.04), number(3.26)
    ('12', '3.3')
    """
    text = f"{value:.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")


def element(tag: str, inner: str = "", **attributes: Value) -> str:
    """One element; ``class_`` is class, ``stroke_width`` is stroke-width, None is left out."""
    told = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_written(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{told}>{inner}</{tag}>" if inner else f"<{tag}{told}/>"


def _written(value: str | float) -> str:
    """An attribute's value."""
    return escape(value) if isinstance(value, str) else number(value)


def document(title: str, description: str, width: float, height: float, parts: Iterable[str]) -> str:
    """A whole drawing with its title and description for those who do not see it."""
    told = element("title", escape(title)) + element("desc", escape(description))
    return element(
        "svg",
        told + "".join(parts),
        xmlns=NAMESPACE,
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=number(width),
        height=number(height),
        role="img",
        aria_label=title,
        class_="plot",
        font_family=FONT,
        font_size=SIZE,
    )


def statement(title: str, words: str, width: float = 960) -> str:
    """A drawing that only says why there is nothing to draw."""
    return document(title, words, width, 72, [text(0, 42, words, kind="muted", size=16)])


def text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str | None = None,
    kind: str = "ink",
    size: int | None = None,
    weight: int | None = None,
    halo: bool = False,
    then: str = "",
) -> str:
    """Words at a baseline point; ``halo`` keeps them readable on bands, ``then`` follows muted (a figure)."""
    after = element("tspan", escape(then), class_="muted", fill=FILLS["muted"], dx=7, font_weight=400)
    return element(
        "text",
        escape(words) + (after if then else ""),
        x=x,
        y=y,
        text_anchor=anchor,
        class_=f"{kind} halo" if halo else kind,
        fill=FILLS[kind],
        font_size=size,
        font_weight=weight,
        **(HALO if halo else {}),
    )


HALO: dict[str, Value] = {
    "stroke": "#ffffff",
    "stroke_width": 3,
    "paint_order": "stroke",
    "stroke_linejoin": "round",
}


def line(x1: float, y1: float, x2: float, y2: float, *, kind: str = "grid", width: float = 1) -> str:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind, stroke=STROKES[kind], stroke_width=width)


def rect(x: float, y: float, width: float, height: float, *, inner: str = "", **attributes: Value) -> str:
    """A rectangle, never of negative size."""
    return element("rect", inner, x=x, y=y, width=max(width, 0), height=max(height, 0), **attributes)


def polyline(points: Iterable[tuple[float, float]]) -> str:
    """Path data through points, as relative steps of a tenth of a pixel (short, and free of drift)."""
    steps: list[str] = []
    last = (0, 0)
    for x, y in points:
        here = (round(x * 10), round(y * 10))
        dx, dy = (here[0] - last[0]) / 10, (here[1] - last[1]) / 10
        steps.append(f"{'l' if steps else 'M'}{number(dx)} {number(dy)}".replace(" -", "-"))
        last = here
    return "".join(steps)


def hover(words: str) -> str:
    """What a pointer resting on the element reads."""
    return element("title", escape(words))


def text_width(words: str, size: float = SIZE) -> float:
    """About how wide these words are [px]; a little generous, so that what fits here fits there."""
    return sum(_advance(c) for c in words) * size


def _advance(character: str) -> float:
    """Width of a character as a share of the font size, in the widest of the usual system fonts."""
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    if unicodedata.combining(character):
        return 0.0
    if character.isupper() or character in "mw@%—":
        return 0.74
    return 0.36 if character in "ijlt.,:;'|!() " else 0.61


def shortened(words: str, room: float, size: float = SIZE) -> str:
    """The words, or as many as fit into ``room`` [px] and an ellipsis."""
    if text_width(words, size) <= room:
        return words
    while words and text_width(words + "…", size) > room:
        words = words[:-1]
    return words.rstrip() + "…"
