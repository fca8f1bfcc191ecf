"""Days of a market: one world played on the case's weather, kept so that it goes on after an interruption."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.studies import tallies
from evenwatt.studies.market.arrangement import rules
from evenwatt.studies.market.collect import Steps
from evenwatt.studies.market.config import MarketConfig
from evenwatt.studies.market.contracting import Contracting
from evenwatt.studies.market.deciding import Deciders
from evenwatt.studies.market.optimum import most
from evenwatt.studies.market.participants import Participants, Setpoint
from evenwatt.studies.market.setting import Weather
from evenwatt.studies.market.signed import signed
from evenwatt.studies.market.watching import BOOK, Watch
from evenwatt.studies.market.weather import Outlook
from evenwatt.studies.market.world import World

Column = npt.NDArray[Any]
Times = npt.NDArray[np.datetime64]
OWN, CONTROL = "own", "control"
MEMORY = "memory"  # of the world after its last finished day; days keep only what they came to


@dataclass
class Day:
    """What one day came to.

    Attributes
    ----------
    steps : dict of str to (T,)
        Columns of the steps, and ``start`` of each.
    book : dict of str to (n,)
        All orders of one step, by ``watching.BOOK``.
    book_step, book_wh : int
        Which step that is, and what was traded locally in it [Wh].
    changes : list of dict
        Instruments that were changed: step, instrument, before, after, reason.
    """

    steps: dict[str, Column]
    book: dict[str, Column]
    book_step: int
    book_wh: int
    changes: list[dict[str, Any]]

    def arrays(self) -> dict[str, Column]:
        """As arrays by name, to be kept."""
        held = {f"steps/{name}": values for name, values in self.steps.items()}
        held |= {f"book/{name}": values for name, values in self.book.items()}
        held |= {"book_step": np.array(self.book_step), "book_wh": np.array(self.book_wh)}
        for name, kind in CHANGE.items():
            held[f"changes/{name}"] = np.array([row[name] for row in self.changes], dtype=kind)
        return held

    @classmethod
    def of(cls, held: Mapping[str, Column]) -> Day:
        """What :meth:`arrays` gave."""
        columns = {name: held[f"changes/{name}"].tolist() for name in CHANGE}
        return cls(
            _under(held, "steps/"),
            {name: held[f"book/{name}"] for name in BOOK if f"book/{name}" in held},
            int(held["book_step"]),
            int(held["book_wh"]),
            [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
        )


CHANGE: Mapping[str, str] = {
    "step": "i8",
    "instrument": "U64",
    "before": "f8",
    "after": "f8",
    "reason": "U256",
}


def _under(held: Mapping[str, Column], start: str) -> dict[str, Column]:
    return {name[len(start) :]: values for name, values in held.items() if name.startswith(start)}


@dataclass
class Arm:
    """One world of a run: the case's own, its control, or another mechanism's.

    Attributes
    ----------
    name : str
        ``own``, ``control``, or what is different.
    world : World
        Where it stands.
    schedule : tuple of Setpoint
        Instruments that change whatever the regulator does.
    days : list of Day
        What was played.
    """

    name: str
    config: MarketConfig
    world: World
    deciders: Deciders
    schedule: tuple[Setpoint, ...] = ()
    days: list[Day] = field(default_factory=list)
    _set_until: np.datetime64 = field(default=np.datetime64("0001-01-01", "s"))

    def play(self, weather: Weather, start: Times, *, intervals: bool, chosen: int | None) -> Watch:
        """Play one day."""
        watch = Watch(self.world, intervals=intervals, chosen=chosen)
        seen = len(self.world.changes)
        parts = [self._stretch(part, at, watch) for part, at in self._stretches(weather, start)]
        names = parts[0] if parts else Steps(0).columns
        steps = {
            name: np.concatenate([part[name] for part in parts]) if parts else Steps(0)[name]
            for name in names
        }
        for name, told in (
            ("emissions_t", watch.emitted),
            ("retail_per_mwh", watch.retail),
        ):
            steps[name] = np.array(told, dtype=np.float64)
        # Upkeep, wear and upgrades cost what they cost, whoever trades with whom.
        steps["most_micro"] = self._most(weather, steps, watch) - np.array(watch.overhead, dtype=np.float64)
        changes = [{name: row[name] for name in CHANGE} for row in self.world.changes[seen:]]
        self.days.append(
            Day(
                {"start": start.astype("datetime64[s]"), **steps},
                watch.book,
                watch.book_step,
                watch.book_wh,
                changes,
            )
        )
        return watch

    def _most(self, weather: Weather, steps: Mapping[str, Column], watch: Watch) -> Column:
        producers = len(self.world.people.producers)
        return most(
            self.world.people,
            self.world.rules,
            weather,
            pv=steps["pv_wh"],
            available=np.array(watch.available, dtype=np.int64).reshape(len(weather), producers),
            charged=steps["charged_wh"],
            discharged=steps["discharged_wh"],
        )

    def _stretch(self, weather: Weather, at: np.datetime64, watch: Watch) -> dict[str, Column]:
        self._set(at)
        played: Steps = self.world.run(weather, watch=watch)
        return played.columns

    def _stretches(self, weather: Weather, start: Times) -> Iterator[tuple[Weather, np.datetime64]]:
        """The day cut where an instrument is set from outside."""
        cuts = {0} | {int(np.searchsorted(start, point.start)) for point in self.schedule if len(start)}
        edges = [*sorted(cut for cut in cuts if cut < len(start)), len(start)]
        for first, last in pairwise(edges):
            here = slice(first, last)
            yield (
                replace(
                    weather,
                    load_wh=weather.load_wh[here],
                    pv_wh=weather.pv_wh[here],
                    availability=weather.availability[here],
                    outside_per_mwh=weather.outside_per_mwh[here],
                    first=weather.first + first,
                    slots=None if weather.slots is None else weather.slots[here],
                ),
                start[first],
            )

    def _set(self, at: np.datetime64) -> None:
        """Set what the schedule says from this instant on, and has not set yet."""
        public = self.world.state.public
        for point in self.schedule:
            name = point.instrument
            fresh = point.start <= at and point.start > self._set_until
            if fresh and getattr(public.instruments, name) != point.value:
                before = getattr(public.instruments, name)
                public.instruments = replace(public.instruments, **{name: point.value})
                self.world.changes.append(
                    {"step": self.world.state.step, "instrument": name, "before": before, "after": point.value,
                     "reason": "set by the schedule"}
                )  # fmt: skip
        self._set_until = at

    def save(self, folder: Path, day: str, before: str | None) -> None:
        """Write the last day down; the memory of the day before is then needed no more."""
        tallies.save_arrays(self.world.memory(), folder, f"{self.name}-{day}-{MEMORY}")
        tallies.save_arrays(self.days[-1].arrays(), folder, f"{self.name}-{day}")
        if before is not None:
            (folder / tallies.FOLDER / f"{self.name}-{before}-{MEMORY}.npz").unlink(missing_ok=True)

    def resume(self, folder: Path | None, days: list[str]) -> int:
        """Go on from what ``folder`` holds; how many days that are."""
        for day in days if folder is not None else ():
            held = tallies.load_arrays(folder, f"{self.name}-{day}")  # type: ignore[arg-type]
            if held is None:
                break
            self.days.append(Day.of(held))
        while self.days:
            memory = tallies.load_arrays(folder, f"{self.name}-{days[len(self.days) - 1]}-{MEMORY}")  # type: ignore[arg-type]
            if memory is not None:
                self.world.recall(memory)
                self.world.ledger.drain()  # the opening is in the first day's file already
                self._set_until = self._last_start()
                break
            self.days.pop()
        return len(self.days)

    def _last_start(self) -> np.datetime64:
        starts = [day.steps["start"] for day in self.days if len(day.steps["start"])]
        return starts[-1][-1] if starts else self._set_until


def arm(
    name: str,
    config: MarketConfig,
    people: Participants,
    view: Outlook,
    folder: Path,
    *,
    intervention: bool,
    share: float = 1.0,
) -> Arm:
    """A world at its first step, with those who decide in it.

    Utilities know what their first customers usually need: without, nobody would buy for the first day.
    """
    deciders = Deciders(config, people, folder, share)
    everybody = people.population(view.seconds)
    terms = rules(config, view.seconds, intervention=intervention)
    before = signed(people.agreements, view.start[view.complete], view.seconds)
    world = World(
        everybody,
        terms,
        deciders.policies(),
        config.seed,
        contracts=Contracting(everybody, terms, before),
        keep=name == OWN and people.few(view.slots),
    )
    state = world.state
    for utility in range(len(people.utilities)):
        mine = state.households.utility == utility
        state.utilities.forecast[utility] = view.usual[:, mine].sum(axis=1)
        state.utilities.known[utility] = True
    # What the schedule sets is intervention too: without, it stays as it was at the start.
    return Arm(name, config, world, deciders, people.schedule if intervention else ())
