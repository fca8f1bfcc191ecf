"""The bargain as a conic programme: slower than the interior point, and a second opinion on it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport.outcome import Multipliers
from evenwatt.bargaining.transport.polytope import Polytope, money_scale
from evenwatt.bargaining.transport.problem import Array, TransportBargain

Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]

INTERIOR = 1e-9  # a common gain this small against the players' scales is none [-]
MOST_STEPS = 200
STEPS = (
    0.99,
    0.9,
)  # parts of the way to the border; where long steps stall near the end, shorter ones do not


class ConicAnswer(NamedTuple):
    """What the conic solver found for a batch of bargains.

    Attributes
    ----------
    flows : (B, S, N)
        Within capacities, demands and limits up to the tolerance; never below 0 [energy].
    multipliers : Multipliers
        Of the weighted log of the gains, weights summing to 1 over the players that are not left out.
    prices : (B, P)
        What a unit of money is worth to each player: weight / gain; of a player left out, the multiplier of
        its floor; 0 for a player without stake [1 per money].
    solved : (B,) bool
        Whether the tolerance was reached.
    """

    flows: Array
    multipliers: Multipliers
    prices: Array
    solved: Flags


def solve_conic(
    problem: TransportBargain, *, tolerance: float = 1e-10, outside: npt.ArrayLike | None = None
) -> ConicAnswer:
    """Solve each bargain of a batch by Clarabel: a log of a gain is an exponential cone.

    Closed links (no limit left, or an end without capacity or demand) get no variable; players without a
    stake in an open link have no say.

    Parameters
    ----------
    problem : TransportBargain
        With one batch axis; an agreement at which everybody in the product gains must exist.
    tolerance : float
        Of gap and feasibility, in scaled numbers.
    outside : (B, P) bool, optional
        Players left out of the product, who only must not fall below their disagreement.

    Returns
    -------
    ConicAnswer
        Flows, multipliers in natural units, and which were solved.

    Source: Goulart & Chen 2024, arXiv:2405.12762 (Clarabel, the solver).

    Examples
    --------
    >>> problem = TransportBargain([[10, 6]], [8, 12], cost=[40, 60], offer=[70, 80], willingness=[120, 110],
    ...                            charge=[[2, 5], [4, 1]])
    >>> found = solve_conic(problem)
    >>> found.flows.round(4), found.solved
    (array([[[7.4857, 2.5143],
            [0.    , 6.    ]]]), array([ True]))
    """
    left_out = np.zeros(problem.weights.shape, bool) if outside is None else np.asarray(outside, bool)
    data = _Data(problem, np.broadcast_to(left_out, problem.weights.shape))
    settings, plans = [_settings(tolerance, step) for step in STEPS], dict[bytes, _Plan]()
    found = [_solved(data, row, settings, plans) for row in range(problem.weights.shape[0])]
    s, n = problem.suppliers, problem.agents
    flows, limit, flow = (
        np.array([part[k] for part in found]).reshape(-1, s, n) for k in ("flows", "limit", "flow")
    )
    ends = np.array([part["ends"] for part in found]).reshape(-1, s + n)
    prices = np.array([part["prices"] for part in found]).reshape(-1, s + n)
    multipliers = _completed(problem, prices, Multipliers(ends[:, :s], ends[:, s:], limit, flow))
    return ConicAnswer(flows, multipliers, prices, np.array([bool(part["solved"]) for part in found], bool))


def agreeable(problem: TransportBargain) -> tuple[Array, Array]:
    """How far everybody can gain together, and where the answer is not at all, who can.

    Parameters
    ----------
    problem : TransportBargain
        With one batch axis.

    Returns
    -------
    common : (B,)
        The largest gain that everybody can have at once, each measured by what its most rewarding link
        could give it, or its disagreement if that is more; below 0 there is no agreement [-].
    reachable : (B, P)
        The most each player can gain while nobody falls below its disagreement, where ``common`` is 0 up to
        1e-9; not a number elsewhere [money].

    Examples
    --------
    A supplier who sells at cost cannot gain; its agent can:

    >>> agreeable(TransportBargain([[5.0]], [4.0], cost=[3.0], offer=[3.0], willingness=[5.0]))
    (array([0.]), array([[0., 8.]]))
    """
    count, players = problem.weights.shape
    polytope = Polytope(problem)
    common, reachable = np.zeros(count), np.full((count, players), np.nan)
    for row in range(count):
        polytope.load(row)
        polytope.floor(np.zeros(players), np.ones(players))
        common[row] = polytope.highest_level()[0].x[-1]
        if abs(common[row]) <= INTERIOR:
            reachable[row] = highest_gains(polytope, row, floor=min(common[row], 0.0))
    return common + 0.0, reachable  # no -0


def highest_gains(polytope: Polytope, row: int, *, floor: float = 0.0) -> Array:
    """The most each player can gain while nobody gains less than ``floor`` (scaled), (P,) [money].

    Only where all can reach ``floor``; bargain ``row`` stays loaded.
    """
    polytope.load(row)
    players = polytope.worth.shape[0]
    polytope.floor(np.full(players, floor), np.zeros(players))
    reached = np.array([worth @ polytope.highest(worth).x[:-1] for worth in polytope.worth])
    return np.asarray(np.maximum(reached - polytope.disagreement, 0.0) * polytope.money[row])


class _Data:
    """A batch in scaled numbers: flows as parts of the most their links can carry, gains by each player's stake."""

    def __init__(self, problem: TransportBargain, outside: Flags) -> None:
        self.most, self.money = problem.most, money_scale(problem)
        self.room = np.concatenate([problem.capacity, problem.demand], axis=-1)
        self.open = problem.most > 0
        smaller = np.minimum(problem.capacity[:, :, None], problem.demand[:, None, :])
        # A limit above what its ends can do never acts; without its row the programme is smaller.
        self.limited = self.open & (problem.limit < smaller)
        s = problem.suppliers
        room = np.where(self.room > 0, self.room, 1.0)
        self.of_capacity, self.of_demand = self.most / room[:, :s, None], self.most / room[:, None, s:]
        self.margin = problem.margin[:, :, None] * self.most / self.money[:, :s, None]
        self.gain = problem.gain * self.most / self.money[:, None, s:]
        self.disagreement = problem.disagreement / self.money
        in_product = np.where(outside, 0.0, problem.weights)
        total = in_product.sum(axis=-1, keepdims=True)
        self.weights = in_product / np.where(total > 0, total, 1.0)
        self.has_stake = np.concatenate([self.margin.any(axis=-1), self.gain.any(axis=-2)], axis=-1)
        self.inside = self.has_stake & ~outside


