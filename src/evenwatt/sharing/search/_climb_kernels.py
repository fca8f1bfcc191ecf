"""A batch of moves, each judged by what it changes, compiled."""

from __future__ import annotations

import numpy as np

from evenwatt.engine._compiled import EXACT, compiled
from evenwatt.sharing.search._moves_kernels import propose, settle
from evenwatt.sharing.search._paths_kernels import (
    BEFORE,
    NOW,
    Array,
    Desk,
    Ground,
    Path,
    Whole,
    follow,
    lay,
    note_lack,
    own_total,
)

WORTH, BEST, FRUITLESS, KICKS = 0, 1, 2, 3  # places in the tally
LOOK = 256  # moves between two looks at who lacks what


@compiled(EXACT)
def pull_of(ground: Ground, path: Path, desk: Desk, touched: int) -> float:
    """What the pull toward the current keys gains or loses by the change."""
    gain = 0.0
    for c in range(touched):
        j = desk.live[c]
        for p in range(path.order.shape[2]):
            i = path.order[BEFORE, j, p]
            if i >= 0:
                gain += abs(path.share[BEFORE, j, p] - ground.current[i, j]) - ground.current[i, j]
            i = path.order[NOW, j, p]
            if i >= 0:
                gain -= abs(path.share[NOW, j, p] - ground.current[i, j]) - ground.current[i, j]
    return ground.pull * gain


@compiled(EXACT)
def gain_of_consumers(ground: Ground, path: Path, desk: Desk, touched: int) -> float:
    """What a change is worth where consumers are independent."""
    gain = 0.0
    for c in range(touched):
        j = desk.live[c]
        desk.new_own[j] = own_total(ground, path, j)
        gain += desk.new_own[j] - path.own[j]
    return gain


@compiled(EXACT)
def list_reached(ground: Ground, path: Path, desk: Desk, touched: int) -> int:
    """List the intervals in which a touched consumer wants anything of a producer whose key it has changed."""
    supply, demand, reached = ground.supply, ground.demand, desk.reached
    reached[:] = 0
    for c in range(touched):
        j = desk.live[c]
        for p in range(path.order.shape[2]):
            now, before = path.order[NOW, j, p], path.order[BEFORE, j, p]
            if now != before or path.share[NOW, j, p] != path.share[BEFORE, j, p]:
                for i in (now, before):
                    if i >= 0:
                        for t in range(supply.shape[0]):
                            reached[t] |= np.int64((supply[t, i] > 0.0) & (demand[t, j] > 0.0))
    count = 0
    for t in range(supply.shape[0]):
        if reached[t] != 0:
            reached[count] = t
            count += 1
    return count


@compiled(EXACT)
def gain_of(ground: Ground, path: Path, desk: Desk, touched: int) -> tuple[float, int]:
    """What the change on the desk is worth, and how many intervals it stirs (listed on the desk)."""
    gain = pull_of(ground, path, desk, touched) if ground.pull > 0.0 else 0.0
    if ground.one_by_one:
        return gain + gain_of_consumers(ground, path, desk, touched), 0
    reached = list_reached(ground, path, desk, touched)
    more, stirred = follow(ground, path, desk, desk.reached[:reached], touched, False)
    return gain + more, stirred


@compiled(EXACT)
def accept(ground: Ground, path: Path, desk: Desk, touched: int, count: int) -> None:
    """Bring all that is kept up to date with the change."""
    if ground.one_by_one:
        for c in range(touched):
            path.own[desk.live[c]] = desk.new_own[desk.live[c]]
    else:
        desk.reached[:count] = desk.stirred[:count]
        follow(ground, path, desk, desk.reached[:count], touched, True)


@compiled(EXACT)
def climb(
    ground: Ground,
    path: Path,
    desk: Desk,
    kinds: Array,
    chance: Array,
    first: int,
    heat: float,
    cooling: float,
    patience: int,
    kicks: int,
    target: float,
    best_order: Whole,
    best_share: Whole,
    tally: Array,
) -> int:
    """Try one move per row of ``chance``; return how many were tried before the target was reached.

    Move m (counted from the search's first) is accepted where it loses at most ``-T log(u)``, T = ``heat *
    exp(-cooling * m)``; with ``heat`` 0 where it loses nothing, with an infinite one always. After ``patience``
    moves without a new best the search goes back to its best and accepts the next ``kicks`` moves whatever they
    lose, unless ``patience`` is 0.
    """
    for m in range(chance.shape[0]):
        tally[FRUITLESS] += 1.0
        if (first + m) % LOOK == 0 and not ground.one_by_one:
            note_lack(ground, path)
        touched = propose(ground, path, desk, kinds, chance[m])
        if touched > 0:
            gain, count = gain_of(ground, path, desk, touched)
            least = 0.0
            if tally[KICKS] > 0.0:
                least = -np.inf
                tally[KICKS] -= 1.0
            elif heat > 0.0:
                least = heat * np.exp(-cooling * (first + m)) * np.log(1.0 - chance[m, 7])
            if gain >= least:
                accept(ground, path, desk, touched, count)
                settle(path, desk, touched, NOW)
                tally[WORTH] += gain
            else:
                settle(path, desk, touched, BEFORE)
            if tally[WORTH] > tally[BEST]:
                tally[BEST] = tally[WORTH]
                tally[FRUITLESS] = 0.0
                best_order[:] = path.order[NOW]
                best_share[:] = path.share[NOW]
                if tally[BEST] >= target:
                    return m + 1
        if patience > 0 and tally[FRUITLESS] >= patience:
            path.order[NOW] = best_order
            path.share[NOW] = best_share
            lay(ground, path, desk)
            tally[WORTH] = tally[BEST]
            tally[FRUITLESS] = 0.0
            tally[KICKS] = float(kicks)
    return len(chance)
