"""What nobody decides, day by day: loads and panels from the meters, stations' availability, the outside price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError, gather
from evenwatt.core.meters import Direction, Meters, Times
from evenwatt.core.units import SECONDS_PER_HOUR
from evenwatt.data.clock import local_labels
from evenwatt.studies.market.availability import available, sunshine
from evenwatt.studies.market.config import MarketConfig
from evenwatt.studies.market.kinds import SOURCES
from evenwatt.studies.market.participants import Participants
from evenwatt.studies.market.roles import Agent
from evenwatt.studies.market.setting import Weather

if TYPE_CHECKING:
    from evenwatt.data.store import Store

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Outlook:
    """The whole period at once, for what a single day cannot say.

    Attributes
    ----------
    start : (T,)
        Starts of all intervals, UTC.
    complete : (T,)
        Intervals in which every meter of the market has a reading: only these are played.
    availability : (T, P)
        Share of capacity each producer can use.
    outside : (T,)
        Price of the outside grid [currency per MWh].
    slot : (T,)
        Slot of the day of each interval, by the clock on the wall.
    usual : (slots, H)
        What each household usually needs in each slot of the day beyond its own generation: the mean over the
        days [Wh].
    seconds : int
        Length of an interval [s].
    notes : tuple of str
        What was assumed.
    """

    start: Times
    complete: Flags
    availability: Array
    outside: Array
    slot: Whole
    usual: Array
    seconds: int
    notes: tuple[str, ...] = ()

    @property
    def slots(self) -> int:
        """Steps of a day."""
        return max(1, 24 * SECONDS_PER_HOUR // self.seconds)

    @property
    def played(self) -> int:
        """How many intervals are played."""
        return int(self.complete.sum())

    def day(self, meters: Meters, people: Participants) -> tuple[Weather, Times]:
        """One day's weather and the starts of its steps; intervals that lack a reading are left out."""
        first = int(np.searchsorted(self.start, meters.start[0]))
        here = slice(first, first + len(meters.start))
        kept = np.flatnonzero(self.complete[here])
        load, made = readings(meters, people)
        weather = Weather(
            load_wh=load[kept],
            pv_wh=made[kept],
            availability=self.availability[here][kept],
            outside_per_mwh=self.outside[here][kept],
            first=int(self.complete[:first].sum()),
            slots=self.slot[here][kept],
        )
        return weather, meters.start[kept]


def outlook(store: Store, people: Participants, config: MarketConfig) -> Outlook:
    """Look once over all days: the sun as the panels saw it, measured stations, which readings are missing.

    Raises
    ------
    CaseError
        If a consumer's meter generates, or no price holds at the first instant.
    """
    starts: list[Times] = []
    complete, sunny, stations, needs = [], [], [], []
    metered = [agent for agent in people.producers if agent.cells["meter"]]
    panels = list(dict.fromkeys(panel for agent in people.prosumers if (panel := panels_of(agent))))
    for day in store.days:
        meters = store.day(day)
        if not starts:
            _no_hidden_generation(meters, people)
        starts.append(meters.start)
        complete.append(_complete(meters, people))
        sunny.append(meters.energy(panels, "generation").sum(axis=1))
        stations.append(meters.energy([agent["meter"] for agent in metered], "generation"))
        load, made = readings(meters, people)
        needs.append(np.maximum(load - made, 0))
    start, seconds = np.concatenate(starts), meters.seconds
    sun_share, note = _sun(np.concatenate(sunny), start, seconds, config)
    sources = [SOURCES[agent["source"]].weather for agent in people.producers]
    share = available(sources, start, seconds, config.seed, sun_share=sun_share)
    for agent, made in zip(metered, np.concatenate(stations).T, strict=True):
        most = agent["capacity_kw"] * 1000 * seconds / SECONDS_PER_HOUR
        share[:, people.producers.index(agent)] = np.minimum(made / most, 1.0) if most else 0.0
    outside = people.prices.at(start, people.price_column)
    notes = (note,) if "sun" in sources else ()
    played, slot = np.concatenate(complete), slots_of(start, seconds, config.timezone)
    usual = _usual(np.concatenate(needs)[played], slot[played], max(1, 24 * SECONDS_PER_HOUR // seconds))
    return Outlook(start, played, share, outside, slot, usual, seconds, notes)


def slots_of(start: Times, seconds: int, timezone: str) -> Whole:
    """Slot of the local day in which each interval begins, by the clock on the wall, (T,)."""
    labels = local_labels(start.astype("datetime64[s]"), timezone)
    since = (labels - labels.astype("datetime64[D]")).astype("timedelta64[s]").astype(np.int64)
    return np.asarray(since // seconds)


def _usual(need: Whole, slot: Whole, slots: int) -> Array:
    """Mean over the days by slot, (slots, H) [Wh]."""
    total = np.zeros((slots, need.shape[1]))
    np.add.at(total, slot, need)
    days = np.bincount(slot, minlength=slots)
    return np.asarray(total / np.maximum(days, 1)[:, None])


def _sun(made: Whole, start: Times, seconds: int, config: MarketConfig) -> tuple[Array, str]:
    """What solar parks can use: the mean of the members' panels over its highest, else a generated sky."""
    highest = int(made.max(initial=0))
    if highest:
        return (
            made / highest,
            "solar parks follow the mean of the members' panels, its highest as full output",
        )
    place = config.weather
    share = sunshine(start, seconds, config.seed, latitude=place.latitude, longitude=place.longitude)
    return share, (
        f"no member has panels: solar parks stand under generated skies at {place.latitude:g} N, "
        f"{place.longitude:g} E"
    )


def panels_of(agent: Agent) -> str:
    """The meter that counts what an agent's panels give; empty for a consumer."""
    return str(agent.cells.get("pv_meter") or agent["meter"]) if agent.role == "prosumer" else ""


def readings(meters: Meters, people: Participants) -> tuple[Whole, Whole]:
    """Consumption and generation of every household, (T, H) and (T, H) [Wh]."""
    load = _scaled(meters, [agent["meter"] for agent in people.households], "consumption", people.scale)
    roofs = people.prosumers
    made = _scaled(
        meters, [panels_of(agent) for agent in roofs], "generation", people.scale[len(people.consumers) :]
    )
    return load, np.hstack([np.zeros((len(load), len(people.consumers)), dtype=np.int64), made])


def _scaled(meters: Meters, named: Sequence[str], direction: Direction, scale: Array) -> Whole:
    own = list(dict.fromkeys(named))
    place = {meter: k for k, meter in enumerate(own)}
    read = meters.energy(own, direction)[:, [place[meter] for meter in named]]
    return read if (scale == 1.0).all() else np.rint(read * scale).astype(np.int64)


def _complete(meters: Meters, people: Participants) -> Flags:
    named = {meter for _, _, meter in people.metered()}
    mine = [k for k, register in enumerate(meters.registers) if register.meter in named]
    return np.asarray(~meters.missing[:, mine].any(axis=1))


def _no_hidden_generation(meters: Meters, people: Participants) -> None:
    makers = {register.meter for register in meters.registers if register.direction == "generation"}
    with gather("roles.csv", CaseError) as faults:
        faults += [
            f"{agent.place}: meter '{agent['meter']}' of consumer '{agent.id}' generates too; make it a prosumer"
            for agent in people.consumers
            if agent["meter"] in makers
        ]
        faults += [
            f"{agent.place}: meter '{panels_of(agent)}' of prosumer '{agent.id}' does not generate; "
            "make it a consumer or name its pv_meter"
            for agent in people.prosumers
            if panels_of(agent) not in makers
        ]
