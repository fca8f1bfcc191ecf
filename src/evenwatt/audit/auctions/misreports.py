"""What an agent gains by saying something else than the truth, all others and all coins unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.audit.auctions.outcome import Outcome, held
from evenwatt.audit.auctions.trials import Report, Reports, Truth, trials, truths
from evenwatt.core.errors import ProblemError
from evenwatt.markets.mechanism import Mechanism, Terms
from evenwatt.markets.orders import Orders

Array = npt.NDArray[np.float64]

# Reports tried, as parts of the truth.
GRID = tuple(round(0.5 + 0.05 * step, 2) for step in range(21))
# Of money whole micro-units: an order may be one off with the truth, and one the other way without it.
ROUNDING = 2.0


@dataclass(frozen=True)
class Misreport:
    """One agent's best report of a grid, and what it brings over the truth.

    Attributes
    ----------
    agent, market : int
        Who, and the row of ``Orders.markets``.
    factor : float
        What it reported, as a part of the truth; 1 where nothing brings more.
    gain_micro : float
        Its surplus with the report less its surplus with the truth; 0 where rounding explains it [micro-units].
    gain_per_mwh : float
        The same over all the energy it truly wants or has [currency per MWh].
    gain_share : float
        The same as a part of its surplus with the truth; infinite where that is 0 [-].
    surplus_micro : float
        Its surplus with the truth [micro-units].
    reports : int
        How many reports were tried, of all agents.
    """

    agent: int
    market: int
    factor: float
    gain_micro: float
    gain_per_mwh: float
    gain_share: float
    surplus_micro: float
    reports: int


def largest_gain(
    mechanism: Mechanism,
    orders: Orders,
    *,
    values: npt.ArrayLike | None = None,
    grid: Sequence[float] = GRID,
    who: Sequence[int] | None = None,
    terms: Terms | None = None,
) -> Misreport | None:
    """The most that one agent gains by multiplying its prices by a factor of the grid.

    Parameters
    ----------
    mechanism : Mechanism
        Who clears.
    orders : Orders
        Any number of markets; each agent misreports in one market at a time, in all its orders there. Nodes of a
        period that trade with each other count as one.
    values : the shape of the orders, optional
        What energy is truly worth to buyers and costs sellers [currency per MWh]; by default, the limits.
    grid : sequence of float
        Reports as parts of the truth.
    who : sequence of int, optional
        Agents asked; by default, all.
    terms : Terms, optional
        How the auction is run; the same coins fall in every trial.

    Returns
    -------
    Misreport or None
        The largest gain, at least 0; None where there is nobody to ask.

    Examples
    --------
    >>> from evenwatt.markets.clear import found
    >>> values = [74.0, 66.0, 58.0, 49.0, 41.0, 33.0, 40.0, 52.0, 57.0, 63.0]
    >>> book = Orders(range(10), ["buy"] * 5 + ["sell"] * 5, values, [1000] * 10)
    >>> best = largest_gain(found("uniform-price"), book, grid=[0.9, 52.001 / 58.0])
    >>> best.agent, round(best.gain_per_mwh, 2)
    (2, 2.5)
    """
    factors = np.asarray(grid, dtype=np.float64)

    def reports(truth: Truth) -> Iterator[Report]:
        for factor in factors:
            yield float(factor), truth.value * factor, truth.quantity

    return _largest(held(mechanism, orders, terms or Terms()), values, who, reports)


def largest_quantity_gain(
    mechanism: Mechanism,
    orders: Orders,
    *,
    values: npt.ArrayLike | None = None,
    grid: Sequence[float] = GRID,
    who: Sequence[int] | None = None,
    terms: Terms | None = None,
) -> Misreport | None:
    """The most that one agent gains by multiplying its quantities by a factor of the grid.

    What a buyer gets beyond its need it gives away, for nothing or for what getting rid of it costs at the lowest
    limit or price of the book; what a seller sells beyond what it has it buys at the highest. Parameters and
    result are those of :func:`largest_gain`; reports that the mechanism refuses count as nothing.

    Examples
    --------
    >>> from evenwatt.markets.clear import found
    >>> book = Orders([1, 2, 3], ["buy", "buy", "sell"], [60.0, 60.0, 20.0], [100, 100, 100])
    >>> best = largest_quantity_gain(found("uniform-price"), book)
    >>> best.factor, best.gain_micro  # at 60, the price of the tie, more energy is worth no more
    (1.0, 0.0)
    """
    factors = np.asarray(grid, dtype=np.float64)

    def reports(truth: Truth) -> Iterator[Report]:
        for factor in factors:
            yield float(factor), truth.value, np.rint(truth.quantity * factor).astype(np.int64)

    return _largest(held(mechanism, orders, terms or Terms()), values, who, reports)


def price_reports(truth: Truth) -> Iterator[Report]:
    """Reports that decide an auction: parts of the truth, and a hair to each side of everybody else's limit."""
    for factor in (0.0, *GRID, 3.0):
        yield factor, truth.value * factor, truth.quantity
    levels = np.unique(truth.others)
    hair = 0.25 * float(np.diff(levels).min(initial=1.0))
    for level in (levels[:, None] + [-hair, 0.0, hair]).ravel():
        yield np.nan, np.full(len(truth.value), level), truth.quantity
        if len(truth.value) > 1:
            yield np.nan, np.append(level, truth.value[1:]), truth.quantity


def quantity_reports(truth: Truth) -> Iterator[Report]:
    """Nothing, less, a little more, much more."""
    for factor in (0.0, *GRID, 2.0, 3.0):
        yield factor, truth.value, np.rint(truth.quantity * factor).astype(np.int64)


def most_gained(outcome: Outcome, reports: Reports) -> float:
    """The largest gain of anybody, less what rounding explains [micro-units]."""
    most = 0.0
    for truth in truths(outcome, outcome.price, None):
        gains = [trial.gain for trial in trials(outcome, [truth], reports)]
        most = max(most, max(gains, default=0.0) - ROUNDING * len(truth.rows))
    return most


def _largest(
    outcome: Outcome, values: npt.ArrayLike | None, who: Sequence[int] | None, reports: Reports
) -> Misreport | None:
    value = _values(outcome, values)
    best, tried = None, 0
    for trial in trials(outcome, truths(outcome, value, who), reports):
        tried += 1
        if best is None or trial.gain > best.gain:
            best = trial
    if best is None:
        return None
    truthful = best.gain <= ROUNDING * len(best.truth.rows)
    gain, energy = 0.0 if truthful else best.gain, int(best.truth.quantity.sum())
    return Misreport(
        agent=best.truth.agent, market=best.truth.market, factor=1.0 if truthful else best.factor, gain_micro=gain,
        gain_per_mwh=gain / energy, surplus_micro=best.surplus, reports=tried,
        gain_share=0.0 if gain == 0 else gain / best.surplus if best.surplus > 0 else np.inf,
    )  # fmt: skip


def _values(outcome: Outcome, values: npt.ArrayLike | None) -> Array:
    if values is None:
        return outcome.price
    found = np.asarray(values, dtype=np.float64)
    if found.shape != outcome.orders.shape:
        raise ProblemError(
            f"values: shape {found.shape}; expected that of the orders, {outcome.orders.shape}"
        )
    return found.ravel()[outcome.orders.quantity.ravel() > 0]
