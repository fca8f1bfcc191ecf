"""What a persona is: a row of preference parameters, so that it has an effect that can be measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather

Battery = Literal["self-use", "threshold"]
SELF_USE: Battery = "self-use"
THRESHOLD: Battery = "threshold"


@dataclass(frozen=True)
class Persona:
    """Preferences of an agent; the figures are choices of this package, not measurements.

    Attributes
    ----------
    name : str
        Of the persona.
    margin : float
        What is added to cost, or taken off value [-].
    green_per_mwh : float
        What renewable energy is worth more [currency per MWh].
    hedge : float
        Share of the expected volume to secure by contract [-].
    activity : float
        Chance of deciding anew in a step; otherwise the last decision stands [-].
    battery : str
        ``self-use``: keep the own surplus for the own deficit; ``threshold``: trade on the day's quartiles.
    """

    name: str
    margin: float
    green_per_mwh: float
    hedge: float
    activity: float
    battery: Battery


PERSONAS: Mapping[str, Persona] = {
    row.name: row
    for row in (
        Persona("balanced", 0.10, 5.0, 0.6, 1.0, SELF_USE),
        Persona("eco", 0.08, 20.0, 0.6, 1.0, SELF_USE),
        Persona("greedy", 0.25, 0.0, 0.3, 1.0, THRESHOLD),
        Persona("profit-driven", 0.18, 0.0, 0.5, 1.0, THRESHOLD),
        Persona("depressed", 0.05, 0.0, 0.9, 0.3, SELF_USE),
    )
}
ALIASES: Mapping[str, str] = {
    "neutral": "balanced",
    "default": "balanced",
    "eco-friendly": "eco",
    "environmentally-conscious": "eco",
}
# Two vocabularies are in use for utilities, and both are understood.
UTILITY_TYPES = ("eco-friendly", "balanced", "greedy")
UTILITY_PERSONAS = ("environmentally conscious", "greedy", "depressed")


def persona(name: str) -> Persona:
    """The persona of a name or alias, in any case and with spaces, hyphens or underscores.

    Raises
    ------
    ProblemError
        If there is none; names the nearest.

    Examples
    --------
    >>> persona("Environmentally conscious").name
    'eco'
    >>> persona("gredy")
    Traceback (most recent call last):
    ...
    evenwatt.core.errors.ProblemError: persona: unknown 'gredy'; did you mean 'greedy'? expected one of balanced, \
eco, greedy, profit-driven, depressed
    """
    with gather("persona", ProblemError) as faults:
        found = _found(name, faults)
    return PERSONAS[found]


def columns(names: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """Preferences of many agents as the columns that they see.

    Parameters
    ----------
    names : sequence of n str
        Personas or aliases.

    Returns
    -------
    dict of (n,)
        ``margin``, ``green``, ``hedge`` and ``activity``, as in ``evenwatt.policies.SEEN``, and
        ``trades_battery``, whether the battery is traded by threshold.

    Raises
    ------
    ProblemError
        Naming every unknown persona.

    Examples
    --------
    >>> columns(["greedy", "neutral"])["margin"]
    array([0.25, 0.1 ])
    """
    spellings = {name: place for place, name in enumerate(dict.fromkeys(names))}
    with gather("personas", ProblemError) as faults:
        kinds = [_found(name, faults) for name in spellings]
    which = np.array([spellings[name] for name in names], dtype=np.int64)
    rows = [PERSONAS[kind] for kind in kinds]
    table = {
        "margin": [row.margin for row in rows],
        "green": [row.green_per_mwh for row in rows],
        "hedge": [row.hedge for row in rows],
        "activity": [row.activity for row in rows],
    }
    made: dict[str, npt.NDArray[Any]] = {name: np.array(held, float)[which] for name, held in table.items()}
    made["trades_battery"] = np.array([row.battery == THRESHOLD for row in rows], dtype=np.bool_)[which]
    return made


def _found(name: str, faults: list[str]) -> str:
    """The persona's own name; an unknown one is a fault, and stands for the balanced one meanwhile."""
    plain = "-".join(str(name).lower().replace("_", " ").replace("-", " ").split())
    found = ALIASES.get(plain, plain)
    if found in PERSONAS:
        return found
    near = get_close_matches(plain, [*PERSONAS, *ALIASES], n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    faults.append(f"unknown '{name}'; {hint}expected one of {', '.join(PERSONAS)}")
    return "balanced"
