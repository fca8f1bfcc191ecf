"""Changes of keys, priorities and links that keep every budget and every limit, compiled.

A move writes the rows of the few consumers it touches on the side NOW; the side BEFORE keeps the old ones, so that
the move can be judged against them and taken back.
"""

from __future__ import annotations

import numpy as np

from evenwatt.engine._compiled import EXACT, compiled
from evenwatt.sharing.search._paths_kernels import NOW, Array, Desk, Ground, Path

GRID = 10_000
SPREAD = 3  # consumers that share what a replaced link leaves, and as many that make room for the new one
NOBODY_GIVES = 0.25  # how often a shift takes from what nobody has, where there is any
ON_EDGE = 0.4  # how often a shift is as large as one interval's rounding or demand asks for


@compiled(EXACT)
def touch(desk: Desk, j: int, touched: int) -> int:
    """Note that a consumer's row changes, once; return how many do."""
    if desk.is_touched[j]:
        return touched
    desk.is_touched[j] = True
    desk.is_live[j] = True
    desk.live[touched] = j
    return touched + 1


@compiled(EXACT)
def put(path: Path, i: int, j: int, key: int) -> None:
    """Set the key of a pair that is linked."""
    path.share[NOW, j, path.place[i, j]] = key
    path.key[i, j] = key


@compiled(EXACT)
def settle(path: Path, desk: Desk, touched: int, side: int) -> None:
    """Make ``side`` what both sides hold of the touched, and touch nobody."""
    for c in range(touched):
        j = desk.live[c]
        desk.is_touched[j] = False
        desk.is_live[j] = False
        for p in range(path.order.shape[2]):
            i = path.order[NOW, j, p]
            if i >= 0:
                path.key[i, j] = 0.0
                path.place[i, j] = -1
        for p in range(path.order.shape[2]):
            i = path.order[side, j, p]
            path.order[1 - side, j, p] = i
            path.share[1 - side, j, p] = path.share[side, j, p]
            path.rate[1 - side, j, p] = path.rate[side, j, p]
            if i >= 0:
                path.key[i, j] = path.share[side, j, p]
                path.place[i, j] = p


@compiled(EXACT)
def spare(path: Path, i: int) -> int:
    """What of a producer's budget nobody has."""
    return GRID - int(path.key[i].sum())


@compiled(EXACT)
def holder(path: Path, i: int, chance: float, other: int, with_key: bool) -> int:
    """A consumer linked to the producer, not ``other``, each as likely; -1 where there is none."""
    consumers = path.place.shape[1]
    count = 0
    for j in range(consumers):
        if path.place[i, j] >= 0 and j != other and (path.key[i, j] > 0.0 or not with_key):
            count += 1
    wanted = int(chance * count)
    for j in range(consumers):
        if path.place[i, j] >= 0 and j != other and (path.key[i, j] > 0.0 or not with_key):
            if wanted == 0:
                return j
            wanted -= 1
    return -1


@compiled(EXACT)
def edge(ground: Ground, path: Path, i: int, giver: int, getter: int, chance: Array) -> int:
    """The shift after which, in one interval, a share stands just on its next step; 0 where there is none.

    The total is a staircase in the keys; its steps lie where a share reaches a whole quantum or all of a demand.
    """
    t = int(chance[8] * ground.supply.shape[0])
    if ground.supply[t, i] <= 0.0:
        return 0
    step = GRID * float(ground.quantum) / ground.supply[t, i]  # key that brings one quantum
    if chance[9] < 0.5 and giver >= 0:
        held = path.key[i, giver]
        return int(held - np.ceil(np.floor(held / step + 1e-9) * step - 1e-9))
    held = path.key[i, getter]
    wanted = ground.demand[t, getter] if chance[9] < 0.75 else np.floor(held / step + 1e-9) + 1.0
    return int(np.ceil(wanted * step - 1e-9) - held)


@compiled(EXACT)
def shift_key(ground: Ground, path: Path, desk: Desk, chance: Array) -> int:
    """Of one producer, part of a consumer's key goes to another consumer; return how many are touched."""
    i = int(chance[1] * path.key.shape[0])
    free = spare(path, i)
    giver = -1
    if free == 0 or chance[2] >= NOBODY_GIVES:
        giver = holder(path, i, chance[3], -1, True)
        rival = holder(path, i, chance[10], -1, True)
        if giver >= 0 and path.lack[i, rival] < path.lack[i, giver]:
            giver = rival
    getter = holder(path, i, chance[4], giver, False)
    rival = holder(path, i, chance[11], giver, False)
    if getter >= 0 and path.lack[i, rival] > path.lack[i, getter]:
        getter = rival
    if getter < 0 or (giver < 0 and free == 0):
        return 0
    size = 0
    if chance[5] < ON_EDGE and ground.supply.shape[0] > 0:
        size = edge(ground, path, i, giver, getter, chance)
    if size <= 0:
        # Exponential, of a mean between 0.1 % and 3 %: large steps find, small ones finish.
        mean = 0.03 * 10.0 ** (-1.5 * chance[9])
        size = int(np.ceil(-np.log(1.0 - chance[6]) * mean * GRID))
    size = max(1, min(size, free if giver < 0 else int(path.key[i, giver])))
    touched = 0
    if giver >= 0:
        touched = touch(desk, giver, touched)
        put(path, i, giver, int(path.key[i, giver]) - size)
    touched = touch(desk, getter, touched)
    put(path, i, getter, int(path.key[i, getter]) + size)
    return touched


