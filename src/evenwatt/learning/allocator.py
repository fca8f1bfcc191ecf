"""What a rule for stage one is when it is put to the test: it may learn from a past, then it divides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from evenwatt.bargaining.transport.problem import TransportBargain
from evenwatt.learning.columns import Array
from evenwatt.learning.history import History

Progress: TypeAlias = Callable[[int, int, str], None]
Rng: TypeAlias = np.random.Generator | int
# From what there is (T,) and what is claimed (T, n) to awards (T, n).
Division: TypeAlias = Callable[[Array, Array], Array]

SUPPLIER_WEIGHT = float(np.exp(-4.0))  # of a supplier beside a mean agent: where capacity binds it is inert
LEAST_WEIGHT = 1e-5  # of an agent that claims nothing [share of the mean]


@dataclass(frozen=True)
class Allocated:
    """What a rule gives in each interval.

    Attributes
    ----------
    flows : (T, S, N)
        Who gets how much of whom [energy].
    weights : (T, P) or None
        Bargaining weights that were applied, where the rule bargains.
    caps : (T, N) or None
        The most each agent may get, where that is not its claim [energy].
    """

    flows: Array
    weights: Array | None = None
    caps: Array | None = None


class Allocator(Protocol):
    """A rule under test."""

    @property
    def name(self) -> str:
        """For tables."""

    @property
    def title(self) -> str:
        """For a reader."""

    @property
    def learns(self) -> bool:
        """Whether ``fit`` changes anything."""

    def fit(self, past: History, *, rng: Rng = 0, progress: Progress | None = None) -> Allocator:
        """A copy fitted on the past, whose readings that were not known by its end are NaN."""

    def allocate(self, now: History) -> Allocated:
        """Divide in rows still to be decided, which hold nothing after the fact."""


def bargained(now: History, *, weights: Array | None = None, caps: Array | None = None) -> Allocated:
    """What suppliers and agents agree on by the Nash solution under these weights (T, P) and caps (T, N)."""
    from evenwatt import bargaining

    problem = now.bargain(demand=caps, weights=weights)
    return Allocated(bargaining.solve(problem).flows, problem.weights, caps)


def divided(now: History, claims: Array, division: Division) -> Allocated:
    """What a claims rule gives: agents' totals by the rule, delivered by the suppliers of the lowest offer.

    The rule divides the smaller of all capacity and all claims. Suppliers deliver in order of their offers,
    those of one offer in proportion to capacity, and each supplier serves all agents in proportion to their
    awards. So the rule alone decides who gets how much, and no rule loses or wins by its choice of
    supplier. Where limits of links bind, as much of the awards as the links can carry is delivered.

    Parameters
    ----------
    now : History
        T rows.
    claims : (T, N)
        What to divide by; not necessarily what was stated [energy].
    division : callable
        From endowments (T,) and claims (T, N) to awards (T, N).
    """
    problem = now.bargain(demand=claims)
    endowment = np.minimum(problem.capacity.sum(axis=1), claims.sum(axis=1))
    awards = np.asarray(division(endowment, claims))
    sold = in_order_of_offer(problem.capacity, problem.offer, awards.sum(axis=1))
    total = awards.sum(axis=1)[:, None, None]
    pairs = sold[:, :, None] * awards[:, None, :]
    flows = np.divide(pairs, total, out=np.zeros_like(pairs), where=total > 0)
    return Allocated(_routed(flows, awards, problem), None, claims)


def in_order_of_offer(capacity: Array, offer: Array, total: Array) -> Array:
    """How much each supplier sells of a total (T,), cheapest offer first, ties by capacity, (T, S)."""
    cheaper = offer[:, None, :] < offer[:, :, None]
    tied = offer[:, None, :] == offer[:, :, None]
    before = (cheaper * capacity[:, None, :]).sum(axis=2)
    among = (tied * capacity[:, None, :]).sum(axis=2)
    left = np.clip(total[:, None] - before, 0.0, among)
    sold = np.divide(capacity * left, among, out=np.zeros_like(capacity), where=among > 0)
    return np.asarray(sold)


def _routed(flows: Array, awards: Array, problem: TransportBargain) -> Array:
    """Flows (T, S, N) as they are where no limit binds, else as much of the awards as can be delivered."""
    found = flows.copy()
    for row in np.flatnonzero((flows > problem.limit).any(axis=(1, 2))):
        limit = np.minimum(problem.limit[row], np.minimum(problem.capacity[row, :, None], awards[row]))
        found[row] = most_delivered(problem.capacity[row], awards[row], limit, problem.offer[row])
    return found


def most_delivered(capacity: Array, awards: Array, limit: Array, offer: Array) -> Array:
    """The most that suppliers (S,) can deliver of the awards (N,) over limited links, cheapest first, (S, N).

    Examples
    --------
    The cheaper supplier reaches the first agent by 1 only:

    >>> most_delivered(np.array([4.0, 4.0]), np.array([5.0, 3.0]), np.array([[1.0, 9.0], [9.0, 9.0]]), np.ones(2))
    array([[1., 3.],
           [4., 0.]])
    """
    from evenwatt.engine.lp import Kept

    suppliers, agents = limit.shape
    # Delivering one unit more may shift supply between all suppliers; it must still be worth it.
    unit = 1.0 + (1 + suppliers) * float(np.ptp(offer))
    cost = np.repeat(offer - offer.min() - unit, agents)
    programme = Kept(cost, np.zeros(limit.size), limit.ravel())
    links = np.eye(limit.size).reshape(suppliers, agents, limit.size)
    ends = np.concatenate([links.sum(axis=1), links.sum(axis=0)])
    programme.add_rows(ends, np.full(len(ends), -np.inf), np.concatenate([capacity, awards]))
    return np.maximum(programme.solve().x.reshape(suppliers, agents), 0.0)


def agent_weights(sizes: Array, suppliers: int) -> Array:
    """Weights in proportion to agents' sizes (T, N), suppliers with little, (T, S + N)."""
    mean = sizes.mean(axis=1, keepdims=True)
    share = np.divide(sizes, mean, out=np.ones_like(sizes), where=mean > 0)
    agents = np.maximum(share, LEAST_WEIGHT)
    return np.concatenate([np.full((len(sizes), suppliers), SUPPLIER_WEIGHT), agents], axis=1)
