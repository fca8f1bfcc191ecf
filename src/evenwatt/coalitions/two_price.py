"""Games of members who pool what they are long and short of, before a grid with two prices."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.game import MOST_TABLED, Game
from evenwatt.core.errors import ProblemError, gather

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

CELLS = 1 << 22  # of a block of coalitions x intervals
LISTED = 2.0**33  # coalitions x intervals listed unasked: some seconds


class TwoPriceGame(Game):
    """v(S) = base(S) + sum over t of sell_t * max(z_t(S), 0) - buy_t * max(-z_t(S), 0).

    Parameters
    ----------
    net : (T, n) or (n,)
        Net position of each member in each interval, generation less load [one energy unit].
    buy, sell : (T,) or float
        Price of what is bought from and sold to the grid [money per that unit].
    base : (n,), optional
        What each member brings to any coalition besides [money].

    Raises
    ------
    ProblemError
        Naming every array whose shape does not fit or that holds a value that is not finite.
    """

    def __init__(
        self,
        net: npt.ArrayLike,
        buy: npt.ArrayLike,
        sell: npt.ArrayLike,
        *,
        base: npt.ArrayLike | None = None,
    ) -> None:
        self.net = np.array(np.atleast_2d(np.asarray(net, dtype=np.float64)))
        steps, n = self.net.shape if self.net.ndim == 2 else (0, 0)
        with gather("game", ProblemError) as faults:
            if self.net.ndim != 2 or n == 0:
                faults.append(f"net: shape {np.shape(net)}, expected (n,) or (T, n) with at least one member")
            self.buy = _column("buy", buy, steps, faults)
            self.sell = _column("sell", sell, steps, faults)
            self.base = np.zeros(n) if base is None else np.array(base, dtype=np.float64)
            if self.base.shape != (n,):
                faults.append(f"base: shape {self.base.shape}, expected ({n},)")
            for name, held in (("net", self.net), ("base", self.base)):
                for place in np.argwhere(~np.isfinite(held))[:20]:
                    faults.append(f"{name}{place.tolist()}: {held[tuple(place)]} is not finite")
        super().__init__(n, self._of, memo=False)
        self.most_listed = int(np.clip(np.log2(LISTED / max(1, steps)), 10, MOST_TABLED))

    @cached_property
    def additive(self) -> Array:
        """The part of the worth that needs no partner: v(S) = additive(S) - sum spread_t |z_t(S)| / 2, (n,)."""
        return np.asarray(self.base + ((self.buy + self.sell) / 2) @ self.net)

    @property
    def spread(self) -> Array:
        """What a unit traded inside gains over the grid, ``buy - sell``, (T,)."""
        return np.asarray(self.buy - self.sell)

    def _of(self, coalitions: Flags) -> Array:
        held = coalitions.astype(np.float64)
        found = held @ self.additive
        half = self.spread / 2
        size = max(1, CELLS // max(1, len(held)))
        for first in range(0, len(self.net), size):
            block = slice(first, first + size)
            found -= np.abs(held @ self.net[block].T) @ half[block]
        return np.asarray(found)

    def table(self) -> Array:
        """Worth of every coalition by bit mask, (2**n,)."""
        if "_tabled" not in self.__dict__ and self.n <= MOST_TABLED:
            from evenwatt.coalitions.sums._kernels import absolute_sums

            found = masks.sums(self.additive)
            wanted = np.flatnonzero(self.spread != 0)
            absolute_sums(np.ascontiguousarray(self.net[wanted]), self.spread[wanted] / 2, found)
            found[0] = 0.0
            found.flags.writeable = False
            self.__dict__["_tabled"] = found
        return super().table()

    def marginals(self, orders: npt.ArrayLike) -> Array:
        """What each member adds on arrival in each order, (m, n) -> (m, n), by running sums."""
        from evenwatt.coalitions.sums._kernels import absolute_marginals

        held = np.ascontiguousarray(orders, dtype=np.int64)
        found = np.zeros(held.shape)
        absolute_marginals(np.ascontiguousarray(self.net.T), self.spread / 2, held, found)
        return self.additive - found


def _column(name: str, values: npt.ArrayLike, steps: int, faults: list[str]) -> Array:
    held = np.asarray(values, dtype=np.float64)
    if held.ndim > 1 or (held.ndim == 1 and held.shape != (steps,)):
        faults.append(f"{name}: shape {held.shape}, expected one price or ({steps},)")
        return np.zeros(steps)
    if not np.isfinite(held).all():
        faults.append(f"{name}: holds a value that is not finite")
    return np.array(np.broadcast_to(held, (steps,)))
