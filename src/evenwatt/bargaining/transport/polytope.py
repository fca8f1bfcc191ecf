"""Everything a batch of bargains may agree on, as one linear programme that is kept from bargain to bargain."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from evenwatt.bargaining.transport.problem import Array, TransportBargain
from evenwatt.core.errors import SolverError
from evenwatt.engine.lp import Kept, Solution

TOLERANCE = 1e-9  # of the programmes, in scaled numbers
# Further attempts where rounding misleads the solver, from nothing: tolerance, and what floors are lowered by.
AGAIN = ((1e-9, 0.0), (1e-9, 1e-9), (1e-8, 1e-7))


def money_scale(problem: TransportBargain) -> Array:
    """What each player's gains are measured in, (B, P), always above 0 [money].

    Its stake in what its most rewarding link can carry, or its disagreement if that is more; without either,
    the largest of all.
    """
    own = np.abs(problem.margin)[:, :, None] * problem.most
    others = np.abs(problem.gain) * problem.most
    stake = np.concatenate([own.max(axis=-1, initial=0.0), others.max(axis=-2, initial=0.0)], axis=-1)
    scale = np.maximum(stake, np.abs(problem.disagreement))
    largest = scale.max(axis=-1, keepdims=True, initial=0.0)
    return np.where(scale > 0, scale, np.where(largest > 0, largest, 1.0))


class Polytope:
    """Flows within capacities, demands and limits, and one level ``t`` that gains are measured against.

    Columns are the links, supplier by supplier, as parts of the most they can carry, then ``t``; gains are in
    units of :func:`money_scale`. So players of any size look alike. Each programme starts from the last basis.

    Parameters
    ----------
    problem : TransportBargain
        With one batch axis.

    Attributes
    ----------
    worth : (P, S * N)
        Of the bargain loaded: what each column is worth to each player, in its unit.
    disagreement : (P,)
        Likewise.
    """

    def __init__(self, problem: TransportBargain) -> None:
        self.problem = problem
        self.money = money_scale(problem)
        s, n = problem.suppliers, problem.agents
        self.links = s * n
        self._programme = _empty(self.links)
        self._serves = np.vstack([np.kron(np.eye(s), np.ones(n)), np.kron(np.ones(s), np.eye(n))])
        self._columns = np.arange(self.links + 1)
        self.worth, self.disagreement = np.zeros((s + n, self.links)), np.zeros(s + n)
        self._open, self._parts = np.zeros(self.links), np.zeros((s + n, self.links))
        self._floor = self._speed = np.zeros(0)

    def load(self, row: int) -> None:
        """Take up one bargain of the batch, so far without floors under the gains."""
        problem, most = self.problem, self.problem.most[row].ravel()
        room = np.concatenate([problem.capacity[row], problem.demand[row]])
        self._open = (most > 0).astype(np.float64)
        self._parts = self._serves * most / np.where(room > 0, room, 1.0)[:, None]
        self.worth = _worth(problem, row) * most / self.money[row][:, None]
        self.disagreement = problem.disagreement[row] / self.money[row]
        self._floor = self._speed = np.zeros(0)
        self._fill(self._programme)

    def floor(self, least: Array, speed: Array) -> None:
        """Ask for gains of at least ``least + speed * t`` (P,), each in its player's unit."""
        self._floor, self._speed = self.disagreement + least, speed
        self._add_floors(self._programme, 0.0)

    def highest(self, worth: Array) -> Solution:
        """Make ``worth @ columns`` (S * N,) as large as it gets."""
        return self._best(np.append(worth, 0.0))

    def highest_level(self) -> tuple[Solution, Array]:
        """Make ``t`` as large as it gets; with it how much each player's floor holds it back, (P,)."""
        found = self._best(np.append(np.zeros(self.links), 1.0))
        return found, np.abs(found.duals[self.worth.shape[0] :])

    def flows(self, found: Solution, row: int) -> Array:
        """Its flows in natural units, (S, N), within every bound exactly."""
        problem = self.problem
        moved = np.clip(found.x[:-1].reshape(problem.suppliers, -1), 0.0, 1.0) * problem.most[row]
        moved *= _shrink(moved.sum(axis=-1), problem.capacity[row])[:, None]
        moved *= _shrink(moved.sum(axis=-2), problem.demand[row])
        return np.asarray(moved)

    def _best(self, worth: Array) -> Solution:
        """From the last basis; where rounding misleads the solver, once more from nothing."""
        self._programme.set_cost(self._columns, -worth)
        try:
            return self._programme.solve()
        except SolverError as error:
            first = error
        for tolerance, eased in AGAIN:
            again = _empty(self.links, tolerance)
            self._fill(again)
            self._add_floors(again, eased)
            again.set_cost(self._columns, -worth)
            with suppress(SolverError):
                return again.solve()
        raise first

    def _fill(self, programme: Kept) -> None:
        """Put links and ends of the bargain loaded in the place of whatever there was."""
        programme.set_columns(
            self._columns, np.append(0 * self._open, -np.inf), np.append(self._open, np.inf)
        )
        programme.delete_rows(np.arange(programme.rows))
        ends = self._parts.shape[0]
        programme.add_rows(
            np.hstack([self._parts, np.zeros((ends, 1))]), np.full(ends, -np.inf), np.ones(ends)
        )

    def _add_floors(self, programme: Kept, eased: float) -> None:
        programme.delete_rows(np.arange(self._parts.shape[0], programme.rows))
        if self._floor.size:
            matrix = np.hstack([self.worth, -self._speed[:, None]])
            programme.add_rows(matrix, self._floor - eased, np.full(self._floor.size, np.inf))


def _empty(links: int, tolerance: float = TOLERANCE) -> Kept:
    nothing = np.zeros(links + 1)
    return Kept(nothing, nothing, nothing, tolerance=tolerance)


def _shrink(total: Array, most: Array) -> Array:
    """The factor that brings totals down to what they may be; 1 where they are."""
    return np.divide(most, total, out=np.ones_like(total), where=total > most)


def _worth(problem: TransportBargain, row: int) -> Array:
    """What a unit on each link is worth to each player, (P, S * N) [money per energy]."""
    s, n = problem.suppliers, problem.agents
    held = np.zeros((s + n, s, n))
    held[np.arange(s), np.arange(s)] = problem.margin[row][:, None]
    held[s + np.arange(n), :, np.arange(n)] = problem.gain[row].T
    return held.reshape(s + n, -1)
