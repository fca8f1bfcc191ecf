"""Keys found from readings: cell by cell, with what stays open said, and what no key explains listed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.data.group import group
from evenwatt.sharing.flows import Flows
from evenwatt.sharing.infer import MatchWarning, infer_keys
from evenwatt.sharing.rounds import allocate

_spec = importlib.util.spec_from_file_location("reference", Path(__file__).with_name("reference.py"))
_reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_reference)

pytestmark = pytest.mark.filterwarnings("ignore::evenwatt.sharing.rounds.KeyWarning")


def drawn_keys(consumers: int, seed: int) -> np.ndarray:
    """Keys of one producer that share out nearly everything, (1, J)."""
    weights = np.random.default_rng(seed).dirichlet(np.ones(consumers))
    return np.floor(weights * 10_000).astype(np.int64)[None, :]


def month(consumers: int, seed: int, coverage: float = 0.3, days: int = 31):
    held = group(1, consumers, seed=seed, coverage=coverage, days=days)
    return held.supply, held.demand, drawn_keys(consumers, seed)


def shared_by(supply, demand, keys, rounds, priority=None):
    ranks = np.ones(keys.shape, dtype=int) if priority is None else priority
    return allocate(supply, demand, keys, ranks, rounds=rounds, max_links=None)


def within(keys, interval):
    return (interval[..., 0] <= keys) & (keys <= interval[..., 1])


@pytest.mark.parametrize("rounds", [1, 2, 3, 5, 6])
@pytest.mark.parametrize("seed", [1, 2, 11])
def test_a_month_is_explained_cell_by_cell_and_the_rounds_are_found(rounds: int, seed: int) -> None:
    supply, demand, keys = month(12, seed)
    found = infer_keys(supply, demand, shared_by(supply, demand, keys, rounds).shared)
    assert found.rounds == rounds
    assert found.matched == 1.0
    assert found.mismatches == ()
    assert within(keys, found.interval).all()


def test_the_keys_found_give_the_same_shares_by_the_rule_as_it_is_written() -> None:
    supply, demand, keys = month(6, 3, days=2)
    flows, _, _ = _reference.replay(supply, demand, keys, np.ones((1, 6), dtype=int), rounds=5)
    found = infer_keys(supply, demand, flows.sum(axis=1), rounds=5)
    again, _, _ = _reference.replay(supply, demand, found.keys, found.priority, rounds=5)
    assert (again == flows).all()
    assert flows.any()


def test_each_end_of_an_interval_explains_as_much_in_one_round_and_one_step_further_less() -> None:
    supply, demand, keys = month(8, 5)
    shared = shared_by(supply, demand, keys, 1).shared
    found = infer_keys(supply, demand, shared, rounds=1)
    for j in range(8):
        low, high = found.interval[0, j]
        most = 10_000 - (found.interval[0, :, 0].sum() - low)  # that the others leave at their least
        for key, explains in ((low, True), (high, True), (low - 1, False), (high + 1, False)):
            if not 0 <= key <= most:
                continue
            # One round gives each member by its own key alone, so the others' keys may be left out.
            trial = np.zeros_like(found.keys)
            trial[0, j] = key
            same = shared_by(supply, demand, trial, 1).shared[:, j] == shared[:, j]
            assert same.all() == explains


def test_keys_lie_within_their_intervals_and_never_exceed_the_whole() -> None:
    for seed in range(4):
        supply, demand, keys = month(9, seed, coverage=[0.05, 0.5, 2.0, 8.0][seed])
        found = infer_keys(supply, demand, shared_by(supply, demand, keys, 3).shared)
        assert within(found.keys, found.interval).all()
        assert found.keys.sum() <= 10_000


def test_one_perturbed_row_in_a_hundred_does_not_hide_the_keys() -> None:
    supply, demand, keys = month(15, 4)
    shared = shared_by(supply, demand, keys, 5).shared.copy()
    chance = np.random.default_rng(0)
    rows = np.flatnonzero(chance.random(len(shared)) < 0.01)
    shared[rows] = shared[rows] * chance.uniform(0.5, 1.5, shared[rows].shape) // 10 * 10
    found = infer_keys(supply, demand, shared)
    assert found.rounds == 5
    assert 0.99 <= found.matched < 1.0
    assert {cell.row for cell in found.mismatches} <= set(rows.tolist())
    assert np.abs(found.keys - keys).max() <= 20


def test_a_cell_changed_by_hand_is_named_with_both_values() -> None:
    supply, demand, keys = month(5, 6)
    shared = shared_by(supply, demand, keys, 2).shared.copy()
    row, consumer = np.argwhere(shared >= 50)[7]
    true = int(shared[row, consumer])
    shared[row, consumer] -= 30
    found = infer_keys(supply, demand, shared)
    assert [tuple(cell) for cell in found.mismatches] == [(row, consumer, true - 30, true, 0)]


def test_a_share_where_nothing_was_supplied_is_a_mismatch() -> None:
    supply, demand, keys = month(3, 6)
    shared = shared_by(supply, demand, keys, 1).shared.copy()
    assert supply[0, 0] == 0
    shared[0, 1] = 40
    found = infer_keys(supply, demand, shared)
    assert [tuple(cell)[:4] for cell in found.mismatches] == [(0, 1, 40, 0)]


def test_shares_that_follow_no_keys_raise_a_warning_that_says_how_many_match() -> None:
    supply, demand, _ = month(6, 2)
    chance = np.random.default_rng(1)
    shared = (np.minimum(demand, supply) * chance.random(demand.shape) / 6).astype(np.int64) // 10 * 10
    with pytest.warns(MatchWarning, match=r"explain 0\.\d+ of all cells; expected at least 0.98"):
        found = infer_keys(supply, demand, shared)
    assert found.matched < 0.98
    assert len(found.mismatches) > 0


def test_a_member_filled_all_the_time_has_a_least_key_and_the_whole_as_its_largest() -> None:
    supply = np.full((40, 1), 10_000)
    demand = np.column_stack([np.full(40, 500), np.full(40, 9_000)])
    keys = np.array([[1000, 3000]])
    shared = shared_by(supply, demand, keys, 1).shared
    found = infer_keys(supply, demand, shared, rounds=1)
    assert found.interval[0, 0].tolist() == [500, 10_000 - found.interval[0, 1, 0]]
    assert found.keys[0, 0] == 500
    assert within(keys, found.interval).all()


def test_a_member_that_got_nothing_has_key_zero_and_what_the_floor_hides_above_it() -> None:
    supply, demand = np.full((10, 1), 1_000), np.full((10, 2), 900)
    keys = np.array([[99, 5000]])  # 0.99 % of 1,000 Wh is 9.9 Wh: floored to nothing
    found = infer_keys(supply, demand, shared_by(supply, demand, keys, 1).shared)
    assert found.keys[0, 0] == 0
    assert found.priority[0, 0] == 0
    assert found.interval[0, 0].tolist() == [0, 99]


def test_a_member_without_demand_may_hold_any_key_that_the_others_leave() -> None:
    supply, demand = np.full((10, 1), 10_000), np.column_stack([np.zeros(10, int), np.full(10, 9_000)])
    found = infer_keys(
        supply, demand, shared_by(supply, demand, np.array([[2000, 4000]]), 1).shared, rounds=1
    )
    assert found.interval[0].tolist() == [[0, 6000], [4000, 4009]]


def test_more_rounds_than_anything_moves_in_are_all_possible_and_the_fewest_is_taken() -> None:
    supply, demand = np.full((20, 1), 900), np.full((20, 2), 5_000)
    shared = shared_by(supply, demand, np.array([[5000, 5000]]), 5).shared
    found = infer_keys(supply, demand, shared)
    assert found.possible_rounds == (1, 2, 3, 4, 5, 6)
    assert found.rounds == 1
    assert infer_keys(supply, demand, shared, rounds=5).possible_rounds == (5,)


@pytest.mark.parametrize(
    ("steps", "producers", "consumers"), [(0, 1, 2), (3, 0, 2), (3, 1, 0), (3, 1, 2), (1, 1, 1)]
)
def test_nothing_shared_is_explained_by_keys_of_zero(steps: int, producers: int, consumers: int) -> None:
    nothing = np.zeros((steps, consumers), dtype=int)
    supply = np.zeros((steps, producers), dtype=int)
    found = infer_keys(supply, nothing + 50, nothing)
    assert found.keys.shape == (producers, consumers)
    assert found.interval.shape == (producers, consumers, 2)
    assert not found.keys.any()
    assert found.matched == 1.0


def test_a_finer_floor_is_told_and_used() -> None:
    supply, demand, keys = month(4, 8)
    shared = allocate(supply, demand, keys, np.ones((1, 4), int), rounds=2, quantum=1).shared
    found = infer_keys(supply, demand, shared, quantum=1)
    assert (found.rounds, found.matched) == (2, 1.0)
    assert within(keys, found.interval).all()


def three_producers(seed: int, rounds: int):
    held = group(3, 8, seed=seed, coverage=0.7, days=14)
    chance = np.random.default_rng(seed)
    priority = np.array([chance.permutation([3, 2, 1]) for _ in range(8)]).T
    keys = np.floor(chance.dirichlet(np.ones(8), size=3) * 10_000).astype(np.int64)
    given = allocate(held.supply, held.demand, keys, priority, rounds=rounds)
    return held, keys, priority, given


@pytest.mark.parametrize("rounds", [1, 3, 5])
def test_several_producers_are_explained_pair_by_pair(rounds: int) -> None:
    held, keys, _, given = three_producers(2, rounds)
    found = infer_keys(held.supply, held.demand, given.shared, pairs=given.flows)
    assert found.rounds == rounds
    assert found.mismatches == ()
    is_used = given.flows.dense().any(axis=0)
    assert within(keys, found.interval)[is_used].all()
    again = allocate(held.supply, held.demand, found.keys, found.priority, rounds=rounds)
    assert (again.flows.dense() == given.flows.dense()).all()


def test_the_order_of_producers_shows_in_who_is_cut() -> None:
    held, _, priority, given = three_producers(4, 2)
    found = infer_keys(held.supply, held.demand, given.shared, pairs=given.flows.dense())
    clear = [j for j in range(8) if j not in found.undecided and (found.priority[:, j] > 0).all()]
    assert len(clear) >= 4
    assert (found.priority[:, clear] == priority[:, clear]).all()


def test_told_priorities_come_back_as_told() -> None:
    held, _, priority, given = three_producers(5, 3)
    found = infer_keys(held.supply, held.demand, given.shared, pairs=given.flows, priority=priority * 7)
    assert (found.priority == priority * 7).all()
    assert found.matched == 1.0


def test_an_order_that_never_mattered_is_called_undecided() -> None:
    supply, demand = np.full((6, 2), 1_000), np.full((6, 1), 9_000)
    given = allocate(supply, demand, [[4000], [5000]], [[1], [2]], rounds=1)
    found = infer_keys(supply, demand, given.shared, pairs=given.flows)
    assert found.undecided == (0,)
    assert found.matched == 1.0


def test_several_producers_without_pairs_are_refused_and_the_way_out_is_named() -> None:
    with pytest.raises(
        ProblemError, match=r"2 producers but no pairs.*pass pairs= from the operator's pair file"
    ):
        infer_keys(np.ones((4, 2), int), np.ones((4, 3), int), np.zeros((4, 3), int))


def test_all_faults_of_the_arrays_are_told_together() -> None:
    with pytest.raises(ProblemError, match="3 faults"):
        infer_keys(np.ones((4, 1), int), np.ones((5, 3), int), np.zeros((4, 2), int), rounds=0)


def test_pairs_of_another_shape_are_refused() -> None:
    flows = Flows(np.array([[0, 0]]), np.zeros((4, 1), dtype=np.int64), producers=1, consumers=1)
    with pytest.raises(ProblemError, match=r"pairs: shape \(4, 1, 1\), expected \(4, 2, 3\)"):
        infer_keys(np.ones((4, 2), int), np.ones((4, 3), int), np.zeros((4, 3), int), pairs=flows)


def test_a_total_that_is_not_the_sum_of_its_pairs_is_a_mismatch_of_nobody() -> None:
    held, _, _, given = three_producers(6, 1)
    shared = given.shared.copy()
    row, consumer = np.argwhere(shared > 0)[3]
    shared[row, consumer] += 10
    found = infer_keys(held.supply, held.demand, shared, pairs=given.flows)
    assert [(cell.row, cell.consumer, cell.producer) for cell in found.mismatches] == [(row, consumer, -1)]


def test_the_same_data_give_the_same_answer() -> None:
    supply, demand, keys = month(10, 9)
    shared = shared_by(supply, demand, keys, 4).shared
    one, two = (infer_keys(supply, demand, shared) for _ in range(2))
    assert (one.keys == two.keys).all()
    assert (one.interval == two.interval).all()
