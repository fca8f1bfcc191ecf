"""The waterfall: what each part of a rule leaves of what could be shared, bar under bar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from evenwatt.app.plots.axes import Scale, energy_ticks, x_axis
from evenwatt.app.plots.colours import BLUE, VERMILION
from evenwatt.app.plots.drawing import document, element, hover, line, rect, shortened, statement, text
from evenwatt.app.plots.quantities import Unit, energy, percent, unit_for, written

WIDTH, LEFT, RIGHT, TOP, ROW, BAR = 960.0, 262.0, 800.0, 20.0, 46.0, 24.0
SEARCHED = "#8fb8d6"  # what a search found; what is proved is darker

Row = Mapping[str, object]


def waterfall(rows: Sequence[Row]) -> str:
    """A bar for each stage, and behind it in red what was lost against the stage before.

    Parameters
    ----------
    rows : rows of title, wh, loss_wh, proof
        From the ideal down; ``proof`` is "certified" or "heuristic".
    """
    title = "What is lost of what could be shared"
    most = max((_wh(row, "wh") for row in rows), default=0)
    if not most:
        return statement(title, "Surplus never met a demand, so there was nothing to lose.")
    x, bottom = Scale(0, most, LEFT, RIGHT), TOP + ROW * len(rows)
    unit = unit_for([most])
    what = f"Energy [{unit.name}]"
    parts = [
        x_axis(x, energy_ticks(most, unit), top=TOP, bottom=bottom, title=what, middle=(LEFT + RIGHT) / 2)
    ]
    for k, row in enumerate(rows):
        parts += _stage(row, x, TOP + ROW * (k + 0.5), unit, most)
    for k, (_, after) in enumerate(pairwise(rows)):
        end = x(_wh(after, "wh") + max(_wh(after, "loss_wh"), 0))
        parts.append(
            line(end, TOP + ROW * (k + 0.5) + BAR / 2, end, TOP + ROW * (k + 1.5) - BAR / 2, kind="axis")
        )
    return document(title, waterfall_told(rows), WIDTH, bottom + 52, parts)


def _wh(row: Row, key: str) -> int:
    return int(str(row.get(key) or 0))


def _stage(row: Row, x: Scale, y: float, unit: Unit, most: int) -> Iterable[str]:
    """A stage: its name and how sure it is, its bar, what was lost, and both figures."""
    wh, lost, proof = _wh(row, "wh"), _wh(row, "loss_wh"), str(row.get("proof") or "")
    name, top = str(row.get("title") or row.get("stage")), y - BAR / 2
    told = f"{name}: {written(wh, unit)}, {percent(wh / most, 1)} of the ideal ({proof})"
    yield text(LEFT - 12, y - 1, shortened(name, LEFT - 14), anchor="end")
    yield text(LEFT - 12, y + 14, proof, anchor="end", kind="muted", size=12)
    yield rect(x(0), top, x(wh) - x(0), BAR, inner=hover(told), fill=_ink(proof), rx=1)
    if lost > 0:
        words = f"lost: {written(lost, unit)}, {percent(lost / most, 1)} of the ideal"
        yield rect(
            x(wh),
            top,
            max(x(wh + lost) - x(wh), 1),
            BAR,
            inner=hover(words),
            fill=VERMILION,
            fill_opacity="0.75",
            rx=1,
        )
        yield element(
            "g", text(WIDTH - 4, y + 13, f"−{percent(lost / most, 1)}", anchor="end", kind="accent", size=12)
        )
    yield text(WIDTH - 4, y - 2, written(wh, unit), anchor="end", weight=600)


def _ink(proof: str) -> str:
    return SEARCHED if proof == "heuristic" else BLUE


def waterfall_told(rows: Sequence[Row]) -> str:
    """What to see: where most was lost."""
    if not rows or not _wh(rows[0], "wh"):
        return "Surplus never met a demand, so there was nothing to lose."
    worst = max(rows[1:], key=lambda row: _wh(row, "loss_wh"), default=rows[0])
    first, last = _wh(rows[0], "wh"), _wh(rows[-1], "wh")
    told = (
        f"Of {energy(first)} that could be shared at best, {energy(last)} were: {percent(last / first, 1)}."
    )
    if _wh(worst, "loss_wh") > 0:
        name = str(worst.get("title") or worst.get("stage"))
        told += f" Most is lost at “{name}”: {energy(_wh(worst, 'loss_wh'))}."
    searched = any(row.get("proof") == "heuristic" for row in rows)
    return told + (" Pale bars were found by search: better keys may exist." if searched else "")
