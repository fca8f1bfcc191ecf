"""Rounding to whole Wh keeps every day's sum and moves no reading by a whole Wh."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt.core import exact
from evenwatt.core.units import MICRO_WH_PER_WH
from evenwatt.data.whole import micro_wh, rounded


@given(st.lists(st.integers(0, 5 * MICRO_WH_PER_WH), min_size=1, max_size=100), st.integers(1, 3))
@settings(deadline=None)
def test_day_keeps_its_sum(micro: list[int], days: int) -> None:
    one = np.array(micro * days)[:, None]
    dates = np.repeat(np.arange(days), len(micro)).astype("datetime64[D]")
    wh, moved = rounded(one, np.ones(one.shape, bool), dates)
    assert moved < MICRO_WH_PER_WH
    assert (wh >= one // MICRO_WH_PER_WH).all()
    assert wh[: len(micro)].sum() == (sum(micro) + MICRO_WH_PER_WH // 2) // MICRO_WH_PER_WH


def test_agrees_with_the_core_rounding() -> None:
    micro = np.random.default_rng(3).integers(0, 3 * MICRO_WH_PER_WH, (96, 5))
    wh, _ = rounded(micro, np.ones(micro.shape, bool), np.zeros(96, dtype="datetime64[D]"))
    assert np.array_equal(wh.T, exact.vector(micro.T / MICRO_WH_PER_WH))


def test_missing_readings_stay_zero() -> None:
    micro = np.array([[700_000], [0], [700_000]])
    present = np.array([[True], [False], [True]])
    wh, _ = rounded(micro, present, np.zeros(3, dtype="datetime64[D]"))
    assert wh[:, 0].tolist() == [1, 0, 0]


@given(st.integers(0, 10**9), st.integers(0, 6))
@settings(deadline=None)
def test_decimal_text_survives_the_float(units: int, digits: int) -> None:
    text = f"{units // 10**digits}.{units % 10**digits:0{digits}d}" if digits else str(units)
    micro, readable = micro_wh(np.array([[float(text)]]), 1e6)
    assert not readable.all() or micro[0, 0] == units * 10 ** (6 - digits)
