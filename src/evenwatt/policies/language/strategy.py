"""Carries out strategies step by step: a model says what it wants for hours, and arithmetic does it every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.policies.actions import MOST_SELLERS, Actions, defaults
from evenwatt.policies.battery import limits
from evenwatt.policies.language.schema import BATTERY, STORAGE, Field, fields
from evenwatt.policies.reading import figure, own, public
from evenwatt.policies.seen import Observation

Column = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]
Strategies = Mapping[str, Column]

_STARTS: Mapping[str, Any] = {
    "number": np.float64(0),
    "whole": np.int64(0),
    "choice": np.int64(0),
    "flag": np.False_,
    "list": np.full(MOST_SELLERS, -1, dtype=np.int64),
}


def starts(role: str) -> dict[str, Any]:
    """What each column of strategies begins with, for one agent."""
    return {field.name: _STARTS[field.kind] for field in fields(role)}


def written(field: Field, value: Any) -> Any:
    """A decision's value as it is held in a column.

    Examples
    --------
    >>> written(fields("consumer")[2], (3, 1))
    array([ 3,  1, -1, -1, -1])
    """
    if field.kind == "choice":
        return field.choices.index(value)
    if field.kind == "list":
        return np.array([*value, *[-1] * (MOST_SELLERS - len(value))], dtype=np.int64)
    return value


def carried_out(
    seen: Observation, held: Strategies, rule: Actions, *, led: Flags, fresh: Flags
) -> dict[str, Column]:
    """Actions of a step.

    Parameters
    ----------
    seen : Observation
        Of n agents.
    held : mapping of str to (n,)
        Strategies in force.
    rule : mapping of str to (n,)
        What the rule policy does: the actions of all who have no strategy, and of whatever a strategy does not say.
    led : (n,)
        Who has a strategy.
    fresh : (n,)
        Whose strategy was decided in this very step: what is done once is done by these.

    Returns
    -------
    dict of str to (n,)
        All actions of the role.

    Examples
    --------
    >>> seen = Observation("producer", 0, np.array([4]), {"cost_per_mwh": np.array([40.0])})
    >>> held = {name: np.array([start]) for name, start in starts("producer").items()}
    >>> held["markup"] = np.array([0.25])
    >>> yes = np.array([True])
    >>> carried_out(seen, held, {}, led=yes, fresh=yes)["ask_per_mwh"]
    array([50.])
    """
    made = {**defaults(seen.role, len(seen)), **rule}
    if not led.any():
        return made
    for name, values in _ROLES[seen.role](seen, held, made, fresh).items():
        chosen = led[:, None] if values.ndim == 2 else led
        made[name] = np.where(chosen, values, made[name])
    return made


def _consumer(seen: Observation, held: Strategies, rule: Strategies, fresh: Flags) -> dict[str, Column]:
    """Nobody pays more than energy is worth to him, and whoever was chosen is served at the posted price."""
    return {
        "source": held["source"],
        "bid_per_mwh": np.fmin(held["max_price"], own(seen, "value_per_mwh")),
        "utility": _first_that_serves(held["sellers"], public(seen, "retail_per_mwh"), rule["utility"]),
    }


def _first_that_serves(chosen: Column, prices: Column, otherwise: Column) -> Column:
    """The first chosen utility that still posts a price."""
    serves = np.append(np.isfinite(prices), False)  # -1 reads the last, which is nobody
    sound = serves[np.where(chosen < len(prices), chosen, -1)]
    first = chosen[np.arange(len(chosen)), np.argmax(sound, axis=1)] if chosen.size else chosen[:, 0]
    served: Column = np.where(sound.any(axis=1), first, otherwise)
    return served


def _prosumer(seen: Observation, held: Strategies, rule: Strategies, fresh: Flags) -> dict[str, Column]:
    return {
        **_consumer(seen, held, rule, fresh),
        "ask_per_mwh": held["min_price"],
        "sell_share": held["sell_share"],
        "charge_wh": _by_mode(seen, held["battery"]),
        "connected": held["connected"],
        "upgrade": _once(seen, held["upgrade"], fresh),
    }


def _by_mode(seen: Observation, mode: Column) -> Column:
    """What each battery does: serve the own roof, trade between the day's quartiles, or nothing."""
    charge, discharge = limits(seen)
    surplus = own(seen, "pv_wh", 0) - own(seen, "load_wh", 0)
    use: Column = np.clip(surplus, -discharge, charge)
    price = own(seen, "local_per_mwh")
    price = np.where(np.isnan(price), own(seen, "tariff_per_mwh"), price)
    low, high = figure(seen, "low_per_mwh"), figure(seen, "high_per_mwh")
    back = own(seen, "charge_efficiency", 1.0) * own(seen, "discharge_efficiency", 1.0)
    pays = price * back > low + own(seen, "wear_per_mwh", 0.0)
    dear = (price >= high) & pays
    trade = np.select([dear, price <= low], [-discharge, charge], use)
    modes = [mode == BATTERY.index(name) for name in ("self-use", "threshold")]
    charged: Column = np.select(modes, [use, trade], 0).astype(np.int64)
    return charged


