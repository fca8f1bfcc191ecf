"""Hidden weights are found again from what was agreed, and what cannot be found is not claimed."""

import numpy as np
import pytest

from evenwatt import bargaining
from evenwatt.bargaining.transport.problem import TransportBargain
from evenwatt.core.errors import ProblemError
from evenwatt.learning.inverse import infer_weights
from evenwatt.learning.stationarity import kkt_weights
from evenwatt.learning.worlds import world

SUPPLIERS, AGENTS = 2, 4


def struck(seed, *, intervals=250, noise=0.0, suppliers=SUPPLIERS, agents=AGENTS, variant="plain"):
    """Bargains of a generated world, the weights behind them, and what everybody gained."""
    drawn = world(seed, suppliers=suppliers, agents=agents, intervals=intervals, variant=variant)
    problem = drawn.history.bargain(weights=drawn.truth.weights)
    outcome = bargaining.solve(problem, grade="settlement")
    rng = np.random.default_rng(seed)
    return (
        problem,
        drawn.truth.weights,
        outcome,
        outcome.gains * np.exp(noise * rng.standard_normal(outcome.gains.shape)),
    )


def distance(found, truth):
    """L1 distance over the identified weights, both summing to 1 there."""
    known = found.verdict == "identified"
    assert known.sum() > 1, "nothing was identified, so nothing is tested"
    return np.abs(found.weights[known] - truth[known] / truth[known].sum()).sum()


@pytest.mark.parametrize("variant", ["plain", "slack", "uniform-price", "disagreement"])
def test_weights_are_found_exactly_where_there_is_no_noise(variant):
    problem, truth, _, gains = struck(11, variant=variant, intervals=50)
    assert distance(infer_weights(problem, gains), truth) < 1e-3


def test_weights_are_found_through_noise():
    problem, truth, _, gains = struck(5, noise=0.15, intervals=500)
    found = infer_weights(problem, gains[:, SUPPLIERS:])
    assert distance(found, truth) < 0.03
    assert found.sigma == pytest.approx(0.15, rel=0.1)


def test_equal_weights_are_much_further_away():
    """The figure above means something only beside what knowing nothing gives."""
    _, truth, _, _ = struck(5, intervals=1)
    agents = truth[SUPPLIERS:] / truth[SUPPLIERS:].sum()
    assert np.abs(agents - 1 / AGENTS).sum() > 0.2


def test_the_weights_in_the_problem_are_not_looked_at():
    problem, _, _, gains = struck(11, intervals=30)
    blind = problem.changed(weights=np.ones(problem.players))
    np.testing.assert_array_equal(infer_weights(problem, gains).weights, infer_weights(blind, gains).weights)


def test_gains_of_agents_alone_are_enough():
    problem, _, _, gains = struck(11, intervals=30)
    unseen = gains.copy()
    unseen[:, :SUPPLIERS] = np.nan
    np.testing.assert_array_equal(
        infer_weights(problem, unseen).weights, infer_weights(problem, gains[:, SUPPLIERS:]).weights
    )


def test_an_agent_nobody_watches_is_found_by_what_it_leaves_to_the_others():
    problem, _, _, gains = struck(11, intervals=60)
    gains[:, -1] = np.nan
    found = infer_weights(problem, gains)
    assert found.verdict[-1] == "identified"
    assert np.isnan(found.residuals[:, -1]).all()


def shares(found, truth):
    """What the weights mean: each player's share of its own weight and the reference's, by the truth."""
    others = np.where(found.reference & ~np.eye(len(truth), dtype=bool), truth, 0.0).sum(axis=1)
    return truth / (truth + others)


def test_every_weight_is_within_three_times_its_interval():
    """One world; how often the truth is within the interval itself is measured over many in the slow test."""
    problem, truth, _, gains = struck(8, noise=0.15, intervals=120)
    found = infer_weights(problem, gains[:, SUPPLIERS:])
    known = found.verdict == "identified"
    assert known.sum() > 1
    away = np.abs(found.weights - shares(found, truth))
    assert (away < 3 * (found.high - found.low))[known].all()


