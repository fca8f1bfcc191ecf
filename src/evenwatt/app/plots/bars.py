"""Bars of awards: one small panel per rule, for communities small enough to see every member."""

from __future__ import annotations

from collections.abc import Mapping

from evenwatt.app.plots.colours import rule_ink
from evenwatt.app.plots.drawing import document, hover, rect, shortened, statement, text
from evenwatt.app.plots.quantities import percent, unit_for

WIDTH, GUTTER, BAR = 960.0, 30.0, 20.0
MOST_MEMBERS = 12


def award_bars(
    awards: Mapping[str, Mapping[str, int]],
    *,
    claims: Mapping[str, int],
    labels: Mapping[str, str] | None = None,
    chosen: str | None = None,
) -> str:
    """What each member got (filled) of what it claimed (outlined), one panel per rule.

    Parameters
    ----------
    awards : rule -> member -> energy [Wh]
    claims : member -> energy [Wh]
        Fixes the members and their order.
    labels : member -> name, optional
    chosen : str, optional
        The case's rule, first and marked.
    """
    title = "Awards and claims by rule"
    largest = max(claims.values(), default=0)
    if not awards or not largest:
        return statement(title, "No member claimed anything, so no rule awarded anything.")
    rules = sorted(awards, key=lambda rule: rule != chosen)
    across = min(3, len(rules))
    wide = (WIDTH - GUTTER * (across - 1)) / across
    tall = BAR * len(claims) + 56
    parts = []
    for k, rule in enumerate(rules):
        x, y = (k % across) * (wide + GUTTER), 24 + (k // across) * tall
        parts += _panel(rule, awards[rule], claims, labels or {}, x, y, wide, rule == chosen)
    unit = unit_for(claims.values())
    parts.append(text(0, 12, f"Award (filled) of claim (outlined) [{unit.name}]", kind="muted"))
    return document(title, _described(awards, claims), WIDTH, 24 + tall * -(-len(rules) // across), parts)


def _panel(
    rule: str,
    awards: Mapping[str, int],
    claims: Mapping[str, int],
    labels: Mapping[str, str],
    x: float,
    y: float,
    wide: float,
    is_chosen: bool,
) -> list[str]:
    """One rule: a bar per member, the figure behind it."""
    named = min(110.0, wide * 0.34)
    start, room = x + named, wide - named - 66
    unit, largest = unit_for(claims.values()), max(claims.values())
    words = shortened(f"{rule} (the case’s rule)" if is_chosen else rule, wide)
    parts = [text(x, y + 20, words, weight=700 if is_chosen else 600)]
    for k, (member, claim) in enumerate(claims.items()):
        top, award, label = y + 30 + k * BAR, awards.get(member, 0), labels.get(member) or member
        told = f"{label}: {unit.of(award)} of {unit.of(claim)} {unit.name}"
        parts += [
            text(start - 6, top + 12.5, shortened(label, named - 8, 12), anchor="end", kind="muted", size=12),
            rect(start, top, room * claim / largest, 15, fill="none", stroke="#a3abb3", class_="axis", rx=1),
            rect(start, top, room * award / largest, 15, inner=hover(told), fill=rule_ink(rule).colour, rx=1),
            text(start + room * claim / largest + 6, top + 12.5, unit.of(award), size=12),
        ]
    return parts


def _described(awards: Mapping[str, Mapping[str, int]], claims: Mapping[str, int]) -> str:
    """The worst coverage of each rule, for those who do not see the bars."""
    told = []
    for rule, given in awards.items():
        worst = min(given.get(member, 0) / claim for member, claim in claims.items() if claim)
        told.append(f"{rule}: worst {percent(worst)}")
    return "; ".join(told) + "."
