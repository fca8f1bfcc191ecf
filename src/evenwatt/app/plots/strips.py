"""Coverage strips: one row per rule, one dot per member, so that whole distributions compare at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evenwatt.app.plots.axes import Scale, percent_ticks, x_axis
from evenwatt.app.plots.colours import rule_ink
from evenwatt.app.plots.drawing import (
    document,
    element,
    hover,
    line,
    number,
    rect,
    shortened,
    statement,
    text,
)
from evenwatt.app.plots.quantities import percent

WIDTH, LEFT, RIGHT, TOP = 960.0, 222.0, 812.0, 44.0
ROW = 38.0
DOT = 4.4
MOST_DOTS = 150

Coverage = Mapping[str, Sequence[float | None]]


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the ordered values lie, straight between neighbours."""
    place = share * (len(ordered) - 1)
    below = min(int(place), max(len(ordered) - 2, 0))
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def ordered_rules(coverage: Coverage) -> list[tuple[str, list[float]]]:
    """Rules with their sorted coverages, the rule with the best-off worst member first."""
    rows = [(rule, sorted(v for v in values if v is not None)) for rule, values in coverage.items()]
    rows = [(rule, values) for rule, values in rows if values]
    return sorted(rows, key=lambda row: (-round(row[1][0], 6), -round(quantile(row[1], 0.1), 6), row[0]))


def coverage_strips(coverage: Coverage, *, chosen: str | None = None, where: str = "") -> str:
    """Coverage of every member under every rule.

    Parameters
    ----------
    coverage : rule -> coverage of each member
        Award over claim, None where nothing was claimed.
    chosen : str, optional
        The case's rule, marked.
    where : str
        Which intervals are looked at, for the axis.
    """
    title = "Coverage of members by rule"
    rows = ordered_rules(coverage)
    if not rows:
        return statement(title, "No member claimed anything, so there is no coverage to compare.")
    bottom = TOP + ROW * len(rows)
    low = min(values[0] for _, values in rows)
    x = Scale(0.0 if low < 0.5 else max(int(low * 10 - 0.2) / 10, 0.0), 1.0, LEFT, RIGHT)
    what = f"Coverage{where}: award over claim [%]" + _dots_mean(max(len(values) for _, values in rows))
    parts = [
        _marked(rows, chosen),
        x_axis(x, percent_ticks(x.low, 1.0), top=TOP, bottom=bottom, title=what, middle=(LEFT + RIGHT) / 2),
        text(0, TOP - 20, "Rule", kind="muted"),
        text(862, TOP - 20, "worst", anchor="end", kind="muted"),
        text(WIDTH - 8, TOP - 20, "median", anchor="end", kind="muted"),
    ]
    for k, (rule, values) in enumerate(rows):
        parts += _strip(rule, values, TOP + ROW * (k + 0.5), x, rule == chosen)
    described = "; ".join(f"{r}: worst {percent(v[0])}, median {percent(quantile(v, 0.5))}" for r, v in rows)
    return document(title, f"{described}.", WIDTH, bottom + 52, parts)


def _dots_mean(members: int) -> str:
    """What a dot stands for."""
    return "; one dot a member" if members <= MOST_DOTS else "; one dot for every hundredth of the members"


def _marked(rows: Sequence[tuple[str, list[float]]], chosen: str | None) -> str:
    """A soft ground behind the case's rule."""
    return "".join(
        rect(0, TOP + ROW * k + 1, WIDTH, ROW - 2, fill="#f2f0e6", class_="marked", rx=4)
        for k, (rule, _) in enumerate(rows)
        if rule == chosen
    )


def _strip(rule: str, values: list[float], y: float, x: Scale, is_chosen: bool) -> Iterable[str]:
    """A row: the range, the dots, the median, the rule's name and its two figures."""
    ink, bold = rule_ink(rule), 700 if is_chosen else None
    median = quantile(values, 0.5)
    told = f"{rule}: worst {percent(values[0])}, median {percent(median)}, best {percent(values[-1])}"
    yield text(10, y + 4.5, shortened(rule, LEFT - 30), weight=bold)
    yield line(x(values[0]), y, x(values[-1]), y, kind="axis")
    yield element(
        "path",
        hover(told),
        d="".join(f"M{number(a)} {number(b)}h0" for a, b in swarm(dots(values), y, x)),
        stroke=ink.colour,
        stroke_width=DOT,
        stroke_linecap="round",
        stroke_opacity="0.75",
    )
    yield line(x(median), y - 12, x(median), y + 12, kind="rule", width=2)
    yield text(862, y + 4.5, percent(values[0]), anchor="end", weight=bold)
    yield text(WIDTH - 8, y + 4.5, percent(median), anchor="end", weight=bold)


def dots(values: Sequence[float]) -> list[float]:
    """The values themselves, or a hundred quantiles of many."""
    return (
        list(values) if len(values) <= MOST_DOTS else [quantile(values, (k + 0.5) / 100) for k in range(100)]
    )


def swarm(values: Sequence[float], y: float, x: Scale) -> list[tuple[float, float]]:
    """Places of dots: those that would cover each other step alternately up and down, within the row."""
    lanes = [0, -1, 1, -2, 2, -3, 3]
    free_from = dict.fromkeys(lanes, float("-inf"))
    places = []
    for value in values:
        at = x(value)
        lane = next(
            (lane for lane in lanes if free_from[lane] <= at), min(lanes, key=lambda lane: free_from[lane])
        )
        free_from[lane] = at + DOT * 0.9
        places.append((at, y + lane * DOT))
    return places


def strips_caption(coverage: Coverage, chosen: str | None) -> str:
    """What to see: which rule lifts the worst-served member most, against the case's rule or the lowest."""
    rows = ordered_rules(coverage)
    if not rows:
        return ""
    best, worst = rows[0], rows[-1]
    values = dict(rows)
    if len(rows) == 1:
        return f"Under {best[0]} the worst-served member gets {percent(best[1][0])} of the claim."
    if best[1][0] - worst[1][0] < 0.005:
        return f"Every rule leaves the worst-served member at about {percent(best[1][0])}."
    is_low = chosen in values and best[1][0] - values[chosen or ""][0] >= 0.005
    base = chosen if chosen is not None and is_low else worst[0]
    other = worst[0] if base != worst[0] else None
    tail = f"; {other} leaves it at {percent(worst[1][0])}" if other else ""
    kept = (
        f" The case’s rule, {chosen}, is already the kindest to the worst-served."
        if chosen in values and not is_low
        else ""
    )
    lifted = (
        f"{best[0]} lifts the worst-served member from {percent(values[base][0])} (under {base})"
        f" to {percent(best[1][0])}"
    )
    return f"{lifted}{tail}.{kept}"
