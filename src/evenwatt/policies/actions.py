"""What each role may do: its actions with units and bounds, from which checks, prompts and documents are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from evenwatt.policies.seen import Fact

Column = npt.NDArray[Any]
Actions = Mapping[str, Column]
Kind = Literal["number", "whole", "choice", "flag", "list"]

SOURCES = ("none", "utility", "local", "either")
NONE, UTILITY, LOCAL, EITHER = range(4)
MOST_SELLERS = 5  # preferred counterparties an agent may name


@dataclass(frozen=True)
class Action(Fact):
    """One thing an agent decides.

    Attributes
    ----------
    name, unit, meaning : str
        See :class:`Fact`.
    kind : str
        ``number`` (float), ``whole`` (int64), ``choice`` (int64 from 0), ``flag`` (bool) or ``list`` ((n, 5)
        int64, -1 where there is none).
    low, high : float
        What it may be at all; what an agent's state allows is narrower (``evenwatt.policies.feasible``).
    default : float
        Where nothing is said.
    choices : tuple of str
        Names of a choice.
    """

    kind: Kind = "number"
    low: float = -np.inf
    high: float = np.inf
    default: float = 0.0
    choices: tuple[str, ...] = ()


PRICE = {"unit": "currency/MWh", "low": -1e4, "high": 1e5}

_SOURCE = Action(
    "source", "-", "where to buy: nowhere, from the utility, from the local grid, or from either",
    kind="choice", low=0, high=3, default=EITHER, choices=SOURCES,
)  # fmt: skip
_BUYER = (
    _SOURCE,
    Action("bid_per_mwh", meaning="the most to pay in the local auction", default=np.nan, **PRICE),  # type: ignore[arg-type]
    Action(
        "utility", "-", "number of the utility to be served by", kind="whole", low=0, high=1e6, default=-1
    ),
    Action(
        "sellers",
        "-",
        "numbers of preferred sellers, the best first",
        kind="list",
        low=-1,
        high=1e9,
        default=-1,
    ),
)
_CHARGE = Action(
    "charge_wh", "Wh", "to charge the battery by; negative to discharge", kind="whole", low=-1e12, high=1e12
)
_SUPPLIERS = Action(
    "suppliers",
    "-",
    "places of preferred producers, from 0, the best first",
    kind="list",
    low=-1,
    high=1e9,
    default=-1,
)
ACTIONS: Mapping[str, tuple[Action, ...]] = {
    "consumer": _BUYER,
    "prosumer": (
        *_BUYER,
        Action("ask_per_mwh", meaning="the least to take in the local auction", default=np.nan, **PRICE),  # type: ignore[arg-type]
        Action("sell_share", "-", "share of the surplus to offer locally", low=0, high=1, default=1),
        _CHARGE,
        Action("connected", "-", "whether to be joined to the local grid", kind="flag", low=0, high=1, default=1),
        Action("upgrade", "-", "whether to pay for a tenth more panels", kind="flag", low=0, high=1),
    ),
    "producer": (
        Action("ask_per_mwh", meaning="the least to take at wholesale", default=np.nan, **PRICE),  # type: ignore[arg-type]
        Action("output_share", "-", "share of the free capacity to offer", low=0, high=1, default=1),
        Action("contract_per_mwh", meaning="the least to take for a contract", default=np.nan, **PRICE),  # type: ignore[arg-type]
        Action("accept_contracts", "-", "whether to sell by contract", kind="flag", low=0, high=1, default=1),
        Action("least_steps", "steps", "shortest contract to accept", kind="whole", low=1, high=96 * 366, default=1),
        Action("upgrade", "-", "whether to pay for a tenth more capacity", kind="flag", low=0, high=1),
    ),
    "utility": (
        Action("retail_per_mwh", meaning="price to customers", default=np.nan, **PRICE),  # type: ignore[arg-type]
        Action("bid_per_mwh", meaning="the most to pay at wholesale", default=np.nan, **PRICE),  # type: ignore[arg-type]
        Action("purchase_share", "-", "share of the uncovered forecast to buy at wholesale", low=0, high=2, default=1),
        Action("hedge_ratio", "-", "share of the next day to secure by contract", low=0, high=1),
        Action("contract_per_mwh", meaning="the most to pay for a contract", default=np.nan, **PRICE),  # type: ignore[arg-type]
        _SUPPLIERS,
        _CHARGE,
    ),
    "regulator": (
        Action("carbon_change", "-", "relative change of the carbon price", low=-0.1, high=0.1),
        Action("cap_change", "-", "relative change of the price cap", low=-0.1, high=0.1),
        Action("quota_change", "-", "change of the renewable quota", low=-0.02, high=0.02),
        Action("fine_rate", "-", "share of the excess that price gouging costs", low=0, high=2, default=np.nan),
        Action("subsidy_per_mwh", "currency/MWh", "for renewable generation", low=0, high=100, default=np.nan),
    ),
}  # fmt: skip


def defaults(role: str, agents: int) -> dict[str, Column]:
    """Columns of a role's default actions.

    Examples
    --------
    >>> defaults("producer", 2)["output_share"]
    array([1., 1.])
    """
    made: dict[str, Column] = {}
    for action in ACTIONS[role]:
        shape = (agents, MOST_SELLERS) if action.kind == "list" else (agents,)
        made[action.name] = np.full(shape, action.default).astype(TYPES[action.kind])
    return made


TYPES: Mapping[str, type] = {
    "number": np.float64,
    "whole": np.int64,
    "choice": np.int64,
    "flag": np.bool_,
    "list": np.int64,
}
