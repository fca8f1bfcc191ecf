"""The worked example of 2 x 2, and random bargains with fees, outside options and weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from evenwatt.bargaining.transport.problem import TransportBargain


@pytest.fixture
def worked() -> TransportBargain:
    """Two suppliers, two agents; computed by hand (kWh and EUR/MWh)."""
    return TransportBargain(
        [10, 6], [8, 12], cost=[40, 60], offer=[70, 80], willingness=[120, 110], charge=[[2, 5], [4, 1]]
    )


@pytest.fixture(scope="session")
def random_bargains() -> Callable[..., TransportBargain]:
    """A maker of batches: everybody can gain, prices generic or all the same."""
    return _random_bargains


def _random_bargains(
    count: int, suppliers: int, agents: int, *, seed: int = 0, one_price: bool = False, limits: bool = False
) -> TransportBargain:
    rng = np.random.default_rng(seed)
    capacity = rng.uniform(0.5, 1.5, (count, suppliers)) * 10 * agents / suppliers
    demand = rng.uniform(0.5, 1.5, (count, agents)) * 12
    cost = rng.uniform(20, 60, (count, suppliers))
    willingness = rng.uniform(90, 150, (count, agents))
    charge = rng.uniform(0, 10, (count, suppliers, agents)) * (not one_price)
    room = willingness.min(axis=-1, keepdims=True) - charge.max(axis=(1, 2))[:, None] - cost
    offer = cost + rng.uniform(0.2, 0.8, (count, suppliers)) * room
    if one_price:
        offer = np.full_like(offer, 75.0)
    weights = rng.uniform(0.5, 2, (count, suppliers + agents))
    made = TransportBargain(
        capacity, demand, cost=cost, offer=offer, willingness=willingness, charge=charge, weights=weights
    )
    total = np.maximum(capacity.sum(axis=-1), demand.sum(axis=-1))[:, None, None]
    limit = rng.uniform(1, 12, charge.shape) if limits else np.inf
    fallback = np.minimum(0.3 * capacity[:, :, None] * demand[:, None, :] / total, 0.5 * limit)
    return made.changed(disagreement=0.3 * made.utilities(fallback), limit=limit)
