"""Inks of the rules of one page: known rules keep theirs, the others share out what is left."""

from __future__ import annotations

from collections.abc import Sequence

from evenwatt.app.plots import colours
from evenwatt.app.plots.colours import DASHED, DOTTED, RULES, SOLID, Ink

FREE = tuple(
    Ink(colour, dash)
    for dash in (SOLID, DASHED, DOTTED)
    for colour in (
        colours.BLUE, colours.VERMILION, colours.GREEN, colours.PURPLE, colours.ORANGE, colours.INDIGO, colours.SKY,
        colours.WINE,
    )
)  # fmt: skip


def rule_inks(rules: Sequence[str]) -> dict[str, Ink]:
    """Rule -> ink, no two alike while there are inks left.

    Examples
    --------
    >>> inks = rule_inks(["pro", "learned", "demand-pro"])
    >>> inks["learned"].colour, len(set(inks.values()))
    ('#0072b2', 3)
    """
    held = {rule: RULES[rule.partition(":")[0]] for rule in rules if rule.partition(":")[0] in RULES}
    free = [ink for ink in FREE if ink not in held.values()]
    for rule in rules:
        if rule not in held:
            held[rule] = free[0]
            free = [*free[1:], free[0]]
    return {rule: held[rule] for rule in rules}
