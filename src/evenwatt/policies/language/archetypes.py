"""Who is in the same situation: agents whose rounded observations are equal share one question."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from evenwatt.policies.persona import PERSONAS
from evenwatt.policies.seen import Observation

Column = npt.NDArray[Any]
Whole = npt.NDArray[np.int64]
Grain = Literal["price", "share", "amount", "money", "flag"]

PREFERENCES = ("margin", "green", "hedge", "activity")
OWN = "own"  # a persona that is none of the table's
_COARSEST = 6  # each level doubles every grain; at the last but one only personas differ, at the last nothing
_HOUSEHOLD: Mapping[str, Grain] = {
    "value_per_mwh": "price", "tariff_per_mwh": "price", "local_per_mwh": "price", "load_wh": "amount",
    "cash_micro": "money", "connected": "flag",
}  # fmt: skip
SHOWN: Mapping[str, Mapping[str, Grain]] = {
    "consumer": _HOUSEHOLD,
    "prosumer": {
        **_HOUSEHOLD, "pv_wh": "amount", "battery_wh": "amount", "stored_share": "share",
        "local_gain_micro": "money", "fee_micro": "money", "upgrade_cost_micro": "money", "upgrade_gain_micro": "money",
    },
    "producer": {
        "cost_per_mwh": "price", "expected_per_mwh": "price", "capacity_wh": "amount", "contracted_share": "share",
        "sold_share": "share", "renewable": "flag", "cash_micro": "money", "upgrade_cost_micro": "money",
        "upgrade_gain_micro": "money",
    },
    "utility": {
        "cost_per_mwh": "price", "retail_per_mwh": "price", "expected_per_mwh": "price", "customers": "amount",
        "forecast_wh": "amount", "covered_share": "share", "renewable_share": "share", "quota": "share",
        "stored_share": "share", "cash_micro": "money",
    },
    "regulator": {
        "hhi": "share", "lerner": "share", "rsi_least": "share", "pivotal_share": "share", "renewable_share": "share",
        "renewable_target": "share", "mean_per_mwh": "price", "reference_per_mwh": "price", "unserved_share": "share",
        "fund_micro": "money", "carbon_per_t": "price", "quota": "share", "fine_rate": "share",
        "subsidy_per_mwh": "price",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Archetype:
    """Agents in the same situation.

    Attributes
    ----------
    rows : (k,)
        Their rows in the observation.
    persona : str
        By the table of personas; ``own`` where it is none of it, empty for a role without.
    preferences : mapping of str to float
        The persona's figures; None where there is none.
    situation : mapping of str to value
        Medians, rounded; None where there is nothing to see yet.
    """

    rows: Whole
    persona: str
    preferences: Mapping[str, float | None]
    situation: Mapping[str, float | bool | None]


def archetypes(seen: Observation, *, most: int) -> list[Archetype]:
    """Agents by persona and rounded observation, in an order that does not depend on theirs.

    Prices are rounded to 1 per MWh, shares to tenths, money to powers of ten, amounts to powers of two. While that
    makes more groups than ``most``, all grains are doubled; in the end only personas differ, and then nothing.

    Parameters
    ----------
    seen : Observation
        Of n agents of one role.
    most : int
        The most groups, at least 1.

    Examples
    --------
    >>> own = {"cost_per_mwh": np.array([20.0, 20.2, 35.0])}
    >>> found = archetypes(Observation("producer", 0, np.arange(3), own), most=10)
    >>> [(group.rows.tolist(), group.situation["cost_per_mwh"]) for group in found]
    [([0, 1], 20.0), ([2], 35.0)]
    """
    if not len(seen):
        return []
    columns = _columns(seen)
    preferences = [np.round(np.asarray(seen.own[name], float), 6) for name in PREFERENCES if name in seen.own]
    grains = SHOWN[seen.role]
    for level in range(_COARSEST + 2):
        coded = [_code(values, grains[name], level) for name, values in columns.items() if level < _COARSEST]
        keys = [*(preferences if level <= _COARSEST else []), *coded]
        group, count = _grouped(keys, len(seen))
        if count <= most:
            break
    return [
        Archetype(rows, *_persona(seen, rows), _situation(columns, grains, rows))
        for rows in np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    ]


def _columns(seen: Observation) -> dict[str, Column]:
    """What is shown of the agents, made from what they see."""
    found: dict[str, Column] = {}
    for name in SHOWN[seen.role]:
        if name in _SHARES and all(part in seen.own for part in _SHARES[name]):
            part, whole = (np.asarray(seen.own[one], float) for one in _SHARES[name])
            found[name] = np.divide(part, whole, out=np.zeros(len(seen)), where=whole > 0)
        elif name in seen.own:
            found[name] = np.asarray(seen.own[name])
    return found


_SHARES = {
    "stored_share": ("stored_wh", "battery_wh"),
    "contracted_share": ("contracted_wh", "capacity_wh"),
    "sold_share": ("last_sold_wh", "last_offered_wh"),
}


def _grouped(keys: list[Column], agents: int) -> tuple[Whole, int]:
    """A number for each agent, equal where all keys are, and how many there are."""
    group = np.zeros(agents, dtype=np.int64)
    for key in keys:
        values, place = np.unique(key, return_inverse=True)
        _, group = np.unique(group * len(values) + place.reshape(-1), return_inverse=True)
        group = group.reshape(-1).astype(np.int64)
    return group, int(group.max()) + 1


_NOTHING = -(2**40)  # the code of what is not a number


def _code(values: Column, grain: Grain, level: int) -> Whole:
    """Whole numbers that are equal where rounded values are."""
    found = np.nan_to_num(values.astype(np.float64), nan=np.nan, posinf=np.nan, neginf=np.nan)
    coded = np.rint(_STEPS[grain](found) / 2**level)
    return np.where(np.isnan(coded), _NOTHING, coded).astype(np.int64)


def _powers(base: float) -> Callable[[Column], Column]:
    """Sizes: how many times the base, with the sign."""
    return lambda values: np.sign(values) * np.log1p(np.abs(values)) / math.log(base)


_STEPS: Mapping[Grain, Callable[[Column], Column]] = {
    "price": lambda values: np.clip(values, -1e9, 1e9),
    "share": lambda values: np.clip(values, -1e6, 1e6) * 10,
    "amount": _powers(2),
    "money": _powers(10),
    "flag": lambda values: values,
}


def _persona(seen: Observation, rows: Whole) -> tuple[str, dict[str, float | None]]:
    """Name and figures of the persona; the median where several were put together."""
    found = {name: _median(seen.own[name][rows]) for name in PREFERENCES if name in seen.own}
    if not found:
        return "", {}
    for name, row in PERSONAS.items():
        if found == dict(
            zip(PREFERENCES, (row.margin, row.green_per_mwh, row.hedge, row.activity), strict=True)
        ):
            return name, dict(found)
    return OWN, {name: value if math.isfinite(value) else None for name, value in found.items()}


def _situation(
    columns: Mapping[str, Column], grains: Mapping[str, Grain], rows: Whole
) -> dict[str, float | bool | None]:
    return {name: rounded(_median(values[rows]), grains[name]) for name, values in columns.items()}


def _median(values: Column) -> float:
    """The lower median, which is one of the values; what is not a number counts as the largest."""
    return float(
        np.partition(np.asarray(values, dtype=np.float64), (len(values) - 1) // 2)[(len(values) - 1) // 2]
    )


def rounded(value: float, grain: Grain) -> float | bool | None:
    """A value as it is shown; None if it is not a number.

    Examples
    --------
    >>> rounded(52.37, "price"), rounded(0.449, "share"), rounded(1234.0, "amount"), rounded(3.2e9, "money")
    (52.0, 0.4, 1200.0, 1000.0)
    """
    if not math.isfinite(value):
        return None
    if grain == "flag":
        return bool(value)
    if grain == "money":  # micro-units, shown in units by their power of ten
        units = abs(value) / 1e6
        return math.copysign(10.0 ** math.floor(math.log10(units)), value) if units >= 1 else 0.0
    digits = {"price": 0, "share": 1, "amount": 1 - math.floor(math.log10(abs(value))) if value else 0}[grain]
    return round(value, digits) + 0.0