@compiled(EXACT)
def links_of(path: Path, j: int) -> int:
    """How many producers a consumer has."""
    count = 0
    for p in range(path.order.shape[2]):
        if path.order[NOW, j, p] >= 0:
            count += 1
    return count


@compiled(EXACT)
def swap_priority(path: Path, desk: Desk, chance: Array) -> int:
    """Two producers of a consumer change places; their keys go with them."""
    j = int(chance[1] * path.order.shape[1])
    count = links_of(path, j)
    if count < 2:
        return 0
    one = int(chance[2] * count)
    two = (one + 1 + int(chance[3] * (count - 1))) % count
    touched = touch(desk, j, 0)
    first, second = path.order[NOW, j, one], path.order[NOW, j, two]
    path.order[NOW, j, one], path.order[NOW, j, two] = second, first
    path.share[NOW, j, one], path.share[NOW, j, two] = path.share[NOW, j, two], path.share[NOW, j, one]
    path.place[first, j], path.place[second, j] = two, one
    return touched


@compiled(EXACT)
def newcomer(ground: Ground, path: Path, j: int, chance: float) -> int:
    """A producer that a consumer may have and has not; -1 where there is none."""
    producers = path.place.shape[0]
    count = 0
    for i in range(producers):
        if ground.allowed[i, j] and path.place[i, j] < 0:
            count += 1
    wanted = int(chance * count)
    for i in range(producers):
        if ground.allowed[i, j] and path.place[i, j] < 0:
            if wanted == 0:
                return i
            wanted -= 1
    return -1


@compiled(EXACT)
def hand_out(path: Path, desk: Desk, i: int, j: int, amount: int, start: int, touched: int) -> int:
    """Give a producer's freed key to a few of its other consumers in equal parts; else it stays free."""
    consumers = path.place.shape[1]
    rest, chosen = amount, 0
    for step in range(consumers):
        b = (start + step) % consumers
        if b != j and path.place[i, b] >= 0 and rest > 0 and chosen < SPREAD:
            part = -(-rest // (SPREAD - chosen))
            touched = touch(desk, b, touched)
            put(path, i, b, int(path.key[i, b]) + part)
            rest -= part
            chosen += 1
    return touched


@compiled(EXACT)
def make_room(
    path: Path, desk: Desk, i: int, j: int, amount: int, start: int, touched: int
) -> tuple[int, int]:
    """Free a producer's budget for a newcomer, first what nobody has; return what was freed and the touched."""
    consumers = path.place.shape[1]
    freed = min(amount, spare(path, i))
    chosen = 0
    for step in range(consumers):
        b = (start + step) % consumers
        if b != j and path.key[i, b] > 0.0 and freed < amount and chosen < SPREAD:
            held = int(path.key[i, b])
            part = min(held, -(-(amount - freed) // (SPREAD - chosen)))
            touched = touch(desk, b, touched)
            put(path, i, b, held - part)
            freed += part
            chosen += 1
    return freed, touched


@compiled(EXACT)
def replace_link(ground: Ground, path: Path, desk: Desk, chance: Array) -> int:
    """A producer takes another's place at a consumer, or a place yet empty."""
    _, consumers, width = path.order.shape
    j = int(chance[1] * consumers)
    i = newcomer(ground, path, j, chance[2])
    if i < 0:
        return 0
    count = links_of(path, j)
    p = int(chance[3] * min(count + 1, width))
    touched = touch(desk, j, 0)
    if p < count:
        gone = path.order[NOW, j, p]
        freed = path.share[NOW, j, p]
        path.key[gone, j] = 0.0
        path.place[gone, j] = -1
        touched = hand_out(path, desk, gone, j, freed, int(chance[4] * consumers), touched)
    fair = max(1, GRID // consumers)
    room, touched = make_room(path, desk, i, j, fair, int(chance[5] * consumers), touched)
    path.order[NOW, j, p] = i
    path.place[i, j] = p
    put(path, i, j, room)
    return touched


@compiled(EXACT)
def propose(ground: Ground, path: Path, desk: Desk, kinds: Array, chance: Array) -> int:
    """Make the move that chance asks for; return how many consumers it touches, 0 where it cannot be."""
    if chance[0] < kinds[0]:
        touched = shift_key(ground, path, desk, chance)
    elif chance[0] < kinds[1]:
        touched = swap_priority(path, desk, chance)
    else:
        touched = replace_link(ground, path, desk, chance)
    unit = 1.0 / (GRID * float(ground.quantum))
    for c in range(touched):
        j = desk.live[c]
        for p in range(path.order.shape[2]):
            path.rate[NOW, j, p] = path.share[NOW, j, p] * unit
    return touched
