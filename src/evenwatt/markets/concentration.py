"""How much of a market is in few hands, and whether prices show it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def hhi(volumes: npt.ArrayLike) -> Array:
    """Concentration: the sum of squared shares, from 1/n where all are equal to 1 where there is one.

    Parameters
    ----------
    volumes : (..., n)
        What each seller sold, or its capacity, over the same group it is compared with, non-negative [Wh].

    Returns
    -------
    (...)
        The index; not a number where nothing was sold [-].

    Source: Herfindahl 1950; Hirschman 1964, https://www.jstor.org/stable/1818582.

    Examples
    --------
    >>> float(hhi([40, 30, 20, 10]).round(12))
    0.3
    """
    sold = np.asarray(volumes, dtype=np.float64)
    total = sold.sum(axis=-1, keepdims=True)
    shares = np.divide(sold, total, out=np.full_like(sold, np.nan), where=total > 0)
    return np.where(total[..., 0] > 0, (shares**2).sum(axis=-1), np.nan)


def lerner(price: npt.ArrayLike, cost: npt.ArrayLike, weights: npt.ArrayLike = 1.0) -> Array:
    """How far price is above marginal cost, as a share of the price: the mean over sellers, by weight.

    Parameters
    ----------
    price : (...) or (..., n)
        What was paid [currency per MWh].
    cost : (..., n)
        Marginal cost of each seller [currency per MWh].
    weights : (..., n), optional
        Such as what each sold; a seller of weight 0 does not count [-].

    Returns
    -------
    (...)
        The index; not a number where no seller counts at a price above 0 [-].

    Source: Lerner 1934, doi:10.2307/2967480.

    Examples
    --------
    >>> float(lerner([54.5], [52.0]).round(4))
    0.0459
    """
    paid, marginal, weight = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.float64) for x in (price, cost, weights))
    )
    counts = (paid > 0) & (weight > 0) & np.isfinite(marginal)
    margin = np.divide(paid - marginal, paid, out=np.zeros(paid.shape), where=counts)
    total = np.where(counts, weight, 0.0).sum(axis=-1)
    summed = (margin * np.where(counts, weight, 0.0)).sum(axis=-1)
    index: Array = np.divide(summed, total, out=np.full_like(summed, np.nan), where=total > 0)
    return index


def residual_supply_index(capacities: npt.ArrayLike, demand: npt.ArrayLike) -> Array:
    """What the others can deliver for each seller, as a share of demand; below 1 demand cannot do without it.

    Parameters
    ----------
    capacities : (..., n)
        What each seller can deliver [Wh].
    demand : (...)
        What is needed [Wh].

    Returns
    -------
    (..., n)
        The index; infinite where nothing is needed [-].

    Source: Sheffrin 2002, Predicting market power using the residual supply index (California ISO).

    Examples
    --------
    >>> residual_supply_index([500, 300, 200], 600).round(3)
    array([0.833, 1.167, 1.333])
    """
    able = np.asarray(capacities, dtype=np.float64)
    others = able.sum(axis=-1, keepdims=True) - able
    needed = np.broadcast_to(np.asarray(demand, dtype=np.float64)[..., None], others.shape)
    index: Array = np.divide(others, needed, out=np.full(others.shape, np.inf), where=needed > 0)
    return index
