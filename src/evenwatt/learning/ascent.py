"""Climb the mean of an objective over past rows, and stop where rows held out no longer rise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError
from evenwatt.learning.columns import Array

Rows = npt.NDArray[np.int64]
# Of some rows: the mean objective and its slope in every parameter.
Objective = Callable[[Array, Rows], tuple[float, Array]]


@dataclass(frozen=True)
class Pace:
    """How to climb.

    Attributes
    ----------
    epochs : int
        Passes over the rows.
    batch : int
        Rows a step.
    rate : float
        Length of the first steps, in each parameter.
    fading : float
        What an epoch leaves of the rate [-].
    patience : int
        Epochs without a new best on held-out rows before giving up.
    """

    epochs: int = 20
    batch: int = 200
    rate: float = 0.01
    fading: float = 0.9
    patience: int = 6

    def __post_init__(self) -> None:
        if self.epochs < 0 or self.batch < 1 or self.patience < 1:
            raise ProblemError(f"pace: {self} needs epochs >= 0, batch >= 1 and patience >= 1")
        if not (self.rate > 0 and 0 < self.fading <= 1):
            raise ProblemError(f"pace: {self} needs a rate above 0 and a fading above 0, at most 1")


@dataclass(frozen=True)
class Climb:
    """Where a climb came to.

    Attributes
    ----------
    best : (K,)
        The parameters that did best on held-out rows; the start itself if nothing did better.
    train, validation : (E + 1,)
        Mean objective after each epoch, the start first: of the batches as they came, and of held-out rows.
    """

    best: Array
    train: Array
    validation: Array

    @property
    def best_epoch(self) -> int:
        """The epoch of the best parameters; 0 is the start."""
        return int(np.argmax(self.validation))


def climb(
    objective: Objective,
    start: Array,
    rows: Rows,
    held_out: Rows,
    *,
    pace: Pace,
    rng: np.random.Generator,
    on_epoch: Callable[[int], None] | None = None,
) -> Climb:
    """Adam on shuffled batches, keeping the parameters that do best on rows that teach nothing.

    Parameters
    ----------
    objective : callable
        Mean value and slope over some rows, to be raised.
    start : (K,)
        First parameters.
    rows, held_out : int arrays
        To climb on, and to judge by; without rows to judge by, the last parameters are kept.
    pace : Pace
        Epochs, batches, rates.
    rng : Generator
        Shuffles the rows.

    Source: Kingma & Ba 2015, arXiv:1412.6980, algorithm 1.

    Examples
    --------
    >>> def hill(x, rows):
    ...     return -float(((x - 1) ** 2).sum()), -2 * (x - 1)
    >>> top = climb(hill, np.zeros(2), np.arange(50), np.arange(5), pace=Pace(200, 50, 0.1, 0.97, 50),
    ...             rng=np.random.default_rng(0))
    >>> top.best.round(2)
    array([1., 1.])
    """
    if not len(rows):
        return Climb(start, np.zeros(1), np.zeros(1))
    here, best = start.copy(), start
    first_slope, second_slope, steps = np.zeros_like(start), np.zeros_like(start), 0
    train = [objective(start, rows)[0]]
    judged = [objective(start, held_out)[0] if len(held_out) else train[0]]
    for epoch in range(pace.epochs):
        order, seen, rate = rng.permutation(rows), 0.0, pace.rate * pace.fading**epoch
        for at in range(0, len(order), pace.batch):
            batch = order[at : at + pace.batch]
            value, slope = objective(here, batch)
            seen += value * len(batch)
            steps += 1
            first_slope = 0.9 * first_slope + 0.1 * slope
            second_slope = 0.999 * second_slope + 0.001 * slope**2
            size = np.sqrt(second_slope / (1 - 0.999**steps)) + 1e-12
            here = here + rate * first_slope / (1 - 0.9**steps) / size
        train.append(seen / len(order))
        judged.append(objective(here, held_out)[0] if len(held_out) else judged[-1] + 1.0)
        if judged[-1] >= max(judged):
            best = here.copy()
        if on_epoch is not None:
            on_epoch(epoch + 1)
        if len(judged) - 1 - int(np.argmax(judged)) >= pace.patience:
            break
    return Climb(best, np.array(train), np.array(judged))