def test_the_same_data_give_the_same_bytes():
    problem, _, _, gains = struck(3, noise=0.15, intervals=40)
    first, second = (infer_weights(problem, gains) for _ in range(2))
    assert first.weights.tobytes() == second.weights.tobytes()
    assert first.low.tobytes() == second.low.tobytes()


def test_progress_is_told():
    problem, _, _, gains = struck(3, intervals=30)
    told = []
    infer_weights(problem, gains, progress=lambda *now: told.append(now))
    assert told[-1][:2] == (5, 5)


def test_bad_input_is_named_all_at_once():
    problem, _, _, gains = struck(3, intervals=5)
    with pytest.raises(ProblemError) as error:
        infer_weights(problem, gains[:, :1], sigma=-1.0, interval=95)
    for part in ("gains of shape (5, 1)", "sigma -1.0", "interval 95"):
        assert part in str(error.value)


def test_gains_that_are_not_positive_are_left_out():
    problem, truth, _, gains = struck(11, intervals=60)
    gains[::7, -1] = 0.0
    gains[3::7, -2] = -1.0
    assert distance(infer_weights(problem, gains), truth) < 1e-3


@pytest.mark.parametrize("intervals", [0, 1])
def test_a_history_too_short_to_tell_noise_from_weights_claims_nothing(intervals):
    problem, _, _, gains = struck(3, intervals=5, suppliers=1, agents=2)
    found = infer_weights(problem.rows(np.arange(intervals)), gains[:intervals, 1:])
    assert (found.verdict == "not identified").all()
    assert np.isnan(found.weights).all()
    assert len(found.reasons) == 3


def test_nothing_to_trade_is_no_information():
    problem, _, _, gains = struck(3, intervals=20)
    dry = problem.changed(capacity=np.zeros_like(problem.capacity))
    found = infer_weights(dry, gains)
    assert (found.verdict == "not identified").all()
    assert (found.low == 0).all()
    assert (found.high == 1).all()


def test_one_supplier_and_one_agent_have_no_weights_to_find():
    problem = TransportBargain([[5.0], [9.0]], [[8.0]], cost=[40], offer=[70], willingness=[120])
    found = infer_weights(problem, bargaining.solve(problem).gains, sigma=0.1)
    assert (found.verdict == "not identified").all()


def test_optimality_conditions_are_exact_without_noise():
    problem, truth, outcome, _ = struck(1, suppliers=3, agents=6, intervals=150)
    found = kkt_weights(problem, outcome.flows)
    known = np.isfinite(found)
    assert known[3:].all()
    assert np.abs(found[known] - truth[known] / truth[known].sum()).sum() < 1e-6


def test_optimality_conditions_are_worse_than_equal_weights_at_five_percent_noise():
    far, equal = [], []
    for seed in range(4):
        problem, truth, outcome, _ = struck(seed, suppliers=3, agents=6, intervals=150)
        rng = np.random.default_rng(seed)
        found = kkt_weights(problem, outcome.flows * np.exp(0.05 * rng.standard_normal(outcome.flows.shape)))
        known = np.isfinite(found)
        aimed = truth[known] / truth[known].sum()
        far.append(np.abs(found[known] / found[known].sum() - aimed).sum())
        equal.append(np.abs(1 / known.sum() - aimed).sum())
    assert np.mean(far) > np.mean(equal)


@pytest.mark.slow
def test_intervals_cover_the_truth_as_often_as_they_say():
    inside, asked = 0, 0
    for seed in range(300, 340):
        problem, truth, _, gains = struck(seed, suppliers=3, agents=6, intervals=300, noise=0.15)
        found = infer_weights(problem, gains[:, 3:])
        share = shares(found, truth)
        known = found.verdict != "not identified"
        inside += int(((found.low <= share) & (share <= found.high))[known].sum())
        asked += int(known.sum())
    assert asked > 200
    assert 0.9 <= inside / asked <= 0.98
