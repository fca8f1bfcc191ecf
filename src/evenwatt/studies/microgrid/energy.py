"""One day's energy: own use first, then batteries, then surplus meets deficit inside the microgrid."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ConservationError
from evenwatt.core.meters import Day, Meters
from evenwatt.studies.division import Division
from evenwatt.studies.microgrid.neighbours import PRICES, Neighbours
from evenwatt.studies.series import Stage, divide, rounded

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


Moved = tuple[int, Whole, Whole, Whole]

MOST_PAIRS = 1_000_000  # of a day, over all intervals


@dataclass(frozen=True)
class DayEnergy:
    """What one settlement day brings; only intervals with every reading. Members not taking part have 0.

    Attributes
    ----------
    start : (T,) datetime64[s]
        Start of each complete interval, UTC.
    slots : (T,) int64
        Which interval of the local day each is, by the clock on the wall.
    incomplete : int
        Intervals of the day left out because a reading is missing.
    load, generated : (T, n) int64
        What members used and made [Wh].
    charged, discharged : (T, n) int64
        What their batteries took up and gave out [Wh].
    present, selling : (n,) bool
        Who takes part this day, and who of them could ever be long of energy.
    buy, sell : (T,)
        Prices of the grid [currency per MWh].
    """

    date: date
    start: npt.NDArray[np.datetime64]
    slots: Whole
    incomplete: int
    load: Whole
    generated: Whole
    charged: Whole
    discharged: Whole
    present: npt.NDArray[np.bool_]
    selling: npt.NDArray[np.bool_]
    buy: Array
    sell: Array

    @cached_property
    def net(self) -> Whole:
        """Net position before batteries, generation less load, (T, n) [Wh]."""
        return np.asarray(self.generated - self.load)

    @cached_property
    def position(self) -> Whole:
        """Net position after batteries, (T, n) [Wh]."""
        return np.asarray(self.net - self.charged + self.discharged)

    @property
    def own_use(self) -> Whole:
        """Own generation used at once, (T, n) [Wh]."""
        return np.asarray(np.minimum(self.load, self.generated))

    @cached_property
    def surplus(self) -> Whole:
        """What members are long of, (T, n) [Wh]."""
        return np.maximum(self.position, 0)

    @cached_property
    def deficit(self) -> Whole:
        """What members are short of, (T, n) [Wh]."""
        return np.maximum(-self.position, 0)

    @cached_property
    def inside(self) -> Whole:
        """What is traded inside: the smaller of all surplus and all deficit, (T,) [Wh]."""
        return np.asarray(np.minimum(self.surplus.sum(axis=1), self.deficit.sum(axis=1)))


@dataclass(frozen=True)
class Traded:
    """What one energy rule made of a day.

    Attributes
    ----------
    sold, bought : (T, n) int64
        Inside the microgrid; both sum to what is traded [Wh].
    sold_residue, bought_residue : (n,)
        What rounding owes to the next day [Wh].
    """

    sold: Whole
    bought: Whole
    sold_residue: Array
    bought_residue: Array


def day_energy(meters: Meters, day: Day, people: Neighbours) -> DayEnergy:
    """Lay out one day; batteries run as is cheapest for all together, prices and positions known ahead."""
    today = meters.rows(day.rows)
    active = [spell for spell in people.memberships if spell.covers(day.date)]
    used = {spell.meter for spell in active}
    columns = [k for k, register in enumerate(today.registers) if register.meter in used]
    makers = {today.registers[k].meter for k in columns if today.registers[k].direction == "generation"}
    whole = ~today.missing[:, columns].any(axis=1)
    place = {member: k for k, member in enumerate(people.members)}
    members = [place[spell.id] for spell in active]
    owners = [spell.meter for spell in active]
    start = today.start[whole]

    def spread(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        table = np.zeros((*values.shape[:-1], len(place)), dtype=values.dtype)
        table[..., members] = values
        return table

    load = spread(today.energy(owners, "consumption")[whole])
    generated = spread(today.energy(owners, "generation")[whole])
    held = {storage.member for storage in people.storages}
    found = DayEnergy(
        date=day.date,
        start=start,
        slots=_on_the_wall(start, meters.zone, meters.seconds),
        incomplete=int((~whole).sum()),
        load=load,
        generated=generated,
        charged=np.zeros_like(load),
        discharged=np.zeros_like(load),
        present=spread(np.ones(len(members), dtype=np.bool_)),
        selling=spread(np.array([spell.meter in makers or spell.id in held for spell in active], dtype=bool)),
        buy=people.prices.at(start, PRICES[0]),
        sell=people.prices.at(start, PRICES[1]),
    )
    return _stored(found, people.batteries(meters.seconds)) if people.storages else found


def _on_the_wall(start: npt.NDArray[np.datetime64], zone: str, seconds: int) -> Whole:
    """Interval of the day by local clock; on a day of 25 hours two intervals bear the same."""
    moments = [
        datetime.fromtimestamp(int(s), ZoneInfo(zone)) for s in start.astype("datetime64[s]").astype(int)
    ]
    past = [m.hour * 3600 + m.minute * 60 + m.second for m in moments]
    return np.array(past, dtype=np.int64) // seconds


def _stored(day: DayEnergy, batteries: Sequence[Any]) -> DayEnergy:
    """The same day with its batteries at work, in whole Wh."""
    from evenwatt.coalitions.batteries.battery_game import battery_game
    from evenwatt.coalitions.microgrid import PoolingLossWarning

    if len(day.start) == 0:
        return day
    with warnings.catch_warnings():
        # Where selling pays more than buying costs, the report says so in its notes and measures.
        warnings.simplefilter("ignore", PoolingLossWarning)
        game = battery_game(day.net, batteries, day.buy, day.sell)
    plan = game.dispatch(np.ones(game.n, dtype=np.bool_))
    charged, discharged = np.zeros_like(day.net), np.zeros_like(day.net)
    for k, battery in enumerate(batteries):
        charged[:, battery.member] += _whole(plan.charge[:, k])
        discharged[:, battery.member] += _whole(plan.discharge[:, k])
    return replace(day, charged=charged, discharged=discharged)


def _whole(series: Array) -> Whole:
    """Whole numbers whose running sums stay within half a unit of the series', (T,)."""
    running = np.rint(np.cumsum(series)).astype(np.int64)
    return np.asarray(running - np.append(0, running[:-1]))


