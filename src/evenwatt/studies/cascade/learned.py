"""Weights by a policy that was learned before, and what it believes of agents' statements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evenwatt.core.errors import CaseError
from evenwatt.studies.cascade.config import CascadeConfig
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
        If the file holds no policy, or one that was learned for other parties.
    """
    from evenwatt.learning import keeping

    model = keeping.load(policy)
    terms = model.predict(period.history().at_gate(slice(None)))
    if not hasattr(terms, "weights"):
        raise CaseError(
            f"{policy}: holds a model of kind '{model.name}', which weighs nobody; expected the {POLICY} that "
            "`evenwatt train` writes"
        )
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


def fitted_on(case: Case, store: Store) -> list[str]:
    """What a reader must know of the days that a case's policy was fitted on; nothing where it has none."""
    config = case.config
    assert isinstance(config, CascadeConfig)
    if not config.bargains or config.bargain.model is None:
        return []
    from evenwatt.learning import keeping

    training = keeping.described(policy_file(case.folder, config.bargain.model))["training"]
    told = f"the policy was fitted on {training['rows']:,} intervals from {training['first']}Z to {training['last']}Z"
    meters = store.day(store.days[0])
    if meters.start[0] > np.datetime64(training["last"]):
        return [f"{told}, all before this period"]
    return [
        f"{told}, which this period shares: how it does here is no proof of how it will do; `evenwatt evaluate` judges "
        "it on days that it has not seen"
    ]


def policy_file(folder: Path, model: str) -> Path:
    """The file of a policy that ``bargain.model`` names within a case, by itself or by its folder."""
    place = folder / model
    return place / POLICY if place.is_dir() else place
