"""Which mechanism promises what: a mark where a promise is made and tested."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evenwatt.app.plots.colours import GREEN
from evenwatt.app.plots.drawing import document, element, hover, line, number, rect, statement, text
from evenwatt.app.plots.honesty import mechanism_title
from evenwatt.app.plots.row_labels import in_lines, row_label
from evenwatt.app.plots.values import Row, capital, listed

WIDTH, LEFT, TOP, ROW = 960.0, 318.0, 52.0, 26.0
TITLE = "Promises of each mechanism"
NOTHING = "No mechanism was compared."
# Short names of the properties; what is not here is called by its id.
NAMES = {
    "single-price": "one price",
    "budget-balanced": "budget balanced",
    "no-deficit": "no deficit",
    "rational": "nobody loses",
    "efficient": "all welfare",
    "no-better-unserved": "best first",
    "truthful-price": "truthful in price",
    "truthful-quantity": "truthful in quantity",
}


def promised(rows: Iterable[Row]) -> list[str]:
    """Every promise that some mechanism makes, in a fixed order."""
    made = {str(name) for row in rows for name in row.get("promises") or ()}
    return [name for name in NAMES if name in made] + sorted(made - set(NAMES))


def promise_grid(rows: Sequence[Row], *, chosen: str | None) -> str:
    """Mechanisms down, promises across.

    Parameters
    ----------
    rows : rows of mechanism, title, promises
    chosen : str, optional
        The case's mechanism, set off.
    """
    names = promised(rows)
    if not rows or not names:
        return statement(TITLE, NOTHING)
    wide = min((WIDTH - LEFT - 4) / len(names), 96.0)
    edge, bottom = LEFT + wide * len(names), TOP + ROW * len(rows)
    parts = [*_columns(names, wide), line(0, TOP, edge, TOP, kind="axis")]
    for k, row in enumerate(rows):
        y, is_chosen = TOP + ROW * (k + 0.5), row.get("mechanism") == chosen
        if is_chosen:
            parts.append(rect(0, y - ROW / 2 + 1, edge, ROW - 2, fill="#f2f0e6", class_="marked", rx=4))
        parts += row_label(LEFT - 12, y, mechanism_title(row), LEFT - 14, tall=ROW, bold=is_chosen)
        held = {str(name) for name in row.get("promises") or ()}
        for j, name in enumerate(names):
            parts.append(
                _mark(
                    LEFT + wide * (j + 0.5),
                    y,
                    name in held,
                    f"{mechanism_title(row)}: {NAMES.get(name, name)}",
                )
            )
        parts.append(line(0, y + ROW / 2, edge, y + ROW / 2))
    return document(TITLE, promises_told(rows), WIDTH, bottom + 8, parts)


def _columns(names: Sequence[str], wide: float) -> Iterable[str]:
    for j, name in enumerate(names):
        lines = in_lines(NAMES.get(name, name), wide - 6)
        for above, words in enumerate(reversed(lines)):
            yield text(LEFT + wide * (j + 0.5), TOP - 10 - 15 * above, words, anchor="middle", kind="muted")


def _mark(x: float, y: float, is_promised: bool, told: str) -> str:
    """A tick where a promise is made, a short stroke where it is not."""
    if not is_promised:
        return element("path", hover(f"{told}: not promised"), d=f"M{number(x - 4)} {number(y)}h8", class_="axis",
                       stroke="#a3abb3", stroke_width=1.6)  # fmt: skip
    path = f"M{number(x - 6)} {number(y)}l4 5l8 -10"
    return element("path", hover(f"{told}: promised"), d=path, fill="none", stroke=GREEN, stroke_width=2.8)


def promises_told(rows: Sequence[Row]) -> str:
    """What to see: that nobody promises everything."""
    names = promised(rows)
    if not names:
        return NOTHING
    everything = [
        mechanism_title(row)
        for row in rows
        if set(names) <= {str(name) for name in row.get("promises") or ()}
    ]
    kept = (
        f"{capital(listed(everything))} promises all of it."
        if everything
        else "No mechanism promises all of it."
    )
    return (
        f"{kept} Promises are tested on random books; where one is missing, a stored counter-example shows why:"
        " no mechanism can be efficient, balanced, truthful and harmless to everybody at once"
        " (Myerson and Satterthwaite 1983)."
    )
