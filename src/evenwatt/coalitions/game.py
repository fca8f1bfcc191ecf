"""A game: what every group of members earns if it acts alone together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.core.errors import ProblemError, gather
from evenwatt.engine.executor import executor

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Worth = Callable[[Flags], npt.ArrayLike]

MOST_TABLED = 24  # members whose 2**n coalitions are listed: 134 MB at 24
BATCH = 4096  # coalitions asked for at once


class Game:
    """A cooperative game with transferable utility.

    Parameters
    ----------
    n : int
        How many members, at least 1.
    worth : callable
        ``(m, n) booleans -> (m,)``: what each coalition earns [any one unit]. The empty coalition is never
        asked; its worth is 0.
    memo : bool
        Remember what was asked, for worths that are dear; off where looking up costs more than asking.
    workers : int
        Processes to share the asking; ``worth`` must then be picklable. The answers do not depend on it.

    Raises
    ------
    ProblemError
        If ``n`` is not a whole number above 0; later, if a worth is not finite or their number is wrong.

    Examples
    --------
    >>> gloves = Game(3, lambda s: np.minimum(s[:, 0], s[:, 1:].sum(axis=1)))  # one left, two right
    >>> gloves.value([0, 2]), gloves.total
    (1.0, 1.0)
    """

    # Members up to which all coalitions are listed unasked; a game whose worth is dear says less.
    most_listed = 20

    batch = BATCH  # coalitions handed to a worker at once; a dearer worth wants fewer

    def __init__(self, n: int, worth: Worth, *, memo: bool = True, workers: int = 1) -> None:
        if int(n) != n or n < 1:
            raise ProblemError(f"game: {n} members; expected a whole number above 0")
        self.n = int(n)
        self.workers = workers
        self._worth = worth
        self._known: dict[bytes, float] | None = {} if memo else None

    @classmethod
    def from_table(cls, n: int, values: npt.ArrayLike) -> Game:
        """Make a game from a printed table.

        Parameters
        ----------
        n : int
            How many members, at most 24.
        values : (2**n - 1,)
            Worths by size of coalition, then lexicographic: 1, 2, 3, 12, 13, 23, 123.

        Examples
        --------
        >>> Game.from_table(2, [1, 2, 5]).value([0, 1])
        5.0
        """
        return _table_game(cls, n, values)

    def worth(self, coalitions: npt.ArrayLike) -> Array:
        """Worth of each coalition, (m, n) booleans -> (m,)."""
        asked = np.atleast_2d(np.asarray(coalitions, dtype=np.bool_))
        if asked.ndim != 2 or asked.shape[1] != self.n:
            raise ProblemError(f"coalitions: shape {asked.shape}, expected (m, {self.n}) booleans")
        return self._asked(asked) if self._known is None else self._remembered(asked)

    def value(self, members: Iterable[int]) -> float:
        """Worth of one coalition, named by its members."""
        asked = np.zeros((1, self.n), dtype=np.bool_)
        asked[0, list(members)] = True
        return float(self.worth(asked)[0])

    @cached_property
    def total(self) -> float:
        """Worth of everyone together."""
        return float(self.worth(np.ones((1, self.n), dtype=np.bool_))[0])

    @cached_property
    def alone(self) -> Array:
        """Worth of each member alone, (n,)."""
        return self.worth(np.eye(self.n, dtype=np.bool_))

    @cached_property
    def last(self) -> Array:
        """What each member adds when it joins all the others (its utopia payoff), (n,)."""
        return self.total - self.worth(~np.eye(self.n, dtype=np.bool_))

    def known(self) -> tuple[Flags, Array]:
        """The coalitions asked so far and their worths, (m, n) and (m,); none where nothing is remembered."""
        known = self._known or {}
        packed = np.frombuffer(b"".join(known), dtype=np.uint8).reshape(len(known), -(-self.n // 8))
        rows = np.unpackbits(packed, axis=1, count=self.n)
        return rows.astype(np.bool_), np.array(list(known.values()))

    def table(self) -> Array:
        """Worth of every coalition by bit mask (bit i = member i), (2**n,).

        Raises
        ------
        ProblemError
            If there are more than 24 members.
        """
        if self.n > MOST_TABLED:
            raise ProblemError(
                f"game: {self.n} members have 2**{self.n} coalitions; "
                f"they can be listed for at most {MOST_TABLED}"
            )
        return self._tabled

    def marginals(self, orders: npt.ArrayLike) -> Array:
        """What each member adds on arrival, for each order of arrival, (m, n) -> (m, n).

        ``orders[k, p]`` is who comes p-th; column i of the result belongs to member i.
        """
        held = np.asarray(orders, dtype=np.int64)
        m, n = held.shape
        place = np.empty_like(held)
        np.put_along_axis(place, held, np.broadcast_to(np.arange(n), held.shape), axis=1)
        # Coalition p of order k: all who come p-th or earlier.
        heads = place[:, None, :] <= np.arange(n)[:, None]
        worths = self._asked(heads.reshape(m * n, n)).reshape(m, n)
        added = np.diff(worths, axis=1, prepend=0.0)
        return np.take_along_axis(added, place, axis=1)

    @cached_property
    def _tabled(self) -> Array:
        found = np.empty(1 << self.n)
        for first in range(0, found.size, BATCH * 16):
            some = np.arange(first, min(first + BATCH * 16, found.size))
            found[some] = self._asked(masks.rows(some, self.n))
        found.flags.writeable = False
        return found

    def _remembered(self, asked: Flags) -> Array:
        known = self._known
        assert known is not None
        keys = [row.tobytes() for row in np.packbits(asked, axis=1)]
        new = {key: k for k, key in enumerate(keys) if key not in known}
        if new:
            known.update(zip(new, self._asked(asked[list(new.values())]).tolist(), strict=True))
        return np.array([known[key] for key in keys])

    def _asked(self, asked: Flags) -> Array:
        filled = np.flatnonzero(asked.any(axis=1))
        batches = [asked[filled[k : k + self.batch]] for k in range(0, len(filled), self.batch)]
        found = np.zeros(len(asked))
        if batches:
            with executor(self.workers if len(batches) > 1 else 1) as crew:
                found[filled] = np.concatenate(list(crew.map(self._batch, batches)))
        return found

    def _batch(self, asked: Flags) -> Array:
        found = np.asarray(self._worth(asked), dtype=np.float64)
        if found.shape != (len(asked),):
            raise ProblemError(f"worth: gave shape {found.shape} for {len(asked)} coalitions")
        if not np.isfinite(found).all():
            first = int(np.flatnonzero(~np.isfinite(found))[0])
            raise ProblemError(
                f"worth: {found[first]} for coalition {masks.told(asked[first])} is not finite"
            )
        return found


def _table_game(cls: type[Game], n: int, values: npt.ArrayLike) -> Game:
    held = np.asarray(values, dtype=np.float64)
    with gather("table", ProblemError) as faults:
        if int(n) != n or not 1 <= n <= MOST_TABLED:
            faults.append(f"{n} members; expected a whole number from 1 to {MOST_TABLED}")
        elif held.shape != ((1 << n) - 1,):
            faults.append(f"{held.size} values; expected {(1 << n) - 1}, every coalition but the empty one")
        else:
            for place in np.flatnonzero(~np.isfinite(held)):
                faults.append(f"value {place}: {held[place]} is not finite")
    table = np.zeros(1 << n)
    table[masks.by_size(n)] = held
    game = Game.__new__(cls)
    Game.__init__(game, n, Lookup(table), memo=False)
    game.__dict__["_tabled"] = table
    return game


class Lookup:
    """Worth read from a table by bit mask; a class, so that it can travel to other processes."""

    def __init__(self, table: Array) -> None:
        self.table = table

    def __call__(self, coalitions: Flags) -> Array:
        """Worth of each coalition, (m, n) -> (m,)."""
        return np.asarray(self.table[masks.masks(coalitions)])
