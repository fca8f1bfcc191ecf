"""The rounds rule: printed examples, the slow oracle, conservation, and what a member may not do."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt import sharing
from evenwatt.core.errors import ProblemError
from evenwatt.sharing import rounds
from evenwatt.sharing.rounds import KeyWarning

_spec = importlib.util.spec_from_file_location("reference", Path(__file__).with_name("reference.py"))
reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference)

# Worked example A of the rule: one producer, 12 kWh; decree 408/2015 Sb., annex 25.
A = {
    "supply": [[12_000]],
    "demand": [[4_000, 5_000, 6_000]],
    "keys": [[5000, 3000, 2000]],
    "priority": [[1, 1, 1]],
}
# Worked example B: two producers, priorities P1-P2, P2-P1, P2.
B = {
    "supply": [[1_000, 1_500]],
    "demand": [[500, 1_400, 900]],
    "keys": [[6000, 4000, 0], [2500, 2500, 5000]],
    "priority": [[5, 4, 0], [4, 5, 5]],
}


@st.composite
def groups(draw, most_steps=4):
    """Draw a small group: supply, demand, keys, priorities, rounds and quantum."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    producers, consumers = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    steps = draw(st.integers(1, most_steps))
    supply = rng.integers(0, draw(st.sampled_from([5, 300, 40_000])), (steps, producers))
    demand = rng.integers(0, draw(st.sampled_from([5, 300, 40_000])), (steps, consumers))
    scale = draw(st.sampled_from([1.0, 1.0, 0.5]))
    keys = np.floor(rng.dirichlet(np.ones(consumers), producers) * 10_000 * scale).astype(np.int64)
    priority = rng.integers(0, 6, (producers, consumers))
    count = draw(st.sampled_from([1, 2, 3, 5, None]))
    return supply, demand, keys, priority, count, draw(st.sampled_from([1, 7, 10]))


@pytest.mark.parametrize(
    ("count", "shared", "unused"),
    [
        (1, [4_000, 3_600, 2_400], 2_000),
        (2, [4_000, 4_200, 2_800], 1_000),
        (3, [4_000, 4_500, 3_000], 500),
        (4, [4_000, 4_650, 3_100], 250),
        (5, [4_000, 4_720, 3_150], 130),
        (6, [4_000, 4_750, 3_170], 80),
        (50, [4_000, 4_780, 3_190], 30),
        (None, [4_000, 4_780, 3_190], 30),
    ],
)
def test_example_a_comes_out_to_the_watt_hour(count, shared, unused):
    found = sharing.allocate(**A, rounds=count)
    assert found.shared.tolist() == [shared]
    assert found.unused.tolist() == [[unused]]


def test_example_a_without_rounding_shares_11875():
    fine = {**A, "supply": [[12_000_000]], "demand": [[4_000_000, 5_000_000, 6_000_000]]}
    assert sharing.allocate(**fine, quantum=1).shared.sum() == 11_875_000
    assert sharing.allocate_exact(**A, rounds=5).shared.tolist() == [[4_000, 4_725, 3_150]]


@pytest.mark.parametrize(("count", "total"), [(1, 2_020), (2, 2_300), (3, 2_350), (5, 2_410), (50, 2_450)])
def test_example_b_comes_out_to_the_watt_hour(count, total):
    found = sharing.allocate(**B, rounds=count)
    assert found.shared.sum() == total
    if count == 3:
        assert found.unused.tolist() == [[40, 110]]
        assert found.unmet.tolist() == [[0, 450, 0]]


def test_every_flow_of_example_b_is_as_printed():
    first = sharing.allocate(**B, rounds=1).flows.dense()[0]
    assert first.tolist() == [[500, 400, 0], [0, 370, 750]]


@given(groups())
@settings(max_examples=150)
def test_flows_are_those_of_the_plain_loop(group):
    supply, demand, keys, priority, count, quantum = group
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KeyWarning)
        found = sharing.allocate(supply, demand, keys, priority, rounds=count, quantum=quantum)
    flows, unused, unmet = reference.replay(supply, demand, keys, priority, count, quantum)
    assert (found.flows.dense() == flows).all()
    assert (found.unused == unused).all()
    assert (found.unmet == unmet).all()


