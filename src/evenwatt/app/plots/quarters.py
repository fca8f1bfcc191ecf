"""Bars of awards for many members: each rule's energy, split by how much its receivers had claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from evenwatt.app.plots.axes import Scale, energy_ticks, x_axis
from evenwatt.app.plots.colours import COVERAGE, hexadecimal
from evenwatt.app.plots.drawing import document, hover, rect, statement, text, text_width
from evenwatt.app.plots.quantities import percent, unit_for, written

WIDTH, ROW, BAR, TOP = 960.0, 27.0, 17.0, 64.0
NAMES = ("smallest claims", "smaller", "larger", "largest claims")
INKS = tuple(hexadecimal(COVERAGE.at(share)) for share in (0.88, 0.66, 0.42, 0.18))


def award_quarters(
    awards: Mapping[str, Mapping[str, int]], *, claims: Mapping[str, int], chosen: str | None = None
) -> str:
    """One bar a rule: its awards to the four quarters of the members, from smallest to largest claims.

    Every rule hands out the same total, so the bars are equally long; what moves are the borders.

    Parameters
    ----------
    awards : rule -> member -> energy [Wh]
    claims : member -> energy [Wh]
    chosen : str, optional
        The case's rule, marked.
    """
    title = "Awards by rule and size of claim"
    parts_of = quarters_of(awards, claims)
    total = max((sum(parts) for parts in parts_of.values()), default=0)
    if not total:
        return statement(title, "No rule awarded anything.")
    rules = sorted(parts_of, key=lambda rule: (-parts_of[rule][0], rule))
    left = 16 + max(text_width(rule, 13) for rule in rules)
    unit = unit_for([total])
    place = Scale(0, total, left, WIDTH - 8)
    bottom = TOP + ROW * len(rules)
    drawn = [x_axis(place, energy_ticks(total, unit), top=TOP - 6, bottom=bottom,
                    title=f"Award [{unit.name}]", middle=(left + WIDTH) / 2)]  # fmt: skip
    drawn += _legend(len(claims), left)
    for k, rule in enumerate(rules):
        drawn += _row(rule, parts_of[rule], place, TOP + k * ROW, rule == chosen)
    return document(title, quarters_caption(awards, claims, chosen), WIDTH, bottom + 52, drawn)


def _legend(members: int, left: float) -> list[str]:
    drawn = [text(0, 14, f"Quarters of the {members} members, by the size of their claims")]
    x = left
    for name, ink in zip(NAMES, INKS, strict=True):
        drawn += [rect(x, 28, 14, 14, fill=ink, rx=1), text(x + 20, 40, name, kind="muted")]
        x += 44 + text_width(name, 13)
    return drawn


def _row(rule: str, parts: Sequence[int], place: Scale, top: float, is_chosen: bool) -> list[str]:
    drawn = [text(0, top + 13, rule, weight=700 if is_chosen else None)]
    start = 0
    for name, ink, part in zip(NAMES, INKS, parts, strict=True):
        told = f"{rule}, {name}: {written(part, unit_for([part]))}"
        wide = place(start + part) - place(start)
        drawn.append(rect(place(start), top, wide, BAR, inner=hover(told), fill=ink))
        start += part
    if is_chosen:
        drawn.append(
            rect(
                place(0),
                top - 1,
                place(start) - place(0),
                BAR + 2,
                fill="none",
                stroke="#1d2329",
                class_="rule",
            )
        )
    return drawn


def quarters_of(awards: Mapping[str, Mapping[str, int]], claims: Mapping[str, int]) -> dict[str, list[int]]:
    """Energy of each rule for each quarter of the members, smallest claims first [Wh].

    Examples
    --------
    >>> quarters_of({"pro": {"a": 4, "b": 3, "c": 2, "d": 1}}, {"a": 8, "b": 6, "c": 4, "d": 2})
    {'pro': [1, 2, 3, 4]}
    """
    order = sorted(claims, key=lambda member: (claims[member], member))
    edges = [round(len(order) * k / 4) for k in range(5)]
    groups = [order[a:b] for a, b in pairwise(edges)]
    return {rule: [sum(given.get(m, 0) for m in group) for group in groups] for rule, given in awards.items()}


def quarters_caption(
    awards: Mapping[str, Mapping[str, int]], claims: Mapping[str, int], chosen: str | None
) -> str:
    """What to see: how much the quarter with the smallest claims gets, at most, at least and by the case's rule."""
    share = {rule: p[0] / sum(p) for rule, p in quarters_of(awards, claims).items() if sum(p)}
    if not share:
        return "No rule awarded anything."
    high, low = max(share, key=lambda r: share[r]), min(share, key=lambda r: share[r])
    own = f"; {chosen}, the case’s rule, {percent(share[chosen])}" if chosen in share else ""
    return (
        f"The quarter of members with the smallest claims gets {percent(share[high])} of the energy under {high} "
        f"and {percent(share[low])} under {low}{own}."
    )
