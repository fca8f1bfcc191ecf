"""The game of a community with batteries: a coalition earns what its best dispatch earns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.batteries.battery import Battery, Makes, sorted_by_make
from evenwatt.coalitions.batteries.blocks import blocks_of
from evenwatt.coalitions.batteries.dispatch import Dispatch, Prices
from evenwatt.coalitions.batteries.programme import Programme, burning_pays
from evenwatt.coalitions.batteries.walk import near
from evenwatt.coalitions.game import Game
from evenwatt.coalitions.microgrid import microgrid_game
from evenwatt.coalitions.two_price import TwoPriceGame
from evenwatt.core.errors import ProblemError, gather

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

KEPT = 64  # programmes held ready; one serves every block of the same prices


class BatteryGame(Game):
    """v(S) = base(S) + the most that S earns from the grid with its members' net positions and batteries.

    Made by :func:`battery_game`, which says what the parts mean.
    """

    batch = 256
    most_listed = 10  # each worth is a linear programme a block

    def __init__(
        self,
        grid: TwoPriceGame,
        batteries: Sequence[Battery],
        blocks: tuple[slice, ...],
        *,
        workers: int = 1,
    ) -> None:
        self.grid = grid
        self.batteries = tuple(batteries)
        self.blocks = blocks
        self._owner = np.array([b.member for b in self.batteries], dtype=np.int64)
        self._capacity = np.array([b.capacity for b in self.batteries], dtype=np.float64)
        self._merged = sorted_by_make(self.batteries)
        self._single = sorted_by_make(self.batteries, single=True)
        self._programmes: dict[bytes, Programme] = {}
        power = np.array([b.power for b in self.batteries], dtype=np.float64)
        self._reach = float(np.abs(grid.net).sum(axis=1).max(initial=0.0) + power.sum())
        self._scale = float(np.abs(grid.net).max(initial=0.0)) or float(power.max(initial=0.0)) or 1.0
        super().__init__(grid.n, self._of, workers=workers)

    def __getstate__(self) -> dict[str, Any]:
        """All but the solver's models and what is remembered; both grow anew where they are needed."""
        return self.__dict__ | {"_programmes": {}, "_known": {}}

    def marginals(self, orders: npt.ArrayLike) -> Array:
        """What each member adds on arrival in each order, (m, n) -> (m, n); no coalition is solved twice."""
        place = np.argsort(np.asarray(orders, dtype=np.int64), axis=1)
        heads = place[:, None, :] <= np.arange(self.n)[:, None]
        worths = self.worth(heads.reshape(-1, self.n)).reshape(place.shape)
        return np.take_along_axis(np.diff(worths, axis=1, prepend=0.0), place, axis=1)

    def dispatch(self, coalition: npt.ArrayLike) -> Dispatch:
        """What the batteries of a coalition do to earn its worth.

        Among equally cheap dispatches (to a billionth of the scale of prices and energies) the one that moves
        the least energy; batteries of one make run in proportion to their capacities.

        Parameters
        ----------
        coalition : (n,) booleans

        Raises
        ------
        ProblemError
            If the shape is wrong.
        """
        present = np.asarray(coalition, dtype=np.bool_)
        if present.shape != (self.n,):
            raise ProblemError(f"coalition: shape {present.shape}, expected ({self.n},) booleans")
        capacity = self._capacity * present[self._owner]
        net = self.grid.net.copy()
        charge, discharge, stored = np.zeros((3, len(net), len(capacity)))
        for block in self.blocks if capacity.any() else ():
            makes = self._makes(block)
            total = makes.totals(capacity)
            schedule = self._fresh(block, makes).schedule(net[block] @ present, total)
            per_make = total[makes.make]
            share = np.divide(capacity, per_make, out=np.zeros_like(capacity), where=per_make > 0)
            charge[block] = schedule.charge[makes.make].T * share
            discharge[block] = schedule.discharge[makes.make].T * share
            stored[block] = (schedule.stored + (makes.start * total)[:, None])[makes.make].T * share
        for k, member in enumerate(self._owner):
            net[:, member] += discharge[:, k] - charge[:, k]
        seen = net @ present
        return Dispatch(charge, discharge, stored, net, np.maximum(-seen, 0.0), np.maximum(seen, 0.0))

    def prices(self) -> Prices:
        """Prices at which the dispatch of everyone together is the best for each member by itself.

        Raises
        ------
        ProblemError
            If the worth needs whole-numbered variables (``sell > buy``, or a negative price and a battery with
            losses): such prices need not exist.
        """
        energy, rent = np.zeros(len(self.grid.net)), np.zeros(len(self._capacity))
        for block in self.blocks:
            makes = self._makes(block)
            programme = self._fresh(block, makes)
            if programme.whole:
                raise ProblemError(
                    f"prices: intervals {block.start} to {block.stop - 1} hold a price at which flows both ways pay; "
                    "there, prices that suit everyone need not exist"
                )
            energy[block], earned = programme.prices(self.grid.net[block].sum(axis=1), makes.full)
            unit = np.divide(earned, makes.full, out=np.zeros_like(earned), where=makes.full > 0)
            rent += unit[makes.make] * self._capacity
        return Prices(energy, rent)

    def core_point(self) -> Array:
        """A division of the worth of everyone that no coalition can better, (n,).

        Each member is paid its net position and the rent of its batteries at :meth:`prices`, which also says
        when there are none.

        Examples
        --------
        >>> store = Battery(member=1, capacity=4.0, power=4.0, efficiency_in=1.0, efficiency_out=1.0, start=0.0)
        >>> game = battery_game([[4.0, 0.0], [0.0, -3.0]], [store], buy=0.30, sell=0.08)
        >>> game.core_point().round(2) + 0.0
        array([ 0.32, -0.24])

        Source: Owen 1975, doi:10.1007/BF01681356.
        """
        found = self.prices()
        rent = np.bincount(self._owner, weights=found.rent, minlength=self.n)
        return np.asarray(self.grid.base + found.energy @ self.grid.net + rent)

    def _of(self, coalitions: Flags) -> Array:
        held = coalitions.astype(np.float64)
        found = self.grid.worth(coalitions)
        capacity = held[:, self._owner] * self._capacity
        # Without a battery there is nothing to decide.
        storing = np.flatnonzero(capacity.any(axis=1))
        storing = storing[near(coalitions[storing])]
        if storing.size:
            found[storing] = held[storing] @ self.grid.base
            for block in self.blocks:
                found[storing] -= self._costs(block, held[storing], capacity[storing])
        return found

    def _costs(self, block: slice, held: Array, capacity: Array) -> Array:
        """Least cost of each coalition over one block, (m,)."""
        makes = self._makes(block)
        net, totals = held @ self.grid.net[block].T, makes.totals(capacity)
        programme = self._programme(block, makes)
        buy, sell = self.grid.buy[block], self.grid.sell[block]
        if (buy == sell).all():
            # One price both ways: neither neighbours nor other batteries change what a battery earns.
            own = [programme.cost(np.zeros(len(buy)), row) for row in np.diag(makes.full)]
            return np.asarray(-net @ buy + (totals / np.where(makes.full > 0, makes.full, 1.0)) @ own)
        return np.array([programme.cost(*row) for row in zip(net, totals, strict=True)])

    def _makes(self, block: slice) -> Makes:
        """Batteries of one make as one, unless each must choose whether it takes up or gives out."""
        alone = burning_pays(self.grid.buy[block], self.grid.sell[block], self._single).any()
        return self._single if alone else self._merged

    def _programme(self, block: slice, makes: Makes) -> Programme:
        key = np.concatenate([self.grid.buy[block], self.grid.sell[block]]).tobytes()
        if key not in self._programmes:
            while len(self._programmes) >= KEPT:
                self._programmes.pop(next(iter(self._programmes)))
            self._programmes[key] = self._fresh(block, makes)
        return self._programmes[key]

    def _fresh(self, block: slice, makes: Makes) -> Programme:
        return Programme(self.grid.buy[block], self.grid.sell[block], makes, self._reach, self._scale)


