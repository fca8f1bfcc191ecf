"""What agents may really do: any answer, however odd, becomes feasible actions, and every change is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.policies.actions import ACTIONS, MOST_SELLERS, TYPES, Action, Actions
from evenwatt.policies.battery import limits
from evenwatt.policies.clips import Clip, Clips, Tally
from evenwatt.policies.reading import Array, Column, own, public
from evenwatt.policies.seen import Observation
from evenwatt.policies.unsaid import bounds, unsaid

__all__ = ["Clip", "Clips", "feasible"]

Flags = npt.NDArray[np.bool_]


def feasible(seen: Observation, asked: Actions) -> tuple[dict[str, Column], Clips]:
    """Actions that the agents' bounds and states allow, as near to what was asked as can be.

    What is not a number becomes the default, which for prices is what the agent's state suggests: a household
    bids the lower of its value and tariff and asks for the feed-in tariff, a producer asks for its cost, prices
    and instruments in force stay. Prices of orders are brought within cap and floor, batteries within what they
    hold, and unknown utilities and suppliers are not chosen. How much money there is for a bid is for the
    market to see to.

    Parameters
    ----------
    seen : Observation
        Of n agents of one role.
    asked : mapping of str to (n,)
        Anything; columns that are right are handed on, not copied.

    Returns
    -------
    dict of str to (n,)
        Every action of the role, of its own type, finite.
    Clips
        What was changed.

    Examples
    --------
    >>> own = {"cost_per_mwh": np.array([20.0, 30.0])}
    >>> seen = Observation("producer", 0, np.array([7, 8]), own, {"cap_per_mwh": 100.0})
    >>> actions, clips = feasible(seen, {"ask_per_mwh": np.array([np.nan, 1e9])})
    >>> actions["ask_per_mwh"], clips.counts, clips.fields["ask_per_mwh"].asked
    (array([ 20., 100.]), {'ask_per_mwh': 1}, 1000000000.0)
    """
    tally = Tally(seen)
    wished: Mapping[str, Any] = asked if isinstance(asked, Mapping) else {}
    if wished is not asked:
        tally.odd["*"] = f"{type(asked).__name__} in place of columns"
    known = {action.name for action in ACTIONS[seen.role]}
    tally.odd |= {str(name): "unknown" for name in wished if name not in known}
    made: dict[str, Column] = {}
    for action in ACTIONS[seen.role]:
        made[action.name] = _read(action, wished, seen, tally)
    for name, check in _CHECKS.items():
        if name in made:
            made[name] = check(seen, made[name], tally)
    if seen.role == "regulator":
        _wait(seen, made, tally)
    return made, tally.told(wished, made)


def _read(action: Action, asked: Mapping[str, Any], seen: Observation, tally: Tally) -> Column:
    """One column, of its type and within its bounds."""
    if action.name not in asked:
        tally.odd[action.name] = "left out"
        return unsaid(action, seen)
    given = asked[action.name]
    shape = (len(seen), MOST_SELLERS) if action.kind == "list" else (len(seen),)
    if type(given) is np.ndarray and given.dtype == TYPES[action.kind] and given.shape == shape:
        if _fits(action, given, seen):
            return given
        numbers = given.astype(np.float64)
    else:
        numbers = _numbers(given, shape, action.name, tally)
    kind = "choice" if action.name == "utility" else action.kind
    return _READERS[kind](action, numbers, seen, tally)


def _fits(action: Action, given: Column, seen: Observation) -> bool:
    """Whether nothing has to be changed; what is not a number fits nowhere."""
    if action.kind == "flag" or not given.size:
        return True
    low, high = bounds(action, seen)
    return bool(given.min() >= low and given.max() <= high)


def _numbers(given: Any, shape: tuple[int, ...], name: str, tally: Tally) -> Array:
    """Anything as floats of the shape; what is no number becomes not a number."""
    try:
        found = np.asarray(given)
    except (TypeError, ValueError, OverflowError):
        found = np.empty((), dtype=object)
    tally.odd[name] = f"{found.dtype}{list(found.shape)}"
    if found.shape != shape or found.dtype.kind not in "biufO":
        return np.full(shape, np.inf)  # Not "nothing said", but something that means nothing.
    with np.errstate(all="ignore"):
        if found.dtype.kind != "O":
            return found.astype(np.float64)
        return np.array([_number(value) for value in found.ravel()], dtype=np.float64).reshape(shape)


def _number(value: object) -> float:
    if isinstance(value, (bool, int, float, np.number, np.bool_)) and not isinstance(
        value, np.complexfloating
    ):
        try:
            return float(value)
        except OverflowError:
            return float("inf")
    return float("inf")


def _number_column(action: Action, given: Array, seen: Observation, tally: Tally) -> Column:
    """Clipped to its bounds; not a number means that nothing was said, which is an error only where it is none."""
    finite = np.isfinite(given)
    low, high = bounds(action, seen)
    clipped = np.clip(given, low, high)
    silent = np.isnan(given) if np.isnan(action.default) else np.zeros(len(given), dtype=np.bool_)
    tally.add(action.name, (clipped != given) & ~silent | ~(finite | silent))
    return clipped if finite.all() else np.where(finite, clipped, unsaid(action, seen))


def _whole_column(action: Action, given: Array, seen: Observation, tally: Tally) -> Column:
    """Rounded and clipped; the default is always allowed, as it says that nothing was said."""
    finite = np.isfinite(given)
    silent = given == action.default
    used = np.where(finite & ~silent, np.clip(np.rint(given), action.low, action.high), action.default)
    tally.add(action.name, used != given)
    return used.astype(np.int64)


def _choice_column(action: Action, given: Array, seen: Observation, tally: Tally) -> Column:
    """One of the choices, or the default: the nearest number of a choice means nothing."""
    sound = (given >= action.low) & (given <= action.high) & (given == np.rint(given))
    tally.add(action.name, ~sound & (given != action.default))
    return np.where(sound, given, action.default).astype(TYPES[action.kind])


def _list_column(action: Action, given: Array, seen: Observation, tally: Tally) -> Column:
    """Numbers of others, and nobody where the number means nobody."""
    sound = (given >= action.low) & (given <= action.high) & (given == np.rint(given))
    tally.add(action.name, ~sound.all(axis=1))
    return np.where(sound, given, action.default).astype(np.int64)


_READERS: Mapping[str, Callable[[Action, Array, Observation, Tally], Column]] = {
    "number": _number_column,
    "whole": _whole_column,
    "choice": _choice_column,
    "flag": _choice_column,
    "list": _list_column,
}


def _utility(seen: Observation, asked: Column, tally: Tally) -> Column:
    """A utility that exists; else the present one stays."""
    utilities = len(public(seen, "retail_per_mwh"))
    if len(asked) and asked.min() >= 0 and asked.max() < utilities:
        return asked
    exists = (asked >= 0) & (asked < utilities)
    tally.add("utility", ~exists & (asked != -1))
    present = own(seen, "utility", -1.0)
    valid = (present >= 0) & (present < utilities)
    present = np.where(valid, present, 0 if utilities else -1).astype(np.int64)
    return np.where(exists, asked, present)


def _suppliers(seen: Observation, asked: Column, tally: Tally) -> Column:
    """Producers that exist."""
    unknown: Flags = asked >= len(public(seen, "contract_per_mwh"))
    if not unknown.any():
        return asked
    tally.add("suppliers", np.logical_or.reduce(unknown, axis=1))
    return np.where(unknown, -1, asked)


def _charge(seen: Observation, asked: Column, tally: Tally) -> Column:
    """What the battery can take or give."""
    if not asked.any():
        return asked
    charge, discharge = limits(seen)
    used = np.minimum(asked, charge, out=charge)
    np.maximum(used, np.negative(discharge, out=discharge), out=used)
    if np.array_equal(used, asked):
        return asked
    tally.add("charge_wh", used != asked)
    return used


def _upgrade(seen: Observation, asked: Column, tally: Tally) -> Column:
    """Only what can be paid for."""
    if not asked.any():
        return asked
    poor = asked & ~(own(seen, "cash_micro") >= own(seen, "upgrade_cost_micro"))
    tally.add("upgrade", poor)
    return asked & ~poor


_CHECKS: Mapping[str, Callable[[Observation, Column, Tally], Column]] = {
    "utility": _utility,
    "suppliers": _suppliers,
    "charge_wh": _charge,
    "upgrade": _upgrade,
}


def _wait(seen: Observation, made: dict[str, Column], tally: Tally) -> None:
    """Between reviews the instruments stay what they are."""
    waiting: Flags = ~own(seen, "review", 1.0).astype(np.bool_)
    if not waiting.any():
        return
    for action in ACTIONS["regulator"]:
        stays = unsaid(action, seen)
        different: Flags = made[action.name] != stays
        tally.add(action.name, waiting & different)
        made[action.name] = np.where(waiting, stays, made[action.name])
