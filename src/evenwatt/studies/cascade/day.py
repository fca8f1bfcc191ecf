"""One settlement day of the cascade from readings to files: divide, deliver, pay, tally."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.core import units
from evenwatt.core.meters import Day, Meters
from evenwatt.studies.cascade import problem as cascade
from evenwatt.studies.cascade import settlement
from evenwatt.studies.cascade.bargain import Bargained
from evenwatt.studies.cascade.community import Community
from evenwatt.studies.cascade.config import BargainConfig
from evenwatt.studies.cascade.problem import DayProblem, Stage
from evenwatt.studies.cascade.talks_tally import bargained_tally, talks_table
from evenwatt.studies.cascade.tally import Tally
from evenwatt.studies.division import division

if TYPE_CHECKING:
    import polars as pl

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Agree = Callable[[DayProblem, Array], Bargained]  # a day and what rounding owes -> what was agreed


@dataclass(frozen=True)
class Plan:
    """What to compute each day: both stages' rules by their spelling, the case's rule first among ``members``.

    ``bargain`` says how suppliers and agents bargain where that is stage one; ``model`` is the digest of
    the policy that weighs them, if one does.
    """

    agents: str
    members: tuple[str, ...]
    margin_per_mwh: float
    seed: int
    bargain: BargainConfig | None = None
    model: str | None = None


@dataclass(frozen=True)
class Residues:
    """What rounding owes, carried from day to day [Wh]; ``agents`` is (A,), or (2, S, A) in a bargain."""

    agents: Array
    suppliers: Array
    members: Array


@dataclass(frozen=True)
class Prepared:
    """A day with its pool divided among the agents: what the members' rules need, and nothing they change."""

    problem: DayProblem
    first: Stage
    slots: Whole
    rules: tuple[str, ...]
    weights: tuple[Array | None, ...]
    agreed: Bargained | None = None


def prepare(
    meters: Meters, day: Day, community: Community, plan: Plan, residue: Array, agree: Agree | None = None
) -> Prepared:
    """Lay out a day and divide its pool among the agents, by their talks where ``agree`` holds them."""
    problem = cascade.day_problem(meters, day, community)
    columns = [division(name).weights for name in plan.members]
    agreed = None if agree is None else agree(problem, residue)
    return Prepared(
        problem=problem,
        first=cascade.stage_one(problem, division(plan.agents), residue) if agreed is None else agreed.stage,
        slots=problem.slots,
        rules=plan.members,
        weights=tuple(None if column is None else community.column(column, day.date) for column in columns),
        agreed=agreed,
    )


def member_awards(day: Prepared) -> list[Array]:
    """Every rule's awards of a day, as computed; pure, so any process may do it."""
    return [
        cascade.member_awards(day.problem, day.first.whole, division(name), weights)
        for name, weights in zip(day.rules, day.weights, strict=True)
    ]


def conclude(
    day: Prepared, awards: Sequence[Array], community: Community, plan: Plan, residues: Residues
) -> tuple[Tally, dict[str, pl.DataFrame], Residues]:
    """Round, deliver, pay and write down a day; the tables follow the first rule."""
    problem, stock = day.problem, day.first.whole
    stages = [
        cascade.member_rounding(problem, stock, award, owed)
        for award, owed in zip(awards, residues.members, strict=True)
    ]
    chosen = stages[0].whole
    delivery = _delivery(day, chosen, plan, residues.suppliers)
    moved, paid = delivery.flows, delivery.paid
    rows = settlement.ledger(problem, community, chosen, moved, paid)
    settlement.balanced(rows, [agent.id for agent in community.agents], delivery.kept.tolist())
    after = Residues(day.first.residue, delivery.residue, np.stack([stage.residue for stage in stages]))
    tables = {
        "intervals": _intervals(problem, community, stock, chosen),
        "flows": _flows(problem, community, moved),
        "ledger": rows,
    }
    tally = _tally(day, stages, moved, paid, after)
    if day.agreed is None:
        return tally, tables, after
    talks = bargained_tally(tally, day.agreed, paid, delivery.kept)
    return talks, {**tables, "talks": talks_table(problem.start, community, day.agreed)}, after


@dataclass(frozen=True)
class _Delivered:
    """Flows (T, S, A) [Wh], what they are paid, what agents keep (A,) [micro-units], what rounding owes (S,)."""

    flows: Whole
    paid: settlement.Payments
    kept: Whole
    residue: Array


