"""What of the meters takes part in sharing: participation factors, reserves, members who inject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MILLION = 1_000_000  # factors are exact to six decimals, so that their product with whole Wh is too


@dataclass(frozen=True, eq=False)
class Offered:
    """Meters, and the part of them that is shared, all in whole Wh: supply (T, I), demand (T, J)."""

    supply: Whole
    demand: Whole
    supply_in: Whole
    demand_in: Whole


def offered(
    supply: Whole, demand: Whole, participation: Any, reserve: npt.ArrayLike, barred: Flags | None
) -> Offered:
    """Apply participation factors, withhold the reserve, bar members from receiving while they inject.

    Parameters
    ----------
    supply, demand : (T, I), (T, J)
        As measured [Wh].
    participation : optional
        One factor, or a pair for producers and consumers; see :func:`evenwatt.sharing.allocate`.
    reserve : (), (I,) or (T, I)
        Withheld before round one [Wh].
    barred : (I, J) bool, optional
        Pairs of one person, where whoever injects cannot receive.

    Raises
    ------
    ProblemError
        Naming every fault.
    """
    taking = participation if isinstance(participation, (tuple, list)) else (participation, participation)
    if len(taking) != 2:
        raise ProblemError(
            f"participation: {len(taking)} entries; expected one number or (producers', consumers')"
        )
    inside = _part(supply, taking[0], "producers"), _part(demand, taking[1], "consumers")
    kept = np.maximum(inside[0] - _reserve(reserve, supply.shape), 0)
    wanted = inside[1]
    if barred is not None:
        wanted = np.where((supply @ barred.astype(np.int64)) > 0, 0, wanted)
    return Offered(supply, demand, np.ascontiguousarray(kept), np.ascontiguousarray(wanted))


def _part(energy: Whole, factor: Any, side: str) -> Whole:
    """Energy times factor, floored to whole Wh."""
    if factor is None:
        return energy
    held = np.asarray(factor, dtype=np.float64)
    with gather(f"participation of {side}", ProblemError) as faults:
        if held.shape not in {(), energy.shape[1:], energy.shape}:
            faults.append(f"shape {held.shape}, expected one number, {energy.shape[1:]} or {energy.shape}")
        if not ((held >= 0) & (held <= 1)).all():
            faults.append("expected factors from 0 to 1")
        elif (np.abs(held * MILLION - np.rint(held * MILLION)) > 1e-6).any():
            faults.append("expected factors of at most six decimals")
    whole: Whole = energy * np.rint(held * MILLION).astype(np.int64) // MILLION
    return whole


def _reserve(reserve: npt.ArrayLike, shape: tuple[int, ...]) -> Whole:
    held = np.asarray(reserve)
    with gather("reserve", ProblemError) as faults:
        if held.shape not in {(), shape[1:], shape}:
            faults.append(f"shape {held.shape}, expected one number, {shape[1:]} or {shape} [Wh]")
        if held.dtype.kind not in "iuf" or not np.isfinite(held).all() or (held != np.floor(held)).any():
            faults.append("expected whole Wh; a share of the supply is a participation factor")
        elif held.size and held.min() < 0:
            faults.append(f"{held.min()} Wh is below 0")
    return held.astype(np.int64)