@given(groups(), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_keys_may_change_from_interval_to_interval(group, seed):
    supply, demand, keys, priority, count, quantum = group
    keys = np.random.default_rng(seed).permuted(np.broadcast_to(keys, (len(supply), *keys.shape)), axis=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KeyWarning)
        found = sharing.allocate(supply, demand, keys, priority, rounds=count, quantum=quantum)
    assert (found.flows.dense() == reference.replay(supply, demand, keys, priority, count, quantum)[0]).all()


def test_many_intervals_are_cut_into_blocks_without_a_seam():
    rng = np.random.default_rng(3)
    supply, demand = rng.integers(0, 9_000, (1_001, 3)), rng.integers(0, 4_000, (1_001, 7))
    keys = np.floor(rng.dirichlet(np.ones(7), 3) * 10_000).astype(np.int64)
    priority = rng.integers(1, 4, (3, 7))
    whole = sharing.allocate(supply, demand, keys, priority)
    parts = [
        sharing.allocate(supply[t : t + 77], demand[t : t + 77], keys, priority) for t in range(0, 1_001, 77)
    ]
    assert (np.concatenate([part.flows.wh for part in parts]) == whole.flows.wh).all()


@given(groups(most_steps=60))
@settings(max_examples=60)
def test_totals_are_those_of_the_flows(group):
    supply, demand, keys, priority, count, quantum = group
    month = sharing.Replay(supply, demand, rounds=count, quantum=quantum)
    flows, *_ = reference.replay(supply, demand, keys, priority, count, quantum)
    assert month.total(keys, priority) == flows.sum()


@given(groups(most_steps=60))
@settings(max_examples=40)
def test_in_one_round_consumers_are_independent(group):
    supply, demand, keys, priority, _, quantum = group
    month = sharing.Replay(supply, demand, rounds=1, quantum=quantum)
    held = sharing.agreement(keys, priority)
    one_by_one = [month.consumer(j, held.order[j], held.share[j]) for j in range(demand.shape[1])]
    flows, *_ = reference.replay(supply, demand, keys, priority, 1, quantum)
    assert one_by_one == flows.sum(axis=(0, 1)).tolist()


def test_many_keys_of_one_consumer_are_tried_at_once():
    rng = np.random.default_rng(2)
    month = sharing.Replay(rng.integers(0, 4_000, (50, 3)), rng.integers(0, 3_000, (50, 2)), rounds=1)
    order, shares = np.array([2, 0, 1]), rng.integers(0, 10_001, (20, 3))
    assert month.candidates(1, order, shares).tolist() == [month.consumer(1, order, row) for row in shares]


@given(groups())
@settings(max_examples=60)
def test_more_rounds_never_share_less(group):
    supply, demand, keys, priority, _, quantum = group
    totals = [
        sharing.Replay(supply, demand, rounds=count, quantum=quantum).total(keys, priority)
        for count in (1, 2, 3, 5, 9, None)
    ]
    assert totals == sorted(totals)


@given(groups())
@settings(max_examples=80)
def test_the_rule_without_floor_is_the_fine_rule_up_to_rounding(group):
    supply, demand, keys, priority, count, _ = group
    count = 12 if count is None else count
    fine = 10**6  # micro-Wh: the floor takes at most one of them a round and link
    held = sharing.agreement(keys, priority)
    exact = rounds.exact_flows(supply, demand, held, count)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KeyWarning)
        found = sharing.allocate(supply * fine, demand * fine, keys, priority, rounds=count, quantum=1)
    # A unit lost to a floor stays with the producer, is wanted on, and may go elsewhere in the next round.
    assert np.abs(exact - found.flows.wh / fine).max(initial=0.0) <= 1e-3


@given(groups())
@settings(max_examples=80)
def test_the_rule_without_floor_rounds_each_flow_once(group):
    supply, demand, keys, priority, count, _ = group
    found = sharing.allocate_exact(supply, demand, keys, priority, rounds=count)
    exact = rounds.exact_flows(supply, demand, sharing.agreement(keys, priority), count)
    assert np.abs(found.flows.wh - exact).max(initial=0.0) < 1 + 1e-6
    assert (found.shared + found.unmet == demand).all()
    assert (found.flows.by_producer() + found.unused == supply).all()


def test_tiny_keys_reach_the_end_of_endless_rounds():
    exact = rounds.exact_flows(
        np.array([[1_000]]), np.array([[800, 900]]), sharing.agreement([[1, 1]], [[1, 1]])
    )
    assert exact == pytest.approx(np.array([[500.0, 500.0]]), rel=1e-9)


