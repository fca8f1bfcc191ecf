"""Savings of members by money rule: a row of marks per member, or a strip per rule where there are many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evenwatt.app.plots.axes import Scale, money_ticks, x_axis
from evenwatt.app.plots.drawing import (
    SIZE,
    document,
    element,
    hover,
    line,
    number,
    rect,
    shortened,
    statement,
    text,
    text_width,
)
from evenwatt.app.plots.marks import drawn, money_mark
from evenwatt.app.plots.quantities import money, money_decimals
from evenwatt.app.plots.strips import DOT, dots, quantile, swarm

WIDTH, LEFT, RIGHT = 960.0, 168.0, 850.0
MOST_ROWS = 40
BEYOND = 1.0  # how many spans of the reference rules the axis may reach past them

NO_GAINS = "The report names no rule that divides the gain."
NOTHING_TO_DIVIDE = "There was nothing to divide: nobody saves or loses anything under any rule."


@dataclass(frozen=True)
class Gain:
    """A member's saving under a rule and its 95 % interval [micro]."""

    micro: float
    low: float
    high: float

    @property
    def is_exact(self) -> bool:
        """Whether the interval is a point."""
        return self.low == self.high


Gains = Mapping[str, Mapping[str, Gain]]  # rule -> member -> gain


def limits(gains: Gains, reference: Iterable[str]) -> tuple[float, float]:
    """The ends of the axis [micro]: zero and all savings, unless a rule lies far from the ``reference`` rules."""
    every = [end for by in gains.values() for gain in by.values() for end in (gain.low, gain.high)]
    near = [
        e for rule in reference for gain in gains.get(rule, {}).values() for e in (gain.low, gain.high)
    ] or every
    low, high = min(0.0, *near), max(0.0, *near)
    if low == high:
        return min(0.0, *every), max(0.0, *every)
    reach = BEYOND * (high - low)
    # One rule off the scale must not squeeze the others into a line; its marks become arrows at the edge.
    return max(min(0.0, *every), low - reach), min(max(0.0, *every), high + reach)


def saving_dots(
    gains: Gains,
    *,
    labels: Mapping[str, str],
    titles: Mapping[str, str],
    chosen: str | None,
    currency: str,
    reference: Sequence[str],
) -> str:
    """One row per member, one mark per rule, whiskers for 95 % intervals.

    Parameters
    ----------
    gains : rule -> member -> Gain [micro]
        The members of the chosen rule (or the first) give the rows, largest saving first.
    chosen : str, optional
        The case's rule: the large mark in the middle of its row, with its figure on the right.
    reference : sequence of str
        Rules that the axis must hold in full.
    """
    title = "Savings of each member by money rule"
    if not _is_any(gains):
        return statement(title, NOTHING_TO_DIVIDE if any(gains.values()) else NO_GAINS)
    lead = chosen if chosen is not None and chosen in gains else next(iter(gains))
    members = sorted(gains[lead], key=lambda m: (-gains[lead][m].micro, m))
    rows = 36.0 if len(members) <= 24 else 28.0
    legend, top = _legend(gains, titles, lead)
    x = _scale(gains, [lead, *reference])
    bottom = top + rows * len(members)
    decimals = money_decimals(gain.micro for gain in gains[lead].values())
    parts = [*legend, *_axis(x, top, bottom, currency)]
    parts.append(text(WIDTH - 4, top - 10, shortened(titles.get(lead, lead), 240), anchor="end", weight=600))
    for k, member in enumerate(members):
        y = top + rows * (k + 0.5)
        parts.append(text(LEFT - 12, y + 4.5, shortened(labels.get(member, member), LEFT - 16), anchor="end"))
        parts.append(
            text(WIDTH - 4, y + 4.5, money(gains[lead][member].micro, currency, decimals), anchor="end")
        )
        parts.append(line(LEFT, y + rows / 2, RIGHT, y + rows / 2))
        parts += _marks(gains, member, lead, x, y, rows, labels, titles, currency)
    return document(title, savings_told(gains, labels, lead, currency), WIDTH, bottom + 52, parts)


def _is_any(gains: Gains) -> bool:
    """Whether anybody gains or loses under any rule."""
    return any(gain.micro or not gain.is_exact for by in gains.values() for gain in by.values())


def _scale(gains: Gains, reference: Iterable[str]) -> Scale:
    """The axis with some air at both ends."""
    low, high = limits(gains, reference)
    air = 0.03 * (high - low) or 1.0
    return Scale(low - air, high + air, LEFT, RIGHT)


