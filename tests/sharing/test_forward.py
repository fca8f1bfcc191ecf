"""Walk-forward: nobody sees the window it is judged on, except hindsight, which nobody beats."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.data.group import group
from evenwatt.sharing.forward import walk_forward
from evenwatt.sharing.plan import Plan, equal_keys, proportional_keys
from evenwatt.sharing.replay import Replay

pytestmark = pytest.mark.filterwarnings("ignore::evenwatt.sharing.rounds.KeyWarning")


def season(days: int = 92, consumers: int = 6):
    held = group(1, consumers, seed=3, days=days, coverage=0.4, drift=True)
    months = (held.start + np.timedelta64(2, "h")).astype("datetime64[M]")
    return held.supply, held.demand, months, np.ones((1, consumers), dtype=np.int64)


def climbed(supply, demand, start: Plan, pull: float) -> Plan:
    """A plain climb by single shifts, held back by the pull."""
    month = Replay(supply, demand)
    keys = start.keys.copy()

    def worth(trial):
        moved = np.abs(trial - start.keys).sum() / 10_000
        return month.total(trial, start.priority) - pull * month.ideal * moved

    best = worth(keys)
    for step in (800, 200):
        for a in range(keys.shape[1]):
            for b in range(keys.shape[1]):
                trial = keys.copy()
                moved = min(step, trial[0, a])
                trial[0, a] -= moved
                trial[0, b] += moved
                if worth(trial) > best:
                    keys, best = trial, worth(trial)
    return Plan(keys, start.priority)


def test_every_month_but_the_first_is_judged_by_keys_from_before_it() -> None:
    supply, demand, months, ranks = season()
    seen: list[int] = []

    def watched(supply, demand, start, pull):
        seen.append(len(supply))
        return climbed(supply, demand, start, pull)

    found = walk_forward(supply, demand, months, watched, priority=ranks, pulls=(0.0, 0.01))
    assert [fold.window for fold in found.folds] == [1, 2]
    assert [fold.trained for fold in found.folds] == [(0,), (0, 1)]
    # Half of August to choose the pull on, all of it, and September in hindsight; then August for the pull again.
    assert seen[:6] == [31 * 48, 31 * 48, 31 * 96, 30 * 96, 31 * 96, 31 * 96]


def test_what_happens_in_the_judged_month_changes_nothing_that_was_chosen_before() -> None:
    supply, demand, months, ranks = season(days=61)
    other = demand.copy()
    other[months == months[-1]] = other[months == months[-1]][:, ::-1] * 3
    one, two = (
        walk_forward(supply, held, months, climbed, priority=ranks, pulls=(0.0,)).folds[0]
        for held in (demand, other)
    )
    for name in ("equal", "proportional", "optimised"):
        assert (one.plans[name].keys == two.plans[name].keys).all()
        assert one.inside[name] == two.inside[name]
    assert one.outside["optimised"] != two.outside["optimised"]


def test_nothing_beats_hindsight_and_shares_are_fractions() -> None:
    supply, demand, months, ranks = season()
    current = equal_keys(ranks).keys
    found = walk_forward(supply, demand, months, climbed, priority=ranks, current=current, pulls=(0.0, 0.01))
    assert found.candidates == ("current", "equal", "proportional", "optimised", "hindsight")
    for fold in found.folds:
        assert all(0 < share <= fold.outside["hindsight"] <= 1 for share in fold.outside.values())
    assert found.hindsight_gap >= 0


def test_a_strong_pull_leaves_the_keys_where_they_are() -> None:
    supply, demand, months, ranks = season(days=61)
    current = proportional_keys(demand, ranks).keys
    found = walk_forward(supply, demand, months, climbed, priority=ranks, current=current, pulls=(1e6,))
    assert (found.folds[0].plans["optimised"].keys == current).all()


def test_an_optimiser_that_spoils_keys_is_not_followed() -> None:
    supply, demand, months, ranks = season(days=61)

    def spoilt(supply, demand, start, pull):
        return Plan(np.array([[10_000, 0, 0, 0, 0, 0]]), start.priority)

    fold = walk_forward(supply, demand, months, spoilt, priority=ranks).folds[0]
    assert (fold.start, fold.pull) == ("proportional", np.inf)
    assert fold.outside["optimised"] == fold.outside["proportional"]
    assert fold.outside["hindsight"] >= fold.outside["optimised"]


def test_only_the_last_windows_are_trained_on_where_that_is_asked() -> None:
    supply, demand, months, ranks = season()
    found = walk_forward(supply, demand, months, climbed, priority=ranks, train=1, pulls=(0.0,))
    assert [fold.trained for fold in found.folds] == [(0,), (1,)]


def test_the_table_has_a_row_for_each_fold_and_candidate_and_spreads_are_ordered() -> None:
    supply, demand, months, ranks = season()
    found = walk_forward(supply, demand, months, climbed, priority=ranks, pulls=(0.0,))
    rows = list(found.rows())
    assert len(rows) == 2 * 4
    least, mean, largest = found.outside("optimised")
    assert least <= mean <= largest
    assert [row["outside"] for row in rows if row["candidate"] == "optimised"] == [
        fold.outside["optimised"] for fold in found.folds
    ]


def test_progress_is_told_before_each_window() -> None:
    supply, demand, months, ranks = season()
    told = []
    walk_forward(
        supply, demand, months, lambda s, d, start, pull: start, priority=ranks,
        progress=lambda *step: told.append(step),
    )  # fmt: skip
    assert [(done, total) for done, total, _ in told] == [(0, 2), (1, 2)]


def test_months_without_sun_or_demand_are_judged_as_complete() -> None:
    supply, demand, months, ranks = season(days=61)
    supply = np.where((months == months[0])[:, None], supply, 0)
    found = walk_forward(supply, demand, months, climbed, priority=ranks, pulls=(0.0,))
    assert set(found.folds[0].outside.values()) == {1.0}


def test_one_window_only_is_refused() -> None:
    with pytest.raises(ProblemError, match="windows: only one"):
        walk_forward(np.ones((4, 1), int), np.ones((4, 1), int), np.zeros(4), climbed, priority=[[1]])


def test_proportional_keys_follow_demand_over_links_only_and_use_the_whole_grid() -> None:
    plan = proportional_keys(np.array([[100, 300, 600]]), np.array([[1, 1, 0], [0, 0, 0]]))
    assert plan.keys.tolist() == [[2500, 7500, 0], [0, 0, 0]]
    assert proportional_keys(np.zeros((3, 3), int), np.ones((1, 3), int)).keys.sum() == 10_000
