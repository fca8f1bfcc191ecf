"""The bargain rounded off by a barrier: differentiable everywhere, with its derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport.interior import Iterates, by_agent, iterate
from evenwatt.bargaining.transport.presolve import Flags, parties, weights_of
from evenwatt.bargaining.transport.problem import Array, TransportBargain
from evenwatt.core.errors import ProblemError
from evenwatt.engine.threads import share_rows

LEAST, MOST = 1e-10, 1e-1


@dataclass(frozen=True)
class Gradient:
    """Slopes of a loss in the terms of the bargain.

    Attributes
    ----------
    weights, log_weights : (..., P)
        In the weights as given, before they are normalised, and in their logarithms.
    disagreement : (..., P)
        [per money]
    capacity, demand : (..., S), (..., N)
        [per energy]
    limit : (..., S, N)
        0 where the limit does not bind below both its ends [per energy].
    """

    weights: Array
    log_weights: Array
    disagreement: Array
    capacity: Array
    demand: Array
    limit: Array


@dataclass(frozen=True)
class Smoothed:
    """The point of the central path at one barrier parameter, for every bargain of a batch.

    Attributes
    ----------
    problem : TransportBargain
        The bargains.
    barrier : float
        Product of every slack and its multiplier [-].
    flows : (..., S, N)
        [energy]
    gains : (..., P)
        Beyond the disagreement; 0 for players who cannot gain [money].
    miss : (...)
        By how much a product misses the barrier at most, as a fraction of it: how exact the point is.
    """

    problem: TransportBargain
    barrier: float
    flows: Array
    gains: Array
    miss: Array
    _iterates: Iterates
    _weights: Array
    _open: Flags

    def pull(self, flows_gradient: npt.ArrayLike, gains_gradient: npt.ArrayLike | None = None) -> Gradient:
        """Turn a loss's slopes in flows and gains into its slopes in the terms of the bargain.

        Parameters
        ----------
        flows_gradient : (..., S, N)
            [per energy]
        gains_gradient : (..., P), optional
            [per money]

        Returns
        -------
        Gradient
            By the implicit function theorem at this barrier: one solve a bargain.

        Source: the adjoint of the optimality conditions; Amos & Kolter 2017, arXiv:1703.00443.
        """
        from evenwatt.bargaining.transport._gradient_kernels import pull_rows

        problem, shape = self.problem.flat, self.problem.shape
        s, n = problem.suppliers, problem.agents
        slope = np.array(np.broadcast_to(flows_gradient, (*shape, s, n)), dtype=np.float64).reshape(-1, s, n)
        direct = np.zeros((len(slope), s + n))
        if gains_gradient is not None:
            direct = np.where(
                self._weights > 0, np.broadcast_to(gains_gradient, (*shape, s + n)).reshape(-1, s + n), 0.0
            )
            slope += direct[:, :s, None] * problem.margin[:, :, None]
            slope += direct[:, None, s:] * problem.gain
        weights, point, capacity, demand = (np.empty((len(slope), k)) for k in (s + n, s + n, s, n))
        limit, steep = np.empty((len(slope), n, s)), by_agent(slope)
        margin, gain, open_limit = self._data()
        at = self._iterates

        def work(first: int, last: int) -> None:
            pull_rows(
                first, last, margin, gain, open_limit, self._weights, self.barrier, at.price, at.demand_price,
                at.limit_price, at.flow_price, at.curve, steep, weights, point, capacity, demand, limit,
            )  # fmt: skip

        share_rows(len(slope), work)
        held = np.where(self._weights > 0, problem.weights, 0.0)
        relative = self._weights * (weights - (self._weights * weights).sum(axis=-1, keepdims=True))
        return Gradient(
            weights=np.divide(relative, held, out=np.zeros_like(held), where=held > 0).reshape(*shape, s + n),
            log_weights=relative.reshape(*shape, s + n),
            disagreement=(point - direct).reshape(*shape, s + n),
            capacity=capacity.reshape(*shape, s),
            demand=demand.reshape(*shape, n),
            limit=np.swapaxes(limit, -1, -2).reshape(*shape, s, n),
        )

    def sensitivity(self) -> Array:
        """Slopes of the log of every gain in the log of every weight, after normalisation, (..., P, P).

        Rows are gains, columns weights; 0 for players outside the product. Each row sums to zero: only ratios of
        weights matter.
        """
        from evenwatt.bargaining.transport._gradient_kernels import push_rows

        players = self._weights.shape[-1]
        change = np.empty((len(self._weights), players, players))
        margin, gain, open_limit = self._data()
        at = self._iterates

        def work(first: int, last: int) -> None:
            push_rows(
                first, last, margin, gain, open_limit, self._weights, self.barrier, at.price, at.demand_price,
                at.limit_price, at.flow_price, at.curve, change,
            )  # fmt: skip

        share_rows(len(change), work)
        change -= change.sum(axis=-1, keepdims=True) * self._weights[:, None, :]
        return change.reshape(*self.problem.shape, players, players)

    def _data(self) -> tuple[Array, Array, Array]:
        """Margins, and gains and open limits agent by agent."""
        problem = self.problem.flat
        limit = np.where(self._open, problem.limit, 0.0)
        return np.ascontiguousarray(problem.margin), by_agent(problem.gain), by_agent(limit)


def smoothed(problem: TransportBargain, *, barrier: float = 1e-6) -> Smoothed:
    """The bargain with every constraint kept off by a logarithmic barrier: what learning differentiates.

    Within ``barrier`` times the number of constraints of the best weighted log of the gains. The optimum itself has
    kinks where a constraint begins to bind; this point has none.

    Parameters
    ----------
    problem : TransportBargain
        One bargain or a batch.
    barrier : float
        From 1e-10 to 0.1; the smaller, the nearer to the optimum and the sharper its bends [-].

    Returns
    -------
    Smoothed
        Flows, gains and their derivatives. ``miss`` is above 1e-6 where no agreement lets everybody gain.

    Raises
    ------
    ProblemError
        If the barrier is outside its range.

    Examples
    --------
    >>> problem = TransportBargain([10, 6], [8, 12], cost=[40, 60], offer=[70, 80], willingness=[120, 110],
    ...                            charge=[[2, 5], [4, 1]])
    >>> point = smoothed(problem, barrier=1e-7)
    >>> point.flows.round(3)
    array([[7.486, 2.514],
           [0.   , 6.   ]])
    >>> point.pull([[1, 0], [0, 0]]).log_weights.round(3)  # the agents share supplier 0
    array([-0.   , -0.   ,  3.743, -3.743])
    """
    if not LEAST <= barrier <= MOST:
        raise ProblemError(f"barrier: {barrier}; expected a number from {LEAST:g} to {MOST:g}")
    flat = problem.flat
    held = parties(flat)
    weights = weights_of(flat, held.playing)
    found = iterate(flat, held.is_open, weights, barrier=barrier)
    flows = np.swapaxes(found.flow, -1, -2)
    gains = np.divide(weights, found.curve, out=np.zeros_like(weights), where=weights > 0)
    return Smoothed(
        problem=problem,
        barrier=barrier,
        flows=flows.reshape(*problem.shape, problem.suppliers, problem.agents),
        gains=gains.reshape(*problem.shape, problem.players),
        miss=found.certificate.reshape(problem.shape),
        _iterates=found,
        _weights=weights,
        _open=held.is_open,
    )
