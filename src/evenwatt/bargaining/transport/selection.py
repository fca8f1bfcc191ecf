"""Which flows, where everybody values several alike: those nearest to proportional."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport.problem import Array, TransportBargain
from evenwatt.core.errors import ProblemError

Flags = npt.NDArray[np.bool_]

CARRIES = 1e-7  # of the most a link could carry: below, the solver's own rounding [-]


class Selection(NamedTuple):
    """Flows by the stated rule.

    Attributes
    ----------
    flows : (..., S, N)
        With the totals and utilities of the flows given [energy].
    settled : (...) bool
        Whether these are the flows of the rule, because they were moved there or because no others are worth
        the same. False: the flows are as given, and others may be worth the same.
    moved : (...) bool
        Whether they were moved.
    """

    flows: Array
    settled: Flags
    moved: Flags


def proportional_flows(
    problem: TransportBargain, flows: npt.ArrayLike, *, links: npt.ArrayLike | None = None
) -> Selection:
    """Take the flows nearest to proportional among all that everybody values alike.

    With totals ``s`` of suppliers and ``q`` of agents kept, and with them every supplier's utility, every
    agent's utility kept too, and within the limits: minimises ``sum x_ij^2 / (s_i q_j)``. Without limits in
    the way and where each agent gains alike on all suppliers that is ``x_ij = s_i q_j / sum(s)``.

    Parameters
    ----------
    problem : TransportBargain
        The bargains.
    flows : (..., S, N)
        An optimum of each [energy].
    links : (..., S, N) bool, optional
        Links that may carry energy at some optimum. By default those that do and have room for more, which
        is right for flows in the middle of all optima, as interior point methods find them; for flows at a
        corner give all open links.

    Returns
    -------
    Selection
        ``flows, settled, moved``.

    Raises
    ------
    ProblemError
        If the flows do not have the shape of the problem.

    Examples
    --------
    Two suppliers at one price: agent 1 need not buy all of supplier 1's energy.

    >>> problem = TransportBargain([6, 3], [4, 5], cost=[40, 50], offer=[70, 70], willingness=[120, 110])
    >>> proportional_flows(problem, [[4, 2], [0, 3]]).flows.round(4)
    array([[2.6667, 3.3333],
           [1.3333, 1.6667]])
    """
    from evenwatt.bargaining.transport._selection_kernels import LEFT, MOVED, select_rows

    given = np.asarray(flows, dtype=np.float64)
    if given.shape != problem.gain.shape:
        raise ProblemError(f"flows: shape {given.shape}; expected {problem.gain.shape}")
    shape = (-1, *given.shape[-2:])
    most = problem.most
    carries = CARRIES * most
    movable = (
        (given > carries) & (given < most - carries)
        if links is None
        else np.asarray(links, bool) & (most > 0)
    )
    held = np.array(given).reshape(shape)
    count = held.shape[0]
    fate = np.zeros(count, dtype=np.int8)
    gain, top = (np.ascontiguousarray(part).reshape(shape) for part in (problem.gain, most))
    select_rows(0, count, held, gain, top, np.array(movable).reshape(shape), fate)
    fate = fate.reshape(problem.shape)
    return Selection(held.reshape(given.shape), fate != LEFT, fate == MOVED)
