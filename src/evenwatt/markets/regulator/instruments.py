"""What a regulator has set, how far it may go, and how fast: nothing that is asked for goes further."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Limit:
    """How far an instrument may go, and how fast.

    Attributes
    ----------
    low, high : float
        Least and largest value [unit of the instrument].
    step : float
        Largest change of a review [unit of the instrument].
    share : float
        Largest change of a review as a share of the value, where that is more than ``step`` [-].
    """

    low: float
    high: float
    step: float
    share: float = 0.0

    def room(self, value: float) -> float:
        """Largest change of a review from here [unit of the instrument]."""
        return max(self.step, self.share * abs(value))


# Prices and the carbon price move by a tenth; near 0, where a tenth is nothing, by the step.
LIMITS: Mapping[str, Limit] = MappingProxyType({
    "cap_per_mwh": Limit(1.0, 100_000.0, step=1.0, share=0.1),
    "floor_per_mwh": Limit(-100_000.0, 0.0, step=1.0, share=0.1),
    "carbon_per_t": Limit(0.0, 300.0, step=1.0, share=0.1),
    "quota": Limit(0.0, 1.0, step=0.02),
    "quota_penalty_per_mwh": Limit(0.0, 200.0, step=20.0),
    "fine_rate": Limit(0.0, 2.0, step=0.5),
    "fine_tolerance": Limit(0.05, 1.0, step=0.1),
    "subsidy_per_mwh": Limit(0.0, 100.0, step=10.0),
})  # fmt: skip


@dataclass(frozen=True)
class Instruments:
    """What the regulator has set.

    Attributes
    ----------
    cap_per_mwh, floor_per_mwh : float
        Prices of orders are clipped to these; the floor is not above 0, the cap is [currency per MWh].
    carbon_per_t : float
        Carbon price [currency per t].
    quota : float
        Renewable share of a utility's sales [-].
    quota_penalty_per_mwh : float
        For what is short of it [currency per MWh].
    fine_rate : float
        Fine as a share of the excess of a price over the tolerated one, times volume [-].
    fine_tolerance : float
        How far above the reference price is tolerated [-].
    subsidy_per_mwh : float
        For renewable generation, as far as the fund reaches [currency per MWh].

    Raises
    ------
    ProblemError
        If a value is outside its ``LIMITS``; names all of them.

    Examples
    --------
    >>> Instruments(cap_per_mwh=180.0).clip(np.array([90.0, 4000.0, -900.0]))
    array([  90.,  180., -500.])
    """

    cap_per_mwh: float = 4000.0
    floor_per_mwh: float = -500.0
    carbon_per_t: float = 0.0
    quota: float = 0.0
    quota_penalty_per_mwh: float = 50.0
    fine_rate: float = 0.0
    fine_tolerance: float = 0.25
    subsidy_per_mwh: float = 0.0

    def __post_init__(self) -> None:
        with gather("instruments", ProblemError) as faults:
            for name, value in asdict(self).items():
                limit = LIMITS[name]
                if not limit.low <= value <= limit.high:
                    faults.append(f"{name} {value:g}: expected {limit.low:g} to {limit.high:g}")

    def clip(self, prices: npt.ArrayLike) -> Array:
        """Prices of orders within floor and cap; what is not a number stays so [currency per MWh]."""
        clipped: Array = np.clip(np.asarray(prices, dtype=np.float64), self.floor_per_mwh, self.cap_per_mwh)
        return clipped


@dataclass(frozen=True)
class Change:
    """One instrument that was to be changed.

    Attributes
    ----------
    instrument : str
        Its name in :class:`Instruments`.
    before, after : float
        In force until now, and from the next step.
    reason : str
        ``as asked``, or what was asked for and what it met.
    """

    instrument: str
    before: float
    after: float
    reason: str


def wanted(
    now: Instruments,
    *,
    carbon_change: float = 0.0,
    cap_change: float = 0.0,
    quota_change: float = 0.0,
    fine_rate: float = np.nan,
    subsidy_per_mwh: float = np.nan,
) -> dict[str, float]:
    """The values a regulator's decision asks for, whether or not they are allowed.

    Parameters
    ----------
    now : Instruments
        In force.
    carbon_change, cap_change : float
        Changes as shares of the value; of 10, where it is less [-].
    quota_change : float
        Change [-].
    fine_rate, subsidy_per_mwh : float
        New values; not a number leaves them.

    Examples
    --------
    >>> wanted(Instruments(carbon_per_t=50.0), carbon_change=0.1)["carbon_per_t"]
    55.0
    """
    return {
        "carbon_per_t": now.carbon_per_t + carbon_change * max(now.carbon_per_t, 10.0),
        "cap_per_mwh": now.cap_per_mwh + cap_change * max(now.cap_per_mwh, 10.0),
        "quota": now.quota + quota_change,
        "fine_rate": fine_rate,
        "subsidy_per_mwh": subsidy_per_mwh,
    }


def bounded(now: Instruments, changes: Mapping[str, float]) -> tuple[Instruments, list[Change]]:
    """The instruments after a review: as asked for, as far and as fast as they may go.

    Parameters
    ----------
    now : Instruments
        In force.
    changes : mapping of str to float
        New values by instrument, whatever they are; what is not a number leaves the instrument alone.

    Returns
    -------
    instruments : Instruments
        In force from the next step.
    changed : list of Change
        A row for each instrument that was to be changed, whether or not it was.

    Raises
    ------
    ProblemError
        If there is no such instrument.

    Examples
    --------
    >>> after, changed = bounded(Instruments(carbon_per_t=50.0), {"carbon_per_t": 1e9, "quota": 0.01})
    >>> after.carbon_per_t, after.quota
    (55.0, 0.01)
    >>> [change.reason for change in changed]
    ['asked for 1e+09, may change by 5 a review', 'as asked']
    """
    with gather("instruments", ProblemError) as faults:
        faults += [f"no '{name}'; there are {', '.join(LIMITS)}" for name in changes if name not in LIMITS]
    held = asdict(now)
    moved = [_moved(name, held[name], float(asked)) for name, asked in changes.items()]
    changed = [change for change in moved if change is not None]
    return replace(now, **{change.instrument: change.after for change in changed}), changed


def _moved(name: str, before: float, asked: float) -> Change | None:
    if np.isnan(asked) or asked == before:
        return None
    limit = LIMITS[name]
    room = limit.room(before)
    within = min(max(asked, limit.low), limit.high)
    after = min(max(within, before - room), before + room)
    if after == asked:
        return Change(name, before, after, "as asked")
    met = (
        f"may change by {room:g} a review"
        if after != within
        else f"lies within {limit.low:g} to {limit.high:g}"
    )
    return Change(name, before, after, f"asked for {asked:g}, {met}")
