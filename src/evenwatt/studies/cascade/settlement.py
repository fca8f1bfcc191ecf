"""Who pays whom: the ledger of a day, in whole micro-units, summing to zero by construction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact, units
from evenwatt.core.errors import ConservationError
from evenwatt.studies.cascade.community import Community
from evenwatt.studies.cascade.problem import DayProblem

if TYPE_CHECKING:
    import polars as pl

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Payments:
    """A day's money [micro-units of the currency].

    Attributes
    ----------
    local : (T, M) int64
        Member to its agent, for what it was awarded.
    grid : (T, M) int64
        Member to the grid, for its shortfall.
    agents : (T, S, A) int64
        Agent to supplier, for what flowed between them.
    surplus : (T, S) int64
        Grid to supplier, for what nobody claimed.
    """

    local: Whole
    grid: Whole
    agents: Whole
    surplus: Whole


def payments(problem: DayProblem, awards: Whole, flows: Whole, *, margin_per_mwh: float = 0.0) -> Payments:
    """Price a day: award x local + shortfall x grid_buy; delivery x local, the rest x grid_sell.

    An agent passes on what its members pay, less its margin, to the last micro-unit.

    Parameters
    ----------
    problem : DayProblem
        The day.
    awards : (T, M) int64
        [Wh]
    flows : (T, S, A) int64
        [Wh]
    margin_per_mwh : float
        What an agent keeps [currency per MWh].
    """
    local, buy, sell = (
        problem.prices[n][:, None] for n in ("local_per_mwh", "grid_buy_per_mwh", "grid_sell_per_mwh")
    )
    member_pays = np.zeros(awards.shape, dtype=np.int64)
    supplier_gets = np.zeros(flows.shape, dtype=np.int64)
    for a, group in enumerate(problem.groups):
        stock = flows[:, :, a].sum(axis=1)
        paid = np.rint(units.micro(stock, local[:, 0])).astype(np.int64)
        kept = np.rint(units.micro(stock, margin_per_mwh)).astype(np.int64)
        if len(group):
            member_pays[:, group] = _split(units.micro(awards[:, group], local), paid)
        supplier_gets[:, :, a] = _split(units.micro(flows[:, :, a], local - margin_per_mwh), paid - kept)
    return Payments(
        local=member_pays,
        grid=np.rint(units.micro(problem.claims - awards, buy)).astype(np.int64),
        agents=supplier_gets,
        surplus=np.rint(units.micro(problem.supply - flows.sum(axis=2), sell)).astype(np.int64),
    )


def _split(parts: Array, total: Whole) -> Whole:
    # Rounding the total may move it half a unit off the parts; give that to the largest, whose price hides it.
    shifted = parts.copy()
    largest = np.argmax(np.abs(parts), axis=-1)
    shifted[np.arange(len(parts)), largest] += total - parts.sum(axis=-1)
    return exact.vector(shifted, total)


def ledger(
    problem: DayProblem, community: Community, awards: Whole, flows: Whole, paid: Payments
) -> pl.DataFrame:
    """One row a payment: interval_start, payer, payee, wh, micro; sorted, without empty rows."""
    import polars as pl

    members = [f"member:{m}" for m in community.members]
    agents = [f"agent:{a.id}" for a in community.agents]
    suppliers = [f"supplier:{s.id}" for s in community.suppliers]
    served_by = [agents[a] if a >= 0 else "" for a in problem.agent]
    grid = ["grid"]
    parts = [
        _rows(problem, members, served_by, awards, paid.local),
        _rows(problem, members, grid * len(members), problem.claims - awards, paid.grid),
        _rows(problem, grid * len(suppliers), suppliers, problem.supply - flows.sum(axis=2), paid.surplus),
        *(
            _rows(problem, [agent] * len(suppliers), suppliers, flows[:, :, a], paid.agents[:, :, a])
            for a, agent in enumerate(agents)
        ),
    ]
    return pl.concat(parts).sort("interval_start", "payer", "payee")


def _rows(
    problem: DayProblem, payers: Sequence[str], payees: Sequence[str], wh: Whole, micro: Whole
) -> pl.DataFrame:
    import polars as pl

    t, k = np.nonzero(wh)
    return pl.DataFrame(
        {
            "interval_start": problem.start[t].astype("datetime64[ms]"),
            "payer": np.asarray(payers, dtype=object)[k].tolist(),
            "payee": np.asarray(payees, dtype=object)[k].tolist(),
            "wh": wh[t, k],
            "micro": micro[t, k],
        },
        schema={
            "interval_start": pl.Datetime("ms"), "payer": pl.String, "payee": pl.String,
            "wh": pl.Int64, "micro": pl.Int64,
        },
    )  # fmt: skip


def balanced(rows: pl.DataFrame, agents: Sequence[str], margin_micro: Sequence[int]) -> None:
    """Raise unless every agent passes on what it takes, less its margin, in this ledger.

    Raises
    ------
    ConservationError
        Naming the agent, what it took and what it passed on.
    """
    import polars as pl

    for agent, margin in zip(agents, margin_micro, strict=True):
        name = f"agent:{agent}"
        taken = int(rows.filter(pl.col("payee") == name)["micro"].sum())
        passed = int(rows.filter(pl.col("payer") == name)["micro"].sum())
        if taken - passed != margin:
            raise ConservationError(
                f"ledger: {name} took {taken} and passed on {passed} micro-units; it should keep {margin}"
            )
