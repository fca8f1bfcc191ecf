"""The sceptic's test of a forecast or rule: change what it could not know, and see whether it notices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import generator
from evenwatt.learning.columns import Column, LeakError, flat
from evenwatt.learning.history import History

JITTER = 0.02  # spread of the factor that changes even what never changes
PROBES = 5  # times of the history at which the future is overwritten


@dataclass(frozen=True)
class Leak:
    """A decision that changed with what was not known when it was taken.

    Attributes
    ----------
    row : int
        The first interval whose decision changed.
    gate : datetime64
        When it was decided; all that became known later had been overwritten.
    changed : float
        The largest change of its decision.
    """

    row: int
    gate: np.datetime64
    changed: float

    def __str__(self) -> str:
        return (
            f"the decision for row {self.row}, taken at {self.gate}, changes by {self.changed:.3g} with what "
            "became known only later"
        )


def find_leak(
    decide: Callable[[History], npt.ArrayLike],
    history: History,
    *,
    rng: np.random.Generator | int = 0,
    probes: int = PROBES,
) -> Leak | None:
    """Overwrite everything unknown at some gate; decisions up to then must not change by one bit.

    Catches what no rule about features can see: a scaler fitted on all rows, a centred mean, shuffled
    cross-validation, a model chosen by how well it did on the rows it is judged on.

    Parameters
    ----------
    decide : callable
        From a history to the decisions for its rows, (T, ...); NaN for rows it leaves undecided.
    history : History
        Not changed.
    rng : Generator or int
        Of what is written there.
    probes : int
        Gates tried, spread over the rows that are decided.

    Returns
    -------
    Leak or None
        The first leak found.

    Examples
    --------
    >>> from evenwatt.learning.worlds import world
    >>> history = world(1, intervals=200).history
    >>> find_leak(lambda past: past.information().latest("metered"), history) is None
    True
    >>> print(find_leak(lambda past: past["metered"] - past["metered"].mean(axis=0), history))
    the decision for row 0, taken at 2024-12-31T23:00:00, changes by ... with what became known only later
    """
    chance = generator(rng)
    decided = np.asarray(decide(history), dtype=np.float64)
    first = flat(decided)
    rows = np.flatnonzero(~np.isnan(first).all(axis=1))
    if not len(rows):
        return None
    for probe in np.unique(rows[np.linspace(0, len(rows) - 1, probes).astype(int)]):
        gate = history.gate[probe]
        seen = int(np.searchsorted(history.gate, gate, side="right"))
        again = np.asarray(decide(overwritten(history, gate, chance)), dtype=np.float64)
        other = flat(again)[:seen]
        same = (first[:seen] == other) | (np.isnan(first[:seen]) & np.isnan(other))
        if not same.all():
            row = int(np.flatnonzero(~same.all(axis=1))[0])
            return Leak(
                row, history.gate[row], float(np.nanmax(np.abs(first[row] - other[row]), initial=0.0))
            )
    return None


def refuse_leaks(
    decide: Callable[[History], npt.ArrayLike],
    history: History,
    *,
    rng: np.random.Generator | int = 0,
    probes: int = PROBES,
) -> None:
    """As :func:`find_leak`.

    Raises
    ------
    LeakError
        If there is one.
    """
    leak = find_leak(decide, history, rng=rng, probes=probes)
    if leak is not None:
        raise LeakError(str(leak))


def overwritten(history: History, time: np.datetime64, rng: np.random.Generator) -> History:
    """The same history, but what became known after ``time`` is that of other late rows, a little changed.

    Rows are drawn with replacement, the same for all columns, so that what is there still makes a bargain.
    """
    late = np.flatnonzero(history.gate > time)
    rows = np.arange(len(history))
    source = rng.choice(late, len(rows)) if len(late) else rows
    return history.with_columns(
        {name: _noisy(column, time, source, rng) for name, column in history.columns.items()}
    )


def _noisy(
    column: Column, time: np.datetime64, source: npt.NDArray[np.int64], rng: np.random.Generator
) -> Column:
    late = column.known > time
    values = np.array(column.values)
    drawn = column.values[source[late]] * rng.lognormal(0, JITTER, values[late].shape)
    values[late] = np.where(np.isnan(drawn) | np.isnan(values[late]), values[late], drawn)
    later = [_noisy(revision, time, source, rng) for revision in column.revisions]
    return Column(values, column.axis, column.known, later)
