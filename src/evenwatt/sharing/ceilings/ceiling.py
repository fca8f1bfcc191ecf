"""The highest point of a bound over all keys: raise the keys and lower the planes above until they meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.sharing.ceilings.planes import Planes
from evenwatt.sharing.history import Step
from evenwatt.sharing.problem import GRID
from evenwatt.sharing.watch import Watch

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Sets = tuple[Flags, Whole]

UNIFORM = np.array([0.1, 0.3, 0.6, 1.0])  # sums of keys at whose prices a first set is chosen; 1 takes all
MOST_BLOCKS = 60  # of intervals whose planes are summed: more give sharper planes and a longer programme
MOST_CELLS = 30_000  # of one round of planes
MOST_STEPS = 300
PATIENCE = 24  # steps after which bound and keys together must have come nearer by half the tolerance
HOPELESS = 30  # steps after which a bound that has not moved yet is left where it is
EVERY = 6  # steps between two programmes that may go anywhere
UPWARDS = 1 + 1e-12  # more than the sums of floats can be off
FIRST_REACH, LEAST_REACH = 0.02, 1e-4  # how far a key may move in one step


@dataclass(frozen=True, eq=False)
class Scaled:
    """Intervals in which something can be shared, in units of a mean block's energy."""

    supply: Array  # (T, I)
    demand: Array  # (T, J)
    caps: Array  # (G,) most that a block can share on the links
    block: Whole  # (T,)
    links: Flags  # (I, J)
    rounds: int
    curves: Array  # (C, 4)
    unit: float  # Wh
    ideal: float  # Wh
    replay: Callable[[Array], int]


def climb(
    task: Scaled, start: Array, tolerance: float, watch: Watch
) -> tuple[float, Array, tuple[Step, ...]]:
    """Raise the keys and lower the planes until they meet; what is proved [Wh], the best keys, and the steps."""
    master = Planes(task.links, task.caps)
    best, highest, bound = start, -np.inf, float(task.caps.sum())
    here, hoped, reach = start, np.inf, FIRST_REACH
    found, shared, steps = None, 0, list[Step]()
    between = list[float]()  # bound less the highest point, step by step
    while True:
        value, found = covered(task.supply, task.demand, here, task.rounds, task.curves, found)
        master.add(*_tangents(task, here, found))
        total = float(value.sum())
        reach = _reach(reach, total - highest, hoped - highest)
        if total > highest:
            best, highest, shared = here, total, max(shared, task.replay(here))
        here, hoped, proved = master.near(best, reach)
        is_stuck = hoped - highest <= tolerance * bound / 2
        if is_stuck or len(steps) % EVERY == EVERY - 1:
            far, _, everywhere = master.anywhere()
            proved = min(proved, everywhere)
            if is_stuck:
                here, hoped, reach = 0.7 * best + 0.3 * far, np.inf, min(1.0, 4 * reach)
        master.forget()
        bound = min(bound, proved)
        steps.append(Step(watch.seconds, float(shared), min(task.ideal, bound * task.unit * UPWARDS)))
        between.append(bound - highest)
        is_idle = len(steps) > PATIENCE and between[-PATIENCE - 1] - between[-1] <= tolerance * bound / 2
        is_idle |= len(steps) >= HOPELESS and bound >= float(task.caps.sum()) * (1 - 1e-6)
        watch.tell(len(steps), MOST_STEPS, "bound")
        if len(steps) >= MOST_STEPS or watch.is_late or between[-1] <= tolerance * bound or is_idle:
            return steps[-1].bound, best, tuple(steps)


def _reach(reach: float, gained: float, hoped: float) -> float:
    """Longer steps while the planes foretell well, shorter ones when they do not."""
    if not np.isfinite(hoped):
        return reach
    if gained >= 0.3 * hoped:
        return min(1.0, 2 * reach)
    return max(LEAST_REACH, reach / 2) if gained < 0.05 * hoped else reach


