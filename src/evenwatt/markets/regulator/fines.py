"""Fines on price gouging: in proportion to the excess and to what was sold at it, and never more than a tenth of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

MOST = 0.1  # of the revenue [-]


def gouging_fines(
    prices: npt.ArrayLike, volumes: npt.ArrayLike, reference: float, *, rate: float, tolerance: float
) -> Whole:
    """What each seller is fined: ``rate x max(0, price - (1 + tolerance) reference) x volume``.

    Parameters
    ----------
    prices : (..., n)
        What each asks for its energy [currency per MWh].
    volumes : (..., n)
        What each sold [Wh].
    reference : float
        Mean price of the steps before, by volume; where it is not a number, nobody is fined [currency per MWh].
    rate : float
        Share of the excess [-].
    tolerance : float
        How far above the reference is tolerated [-].

    Returns
    -------
    (..., n) int64
        Fines, at most a tenth of the seller's revenue, rounded down [micro-units].

    Examples
    --------
    >>> gouging_fines([70.0, 60.0, 500.0], [100, 100, 100], 50.0, rate=1.0, tolerance=0.25)
    array([ 700,    0, 5000])
    """
    price = np.nan_to_num(np.asarray(prices, dtype=np.float64), nan=0.0)
    sold = np.asarray(volumes)
    # A tenth above a price below 0 is nearer to 0, not farther from it.
    tolerated = reference + tolerance * abs(reference) if np.isfinite(reference) else np.inf
    fine = rate * np.maximum(price - tolerated, 0.0) * sold
    most = MOST * np.maximum(price, 0.0) * sold
    whole: Whole = np.floor(np.minimum(fine, most)).astype(np.int64)
    return whole


def mean_price(prices: npt.ArrayLike, volumes: npt.ArrayLike) -> float:
    """The price of a Wh, over all that were traded; not a number where none was [currency per MWh].

    Examples
    --------
    >>> mean_price([50.0, 80.0, float("nan")], [300, 100, 0])
    57.5
    """
    sold = np.asarray(volumes, dtype=np.float64)
    paid = np.where(sold > 0, np.nan_to_num(np.asarray(prices, dtype=np.float64)), 0.0)
    return float((paid * sold).sum() / sold.sum()) if sold.sum() > 0 else float("nan")