def test_endless_rounds_leave_no_link_with_both_supply_and_demand():
    rng = np.random.default_rng(5)
    supply, demand = rng.integers(0, 9_000, (200, 4)), rng.integers(0, 9_000, (200, 6))
    priority = rng.integers(0, 3, (4, 6))
    keys = np.where(priority > 0, 1_600, 0)
    exact = rounds.exact_flows(supply, demand, held := sharing.agreement(keys, priority))
    flows = np.zeros((200, 4, 6))
    flows[:, held.links[:, 0], held.links[:, 1]] = exact
    left, want = supply - flows.sum(axis=2), demand - flows.sum(axis=1)
    both = np.minimum(left[:, :, None], want[:, None, :])[:, priority > 0]
    assert both.max() <= 1e-6 * supply.sum(axis=1).max()


def test_a_building_never_gives_to_itself():
    found = sharing.allocate(
        [[1_000]],
        [[800, 800]],
        [[5000, 5000]],
        [[1, 1]],
        owner_supply=["a"],
        owner_demand=["a", "b"],
        rounds=1,
    )
    assert found.shared.tolist() == [[0, 500]]


def test_whoever_injects_may_be_barred_from_receiving():
    group = {
        "supply": [[1_000, 400], [1_000, 0]],
        "demand": [[800, 800], [800, 800]],
        "keys": [[5000, 5000], [5000, 5000]],
        "priority": [[2, 2], [1, 1]],
        "owner_supply": ["x", "b"],
        "owner_demand": ["a", "b"],
        "rounds": 1,
    }
    assert sharing.allocate(**group).shared.tolist() == [[700, 500], [500, 500]]
    barred = sharing.allocate(**group, injecting_may_receive=False)
    assert barred.shared.tolist() == [[700, 0], [500, 500]]
    assert barred.unmet.tolist() == [[100, 800], [300, 300]]


def test_a_reserve_is_withheld_before_the_first_round():
    found = sharing.allocate(**A, reserve=2_000, rounds=None, quantum=1)
    assert found.shared.sum() + found.unused.sum() == 12_000
    assert 2_000 <= found.unused.sum() <= 2_005
    assert sharing.allocate(**A, reserve=[50_000]).shared.sum() == 0


def test_participation_is_floored_to_whole_watt_hours():
    found = sharing.allocate([[101]], [[101]], [[10_000]], [[1]], quantum=1, participation=(0.29, 1))
    assert found.shared.tolist() == [[29]]
    assert (
        sharing.allocate([[100]], [[100]], [[10_000]], [[1]], quantum=1, participation=0.29).shared.sum()
        == 29
    )
    assert (
        sharing.allocate(
            [[99]], [[99]], [[10_000]], [[1]], quantum=1, participation=(1, [0.333])
        ).shared.sum()
        == 32
    )