def _delivery(day: Prepared, awards: Whole, plan: Plan, residue: Array) -> _Delivered:
    """Who delivered to whom and at what price: as agreed, or each supplier in proportion to its pool."""
    problem = day.problem
    if day.agreed is not None:
        flows = day.agreed.flows
        paid = settlement.bargained_payments(problem, awards, day.agreed)
        return _Delivered(flows, paid, settlement.kept_by_agents(problem, flows, paid), residue)
    stock = day.first.whole
    given = cascade.delivered(problem, stock, residue)
    moved = cascade.flows(given.whole, stock)
    paid = settlement.payments(problem, awards, moved, margin_per_mwh=plan.margin_per_mwh)
    kept = np.rint(units.micro(moved.sum(axis=1), plan.margin_per_mwh)).astype(np.int64).sum(axis=0)
    return _Delivered(moved, paid, kept, given.residue)


def _tally(
    day: Prepared, stages: Sequence[Stage], moved: Whole, paid: settlement.Payments, after: Residues
) -> Tally:
    problem, first = day.problem, day.first
    fought = np.stack(
        [
            cascade.contested(first.whole[:, a], problem.claims[:, group])
            for a, group in enumerate(problem.groups)
        ],
        axis=1,
    )
    # Whether the member's own agent had to divide in the interval, (T, M).
    touched = np.where(problem.agent >= 0, fought[:, problem.agent], False)
    awarded = np.stack([stage.whole for stage in stages])
    local, buy = problem.prices["local_per_mwh"][:, None], problem.prices["grid_buy_per_mwh"][:, None]
    rule_micro = np.rint(units.micro(awarded, local) + units.micro(problem.claims - awarded, buy))
    return Tally(
        day=problem.date.isoformat(),
        intervals=len(problem.start),
        incomplete=problem.incomplete,
        contested=int(fought.any(axis=1).sum()),
        contested_wh=int(first.whole[fought].sum()),
        load=problem.load.sum(axis=0),
        own_use=problem.own_use.sum(axis=0),
        claimed=problem.claims.sum(axis=0),
        contested_claim=(problem.claims * touched).sum(axis=0),
        local_micro=paid.local.sum(axis=0),
        grid_micro=paid.grid.sum(axis=0),
        full_grid_micro=np.rint(units.micro(problem.claims, buy)).astype(np.int64).sum(axis=0),
        awarded=awarded.sum(axis=1),
        contested_award=(awarded * touched).sum(axis=1),
        moved=np.array([np.abs(stage.awards - stages[0].awards).sum() / 2 for stage in stages]),
        rule_micro=rule_micro.astype(np.int64).sum(axis=1),
        asked=problem.asked.sum(axis=0),
        stock=first.whole.sum(axis=0),
        generated=problem.generated.sum(axis=0),
        pooled=problem.supply.sum(axis=0),
        delivered=moved.sum(axis=(0, 2)),
        earned_micro=settlement.earned_by_suppliers(paid),
        flows=moved.sum(axis=0),
        shortage=(problem.claims.sum(axis=1) - first.whole.sum(axis=1)),
        slots=day.slots,
        agent_residue=after.agents,
        supplier_residue=after.suppliers,
        member_residue=after.members,
    )


def _intervals(problem: DayProblem, community: Community, stock: Whole, awards: Whole) -> pl.DataFrame:
    import polars as pl

    here = np.flatnonzero(problem.agent >= 0)
    steps = len(problem.start)
    agents = np.array([agent.id for agent in community.agents], dtype=object)
    columns = {
        "load_wh": problem.load, "own_use_wh": problem.own_use, "claim_wh": problem.claims,
        "stock_wh": stock[:, problem.agent], "award_wh": awards,
    }  # fmt: skip
    return pl.DataFrame(
        {
            "interval_start": np.repeat(problem.start.astype("datetime64[ms]"), len(here)),
            "member": [community.members[k] for k in here] * steps,
            "agent": agents[problem.agent[here]].tolist() * steps,
            **{name: values[:, here].ravel() for name, values in columns.items()},
        }
    )


def _flows(problem: DayProblem, community: Community, moved: Whole) -> pl.DataFrame:
    import polars as pl

    t, s, a = np.nonzero(moved)
    return pl.DataFrame(
        {
            "interval_start": problem.start[t].astype("datetime64[ms]"),
            "supplier": np.array([x.id for x in community.suppliers], dtype=object)[s].tolist(),
            "agent": np.array([x.id for x in community.agents], dtype=object)[a].tolist(),
            "wh": moved[t, s, a],
        },
        schema={
            "interval_start": pl.Datetime("ms"),
            "supplier": pl.String,
            "agent": pl.String,
            "wh": pl.Int64,
        },
    )
