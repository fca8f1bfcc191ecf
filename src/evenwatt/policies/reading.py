"""Reads an observation without ever failing: what is missing or absurd is read as something stated."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.policies.seen import Observation

Array = npt.NDArray[np.float64]
Column = npt.NDArray[Any]


def figure(seen: Observation, name: str, otherwise: float = 0.0) -> float:
    """A public figure, or ``otherwise`` where there is none or it is not finite.

    Examples
    --------
    >>> figure(Observation("consumer", 0, np.zeros(0, int), {}, {"cap_per_mwh": np.nan}), "cap_per_mwh", 4000.0)
    4000.0
    """
    try:
        found = float(seen.public[name])
    except (KeyError, TypeError, ValueError):
        return otherwise
    return found if math.isfinite(found) else otherwise


def public(seen: Observation, name: str) -> Array:
    """A public row over utilities or producers; empty where there is none."""
    return np.atleast_1d(np.asarray(seen.public.get(name, ()), dtype=np.float64))


def some(seen: Observation, rows: npt.NDArray[np.int64], names: tuple[str, ...]) -> Observation:
    """The same for some agents and with some columns only: copying all of them is what takes the time."""
    return replace(seen, agents=seen.agents[rows], own={name: seen.own[name][rows] for name in names})


def own(seen: Observation, name: str, otherwise: float = np.nan) -> Column:
    """(n,) an own column, or ``otherwise`` for everybody where it is missing."""
    found = seen.own.get(name)
    return np.full(len(seen), otherwise) if found is None else found
