"""What changes, and for whom, when another rule divides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evenwatt.core import units

NOTICED_WH = 100  # changes below this over the whole period count as none [Wh]


def changes(
    awards: Sequence[Mapping[str, Any]], rules: Sequence[str], labels: Mapping[str, str]
) -> dict[str, str]:
    """One sentence for every rule but the first: who gains, who loses, and who most.

    Parameters
    ----------
    awards : sequence of mapping
        Rows of ``rule``, ``member``, ``awarded_wh``.
    rules : sequence of str
        The case's rule first.
    labels : mapping
        Member id -> what people call it.

    Examples
    --------
    >>> rows = [{"rule": r, "member": m, "awarded_wh": w} for r, m, w in
    ...         [("pro", "a", 4000), ("pro", "b", 8000), ("cea", "a", 6000), ("cea", "b", 6000)]]
    >>> changes(rows, ["pro", "cea"], {"a": "Anna", "b": "Bert"})["cea"]
    'cea instead of pro: 1 of 2 members gain, most Anna (+2.0 kWh); 1 lose, most Bert (-2.0 kWh).'
    """
    held = {
        rule: {row["member"]: row["awarded_wh"] for row in awards if row["rule"] == rule} for rule in rules
    }
    base = held[rules[0]]
    told = {}
    for rule in rules[1:]:
        moved = {member: wh - base[member] for member, wh in held[rule].items()}
        told[rule] = f"{rule} instead of {rules[0]}: {_sentence(moved, labels)}"
    return told


def _sentence(moved: Mapping[str, int], labels: Mapping[str, str]) -> str:
    gain = [member for member, wh in moved.items() if wh >= NOTICED_WH]
    lose = [member for member, wh in moved.items() if wh <= -NOTICED_WH]
    if not gain and not lose:
        return f"nobody's total changes by {units.kwh(NOTICED_WH):g} kWh."
    parts = []
    if gain:
        parts.append(
            f"{len(gain)} of {len(moved)} members gain, most {_most(moved, labels, max(gain, key=lambda m: moved[m]))}"
        )
    if lose:
        parts.append(f"{len(lose)} lose, most {_most(moved, labels, min(lose, key=lambda m: moved[m]))}")
    return "; ".join(parts) + "."


def _most(moved: Mapping[str, int], labels: Mapping[str, str], member: str) -> str:
    return f"{labels[member]} ({float(units.kwh(moved[member])):+,.1f} kWh)"
