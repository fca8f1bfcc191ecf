"""In which order consumers draw from their producers, and what that says about keys.

In the round in which a consumer is filled, those asked first give all their keys allow, one is cut short, and
those asked later give nothing. So whoever gave anything in that round comes before whoever was cut; and once the
order is known, all but the one that was cut tell their keys exactly.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def orders(
    wanted: Array, found: Array, full: Array, consumer: Whole, ranks: Whole | None
) -> tuple[Whole, tuple[int, ...]]:
    """Links of each consumer, first priority first (J, K), padded with -1; consumers whose order stays open.

    Parameters
    ----------
    wanted, found : (J, T), (L, T)
        Demand, and what went over each link [quanta].
    full : (L, T, R)
        What each link's key allows in each round [quanta].
    consumer : (L,)
        Of each link.
    ranks : (L,), optional
        Priority of each link, the larger first, where told.
    """
    of = [np.flatnonzero(consumer == j) for j in range(len(wanted))]
    order = np.full((len(wanted), max((len(links) for links in of), default=0)), -1)
    undecided = []
    for j, links in enumerate(of):
        if ranks is not None:
            links = links[np.argsort(-ranks[links], kind="stable")]
        elif len(links) > 1:
            before = evidence(wanted[j], found[links], full[links])
            placed = sorted_by(before)
            if not all(before[a, b] > before[b, a] for a, b in pairwise(placed)):
                undecided.append(j)
            links = links[placed]
        order[j, : len(links)] = links
    return order, tuple(undecided)


def evidence(wanted: Array, found: Array, full: Array) -> Whole:
    """How often each producer of one consumer was seen before each other, (P, P)."""
    rows = np.flatnonzero((found.sum(axis=0) == wanted) & (wanted > 0))
    last = filling_round(wanted[rows], full[:, rows])
    is_known = last < full.shape[2]
    rows, last = rows[is_known], last[is_known]
    allowed = full[:, rows, last]
    gave = found[:, rows] - (full[:, rows].cumsum(axis=2)[:, np.arange(len(rows)), last] - allowed)
    # A row that no order explains was changed after sharing, or the keys are not right there.
    is_sound = ((gave >= 0) & (gave <= allowed)).all(axis=0)
    gives, is_cut = (gave > 0)[:, is_sound], (gave < allowed)[:, is_sound]
    before = gives.astype(np.int64) @ is_cut.astype(np.int64).T
    np.fill_diagonal(before, 0)
    return before


def sorted_by(before: Whole) -> list[int]:
    """An order that contradicts least: next is always who comes after fewest of the rest."""
    left = list(range(len(before)))
    order = []
    while left:
        behind = before[np.ix_(left, left)].sum(axis=0)
        order.append(left.pop(int(behind.argmin())))
    return order


def filling_round(wanted: Array, full: Array) -> Whole:
    """The round in which one consumer is filled, (T,); the number of rounds where it never is."""
    is_full = full.sum(axis=0).cumsum(axis=1) >= wanted[:, None]
    return np.asarray(np.where(is_full.any(axis=1), is_full.argmax(axis=1), full.shape[2]))


def rounds_taking_part(wanted: Array, full: Array, order: Whole) -> tuple[Whole, Whole]:
    """In how many rounds each link gave what its key allows: at least, at most, (L, T) each.

    Both are all rounds for a consumer that is never filled. Otherwise the round in which it is filled counts
    for those asked first and not for those asked later; of the one that was cut it is only known that its key
    would have allowed as much.
    """
    links, steps, rounds = full.shape
    least, most = (np.full((links, steps), rounds) for _ in range(2))
    for j, placed in enumerate(order):
        own = placed[placed >= 0]
        last = filling_round(wanted[j], full[own]) if len(own) else np.zeros(0, dtype=np.int64)
        rows = np.flatnonzero(last < rounds)
        last = last[rows]
        earlier = full[np.ix_(own, rows)].cumsum(axis=2)
        room = wanted[j, rows] - sum(earlier[k, np.arange(len(rows)), last] for k in range(len(own)))
        allowed = full[np.ix_(own, rows)][:, np.arange(len(rows)), last]
        room = room + allowed.sum(axis=0)
        for link, mine in zip(own, allowed, strict=True):
            least[link, rows] = last + (room > 0)
            most[link, rows] = last + (room >= mine)
            room = room - mine
    return least, most
