"""What learners choose between: margins of the role's rule, so that every choice is a sensible one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import Keyed
from evenwatt.policies.policy import Policy
from evenwatt.policies.reading import Array, Column
from evenwatt.policies.scripted.consumer import Consumer
from evenwatt.policies.scripted.producer import Producer
from evenwatt.policies.scripted.prosumer import Prosumer
from evenwatt.policies.scripted.turns import whose_turn
from evenwatt.policies.scripted.utility import Utility
from evenwatt.policies.seen import Observation

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MARGINS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)


@dataclass
class Choices:
    """A role's rule, carried out at a margin of somebody else's choosing.

    Attributes
    ----------
    role : str
        Not the regulator.
    margins : tuple of float
        To choose from [-].
    batteries : bool
        Whether it is chosen too how the battery is used: each margin counts twice, for self-use and for trading.
    """

    role: str
    margins: tuple[float, ...] = MARGINS
    batteries: bool = False
    rule: Policy = field(init=False)

    def __post_init__(self) -> None:
        rules = {"consumer": Consumer, "prosumer": Prosumer, "utility": Utility}
        self.rule = Producer(step=0.0) if self.role == "producer" else rules[self.role]()

    def __len__(self) -> int:
        return len(self.margins) * (2 if self.batteries else 1)

    def carried_out(self, seen: Observation, choice: Whole, rng: Keyed) -> dict[str, Column]:
        """The rule's actions at the chosen margins."""
        own: dict[str, Column] = {**seen.own, "margin": np.array(self.margins)[choice % len(self.margins)]}
        if self.batteries:
            own["trades_battery"] = choice >= len(self.margins)
        return dict(self.rule.decide(replace(seen, own=own), rng))

    def due(self, seen: Observation) -> Flags:
        """(n,) who may choose anew: everybody, but utilities only when they set their price, once a day."""
        if self.role != "utility":
            return np.ones(len(seen), dtype=np.bool_)
        made = np.zeros(len(seen), dtype=np.bool_)
        made[whose_turn(seen)] = True
        return made


def best(values: Array, seen: Observation, rng: Keyed) -> Whole:
    """(n,) the choice of the largest value (n, choices); ties by chance.

    Examples
    --------
    >>> best(np.array([[1.0, 3.0], [2.0, 0.0]]), Observation("consumer", 0, np.arange(2), {}), Keyed(1, "x"))
    array([1, 0])
    """
    largest = values.max(axis=1, keepdims=True)
    # One draw an agent, turned about a full circle: it decides between ties as a draw for each choice would.
    turn = (rng.uniform(seen.agents, "ties") * values.shape[1]).astype(np.int64)[:, None]
    rank = (np.arange(values.shape[1]) - turn) % values.shape[1]
    first: Whole = np.argmin(np.where(values == largest, rank, values.shape[1]), axis=1)
    return first


def tried(greedy: Whole, chance: Array | float, choices: int, seen: Observation, rng: Keyed) -> Whole:
    """(n,) the greedy choice, or now and then any at all."""
    tries = rng.uniform(seen.agents, "try") < chance
    other = (rng.uniform(seen.agents, "other") * choices).astype(np.int64)
    return np.where(tries, other, greedy)


def gains(seen: Observation) -> Array:
    """(n,) what the last step brought [currency]."""
    found = np.asarray(seen["gain_micro"], dtype=np.float64) * 1e-6
    return np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0)


def remembered(rule: Policy, kept: Mapping[str, Column]) -> dict[str, Column]:
    """The rule's memory and the learner's own, in one."""
    return {**{f"rule/{name}": held for name, held in rule.remember().items()}, **kept}