def _producer(seen: Observation, held: Strategies, rule: Strategies, fresh: Flags) -> dict[str, Column]:
    return {
        "ask_per_mwh": _above_cost(seen, held["markup"], rule["ask_per_mwh"]),
        "output_share": held["output_share"],
        "accept_contracts": held["accept_contracts"],
        "least_steps": held["min_contract_steps"],
        "upgrade": _once(seen, held["upgrade"], fresh),
    }


def _utility(seen: Observation, held: Strategies, rule: Strategies, fresh: Flags) -> dict[str, Column]:
    charge, discharge = limits(seen)
    storage = held["storage"]
    modes = [storage == STORAGE.index(name) for name in ("increase", "decrease")]
    return {
        "retail_per_mwh": _above_cost(seen, held["retail_markup"], rule["retail_per_mwh"]),
        "hedge_ratio": held["hedge_ratio"],
        "contract_per_mwh": held["max_contract_price"],
        "suppliers": _green_first(seen, held, rule["suppliers"]),
        "charge_wh": np.select(modes, [charge, -discharge], 0).astype(np.int64),
    }


def _green_first(seen: Observation, held: Strategies, otherwise: Column) -> Column:
    """Suppliers as they were named; while the target is not reached, those with renewable energy before others."""
    named = held["suppliers"]
    green = np.append(public(seen, "contract_green") > 0.5, False)
    is_green = green[np.where(named < len(green) - 1, named, -1)]
    share: Column = own(seen, "renewable_share", 0.0)
    missed = np.reshape(share < held["renewable_target"], (-1, 1))
    rank = np.where(named < 0, 2, np.where(missed & ~is_green, 1, 0))
    ordered: Column = np.take_along_axis(named, np.argsort(rank, axis=1, kind="stable"), axis=1)
    chosen: Column = np.where(np.any(named >= 0, axis=1, keepdims=True), ordered, otherwise)
    return chosen


def _regulator(seen: Observation, held: Strategies, rule: Strategies, fresh: Flags) -> dict[str, Column]:
    """Instruments change in the step of the decision, and then stay."""
    acts = fresh & ~held["no_action"]
    return {
        "carbon_change": np.where(acts, held["carbon_change_pct"] / 100, 0.0),
        "cap_change": np.where(acts, held["cap_change_pct"] / 100, 0.0),
        "quota_change": np.where(acts, held["quota_change"], 0.0),
        "fine_rate": np.where(acts, held["fine_rate"], np.nan),
        "subsidy_per_mwh": np.where(acts, held["subsidy"], np.nan),
    }


def _above_cost(seen: Observation, markup: Column, otherwise: Column) -> Column:
    """Cost and markup; also right where cost is negative. Where it is not known, what the rule says."""
    cost = own(seen, "cost_per_mwh")
    return np.where(np.isfinite(cost), cost + markup * np.abs(cost), otherwise)


def _once(seen: Observation, wanted: Column, fresh: Flags) -> Column:
    """An upgrade is paid for once a decision, by those who have the money."""
    paid: Column = wanted & fresh & (own(seen, "cash_micro") >= own(seen, "upgrade_cost_micro"))
    return paid


_ROLES: Mapping[str, Callable[[Observation, Strategies, Strategies, Flags], dict[str, Column]]] = {
    "consumer": _consumer,
    "prosumer": _prosumer,
    "producer": _producer,
    "utility": _utility,
    "regulator": _regulator,
}
