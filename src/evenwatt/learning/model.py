"""The small interface all learned models share: fit on a past, predict a present, explain, be kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import EvenwattError, ProblemError

if TYPE_CHECKING:
    from typing import Self

    from evenwatt.learning.history import History

Array: TypeAlias = npt.NDArray[np.float64]
Rng: TypeAlias = np.random.Generator | int
Progress: TypeAlias = Callable[[int, int, str], None]


class NotFittedError(EvenwattError):
    """A model was asked to predict before it had learned anything."""


@dataclass(frozen=True)
class Training:
    """The past a model was fitted on.

    Attributes
    ----------
    first, last : str
        Start of the first and of the last interval, UTC, ISO 8601.
    rows : int
        Intervals.
    columns : tuple of str
        Columns the model may look at.
    sha256 : str
        Of the starts, the values of those columns and when they became known.
    """

    first: str
    last: str
    rows: int
    columns: tuple[str, ...]
    sha256: str


@dataclass(frozen=True)
class Explanation:
    """What a model learned, for a reader and for a table.

    Attributes
    ----------
    sentences : tuple of str
        In the order of what matters most.
    rows : tuple of dict
        One fact a row; every row has ``model``.
    """

    sentences: tuple[str, ...]
    rows: tuple[Mapping[str, str | int | float | None], ...] = ()


@dataclass(frozen=True)
class State:
    """All a fitted model is made of: what JSON can say, and arrays.

    Attributes
    ----------
    settings : dict
        Numbers, words, lists and dicts of them.
    arrays : dict of str to array
        Numeric arrays; objects are refused when the model is kept.
    """

    settings: dict[str, Any]
    arrays: dict[str, npt.NDArray[Any]] = field(default_factory=dict)


class Model(Protocol):
    """What every learned model offers; a fitted model is a new object, the one asked to fit stays as it was."""

    @property
    def name(self) -> str:
        """Which kind of model this is."""

    @property
    def version(self) -> int:
        """Raised when a kept model of before could no longer be read."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns of the history it looks at."""

    @property
    def training(self) -> Training | None:
        """The past it was fitted on; None before."""

    def fit(self, past: History, *, rng: Rng = 0, progress: Progress | None = None) -> Self:
        """A copy fitted on ``past``, which nobody may look at beyond its last row."""

    def predict(self, now: History) -> Any:
        """What it says of each row of ``now``, by what was known at the gate of that row."""

    def explain(self) -> Explanation:
        """What it learned."""

    def state(self) -> State:
        """All that is needed to make it again."""

    @classmethod
    def restored(cls, state: State, training: Training) -> Self:
        """The fitted model of a state."""


def training_of(past: History, needs: tuple[str, ...]) -> Training:
    """Window, size and fingerprint of the past a model is about to learn from.

    Raises
    ------
    ProblemError
        If a needed column is missing, or the past is empty; names them.
    """
    absent = [name for name in needs if name not in past.columns]
    if absent:
        raise ProblemError(
            f"the history lacks the columns {', '.join(absent)}; it has {', '.join(past.columns)}"
        )
    if not len(past.start):
        raise ProblemError("the history is empty; there is nothing to learn from")
    digest = sha256()
    for name in ("start", *sorted(needs)):
        digest.update(name.encode())
        for values in _fingerprinted(past, name):
            digest.update(f"{values.dtype.str}{values.shape}".encode())
            digest.update(np.ascontiguousarray(values).tobytes())
    first, last = (str(np.datetime64(past.start[row], "s")) for row in (0, -1))
    return Training(first, last, len(past.start), tuple(sorted(needs)), digest.hexdigest())


def _fingerprinted(past: History, name: str) -> list[npt.NDArray[Any]]:
    """The arrays behind a name, every vintage of a column."""
    if name == "start":
        return [past.start]
    return [part for one in past.columns[name].vintages for part in (one.values, one.known)]


def fitted(training: Training | None, name: str) -> Training:
    """The training of a model that must have been fitted.

    Raises
    ------
    NotFittedError
        If it was not.
    """
    if training is None:
        raise NotFittedError(
            f"model {name!r} has not learned anything yet; call fit(past) and use what it returns"
        )
    return training


def refuse_others(name: str, mine: tuple[str, ...], theirs: tuple[str, ...]) -> None:
    """Refuse a history of other parties than a model was fitted on.

    Raises
    ------
    ProblemError
        Naming both.
    """
    if mine != theirs:
        raise ProblemError(
            f"model {name!r}: fitted on {', '.join(mine)}; the history has {', '.join(theirs)}; fit it again"
        )
