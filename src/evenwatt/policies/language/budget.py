"""What asking may cost: reserved before a call, settled after it, so that no limit is passed even by calls at once."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from evenwatt.core.errors import ProblemError, gather


@dataclass(frozen=True)
class Spent:
    """Calls, tokens and money.

    Attributes
    ----------
    calls, tokens : int
        Requests sent; tokens in and out together.
    cost_micro : int
        [micro-units].
    """

    calls: int = 0
    tokens: int = 0
    cost_micro: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.calls + other.calls, self.tokens + other.tokens, self.cost_micro + other.cost_micro)

    def __sub__(self, other: Spent) -> Spent:
        return self + Spent(-other.calls, -other.tokens, -other.cost_micro)

    def is_within(self, limit: Limits) -> bool:
        """Whether no limit is passed."""
        return (
            self.calls <= limit.calls and self.tokens <= limit.tokens and self.cost_micro <= limit.cost_micro
        )


@dataclass(frozen=True)
class Limits:
    """The most that may be spent; infinite where not said.

    Attributes
    ----------
    calls, tokens, cost_micro : float
        Requests, tokens in and out together, money [micro-units].
    wall_s : float
        Time from the first reservation on [s].
    in_per_million, out_per_million : float
        Price of a million tokens [currency]; one token then costs as many micro-units.

    Raises
    ------
    ProblemError
        If a figure is negative or not a number.
    """

    calls: float = math.inf
    tokens: float = math.inf
    cost_micro: float = math.inf
    wall_s: float = math.inf
    in_per_million: float = 0.0
    out_per_million: float = 0.0

    def __post_init__(self) -> None:
        with gather("limits of a language model", ProblemError) as faults:
            for name, value in vars(self).items():
                if not value >= 0:
                    faults.append(f"{name} is {value}; expected a number of at least 0")

    def cost_micro_of(self, tokens_in: int, tokens_out: int) -> int:
        """What tokens cost, rounded up [micro-units]."""
        return math.ceil(tokens_in * self.in_per_million + tokens_out * self.out_per_million)


def _still() -> float:
    return 0.0


@dataclass
class Budget:
    """Limits, and what has been spent and promised so far; safe to use from several threads.

    Parameters
    ----------
    limits : Limits
        The most that may be spent.
    clock : callable
        Seconds, for the limit of time; without one no time passes.

    Examples
    --------
    >>> budget = Budget(Limits(calls=2))
    >>> first, second = budget.reserve(1, 10, 10), budget.reserve(1, 10, 10)
    >>> budget.reserve(1, 10, 10) is None
    True
    >>> budget.settle(first, 1, 8, 2)
    >>> budget.spent
    Spent(calls=1, tokens=10, cost_micro=0)
    """

    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = _still
    spent: Spent = field(default_factory=Spent)
    promised: Spent = field(default_factory=Spent)
    refused: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._began: float | None = None

    def reserve(self, calls: int, tokens_in: int, tokens_out: int) -> Spent | None:
        """Promise the most that a question can cost; None if that could pass a limit.

        Parameters
        ----------
        calls : int
            Most requests that are sent for it.
        tokens_in, tokens_out : int
            Most tokens of each of them.
        """
        cost = self.limits.cost_micro_of(tokens_in, tokens_out)
        claim = Spent(calls, calls * (tokens_in + tokens_out), calls * cost)
        with self._lock:
            wanted = self.spent + self.promised + claim
            if not wanted.is_within(self.limits) or self._seconds_left() <= 0:
                return None
            self.promised += claim
            return claim

    def settle(self, claim: Spent, calls: int, tokens_in: int, tokens_out: int) -> None:
        """Book what was used, and free the rest of the promise."""
        used = Spent(calls, tokens_in + tokens_out, self.limits.cost_micro_of(tokens_in, tokens_out))
        with self._lock:
            self.promised -= claim
            self.spent += used

    def refuse(self, questions: int) -> None:
        """Count questions that the budget turned away."""
        with self._lock:
            self.refused += questions

    def seconds_left(self) -> float:
        """Until the limit of time [s]."""
        with self._lock:
            return self._seconds_left()

    def _seconds_left(self) -> float:
        if math.isinf(self.limits.wall_s):
            return math.inf
        now = self.clock()
        self._began = now if self._began is None else self._began
        return self.limits.wall_s - (now - self._began)
