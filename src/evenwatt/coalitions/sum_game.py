"""Games in which only the sum of the members' numbers counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.game import MOST_TABLED, Game
from evenwatt.core.errors import ProblemError

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Kinked:
    """A function of one number that is straight but for some kinks, and 0 at 0.

    ``f(x) = slope * x + sum of bends * (max(x - kinks, 0) - max(-kinks, 0))``

    Solutions of a :class:`SumGame` of such a function are computed exactly and fast.

    Examples
    --------
    >>> deficit_costs = Kinked(slope=0.30, kinks=(0.0,), bends=(-0.22,))  # 0.30 below zero, 0.08 above
    >>> deficit_costs(np.array([-2.0, 0.0, 5.0])).round(2)
    array([-0.6,  0. ,  0.4])
    """

    slope: float
    kinks: tuple[float, ...] = ()
    bends: tuple[float, ...] = ()

    def __call__(self, x: npt.ArrayLike) -> Array:
        """Evaluate the function, any shape."""
        held = np.asarray(x, dtype=np.float64)
        found = self.slope * held
        for kink, bend in zip(self.kinks, self.bends, strict=True):
            found = found + bend * (np.maximum(held - kink, 0.0) - max(-kink, 0.0))
        return np.asarray(found)


class SumGame(Game):
    """A game whose worth depends on the sum of the members' numbers alone, v(S) = base(S) + f(z(S)).

    Parameters
    ----------
    z : (n,)
        A number of each member, any sign [kWh, say].
    f : callable
        Worth of a sum, any shape in, the same shape out; f(0) must be 0. A :class:`Kinked` function makes
        the Shapley value exact at a thousand members.
    base : (n,), optional
        What each member brings to any coalition besides.

    Raises
    ------
    ProblemError
        If a number is not finite, shapes differ, or f(0) is not 0.

    Examples
    --------
    >>> SumGame([3.0, -1.0, -2.0], np.abs).value([0, 1])
    2.0
    """

    most_listed = MOST_TABLED

    def __init__(
        self, z: npt.ArrayLike, f: Callable[[Array], npt.ArrayLike], *, base: npt.ArrayLike | None = None
    ) -> None:
        self.z = checked_numbers("z", z)
        self.f = f
        self.base = np.zeros(self.z.size) if base is None else checked_numbers("base", base)
        if self.base.shape != self.z.shape:
            raise ProblemError(f"base: {self.base.size} values for {self.z.size} members")
        nothing = float(np.asarray(f(np.zeros(1)), dtype=np.float64).ravel()[0])
        if nothing != 0:
            raise ProblemError(f"f: f(0) = {nothing}; the empty coalition must be worth 0")
        super().__init__(self.z.size, self._of, memo=False)

    def _of(self, coalitions: Flags) -> Array:
        held = coalitions.astype(np.float64)
        return np.asarray(np.asarray(self.f(held @ self.z), dtype=np.float64) + held @ self.base)

    def table(self) -> Array:
        """Worth of every coalition by bit mask, (2**n,); sums grow by doubling."""
        if "_tabled" not in self.__dict__ and self.n <= MOST_TABLED:
            found = np.asarray(self.f(masks.sums(self.z)), dtype=np.float64) + masks.sums(self.base)
            if not np.isfinite(found).all():
                raise ProblemError("f: gave a value that is not finite")
            found[0] = 0.0
            found.flags.writeable = False
            self.__dict__["_tabled"] = found
        return super().table()

    def marginals(self, orders: npt.ArrayLike) -> Array:
        """What each member adds on arrival in each order, (m, n) -> (m, n), by running sums."""
        held = np.asarray(orders, dtype=np.int64)
        worths = np.asarray(self.f(np.cumsum(self.z[held], axis=1)), dtype=np.float64)
        added = np.diff(worths, axis=1, prepend=0.0)
        found = np.empty_like(added)
        np.put_along_axis(found, held, added, axis=1)
        return found + self.base


def checked_numbers(name: str, values: npt.ArrayLike) -> Array:
    """A row of finite numbers, at least one; every fault named at once."""
    held = np.array(values, dtype=np.float64)
    if held.ndim != 1 or held.size == 0:
        raise ProblemError(f"{name}: shape {held.shape}, expected one number a member")
    wrong = np.flatnonzero(~np.isfinite(held))
    if wrong.size:
        places = ", ".join(f"member {i}: {held[i]}" for i in wrong[:20])
        raise ProblemError(f"{name}: not finite: {places}")
    return held
