"""Who signs with whom: buyers turn to the seller they like best, sellers share out what they have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.core.errors import ProblemError, gather
from evenwatt.markets.mechanism import Divide, proportional

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Deals:
    """Contracts to sign; a row each, by buyer and then by seller.

    Attributes
    ----------
    buyer, seller : (k,)
        Rows of the buyers and of the sellers.
    wh : (k,)
        A step [Wh].
    price : (k,)
        [currency per MWh].
    """

    buyer: Whole
    seller: Whole
    wh: Whole
    price: Array

    def __len__(self) -> int:
        return len(self.wh)


def sign_bilaterally(
    wanted_wh: npt.ArrayLike,
    most_per_mwh: npt.ArrayLike,
    free_wh: npt.ArrayLike,
    ask_per_mwh: npt.ArrayLike,
    *,
    steps: int = 1,
    least_steps: npt.ArrayLike = 1,
    preferred: npt.ArrayLike | None = None,
    green_per_mwh: npt.ArrayLike = 0.0,
    renewable: npt.ArrayLike = False,
    split: float = 0.5,
    ration: Divide = proportional,
    buyer_tie: npt.ArrayLike | None = None,
    seller_tie: npt.ArrayLike | None = None,
) -> Deals:
    """Match buyers with sellers, one to one, by preference.

    Each buyer who still wants energy turns to the seller it likes best of those with energy left who ask no more
    than it would pay: first those it prefers by name, in that order, then by ask less what it thinks renewable
    energy worth. A seller asked for too much rations it. This is repeated until nothing moves; every round moves
    at least a Wh. A pair trades at ``ask + split (most - ask)``.

    Parameters
    ----------
    wanted_wh, most_per_mwh : (U,)
        What each buyer wants in a step [Wh], and the most it would pay; not a number: nothing [currency per MWh].
    free_wh, ask_per_mwh : (P,)
        What each seller has left in a step [Wh], and the least it takes; not a number: nothing [currency per MWh].
    steps : int
        Length of the contracts.
    least_steps : (P,)
        Shortest contract a seller accepts.
    preferred : (U, k), optional
        Rows of sellers, the best first; -1 for none.
    green_per_mwh : (U,)
        What renewable energy is worth more to a buyer [currency per MWh].
    renewable : (P,)
        Whether a seller's source is renewable.
    split : float
        Sellers' share of the difference of the two prices [-].
    ration : callable
        Any claims rule ``(endowment, claims) -> awards``.
    buyer_tie, seller_tie : (U,), (P,), optional
        Who comes first where all else is equal, the smallest first; by default the first.

    Returns
    -------
    Deals
        Contracts to sign.

    Raises
    ------
    ProblemError
        If quantities are not whole or below 0, or the split is not a share.

    Examples
    --------
    >>> deals = sign_bilaterally([300, 200], [80.0, 70.0], [400, 400], [60.0, 50.0], preferred=[[0], [-1]])
    >>> deals.buyer, deals.seller, deals.wh, deals.price
    (array([0, 1]), array([0, 1]), array([300, 200]), array([70., 60.]))
    """
    wanted, most, free, ask = (
        np.atleast_1d(np.asarray(column, dtype=np.float64))
        for column in (wanted_wh, most_per_mwh, free_wh, ask_per_mwh)
    )
    _refuse(wanted, free, split)
    rows, columns = (_order(tie, n) for tie, n in ((buyer_tie, len(wanted)), (seller_tie, len(free))))
    willing = (ask <= most[:, None]) & np.broadcast_to(np.asarray(least_steps) <= steps, free.shape)
    rank = _ranks(_scores(ask, len(wanted), green_per_mwh, renewable), preferred)
    traded = _rounds(
        wanted[rows].astype(np.int64),
        free[columns].astype(np.int64),
        np.where(willing, rank, np.inf)[np.ix_(rows, columns)],
        ration,
    )
    back = np.zeros_like(traded)
    back[np.ix_(rows, columns)] = traded
    buyer, seller = np.nonzero(back)
    price = ask[seller] + split * (most[buyer] - ask[seller])
    return Deals(buyer, seller, back[buyer, seller], price)


def _order(tie: npt.ArrayLike | None, many: int) -> Whole:
    return np.arange(many) if tie is None else np.argsort(np.asarray(tie), kind="stable")


def _scores(ask: Array, buyers: int, green_per_mwh: npt.ArrayLike, renewable: npt.ArrayLike) -> Array:
    green = np.broadcast_to(np.asarray(green_per_mwh, dtype=np.float64), (buyers,))
    return ask - green[:, None] * np.asarray(renewable, dtype=np.float64)


def _ranks(scores: Array, preferred: npt.ArrayLike | None) -> Array:
    """Buyers' ranks of sellers, 0 the best: equal for equal scores, so that a tie stays one."""
    rank = np.array([np.unique(row, return_inverse=True)[1] for row in scores], dtype=np.float64).reshape(
        scores.shape
    )
    if preferred is not None:
        named = np.asarray(preferred, dtype=np.int64)
        for place in range(named.shape[1] - 1, -1, -1):
            buyers = np.flatnonzero((named[:, place] >= 0) & (named[:, place] < scores.shape[1]))
            rank[buyers, named[buyers, place]] = place - named.shape[1]
    return rank


def _rounds(left: Whole, free: Whole, rank: Array, ration: Divide) -> Whole:
    traded = np.zeros(rank.shape, dtype=np.int64)
    if rank.size == 0:
        return traded
    while True:
        # Whom nobody can ask any more is as if never willing.
        open_rank = np.where((left[:, None] > 0) & (free > 0), rank, np.inf)
        best = open_rank.argmin(axis=1)
        asking = np.isfinite(open_rank[np.arange(len(left)), best])
        if not asking.any():
            return traded
        for seller in np.unique(best[asking]).tolist():
            buyers = np.flatnonzero(asking & (best == seller))
            claims = left[buyers]
            if claims.sum() > free[seller]:
                claims = exact.vector(
                    ration(np.asarray(float(free[seller])), claims.astype(float)), free[seller]
                )
            traded[buyers, seller] += claims
            left[buyers] -= claims
            free[seller] -= claims.sum()


def _refuse(wanted: Array, free: Array, split: float) -> None:
    with gather("contracts to match", ProblemError) as faults:
        for name, column in (("wanted_wh", wanted), ("free_wh", free)):
            wrong = np.flatnonzero(~(np.isfinite(column) & (column >= 0) & (column == np.floor(column))))
            faults += [
                f"{name} {row}: {column[row]} is not a whole number of at least 0" for row in wrong.tolist()
            ]
        if not 0.0 <= split <= 1.0:
            faults.append(f"split {split} is not a share")