def _axis(x: Scale, top: float, bottom: float, currency: str) -> list[str]:
    """Ticks, title and the line of zero."""
    what = f"Saving against being alone [{currency}]"
    ticks = money_ticks(x.low, x.high, 8)
    axis = x_axis(x, ticks, top=top, bottom=bottom, title=what, middle=(LEFT + RIGHT) / 2)
    return [axis, line(x(0), top, x(0), bottom, kind="rule", width=1.4)]


def _marks(
    gains: Gains, member: str, lead: str, x: Scale, y: float, rows: float, labels: Mapping[str, str],
    titles: Mapping[str, str], currency: str,
) -> Iterable[str]:  # fmt: skip
    """A member's marks: each rule in a lane of its own, the lead in the middle and drawn last."""
    others = [rule for rule in gains if rule != lead and member in gains[rule]]
    half = len(others) // 2
    lanes = [*others[:half], lead, *others[half:]]
    step = min((rows - 12) / max(len(lanes) - 1, 1), 6.0)
    yield _reach(x(0), x(min(max(gains[lead][member].micro, x.low), x.high)), y, money_mark(lead).colour)
    for rule in (*others, lead):
        gain, place = gains[rule][member], y + (lanes.index(rule) - half) * step
        decimals = money_decimals([gain.micro])
        told = (
            f"{labels.get(member, member)}, {titles.get(rule, rule)}: {money(gain.micro, currency, decimals)}"
        )
        if not gain.is_exact:
            told += f" ({money(gain.low, currency, decimals)} to {money(gain.high, currency, decimals)})"
            yield _whisker(x(max(gain.low, x.low)), x(min(gain.high, x.high)), place, money_mark(rule).colour)
        yield _mark(rule, gain.micro, x, place, 5.6 if rule == lead else 3.2, told)


def _reach(zero: float, end: float, y: float, colour: str) -> str:
    """A soft bar from zero to the lead's mark, so that its savings compare at a glance."""
    return element(
        "path",
        d=f"M{number(zero)} {number(y)}H{number(end)}",
        stroke=colour,
        stroke_width=6,
        stroke_opacity="0.2",
    )


def _mark(rule: str, micro: float, x: Scale, y: float, radius: float, told: str) -> str:
    """The mark, or an arrow at the edge that it lies beyond."""
    if x.low <= micro <= x.high:
        return drawn(money_mark(rule), x(micro), y, radius, told)
    at, way = (x.stop, 1) if micro > x.high else (x.start, -1)
    data = f"M{number(at - way * 6)} {number(y - 3.5)}l{way * 6} 3.5l{-way * 6} 3.5z"
    return element("path", hover(f"{told} (beyond the axis)"), d=data, fill=money_mark(rule).colour)


def _whisker(low: float, high: float, y: float, colour: str) -> str:
    """An interval as a line with ends."""
    data = f"M{number(low)} {number(y)}H{number(high)}M{number(low)} {number(y - 4)}v8M{number(high)} {number(y - 4)}v8"
    return element("path", d=data, stroke=colour, stroke_width=1.3, fill="none")


def _legend(gains: Gains, titles: Mapping[str, str], lead: str) -> tuple[list[str], float]:
    """Marks and names of the rules in rows as wide as the drawing, and where the plot below may begin."""
    parts, x, y = [], 8.0, 12.0
    for rule in sorted(gains, key=lambda r: r != lead):
        name = shortened(titles.get(rule, rule), 300)
        wide = text_width(name, SIZE) + 40
        if x + wide > WIDTH:
            x, y = 8.0, y + 22
        parts.append(drawn(money_mark(rule), x, y - 4.5, 5.6 if rule == lead else 4.2))
        parts.append(text(x + 12, y, name, weight=700 if rule == lead else None))
        x += wide
    return parts, y + 40


