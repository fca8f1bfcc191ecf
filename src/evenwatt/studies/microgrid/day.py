"""One settlement day of the microgrid from readings to files: trade by every rule, price, tally."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Day, Meters
from evenwatt.studies.division import division
from evenwatt.studies.microgrid.energy import DayEnergy, Moved, Traded, day_energy, pairs, trade
from evenwatt.studies.microgrid.neighbours import Neighbours
from evenwatt.studies.microgrid.tally import Tally

if TYPE_CHECKING:
    import polars as pl

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """What to compute: energy rules by their spelling and money rules by name, the case's first in both.

    ``std_err`` is a fraction of the gain per member, ``delta`` what the published script credits.
    """

    energy: tuple[str, ...]
    money: tuple[str, ...]
    std_err: float
    delta: float
    seed: int
    complete: bool = False


@dataclass(frozen=True)
class Residues:
    """What rounding owes, carried from day to day, (E, n) each [Wh]."""

    sold: Array
    bought: Array


def settle(
    meters: Meters, day: Day, people: Neighbours, plan: Plan, residues: Residues
) -> tuple[Tally, dict[str, pl.DataFrame], Residues]:
    """Trade a day by every rule of the plan and write it down; the tables follow the first."""
    energy = day_energy(meters, day, people)
    traded = [
        trade(energy, held, (residues.sold[e], residues.bought[e]), _weights(people, held.weights, energy))
        for e, held in enumerate(division(name) for name in plan.energy)
    ]
    moved = pairs(traded[0])
    after = Residues(
        np.stack([one.sold_residue for one in traded]), np.stack([one.bought_residue for one in traded])
    )
    tables = {
        "intervals": _intervals(energy, people, traded[0]),
        "flows": _flows(energy, people, moved),
    }
    return _tally(energy, traded, moved, after), tables, after


def _weights(people: Neighbours, column: str | None, energy: DayEnergy) -> Array | None:
    return None if column is None else people.column(column, energy.date)


def _tally(energy: DayEnergy, traded: Sequence[Traded], moved: Sequence[Moved], after: Residues) -> Tally:
    n = energy.net.shape[1]
    table = np.zeros((n, n), dtype=np.int64)
    for _, sellers, buyers, wh in moved:
        table[sellers, buyers] += wh
    sellers, buyers = np.nonzero(table)
    return Tally(
        day=energy.date.isoformat(),
        incomplete=energy.incomplete,
        paired_once=any(t < 0 for t, *_ in moved),
        slots=energy.slots,
        buy=energy.buy,
        sell=energy.sell,
        net=energy.net,
        position=energy.position,
        sold=np.stack([one.sold for one in traded]),
        bought=np.stack([one.bought for one in traded]),
        load=energy.load.sum(axis=0),
        generated=energy.generated.sum(axis=0),
        own_use=energy.own_use.sum(axis=0),
        charged=energy.charged.sum(axis=0),
        discharged=energy.discharged.sum(axis=0),
        pairs=np.stack([sellers, buyers, table[sellers, buyers]]),
        sold_residue=after.sold,
        bought_residue=after.bought,
    )


def _intervals(energy: DayEnergy, people: Neighbours, traded: Traded) -> pl.DataFrame:
    import polars as pl

    here = np.flatnonzero(energy.present)
    columns = {
        "load_wh": energy.load, "generated_wh": energy.generated, "own_use_wh": energy.own_use,
        "charged_wh": energy.charged, "discharged_wh": energy.discharged,
        "surplus_wh": energy.surplus, "deficit_wh": energy.deficit,
        "sold_wh": traded.sold, "bought_wh": traded.bought,
        "exported_wh": energy.surplus - traded.sold, "imported_wh": energy.deficit - traded.bought,
    }  # fmt: skip
    return pl.DataFrame(
        {
            "interval_start": np.repeat(energy.start.astype("datetime64[ms]"), len(here)),
            "member": [people.members[k] for k in here] * len(energy.start),
            **{name: values[:, here].ravel() for name, values in columns.items()},
        }
    )


def _flows(energy: DayEnergy, people: Neighbours, moved: Sequence[Moved]) -> pl.DataFrame:
    import polars as pl

    schema: dict[str, Any] = {
        "interval_start": pl.Datetime("ms"),
        "seller": pl.String,
        "buyer": pl.String,
        "wh": pl.Int64,
    }
    if not moved:
        return pl.DataFrame(schema=schema)
    names = np.array(people.members, dtype=object)
    when = np.concatenate([np.full(len(wh), t) for t, _, _, wh in moved])
    start = energy.start[np.maximum(when, 0)].astype("datetime64[ms]")
    return pl.DataFrame(
        {
            # Pairs of a whole day have no interval.
            "interval_start": np.where(when < 0, np.datetime64("NaT", "ms"), start),
            "seller": names[np.concatenate([sellers for _, sellers, _, _ in moved])].tolist(),
            "buyer": names[np.concatenate([buyers for _, _, buyers, _ in moved])].tolist(),
            "wh": np.concatenate([wh for _, _, _, wh in moved]),
        },
        schema=schema,
    )
