"""A rule is chosen by what the past says, and the rows it is judged on have no say."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.learning.allocator import Allocated
from evenwatt.learning.baselines import ByDivision, claims_rules, proportional
from evenwatt.learning.chosen import ByChoice
from evenwatt.learning.guard import find_leak
from evenwatt.learning.history import History
from evenwatt.learning.walk import folds, walk
from evenwatt.learning.worlds import world


class Nothing(ByDivision):
    """Gives nothing to anybody."""

    def allocate(self, now: History) -> Allocated:
        return Allocated(np.zeros((len(now), len(now.suppliers), len(now.agents))))


def test_the_better_rule_is_chosen() -> None:
    history = world(2, intervals=200).history
    some, none = ByDivision("pro", "PRO", proportional), Nothing("none", "None", proportional)
    for candidates in ((some, none), (none, some)):
        found = ByChoice(candidates).fit(history.until(history.gate[150]))
        assert found.best is some
        assert dict(found.worth)["none"] == 0 < dict(found.worth)["pro"]


def test_the_test_block_has_no_say() -> None:
    history = world(2, intervals=260).history

    def decide(past: History) -> np.ndarray:
        rule = ByChoice(claims_rules())
        given = walk(past, [rule], folds(past, first=200, blocks=1), clock=lambda: 0.0)[rule.name]
        return np.concatenate([np.full((200, 3, 6), np.nan), given.flows])

    assert find_leak(decide, history, probes=3) is None


def test_a_choice_of_nothing_is_refused() -> None:
    with pytest.raises(ProblemError, match="at least one rule"):
        ByChoice(())
    with pytest.raises(ProblemError, match="nothing was chosen yet"):
        ByChoice(claims_rules()).allocate(world(1, intervals=3).history)