def test_keys_below_one_are_no_reserve_in_several_rounds_and_that_is_said():
    with pytest.warns(KeyWarning, match="producer 0 sum to less than 10000.*reserve="):
        sharing.allocate([[1_000]], [[900]], [[5000]], [[1]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sharing.allocate([[1_000]], [[900]], [[5000]], [[1]], rounds=1)
        sharing.allocate([[1_000]], [[900, 900, 900]], [[3333, 3333, 3333]], [[1, 1, 1]])


def test_all_faults_of_keys_are_named_at_once():
    with pytest.raises(
        ProblemError, match=r"(?s)producer 0: keys sum to 12000.*producer 1: keys sum to 10001"
    ):
        sharing.allocate([[1, 1]], [[1, 1]], [[6000, 6000], [10_001, 0]], [[1, 1], [1, 1]])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"keys": [[0.5, 0.3, 0.2]]}, "fractions up to 0.5.*2500 for a quarter"),
        ({"keys": [[5000.5, 3000, 1000]]}, "5000.5; keys are whole numbers"),
        ({"keys": [[-1, 3000, 1000]]}, r"-1; keys are whole"),
        ({"keys": [[5000, 3000]]}, r"shape \(1, 2\), expected \(1, 3\)"),
        ({"priority": [[1, 1]]}, r"priority: shape \(1, 2\), expected \(1, 3\)"),
        ({"priority": [[1, 0.5, 1]]}, "0.5; priorities are whole"),
        ({"priority": [[1, -2, 1]]}, "-2; priorities are whole"),
        ({"supply": [[12_000.5]]}, "12000.5; energies are whole Wh"),
        ({"supply": [[float("nan")]]}, "nan; energies are whole Wh"),
        ({"supply": [[-5]]}, "-5; energies"),
        ({"supply": [12_000]}, r"shape \(1,\)"),
        ({"supply": [[10**12]]}, "in one interval"),
        ({"supply": [[1], [2]]}, "2 intervals, demand 1"),
        ({"rounds": 0}, "rounds: 0"),
        ({"quantum": 0}, "quantum: 0"),
        ({"quantum": 2.5}, "quantum: 2.5"),
        ({"max_links": 0}, "max_links: 0"),
        ({"owner_supply": ["a"]}, "owner_demand: missing"),
        ({"injecting_may_receive": False}, "needs owner_supply"),
        ({"participation": 1.5}, "from 0 to 1"),
        ({"participation": 0.1234567}, "six decimals"),
        ({"participation": (1, 1, 1)}, "3 entries"),
        ({"reserve": 0.5}, "whole Wh"),
        ({"reserve": -1}, "below 0"),
        ({"reserve": [1, 2]}, r"shape \(2,\)"),
        ({"keys": [["a", "b", "c"]]}, "is not numbers"),
    ],
)
def test_bad_input_is_named(change, words):
    with pytest.raises(ProblemError, match=words):
        sharing.allocate(**{**A, **change})


def test_too_many_producers_of_a_consumer_are_named():
    supply, demand = np.ones((1, 6), dtype=int), np.ones((1, 2), dtype=int)
    priority = np.array([[1, 1], [1, 1], [1, 1], [1, 1], [1, 1], [1, 0]])
    with pytest.raises(ProblemError, match="consumer 0: 6 producers; expected at most 5"):
        sharing.allocate(supply, demand, np.ones((6, 2), dtype=int), priority)
    sharing.allocate(supply, demand, np.ones((6, 2), dtype=int), priority, max_links=None, rounds=1)


@pytest.mark.parametrize("shape", [(0, 2, 3), (4, 0, 3), (4, 2, 0), (4, 0, 0)])
def test_nobody_and_nothing_are_ordinary(shape):
    steps, producers, consumers = shape
    found = sharing.allocate(
        np.zeros((steps, producers), dtype=int),
        np.zeros((steps, consumers), dtype=int),
        np.zeros((producers, consumers), dtype=int),
        np.ones((producers, consumers), dtype=int),
    )
    assert found.shared.shape == (steps, consumers)
    assert found.flows.dense().shape == shape
    assert sharing.Replay(np.zeros((steps, producers)), np.zeros((steps, consumers))).ideal == 0


def test_a_key_without_a_link_counts_for_nothing():
    found = sharing.allocate([[1_000]], [[900, 900]], [[9_000, 9_000]], [[1, 0]], rounds=1)
    assert found.shared.tolist() == [[900, 0]]


def test_of_equal_priorities_the_first_producer_comes_first():
    found = sharing.allocate([[500, 500]], [[600]], [[10_000], [10_000]], [[3], [3]], rounds=1)
    assert found.flows.dense()[0].tolist() == [[500], [100]]


def test_an_answer_can_be_taken_apart():
    flows, shared, unused, unmet = sharing.allocate(**A)
    assert flows.total == shared.sum() == 12_000 - unused.sum()
    assert unmet.sum() == 15_000 - shared.sum()
    assert flows.pairs().tolist() == [[4_000, 4_720, 3_150]]


def test_flows_count_members_by_their_links_where_nobody_says():
    flows = sharing.Flows(np.array([[0, 2], [1, 0]]), np.array([[5, 7]]))
    assert flows.dense().tolist() == [[[0, 0, 5], [7, 0, 0]]]
    with pytest.raises(ProblemError, match=r"a pair outside 1 producers and 3 consumers"):
        sharing.Flows(np.array([[0, 2], [1, 0]]), np.array([[5, 7]]), producers=1)
    with pytest.raises(ProblemError, match=r"(?s)appears twice.*-1 Wh is below 0"):
        sharing.Flows(np.array([[0, 0], [0, 0]]), np.array([[1, -1]]))