def scaled(supply: Whole, demand: Whole, ideal: Whole, links: Flags, rounds: int, prices: Array) -> Scaled:
    """Leave out idle intervals, put the others in blocks, and measure all in a mean block's ``ideal``."""
    rows = np.flatnonzero(ideal)
    blocks = int(np.clip(MOST_CELLS // links.size, min(4, rows.size), min(MOST_BLOCKS, rows.size)))
    block = np.arange(rows.size) * blocks // rows.size
    unit = float(ideal.sum()) / blocks
    caps = np.bincount(block, ideal[rows] / unit, blocks).astype(np.float64)
    given, wanted = supply[rows] / unit, demand[rows] / unit
    replay = _replayed(supply[rows], demand[rows], rounds)
    return Scaled(
        given, wanted, caps, block, links, rounds, curves(rounds, prices), unit, float(ideal.sum()), replay
    )


def curves(rounds: int, prices: Array) -> Array:
    """For each price the least concave function above f and 1 - price, (C, 4).

    Price, height at 0, where the chord from there touches f, and its slope.
    """
    if rounds == 1:  # then f is straight, and the price 1 is the least of all
        prices = prices[:1]
    low, high = np.zeros(prices.size), np.ones(prices.size)
    for _ in range(100):
        middle = (low + high) / 2
        height = 1 - (1 - middle) ** rounds - middle * rounds * (1 - middle) ** (rounds - 1)
        low, high = np.where(height < 1 - prices, middle, low), np.where(height < 1 - prices, high, middle)
    point = np.where(prices == 1, 0.0, high)
    return np.stack([prices, 1 - prices, point, rounds * (1 - point) ** (rounds - 1)], axis=1)


def _replayed(supply: Whole, demand: Whole, rounds: int) -> Callable[[Array], int]:
    """What keys, cut to the grid, share under the rule with shares rounded down to 1 Wh; most key first."""
    from evenwatt.sharing._rounds_kernels import shared_total

    given = np.ascontiguousarray(supply.T, dtype=np.float64)
    wanted = np.ascontiguousarray(demand.T, dtype=np.float64)
    size = supply.sum(axis=0)

    def replay(weights: Array) -> int:
        keys = np.floor(weights * GRID + 1e-6).astype(np.int64)
        keys[keys.sum(axis=1) > GRID] -= 1  # dust above a whole grid step
        order = np.argsort(-weights * size[:, None], axis=0, kind="stable").T.copy()
        share = np.take_along_axis(np.maximum(keys, 0).T, order, axis=1)
        return int(shared_total(given, wanted, order, share, rounds, 1))

    return replay


def covered(
    supply: Array, demand: Array, weights: Array, rounds: int, shapes: Array, start: Sets | None = None
) -> tuple[Array, Sets]:
    """Bound of each interval, (T,), and the set of consumers (T, J) and the curve (T,) that give it."""
    from evenwatt.sharing.ceilings._bound_kernels import cover_rows

    inside = np.zeros(demand.shape, dtype=np.bool_) if start is None else start[0].copy()
    which, value = np.zeros(len(supply), dtype=np.int64), np.zeros(len(supply))
    if weights.size:
        held = np.ascontiguousarray(weights.T)
        cover_rows(supply, demand, held, rounds, shapes, UNIFORM, inside, which, value)
    return value, (inside, which)


def _tangents(task: Scaled, weights: Array, found: Sets) -> tuple[Array, Array]:
    """Sums of tangent planes, block by block: level (G,) and steepness (G, I, J)."""
    from evenwatt.sharing.ceilings._bound_kernels import planes

    level = np.zeros(task.caps.size)
    steep = np.zeros((level.size, *weights.shape[::-1]))
    held = np.ascontiguousarray(weights.T)
    with_curves = task.rounds, task.curves, *found
    planes(task.supply, task.demand, held, *with_curves, task.block, level, steep)
    return level, np.ascontiguousarray(steep.transpose(0, 2, 1))
