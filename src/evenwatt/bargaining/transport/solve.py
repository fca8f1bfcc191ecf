"""Suppliers and agents agree: closed form, interior point or cone, and a certificate on every answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport.certificate import certified_gaps
from evenwatt.bargaining.transport.closed_form import closed_form, is_closed_form
from evenwatt.bargaining.transport.interior import Iterates, by_agent, iterate
from evenwatt.bargaining.transport.outcome import (
    NO_AGREEMENT,
    NO_GAIN,
    NOTHING_TO_TRADE,
    OPTIMAL,
    Multipliers,
    TransportOutcome,
)
from evenwatt.bargaining.transport.presolve import Flags, Parties, parties, told, weights_of
from evenwatt.bargaining.transport.problem import Array, TransportBargain
from evenwatt.core.errors import ProblemError, SolverError

Grade: TypeAlias = Literal["learning", "settlement"]
Progress: TypeAlias = Callable[[int, int, str], object]

# Certified gap of the weighted log of the gains: what is aimed at, and what is let pass.
AIMED = {"learning": 1e-8, "settlement": 1e-10}
ACCEPTED = {"learning": 1e-6, "settlement": 1e-9}
# A common gain this small, in parts of what each player could gain at most, is none.
INTERIOR = 1e-9


def solve(
    problem: TransportBargain, *, grade: Grade = "learning", progress: Progress | None = None
) -> TransportOutcome:
    """Asymmetric Nash bargaining between suppliers and agents, energy at the offered prices.

    Maximises ``sum(weights * log(utilities - disagreement))`` over flows within capacities, demands and limits.
    Utilities are unique. Where flows are not, the totals of suppliers and agents are kept and the links made as
    nearly proportional to them as everybody's utility allows (:func:`proportional_flows`).

    Parameters
    ----------
    problem : TransportBargain
        One bargain, or a batch of them.
    grade : str
        ``learning``: certified gap at most 1e-6, mostly 1e-8. ``settlement``: at most 1e-9, and the optimality
        conditions met to 1e-12 by Newton's method on the constraints that bind.
    progress : callable, optional
        Told ``(done, total, what)``.

    Returns
    -------
    TransportOutcome
        Every bargain has an answer and a status; ``reasons`` says why one is not ``optimal``.

    Raises
    ------
    ProblemError
        If the grade is unknown.
    SolverError
        If a bargain that has a solution was not solved to its grade by any method; names it.

    Examples
    --------
    >>> problem = TransportBargain([10, 6], [8, 12], cost=[40, 60], offer=[70, 80], willingness=[120, 110],
    ...                            charge=[[2, 5], [4, 1]])
    >>> outcome = solve(problem)
    >>> outcome.utilities.round(3), str(outcome.status), bool(outcome.certificate < 1e-8)
    (array([300.   , 120.   , 359.314, 262.   ]), 'optimal', True)

    Source: Nash 1950, doi:10.2307/1907266; with weights Kalai 1977, doi:10.1007/BF01774658.
    """
    if grade not in AIMED:
        raise ProblemError(f"grade '{grade}'; expected one of {', '.join(AIMED)}")
    tell = progress or (lambda done, total, what: None)
    flat = problem.flat
    held = parties(flat)
    answer = _Answer.blank(flat, held)
    tell(0, 3, "bargaining")
    _without_search(answer)
    _by_interior_point(answer, AIMED[grade])
    tell(1, 3, "bargaining")
    _by_cone(answer, ACCEPTED[grade])
    tell(2, 3, "bargaining")
    if grade == "settlement":
        _by_active_set(answer)
    _settle_flows(answer)
    tell(3, 3, "bargaining")
    return answer.outcome(problem, ACCEPTED[grade])


@dataclass
class _Answer:
    """What is known so far of a flat batch."""

    problem: TransportBargain
    parties: Parties
    weights: Array
    flows: Array
    multipliers: Multipliers
    curve: Array
    certificate: Array
    method: npt.NDArray[np.str_]
    status: npt.NDArray[np.str_]
    stuck: Flags

    @classmethod
    def blank(cls, problem: TransportBargain, held: Parties) -> _Answer:
        count, s, n = len(problem.capacity), problem.suppliers, problem.agents
        return cls(
            problem, held, weights_of(problem, held.playing), np.zeros((count, s, n)),
            Multipliers(
                np.zeros((count, s)), np.zeros((count, n)), np.zeros((count, s, n)), np.zeros((count, s, n))
            ),
            np.zeros((count, s + n)), np.zeros(count), np.full(count, "none", dtype="U14"),
            held.status.astype("U16"), held.stuck.copy(),
        )  # fmt: skip

    @property
    def open_rows(self) -> npt.NDArray[np.intp]:
        """Bargains that wait for an answer."""
        waiting = (self.method == "none") & np.isin(self.status, (OPTIMAL, NO_GAIN))
        return np.flatnonzero(waiting)

    def take(self, rows: npt.NDArray[np.intp], found: Iterates, method: str) -> None:
        """Write down what a method found for some bargains."""
        self.flows[rows] = by_agent(found.flow)
        self.multipliers.capacity[rows] = found.price
        self.multipliers.demand[rows] = found.demand_price
        self.multipliers.limit[rows] = by_agent(found.limit_price)
        self.multipliers.flow[rows] = by_agent(found.flow_price)
        self.curve[rows] = found.curve
        self.method[rows] = method

    def certify(self, rows: npt.NDArray[np.intp]) -> Array:
        """Certified gaps of some bargains as they are written down."""
        held = self.multipliers
        return certified_gaps(
            self.problem.rows(rows), self.parties.is_open[rows], self.weights[rows], self.flows[rows],
            Multipliers(held.capacity[rows], held.demand[rows], held.limit[rows], held.flow[rows]), self.curve[rows],
        )  # fmt: skip

    def outcome(self, problem: TransportBargain, accepted: float) -> TransportOutcome:
        """The answer in the shape of the batch; raises where one is missing."""
        lost = np.flatnonzero(~(self.certificate <= accepted))
        if lost.size:
            raise SolverError(
                f"transport bargain: {lost.size} of {len(self.certificate)} not solved, first row {lost[0]}: "
                f"certified gap {self.certificate[lost[0]]:.1e}, expected at most {accepted:g}"
            )
        shape, flat = problem.shape, self.problem
        agreed = self.status != NO_AGREEMENT
        utilities = np.where(agreed[:, None], flat.utilities(self.flows), flat.disagreement)
        m = self.multipliers
        return TransportOutcome(
            problem=problem,
            flows=self.flows.reshape(*shape, problem.suppliers, problem.agents),
            utilities=utilities.reshape(*shape, problem.players),
            multipliers=Multipliers(
                *(part.reshape(*shape, *part.shape[1:]) for part in (m.capacity, m.demand, m.limit, m.flow))
            ),
            certificate=self.certificate.reshape(shape),
            status=self.status.reshape(shape),
            method=self.method.reshape(shape),
            reasons={row: self._why(row) for row in np.flatnonzero(self.status != OPTIMAL).tolist()},
        )

    def _why(self, row: int) -> str:
        who = told(self.problem, row, np.flatnonzero(self.stuck[row]))
        if self.status[row] == NO_GAIN:
            return f"{who} cannot gain"
        if self.status[row] == NO_AGREEMENT:
            return "no flows give everybody its disagreement utility"
        return "no capacity, no demand, or no link that serves both its ends"


def _without_search(answer: _Answer) -> None:
    """Pots that are shared by one level."""
    rows = answer.open_rows
    if not rows.size:
        return
    problem, held = answer.problem.rows(rows), answer.parties
    simple = rows[is_closed_form(problem, held.is_open[rows], held.playing[rows])]
    if simple.size:
        part = answer.problem.rows(simple)
        answer.take(simple, closed_form(part, held.is_open[simple], answer.weights[simple]), "closed form")
        gaps = answer.certify(simple)
        answer.certificate[simple] = gaps
        # A level lost to rounding: let the search have it.
        answer.method[simple[~(gaps <= AIMED["settlement"])]] = "none"


def _by_interior_point(answer: _Answer, goal: float) -> None:
    rows = answer.open_rows
    if not rows.size:
        return
    problem = answer.problem.rows(rows)
    found = iterate(problem, answer.parties.is_open[rows], answer.weights[rows], goal=goal)
    answer.take(rows, found, "interior point")
    answer.certificate[rows] = found.certificate


def _by_cone(answer: _Answer, accepted: float) -> None:
    """Give what is left to a conic solver, once it is known who can gain at all."""
    rows = np.flatnonzero(~(answer.certificate <= accepted))
    if not rows.size:
        return
    from evenwatt.bargaining.transport.conic import agreeable, solve_conic

    part = answer.problem.rows(rows)
    part = part.changed(limit=np.where(answer.parties.is_open[rows], part.limit, 0.0))
    common, reachable = agreeable(part)
    answer.method[rows] = "none"
    refused = rows[common < -INTERIOR]
    answer.status[refused] = NO_AGREEMENT
    tight = np.flatnonzero(np.abs(common) <= INTERIOR)
    scale = np.abs(reachable).max(axis=-1, keepdims=True, initial=1e-300)
    outside = np.zeros(answer.parties.playing[rows].shape, dtype=bool)
    outside[tight] = answer.parties.playing[rows][tight] & (reachable[tight] <= INTERIOR * scale[tight])
    answer.stuck[rows] |= outside
    answer.status[rows[outside.any(axis=-1)]] = NO_GAIN
    nobody = outside.any(axis=-1) & ~(answer.parties.playing[rows] & ~outside).any(axis=-1)
    answer.status[rows[nobody]] = NOTHING_TO_TRADE
    left = np.flatnonzero((common >= -INTERIOR) & ~nobody)
    gone = np.setdiff1d(rows, rows[left])
    answer.flows[gone], answer.certificate[gone], answer.curve[gone] = 0.0, 0.0, 0.0
    for values in vars(answer.multipliers).values():
        values[gone] = 0.0
    if not left.size:
        return
    chosen = rows[left]
    idle = ~answer.parties.playing[chosen]
    found = solve_conic(part.rows(left), outside=outside[left] | idle)
    answer.flows[chosen] = found.flows
    for name in ("capacity", "demand", "limit", "flow"):
        getattr(answer.multipliers, name)[chosen] = getattr(found.multipliers, name)
    answer.weights[chosen] = weights_of(part.rows(left), answer.parties.playing[chosen] & ~outside[left])
    answer.curve[chosen] = found.prices
    answer.method[chosen] = "conic"
    answer.certificate[chosen] = answer.certify(chosen)


def _by_active_set(answer: _Answer) -> None:
    """Finish by Newton's method where the constraints that bind can be told; else keep what was certified."""
    from evenwatt.bargaining.transport.active_set import polished

    # Where the cone kept somebody at its disagreement, that floor is no constraint Newton's method knows.
    free = (answer.method == "interior point") | ((answer.method == "conic") & (answer.status == OPTIMAL))
    rows = np.flatnonzero(free)
    held, s = answer.multipliers, answer.problem.suppliers
    done = []
    for row in rows.tolist():
        prices = np.concatenate([held.capacity[row], held.demand[row]])
        found = polished(
            answer.problem, row, answer.weights[row], answer.parties.is_open[row], answer.flows[row], prices,
            held.limit[row], held.flow[row],
        )  # fmt: skip
        if found is None:
            continue
        answer.flows[row], prices, answer.curve[row] = found
        held.capacity[row], held.demand[row] = prices[:s], prices[s:]
        done.append(row)
    finished = np.array(done, dtype=np.intp)
    if not finished.size:
        return
    worth = _worth(answer, finished)
    is_open = answer.parties.is_open[finished]
    full = is_open & (answer.flows[finished] >= answer.problem.limit[finished])
    held.limit[finished] = np.where(full, np.maximum(worth, 0.0), 0.0)
    held.flow[finished] = np.where(is_open & ~full, np.maximum(-worth, 0.0), 0.0)
    answer.certificate[finished] = answer.certify(finished)
    answer.method[finished] = "active set"


def _worth(answer: _Answer, rows: npt.NDArray[np.intp]) -> Array:
    """What a unit more on each link would add, less what its ends charge, (B, S, N)."""
    problem, held, s = answer.problem.rows(rows), answer.multipliers, answer.problem.suppliers
    curve = answer.curve[rows]
    gained = problem.margin[:, :, None] * curve[:, :s, None] + problem.gain * curve[:, None, s:]
    return np.asarray(gained - held.capacity[rows][:, :, None] - held.demand[rows][:, None, :])


def _settle_flows(answer: _Answer) -> None:
    """Make flows that are not unique the most nearly proportional ones."""
    from evenwatt.bargaining.transport.selection import proportional_flows

    rows = np.flatnonzero(np.isin(answer.method, ("interior point", "conic", "active set")))
    if rows.size:
        answer.flows[rows] = proportional_flows(answer.problem.rows(rows), answer.flows[rows]).flows
