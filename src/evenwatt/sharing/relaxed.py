"""Three published models of the sharing of energy, as they were stated: relaxations of the rule, for comparison.

They choose the flows as well as the keys, so they may hold energy back, which the rule never does: what they promise
can lie above anything that keys reach under the rule. Under fixed keys the one called nonlinear and the one called
linear are the same. The nonlinear one writes a share as ``min(demand, F)`` with ``F <= key * supply left``; as F is
bounded only from above, any smaller share is allowed too, and the minimum, with its binaries, adds nothing. The
linear one multiplies keys by what is left of the supply, and from the second round on both are variables: it is
bilinear, not convex. Only with one round is it a linear programme. Priorities enter neither but as links.

Where the solver of the published code stopped at a gap of 3 %, these state their value and their bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, SolverError
from evenwatt.engine.lp import Kept
from evenwatt.sharing.bound import cover, rounds_bound
from evenwatt.sharing.exhaustive import rows_of_keys
from evenwatt.sharing.interval_keys import checked
from evenwatt.sharing.problem import GRID

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MOST_KEYS = 2_000_000  # on the grid of a toy
MOST_CELLS = 200_000  # of a linear programme over all intervals
PERCENT = 100
LEAST_MOVE = 1e-3  # of a key, where a search by halving ends


@dataclass(frozen=True, eq=False)
class Relaxed:
    """What a model promises.

    Attributes
    ----------
    value : float
        Of the best keys found, in the model: not what the rule shares with them [Wh].
    bound : float
        No keys have a greater value in the model [Wh].
    weights : (I, J)
        The keys, as fractions.
    """

    value: float
    bound: float
    weights: Array

    @property
    def gap(self) -> float:
        """What may be missing yet, as a fraction of the bound."""
        return (self.bound - self.value) / self.bound if self.bound > 0 else 0.0


def static_weights(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    *,
    max_links: int = 5,
    gap: float = 0.03,
    time_limit: float | None = None,
) -> Relaxed:
    """The published mixed-integer model of one round: keys of whole percent, few producers a consumer.

    Maximise the sum of ``r_jt <= d_jt`` and ``r_jt <= sum over i of k_ij s_it / 100``, whole k summing to at most
    100 for every producer, k zero but for ``max_links`` producers of each consumer; no rounding of shares.

    Parameters
    ----------
    supply : (T, I)
        Whole Wh.
    demand : (T, J)
        Whole Wh.
    max_links : int
        Most producers a consumer may have.
    gap : float
        Stop when value and bound are within this fraction of each other.
    time_limit : float, optional
        Stop after so many seconds.

    Returns
    -------
    Relaxed

    Raises
    ------
    ProblemError
        Naming every fault of the energies, or the size if it is beyond such a model.
    SolverError
        If the solver stopped before it had any keys.

    Examples
    --------
    >>> round(static_weights([[4], [4]], [[1, 3], [3, 1]], gap=1e-6).value, 6)
    6.0
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    given, wanted, linked = checked(supply, demand, None)
    s, d, unit = _busy(given, wanted)
    if unit == 0:
        return Relaxed(0.0, 0.0, np.zeros(linked.shape))
    matrix, high = _one_round_rows(s, d, max_links)
    keys = linked.size
    cost = np.concatenate([np.zeros(2 * keys), -np.ones(d.size)])
    upper = np.concatenate([np.full(keys, float(PERCENT)), np.ones(keys), d.ravel()])
    found = milp(
        cost,
        integrality=np.concatenate([np.ones(2 * keys), np.zeros(d.size)]),
        bounds=Bounds(np.zeros(upper.size), upper),
        constraints=LinearConstraint(matrix, -np.inf, high),
        options={"mip_rel_gap": gap, **({} if time_limit is None else {"time_limit": time_limit})},
    )
    if found.x is None:
        raise SolverError(f"static_weights: {found.message}; expected keys: allow more seconds")
    weights = np.round(found.x[:keys].reshape(linked.shape)) / PERCENT
    bound = min(float(np.minimum(s.sum(axis=1), d.sum(axis=1)).sum()), -float(found.mip_dual_bound))
    value = float(np.minimum(d, s @ weights).sum())
    return Relaxed(value * unit, max(value, bound) * unit, weights)


