"""One draw of one world: the days it draws, and how every pair of rules fares on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt import audit
from evenwatt.core import chance, units
from evenwatt.core.errors import CaseError
from evenwatt.data.store import Store
from evenwatt.studies.cascade import problem as cascade
from evenwatt.studies.cascade.agreement import owed_nothing
from evenwatt.studies.cascade.bargain import Talks, bargain
from evenwatt.studies.cascade.community import Community
from evenwatt.studies.cascade.conditions import conditions
from evenwatt.studies.cascade.config import BARGAIN, CascadeConfig, ScenarioConfig
from evenwatt.studies.cascade.learned import policy_file, weighed_by
from evenwatt.studies.cascade.period import gathered
from evenwatt.studies.cascade.problem import DayProblem
from evenwatt.studies.cascade.scenarios import World, world
from evenwatt.studies.cascade.statements import Stated, stating
from evenwatt.studies.cascade.weighing import weighing
from evenwatt.studies.case import Case
from evenwatt.studies.division import division

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Row = dict[str, Any]


@dataclass(frozen=True)
class Draw:
    """What a process needs to compute one draw of some scenarios.

    Attributes
    ----------
    case : Case
        As it is.
    store : Path
        Its readings by day.
    scenarios : sequence of ScenarioConfig
        The worlds; they share the days and all chance that is not their own.
    number, seed : int
        Which draw, and its seed.
    rules : sequence of (str, str)
        Pairs of rules: stage one, stage two.
    """

    case: Case
    store: Path
    scenarios: tuple[ScenarioConfig, ...]
    number: int
    seed: int
    rules: tuple[tuple[str, str], ...]


def outcomes(draw: Draw) -> list[Row]:
    """Every pair of rules in every world of a draw; pure, so any process may do it."""
    config, community = draw.case.config, draw.case.community
    assert isinstance(config, CascadeConfig)
    store, common = Store(draw.store), chance.stream(draw.seed, "days")
    days = drawn_days(store.days, config.simulate.block_days, config.simulate.window_days, common)
    laid = {day: _laid(store, day, community) for day in set(days)}
    state = stating(config.bargain.statements, community, store, draw.case.folder, config.timezone)
    said = {day: state(problem) for day, problem in laid.items()}
    return [
        _outcome(draw, scenario, [laid[day] for day in days], [said[day] for day in days], store.days)
        for scenario in draw.scenarios
    ]


def _laid(store: Store, day: date, community: Community) -> DayProblem:
    meters = store.day(day)
    return cascade.day_problem(meters, meters.days[0], community)


def _outcome(
    draw: Draw, scenario: ScenarioConfig, there: Sequence[DayProblem], said: Sequence[Stated],
    calendar: Sequence[date],
) -> Row:  # fmt: skip
    config, community = draw.case.config, draw.case.community
    assert isinstance(config, CascadeConfig)
    common, own = (chance.stream(draw.seed, name) for name in ("sizes", f"scenario {scenario.name}"))
    drawn = world(scenario, config.simulate, community, calendar, common, own)
    problems = _in_line([drawn.day(problem, place) for place, problem in enumerate(there)])
    _divisible(scenario, problems, [members for _, members in draw.rules])
    stated = _stated(there, problems, said, drawn, config.bargain.statements == "metered")
    stocks = {
        agents: [*_stocks(agents, draw.case, problems, stated)]
        for agents in dict.fromkeys(agents for agents, _ in draw.rules)
    }
    return {
        "scenario": scenario.name,
        "draw": draw.number,
        "seed": draw.seed,
        "rules": [
            {"agents": agents, "members": members}
            | _measured(problems, stocks[agents], members, drawn, community)
            for agents, members in draw.rules
        ],
    }


def _divisible(scenario: ScenarioConfig, problems: Sequence[DayProblem], rules: Sequence[str]) -> None:
    """Refuse a rule that cannot divide among the groups of a world that has grown."""
    sizes = sorted({len(group) for problem in problems for group in problem.groups} - {0})
    refused = [reason for rule in rules for size in sizes if (reason := division(rule).refusal(size))]
    if refused:
        raise CaseError(f"case.toml: scenario.{scenario.name}: {refused[0]}")


def drawn_days(days: Sequence[date], block: int, window: int, rng: np.random.Generator) -> list[date]:
    """As many days, drawn in blocks of consecutive ones, each from at most ``window`` days away.

    Source: moving-block bootstrap; Künsch 1989, doi:10.1214/aos/1176347265; kept local for the season.

    Examples
    --------
    >>> june = [date(2026, 6, k) for k in range(1, 15)]
    >>> [day.day for day in drawn_days(june, 7, 30, np.random.default_rng(1))]
    [4, 5, 6, 7, 8, 9, 10, 5, 6, 7, 8, 9, 10, 11]
    """
    count = len(days)
    drawn: list[date] = []
    for place in range(0, count, block):
        length = min(block, count - place)
        begin = int(rng.integers(max(place - window, 0), min(place + window, count - length) + 1))
        drawn += days[begin : begin + length]
    return drawn


def _in_line(problems: Sequence[DayProblem]) -> list[DayProblem]:
    """Days as drawn, one after another from the first one's midnight: a day may be drawn twice."""
    midnight, placed = problems[0].midnight, []
    for problem in problems:
        step = np.timedelta64(problem.seconds, "s")
        placed.append(replace(problem, midnight=midnight, start=midnight + problem.slots * step))
        length = max(86_400 // problem.seconds, int(problem.slots.max(initial=0)) + 1)
        midnight = midnight + length * step
    return placed


def _stated(
    there: Sequence[DayProblem], problems: Sequence[DayProblem], said: Sequence[Stated], drawn: World,
    metered: bool,
) -> list[Stated]:  # fmt: skip
    """What agents state in a world: as much more as their members need more in it, times their own factor."""
    if metered:
        return [Stated(_whole(problem.asked * drawn.claims)) for problem in problems]
    was = np.sum([problem.asked.sum(axis=0) for problem in there], axis=0)
    now = np.sum([problem.asked.sum(axis=0) for problem in problems], axis=0)
    factor = np.divide(now, was, out=np.ones(len(was)), where=was > 0) * drawn.claims
    return [replace(stated, wh=_whole(stated.wh * factor)) for stated in said]


def _whole(wh: Array) -> Whole:
    return np.asarray(np.rint(wh), dtype=np.int64)


def _stocks(
    rule: str, case: Case, problems: Sequence[DayProblem], stated: Sequence[Stated]
) -> Iterator[tuple[Whole, Whole]]:
    """By day: what agents are left with, and what of their allocation went back, both (T, A) [Wh]."""
    divide = _bargained(case, problems, stated) if rule == BARGAIN else _divided(rule, problems, stated)
    for problem, got in zip(problems, divide, strict=True):
        kept = np.minimum(got, problem.asked)
        yield kept, got - kept


def _divided(rule: str, problems: Sequence[DayProblem], stated: Sequence[Stated]) -> Iterator[Whole]:
    """By day: what a claims rule gives agents on their statements, (T, A) [Wh]."""
    residue = np.zeros(problems[0].agents)
    for problem, said in zip(problems, stated, strict=True):
        pool = problem.supply.sum(axis=1)
        stage = cascade.rounded(cascade.divide(pool, said.wh, division(rule)), pool, said.wh, residue)
        residue = stage.residue
        yield stage.whole


def _bargained(case: Case, problems: Sequence[DayProblem], stated: Sequence[Stated]) -> Iterator[Whole]:
    """By day: what the talks give agents on their statements, (T, A) [Wh]."""
    config, community = case.config, case.community
    assert isinstance(config, CascadeConfig)
    settings = config.bargain
    if settings.model is None:
        weigh = weighing(settings.weights, community)
    else:
        period = gathered(problems, stated, community, settings.disagreement)
        weigh = weighed_by(policy_file(case.folder, settings.model), period)
    # What chance does to a draw is far beyond what the finer grade would tell apart.
    talks, residue = Talks("learning", settings.transferable), owed_nothing(community)
    for problem, said in zip(problems, stated, strict=True):
        held = conditions(problem, community, settings.disagreement)
        agreed = bargain(problem, held, said, weigh(problem, said.wh), talks, residue)
        residue = agreed.residue
        yield agreed.allocated.sum(axis=1)


def _measured(
    problems: Sequence[DayProblem], stocks: Sequence[tuple[Whole, Whole]], rule: str, drawn: World,
    community: Community,
) -> Row:  # fmt: skip
    """How a stage-two rule divides these stocks among the members of a world."""
    chosen = division(rule)
    members = problems[0].claims.shape[1]
    residue = np.zeros(members)
    claimed, awarded, money = (np.zeros(members, dtype=np.int64) for _ in range(3))
    by_agent = np.zeros((2, len(community.agents)), dtype=np.int64)
    days: list[list[int]] = []
    for problem, (stock, _) in zip(problems, stocks, strict=True):
        weights = (
            None if chosen.weights is None else drawn.columns(community.column(chosen.weights, problem.date))
        )
        awards = cascade.member_awards(problem, stock, chosen, weights)
        stage = cascade.member_rounding(problem, stock, awards, residue)
        residue = stage.residue
        claimed += problem.claims.sum(axis=0)
        awarded += stage.whole.sum(axis=0)
        money += _cost(problem, stage.whole)
        by_agent += np.stack([problem.asked.sum(axis=0), stock.sum(axis=0)])
        days.append([int(problem.claims.sum()), int(stage.whole.sum())])
    asked = claimed > 0
    coverage = awarded[asked] / claimed[asked]
    return {
        "claimed_wh": int(claimed.sum()),
        "served_wh": int(awarded.sum()),
        "gini": float(audit.gini(coverage)) if asked.any() else None,
        "worst_coverage": float(coverage.min()) if asked.any() else None,
        "cost_micro": int(money.sum()),
        "returned_wh": int(sum(back.sum() for _, back in stocks)),
        "agents": by_agent.T.tolist(),
        "days": days,
    }


def _cost(problem: DayProblem, awards: Whole) -> Whole:
    """What each member pays for its award and its shortfall, (M,) [micro-units]."""
    local, buy = problem.prices["local_per_mwh"][:, None], problem.prices["grid_buy_per_mwh"][:, None]
    paid = np.rint(units.micro(awards, local) + units.micro(problem.claims - awards, buy))
    return np.asarray(paid.sum(axis=0), dtype=np.int64)
