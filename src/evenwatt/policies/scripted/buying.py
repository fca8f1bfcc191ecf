"""How a household buys: what it bids locally, and which utility serves the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenwatt.core.chance import Keyed
from evenwatt.engine.threads import MANY, share_rows
from evenwatt.policies.actions import LOCAL, UTILITY
from evenwatt.policies.reading import Array, Column, figure, public, some
from evenwatt.policies.scripted.turns import whose_turn
from evenwatt.policies.seen import Observation


@dataclass(frozen=True)
class Taste:
    """What households weigh.

    Attributes
    ----------
    sensitivity : float
        Of the choice of a utility to its price [MWh/currency]; 0.08 splits 150 against 160 into 0.69 and 0.31.
    switching_per_mwh : float
        Trouble of changing the utility [currency per MWh].
    """

    sensitivity: float = 0.08
    switching_per_mwh: float = 5.0


def worth(seen: Observation) -> Array:
    """(n,) the most a household would pay for local energy, at its own door [currency per MWh].

    Its value, but never more than its utility would charge, and what renewable energy is worth more to it: all
    local energy comes off roofs. Fee and loss of the way are for the buyer.

    Examples
    --------
    >>> own = {"value_per_mwh": np.array([400.0]), "tariff_per_mwh": np.array([300.0]), "green": np.array([20.0]),
    ...        "distance_km": np.array([1.0])}
    >>> worth(Observation("consumer", 0, np.array([1]), own, {"fee_per_mwh_km": 2.0, "loss_per_km": 0.005}))
    array([316.4])
    """
    most = np.add(seen["tariff_per_mwh"], seen["green"])
    np.fmin(seen["value_per_mwh"], most, out=most)
    most *= 1.0 - figure(seen, "loss_per_km") * seen["distance_km"]
    most -= figure(seen, "fee_per_mwh_km") * seen["distance_km"]
    return most


_WEIGHED = ("value_per_mwh", "tariff_per_mwh", "green", "margin", "distance_km")


def purchases(seen: Observation, rng: Keyed, taste: Taste) -> dict[str, Column]:
    """Bid, source and utility of every household.

    The bid is what the energy is worth less the persona's margin of what it exceeds the feed-in tariff by: no
    neighbour sells for less than that, so a bid below it is none.
    """
    from evenwatt.policies._household_kernels import buying

    value, tariff, green, margin, distance = (np.asarray(seen[name], dtype=np.float64) for name in _WEIGHED)
    joined = np.asarray(seen["connected"], dtype=np.bool_)
    feed_in, fee, loss = (figure(seen, name) for name in ("feed_in_per_mwh", "fee_per_mwh_km", "loss_per_km"))
    bid, source = np.empty(len(seen)), np.empty(len(seen), dtype=np.int64)
    share_rows(
        len(seen),
        lambda first, last: buying(
            first,
            last,
            value,
            tariff,
            green,
            margin,
            distance,
            joined,
            feed_in,
            fee,
            loss,
            LOCAL,
            UTILITY,
            bid,
            source,
        ),
        least=MANY,
    )
    return {"bid_per_mwh": bid, "source": source, "utility": chosen_utility(seen, rng, taste)}


def chosen_utility(seen: Observation, rng: Keyed, taste: Taste) -> Column:
    """(n,) the utility in force, or another for those whose turn it is to compare them."""
    rows, present = whose_turn(seen), seen["utility"]
    if len(rows) == 0:
        return present
    chances = utility_chances(some(seen, rows, ("utility", "green")), taste)
    drawn = rng.uniform(seen.agents[rows], "utility")[:, None] * chances.sum(axis=1, keepdims=True)
    found = (np.cumsum(chances, axis=1) <= drawn).sum(axis=1)
    known = chances.sum(axis=1) > 0.0
    chosen: Column = present.copy()
    chosen[rows[known]] = np.minimum(found, chances.shape[1] - 1)[known]
    return chosen


def utility_chances(seen: Observation, taste: Taste) -> Array:
    """(n, U) chance of each utility: a logit of its price, its renewable share and the trouble of changing.

    Rows of zeros where no utility has a price.

    Examples
    --------
    >>> own = {"utility": np.array([-1]), "green": np.array([0.0])}
    >>> prices = {"retail_per_mwh": np.array([150.0, 160.0]), "retail_green": np.zeros(2)}
    >>> utility_chances(Observation("consumer", 0, np.array([1]), own, prices), Taste()).round(2)
    array([[0.69, 0.31]])

    Source: McFadden 1974, Conditional logit analysis of qualitative choice behavior.
    """
    prices, shares = public(seen, "retail_per_mwh"), public(seen, "retail_green")
    cost: Array = np.where(np.isfinite(prices), prices, np.inf) - seen["green"][:, None] * shares
    changes = np.arange(len(prices)) != seen["utility"][:, None]
    cost = cost + taste.switching_per_mwh * changes
    if not len(prices):
        return cost
    least: Array = cost.min(axis=1, keepdims=True)
    weight: Array = np.exp(-taste.sensitivity * (cost - np.where(np.isfinite(least), least, 0.0)))
    total = weight.sum(axis=1, keepdims=True)
    chances: Array = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0.0)
    return chances
