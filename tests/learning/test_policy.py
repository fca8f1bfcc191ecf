"""A learned rule beats what it starts from, by true slopes, on rows it never saw, and not on noise."""

import numpy as np
import pytest

from evenwatt import bargaining
from evenwatt.core.errors import ProblemError
from evenwatt.learning.ascent import Pace, climb
from evenwatt.learning.boosting import Growth
from evenwatt.learning.columns import Array, Column
from evenwatt.learning.demand import DemandModel
from evenwatt.learning.history import History
from evenwatt.learning.model import NotFittedError
from evenwatt.learning.policy import WeightPolicy
from evenwatt.learning.policy_form import Inputs, Parameters, form, plain
from evenwatt.learning.policy_task import Task
from evenwatt.learning.welfare import Welfare
from evenwatt.learning.worlds import world

SPLIT = 800
WORLD = world(52, intervals=1100, supply=0.9).history
PAST, NOW, THEN = WORLD.until(WORLD.gate[SPLIT]), WORLD.at_gate(slice(SPLIT, 1100)), slice(SPLIT, 1100)
NEED = WORLD.target("metered")[THEN]
BRISK = Pace(epochs=8, rate=0.007)
POLICY = WeightPolicy(refits=3, pace=BRISK).fit(PAST)


def worth(demand: Array, weights: Array) -> float:
    """Mean worth of bargains under these terms."""
    rows = WORLD.rows(THEN)
    flows = bargaining.smoothed(rows.bargain(demand=demand, weights=weights)).flows
    return float(Welfare().value(flows, NEED, rows["cost"], rows["willingness"]).mean())


def by_size(sizes: Array) -> Array:
    suppliers = np.full((len(sizes), 3), np.exp(-4.0)) * sizes.mean(axis=1, keepdims=True)
    return np.concatenate([suppliers, sizes], axis=1)


def regret(demand: Array, weights: Array) -> float:
    return 1 - worth(demand, weights) / worth(NEED, by_size(NEED))


def with_column(history: History, name: str, values: Array) -> History:
    old = history.column(name)
    return history.with_columns({name: Column(values, old.axis, old.known)})


def some_task(rng: np.random.Generator) -> tuple[Task, Array]:
    """A task with every parameter away from zero, and those parameters."""
    rows = WORLD.rows(slice(100, 140))
    inputs = Inputs(rows["claim"], rng.normal(size=(40, 6, 3)), rng.normal(size=(40, 3, 2)))
    start = plain(3, 6, 3, 2)
    free = np.zeros(start.flat.size, dtype=bool)
    task = Task(inputs, rows.bargain(), rows.target("metered"), Welfare(), start, 0.1, 1e-4, free, 1000.0)
    return task, start.flat + rng.normal(scale=0.05, size=start.flat.size)


def test_slope_through_the_bargain_is_that_of_the_worth() -> None:
    task, here = some_task(np.random.default_rng(0))
    rows, step = np.arange(40), 1e-5
    _, slope = task.objective(here, rows)
    away = np.eye(len(here)) * step
    rise = np.array([task.objective(here + a, rows)[0] - task.objective(here - a, rows)[0] for a in away])
    wrong = np.abs(rise / (2 * step) - slope)
    assert np.abs(slope).min() > 1e-9  # every parameter has a say
    assert wrong.max() <= 1e-5 * np.abs(slope).max()


def test_slope_of_the_formulas_alone_is_exact() -> None:
    rng = np.random.default_rng(1)
    base = rng.uniform(1, 9, (5, 4))
    base[0, 1] = base[3, :] = 0.0  # one, and in one row everybody, asks for nothing
    inputs = Inputs(base, rng.normal(size=(5, 4, 2)), rng.normal(size=(5, 2, 2)))
    here = plain(2, 4, 2, 2)
    flat = here.flat + rng.normal(scale=0.3, size=here.flat.size)
    pulled = rng.normal(size=(5, 6)), rng.normal(size=(5, 4))

    def value(point: Array) -> float:
        formed = form(inputs, here.like(point))
        return float((pulled[0] * formed.weights).sum() + (pulled[1] * formed.caps).sum())

    slope = form(inputs, here.like(flat)).slopes(*pulled).flat
    rise = [(value(flat + e) - value(flat - e)) / 2e-6 for e in np.eye(len(flat)) * 1e-6]
    assert slope == pytest.approx(rise, abs=1e-7 * np.abs(slope).max())


def test_parameters_survive_the_row_they_are_put_in() -> None:
    here = Parameters(
        *(np.random.default_rng(2).normal(size=shape) for shape in ((4, 3), (4, 3), (2, 2), (1,)))
    )
    assert here.like(here.flat).flat.tolist() == here.flat.tolist()