def linear_flow(
    supply: npt.ArrayLike, demand: npt.ArrayLike, rounds: int, *, links: npt.ArrayLike | None = None
) -> Relaxed:
    """The published "convex" model: flows up to key times supply left, and up to what is wanted, in every round.

    With one round it is a linear programme, and solved as one. With more it is bilinear: the value is then that of
    keys improved one pair at a time by halving steps, each try a linear programme for the flows, and the bound is
    :func:`rounds_bound`, which holds for this model too.

    Parameters
    ----------
    supply : (T, I)
        Whole Wh.
    demand : (T, J)
        Whole Wh.
    rounds : int
    links : (I, J) bool, optional
        Pairs that may share; all by default.

    Returns
    -------
    Relaxed

    Raises
    ------
    ProblemError
        Naming every fault of the energies, or the size if it is beyond such a model.

    Examples
    --------
    With half for each, two rounds serve everyone if the smaller demand is held back to the second; the rule holds
    nothing back and shares 7:

    >>> [round(linear_flow([[4], [4]], [[1, 3], [3, 1]], rounds).value, 6) for rounds in (1, 2)]
    [6.0, 8.0]
    """
    given, wanted, linked = checked(supply, demand, links)
    s, d, unit = _busy(given, wanted)
    if unit == 0 or not linked.any():
        return Relaxed(0.0, 0.0, np.zeros(linked.shape))
    if rounds == 1:
        value, weights = _one_round(s, d, linked)
        return Relaxed(value * unit, value * unit, weights)
    certain = rounds_bound(given, wanted, rounds, links=linked, tolerance=1e-4)
    model = _Flow(s, d, rounds)
    starts = (certain.weights, _one_round(s, d, linked)[1])
    value, weights = max((_halving(model, start, linked) for start in starts), key=lambda found: found[0])
    return Relaxed(value * unit, max(value * unit, certain.bound), weights)


def nonlinear_flow(supply: npt.ArrayLike, demand: npt.ArrayLike, rounds: int, *, steps: int = 10) -> Relaxed:
    """The published "high-fidelity" model of a toy, exact on a coarse grid of keys: an oracle.

    A share is ``min(demand, F)`` with ``F <= key * supply left``, demand not reduced inside a round: for given keys
    that is the linear model (see the module). All keys of the grid are tried, those first whose :func:`cover` is
    high; the rest cannot be better once that falls below the best value.

    Parameters
    ----------
    supply : (T, I)
        Whole Wh.
    demand : (T, J)
        Whole Wh.
    rounds : int
    steps : int
        Keys are multiples of ``1 / steps``, a divisor of 10,000.

    Returns
    -------
    Relaxed
        ``bound`` is that of the grid, equal to ``value``.

    Raises
    ------
    ProblemError
        Naming every fault of the energies, or if there are more than two million keys.

    Examples
    --------
    >>> round(nonlinear_flow([[4], [4]], [[1, 3], [3, 1]], 2).value, 6)
    8.0
    """
    given, wanted, linked = checked(supply, demand, None)
    s, d, unit = _busy(given, wanted)
    if unit == 0:
        return Relaxed(0.0, 0.0, np.zeros(linked.shape))
    if steps < 1 or GRID % steps:
        raise ProblemError(f"steps: {steps}; expected a divisor of {GRID}")
    weights = _every_key(linked.shape, steps)
    ceiling = np.array([cover(given, wanted, some, rounds).sum() for some in weights]) / unit
    model, best, chosen = _Flow(s, d, rounds), -1.0, 0
    for place in np.argsort(-ceiling, kind="stable").tolist():
        if ceiling[place] <= best * (1 + 1e-12):
            break
        value = model(weights[place])
        if value > best * (1 + 1e-12):
            best, chosen = value, place
    return Relaxed(best * unit, best * unit, weights[chosen])


class _Flow:
    """The most that flows chosen freely share with given keys, interval by interval."""

    def __init__(self, supply: Array, demand: Array, rounds: int) -> None:
        self._supply, self._demand, self._rounds = supply, demand, rounds

    def __call__(self, weights: Array) -> float:
        producers, consumers = weights.shape
        pairs = weights.size
        # A round's flow and a key's part of all earlier flows of its producer: at most the key's part of the supply.
        drawn = np.kron(np.eye(producers), np.ones((1, consumers)))
        earlier = weights.reshape(-1, 1) * np.repeat(drawn, consumers, axis=0)
        blocks = np.tril(np.ones((self._rounds, self._rounds)), -1)
        keys = np.kron(blocks, earlier) + np.eye(self._rounds * pairs)
        wants = np.tile(np.eye(consumers), (1, producers * self._rounds))
        columns = self._rounds * pairs
        model = Kept(-np.ones(columns), np.zeros(columns), np.full(columns, np.inf))
        rows = model.add_rows(
            np.vstack([keys, wants]), np.full(columns + consumers, -np.inf), np.zeros(columns + consumers)
        )
        total = 0.0
        for supply, demand in zip(self._supply, self._demand, strict=True):
            part = np.tile((weights * supply[:, None]).ravel(), self._rounds)
            upper = np.concatenate([part, demand])
            model.set_rows(rows, np.full(upper.size, -np.inf), upper)
            total -= model.solve().objective
        return total


