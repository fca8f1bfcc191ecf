"""The carbon price: seen in marginal cost when offers are made, and charged on what is generated."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.markets.ledger import money

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def cost_with_carbon(
    cost_per_mwh: npt.ArrayLike, emission_t_per_mwh: npt.ArrayLike, carbon_per_t: float
) -> Array:
    """Marginal cost of each producer, carbon included [currency per MWh].

    Examples
    --------
    >>> cost_with_carbon([40.0, 0.0], [0.5, 0.0], 60.0)
    array([70.,  0.])
    """
    return np.asarray(cost_per_mwh, dtype=np.float64) + _per_mwh(emission_t_per_mwh, carbon_per_t)


def carbon_charges(
    generated_wh: npt.ArrayLike, emission_t_per_mwh: npt.ArrayLike, carbon_per_t: float
) -> Whole:
    """What each producer owes to the fund for its generation [micro-units].

    Examples
    --------
    >>> carbon_charges([2000, 500], [0.5, 0.0], 60.0)
    array([60000,     0])
    """
    return money(_per_mwh(emission_t_per_mwh, carbon_per_t), generated_wh)


def emissions(generated_wh: npt.ArrayLike, emission_t_per_mwh: npt.ArrayLike) -> Array:
    """What each producer emits [t].

    Examples
    --------
    >>> emissions([2_000_000], [0.5])
    array([1.])
    """
    return np.asarray(generated_wh) * np.asarray(emission_t_per_mwh, dtype=np.float64) / 1e6


def _per_mwh(emission_t_per_mwh: npt.ArrayLike, carbon_per_t: float) -> Array:
    charge: Array = np.asarray(emission_t_per_mwh, dtype=np.float64) * carbon_per_t
    return charge
