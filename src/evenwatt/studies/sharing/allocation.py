"""What the rule of a case makes of one day: by keys, round after round, or by a formula in each interval."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.sharing import countries
from evenwatt.sharing.countries.forms import BY_PAIR_EXACTLY
from evenwatt.sharing.participation import Offered, offered
from evenwatt.sharing.problem import GRID, agreement, apart
from evenwatt.sharing.rounds import Allocation, KeyWarning, allocate, exact_flows
from evenwatt.studies.division import division
from evenwatt.studies.series import divide
from evenwatt.studies.sharing.energy import DayEnergy
from evenwatt.studies.sharing.regime import Regime

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def shared(
    regime: Regime, day: DayEnergy, keys: Whole, priority: Whole, weights: Array | None = None
) -> Allocation:
    """Share a day's surplus by the rule.

    Parameters
    ----------
    keys, priority : (I, J) int64, or (1, J) where all producers are one
        [1/10,000]; larger priority first, 0 no link.
    weights : (n,), optional
        Of the members, where the formula asks for them.
    """
    with warnings.catch_warnings():
        # Keys that sum to less than one are told once for the period, in the report's notes.
        warnings.simplefilter("ignore", KeyWarning)
        if regime.kind == "pairs" and regime.regulation.form is not BY_PAIR_EXACTLY:
            return _by_pairs(regime, day, keys, priority)
        return _by_country(regime, day, keys, priority, weights)


def _by_pairs(regime: Regime, day: DayEnergy, keys: Whole, priority: Whole) -> Allocation:
    return allocate(
        day.supply, day.demand, keys, priority,
        rounds=regime.rounds, quantum=regime.quantum, max_links=None,
        injecting_may_receive=regime.injecting_may_receive, participation=_part(regime), reserve=regime.reserve,
        **_who(day),
    )  # fmt: skip


def _by_country(
    regime: Regime, day: DayEnergy, keys: Whole, priority: Whole, weights: Array | None
) -> Allocation:
    """Any other form: keys of pairs without a floor, keys of the pool, levels, or a formula."""
    kept = np.minimum(day.supply, regime.reserve)
    given = countries.share(
        regime.regulation,
        day.supply - kept,
        day.demand,
        keys={"pairs": keys, "pool": keys[:1].sum(axis=0)}.get(regime.kind),
        priority={"pairs": priority, "levels": priority[:1].sum(axis=0)}.get(regime.kind),
        divide=_divide(regime, day, weights),
        minutes=regime.regulation.minutes,
        participation=_part(regime),
        **_who(day),
    )
    return given._replace(unused=given.unused + kept)


def _divide(regime: Regime, day: DayEnergy, weights: Array | None) -> Callable[[Any, Any], Array] | None:
    if regime.formula is None:
        return None
    mine = None if weights is None else weights[day.sides.consumers]
    return partial(divide, division=division(regime.formula), weights=mine)


def _who(day: DayEnergy) -> dict[str, Any]:
    return {"owner_supply": day.sides.givers, "owner_demand": day.sides.takers}


def _part(regime: Regime) -> float | None:
    return None if regime.participation == 1 else regime.participation


def received(
    regime: Regime, day: DayEnergy, keys: Whole, priority: Whole, weights: Array | None = None
) -> Whole:
    """What each consumer gets of a day in all, (J,) int64 [Wh]; quicker than :func:`shared` for a formula."""
    inside = taking_part(regime, day)
    if regime.kind != "formula" or _meets_itself(inside, day):
        return np.asarray(shared(regime, day, keys, priority, weights).shared.sum(axis=0))
    total = np.minimum(inside.supply_in.sum(axis=1), inside.demand_in.sum(axis=1))
    rule = _divide(regime, day, weights)
    assert rule is not None  # a formula has one
    return np.asarray(exact.vector(rule(total, inside.demand_in), total).sum(axis=0))


def _meets_itself(inside: Offered, day: DayEnergy) -> bool:
    """Whether some owner has both supply and demand in the same interval."""
    return bool(((inside.supply_in @ same(day).astype(np.int64)) * inside.demand_in).any())


def unrounded(regime: Regime, day: DayEnergy, keys: Whole, priority: Whole) -> float:
    """What the same keys would share in as many rounds if nothing were rounded down [Wh]."""
    inside, held = taking_part(regime, day), agreement(keys, priority, most=None, apart=same(day))
    return float(exact_flows(inside.supply_in, inside.demand_in, held, regime.rounds).sum())


def linked_most(regime: Regime, day: DayEnergy, priority: Whole) -> int:
    """The most that any keys could share over these links, interval by interval [Wh]."""
    from evenwatt.sharing.interval_keys import best_flows

    links = ~same(day) if regime.kind != "pairs" else (priority > 0) & ~same(day)
    inside = taking_part(regime, day)
    return int(np.asarray(best_flows(inside.supply_in, inside.demand_in, links=links)).sum())


def same(day: DayEnergy) -> Flags:
    """Pairs of one owner, (I, J)."""
    sides = day.sides
    return apart(sides.givers, sides.takers, len(sides.givers), len(sides.takers))


def taking_part(regime: Regime, day: DayEnergy) -> Offered:
    """What of a day's energy takes part in sharing."""
    barred = None if regime.injecting_may_receive else same(day)
    return offered(day.supply, day.demand, _part(regime), regime.reserve, barred)


def pooled(keys: Whole, supply: Array, *, whole: bool = False) -> Whole:
    """Keys of each producer as keys of all together, (I, J) -> (1, J): means by what producers had over.

    Rounded down, so that they never sum to more than one; to one exactly where ``whole``.
    """
    total = supply.sum()
    part = supply / total if total else np.full(len(supply), 1 / max(len(supply), 1))
    mean = part @ keys
    if whole and mean.sum() > 0:
        return np.asarray(exact.vector(mean * (GRID / mean.sum()), GRID)[None, :])
    return np.asarray(np.minimum(np.floor(mean + 1e-9), GRID).astype(np.int64)[None, :])
