"""What sellers' generation gives each of their contracts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.markets.contracts.register import Contracts
from evenwatt.markets.contracts.settling import FORWARD, PPA, VOLUME
from evenwatt.markets.mechanism import Divide, proportional

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def deliveries(
    contracts: Contracts, step: int, generated: npt.ArrayLike, *, ration: Divide = proportional
) -> Whole:
    """What the sellers' generation gives each contract of a step.

    Parameters
    ----------
    contracts : Contracts
        All of them.
    step : int
        Which.
    generated : (accounts,)
        What each account generates [Wh].
    ration : callable
        Any claims rule ``(endowment, claims) -> awards``: shares what is short among a seller's forwards.

    Returns
    -------
    (k,) int64
        For each of ``contracts.due(step)``: its share of the generation, rounded down; for a forward at most its
        quantity, out of what power purchases leave; nothing for a future [Wh].

    Examples
    --------
    >>> contracts = Contracts()
    >>> _ = contracts.sign("ppa", seller=0, buyer=1, start=0, end=9, price=70.0, share=0.5)
    >>> _ = contracts.sign("forward", seller=0, buyer=[2, 3], start=0, end=9, price=60.0, volume_wh=[200, 600])
    >>> deliveries(contracts, 0, [800, 0, 0, 0])
    array([400, 100, 300])
    """
    rows = contracts.due(step)
    made = np.asarray(generated, dtype=np.int64)
    kind, seller = contracts.kind[rows], contracts.seller[rows]
    given = np.where(np.isin(kind, VOLUME), 0, _share(contracts.share[rows], made[seller]))
    # A contract for difference is about money: it takes no energy from the others.
    left = made.copy()
    np.subtract.at(left, seller, np.where(kind == PPA, given, 0))
    physical = kind == FORWARD
    for one in np.unique(seller[physical]).tolist():
        its = np.flatnonzero(physical & (seller == one))
        given[its] = _rationed(max(int(left[one]), 0), contracts.volume_wh[rows[its]], ration)
    return given


def _share(share: Array, generated: Whole) -> Whole:
    # 0.29 of 100 is 28.999999999999996 in floats and 29 to people.
    part: Whole = np.floor(share * generated * (1 + 2.0**-50)).astype(np.int64)
    return part


def _rationed(left: int, wanted: Whole, ration: Divide) -> Whole:
    if wanted.sum() <= left:
        return wanted
    return exact.vector(ration(np.asarray(float(left)), wanted.astype(np.float64)), left)