class _Plan:
    """Where each number of a bargain goes in the solver's matrix; alike for all of one pattern of links."""

    def __init__(self, is_open: Flags, limited: Flags, inside: Flags, has_stake: Flags) -> None:
        self.supplier, self.agent = np.nonzero(is_open)
        links = self.supplier.size
        s = is_open.shape[0]
        self.links = np.flatnonzero(is_open.ravel())
        self.limited = np.flatnonzero(limited.ravel()[self.links])
        self.inside = np.flatnonzero(inside)
        self.floored = np.flatnonzero(has_stake & ~inside)
        used = np.zeros(inside.size, bool)
        used[self.supplier] = used[s + self.agent] = True
        self.ends = np.flatnonzero(used)
        self.linear = self.ends.size + self.limited.size + self.floored.size + links
        self._lay_out(links, s, inside.size)

    def _lay_out(self, links: int, s: int, players: int) -> None:
        """The matrix by columns: what stays is ``steady``, what changes is told by link and player."""
        at_end = np.zeros(players, dtype=np.int64)
        at_end[self.ends] = np.arange(self.ends.size)
        # The row of a player's money: in the cones, or among the floors, or nowhere.
        at_money = np.full(players, -1)
        at_money[self.inside] = self.linear + 3 * np.arange(self.inside.size) + 2
        first_floor = self.ends.size + self.limited.size
        at_money[self.floored] = first_floor + np.arange(self.floored.size)
        link = np.arange(links)
        of_supplier, of_agent = at_money[self.supplier], at_money[s + self.agent]
        rows = [at_end[self.supplier], at_end[s + self.agent], self.ends.size + np.arange(self.limited.size)]
        rows += [self.linear - links + link, of_supplier[of_supplier >= 0], of_agent[of_agent >= 0]]
        rows += [self.linear + 3 * np.arange(self.inside.size)]
        columns = [link, link, self.limited, link, link[of_supplier >= 0], link[of_agent >= 0]]
        columns += [links + np.arange(self.inside.size)]
        self.money_of = (np.flatnonzero(of_supplier >= 0), np.flatnonzero(of_agent >= 0))
        self.steady = np.concatenate([np.ones(self.limited.size), -np.ones(links)])
        row, column = np.concatenate(rows), np.concatenate(columns)
        self.order = np.lexsort((row, column))
        self.rows = row[self.order]
        self.shape = (self.linear + 3 * self.inside.size, links + self.inside.size)
        self.starts = np.searchsorted(column[self.order], np.arange(self.shape[1] + 1))

    def matrix(self, data: _Data, row: int) -> Any:
        """Of one bargain."""
        from scipy.sparse import csc_array

        of_supplier, of_agent = self.money_of
        values = [
            data.of_capacity[row].ravel()[self.links],
            data.of_demand[row].ravel()[self.links],
            self.steady,
        ]
        values += [-data.margin[row].ravel()[self.links[of_supplier]]]
        values += [-data.gain[row].ravel()[self.links[of_agent]], -np.ones(self.inside.size)]
        return csc_array((np.concatenate(values)[self.order], self.rows, self.starts), shape=self.shape)

    def bounds(self, disagreement: Array) -> Array:
        """The right-hand side of one bargain, its disagreement (P,) scaled."""
        cones = np.zeros((self.inside.size, 3))
        cones[:, 1] = 1.0
        cones[:, 2] = -disagreement[self.inside]
        whole = np.ones(self.ends.size + self.limited.size)
        return np.concatenate([whole, -disagreement[self.floored], np.zeros(self.links.size), cones.ravel()])


