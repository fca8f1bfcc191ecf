"""What a learner sees and may do as vectors: a name and bounds for each place, in plain numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.policies.actions import ACTIONS, Action
from evenwatt.policies.seen import PUBLIC, SEEN, Observation
from evenwatt.studies.market.setting import Batteries, Population, Rules

Array = npt.NDArray[np.float64]
Column = npt.NDArray[Any]

# Public rows over utilities or producers; the other public facts are single figures.
_ROWS = {"retail_per_mwh": "utilities", "retail_green": "utilities"}
_ROWS |= {"contract_per_mwh": "producers", "contract_green": "producers"}


@dataclass(frozen=True)
class Space:
    """A box of vectors.

    Attributes
    ----------
    names : tuple of k str
        What stands at each place.
    low, high : (k,)
        Bounds, both allowed.

    Examples
    --------
    >>> space = Space(("ask_per_mwh",), np.array([-500.0]), np.array([4000.0]))
    >>> space.shape, space.contains(np.array([60.0])), space.contains(np.array([-501.0]))
    ((1,), True, False)
    """

    names: tuple[str, ...]
    low: Array
    high: Array

    @property
    def shape(self) -> tuple[int]:
        """Of a vector."""
        return (len(self.names),)

    @property
    def dtype(self) -> np.dtype[np.float64]:
        """Of a vector."""
        return np.dtype(np.float64)

    def contains(self, vector: npt.ArrayLike) -> bool:
        """Whether a vector lies within, bounds included."""
        given = np.asarray(vector, dtype=np.float64)
        return given.shape == self.shape and bool(((given >= self.low) & (given <= self.high)).all())

    def sample(self, rng: np.random.Generator) -> Array:
        """A vector by chance, evenly within the bounds.

        Raises
        ------
        ProblemError
            If a bound is not finite.
        """
        if not np.isfinite([self.low, self.high]).all():
            raise ProblemError("space: a vector can be drawn only where all bounds are finite")
        return rng.uniform(self.low, self.high)


def observation_space(role: str, people: Population) -> Space:
    """Own columns of a role, then public figures, then public rows, ``public_<name>_<place>``."""
    names = [fact.name for fact in SEEN[role]]
    names += [f"public_{fact.name}" for fact in PUBLIC if fact.name not in _ROWS]
    for name, part in _ROWS.items():
        names += [f"public_{name}_{place}" for place in range(len(getattr(people, part)))]
    ends = np.full(len(names), np.inf)
    return Space(tuple(names), -ends, ends)


def observed(seen: Observation, row: int, missing: float) -> Array:
    """The vector of one agent; ``missing`` stands for what is not a number."""
    own = [float(seen.own[fact.name][row]) for fact in SEEN[seen.role]]
    figures = [float(seen.public[fact.name]) for fact in PUBLIC if fact.name not in _ROWS]
    rows = [np.asarray(seen.public[name], dtype=np.float64) for name in _ROWS]
    vector: Array = np.concatenate([own, figures, *rows])
    return np.where(np.isnan(vector), missing, vector)


def action_space(role: str, row: int, names: tuple[str, ...], people: Population, rules: Rules) -> Space:
    """Bounds of some actions of one agent: prices between floor and cap, batteries within their power.

    Raises
    ------
    ProblemError
        If a role has no such action, or it is a list of others.
    """
    known = {action.name: action for action in ACTIONS[role]}
    odd = [name for name in names if name not in known or known[name].kind == "list"]
    if odd:
        fit = [name for name, action in known.items() if action.kind != "list"]
        raise ProblemError(f"a {role} cannot learn {', '.join(odd)}; expected some of {', '.join(fit)}")
    ends = np.array([_ends(role, row, known[name], people, rules) for name in names]).reshape(-1, 2)
    return Space(names, ends[:, 0].copy(), ends[:, 1].copy())


def learnable(role: str) -> tuple[str, ...]:
    """Actions of a role that are one number each."""
    return tuple(action.name for action in ACTIONS[role] if action.kind != "list")


def _ends(role: str, row: int, action: Action, people: Population, rules: Rules) -> tuple[float, float]:
    if action.unit == "currency/MWh" and role != "regulator":
        return rules.instruments.floor_per_mwh, rules.instruments.cap_per_mwh
    if action.name == "charge_wh":
        owned, place = _battery(role, row, people)
        return -float(owned.discharge_wh[place]), float(owned.charge_wh[place])
    if action.name == "utility":
        return 0.0, float(max(len(people.utilities) - 1, 0))
    return action.low, action.high


def _battery(role: str, row: int, people: Population) -> tuple[Batteries, int]:
    if role == "utility":
        return people.utilities.batteries, row
    return people.households.batteries, row + people.households.consumers


def decided(
    role: str, names: tuple[str, ...], vectors: Mapping[int, Array], usual: Mapping[str, Column]
) -> dict[str, Column]:
    """Columns of a role's actions, of which some rows are those of vectors, the rest as usual.

    Parameters
    ----------
    vectors : mapping of row to (k,)
        Values of the actions named; what is not a number leaves the action as usual.
    """
    known = {action.name: action for action in ACTIONS[role]}
    made = dict(usual)
    for place, name in enumerate(names):
        column = np.array(usual[name])
        for row, vector in vectors.items():
            if not np.isnan(vector[place]):
                column[row] = _told(known[name], float(vector[place]))
        made[name] = column
    return made


def _told(action: Action, value: float) -> float | int:
    if action.kind == "number":
        return value
    # Infinities are as far as the action goes.
    return round(min(max(value, action.low), action.high))
