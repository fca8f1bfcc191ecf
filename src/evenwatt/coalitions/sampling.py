"""Shapley values by sampling orders of arrival, with confidence intervals, until they are narrow enough."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.game import Game
from evenwatt.core.chance import generator
from evenwatt.core.errors import ProblemError
from evenwatt.engine.executor import executor

Array = npt.NDArray[np.float64]
Design = Literal["antithetic", "stratified"]
Progress = Callable[[int, int, str], None]

CELLS = 1 << 20  # orders x members evaluated at a time
FEWEST = 128  # observations before a standard error is believed
MOST = 1 << 20  # orders drawn before giving up on a requested standard error
USUAL = 1 << 12  # orders drawn where no standard error is requested


class SamplingWarning(UserWarning):
    """The requested standard error was not reached."""


@dataclass(frozen=True)
class Sample:
    """Mean and spread of independent observations of the value.

    Attributes
    ----------
    mean, std_err : (n,)
        Estimate and its standard error.
    observations, orders : int
        Independent observations, and orders of arrival evaluated for them.
    reached : bool
        Whether the requested standard error was reached.
    """

    mean: Array
    std_err: Array
    observations: int
    orders: int
    reached: bool

    def interval(self, confidence: float) -> Array:
        """Two-sided Student intervals, (n, 2)."""
        from scipy.stats import t

        half = self.std_err * float(t.ppf((1 + confidence) / 2, max(1, self.observations - 1)))
        return np.stack([self.mean - half, self.mean + half], axis=-1)


def sampled(
    game: Game,
    *,
    std_err: float | None = None,
    orders: int | None = None,
    design: Design = "antithetic",
    rng: np.random.Generator | int = 0,
    workers: int = 1,
    progress: Progress | None = None,
) -> Sample:
    """Estimate the Shapley value from random orders of arrival.

    One observation is the mean over a small set of orders that balance one another: an order and its reverse
    (``antithetic``), or all n rotations of an order, in which every member takes every place once
    (``stratified``; for costly worths of few members). Observations are independent, so their spread gives an
    honest standard error. Every order hands out v(N) in full, hence so does the estimate.

    Parameters
    ----------
    game : Game
        Any game.
    std_err : float, optional
        Draw until no member's standard error is above this [unit of the worth]. Looking repeatedly lowers the
        coverage of the intervals slightly; no look is taken before 128 observations.
    orders : int, optional
        At most so many orders, but two observations, without which there is no error; by default 4,096, or
        about a million where ``std_err`` is given.
    design : {"antithetic", "stratified"}
    rng : Generator or int
        Chance, or its seed. One stream a batch, so that the answer does not depend on ``workers``.
    workers : int
        Processes to share the batches.
    progress : callable, optional
        Told ``(orders done, most orders, what)`` after each batch.

    Raises
    ------
    ProblemError
        If an option makes no sense.

    Warns
    -----
    SamplingWarning
        If ``std_err`` was not reached within ``orders``.

    Source: Castro, Gomez & Tejada 2009, doi:10.1016/j.cor.2008.04.004; antithetic and stratified orders:
    Mitchell et al. 2022, jmlr.org/papers/v23/21-0439.html.
    """
    if design not in ("antithetic", "stratified"):
        raise ProblemError(f"design: '{design}'; expected 'antithetic' or 'stratified'")
    if std_err is not None and not std_err > 0:
        raise ProblemError(f"std_err: {std_err}; expected a number above 0")
    block = 2 if design == "antithetic" else game.n
    most = max(2, (orders or (USUAL if std_err is None else MOST)) // block)
    tally = _Tally.empty(game.n)
    with executor(workers) as crew:
        for part in crew.map(_observe, _batches(game, design, most, generator(rng))):
            tally = tally.merged(part)
            if progress is not None:
                progress(tally.count * block, most * block, "sampling orders")
            if std_err is not None and tally.count >= FEWEST and tally.std_err.max() <= std_err:
                break
    reached = std_err is None or bool(tally.std_err.max() <= std_err)
    if not reached:
        warnings.warn(
            f"{tally.count * block:,} orders left a standard error of {tally.std_err.max():.3g}, more than the "
            f"{std_err:.3g} asked for; allow more with orders=, or ask for less",
            SamplingWarning,
            stacklevel=3,
        )
    return Sample(tally.mean, tally.std_err, tally.count, tally.count * block, reached)


@dataclass(frozen=True)
class _Tally:
    """Count, mean and sum of squared deviations, which merge without loss."""

    count: int
    mean: Array
    squares: Array

    @classmethod
    def empty(cls, n: int) -> _Tally:
        return cls(0, np.zeros(n), np.zeros(n))

    @property
    def std_err(self) -> Array:
        if self.count < 2:
            return np.full(self.mean.shape, np.inf)
        return np.asarray(np.sqrt(self.squares / (self.count - 1) / self.count))

    def merged(self, other: _Tally) -> _Tally:
        count = self.count + other.count
        apart = other.mean - self.mean
        mean = self.mean + apart * (other.count / count)
        return _Tally(
            count, mean, self.squares + other.squares + apart**2 * (self.count * other.count / count)
        )


@dataclass(frozen=True)
class _Batch:
    game: Game
    design: str
    count: int
    chance: np.random.Generator


def _batches(game: Game, design: str, most: int, chance: np.random.Generator) -> Iterator[_Batch]:
    """Batches that double, so that few looks are taken, each with its own stream."""
    left, count = most, FEWEST
    largest = max(1, CELLS // (game.n * (2 if design == "antithetic" else game.n)))
    while left > 0:
        for _ in range(max(1, count // largest)):
            size = min(left, count, largest)
            if size <= 0:
                return
            yield _Batch(game, design, size, chance.spawn(1)[0])
            left -= size
        count *= 2


def _observe(batch: _Batch) -> _Tally:
    """Draw and evaluate one batch; pure, so any process may do it."""
    n = batch.game.n
    base = batch.chance.permuted(np.tile(np.arange(n), (batch.count, 1)), axis=1)
    if batch.design == "antithetic":
        orders = np.stack([base, base[:, ::-1]], axis=1)
    else:
        turns = (np.arange(n)[:, None] + np.arange(n)) % n
        orders = base[:, turns]
    seen = batch.game.marginals(orders.reshape(-1, n)).reshape(batch.count, -1, n).mean(axis=1)
    mean = seen.mean(axis=0)
    return _Tally(batch.count, mean, ((seen - mean) ** 2).sum(axis=0))
