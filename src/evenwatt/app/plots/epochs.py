"""How training went: loss by epoch on what was learned from, and on what was held back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evenwatt.app.plots.axes import Scale, Ticks, round_ticks, x_axis
from evenwatt.app.plots.banded import Line, Point, drawn
from evenwatt.app.plots.colours import BLUE, DASHED, GREY, Ink
from evenwatt.app.plots.drawing import document, element, hover, line, polyline, shortened, statement, text
from evenwatt.app.plots.quantities import grouped
from evenwatt.app.plots.row_labels import BOLDER
from evenwatt.app.plots.values import Row, capital, value, values

WIDTH, LEFT, GUTTER, TALL = 960.0, 74.0, 96.0, 190.0
TITLE = "Loss by epoch"
NOTHING = "No model was trained by epochs."
TRAIN, HELD_BACK = Ink(GREY, DASHED), Ink(BLUE)


def by_model(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows with an epoch of each model, in order."""
    of: dict[str, list[Row]] = {}
    for row in rows:
        if value(row, "epoch") is not None and values([row], "train", "validation"):
            of.setdefault(str(row.get("model") or ""), []).append(row)
    return {model: sorted(held, key=lambda row: float(row["epoch"])) for model, held in of.items()}


def epochs(rows: Sequence[Row]) -> str:
    """A panel per model, each with a scale of its own; the epoch with the least loss on held-back days is marked.

    Parameters
    ----------
    rows : rows of model, epoch, train, validation
    """
    of = by_model(rows)
    if not of:
        return statement(TITLE, NOTHING)
    across = min(2, len(of))
    wide = (WIDTH - 14 - LEFT - GUTTER * (across - 1)) / across
    parts = list(_legend())
    for k, (model, held) in enumerate(of.items()):
        left = LEFT + (k % across) * (wide + GUTTER)
        top = 66.0 + (k // across) * (TALL + 92)
        parts += _panel(model, held, left, top, min(wide, 560.0))
    height = 66 + (TALL + 92) * -(-len(of) // across) - 34
    return document(TITLE, epochs_told(rows), WIDTH, height, parts)


def _panel(model: str, rows: Sequence[Row], left: float, top: float, wide: float) -> Iterable[str]:
    """Both lines of a model, and the epoch that was kept."""
    reached = values(rows, "train", "validation")
    room = max(reached) - min(reached) or max(abs(reached[0]), 1.0) * 0.1
    first, last = float(rows[0]["epoch"]), float(rows[-1]["epoch"])
    x = (
        Scale(first, last, left, left + wide)
        if last > first
        else Scale(first - 1, first + 1, left, left + wide)
    )
    y = Scale(min(reached) - 0.08 * room, max(reached) + 0.08 * room, top + TALL, top)
    yield text(left, top - 14, shortened(capital(model), wide / BOLDER), weight=600)
    for mark, words in _loss_ticks(y):
        yield line(left, y(mark), left + wide, y(mark))
        yield text(left - 8, y(mark) + 4.5, words, anchor="end", kind="muted", size=12)
    ticks = [(v, grouped(v)) for v in round_ticks(first, last, 7) if v == int(v)]
    yield x_axis(x, ticks, top=top + TALL, bottom=top + TALL, title="Epoch", middle=left + wide / 2)
    for key, ink in (("train", TRAIN), ("validation", HELD_BACK)):
        points = [None if (v := value(row, key)) is None else Point(float(row["epoch"]), v) for row in rows]
        yield from drawn(Line(key, points, ink), x, y)
    kept = kept_epoch(rows)
    if kept is not None:
        at = (x(float(kept["epoch"])), y(float(kept["validation"])))
        told = hover(f"Least loss on held-back days: epoch {grouped(float(kept['epoch']))}")
        yield element(
            "circle",
            told,
            cx=at[0],
            cy=at[1],
            r=6,
            fill="#ffffff",
            class_="paper",
            stroke=BLUE,
            stroke_width=2,
        )


def _loss_ticks(y: Scale) -> Ticks:
    """Marks with as many digits as tell them apart."""
    marks = round_ticks(y.low, y.high, 4)
    decimals = next((d for d in range(9) if all(abs(v - round(v, d)) < 1e-12 for v in marks)), 9)
    return [(mark, grouped(mark, decimals)) for mark in marks]


def kept_epoch(rows: Sequence[Row]) -> Row | None:
    """The epoch with the least loss on what was held back."""
    held = [row for row in rows if value(row, "validation") is not None]
    return min(held, key=lambda row: float(row["validation"]), default=None)


def _legend() -> Iterable[str]:
    yield element(
        "path", d=polyline([(0, 10), (26, 10)]), stroke=GREY, stroke_width=2, stroke_dasharray=DASHED
    )
    yield text(33, 14.5, "days learned from")
    yield element("path", d=polyline([(176, 10), (202, 10)]), stroke=BLUE, stroke_width=2)
    yield text(209, 14.5, "days held back")
    yield element("circle", cx=338, cy=10, r=5, fill="#ffffff", class_="paper", stroke=BLUE, stroke_width=2)
    yield text(350, 14.5, "least loss on held-back days")


def epochs_told(rows: Sequence[Row]) -> str:
    """What to see: when each model was best on held-back days, and whether it then learned by heart."""
    of = by_model(rows)
    told = []
    for model, held in of.items():
        kept = kept_epoch(held)
        if kept is None:
            told.append(f"{capital(model)} was judged on no held-back day.")
            continue
        last = float(held[-1]["epoch"])
        epoch = float(kept["epoch"])
        words = f"{capital(model)} did best on held-back days at epoch {grouped(epoch)} of {grouped(last)}"
        told.append(f"{words}; {_after(held, kept)}.")
    return " ".join(told) or NOTHING


def _after(rows: Sequence[Row], kept: Row) -> str:
    """What happened after the best epoch."""
    last = rows[-1]
    if kept is last:
        return "it was still learning at the end"
    fell = value(last, "train") is not None and value(kept, "train") is not None
    if fell and float(last["train"]) < float(kept["train"]):
        return "what it learned after that holds only for the days it had seen"
    return "more epochs brought nothing"
