"""What agents state before the day: their members' needs, a file, or what they needed a week before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError, DataError, gather
from evenwatt.studies.cascade import problem as cascade
from evenwatt.studies.cascade.community import Community
from evenwatt.studies.cascade.problem import DayProblem

if TYPE_CHECKING:
    from evenwatt.data.store import Store

Whole = npt.NDArray[np.int64]

FILE = "statements.csv"
WEEK = timedelta(days=7)
DAYS_KEPT = 16  # laid-out days that later days look back on, a little over two weeks


@dataclass(frozen=True)
class Stated:
    """What agents claim of the pool.

    Attributes
    ----------
    wh : (T, A) int64
        [Wh]
    unknown : int
        Intervals without a week before to look at, in which needs as metered stand in.
    """

    wh: Whole
    unknown: int = 0


State = Callable[[DayProblem], Stated]


def stating(kind: str, community: Community, store: Store, folder: Path, zone: str) -> State:
    """How agents come to state what they claim, as a function of the day.

    Parameters
    ----------
    kind : "metered", "file" or "last-week"
        As ``bargain.statements`` in ``case.toml``.
    community : Community
        Its agents state, for their members.
    store : Store
        Readings, for what was a week before.
    folder : Path
        The case, which holds ``statements.csv``.
    zone : str
        IANA zone of settlement days, and of stamps without an offset.
    """
    if kind == "file":
        held = read_statements(folder / FILE, [agent.id for agent in community.agents], zone)
        return lambda problem: Stated(held.at(problem.start))
    if kind == "last-week":
        return _last_week(community, store)
    return lambda problem: Stated(problem.asked)


@dataclass(frozen=True)
class Statements:
    """The rows of ``statements.csv``.

    Attributes
    ----------
    agents : sequence of str
        Ids, in the order of ``agents.csv``.
    claims : mapping of (datetime64[s], int) to int
        Start of the interval and place of the agent -> what it claims [Wh].
    """

    agents: tuple[str, ...]
    claims: Mapping[tuple[np.datetime64, int], int]

    def at(self, start: npt.NDArray[np.datetime64]) -> Whole:
        """Claims of all agents in these intervals, (T, A) [Wh].

        Raises
        ------
        CaseError
            If an agent states nothing for an interval; names the first ones.
        """
        table = np.zeros((len(start), len(self.agents)), dtype=np.int64)
        with gather(FILE, CaseError) as faults:
            for t, instant in enumerate(start):
                for j, agent in enumerate(self.agents):
                    held = self.claims.get((instant, j))
                    if held is None:
                        faults.append(
                            f"agent '{agent}' states nothing for {instant}Z; add a row, with 0 where it claims nothing"
                        )
                    else:
                        table[t, j] = held
        return table


def read_statements(path: Path, agents: list[str], zone: str) -> Statements:
    """Read ``statements.csv``: interval_start, agent, claim_wh, one row for every interval and agent.

    Raises
    ------
    DataError
        Naming every row whose agent is unknown, whose claim is not a whole number of at least 0, or that
        stands twice.
    """
    from datetime import datetime

    from evenwatt.data import schema

    rows = schema.read_table(path, {"interval_start": datetime, "agent": str, "claim_wh": float})
    place = {agent: j for j, agent in enumerate(agents)}
    claims: dict[tuple[np.datetime64, int], int] = {}
    with gather(path.name, DataError) as faults:
        for row in rows:
            stamp = row["interval_start"]
            aware = stamp if stamp.tzinfo else stamp.replace(tzinfo=ZoneInfo(zone))
            start = np.datetime64(aware.astimezone(UTC).replace(tzinfo=None), "s")
            said = f"{start}Z, agent '{row['agent']}'"
            if row["agent"] not in place:
                faults.append(f"{said}: is not in agents.csv")
                continue
            if row["claim_wh"] < 0 or row["claim_wh"] % 1:
                faults.append(f"{said}: claim {row['claim_wh']} Wh is not a whole number of at least 0")
                continue
            key = (start, place[row["agent"]])
            if key in claims:
                faults.append(f"{said}: stands twice")
            claims[key] = int(row["claim_wh"])
    return Statements(tuple(agents), claims)


def _last_week(community: Community, store: Store) -> State:
    known = frozenset(store.days)

    @lru_cache(maxsize=DAYS_KEPT)
    def asked(day: date) -> Mapping[int, Whole]:
        """Slot of a day -> what agents' members needed in it, (A,) [Wh]."""
        meters = store.day(day)
        laid = cascade.day_problem(meters, meters.days[0], community)
        return dict(zip(laid.slots.tolist(), laid.asked, strict=True))

    def state(problem: DayProblem) -> Stated:
        before = problem.date - WEEK
        needs, claims, unknown = problem.asked, problem.asked.copy(), 0
        held = asked(before) if before in known else {}
        # Slots count from local midnight, so an evening is compared with an evening in any season.
        for t, slot in enumerate(problem.slots.tolist()):
            claims[t] = held.get(slot, needs[t])
            unknown += slot not in held
        return Stated(claims, unknown)

    return state