def test_at_the_start_weights_are_in_proportion_to_claims() -> None:
    claims = np.array([[2.0, 6.0, 0.0]])
    terms = form(Inputs(claims, np.ones((1, 3, 1)), np.ones((1, 1, 1))), plain(1, 3, 1, 1)).terms
    assert terms.caps.tolist() == [[pytest.approx(2.0), pytest.approx(6.0), 0.0]]
    assert terms.agent_weights[0, 1] / terms.agent_weights[0, 0] == pytest.approx(3.0, rel=1e-3)
    assert 0 < terms.agent_weights[0, 2] < 1e-4


def test_it_leaves_less_than_half_of_the_regret_on_rows_it_never_saw() -> None:
    terms, claims = POLICY.predict(NOW), NOW["claim"]
    assert regret(claims, by_size(claims)) > 0.03
    assert regret(terms.caps, terms.weights) < 0.5 * regret(claims, by_size(claims))


def test_weights_alone_help_too_and_leave_the_claims_as_caps() -> None:
    terms, claims = WeightPolicy(discount=False, pace=BRISK).fit(PAST).predict(NOW), NOW["claim"]
    assert np.array_equal(terms.caps, claims) or terms.caps == pytest.approx(claims, rel=1e-12)
    assert regret(claims, terms.weights) < 0.7 * regret(claims, by_size(claims))


def test_training_adds_to_the_regression_it_starts_from() -> None:
    start = WeightPolicy(pace=Pace(epochs=0)).fit(PAST).predict(NOW)
    terms = POLICY.predict(NOW)
    assert worth(terms.caps, terms.weights) > worth(start.caps, start.weights)


def test_shuffled_outcomes_teach_no_discount_of_honest_claims() -> None:
    """Claims that say the need, meters that are the needs of other hours: nothing is left to find."""
    honest = with_column(WORLD, "claim", WORLD["metered"])
    mixed = np.random.default_rng(3).permutation(np.arange(SPLIT))
    need = WORLD["metered"].copy()
    need[:SPLIT] = need[mixed]
    past = with_column(honest, "metered", need)
    terms = WeightPolicy(pace=BRISK).fit(past.until(past.gate[SPLIT])).predict(honest.at_gate(THEN))
    # The claims are the truth: whatever was learned from shuffled meters cannot do better than believing them.
    assert worth(terms.caps, terms.weights) <= worth(NEED, by_size(NEED)) * (1 + 0.002)


def test_shuffled_outcomes_find_no_more_than_what_is_usual() -> None:
    need = np.random.default_rng(4).permutation(WORLD["metered"])
    shuffled = with_column(WORLD, "metered", need)
    terms = WeightPolicy(pace=BRISK).fit(shuffled.until(shuffled.gate[SPLIT])).predict(shuffled.at_gate(THEN))
    usual = np.broadcast_to(need[:SPLIT].mean(axis=0), NEED.shape)
    rows = shuffled.rows(THEN)

    def reached(demand: Array, weights: Array) -> Array:
        flows = bargaining.smoothed(rows.bargain(demand=demand, weights=weights)).flows
        return Welfare().value(flows, need[THEN], rows["cost"], rows["willingness"])

    gain = reached(terms.caps, terms.weights) - reached(usual, by_size(usual))
    by_day = gain[:288].reshape(-1, 24).mean(axis=1)
    noise = by_day.std(ddof=1) / np.sqrt(len(by_day))
    assert gain.mean() < 3 * noise + 0.01 * abs(reached(usual, by_size(usual)).mean())


def test_the_future_cannot_be_looked_at() -> None:
    need = WORLD["metered"].copy()
    unseen = ~(WORLD.column("metered").known <= WORLD.gate[SPLIT])
    need[unseen] = np.random.default_rng(5).uniform(1, 99, need[unseen].shape)
    other = with_column(WORLD, "metered", need)
    first = slice(SPLIT, SPLIT + 1)
    again = (
        WeightPolicy(refits=3, pace=BRISK).fit(other.until(other.gate[SPLIT])).predict(other.at_gate(first))
    )
    assert again.weights.tobytes() == POLICY.predict(WORLD.at_gate(first)).weights.tobytes()


def test_the_last_fifth_judges_and_does_not_teach_how_long_to_climb() -> None:
    need, cut = WORLD["metered"].copy(), 700
    need[cut:] *= 3
    one = WeightPolicy(pace=Pace(epochs=1)).fit(PAST).learned
    two = (
        WeightPolicy(pace=Pace(epochs=1))
        .fit(with_column(WORLD, "metered", need).until(WORLD.gate[SPLIT]))
        .learned
    )
    assert one is not None
    assert two is not None
    assert one.validation[0] != two.validation[0]
    assert one.train.tolist() == two.train.tolist()