def trade(
    day: DayEnergy,
    division: Division,
    residues: tuple[Array, Array],
    weights: Array | None = None,
) -> Traded:
    """Let surplus meet deficit by one rule on both sides.

    Deficits claim the energy there is to trade, surpluses claim to be the ones who sell it; what is left goes
    to or comes from the grid. Awards are whole Wh; what rounding takes is given back later.

    Parameters
    ----------
    day : DayEnergy
        A day.
    division : Division
        The claims rule.
    residues : ((n,), (n,))
        What rounding still owes sellers and buyers [Wh].
    weights : (n,), optional
        Where the rule is weighted.

    Raises
    ------
    ConservationError
        If a side does not sum to what is traded.
    """
    sold = _side(day.inside, day.surplus, day.selling, division, residues[0], weights)
    bought = _side(day.inside, day.deficit, day.present, division, residues[1], weights)
    if (sold.whole.sum(axis=1) != bought.whole.sum(axis=1)).any():
        raise ConservationError(f"{day.date}: what is sold inside is not what is bought inside")
    return Traded(sold.whole, bought.whole, sold.residue, bought.residue)


def _side(
    inside: Whole,
    claims: Whole,
    group: npt.NDArray[np.bool_],
    division: Division,
    residue: Array,
    weights: Array | None,
) -> Stage:
    awards = np.zeros(claims.shape)
    whole = np.zeros(claims.shape, dtype=np.int64)
    owed = residue.copy()
    if group.any() and len(inside):
        asked = claims[:, group]
        awards[:, group] = divide(inside, asked, division, None if weights is None else weights[group])
        stage = rounded(awards[:, group], inside, asked, residue[group])
        whole[:, group], owed[group] = stage.whole, stage.residue
    return Stage(awards, whole, owed)


def pairs(traded: Traded) -> list[Moved]:
    """Who sold to whom: (t, sellers, buyers, Wh), each pair with energy once an interval.

    A seller's energy goes to the buyers in proportion to what they buy; both sides' sums are kept. A day with
    more than a million pairs is told as a whole (t = -1): in proportion interval by interval, but rounded once.
    """
    from evenwatt.engine.tables import proportional, rounded_table

    sellers, buyers = (np.flatnonzero(side.any(axis=0)) for side in (traded.sold, traded.bought))
    sold, bought = traded.sold[:, sellers], traded.bought[:, buyers]
    steps = np.flatnonzero(sold.sum(axis=1))
    if len(steps) * len(sellers) * len(buyers) <= MOST_PAIRS:
        tables = [(int(t), proportional(sold[t], bought[t])) for t in steps]
    else:
        cells = (sold[steps] / sold[steps].sum(axis=1, keepdims=True)).T @ bought[steps]
        tables = [(-1, rounded_table(cells, sold.sum(axis=0), bought.sum(axis=0)))]
    found = []
    for t, table in tables:
        i, j = np.nonzero(table)
        found.append((t, sellers[i], buyers[j], table[i, j]))
    return found


def group_sizes(people: Neighbours, meters: Meters, days: Sequence[date]) -> set[int]:
    """How many members claim on either side, over all days; sides of one claimant need no rule."""
    makers = {register.meter for register in meters.registers if register.direction == "generation"}
    held = {storage.member for storage in people.storages}
    sizes = set()
    for day in days:
        active = [spell for spell in people.memberships if spell.covers(day)]
        sizes |= {len(active), sum(spell.meter in makers or spell.id in held for spell in active)}
    return sizes - {0, 1}
