"""What agents do of which they said nothing: the default, or what their state suggests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from evenwatt.policies.actions import MOST_SELLERS, TYPES, Action
from evenwatt.policies.reading import Column, figure, own
from evenwatt.policies.seen import Observation


def bounds(action: Action, seen: Observation) -> tuple[float, float]:
    """What the action may be; orders have to keep to cap and floor."""
    low, high = action.low, action.high
    if action.name in ("bid_per_mwh", "ask_per_mwh"):
        low = max(low, figure(seen, "floor_per_mwh", low))
        high = min(high, figure(seen, "cap_per_mwh", high))
    return min(low, high), high


def unsaid(action: Action, seen: Observation) -> Column:
    """The default of an action, or what the agent's state suggests where the default is left open."""
    if action.kind == "list":
        return np.broadcast_to(np.int64(-1), (len(seen), MOST_SELLERS))
    if not np.isnan(action.default):
        return np.full(len(seen), action.default).astype(TYPES[action.kind])
    meant = np.asarray(_SUGGESTED[seen.role, action.name](seen), dtype=np.float64)
    low, high = bounds(action, seen)
    return np.clip(np.where(np.isfinite(meant), meant, 0.0) + np.zeros(len(seen)), low, high)


def _household_bid(seen: Observation) -> Column:
    return np.fmin(own(seen, "value_per_mwh"), own(seen, "tariff_per_mwh"))


_SUGGESTED: Mapping[tuple[str, str], Callable[[Observation], Any]] = {
    ("consumer", "bid_per_mwh"): _household_bid,
    ("prosumer", "bid_per_mwh"): _household_bid,
    ("prosumer", "ask_per_mwh"): lambda seen: figure(seen, "feed_in_per_mwh"),
    ("producer", "ask_per_mwh"): lambda seen: own(seen, "cost_per_mwh"),
    ("producer", "contract_per_mwh"): lambda seen: own(seen, "cost_per_mwh"),
    ("utility", "retail_per_mwh"): lambda seen: own(seen, "retail_per_mwh"),
    ("utility", "bid_per_mwh"): lambda seen: figure(seen, "outside_per_mwh"),
    ("utility", "contract_per_mwh"): lambda seen: own(seen, "expected_per_mwh"),
    ("regulator", "fine_rate"): lambda seen: own(seen, "fine_rate"),
    ("regulator", "subsidy_per_mwh"): lambda seen: own(seen, "subsidy_per_mwh"),
}
