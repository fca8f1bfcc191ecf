"""Weights by a policy that was learned before, and what it believes of agents' statements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evenwatt.core.errors import CaseError
from evenwatt.studies.cascade.period import BargainPeriod, bargain_period
from evenwatt.studies.cascade.problem import DayProblem
from evenwatt.studies.cascade.weighing import Weigh, Weighed, Whole

if TYPE_CHECKING:
    from evenwatt.data.store import Store
    from evenwatt.studies.case import Case

POLICY = "policy.model"  # its name in the folder that `evenwatt train` writes


def learned(case: Case, store: Store, model: str) -> Weigh:
    """Weigh a case's parties by its policy, which sees of each interval what was known at its gate."""
    return weighed_by(policy_file(case.folder, model), bargain_period(case, store))


def weighed_by(policy: Path, period: BargainPeriod) -> Weigh:
    """Weigh the intervals of a period by a policy, all at once; each sees only what was known at its gate.

    Raises
    ------
    CaseError
        If the policy was learned for other parties.
    """
    from evenwatt.learning import keeping

    terms = keeping.load(policy).predict(period.history().at_gate(slice(None)))
    wanted = (len(period.start), len(period.suppliers) + len(period.agents))
    if terms.weights.shape != wanted or terms.caps.shape[1] != len(period.agents):
        raise CaseError(
            f"{policy}: weighs {terms.weights.shape[1]} parties, {terms.caps.shape[1]} of them agents; the case has "
            f"{wanted[1]} and {len(period.agents)}; train it on this case"
        )

    def weigh(problem: DayProblem, stated: Whole) -> Weighed:
        rows = np.searchsorted(period.start, problem.start)
        return Weighed(terms.weights[rows], terms.caps[rows])

    return weigh


def policy_file(folder: Path, model: str) -> Path:
    """The file of a policy that ``bargain.model`` names within a case, by itself or by its folder."""
    place = folder / model
    return place / POLICY if place.is_dir() else place
