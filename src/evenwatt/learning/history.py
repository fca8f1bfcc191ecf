"""A history: past intervals of a bargain, and when each of their values became known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport.problem import TransportBargain
from evenwatt.core.errors import DataError, gather
from evenwatt.learning.columns import Array, Axis, Column, LeakError, Times, refuse_leak
from evenwatt.learning.history_faults import column_faults, player_faults, time_faults

if TYPE_CHECKING:
    from evenwatt.learning.information import Information

Rows = slice | npt.NDArray[Any]
Texts = npt.NDArray[np.str_]

BARGAINED = ("capacity", "claim", "cost", "offer", "willingness")  # without these there is no bargain
ALSO_BARGAINED = ("limit", "charge", "disagreement")


@dataclass(frozen=True, eq=False)
class History:
    """Past intervals, in order: what was stated, what was decided, what the meters said a day later.

    Failed rounds stay in, with their ``status`` among the labels: dropping them biases learned weights.
    Absent players have capacity or claim 0. Energy and money units are free; keep to one of each.

    Attributes
    ----------
    start : (T,) datetime64[s]
        Start of each interval, UTC, strictly increasing.
    seconds : int
        Length of an interval [s].
    suppliers, agents : sequence of str
        Their ids; players are the suppliers, then the agents.
    gate : (T,) datetime64[s]
        When each interval was decided, UTC, never decreasing, not after the interval's end.
    columns : mapping of str to Column
        The names of :data:`COLUMNS`, and any others as features.
    labels : mapping of str to (T,) str
        In words, by row: ``status`` of the round, ``rule``, ``policy`` version.

    Raises
    ------
    DataError
        Naming every fault: shapes, unordered times, values that may not be, a reading known before its
        interval ended, a claim known after its gate.

    Examples
    --------
    >>> hours = np.datetime64("2026-06-01T00:00:00") + np.arange(2) * np.timedelta64(3600, "s")
    >>> later = hours + np.timedelta64(25, "h")
    >>> history = History(
    ...     hours, 3600, ["hydro"], ["north", "south"], hours,
    ...     {"claim": Column([[4, 2], [5, 1]], "agent", hours),
    ...      "metered": Column([[3, 2], [4, 1]], "agent", later)},
    ... )
    >>> history.target("metered")
    array([[3., 2.],
           [4., 1.]])
    >>> history.information().current("metered")
    Traceback (most recent call last):
    ...
    evenwatt.learning.columns.LeakError: column 'metered' of 2026-06-01T00:00:00 is available 25 h after ...
    """

    start: Times
    seconds: int
    suppliers: tuple[str, ...]
    agents: tuple[str, ...]
    gate: Times
    columns: Mapping[str, Column]
    labels: Mapping[str, Texts]
    # A view for deciding keeps the rows before its own, for lagged features; `None` in a plain history.
    context: History | None = field(default=None, repr=False)
    place: npt.NDArray[np.int64] | None = field(default=None, repr=False)

    def __init__(
        self,
        start: npt.ArrayLike,
        seconds: int,
        suppliers: Sequence[str],
        agents: Sequence[str],
        gate: npt.ArrayLike,
        columns: Mapping[str, Column],
        labels: Mapping[str, npt.ArrayLike] | None = None,
    ) -> None:
        texts = {name: np.array(values, dtype=np.str_) for name, values in (labels or {}).items()}
        for name, value in (
            ("start", np.array(start, dtype="M8[s]")),
            ("seconds", int(seconds)),
            ("suppliers", tuple(suppliers)),
            ("agents", tuple(agents)),
            ("gate", np.array(gate, dtype="M8[s]")),
            ("columns", MappingProxyType(dict(columns))),
            ("labels", MappingProxyType(texts)),
        ):
            object.__setattr__(self, name, value)
        with gather("history") as faults:
            faults.extend(time_faults(self))
            faults.extend(player_faults(self))
            if not faults:
                for name, column in self.columns.items():
                    faults.extend(column_faults(self, name, column))
                for name, values in texts.items():
                    if values.shape != self.start.shape:
                        faults.append(f"label '{name}': {values.shape}; expected {self.start.shape}")

    def __len__(self) -> int:
        return len(self.start)

    @property
    def players(self) -> tuple[str, ...]:
        """``supplier:ID`` of all suppliers, then ``agent:ID`` of all agents."""
        return (*(f"supplier:{one}" for one in self.suppliers), *(f"agent:{one}" for one in self.agents))

    @property
    def end(self) -> Times:
        """When each interval ends, (T,)."""
        return np.asarray(self.start + np.timedelta64(self.seconds, "s"))

    @property
    def status(self) -> Texts:
        """How each round ended, (T,); empty where nobody said."""
        return self.labels.get("status", np.full(len(self), "", dtype="<U1"))

    def __getitem__(self, name: str) -> Array:
        """Values of a column as first known, (T, ...).

        Raises
        ------
        DataError
            If there is no such column.
        LeakError
            If this is a view for deciding and the column is not known at its gates.
        """
        return self.column(name).values

    def column(self, name: str) -> Column:
        """A column by its name; errors as of ``history[name]``."""
        if name in self.columns:
            return self.columns[name]
        if self.context is not None and name in self.context.columns:
            assert self.place is not None
            refuse_leak(name, self.context.columns[name].known[self.place], self.start, self.gate)
            raise LeakError(f"column '{name}' has no value that was known when these rows were decided")
        raise DataError(f"history: no column '{name}'; there are {', '.join(sorted(self.columns)) or 'none'}")

    def target(self, name: str) -> Array:
        """A column as last revised, after the fact, (T, ...): to fit and to judge, never to decide.

        Rows whose value is missing or not yet known are NaN.

        Raises
        ------
        LeakError
            If this is a view for deciding.
        """
        if self.context is not None:
            raise LeakError(f"target '{name}' was asked of rows that are still to be decided")
        return self.column(name).newest

    def bargain(
        self, *, demand: npt.ArrayLike | None = None, weights: npt.ArrayLike | None = None
    ) -> TransportBargain:
        """The bargains of all rows, a batch of T.

        Parameters
        ----------
        demand : (T, N), optional
            What agents may buy at most; their claims by default [energy].
        weights : (T, P), optional
            Bargaining weights, equal by default [-].

        Raises
        ------
        DataError
            If a column is missing; names all of them.
        """
        missing = [name for name in BARGAINED if name not in self.columns]
        if missing:
            raise DataError(f"history: a bargain needs the columns {', '.join(missing)}")
        held = {
            name: self.columns[name].as_of(self.gate)
            for name in (*BARGAINED, *ALSO_BARGAINED)
            if name in self.columns
        }
        return TransportBargain(
            held["capacity"],
            held["claim"] if demand is None else demand,
            cost=held["cost"],
            offer=held["offer"],
            willingness=held["willingness"],
            limit=held.get("limit"),
            charge=held.get("charge"),
            disagreement=held.get("disagreement"),
            weights=weights,
        )

    def rows(self, chosen: Rows) -> History:
        """Some rows with all that is known of them; what came before is gone, so lags begin anew."""
        if self.context is not None:
            assert self.place is not None
            return self.context.at_gate(self.place[chosen])
        columns = {name: column.rows(chosen) for name, column in self.columns.items()}
        return self._with(chosen, columns, self.labels)

    def until(self, time: np.datetime64) -> History:
        """What somebody at ``time`` had: rows decided before it, values not known by then hidden (NaN)."""
        chosen = slice(0, int(np.searchsorted(self.gate, time, side="left")))
        columns = {name: column.rows(chosen).hidden_after(time) for name, column in self.columns.items()}
        return self._with(chosen, columns, self.labels)

    def at_gate(self, chosen: Rows) -> History:
        """Rows as they are to be decided: no column, target or label that was not known at their gates.

        What became known of earlier rows is served by ``information()``, row by row at each row's own gate.

        Parameters
        ----------
        chosen : slice, index or flag
            Rows, in order.
        """
        place = np.arange(len(self))[chosen]
        before = self._with(slice(0, 0), {n: c.rows(slice(0, 0)) for n, c in self.columns.items()}, {})
        if len(place):
            last = self.gate[place].max()
            past = slice(0, int(place.max()) + 1)
            hidden = {n: c.rows(past).hidden_after(last) for n, c in self.columns.items()}
            before = self._with(past, hidden, {})
        gate = self.gate[place]
        known = {
            name: Column(rows.as_of(gate), rows.axis, rows.known)
            for name, rows in ((name, column.rows(place)) for name, column in before.columns.items())
            if not (rows.known > gate).any()
        }
        view = self._with(place, known, {})
        object.__setattr__(view, "context", before)
        object.__setattr__(view, "place", place)
        return view

    def information(self) -> Information:
        """What may be used to decide, each row at its own gate."""
        from evenwatt.learning.information import Information

        return Information(self)

    def append(self, folder: Path | str) -> int:
        """Add to a folder of parquet files; see :func:`evenwatt.learning.archive.append`."""
        from evenwatt.learning.archive import append

        return append(self, folder)

    def to_parquet(self, folder: Path | str) -> None:
        """Write a new folder of parquet files; see :func:`evenwatt.learning.archive.write`."""
        from evenwatt.learning.archive import write

        write(self, folder)

    @staticmethod
    def from_parquet(folder: Path | str) -> History:
        """Read a folder of parquet files; see :func:`evenwatt.learning.archive.read`."""
        from evenwatt.learning.archive import read

        return read(folder)

    def with_columns(self, columns: Mapping[str, Column]) -> History:
        """The same intervals with columns added or replaced, checked anew."""
        return History(
            self.start,
            self.seconds,
            self.suppliers,
            self.agents,
            self.gate,
            {**self.columns, **columns},
            self.labels,
        )

    @cached_property
    def shapes(self) -> dict[Axis, tuple[int, ...]]:
        """The shape of a column of each axis."""
        rows, s, n = len(self), len(self.suppliers), len(self.agents)
        return {
            "interval": (rows,), "supplier": (rows, s), "agent": (rows, n), "link": (rows, s, n),
            "player": (rows, s + n),
        }  # fmt: skip

    def _with(self, chosen: Rows, columns: Mapping[str, Column], labels: Mapping[str, Texts]) -> History:
        """Rows of times and labels that were checked already, with these columns."""
        made = object.__new__(History)
        for name, value in (
            ("start", self.start[chosen]),
            ("seconds", self.seconds),
            ("suppliers", self.suppliers),
            ("agents", self.agents),
            ("gate", self.gate[chosen]),
            ("columns", MappingProxyType(dict(columns))),
            ("labels", MappingProxyType({name: values[chosen] for name, values in labels.items()})),
            ("context", None),
            ("place", None),
        ):
            object.__setattr__(made, name, value)
        return made
