"""Who pays whom: the ledger of a day, in whole micro-units, summing to zero by construction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact, units
from evenwatt.core.errors import ConservationError
from evenwatt.studies.cascade.bargain import Bargained
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
    network : (T, S, A) int64 or None
        Agent to the network, for the use of its links; None where nobody charges for them.
    transfers : (T, S + A) int64 or None
        What the talks give to each party beside the prices, below 0 where it gives; each interval sums to 0.
    """

    local: Whole
    grid: Whole
    agents: Whole
    surplus: Whole
    network: Whole | None = None
    transfers: Whole | None = None


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
    supplier_gets = np.zeros(flows.shape, dtype=np.int64)
    for a in range(problem.agents):
        stock = flows[:, :, a].sum(axis=1)
        paid = _paid(stock, local)
        kept = np.rint(units.micro(stock, margin_per_mwh)).astype(np.int64)
        supplier_gets[:, :, a] = _split(units.micro(flows[:, :, a], local - margin_per_mwh), paid - kept)
    return Payments(
        local=_members_pay(problem, awards, flows, local),
        grid=np.rint(units.micro(problem.claims - awards, buy)).astype(np.int64),
        agents=supplier_gets,
        surplus=np.rint(units.micro(problem.supply - flows.sum(axis=2), sell)).astype(np.int64),
    )


def bargained_payments(problem: DayProblem, awards: Whole, agreed: Bargained) -> Payments:
    """Price a day of bargains: an agent pays the supplier its offer and the network its fee.

    Members pay as under any rule; the agent keeps the difference, which may be below zero.

    Parameters
    ----------
    problem : DayProblem
        The day.
    awards : (T, M) int64
        [Wh]
    agreed : Bargained
        Its flows are what was delivered.
    """
    flows, held = agreed.flows, agreed.conditions
    local, buy, sell = (
        problem.prices[n][:, None] for n in ("local_per_mwh", "grid_buy_per_mwh", "grid_sell_per_mwh")
    )
    return Payments(
        local=_members_pay(problem, awards, flows, local),
        grid=np.rint(units.micro(problem.claims - awards, buy)).astype(np.int64),
        agents=np.rint(units.micro(flows, held.offer[:, :, None])).astype(np.int64),
        surplus=np.rint(units.micro(problem.supply - flows.sum(axis=2), sell)).astype(np.int64),
        network=np.rint(units.micro(flows, held.fee)).astype(np.int64) if held.fee.any() else None,
        transfers=agreed.transfers,
    )


def kept_by_agents(problem: DayProblem, flows: Whole, paid: Payments) -> Whole:
    """What agents take from their members beyond what they pass on, (A,) [micro-units]."""
    local = problem.prices["local_per_mwh"][:, None]
    taken = [_paid(flows[:, :, a].sum(axis=1), local).sum() for a in range(problem.agents)]
    kept: Whole = np.array(taken, dtype=np.int64) - paid.agents.sum(axis=(0, 1))
    if paid.network is not None:
        kept -= paid.network.sum(axis=(0, 1))
    if paid.transfers is not None:
        kept += paid.transfers[:, -problem.agents :].sum(axis=0)
    return kept


def earned_by_suppliers(paid: Payments) -> Whole:
    """What suppliers take from agents, the grid and the talks, (S,) [micro-units]."""
    earned: Whole = paid.agents.sum(axis=(0, 2)) + paid.surplus.sum(axis=0)
    return earned if paid.transfers is None else earned + paid.transfers[:, : len(earned)].sum(axis=0)


def _members_pay(problem: DayProblem, awards: Whole, flows: Whole, local: Array) -> Whole:
    """Award x local, (T, M), so that each agent's members together pay for its whole stock."""
    pays = np.zeros(awards.shape, dtype=np.int64)
    for a, group in enumerate(problem.groups):
        if len(group):
            paid = _paid(flows[:, :, a].sum(axis=1), local)
            pays[:, group] = _split(units.micro(awards[:, group], local), paid)
    return pays


def _paid(stock: Whole, local: Array) -> Whole:
    return np.asarray(np.rint(units.micro(stock, local[:, 0])), dtype=np.int64)


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
    if paid.network is not None:
        charged = flows * (paid.network != 0)
        wh, micro = charged.sum(axis=1), paid.network.sum(axis=1)
        parts += [
            _rows(problem, [agent], ["network"], wh[:, [a]], micro[:, [a]]) for a, agent in enumerate(agents)
        ]
    if paid.transfers is not None:
        parties, given = [*suppliers, *agents], np.maximum(-paid.transfers, 0)
        taken, pot = np.maximum(paid.transfers, 0), ["bargain"] * (len(suppliers) + len(agents))
        parts += [
            _rows(problem, parties, pot, 0 * given, given),
            _rows(problem, pot, parties, 0 * taken, taken),
        ]
    return pl.concat(parts).sort("interval_start", "payer", "payee")


def _rows(
    problem: DayProblem, payers: Sequence[str], payees: Sequence[str], wh: Whole, micro: Whole
) -> pl.DataFrame:
    import polars as pl

    t, k = np.nonzero((wh != 0) | (micro != 0))
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
