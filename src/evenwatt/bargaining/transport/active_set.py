"""The last digits: Newton's method on the constraints that bind, once it is known which do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport.problem import Array, TransportBargain

Flags = npt.NDArray[np.bool_]

MOST_SETS = 20  # changes of mind about what binds
MOST_STEPS = 20
# Where flows or multipliers are not unique the system is singular; a proximal term keeps such directions at rest
# and costs the others this part of a step.
PROXIMAL = 1e-9
RESIDUAL = 1e-13  # of the scaled equations
LITTLE = 1e-3  # a flow that may be none, in scaled numbers
# What a sign may miss by rounding, in scaled numbers.
SLACK = 1e-13


@dataclass
class Point:
    """One bargain in scaled numbers: energies over their mean, multipliers times it."""

    margin: Array  # (S,)
    gain: Array  # (S, N)
    top: Array  # (S, N) limits
    held: Array  # (P,) capacities and demands
    disagreement: Array  # (P,)
    weights: Array  # (P,)
    is_open: Flags  # (S, N)
    flows: Array  # (S, N)
    rows: Array  # (P,) multipliers of capacities and demands
    used: Flags  # (S, N) links that carry something
    full: Flags  # (S, N) links at their limit
    tight: Flags  # (P,) rows that bind

    @property
    def curve(self) -> Array:
        """Weight over gain."""
        gains = np.concatenate([self.margin * self.flows.sum(axis=1), (self.gain * self.flows).sum(axis=0)])
        gains -= self.disagreement
        return np.asarray(np.divide(self.weights, gains, out=np.zeros_like(gains), where=self.weights > 0))

    @property
    def worth(self) -> Array:
        """What a unit more on each link adds to the log of the gains, less what its ends charge, (S, N)."""
        s, curve = len(self.margin), self.curve
        gained = self.margin[:, None] * curve[:s, None] + self.gain * curve[None, s:]
        return np.asarray(gained - self.rows[:s, None] - self.rows[None, s:])

    @property
    def left(self) -> Array:
        """What is left of capacities and demands, (P,)."""
        used = np.concatenate([self.flows.sum(axis=1), self.flows.sum(axis=0)])
        return np.asarray(self.held - used)


def polished(
    problem: TransportBargain, row: int, weights: Array, is_open: Flags, flows: Array, rows: Array, limit: Array,
    flow_price: Array,
) -> tuple[Array, Array, Array] | None:  # fmt: skip
    """Solve the optimality conditions of one bargain to the last digits, from a point near its optimum.

    Parameters
    ----------
    problem : TransportBargain
        With one batch axis; ``row`` says which bargain.
    weights : (P,)
        Summing to 1; 0 outside the product.
    is_open : (S, N)
        Links that may carry something.
    flows, rows, limit, flow_price : (S, N), (P,), (S, N), (S, N)
        Flows, and multipliers of capacities and demands, of limits and of the flows' signs.

    Returns
    -------
    flows (S, N), multipliers of rows (P,), curve (P,), or None
        None where no set of binding constraints was found that keeps all signs.
    """
    held = np.concatenate([problem.capacity[row], problem.demand[row]])
    linked = np.concatenate([is_open.any(axis=1), is_open.any(axis=0)])
    size = held[linked].mean()
    top = np.where(is_open, problem.limit[row], 0.0) / size
    scaled = np.where(is_open, flows / size, 0.0)
    point = Point(
        problem.margin[row] * size, problem.gain[row] * size, top, held / size, problem.disagreement[row], weights,
        is_open, scaled, rows * size,
        used=is_open & (scaled > flow_price * size),
        full=is_open & (limit * size > top - scaled),
        tight=linked & (rows * size > held / size - np.concatenate([scaled.sum(axis=1), scaled.sum(axis=0)])),
    )  # fmt: skip
    start = point.flows.copy(), point.rows.copy()
    for _ in range(MOST_SETS):
        if not _newton(point):
            # One link too many: its slope can only vanish where it carries nothing.
            point.flows, point.rows = start[0].copy(), start[1].copy()
            if not _drop_least(point):
                return None
            continue
        if not _mend(point):
            # Exactly the limit, so that it can be told by comparing.
            moved = np.where(point.full, problem.limit[row], point.flows * size)
            return moved, point.rows / size, point.curve
    return None


def _newton(point: Point) -> bool:
    """Solve the equations of the constraints that bind; whether they were met."""
    s, n = point.gain.shape
    point.flows = np.where(point.full, point.top, np.where(point.used, point.flows, 0.0))
    point.rows = np.where(point.tight, point.rows, 0.0)
    i, j = np.nonzero(point.used & ~point.full)
    bound = np.flatnonzero(point.tight)
    place = np.full(s + n, -1)
    place[bound] = np.arange(len(bound))
    free, count = len(i), len(i) + len(bound)
    system = np.zeros((count, count))
    for end in (i, s + j):
        hit = place[end] >= 0
        system[np.flatnonzero(hit), free + place[end[hit]]] = -1.0
        system[free + place[end[hit]], np.flatnonzero(hit)] = 1.0
    here = np.arange(free)
    system[np.arange(free, count), np.arange(free, count)] = PROXIMAL
    for _ in range(MOST_STEPS):
        curve = point.curve
        bend = np.divide(curve**2, point.weights, out=np.zeros_like(curve), where=point.weights > 0)
        of_supplier, of_agent = point.margin[i], point.gain[i, j]
        same_supplier, same_agent = i[:, None] == i[None, :], j[:, None] == j[None, :]
        system[:free, :free] = -(
            same_supplier * (bend[i] * of_supplier)[:, None] * of_supplier[None, :]
            + same_agent * (bend[s + j] * of_agent)[:, None] * of_agent[None, :]
        )
        system[here, here] -= PROXIMAL
        miss = np.concatenate([point.worth[i, j], -point.left[bound]])
        scale = 1.0 + np.abs(point.rows).max(initial=0.0)
        if np.abs(miss).max(initial=0.0) <= RESIDUAL * scale:
            return True
        step = np.linalg.solve(system, -miss)
        point.flows[i, j] += step[:free]
        point.rows[bound] += step[free:]
        if not np.isfinite(step).all() or (point.curve < 0).any():
            return False
    miss = np.concatenate([point.worth[i, j], point.left[bound]])
    return bool(np.abs(miss).max(initial=0.0) <= 10 * RESIDUAL * (1.0 + np.abs(point.rows).max(initial=0.0)))


def _drop_least(point: Point) -> bool:
    """Take the link that carries least for one that carries nothing; whether it carries little enough."""
    carried = np.where(point.used & ~point.full, point.flows, np.inf)
    least = np.unravel_index(np.argmin(carried), carried.shape)
    if not carried[least] < LITTLE:
        return False
    point.used[least] = False
    return True


def _mend(point: Point) -> bool:
    """Change one wrong guess of each kind about what binds; whether there was one."""
    worth, left = point.worth, point.left
    loose = point.used & ~point.full
    wrong = [
        (point.used, False, np.where(loose, point.flows, 0.0)),
        (point.full, True, np.where(loose, point.top - point.flows, 0.0)),
        (point.full, False, np.where(point.full, worth, 0.0)),
        (point.used, True, np.where(point.is_open & ~point.used & ~point.full, -worth, 0.0)),
        (point.tight, False, np.where(point.tight, point.rows, 0.0)),
        (point.tight, True, np.where(~point.tight, left, 0.0)),
    ]
    changed = False
    for flags, value, sign in wrong:
        if sign.min(initial=0.0) < -SLACK:
            flags[np.unravel_index(np.argmin(sign), sign.shape)] = value
            changed = True
    # A link pushed to its limit carries something.
    point.used |= point.full
    point.flows = np.maximum(point.flows, 0.0)
    return changed
