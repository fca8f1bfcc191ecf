"""What was known when: features of each interval, served only if its own gate had already seen them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError
from evenwatt.learning.columns import Array, Axis, Column, LeakError, Times, flat, refuse_leak
from evenwatt.learning.history import History

Feature: TypeAlias = "str | Column"

DAY = np.timedelta64(1, "D")
HOURS_A_DAY, DAYS_A_WEEK, DAYS_A_YEAR = 24.0, 7, 365.25
SAME = 1e-9  # relative; sums over axes of a row may be taken in another order
MONDAY = 4  # days from 1 January 1970, a Thursday, to the first Monday


class Information:
    """Features of a history's rows, each as it stood at the row's own gate.

    Every method returns one row per row of the history, NaN where nothing was there yet, and raises
    :class:`LeakError` where the value asked for was not yet known.

    Parameters
    ----------
    history : History
        Plain, or a view of rows still to be decided (:meth:`History.at_gate`), whose earlier rows count.

    Examples
    --------
    >>> from evenwatt.learning.worlds import world
    >>> information = world(1, intervals=60).history.information()
    >>> information.current("claim").shape, information.lagged("metered", 26).shape
    ((60, 6), (60, 6))
    >>> information.lagged("metered", 25)
    Traceback (most recent call last):
    ...
    evenwatt.learning.columns.LeakError: column 'metered' of 2025-01-01T00:00:00 is available 1 h after ...
    """

    def __init__(self, history: History) -> None:
        viewed = history.context is not None and history.place is not None
        self._whole = history.context if history.context is not None else history
        self._rows = history.place if viewed and history.place is not None else np.arange(len(history))

    @property
    def names(self) -> tuple[str, ...]:
        """Columns there are, known or not."""
        return tuple(sorted(self._whole.columns))

    def column(self, feature: Feature) -> Column:
        """A column of the whole history with its times, for :meth:`combine`.

        Raises
        ------
        DataError
            If there is none of this name.
        """
        column = self._whole.column(feature) if isinstance(feature, str) else feature
        if len(column.values) != len(self._whole):
            raise DataError(
                f"a feature of {len(column.values)} rows; expected {len(self._whole)}, those of the history "
                "and of what came before it; make it with `combine`"
            )
        return column

    def current(self, feature: Feature) -> Array:
        """The row's own value, (T, ...).

        Raises
        ------
        LeakError
            If it becomes known after the gate.
        """
        return self.lagged(feature, 0)

    def lagged(self, feature: Feature, steps: int) -> Array:
        """The value ``steps`` rows earlier, in the newest vintage known at the row's gate, (T, ...).

        Raises
        ------
        LeakError
            If a row's value becomes known after its gate: the lag is too short.
        DataError
            If ``steps`` is negative.
        """
        if steps < 0:
            raise DataError(f"a lag of {steps} rows; expected at least 0")
        column, gate = self.column(feature), self._whole.gate[self._rows]
        source = self._rows - steps
        there = source >= 0
        rows = column.rows(source[there])
        refuse_leak(_named(feature), rows.known, self._whole.start[source[there]], gate[there])
        found = np.full((len(self._rows), *column.values.shape[1:]), np.nan)
        found[there] = rows.as_of(gate[there])
        return found

    def latest(self, feature: Feature) -> Array:
        """The value of the newest row that was known at the gate, however old, (T, ...)."""
        column = self.column(feature)
        found = np.full((len(self._rows), *column.values.shape[1:]), np.nan)
        newest = self._newest(column.known)
        there = newest >= 0
        found[there] = column.rows(newest[there]).as_of(self._whole.gate[self._rows][there])
        return found

    def ewm(self, feature: Feature, decay: float) -> Array:
        """Exponentially weighted mean of everything known at the gate, ``e <- decay e + (1 - decay) x``.

        Values enter in the order in which they became known, each in its first vintage; the first starts
        the mean; NaN leaves it as it is.

        Parameters
        ----------
        feature : str or Column
            Of the whole history.
        decay : float
            Share of the old mean that is kept, from 0 up to below 1.
        """
        from evenwatt.learning._running_kernels import running

        if not 0 <= decay < 1:
            raise DataError(f"decay {decay}; expected at least 0 and below 1")
        column = self.column(feature)
        order = _by_arrival(column.known)
        means = running(np.ascontiguousarray(flat(column.values[order])), decay)
        return self._at_gates(means, column.known[order], column.values.shape[1:])

    def mean(self, feature: Feature) -> Array:
        """Plain mean of everything known at the gate, first vintages, (T, ...)."""
        column = self.column(feature)
        order = _by_arrival(column.known)
        values = flat(column.values[order])
        there = ~np.isnan(values)
        counts = np.cumsum(there, axis=0)
        sums = np.cumsum(np.where(there, values, 0.0), axis=0)
        means = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
        return self._at_gates(means, column.known[order], column.values.shape[1:])

    def combine(self, name: str, by: Callable[..., Array], *features: Feature) -> Column:
        """A column computed row by row from others, known when the last of them is.

        Parameters
        ----------
        name : str
            Of what is computed, for messages.
        by : callable
            Takes the features' values, returns (T, ...); a row of its answer may depend on that row alone.
        *features : str or Column
            What it is computed from, in the order of its arguments, each in its first vintage.

        Raises
        ------
        LeakError
            If a row of the answer depends on later rows, as a mean over all rows or a centred one does.
        """
        columns = [self.column(feature) for feature in features]
        rows = len(self._whole)
        known = np.max([column.known for column in columns], axis=0)  # NaT where one is never known
        values = np.asarray(by(*(column.values for column in columns)), dtype=np.float64)
        # What a row is must not change when what follows is cut off.
        for cut in sorted({rows // 3, 2 * rows // 3} - {0, rows}):
            part = np.asarray(by(*(column.values[:cut] for column in columns)), dtype=np.float64)
            differs = ~np.isclose(part, values[:cut], rtol=SAME, atol=0.0, equal_nan=True)
            if differs.any():
                row = int(np.argwhere(differs)[0][0])
                raise LeakError(f"feature '{name}' of {self._whole.start[row]} depends on later intervals")
        axis = columns[0].axis if values.shape == columns[0].values.shape else _axis(self._whole, values)
        timeless = np.isnat(known).reshape(-1, *(1,) * (values.ndim - 1))
        return Column(np.where(timeless, np.nan, values), axis, known)

    def calendar(self) -> dict[str, Array]:
        """What the clock says of each interval (UTC), which everybody knows, each (T,).

        ``hour`` (0 to 24), ``weekday`` (0 = Monday), ``day`` of the year, and sine and cosine of the daily
        and of the yearly cycle: ``hour_sin, hour_cos, season_sin, season_cos``.
        """
        start = self._whole.start[self._rows]
        days = start.astype("M8[D]")
        hour = (start - days) / np.timedelta64(3600, "s")
        day = (days - start.astype("M8[Y]").astype("M8[D]")) / DAY
        weekday = (days.astype(np.int64) - MONDAY) % DAYS_A_WEEK
        turn, year = 2 * np.pi * hour / HOURS_A_DAY, 2 * np.pi * day / DAYS_A_YEAR
        return {
            "hour": hour, "weekday": weekday.astype(np.float64), "day": day,
            "hour_sin": np.sin(turn), "hour_cos": np.cos(turn),
            "season_sin": np.sin(year), "season_cos": np.cos(year),
        }  # fmt: skip

    def _at_gates(self, values: Array, known: Times, tail: tuple[int, ...]) -> Array:
        """The state (known in this order) that each gate found, (T, ...)."""
        arrived = np.searchsorted(known, self._whole.gate[self._rows], side="right")
        found = np.full((len(self._rows), values.shape[1]), np.nan)
        found[arrived > 0] = values[arrived[arrived > 0] - 1]
        return found.reshape(len(self._rows), *tail)

    def _newest(self, known: Times) -> npt.NDArray[np.int64]:
        """The last row whose value each gate had seen, -1 where none, (T,)."""
        order = _by_arrival(known)
        newest = np.maximum.accumulate(order) if len(order) else order
        arrived = np.searchsorted(known[order], self._whole.gate[self._rows], side="right")
        return np.where(arrived > 0, np.append(newest, -1)[arrived - 1], -1)


def _by_arrival(known: Times) -> npt.NDArray[np.int64]:
    """Rows in the order in which they became known; those that never did are left out."""
    order = np.argsort(known, kind="stable")
    return np.asarray(order[~np.isnat(known[order])])


def _named(feature: Feature) -> str:
    return feature if isinstance(feature, str) else "combined feature"


def _axis(history: History, values: Array) -> Axis:
    for axis, shape in history.shapes.items():
        if values.shape == shape:
            return axis
    raise DataError(f"a feature of shape {values.shape} fits no axis of the history")
