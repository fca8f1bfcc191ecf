"""How much each party weighs in the talks: by what it states, alike, as given, or by a learned policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError, gather
from evenwatt.studies.cascade.community import Community
from evenwatt.studies.cascade.problem import DayProblem

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Weighed:
    """Bargaining weights of S + A parties, suppliers first, and what a policy believes of statements.

    Attributes
    ----------
    weights : (T, S + A)
        Above 0; only their ratios matter.
    caps : (T, A) or None
        What agents may take, in place of what they state [Wh].
    """

    weights: Array
    caps: Array | None = None


Weigh = Callable[[DayProblem, Whole], Weighed]


def weighing(kind: str, community: Community) -> Weigh:
    """How parties are weighed, as a function of the day and of what agents state in it.

    Parameters
    ----------
    kind : "claims", "equal" or "given"
        As ``bargain.weights`` in ``case.toml``.
    """
    if kind == "claims":
        return by_claims
    if kind == "given":
        held = given(community)
        return lambda problem, stated: Weighed(np.tile(held, (len(stated), 1)))
    count = len(community.suppliers) + len(community.agents)
    return lambda problem, stated: Weighed(np.ones((len(stated), count)))


def by_claims(problem: DayProblem, stated: Whole) -> Weighed:
    """An agent weighs what it states, a supplier what it can deliver; who has nothing to trade weighs 1."""
    return Weighed(np.maximum(np.concatenate([problem.supply, stated], axis=1), 1).astype(np.float64))


def given(community: Community) -> Array:
    """The weights written in ``suppliers.csv`` and ``agents.csv``, (S + A,).

    Raises
    ------
    CaseError
        Naming everybody without one.
    """
    with gather("bargain.weights = 'given'", CaseError) as faults:
        faults += [f"suppliers.csv: {_missing(s.id)}" for s in community.suppliers if s.weight is None]
        faults += [f"agents.csv: {_missing(a.id)}" for a in community.agents if a.weight is None]
    held = [*(s.weight for s in community.suppliers), *(a.weight for a in community.agents)]
    return np.array(held, dtype=np.float64)


def _missing(party: str) -> str:
    return f"'{party}': weight is empty; give a number above 0"
