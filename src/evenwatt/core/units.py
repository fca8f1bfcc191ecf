"""The only conversions in the project: power to energy, kilo to whole, price to money."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

WH_PER_KWH = 1_000
WH_PER_MWH = 1_000_000
MICRO_PER_UNIT = 1_000_000  # 1 currency unit per MWh x 1 Wh = 1 micro-unit, exactly


def wh_from_kwh(kwh: npt.ArrayLike) -> Array:
    """Energy [kWh] as energy [Wh], not yet rounded."""
    return np.asarray(kwh, dtype=np.float64) * WH_PER_KWH


def wh_from_kw(kw: npt.ArrayLike, seconds: float) -> Array:
    """Mean power over an interval [kW] as energy [Wh], not yet rounded.

    Examples
    --------
    >>> float(wh_from_kw(2.0, 900))
    500.0
    """
    return np.asarray(kw, dtype=np.float64) * (WH_PER_KWH * seconds / 3600)


def kwh(wh: npt.ArrayLike) -> Array:
    """Energy [Wh] as energy [kWh], for people."""
    return np.asarray(wh, dtype=np.float64) / WH_PER_KWH


def wh_from_text(text: str) -> Fraction:
    """Decimal text [kWh], with a point or a comma, as an exact number of [Wh].

    Raises
    ------
    ValueError
        If the text is not a plain decimal number.

    Examples
    --------
    >>> wh_from_text("0,02")
    Fraction(20, 1)
    """
    return Fraction(text.strip().replace(",", ".", 1)) * WH_PER_KWH


def micro(wh: npt.ArrayLike, price_per_mwh: npt.ArrayLike) -> Array:
    """Money [micro-units of the currency] for energy [Wh] at a price [per MWh], not yet rounded."""
    return np.asarray(wh, dtype=np.float64) * np.asarray(price_per_mwh, dtype=np.float64)


def money(micro_units: npt.ArrayLike) -> Array:
    """Whole micro-units as units of the currency, for people."""
    return np.asarray(micro_units, dtype=np.float64) / MICRO_PER_UNIT
