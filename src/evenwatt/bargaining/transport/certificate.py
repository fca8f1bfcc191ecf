"""A proof that a bargain is the best there is, from flows and multipliers alone, whoever found them."""

from __future__ import annotations

import numpy as np

from evenwatt.bargaining.transport.interior import by_agent
from evenwatt.bargaining.transport.outcome import Multipliers
from evenwatt.bargaining.transport.presolve import Flags
from evenwatt.bargaining.transport.problem import Array, TransportBargain
from evenwatt.engine.threads import share_rows


def certified_gaps(
    problem: TransportBargain,
    is_open: Flags,
    weights: Array,
    flows: Array,
    multipliers: Multipliers,
    curve: Array,
) -> Array:
    """By how much the weighted log of the gains could be higher than these flows make it.

    The flows are first cut to what is feasible; the suppliers' multipliers are lifted until no link is worth more
    than its ends and limit charge for it. By weak duality ``sum w (log(w / y) - 1) + prices x capacities - y d`` is
    then above every agreement, for any ``y`` above zero; a common factor of all multipliers is chosen best.

    Parameters
    ----------
    problem : TransportBargain
        With one batch axis.
    is_open : (B, S, N)
        Links that may carry something.
    weights : (B, P)
        Summing to 1; 0 for players outside the product.
    flows : (B, S, N)
        What is to be judged [energy].
    multipliers : Multipliers
        Of capacities, demands and limits; need not be right.
    curve : (B, P)
        Weight over gain; of players outside the product the multiplier of their disagreement.

    Returns
    -------
    (B,)
        Gaps of the logarithm, infinite where the flows leave somebody without gain.

    Source: weak Lagrangian duality; Boyd & Vandenberghe 2004, doi:10.1017/CBO9780511804441, section 5.1.3.
    """
    from evenwatt.bargaining.transport._certificate_kernels import certify_rows

    gaps = np.empty(len(problem.capacity))
    capacity, demand, margin, point, held, price, charged, bent = (
        np.ascontiguousarray(part)
        for part in (problem.capacity, problem.demand, problem.margin, problem.disagreement, weights,
                     multipliers.capacity, multipliers.demand, curve)
    )  # fmt: skip
    gain, limit = by_agent(problem.gain), by_agent(np.where(is_open, problem.limit, 0.0))
    flow, limit_price = by_agent(flows), by_agent(multipliers.limit)

    def work(first: int, last: int) -> None:
        certify_rows(
            first, last, capacity, demand, margin, gain, limit, point, held, flow, price, charged, limit_price, bent,
            gaps,
        )  # fmt: skip

    share_rows(len(gaps), work)
    return gaps