def _settings(tolerance: float, step: float) -> Any:
    from clarabel import DefaultSettings

    settings = DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.max_iter = MOST_STEPS
    settings.max_step_fraction = step
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = tolerance
    settings.presolve_enable = settings.chordal_decomposition_enable = False
    return settings


def _plan(data: _Data, row: int, plans: dict[bytes, _Plan]) -> _Plan:
    pattern = (data.open[row], data.limited[row], data.inside[row], data.has_stake[row])
    key = b"".join(part.tobytes() for part in pattern)
    if key not in plans:
        plans[key] = _Plan(*pattern)
    return plans[key]


def _solved(data: _Data, row: int, settings: list[Any], plans: dict[bytes, _Plan]) -> dict[str, Any]:
    """One bargain, its numbers turned back to natural units."""
    plan, most = _plan(data, row, plans), data.most[row].ravel()
    room, money = data.room[row], data.money[row]
    answer: dict[str, Any] = {name: np.zeros(most.size) for name in ("flows", "limit", "flow")}
    answer |= {"ends": np.zeros(money.size), "prices": np.zeros(money.size), "solved": True}
    if plan.links.size == 0 or plan.inside.size == 0:
        return answer
    found = _run(data, row, plan, settings)
    z, limited = np.asarray(found.z), plan.links[plan.limited]
    parts = np.split(z[: plan.linear], np.cumsum([plan.ends.size, plan.limited.size, plan.floored.size]))
    ends, limit, floors, flow = (np.maximum(part, 0.0) for part in parts)
    answer["flows"][plan.links] = np.maximum(np.asarray(found.x)[: plan.links.size], 0.0) * most[plan.links]
    answer["ends"][plan.ends] = ends / room[plan.ends]
    answer["limit"][limited] = limit / most[limited]
    answer["flow"][plan.links] = flow / most[plan.links]
    answer["prices"][plan.floored] = floors / money[plan.floored]
    answer["prices"][plan.inside] = np.maximum(z[plan.linear + 2 :: 3], 0.0) / money[plan.inside]
    answer["solved"] = str(found.status) == "Solved"
    return answer


def _run(data: _Data, row: int, plan: _Plan, settings: list[Any]) -> Any:
    from clarabel import DefaultSolver, ExponentialConeT, NonnegativeConeT
    from scipy.sparse import csc_array

    size = plan.shape[1]
    cost = np.concatenate([np.zeros(plan.links.size), -data.weights[row][plan.inside]])
    cones = [NonnegativeConeT(plan.linear), *[ExponentialConeT()] * plan.inside.size]
    matrix, bounds = plan.matrix(data, row), plan.bounds(data.disagreement[row])
    for trial in settings:
        found = DefaultSolver(csc_array((size, size)), cost, matrix, bounds, cones, trial).solve()
        if str(found.status) == "Solved":
            break
    return found


def _completed(problem: TransportBargain, prices: Array, found: Multipliers) -> Multipliers:
    """The same with multipliers for what got no variable, so that no closed link looks worth opening."""
    s = problem.suppliers
    worth = problem.margin[:, :, None] * prices[:, :s, None] + problem.gain * prices[:, None, s:]
    reachable = problem.limit > 0
    rest = np.where(reachable, worth - found.demand[:, None, :], 0.0).max(axis=-1, initial=0.0)
    capacity = np.where(problem.capacity > 0, found.capacity, rest)
    rest = np.where(reachable, worth - capacity[:, :, None], 0.0).max(axis=-2, initial=0.0)
    demand = np.where(problem.demand > 0, found.demand, rest)
    over = worth - capacity[:, :, None] - demand[:, None, :]
    is_closed = problem.most <= 0
    limit = np.where(problem.limit > 0, found.limit, np.maximum(over, 0.0))
    flow = np.where(is_closed, np.maximum(limit - over, 0.0), found.flow)
    return Multipliers(capacity, demand, limit, flow)