def _halving(model: _Flow, start: Array, links: Flags) -> tuple[float, Array]:
    """Move a step of key between two consumers of a producer while it helps, then a step half as long."""
    weights, value, step = start.copy(), model(start), 0.25
    while step >= LEAST_MOVE:
        before = value
        for i, taker in np.argwhere(links).tolist():
            for giver in (-1, *np.flatnonzero(links[i]).tolist()):
                tried = _moved(weights, i, giver, taker, step)
                found = value if tried is None else model(tried)
                if tried is not None and found > value * (1 + 1e-9):
                    weights, value = tried, found
        step = step if value > before * (1 + 1e-6) else step / 2
    return value, weights


def _moved(weights: Array, i: int, giver: int, taker: int, step: float) -> Array | None:
    """The keys after a move, or None if there is nothing to move; -1 gives from what nobody holds."""
    have = 1.0 - weights[i].sum() if giver < 0 else weights[i, giver]
    if giver == taker or have <= 1e-12:
        return None
    moved = weights.copy()
    moved[i, taker] += min(step, have)
    if giver >= 0:
        moved[i, giver] -= min(step, have)
    return moved


def _one_round(supply: Array, demand: Array, links: Flags) -> tuple[float, Array]:
    """Value and keys of the linear programme of one round."""
    _, consumers = links.shape
    matrix, high = _served_rows(supply, demand)
    budget = np.kron(np.eye(len(links)), np.ones((1, consumers)))
    budget = np.hstack([budget, np.zeros((len(links), demand.size))])
    model = Kept(
        np.concatenate([np.zeros(links.size), -np.ones(demand.size)]),
        np.zeros(links.size + demand.size),
        np.concatenate([links.ravel().astype(float), demand.ravel()]),
    )
    bounds = np.concatenate([high, np.ones(len(links))])
    model.add_rows(np.vstack([matrix, budget]), np.full(bounds.size, -np.inf), bounds)
    found = model.solve()
    return -found.objective, np.clip(found.x[: links.size].reshape(links.shape), 0.0, 1.0)


def _served_rows(supply: Array, demand: Array) -> tuple[Array, Array]:
    """Rows ``r_jt - sum of w_ij s_it <= 0`` over keys (I, J) and then served energy (T, J)."""
    steps, consumers = demand.shape
    producers = supply.shape[1]
    cells = demand.size * (producers * consumers + demand.size)
    if cells > MOST_CELLS * 100:
        raise ProblemError(
            f"relaxed: {steps} intervals of {producers} producers and {consumers} consumers are too many for "
            "this model, which has a column for each consumer and interval; sharing.optimise takes them"
        )
    drawn = np.einsum("ti,jk->tjik", supply, np.eye(consumers)).reshape(demand.size, -1)
    return np.hstack([-drawn, np.eye(demand.size)]), np.zeros(demand.size)


def _one_round_rows(supply: Array, demand: Array, max_links: int) -> tuple[Array, Array]:
    """Rows of the integer model over keys in percent, links, and served energy."""
    producers, consumers = supply.shape[1], demand.shape[1]
    keys = producers * consumers
    served, none = _served_rows(supply / PERCENT, demand)
    served = np.hstack([served[:, :keys], np.zeros((demand.size, keys)), served[:, keys:]])
    empty = np.zeros((1, demand.size))
    used = np.hstack([np.eye(keys), -PERCENT * np.eye(keys), np.repeat(empty, keys, axis=0)])
    budget = np.kron(np.eye(producers), np.ones((1, consumers)))
    budget = np.hstack([budget, 0 * budget, np.repeat(empty, producers, axis=0)])
    count = np.tile(np.eye(consumers), (1, producers))
    count = np.hstack([0 * count, count, np.repeat(empty, consumers, axis=0)])
    high = [none, np.zeros(keys), np.full(producers, float(PERCENT)), np.full(consumers, float(max_links))]
    return np.vstack([served, used, budget, count]), np.concatenate(high)


def _every_key(shape: tuple[int, ...], steps: int) -> Array:
    """All keys of the grid, (M, I, J), as fractions."""
    rows = rows_of_keys(shape[1], steps) / GRID
    if len(rows) ** shape[0] > MOST_KEYS:
        raise ProblemError(f"nonlinear_flow: {len(rows) ** shape[0]:,} keys; expected at most {MOST_KEYS:,}")
    places = np.indices((len(rows),) * shape[0]).reshape(shape[0], -1).T
    return np.asarray(rows[places])


def _busy(supply: Whole, demand: Whole) -> tuple[Array, Array, float]:
    """The intervals in which something can be shared, in units of their mean ideal, and that unit [Wh]."""
    ideal = np.minimum(supply.sum(axis=1), demand.sum(axis=1))
    rows = ideal > 0
    unit = float(ideal[rows].mean()) if rows.any() else 0.0
    return supply[rows] / max(unit, 1e-300), demand[rows] / max(unit, 1e-300), unit
