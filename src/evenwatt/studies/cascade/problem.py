"""One day of the cascade: its problem, its two stages of division, its flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Day, Meters, instants
from evenwatt.studies.cascade.community import PRICES, Community
from evenwatt.studies.division import Division
from evenwatt.studies.series import Stage, contested, divide, flows, rounded

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

__all__ = [
    "DayProblem", "Stage", "contested", "day_problem", "delivered", "divide", "flows", "member_awards",
    "member_rounding", "refusals", "rounded", "stage_one",
]  # fmt: skip


@dataclass(frozen=True)
class DayProblem:
    """What one settlement day puts before the rules; only intervals with every reading.

    Attributes
    ----------
    midnight : datetime64[s]
        The one that begins the local day, UTC.
    seconds : int
        Length of an interval [s].
    start : (T,) datetime64[s]
        Start of each complete interval, UTC.
    incomplete : int
        Intervals of the day left out because a reading is missing.
    load, own_use, claims : (T, M) int64
        What members used, covered by their own generation, and so ask of their agent [Wh].
    generated, supply : (T, S) int64
        What suppliers generated, and what of it reaches the pool after own use [Wh].
    agent : (M,) int64
        Index of each member's agent, -1 for members not taking part this day.
    prices : mapping of str to (T,)
        [currency per MWh]
    """

    date: date
    midnight: np.datetime64
    seconds: int
    start: npt.NDArray[np.datetime64]
    incomplete: int
    load: Whole
    own_use: Whole
    claims: Whole
    generated: Whole
    supply: Whole
    agent: Whole
    agents: int
    prices: Mapping[str, Array]

    @property
    def groups(self) -> list[Whole]:
        """Columns of the members that each agent serves."""
        return [np.flatnonzero(self.agent == a) for a in range(self.agents)]

    @property
    def slots(self) -> Whole:
        """Which interval of the local day each is, counted from midnight, (T,)."""
        return np.asarray((self.start - self.midnight) // np.timedelta64(self.seconds, "s"), dtype=np.int64)

    @property
    def asked(self) -> Whole:
        """What each agent's members ask for together, (T, A) [Wh]."""
        return np.stack([self.claims[:, group].sum(axis=1) for group in self.groups], axis=1)


def day_problem(meters: Meters, day: Day, community: Community) -> DayProblem:
    """Lay out one day: own generation serves its own member first, the rest feeds the pool."""
    today = meters.rows(day.rows)
    active = [spell for spell in community.memberships if spell.covers(day.date)]
    place = {member: k for k, member in enumerate(community.members)}
    agent_place = {agent.id: k for k, agent in enumerate(community.agents)}
    used = {spell.meter for spell in active} | {supplier.meter for supplier in community.suppliers}
    columns = [k for k, register in enumerate(today.registers) if register.meter in used]
    whole = ~today.missing[:, columns].any(axis=1)

    owners = [spell.meter for spell in active]
    load = today.energy(owners, "consumption")[whole]
    roof = today.energy(owners, "generation")[whole]
    own = np.minimum(load, roof)
    generated = today.energy([s.meter for s in community.suppliers], "generation")[whole]
    own_by_meter = dict(zip(owners, own.T, strict=True))
    nothing = np.zeros(int(whole.sum()), dtype=np.int64)
    kept = np.stack([own_by_meter.get(s.meter, nothing) for s in community.suppliers], axis=1)

    members = [place[spell.id] for spell in active]
    agent = np.full(len(place), -1, dtype=np.int64)
    agent[members] = [agent_place[spell.agent] for spell in active]
    start = today.start[whole]
    return DayProblem(
        date=day.date,
        midnight=instants(day.date, meters.zone, meters.seconds)[0],
        seconds=meters.seconds,
        start=start,
        incomplete=int((~whole).sum()),
        load=_spread(load, members, len(place)),
        own_use=_spread(own, members, len(place)),
        claims=_spread(load - own, members, len(place)),
        generated=generated,
        supply=generated - kept,
        agent=agent,
        agents=len(community.agents),
        prices={name: community.prices.at(start, name) for name in PRICES},
    )


def _spread(values: Whole, columns: list[int], width: int) -> Whole:
    table = np.zeros((len(values), width), dtype=np.int64)
    table[:, columns] = values
    return table


def stage_one(problem: DayProblem, division: Division, residue: Array) -> Stage:
    """Divide the pool among the agents, each claiming what its members ask for."""
    pool, asked = problem.supply.sum(axis=1), problem.asked
    return rounded(divide(pool, asked, division), pool, asked, residue)


def member_awards(
    problem: DayProblem, stock: Whole, division: Division, weights: Array | None = None
) -> Array:
    """Awards of one rule as it computes them, (T, M) [Wh]."""
    awards = np.zeros(problem.claims.shape)
    for a, group in enumerate(problem.groups):
        if len(group):
            held = None if weights is None else weights[group]
            awards[:, group] = divide(stock[:, a], problem.claims[:, group], division, held)
    return awards


def member_rounding(problem: DayProblem, stock: Whole, awards: Array, residue: Array) -> Stage:
    """Round members' awards to whole watt-hours, each agent's stock kept exactly."""
    whole = np.zeros(awards.shape, dtype=np.int64)
    owed = residue.copy()
    for a, group in enumerate(problem.groups):
        if len(group):
            stage = rounded(awards[:, group], stock[:, a], problem.claims[:, group], residue[group])
            whole[:, group], owed[group] = stage.whole, stage.residue
    return Stage(awards, whole, owed)


def delivered(problem: DayProblem, stock: Whole, residue: Array) -> Stage:
    """What each supplier delivers: its share of the pool, times what the agents took."""
    pool, taken = problem.supply.sum(axis=1), stock.sum(axis=1)
    share = np.divide(taken, pool, out=np.zeros(len(pool)), where=pool > 0)
    return rounded(problem.supply * share[:, None], taken, problem.supply, residue)


def refusals(divisions: Sequence[Division], community: Community, days: Sequence[date]) -> dict[str, str]:
    """Rules that cannot divide among one of the groups on one of the days, with the reason."""
    sizes = {_size(community, agent.id, day) for agent in community.agents for day in days} - {0}
    found = {}
    for division in divisions:
        reasons = [reason for size in sorted(sizes) if (reason := division.refusal(size))]
        if reasons:
            found[division.spelling] = reasons[-1]
    return found


def _size(community: Community, agent: str, day: date) -> int:
    return sum(spell.agent == agent and spell.covers(day) for spell in community.memberships)
