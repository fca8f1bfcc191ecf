"""What members pay: the grid alone, and with sharing; every payment of a day, in whole micro-units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.core import units
from evenwatt.sharing.rounds import Allocation
from evenwatt.studies.sharing.energy import DayEnergy

if TYPE_CHECKING:
    import polars as pl

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Payments:
    """A day's money [micro-units]: I producers, J consumers, L links.

    Attributes
    ----------
    shared : (L,) int64
        Consumer to producer, over each link.
    bought : (J,) int64
        Consumer to the grid, for what it did not get.
    sold : (I,) int64
        Grid to producer, for what it did not give.
    alone_bought, alone_sold : (J,), (I,) int64
        The same had nothing been shared.
    """

    shared: Whole
    bought: Whole
    sold: Whole
    alone_bought: Whole
    alone_sold: Whole


def payments(day: DayEnergy, given: Allocation) -> Payments:
    """Price a day: what is shared at the local price, the rest at the grid's two."""
    return Payments(
        shared=_priced(given.flows.wh, day.local),
        bought=_priced(given.unmet, day.buy),
        sold=_priced(given.unused, day.sell),
        alone_bought=_priced(day.demand, day.buy),
        alone_sold=_priced(day.supply, day.sell),
    )


def _priced(wh: Whole, price: Array) -> Whole:
    """Round each payment once, then sum over the day."""
    return np.asarray(np.rint(units.micro(wh, price[:, None])).astype(np.int64).sum(axis=0))


def by_member(day: DayEnergy, given: Allocation, paid: Payments, members: int) -> dict[str, Whole]:
    """Bills before and after, what was paid for and earned by sharing, (n,) int64 each."""
    producers, consumers = day.sides.producers, day.sides.consumers
    links = given.flows.links

    def summed(*parts: tuple[Whole, Whole]) -> Whole:
        total = np.zeros(members, dtype=np.int64)
        for places, values in parts:
            np.add.at(total, places, values)
        return total

    spent = summed((consumers[links[:, 1]], paid.shared))
    earned = summed((producers[links[:, 0]], paid.shared))
    return {
        "before": summed((consumers, paid.alone_bought), (producers, -paid.alone_sold)),
        "after": summed((consumers, paid.bought), (producers, -paid.sold)) + spent - earned,
        "paid": spent,
        "earned": earned,
    }


def ledger(day: DayEnergy, given: Allocation, paid: Payments, members: Sequence[str]) -> pl.DataFrame:
    """One row a payer and payee: date, payer, payee, wh, micro; without empty rows."""
    import polars as pl

    names = [f"member:{member}" for member in members]
    producers = [names[k] for k in day.sides.producers]
    consumers = [names[k] for k in day.sides.consumers]
    rows = [
        (consumers[j], producers[i], wh, micro)
        for (i, j), wh, micro in zip(
            given.flows.links.tolist(), given.flows.wh.sum(axis=0).tolist(), paid.shared.tolist(), strict=True
        )
    ]
    rows += [(who, "grid", wh, micro) for who, wh, micro in _sums(consumers, given.unmet, paid.bought)]
    rows += [("grid", who, wh, micro) for who, wh, micro in _sums(producers, given.unused, paid.sold)]
    return pl.DataFrame(
        [(day.date, *row) for row in sorted(rows) if row[2] or row[3]],
        schema={
            "date": pl.Date, "payer": pl.String, "payee": pl.String, "wh": pl.Int64, "micro": pl.Int64,
        },
        orient="row",
    )  # fmt: skip


def _sums(names: Sequence[str], wh: Whole, micro: Whole) -> list[tuple[str, int, int]]:
    return list(zip(names, wh.sum(axis=0).tolist(), micro.tolist(), strict=True))