def saving_strips(
    gains: Gains, *, titles: Mapping[str, str], chosen: str | None, currency: str, reference: Sequence[str]
) -> str:
    """One row per rule, one dot per member (or one for every hundredth of many): for large communities."""
    title = "Savings of members by money rule"
    if not _is_any(gains):
        return statement(title, NOTHING_TO_DIVIDE if any(gains.values()) else NO_GAINS)
    x, top, row = _scale(gains, [*([chosen] if chosen else []), *reference]), 34.0, 46.0
    x = Scale(x.low, x.high, LEFT + 112, RIGHT - 50)
    bottom = top + row * len(gains)
    parts = [
        text(862, top - 12, "least", anchor="end", kind="muted"),
        text(WIDTH - 8, top - 12, "median", anchor="end", kind="muted"),
    ]
    for k, (rule, by) in enumerate(gains.items()):
        y = top + row * (k + 0.5)
        if rule == chosen:
            parts.append(rect(0, y - row / 2 + 1, WIDTH, row - 2, fill="#f2f0e6", class_="marked", rx=4))
        parts += _strip(
            rule, sorted(g.micro for g in by.values()), x, y, titles.get(rule, rule), rule == chosen
        )
    dot = "a member" if _are_few(gains) else "for every hundredth of the members"
    what = f"Saving against being alone [{currency}]; one dot {dot}"
    ticks = money_ticks(x.low, x.high, 6)
    parts.insert(0, x_axis(x, ticks, top=top, bottom=bottom, title=what, middle=(x.start + x.stop) / 2))
    parts.append(line(x(0), top, x(0), bottom, kind="rule", width=1.4))
    return document(title, savings_told(gains, {}, chosen, currency), WIDTH, bottom + 52, parts)


def _are_few(gains: Gains) -> bool:
    """Whether every member has a dot of its own."""
    return all(len(dots([g.micro for g in by.values()])) == len(by) for by in gains.values())


def _strip(rule: str, values: list[float], x: Scale, y: float, title: str, is_chosen: bool) -> Iterable[str]:
    """A row: the rule's name, its dots, the median, and its two figures."""
    bold, colour = 700 if is_chosen else None, money_mark(rule).colour
    if not values:
        return
    median, decimals = quantile(values, 0.5), money_decimals(values)
    shown = [v for v in dots(values) if x.low <= v <= x.high]
    yield text(10, y + 4.5, shortened(title, x.start - 24), weight=bold)
    yield line(x(max(values[0], x.low)), y, x(min(values[-1], x.high)), y, kind="axis")
    yield element(
        "path",
        hover(f"{title}: {len(values)} members"),
        d="".join(f"M{number(a)} {number(b)}h0" for a, b in swarm(shown, y, x)),
        stroke=colour,
        stroke_width=DOT,
        stroke_linecap="round",
        stroke_opacity="0.75",
    )
    if values[-1] > x.high:
        yield _mark(rule, values[-1], x, y, 4, f"{title}: some members lie further right")
    if values[0] < x.low:
        yield _mark(rule, values[0], x, y, 4, f"{title}: some members lie further left")
    if x.low <= median <= x.high:
        yield line(x(median), y - 13, x(median), y + 13, kind="rule", width=2)
    yield text(862, y + 4.5, _plain(values[0], decimals), anchor="end", weight=bold)
    yield text(WIDTH - 8, y + 4.5, _plain(median, decimals), anchor="end", weight=bold)


def _plain(micro: float, decimals: int) -> str:
    """An amount without its currency, which the axis names."""
    return money(micro, "", decimals).strip("\u202f")


def savings_told(gains: Gains, labels: Mapping[str, str], chosen: str | None, currency: str) -> str:
    """What to see: the largest and smallest saving under the chosen rule, and who would lose under others."""
    case = gains.get(chosen or "") or next(iter(gains.values()), {})
    if not case:
        return NO_GAINS
    ordered = sorted(case, key=lambda m: (-case[m].micro, m))
    first, last = ordered[0], ordered[-1]
    decimals = money_decimals(g.micro for g in case.values())
    if case[first].micro == case[last].micro == 0:
        return "Under this rule nobody gains or loses anything."
    if len(ordered) > 1 and case[first].micro == case[last].micro:
        return f"Every member saves the same, {money(case[first].micro, currency, decimals)}."
    told = f"{labels.get(first, first)} saves most, {money(case[first].micro, currency, decimals)}"
    if len(ordered) > 1:
        told += f"; {labels.get(last, last)} least, {money(case[last].micro, currency, decimals)}"
    losing = {rule: sum(g.micro < 0 for g in by.values()) for rule, by in gains.items()}
    worse = [rule for rule, count in losing.items() if count]
    return f"{told}." + (
        f" Left of zero a member would pay more than alone: {len(worse)} of {len(gains)} rules put somebody there."
        if worse
        else " No rule leaves anybody worse off than alone."
    )
