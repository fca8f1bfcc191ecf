"""How a case's suppliers and agents come to agree, made ready once and used day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.studies.cascade.bargain import Bargained, Talks, bargain
from evenwatt.studies.cascade.community import Community
from evenwatt.studies.cascade.conditions import conditions
from evenwatt.studies.cascade.config import BargainConfig, CascadeConfig
from evenwatt.studies.cascade.day import Agree
from evenwatt.studies.cascade.learned import learned
from evenwatt.studies.cascade.problem import DayProblem
from evenwatt.studies.cascade.statements import State, stating
from evenwatt.studies.cascade.weighing import Weigh, weighing

if TYPE_CHECKING:
    from evenwatt.data.store import Store
    from evenwatt.studies.case import Case

Array = npt.NDArray[np.float64]


def agreement(case: Case, store: Store) -> Agree:
    """How talks go in this case, as a function of a day and of what rounding owes before it."""
    config = case.config
    assert isinstance(config, CascadeConfig)
    state = stating(config.bargain.statements, case.community, store, case.folder, config.timezone)
    return agreeing(config.bargain, case.community, state, _weighing(case, store))


def agreeing(config: BargainConfig, community: Community, state: State, weigh: Weigh) -> Agree:
    """Talks by these settings, with these statements and weights."""
    talks = Talks(config.grade, config.transferable)

    def agree(problem: DayProblem, residue: Array) -> Bargained:
        stated = state(problem)
        held = conditions(problem, community, config.disagreement)
        return bargain(problem, held, stated, weigh(problem, stated.wh), talks, residue)

    return agree


def owed_nothing(community: Community) -> Array:
    """What rounding owes before the first day, (2, S, A) [Wh]."""
    return np.zeros((2, len(community.suppliers), len(community.agents)))


def _weighing(case: Case, store: Store) -> Weigh:
    config = case.config
    assert isinstance(config, CascadeConfig)
    if config.bargain.model is not None:
        return learned(case, store, config.bargain.model)
    return weighing(config.bargain.weights, case.community)
