"""What suppliers and agents can propose to one another: energy at given prices, or energy and money."""

from __future__ import annotations

import numpy as np

from evenwatt.bargaining.alternating import Best, trading_off
from evenwatt.bargaining.transport.polytope import Polytope
from evenwatt.bargaining.transport.problem import Array, TransportBargain
from evenwatt.bargaining.transport.transferable import solve_with_transfers
from evenwatt.core.errors import ProblemError, SolverError


def energy_proposals(problem: TransportBargain) -> Best:
    """Proposals over flows at given prices, for :func:`evenwatt.bargaining.alternating.random_proposers`.

    A proposer asks for its largest gain; among the flows that give it, it proposes those with the largest
    sum of the others' gains, each in its own unit. This choice matters: once a supplier's capacity binds
    its gain is settled, and who gets its energy is up to whoever proposes. The limit of the talks is then
    not the Nash point.

    Parameters
    ----------
    problem : TransportBargain
        One bargain, without batch axes, in which nobody must fall below its disagreement to trade nothing
        or to trade at all.

    Returns
    -------
    callable
        ``best(k, floors)`` with gains over disagreement, suppliers first [money].

    Raises
    ------
    ProblemError
        If ``problem`` is a batch.

    Examples
    --------
    >>> problem = TransportBargain([10, 6], [8, 12], cost=[40, 60], offer=[70, 80], willingness=[120, 110],
    ...                            charge=[[2, 5], [4, 1]])
    >>> energy_proposals(problem)(2, np.zeros(4)).round(6)
    array([300., 120., 384., 244.])
    """
    polytope = Polytope(_one(problem).flat)
    polytope.load(0)
    money, still = polytope.money[0], np.zeros(problem.players)

    def best(k: int, floors: Array) -> Array:
        least = np.where(np.arange(still.size) == k, 0.0, floors / money)
        try:
            polytope.floor(least, still)
            own = polytope.highest(polytope.worth[k])
            least[k] = polytope.worth[k] @ own.x[:-1] - polytope.disagreement[k]
            polytope.floor(least, still)
            found = polytope.highest(np.delete(polytope.worth, k, axis=0).sum(axis=0))
        except SolverError:
            return np.full(still.size, np.nan)
        return np.asarray((polytope.worth @ found.x[:-1] - polytope.disagreement) * money)

    return best


def money_proposals(problem: TransportBargain) -> Best:
    """Proposals where money may change hands freely: whatever the others do not ask for is the proposer's.

    Their frontier is straight, so talks lead to the split by probabilities of proposing, at any discount.

    Parameters
    ----------
    problem : TransportBargain
        One bargain, without batch axes.

    Returns
    -------
    callable
        ``best(k, floors)`` with gains over disagreement, suppliers first [money].

    Raises
    ------
    ProblemError
        If ``problem`` is a batch, or its surplus is less than the disagreement utilities.

    Examples
    --------
    >>> problem = TransportBargain([10, 6], [8, 12], cost=[40, 60], offer=[70, 80], willingness=[120, 110],
    ...                            charge=[[2, 5], [4, 1]])
    >>> money_proposals(problem)(0, np.array([0.0, 100.0, 200.0, 300.0]))
    array([448., 100., 200., 300.])
    """
    spare = float(solve_with_transfers(_one(problem)).surplus - problem.disagreement.sum())
    if spare < 0:
        raise ProblemError(f"money proposals: the surplus is {-spare} less than what disagreement gives")
    return trading_off(lambda k, floors: spare - float(np.delete(floors, k).sum()))


def _one(problem: TransportBargain) -> TransportBargain:
    if problem.shape:
        raise ProblemError(f"proposals: a batch of shape {problem.shape}; expected one bargain")
    return problem
