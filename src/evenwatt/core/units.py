"""The only conversions in the project: power to energy, kilo to whole and back, price to money."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

WH_PER_KWH = 1_000
MICRO_WH_PER_WH = 1_000_000  # the finest energy a file's decimals are told apart at
MICRO_WH_PER_KWH = MICRO_WH_PER_WH * WH_PER_KWH
SECONDS_PER_HOUR = 3600
W_PER_KW = 1_000
MICRO_PER_UNIT = 1_000_000  # 1 currency unit per MWh x 1 Wh = 1 micro-unit, exactly


def micro_wh_per_kw(seconds: int) -> float:
    """Energy of a mean power over an interval [micro-Wh per kW].

    Examples
    --------
    >>> micro_wh_per_kw(900) == MICRO_WH_PER_KWH / 4
    True
    """
    return MICRO_WH_PER_KWH * seconds / SECONDS_PER_HOUR


def kwh(wh: npt.ArrayLike) -> Array:
    """Energy [Wh] as energy [kWh], for people."""
    return np.asarray(wh, dtype=np.float64) / WH_PER_KWH


def micro(wh: npt.ArrayLike, price_per_mwh: npt.ArrayLike) -> Array:
    """Money [micro-units of the currency] for energy [Wh] at a price [per MWh], not yet rounded."""
    return np.asarray(wh, dtype=np.float64) * np.asarray(price_per_mwh, dtype=np.float64)


def money(micro_units: npt.ArrayLike) -> Array:
    """Whole micro-units as units of the currency, for people."""
    return np.asarray(micro_units, dtype=np.float64) / MICRO_PER_UNIT
