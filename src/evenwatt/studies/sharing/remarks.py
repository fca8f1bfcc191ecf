"""What a reader of the report must know: what was left out, and what keys or readings do not do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from evenwatt.sharing.problem import GRID
from evenwatt.studies.sharing.period import Period
from evenwatt.studies.sharing.variants import Tried

MOST_NAMED = 5


def remarks(period: Period, m: dict[str, Any]) -> list[str]:
    """Every remark, in words."""
    return [*_rule(period), *_readings(period, m), *_keys(period)]


def of_countries(compared: Sequence[Tried]) -> Iterator[str]:
    """How the case's keys are understood under rules that know other keys."""
    tried = {
        one.variant.regime.kind
        for one in compared
        if one.variant.kind == "country" and not one.variant.refusal
    }
    if "pool" in tried and "pairs" in tried:
        yield (
            "under rules that know one key of a consumer to all producers together, it is the mean of its keys, "
            "weighed by what the producers had over in the period"
        )


def _rule(period: Period) -> Iterator[str]:
    regime = period.group.regime
    yield f"rule: {regime.title}: {regime.told()}; source: {regime.source}"
    if regime.regulation.uncertain:
        yield f"not certain about {regime.title}: {regime.regulation.uncertain}"
    if regime.own_use_first:
        yield (
            "a member's own generation serves its own load in the same interval before any is shared; a member "
            "never shares with itself"
        )
    if regime.participation < 1:
        yield f"{regime.participation:.4g} of each meter takes part in sharing"
    if regime.reserve:
        yield f"each producer keeps {regime.reserve:,} Wh of every interval from sharing"


def _readings(period: Period, m: dict[str, Any]) -> Iterator[str]:
    regime = period.group.regime
    if m["incomplete"]:
        yield f"intervals that lack a reading and were not shared in: {m['incomplete']:,}"
    minutes = period.seconds / 60
    if minutes != regime.regulation.minutes:
        yield (
            f"readings of {minutes:g} minutes are shared as they are; the rule settles "
            f"{regime.regulation.minutes} minutes, in which less would meet"
        )
    if regime.kind == "pairs" and regime.quantum > 1:
        yield (
            f"every share is rounded down to a multiple of {regime.quantum} Wh in every round: the smaller of demand "
            "and key times supply is what is rounded"
        )


def _keys(period: Period) -> Iterator[str]:
    group = period.group
    if group.regime.kind != "pairs":
        return
    low, idle = set(), set()
    for tally in period.tallies:
        keys, priority = group.agreement(_day(tally.day), period.sides)
        sums = np.where(priority > 0, keys, 0).sum(axis=1)
        # Keys rounded down leave a unit a consumer; that is nobody's intention.
        low |= set(np.flatnonzero((sums > 0) & (sums < GRID - keys.shape[1])).tolist())
        idle |= set(np.flatnonzero((sums == 0) & (tally.surplus[period.sides.producers] > 0)).tolist())
    producers = group.names(period.sides.producers)
    several = group.regime.rounds is None or group.regime.rounds > 1
    if low and several:
        yield (
            f"keys of {_named([producers[i] for i in sorted(low)])} sum to less than 1, but what is left is offered "
            "again in every round: to keep some for sale set rule.reserve_wh"
        )
    if idle:
        yield f"no keys give from {_named([producers[i] for i in sorted(idle)])}, which had a surplus"
    linked = {row.consumer for row in group.keys if row.priority}
    alone = [name for name in group.names(period.sides.consumers) if name not in linked]
    if alone:
        yield f"no producer is linked to {_named(alone)}"


def _day(text: str) -> Any:
    from datetime import date

    return date.fromisoformat(text)


def _named(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
