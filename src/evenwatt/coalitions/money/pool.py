"""The problem of dividing money: who was long and short of energy when, at which prices, and what it saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.game import Game
from evenwatt.core.errors import ProblemError, gather
from evenwatt.core.rule import MANY, rule

Array = npt.NDArray[np.float64]
Kind = Literal["value", "tariff", "published script"]
F = TypeVar("F", bound=Callable[..., "Split"])

_KINDS: dict[str, Kind] = {}


@dataclass(frozen=True)
class Pool:
    """What a period of a microgrid puts before a money rule; energies in Wh, money in micro-units.

    Attributes
    ----------
    net : (T, n)
        Net position of each member, generation less load, after its battery if it has one [Wh].
    bought, sold : (T, n)
        What each took from and gave to the others inside [Wh].
    buy, sell : (T,)
        Prices of the grid [currency per MWh, so 1 Wh costs that many micro-units].
    alone : (n,)
        What each member would pay the grid by itself, negative where it would earn [micro-units].
    load, generated : (n,)
        Consumption and production over the period, before own use [Wh].
    game : Game
        What each coalition gains over its members alone [micro-units].
    rng : Generator or int
        Chance for what is sampled, or its seed.
    std_err : float
        Standard error at which sampling may stop [micro-units].
    orders : int, optional
        Most orders of joining to sample, where each worth is dear.
    delta : float
        Part of a surplus that the published script credits [-].
    progress : callable, optional
        Told ``(done, total, what)`` while a value is sampled.

    Raises
    ------
    ProblemError
        Naming every array whose shape does not fit.
    """

    net: Array
    bought: Array
    sold: Array
    buy: Array
    sell: Array
    alone: Array
    load: Array
    generated: Array
    game: Game
    rng: np.random.Generator | int = 0
    std_err: float | None = None
    orders: int | None = None
    delta: float = 1.0
    progress: Callable[[int, int, str], None] | None = None

    def __post_init__(self) -> None:
        steps, n = self.net.shape
        shapes = {
            "bought": (steps, n), "sold": (steps, n), "buy": (steps,), "sell": (steps,),
            "alone": (n,), "load": (n,), "generated": (n,),
        }  # fmt: skip
        with gather("pool", ProblemError) as faults:
            for name, shape in shapes.items():
                if getattr(self, name).shape != shape:
                    faults.append(f"{name}: shape {getattr(self, name).shape}, expected {shape}")
            if self.game.n != n:
                faults.append(f"game: {self.game.n} members, expected {n}")

    @property
    def n(self) -> int:
        """How many members."""
        return int(self.net.shape[1])

    @property
    def surplus(self) -> Array:
        """What members are long of, (T, n) [Wh]."""
        return np.maximum(self.net, 0.0)

    @property
    def deficit(self) -> Array:
        """What members are short of, (T, n) [Wh]."""
        return np.maximum(-self.net, 0.0)

    @property
    def total(self) -> float:
        """What all together gain over everyone alone [micro-units]."""
        return self.game.total


@dataclass(frozen=True)
class Split:
    """What each member gains over being alone, under one rule.

    Attributes
    ----------
    gains : (n,)
        [micro-units]
    std_err : (n,)
        Standard error; 0 unless sampled [micro-units].
    interval : (n, 2)
        95 % where sampled, proven bounds where approximated; both ends the gain where exact [micro-units].
    exact : bool
        Whether the gains are the rule's own but for rounding.
    method : str
        How they were computed.
    evaluations : int
        Orders of joining evaluated; 0 unless sampled.
    remark : str
        What a reader must know of the rule.
    """

    gains: Array
    exact: bool = True
    method: str = "formula"
    remark: str = ""
    evaluations: int = 0
    std_err: Array = field(default_factory=lambda: np.zeros(0))
    interval: Array = field(default_factory=lambda: np.zeros((0, 2)))

    def __post_init__(self) -> None:
        n = self.gains.size
        if self.std_err.size == 0:
            object.__setattr__(self, "std_err", np.zeros(n))
        if self.interval.size == 0:
            object.__setattr__(self, "interval", np.stack([self.gains, self.gains], axis=-1))


def money_rule(
    name: str,
    *,
    kind: Kind,
    title: str,
    source: str,
    satisfies: Iterable[str] = (),
    members: tuple[int, int] = (1, MANY),
) -> Callable[[F], F]:
    """Enrol ``pool -> Split`` as a rule of kind ``coalitions.money``, and say what sort of rule it is.

    Examples
    --------
    >>> from evenwatt.core import rule
    >>> " ".join(rule.all("coalitions.money"))
    'bill-sharing equal mid-market nucleolus proportional seed001 shapley tau'
    """
    _KINDS[name] = kind
    return rule(
        name, kind="coalitions.money", title=title, source=source, satisfies=satisfies, members=members
    )


def kind_of(name: str) -> Kind:
    """Whether a rule is a value of the game, a tariff of practice, or a script as published."""
    return _KINDS.get(name, "tariff")