def battery_game(
    net: npt.ArrayLike,
    batteries: Sequence[Battery],
    buy: npt.ArrayLike,
    sell: npt.ArrayLike,
    *,
    horizon: int | None = None,
    blocks: Sequence[int | slice] | None = None,
    base: npt.ArrayLike | None = None,
    workers: int = 1,
) -> BatteryGame:
    """What a group behind one meter earns with its batteries run at their best.

    The worth of a coalition is minus the least cost of its summed net position, prices and net positions known
    ahead, batteries of its members alone. It is exact to the solver's tolerance of a billionth. A battery does
    not take up and give out in the same interval: at prices of 0 or more it has no reason to, and at negative
    prices, where burning energy would pay, it is forbidden by whole-numbered variables (slower). Likewise a
    coalition never buys and sells at once.

    Parameters
    ----------
    net : (T, n) or (n,)
        Net position of each member, generation less load [one energy unit].
    batteries : sequence of Battery
        In that unit; a member may have none or several.
    buy, sell : (T,) or float
        Price paid to the grid and paid by it [money per that unit].
    horizon : int, optional
        Intervals of a block, say of a day; each battery is back at its start after each. The worth is then a sum
        over blocks, and each programme small. T must be a multiple of it.
    blocks : sequence of int or slice, optional
        Instead: length of each block, or blocks one after another, as where days have 92, 96 or 100 quarter-hours.
    base : (n,), optional
        What each member brings to any coalition besides [money].
    workers : int
        Processes to share the solving; answers do not depend on it.

    Returns
    -------
    BatteryGame
        Worths are money: what is earned, negative where more is paid. ``.dispatch(coalition)`` says how.

    Raises
    ------
    ProblemError
        Naming every fault of what was given.

    Warns
    -----
    PoolingLossWarning
        If ``sell > buy`` somewhere, as in :func:`microgrid_game`.

    Examples
    --------
    A roof with 4 kWh over at noon, a neighbour who needs 3 in the evening, and her battery:

    >>> store = Battery(member=1, capacity=4.0, power=4.0, efficiency_in=1.0, efficiency_out=1.0, start=0.0)
    >>> game = battery_game([[4.0, 0.0], [0.0, -3.0]], [store], buy=0.30, sell=0.08)
    >>> game.alone.round(2), round(game.total, 2)
    (array([ 0.32, -0.9 ]), 0.08)
    >>> game.dispatch([True, True]).stored.ravel().round(6)
    array([3., 0.])
    """
    grid: TwoPriceGame | None = None
    with gather("battery game", ProblemError) as faults:
        try:
            grid = TwoPriceGame(net, buy, sell, base=base)
        except ProblemError as error:
            faults.append(str(error))
        shape = np.shape(np.atleast_2d(np.asarray(net, dtype=np.float64)))
        found = blocks_of(shape[0], horizon, blocks, faults)
        for k, battery in enumerate(batteries):
            if battery.member >= shape[-1]:
                faults.append(f"battery {k}: member {battery.member}; there are {shape[-1]}, counted from 0")
    assert grid is not None
    if (grid.spread < 0).any():
        microgrid_game(grid.net, grid.buy, grid.sell)  # warns, and says what is lost
    return BatteryGame(grid, batteries, found, workers=workers)


def battery_savings_game(
    net: npt.ArrayLike,
    batteries: Sequence[Battery],
    buy: npt.ArrayLike,
    sell: npt.ArrayLike,
    *,
    horizon: int | None = None,
    blocks: Sequence[int | slice] | None = None,
    workers: int = 1,
) -> BatteryGame:
    """What a group gains over its members each alone with its own batteries.

    Parameters are those of :func:`battery_game`; worths are money gained.

    Examples
    --------
    >>> store = Battery(member=1, capacity=4.0, power=4.0, efficiency_in=1.0, efficiency_out=1.0, start=0.0)
    >>> gains = battery_savings_game([[4.0, 0.0], [0.0, -3.0]], [store], buy=0.30, sell=0.08)
    >>> round(gains.total, 2), bool(abs(gains.alone).max() < 1e-9)
    (0.66, True)
    """
    game = battery_game(net, batteries, buy, sell, horizon=horizon, blocks=blocks, workers=workers)
    grid = TwoPriceGame(game.grid.net, game.grid.buy, game.grid.sell, base=-game.alone)
    return BatteryGame(grid, game.batteries, game.blocks, workers=workers)
