"""All bargains of a period at once: what a rule is trained and judged on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport.problem import TransportBargain
from evenwatt.studies.cascade.community import Community
from evenwatt.studies.cascade.conditions import Conditions, conditions
from evenwatt.studies.cascade.config import CascadeConfig
from evenwatt.studies.cascade.problem import DayProblem, day_problem
from evenwatt.studies.cascade.statements import Stated, stating

if TYPE_CHECKING:
    from evenwatt.data.store import Store
    from evenwatt.learning.history import History
    from evenwatt.studies.case import Case

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]

READ_AFTER = np.timedelta64(24 * 3600, "s")  # meters are read a day after the interval has ended


@dataclass(frozen=True)
class BargainPeriod:
    """Stage one of a period: every complete interval of every day, in order.

    Attributes
    ----------
    problem : TransportBargain
        A batch of T bargains with equal weights [Wh, currency per MWh]; ``changed(weights=...)`` weighs them.
    start, gate : (T,) datetime64[s]
        Start of each interval, and when its talks end: at the midnight that begins its local day, UTC.
    statements, needs : (T, A) int64
        What agents claim, and what their members need as metered [Wh].
    supply : (T, S) int64
        What suppliers can deliver [Wh].
    conditions : Conditions
        Prices, links, and what everybody has without an agreement.
    prices : (T,)
        What the grid takes [currency per MWh].
    seconds : int
        Length of an interval [s].
    unknown : int
        Intervals in which needs as metered stand in for statements that could not be made.
    suppliers, agents : sequence of str
        Ids.
    """

    problem: TransportBargain
    start: Times
    gate: Times
    statements: Whole
    needs: Whole
    supply: Whole
    conditions: Conditions
    prices: Array
    seconds: int
    unknown: int
    suppliers: tuple[str, ...]
    agents: tuple[str, ...]

    def history(self) -> History:
        """The period as a history to learn from: claims known at the gate, meters a day after the interval."""
        from evenwatt.learning.columns import Column
        from evenwatt.learning.history import History

        p, links = self.problem, (len(self.start), len(self.suppliers), len(self.agents))
        read = self.start + np.timedelta64(self.seconds, "s") + READ_AFTER
        columns = {
            "capacity": Column(self.supply, "supplier", self.gate),
            "cost": Column(p.cost, "supplier", self.gate),
            "offer": Column(p.offer, "supplier", self.gate),
            "claim": Column(self.statements, "agent", self.gate),
            "willingness": Column(p.willingness, "agent", self.gate),
            "limit": Column(np.broadcast_to(p.limit, links), "link", self.gate),
            "charge": Column(np.broadcast_to(p.charge, links), "link", self.gate),
            "price": Column(self.prices, "interval", self.gate),
            "metered": Column(self.needs, "agent", read),
        }
        return History(self.start, self.seconds, self.suppliers, self.agents, self.gate, columns)


def bargain_period(case: Case, store: Store) -> BargainPeriod:
    """Lay out stage one of the whole period of a case, without weighing or solving it.

    Parameters
    ----------
    case : Case
        A cascade; ``[bargain]`` says what agents state and what everybody has without an agreement.
    store : Store
        Its readings.
    """
    config, community = case.config, case.community
    assert isinstance(config, CascadeConfig)
    state = stating(config.bargain.statements, community, store, case.folder, config.timezone)
    problems = []
    for day in store.days:
        meters = store.day(day)
        problems.append(day_problem(meters, meters.days[0], community))
    stated = [state(problem) for problem in problems]
    return gathered(problems, stated, community, config.bargain.disagreement)


def gathered(
    problems: Sequence[DayProblem], stated: Sequence[Stated], community: Community, disagreement: str
) -> BargainPeriod:
    """One batch of days that were laid out one by one, with what agents state on them."""
    held = [conditions(day, community, disagreement) for day in problems]
    joined = Conditions(
        **{
            name: np.concatenate([getattr(part, name) for part in held])
            for name in ("cost", "offer", "value", "least", "most")
        },
        fee=community.fees,
        limit=community.limits,
    )
    supply = np.concatenate([day.supply for day in problems])
    claims = np.concatenate([said.wh for said in stated])
    return BargainPeriod(
        problem=joined.problem(supply, claims, None),
        start=np.concatenate([day.start for day in problems]),
        gate=np.concatenate([np.full(len(day.start), day.midnight) for day in problems]),
        statements=claims,
        needs=np.concatenate([day.asked for day in problems]),
        supply=supply,
        conditions=joined,
        prices=np.concatenate([day.prices["grid_buy_per_mwh"] for day in problems]),
        seconds=problems[0].seconds,
        unknown=sum(said.unknown for said in stated),
        suppliers=tuple(supplier.id for supplier in community.suppliers),
        agents=tuple(agent.id for agent in community.agents),
    )
