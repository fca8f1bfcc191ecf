"""From who got what to the coefficients that a file may state: few decimals, never more than was drawn."""

from __future__ import annotations

import numpy as np

from evenwatt.core.errors import DataError
from evenwatt.core.meters import Whole
from evenwatt.data.exports.export import MISSING, Export, Pairs


def fitted(supply: Whole, demand: Whole, pairs: Pairs, units: int) -> tuple[Whole, float]:
    """Coefficients of an allocation on a grid, and what the grid loses.

    Every coefficient is rounded down; then the units that this freed go back, the largest remainder
    first, wherever the consumer can still take the energy that the unit stands for.

    Parameters
    ----------
    supply : (T, I)
        What each producer fed in [Wh].
    demand : (T, J)
        What each consumer drew [Wh].
    pairs : Pairs
        Who is to get how much from whom.
    units : int
        How many units make the whole: 1,000 for three decimals.

    Returns
    -------
    coefficients : (T, L) int64
        Part of its producer's supply that each pair gets [units].
    loss : float
        Part of the shared energy that the coefficients no longer hand out, a fraction.

    Examples
    --------
    >>> pairs = Pairs(np.array([[0, 0], [0, 1]]), np.array([[333, 667]]))
    >>> fitted(np.array([[1000]]), np.array([[333, 700]]), pairs, 100)
    (array([[33, 67]]), 0.0...)
    """
    giver, taker = pairs.links.T
    offered = supply[:, giver]
    exact = pairs.wh * units
    whole, rest = np.divmod(exact, np.maximum(offered, 1))
    room = demand * units
    for link, j in enumerate(taker.tolist()):
        room[:, j] -= whole[:, link] * offered[:, link]
    for i in range(supply.shape[1]):
        _give_back(whole, rest, room, supply[:, i], np.flatnonzero(giver == i), taker)
    shared = int(pairs.wh.sum())
    handed = float((whole * offered).sum() / units)
    return whole, 1.0 - handed / shared if shared else 0.0


def _give_back(whole: Whole, rest: Whole, room: Whole, supply: Whole, links: Whole, taker: Whole) -> None:
    """Hand a producer's freed units out by largest remainder, in place."""
    if not len(links):
        return
    rows = np.arange(len(supply))
    freed = rest[:, links].sum(axis=1) // np.maximum(supply, 1)
    ranked = links[np.argsort(-rest[:, links], axis=1, kind="stable")]
    for link in ranked.T:
        if not freed.any():
            return
        fits = (freed > 0) & (rest[rows, link] > 0) & (room[rows, taker[link]] >= supply)
        whole[rows[fits], link[fits]] += 1
        room[rows[fits], taker[link[fits]]] -= supply[fits]
        freed -= fits


def of_producer(said: Export, producer: int, units: int) -> Whole:
    """Keys of one producer on a coarser or finer grid, rounded down, (T, J) or (1, J) [units].

    Raises
    ------
    DataError
        If the export knows neither keys nor what was shared from how much.
    """
    if said.keys is not None:
        return np.asarray(said.keys[:, producer] * units // said.key_units)
    known(said)
    assert said.pairs is not None
    assert said.supply is not None
    table = np.zeros((len(said.start), len(said.consumers)), dtype=np.int64)
    links = np.flatnonzero(said.pairs.links[:, 0] == producer)
    supply = np.maximum(said.supply[:, [producer]], 1)
    table[:, said.pairs.links[links, 1]] = said.pairs.wh[:, links] * units // supply
    return table


def known(said: Export) -> None:
    """Raise unless it is known who got how much from whom, out of how much.

    Raises
    ------
    DataError
        If pairs or supply are unknown, or not for every interval.
    """
    if said.pairs is None or said.supply is None:
        raise DataError(
            f"{said.source}: has neither keys nor pairs with supply, so no coefficients can be told"
        )
    for name, table in (("pairs", said.pairs.wh), ("supply", said.supply)):
        if (table == MISSING).any():
            raise DataError(f"{said.source}: {name} has missing values; keep the complete intervals only")


def loss(said: Export, producer: int, keys: Whole, units: int) -> tuple[float, float]:
    """Energy that a producer's rounded keys hand out, and what it shared; zeros where that is unknown [Wh]."""
    if said.keys is not None or said.pairs is None or said.supply is None:
        return 0.0, 0.0
    links = said.pairs.links[:, 0] == producer
    handed = float((keys * said.supply[:, [producer]]).sum() / units)
    return handed, float(said.pairs.wh[:, links].sum())