def test_the_newest_rows_are_learned_from_after_they_have_judged() -> None:
    need = WORLD["metered"].copy()
    need[700:] *= 0.5
    halved = with_column(WORLD, "metered", need).until(WORLD.gate[SPLIT])
    early = WORLD.at_gate(slice(300, 340))
    still = Pace(epochs=0)
    caps, before = (WeightPolicy(pace=still).fit(past).predict(early).caps for past in (halved, PAST))
    assert caps.sum() < 0.98 * before.sum()


def test_on_predicted_needs_it_learns_from_out_of_fold_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    few = DemandModel(growth=Growth(trees=3), fewest_rows=50)
    rows = []
    objective = Task.objective
    monkeypatch.setattr(
        Task, "objective", lambda task, flat, seen: (rows.append(seen.min()), objective(task, flat, seen))[1]
    )
    policy = WeightPolicy(demand=few, blocks=4, pace=Pace(epochs=1)).fit(WORLD.until(WORLD.gate[400]))
    assert min(rows) >= 100  # the first block has no honest prediction
    assert policy.demand is not None
    assert len(policy.predict(NOW)) == 300


def test_bands_hold_the_weights_and_refits_are_needed() -> None:
    low, high = POLICY.weights_band(NOW)
    weights = POLICY.predict(NOW).weights
    assert (low < weights).all()
    assert (weights < high).all()
    assert np.median(high[:, 3:] / low[:, 3:]) < 1.5
    with pytest.raises(ProblemError, match="needs refits"):
        WeightPolicy(pace=Pace(epochs=0)).fit(PAST).weights_band(NOW)


def test_a_sold_out_supplier_has_no_bare_number() -> None:
    scarce = world(9, intervals=300, supply=0.4).history
    policy = WeightPolicy(pace=Pace(epochs=1), refits=2).fit(scarce)
    assert policy.learned is not None
    assert policy.learned.verdicts()[:3] == ["not identified"] * 3
    rows = [
        row for row in policy.weight_rows(scarce.at_gate(slice(250, 300))) if row["party"] == "supplier:s1"
    ]
    assert rows
    assert {(row["weight"], row["low"], row["high"]) for row in rows} == {(None, 0.0, 1.0)}
    assert any("hardly matter" in said for said in policy.explain().sentences)


def test_tables_have_their_columns() -> None:
    learned = POLICY.learned
    assert learned is not None
    assert set(learned.loss_rows("m")[0]) == {"model", "epoch", "train", "validation"}
    assert set(learned.discount_rows()[0]) == {"agent", "discount_mean", "low", "high"}
    assert set(POLICY.weight_rows(NOW)[0]) == {"day", "party", "weight", "low", "high", "verdict"}
    assert learned.discount_rows()[0]["discount_mean"] < 0.8  # agent 1 claims half as much again as it needs
    assert set(POLICY.explain().rows[0]) == {"model", "feature", "importance"}


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert (
        WeightPolicy(refits=3, pace=BRISK).fit(PAST).predict(NOW).weights.tobytes()
        == POLICY.predict(NOW).weights.tobytes()
    )


@pytest.mark.parametrize("intervals", [1, 2, 30])
def test_a_short_past_leaves_claims_or_finite_terms(intervals: int) -> None:
    short = world(4, intervals=intervals, suppliers=1, agents=2).history
    for policy in (WeightPolicy(), WeightPolicy(demand=DemandModel())):
        terms = policy.fit(short).predict(short)
        assert np.isfinite(terms.weights).all()
        assert np.isfinite(terms.caps).all()


def test_absent_players_and_a_single_agent_are_no_trouble() -> None:
    alone = world(6, intervals=120, suppliers=1, agents=1).history
    claim, capacity = alone["claim"].copy(), alone["capacity"].copy()
    claim[::3], capacity[::5] = 0.0, 0.0
    alone = with_column(with_column(alone, "claim", claim), "capacity", capacity)
    terms = WeightPolicy(pace=Pace(epochs=2)).fit(alone).predict(alone)
    assert (terms.caps[::3] == 0).all()
    assert (terms.caps[1::3] > 0).all()


def test_misuse_is_named() -> None:
    with pytest.raises(NotFittedError):
        WeightPolicy().predict(NOW)
    with pytest.raises(ProblemError, match=r"(?s)pull -1.*refits 1"):
        WeightPolicy(pull=-1, refits=1)
    with pytest.raises(ProblemError, match="fit it again"):
        POLICY.predict(world(1, agents=2, intervals=5).history)
    with pytest.raises(ProblemError, match="epochs"):
        Pace(epochs=-1)


def test_a_climb_that_only_falls_returns_its_start() -> None:
    start = np.ones(2)
    kept = climb(
        lambda x, rows: (float(x.sum()) if len(rows) > 3 else -float(np.abs(x - 1).sum()), np.ones(2)),
        start, np.arange(10), np.arange(3), pace=Pace(5, 5), rng=np.random.default_rng(0),
    )  # fmt: skip
    assert kept.best.tolist() == start.tolist()
    assert kept.best_epoch == 0
