"""One settlement day from readings to files: share, price, tally."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Day, Meters
from evenwatt.sharing.rounds import Allocation
from evenwatt.studies.division import division
from evenwatt.studies.sharing.allocation import linked_most, shared
from evenwatt.studies.sharing.energy import DayEnergy, day_energy
from evenwatt.studies.sharing.group import SharingGroup, Sides
from evenwatt.studies.sharing.money import by_member, ledger, payments
from evenwatt.studies.sharing.regime import Regime
from evenwatt.studies.sharing.tally import Tally

if TYPE_CHECKING:
    import polars as pl

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Settled:
    """A day's energy, the keys that held, and what was shared by them."""

    energy: DayEnergy
    keys: Whole
    priority: Whole
    given: Allocation


def share_day(meters: Meters, day: Day, group: SharingGroup, sides: Sides) -> Settled:
    """Share one day by the group's own rule and keys."""
    energy = day_energy(meters, day, group, sides)
    keys, priority = group.agreement(day.date, sides)
    given = shared(group.regime, energy, keys, priority, weights_of(group, group.regime, energy))
    return Settled(energy, keys, priority, given)


def weights_of(group: SharingGroup, regime: Regime, energy: DayEnergy) -> Array | None:
    """Weights of the members where the regime's formula asks for a column of them, (n,)."""
    column = None if regime.formula is None else division(regime.formula).weights
    return None if column is None else group.column(column, energy.date)


def settle(
    meters: Meters, day: Day, group: SharingGroup, sides: Sides
) -> tuple[Tally, dict[str, pl.DataFrame]]:
    """Share a day and write it down."""
    settled = share_day(meters, day, group, sides)
    paid = payments(settled.energy, settled.given)
    tables = {
        "intervals": _intervals(settled, group),
        "flows": _flows(settled, group),
        "ledger": ledger(settled.energy, settled.given, paid, group.members),
    }
    money = by_member(settled.energy, settled.given, paid, len(group.members))
    return _tally(settled, group, money), tables


def _tally(settled: Settled, group: SharingGroup, money: dict[str, Whole]) -> Tally:
    energy, given, n = settled.energy, settled.given, len(group.members)
    producers, consumers = energy.sides.producers, energy.sides.consumers
    pairs = given.flows.pairs()
    giving, taking = np.nonzero(pairs)
    could = np.minimum(given.unused.sum(axis=1), given.unmet.sum(axis=1))
    return Tally(
        day=energy.date.isoformat(),
        incomplete=energy.incomplete,
        slots=energy.slots,
        supply=energy.supply.sum(axis=1),
        demand=energy.demand.sum(axis=1),
        shared=given.shared.sum(axis=1),
        could=np.asarray(could),
        load=energy.load.sum(axis=0),
        generated=energy.generated.sum(axis=0),
        own_use=energy.own_use.sum(axis=0),
        surplus=_placed(energy.supply.sum(axis=0), producers, n),
        deficit=_placed(energy.demand.sum(axis=0), consumers, n),
        given=_placed(given.flows.by_producer().sum(axis=0), producers, n),
        received=_placed(given.shared.sum(axis=0), consumers, n),
        pairs=np.stack([producers[giving], consumers[taking], pairs[giving, taking]]),
        linked=linked_most(group.regime, energy, settled.priority),
        links=int((settled.priority > 0).sum()),
        **money,
    )


def _placed(values: Whole, places: Whole, members: int) -> Whole:
    total = np.zeros((*values.shape[:-1], members), dtype=np.int64)
    total[..., places] = values
    return total


def _intervals(settled: Settled, group: SharingGroup) -> pl.DataFrame:
    import polars as pl

    energy, given, n = settled.energy, settled.given, len(group.members)
    producers, consumers = energy.sides.producers, energy.sides.consumers
    here = np.flatnonzero(energy.present)
    columns = {
        "load_wh": energy.load, "generated_wh": energy.generated, "own_use_wh": energy.own_use,
        "surplus_wh": _placed(energy.supply, producers, n),
        "given_wh": _placed(given.flows.by_producer(), producers, n),
        "unused_wh": _placed(given.unused, producers, n),
        "deficit_wh": _placed(energy.demand, consumers, n),
        "received_wh": _placed(given.shared, consumers, n),
        "unmet_wh": _placed(given.unmet, consumers, n),
    }  # fmt: skip
    return pl.DataFrame(
        {
            "interval_start": np.repeat(energy.start.astype("datetime64[ms]"), len(here)),
            "member": group.names(here) * len(energy.start),
            **{name: values[:, here].ravel() for name, values in columns.items()},
        }
    )


def _flows(settled: Settled, group: SharingGroup) -> pl.DataFrame:
    import polars as pl

    energy, flows = settled.energy, settled.given.flows
    t, link = np.nonzero(flows.wh)
    names = np.array(group.members, dtype=object)
    schema: dict[str, Any] = {
        "interval_start": pl.Datetime("ms"), "producer": pl.String, "consumer": pl.String, "wh": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(
        {
            "interval_start": energy.start[t].astype("datetime64[ms]"),
            "producer": names[energy.sides.producers[flows.links[link, 0]]].tolist(),
            "consumer": names[energy.sides.consumers[flows.links[link, 1]]].tolist(),
            "wh": flows.wh[t, link],
        },
        schema=schema,
    )
