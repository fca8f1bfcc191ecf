"""The interior point method on a batch: arrays in the kernels' order, threads, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport.presolve import Flags
from evenwatt.bargaining.transport.problem import Array, TransportBargain
from evenwatt.engine.threads import share_rows

MOST_STEPS = 80


@dataclass(frozen=True)
class Iterates:
    """Where the method ended, links agent by agent.

    Attributes
    ----------
    flow, flow_price, limit_price : (B, N, S)
        Flows, and the multipliers of their signs and limits.
    price : (B, S)
        Of the capacities.
    demand_price : (B, N)
        Of the demands.
    curve : (B, P)
        Weight over gain of every player in the product.
    certificate : (B,)
        Certified gap, infinite where nothing was proved; with a barrier, by how much a product misses it at most, as
        a fraction.
    steps : (B,) int64
        How many were taken.
    """

    flow: Array
    flow_price: Array
    limit_price: Array
    price: Array
    demand_price: Array
    curve: Array
    certificate: Array
    steps: npt.NDArray[np.int64]


def iterate(
    problem: TransportBargain, is_open: Flags, weights: Array, *, goal: float = 0.0, barrier: float = 0.0
) -> Iterates:
    """Run the method on one batch.

    Parameters
    ----------
    problem : TransportBargain
        With one batch axis.
    is_open : (B, S, N)
        Links that may carry something.
    weights : (B, P)
        Summing to 1; 0 leaves a player out of the product.
    goal : float
        Certified gap to reach where ``barrier`` is 0.
    barrier : float
        Above 0: the product of every slack and its multiplier.

    Source: Mehrotra 1992, doi:10.1137/0802028 (predictor and corrector).
    """
    from evenwatt.bargaining.transport._interior_kernels import bargain_rows

    count, s, n = len(problem.capacity), problem.suppliers, problem.agents
    found = Iterates(
        np.empty((count, n, s)), np.empty((count, n, s)), np.empty((count, n, s)), np.empty((count, s)),
        np.empty((count, n)), np.empty((count, s + n)), np.empty(count), np.zeros(count, dtype=np.int64),
    )  # fmt: skip
    capacity, demand, margin, point, held = (
        np.ascontiguousarray(part)
        for part in (problem.capacity, problem.demand, problem.margin, problem.disagreement, weights)
    )
    gain, limit = by_agent(problem.gain), by_agent(np.where(is_open, problem.limit, 0.0))

    def work(first: int, last: int) -> None:
        bargain_rows(
            first, last, capacity, demand, margin, gain, limit, point, held, goal, barrier, MOST_STEPS, found.flow,
            found.price, found.demand_price, found.limit_price, found.flow_price, found.curve, found.certificate,
            found.steps,
        )  # fmt: skip

    share_rows(count, work)
    return found


def by_agent(links: Array) -> Array:
    """Turn (B, S, N) into (B, N, S), or back."""
    return np.ascontiguousarray(np.swapaxes(links, -1, -2))
