"""Walking forward: a rule sees the past as it was known, and nothing of what it is judged by."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.learning.allocator import Allocated
from evenwatt.learning.baselines import ByDivision, learned, mandatory, proportional, surrogate
from evenwatt.learning.columns import Column, LeakError
from evenwatt.learning.guard import find_leak
from evenwatt.learning.history import History
from evenwatt.learning.walk import folds, past_of, walk
from evenwatt.learning.worlds import world

TRAINED = 300


def still() -> float:
    return 0.0


@dataclass
class Watching:
    """Divides in proportion and remembers what it was shown."""

    name: str = "watching"
    title: str = "Watching"
    learns: bool = True
    shown: list[History] = field(default_factory=list)

    def fit(self, past, *, rng=0, progress=None):
        self.shown.append(past)
        return self

    def allocate(self, now):
        self.shown.append(now)
        return ByDivision("pro", "PRO", proportional).allocate(now)


@pytest.fixture(scope="module")
def history() -> History:
    return world(9, intervals=TRAINED + 120).history


def test_blocks_follow_one_another_with_a_gap(history: History) -> None:
    cuts = folds(history, first=TRAINED, blocks=4)
    assert np.concatenate([fold.test for fold in cuts]).tolist() == list(range(TRAINED, TRAINED + 120))
    assert [fold.past for fold in cuts] == [274, 304, 334, 364]


def test_a_past_knows_only_what_was_known(history: History) -> None:
    for fold in folds(history, first=TRAINED, blocks=3):
        past = past_of(history, fold)
        assert len(past) == fold.test[0] - 26
        assert np.isfinite(past.target("metered")).all()
        assert all((column.known <= history.gate[fold.test[0]]).all() for column in past.columns.values())


def test_rules_are_fitted_on_growing_pasts_and_shown_nothing_after_the_fact(history: History) -> None:
    rule = Watching()
    walk(history, [rule], folds(history, first=TRAINED, blocks=3), clock=still)
    pasts, views = rule.shown[::2], rule.shown[1::2]
    assert [len(past) for past in pasts] == [274, 314, 354]
    for view in views:
        assert "metered" not in view.columns
        with pytest.raises(LeakError):
            view.target("metered")
        with pytest.raises(LeakError):
            view.information().current("metered")


def test_a_rule_draws_the_same_chance_whoever_else_is_there(history: History) -> None:
    @dataclass
    class Drawing(Watching):
        name: str = "drawing"
        drawn: list[float] = field(default_factory=list)

        def fit(self, past, *, rng=0, progress=None):
            self.drawn.append(np.random.default_rng(rng).random())
            return self

    alone, among = Drawing(), Drawing()
    cuts = folds(history, first=TRAINED, blocks=2)
    walk(history, [alone], cuts, seed=3, clock=still)
    walk(history, [Watching(), among], cuts, seed=3, clock=still)
    assert alone.drawn == among.drawn
    assert len(set(alone.drawn)) == 2


def test_overwriting_the_future_changes_no_allocation(history: History) -> None:
    """The strongest test there is: every baseline, models included, to the last bit."""

    def decide(past: History) -> np.ndarray:
        walked = walk(past, mandatory(), folds(past, first=TRAINED, blocks=1), clock=still)
        decided = np.full((len(past), len(walked), 3, 6), np.nan)
        for place, given in enumerate(walked.values()):
            decided[TRAINED:, place] = given.flows
        return decided

    assert find_leak(decide, history, probes=3) is None


def test_a_rule_that_sells_what_is_not_there_is_refused(history: History) -> None:
    class Generous(Watching):
        def allocate(self, now):
            return Allocated(2 * now["capacity"][:, :, None] * np.ones(6))

    with pytest.raises(
        ProblemError, match="'watching': a flow is negative or not a number, or a supplier sells"
    ):
        walk(history, [Generous()], folds(history, first=TRAINED, blocks=1), clock=still)


def test_rows_without_meters_are_not_judged(history: History) -> None:
    meters = history.columns["metered"]
    values = np.array(meters.values)
    values[[310, 311], 2] = np.nan
    gappy = history.with_columns({"metered": Column(values, "agent", meters.known)})
    assert not {310, 311} & set(folds(gappy, first=TRAINED, blocks=1)[0].test.tolist())


@pytest.mark.parametrize(("first", "blocks"), [(20, 1), (TRAINED, 0), (TRAINED, 500), (420, 1)])
def test_too_short_a_past_or_future_is_refused(history: History, first: int, blocks: int) -> None:
    with pytest.raises(ProblemError, match="walk-forward"):
        folds(history, first=first, blocks=blocks)


@pytest.mark.slow
def test_overwriting_the_future_changes_no_learned_allocation() -> None:
    history = world(9, intervals=520).history

    def decide(past: History) -> np.ndarray:
        rules = (*learned(), surrogate())
        walked = walk(past, rules, folds(past, first=400, blocks=1), clock=still)
        decided = np.full((len(past), len(rules), 3, 6), np.nan)
        for place, given in enumerate(walked.values()):
            decided[400:, place] = given.flows
        return decided

    assert find_leak(decide, history, probes=3) is None
