"""How language models answered: at once, after being asked again, or not at all, so that a rule decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evenwatt.app.plots.axes import Scale, percent_ticks, x_axis
from evenwatt.app.plots.colours import BLUE, ORANGE, VERMILION
from evenwatt.app.plots.drawing import document, hover, rect, statement, text
from evenwatt.app.plots.legends import Sample, legend
from evenwatt.app.plots.quantities import counted, grouped, percent
from evenwatt.app.plots.row_labels import row_label
from evenwatt.app.plots.values import Row, capital, value

WIDTH, LEFT, RIGHT, TOP, ROW = 960.0, 214.0, 800.0, 62.0, 34.0
TITLE = "How the language models answered"
NOTHING = "No language model was asked anything."
DECIDED, LEFT_TO_RULE, AGAIN = (
    ("decided by the model", BLUE),
    ("left to the scripted rule", VERMILION),
    ("asked a second time", ORANGE),
)


def situations(row: Row) -> tuple[float, float, float]:
    """How many situations the model decided, how many were left to the rule, and how many were asked about twice."""
    valid, left, again = (max(value(row, key) or 0.0, 0.0) for key in ("valid", "fallbacks", "reasked"))
    return valid, left, again


def language_health(rows: Sequence[Row]) -> str:
    """A bar per role and persona, in shares of its situations; beneath it the share that was asked about twice.

    Parameters
    ----------
    rows : rows of role, persona, calls, valid, reasked, fallbacks
    """
    held = [row for row in rows if _total(row)]
    if not held:
        return statement(TITLE, NOTHING)
    x, bottom = Scale(0, 1, LEFT, RIGHT), TOP + ROW * len(held)
    parts = [
        *legend([Sample(words, colour) for words, colour in (DECIDED, LEFT_TO_RULE, AGAIN)]),
        x_axis(
            x,
            percent_ticks(0, 1),
            top=TOP,
            bottom=bottom,
            title="Share of the situations [%]",
            middle=(LEFT + RIGHT) / 2,
        ),
        text(WIDTH - 4, TOP - 10, "decided", anchor="end", kind="muted"),
    ]
    for k, row in enumerate(held):
        parts += _row(row, x, TOP + ROW * (k + 0.5))
    return document(TITLE, language_told(rows), WIDTH, bottom + 52, parts)


def _total(row: Row) -> float:
    valid, left, _ = situations(row)
    return valid + left


def _row(row: Row, x: Scale, y: float) -> Iterable[str]:
    valid, left, again = situations(row)
    total = _total(row)
    yield from row_label(LEFT - 12, y, who(row), LEFT - 14, tall=ROW)
    for start, size, (words, colour) in ((0.0, valid, DECIDED), (valid, left, LEFT_TO_RULE)):
        told = hover(f"{who(row)}, {words}: {grouped(size)} of {grouped(total)}")
        if size:
            yield rect(
                x(start / total),
                y - 11,
                x(size / total) - x(0),
                15,
                inner=told,
                fill=colour,
                fill_opacity="0.85",
            )
    if again:
        told = hover(f"{who(row)}, {AGAIN[0]}: {grouped(again)} of {grouped(total)}")
        yield rect(
            x(0), y + 6, x(min(again / total, 1.0)) - x(0), 5, inner=told, fill=AGAIN[1], fill_opacity="0.95"
        )
    yield text(WIDTH - 4, y + 4.5, f"{percent(valid / total)} of {grouped(total)}", anchor="end")


def who(row: Row) -> str:
    """Role and persona.

    Examples
    --------
    >>> who({"role": "utility", "persona": "greedy"}), who({"role": "regulator"})
    ('Utility, greedy', 'Regulator')
    """
    return ", ".join(
        part for part in (capital(str(row.get("role") or "")), str(row.get("persona") or "")) if part
    )


def language_told(rows: Sequence[Row]) -> str:
    """What to see: how many calls, and how often the rule had to decide."""
    calls = int(sum(value(row, "calls") or 0.0 for row in rows))
    total = sum(_total(row) for row in rows)
    if not total:
        return NOTHING
    left, again = (sum(situations(row)[k] for row in rows) for k in (1, 2))
    replayed = int(sum(value(row, "replayed") or 0.0 for row in rows))
    told = f"{grouped(total)} situations were put to a model in {counted(calls, 'call')}"
    told += f", {counted(replayed, 'answer')} came from the recording" if replayed else ""
    twice, ruled = percent(again / total), percent(left / total)
    return f"{told}; {twice} were asked about twice, {ruled} were left to the scripted rule."
