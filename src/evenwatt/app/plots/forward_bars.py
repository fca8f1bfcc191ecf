"""How keys do on days they were not chosen on: a group of bars for each window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenwatt.app.plots.axes import Scale, percent_ticks, y_axis
from evenwatt.app.plots.colours import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY
from evenwatt.app.plots.drawing import document, hover, line, rect, shortened, statement, text, text_width
from evenwatt.app.plots.quantities import percent

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 960.0, 66.0, 940.0, 66.0, 300.0
INKS = {
    "current": GREY,
    "equal": SKY,
    "demand": GREEN,
    "proportional": GREEN,
    "optimised": BLUE,
    "hindsight": ORANGE,
}
NAMES = {
    "current": "the case's keys", "equal": "equal parts", "demand": "by demand", "proportional": "by demand",
    "optimised": "optimised before", "hindsight": "optimised in hindsight",
}  # fmt: skip

Row = Mapping[str, object]


def forward_bars(rows: Sequence[Row]) -> str:
    """Bars of the share of the ideal on the days after those that keys were chosen on.

    Parameters
    ----------
    rows : rows of window, keys, share
        ``window`` names the days judged on; ``keys`` one of current, equal, demand, optimised, hindsight.
    """
    title = "Keys judged on days they were not chosen on"
    if not rows:
        return statement(title, "There are too few days to choose keys on some and judge them on others.")
    windows, kinds = (list(dict.fromkeys(str(row[key]) for row in rows)) for key in ("window", "keys"))
    held = {(str(row["window"]), str(row["keys"])): float(str(row["share"])) for row in rows}
    low = max(min(held.values()) - 0.1, 0.0)
    low = int(low * 10) / 10
    y, wide = Scale(low, 1.05, BOTTOM, TOP), (RIGHT - LEFT) / len(windows)
    parts = [
        *_legend(kinds),
        y_axis(y, percent_ticks(low, 1.0), left=LEFT, right=RIGHT, title=_axis(low), top=TOP),
    ]
    for k, window in enumerate(windows):
        parts += _group(window, kinds, held, LEFT + k * wide, wide, y)
    parts.append(line(LEFT, BOTTOM, RIGHT, BOTTOM, kind="axis"))
    return document(title, forward_told(rows), WIDTH, BOTTOM + 34, parts)


def _axis(low: float) -> str:
    """The axis, and that it does not begin at nothing where it does not."""
    return "Share of the ideal [%]" + (f"; the axis begins at {percent(low)}" if low else "")


def _group(
    window: str,
    kinds: Sequence[str],
    held: Mapping[tuple[str, str], float],
    left: float,
    wide: float,
    y: Scale,
) -> list[str]:
    bar = min(wide * 0.8 / len(kinds), 44.0)
    start = left + (wide - bar * len(kinds)) / 2
    parts = [text(left + wide / 2, BOTTOM + 20, shortened(window, wide), anchor="middle", kind="muted")]
    for k, kind in enumerate(kinds):
        share = held.get((window, kind))
        if share is not None:
            told = f"{window}, {NAMES.get(kind, kind)}: {percent(share, 1)} of the ideal"
            parts.append(
                rect(
                    start + k * bar + 1,
                    y(share),
                    bar - 2,
                    BOTTOM - y(share),
                    inner=hover(told),
                    fill=INKS.get(kind, PURPLE),
                )
            )
            if bar >= 40:
                parts.append(
                    text(start + (k + 0.5) * bar, y(share) - 5, percent(share, 1), anchor="middle", size=12)
                )
    return parts


def _legend(kinds: Sequence[str]) -> list[str]:
    parts, x = [], 0.0
    for kind in kinds:
        name = NAMES.get(kind, kind)
        parts += [rect(x, 4, 14, 11, fill=INKS.get(kind, PURPLE)), text(x + 21, 13.5, name)]
        x += text_width(name) + 48
    return parts


def forward_told(rows: Sequence[Row]) -> str:
    """What to see: means over the windows, and what hindsight would still have added."""
    sums: dict[str, list[float]] = {}
    for row in rows:
        sums.setdefault(str(row["keys"]), []).append(float(str(row["share"])))
    if not sums:
        return "There are too few days to choose keys on some and judge them on others."
    means = {kind: sum(held) / len(held) for kind, held in sums.items()}
    listed = ", ".join(f"{NAMES.get(kind, kind)} {percent(mean, 1)}" for kind, mean in means.items())
    inside = [
        float(str(row["inside"]))
        for row in rows
        if row["keys"] == "optimised" and row.get("inside") is not None
    ]
    seen = (
        f" On the days they were chosen on the optimised keys reached {percent(sum(inside) / len(inside), 1)}."
        if inside
        else ""
    )
    told = f"Mean over the windows: {listed}. All but the hindsight keys were chosen on earlier days than those shown."
    return told + seen
