"""An evaluation is complete, repeatable, hard to fool, and says plainly when the simple baseline wins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.learning.allocator import Allocated, agent_weights, bargained
from evenwatt.learning.baselines import (
    DEMAND_PRO,
    FORESIGHT,
    MANDATORY,
    ByDemand,
    claims_rules,
    demand_rules,
    mandatory,
    proportional,
    surrogate,
)
from evenwatt.learning.columns import Column
from evenwatt.learning.evaluate import evaluate
from evenwatt.learning.evaluation import Evaluation, across_worlds
from evenwatt.learning.history import History
from evenwatt.learning.measured import measured_world
from evenwatt.learning.walk import folds
from evenwatt.learning.worlds import world

REGRET = (
    "rule title objective regret regret_low regret_high satisfaction_mean satisfaction_worst gini wasted_wh "
    "manipulation_gain seconds is_baseline"
).split()


def still() -> float:
    return 0.0


@dataclass(frozen=True)
class Usual:
    """Forecasts by what claims overstated of late: cheap, and right for these worlds."""

    def fit(self, past, *, rng=0, progress=None):
        return self

    def predict(self, now):
        information = now.information()
        error = information.combine("error", lambda claim, need: claim / need - 1, "claim", "metered")
        return now["claim"] / (1 + np.nan_to_num(information.ewm(error, 0.95)))


@dataclass(frozen=True)
class MeanNeed:
    """Forecasts the mean need, whatever is claimed."""

    mean: tuple[float, ...] = ()

    def fit(self, past, *, rng=0, progress=None):
        return MeanNeed(tuple(np.nanmean(past.target("metered"), axis=0)))

    def predict(self, now):
        return np.broadcast_to(np.array(self.mean), now["claim"].shape).copy()


@dataclass(frozen=True)
class Discounting:
    """A learned rule of the test: a bargain on discounted claims."""

    model: Usual = Usual()
    name: str = "discount"
    title: str = "Discounted claims"
    learns: bool = True

    def fit(self, past, *, rng=0, progress=None):
        return Discounting(self.model.fit(past))

    def allocate(self, now):
        caps = self.model.predict(now)
        return bargained(now, weights=agent_weights(caps, len(now.suppliers)), caps=caps)


@dataclass(frozen=True)
class Careless(Discounting):
    """A learned rule that throws everything away."""

    name: str = "careless"
    title: str = "Careless"

    def fit(self, past, *, rng=0, progress=None):
        return self

    def allocate(self, now):
        return Allocated(np.zeros((len(now), len(now.suppliers), len(now.agents))))


def baselines():
    return (*claims_rules(), *demand_rules(Usual()))


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return evaluate(
        world(1, intervals=1100).history, (*baselines(), Discounting()), first=400, blocks=2, curve=(100, 300),
        wh_per_energy=1000, clock=still,
    )  # fmt: skip


def test_no_table_leaves_a_baseline_out() -> None:
    history = world(3, intervals=200).history
    with pytest.raises(ProblemError, match="baselines cea, demand-pro are missing"):
        evaluate(history, [rule for rule in baselines() if rule.name not in ("cea", "demand-pro")])
    with pytest.raises(ProblemError, match="two rules are named pro"):
        evaluate(history, (*baselines(), claims_rules()[0]))


def test_the_table_of_regrets_is_complete(found: Evaluation) -> None:
    assert [row["rule"] for row in found.regret] == [*MANDATORY, "discount", FORESIGHT]
    for row in found.regret:
        assert list(row) == REGRET
        assert row["regret_low"] <= row["regret"] <= row["regret_high"]
        assert 0 <= row["satisfaction_worst"] <= row["satisfaction_mean"] <= 1
    assert [row["is_baseline"] for row in found.regret] == [True] * 6 + [False, True]


def test_regret_is_counted_from_foresight(found: Evaluation) -> None:
    last = found.regret[-1]
    assert (last["regret"], last["regret_low"], last["regret_high"], last["wasted_wh"]) == (
        0,
        0,
        0,
        pytest.approx(0, abs=1),
    )
    for row in found.regret:
        assert row["regret"] == pytest.approx(1 - row["objective"] / last["objective"])
        assert row["regret"] == pytest.approx(found.regret_of(row["rule"]))


def test_knowing_the_bias_beats_believing_claims(found: Evaluation) -> None:
    verdict = {(row["rule"], row["against"]): row["verdict"] for row in found.paired}
    assert verdict[DEMAND_PRO, "pro"] == "better"
    assert verdict["discount", "pro"] == "better"
    assert set(verdict.values()) <= {"better", "worse", "undecided"}


def test_every_learned_rule_is_paired_with_every_baseline(found: Evaluation) -> None:
    assert [row["against"] for row in found.paired if row["rule"] == "discount"] == list(MANDATORY)


def test_blocks_add_up_to_the_whole(found: Evaluation) -> None:
    best, mine = found.score(FORESIGHT).worth, found.score("discount").worth
    rows = [row["regret"] for row in found.blocks if row["rule"] == "discount"]
    halves = [1 - mine[part].sum() / best[part].sum() for part in (slice(0, 350), slice(350, 700))]
    assert rows == pytest.approx(halves)


def test_the_learning_curve_has_every_rule_that_learns(found: Evaluation) -> None:
    assert {(row["rule"], row["rows"]) for row in found.learning_curve} == {
        (rule, rows) for rule in ("demand-pro", "demand-nash", "discount") for rows in (100, 300)
    }


def test_what_agents_would_gain_is_told_for_everybody(found: Evaluation) -> None:
    assert {(row["rule"], row["agent"]) for row in found.manipulation} == {
        (row["rule"], f"a{agent + 1}") for row in found.regret[:-1] for agent in range(6)
    }
    for row in found.regret[:-1]:
        gains = [one["gain_share"] for one in found.manipulation if one["rule"] == row["rule"]]
        assert row["manipulation_gain"] == max(gains)
    most = {row["rule"]: row["manipulation_gain"] for row in found.regret}
    assert most["pro"] > 3 * most["cea"]


def test_learning_from_false_claims_takes_their_gain_away() -> None:
    """A rule that learns the bias of each agent corrects a constant exaggeration in the long run."""
    history = world(3, intervals=500, supply=0.7).history
    found = evaluate(history, baselines(), first=350, blocks=1, long_run=True, clock=still)
    rows = [row for row in found.manipulation if row["rule"] == DEMAND_PRO and row["gain_share"] > 0.05]
    assert rows
    assert all(row["long_run_gain_share"] < 0.2 * row["gain_share"] for row in rows)
    plain = [row for row in found.manipulation if row["rule"] == "pro"]
    assert all(row["long_run_gain_share"] in (None, row["gain_share"]) for row in plain)


def test_the_same_seed_gives_the_same_tables() -> None:
    history = world(5, intervals=300).history
    one, other = (evaluate(history, baselines(), first=200, seed=4, clock=still) for _ in range(2))
    assert one.tables() == other.tables()


def test_it_is_said_plainly_when_the_simple_baseline_wins() -> None:
    history = world(3, intervals=500).history
    found = evaluate(history, (*baselines(), Careless()), first=300, manipulation=False, clock=still)
    told = " ".join(found.sentences)
    assert (
        "The simple baseline wins: no learned rule is better than 'Demand model, then proportional'" in told
    )
    assert "The simple baseline wins: no learned rule is better than 'Proportional on claims'" in told


def test_sentences_name_what_beats_the_simple_baseline(found: Evaluation) -> None:
    told = " ".join(found.sentences)
    assert "Better than 'Proportional on claims'" in told
    assert "Over 700 unseen intervals" in told


def test_on_shuffled_meters_a_model_finds_nothing() -> None:
    """With meters shuffled in time a model knows no more than each agent's mean need."""
    history = world(8, intervals=900).history
    meters = history.columns["metered"]
    mixed = np.random.default_rng(1).permutation(meters.values, axis=0)
    noise = history.with_columns({"metered": Column(mixed, "agent", meters.known)})
    mean = ByDemand("mean", "Mean need", MeanNeed(), proportional)
    found = evaluate(noise, (*mandatory(), mean), first=600, blocks=1, manipulation=False, clock=still)
    row = next(row for row in found.paired if (row["rule"], row["against"]) == ("mean", DEMAND_PRO))
    assert row["verdict"] != "worse"


def test_worlds_are_compared_by_their_means() -> None:
    found = [
        evaluate(world(seed, intervals=300).history, baselines(), first=200, manipulation=False, clock=still)
        for seed in (1, 2, 3, 4)
    ]
    rows = {row["rule"]: row for row in across_worlds(found)}
    regrets = [one.regret_of(DEMAND_PRO) for one in found]
    assert rows[DEMAND_PRO]["regret"] == pytest.approx(np.mean(regrets))
    assert rows[DEMAND_PRO]["low"] < rows[DEMAND_PRO]["regret"] < rows[DEMAND_PRO]["high"]
    assert rows[DEMAND_PRO]["of_pro"] < 1
    assert rows["pro"]["better_than_pro"] == 0


def test_nothing_to_sell_is_refused() -> None:
    history = world(3, intervals=120).history
    dry = history.with_columns({"capacity": Column(np.zeros((120, 3)), "supplier", history.gate)})
    with pytest.raises(ProblemError, match="perfect foresight is worth 0 over the 36 test intervals"):
        evaluate(dry, baselines())


@pytest.mark.parametrize(("suppliers", "agents"), [(1, 1), (1, 3), (3, 1)])
def test_small_communities_are_evaluated(suppliers: int, agents: int) -> None:
    history = world(3, suppliers=suppliers, agents=agents, intervals=120).history
    found = evaluate(history, baselines(), blocks=1, clock=still)
    assert len(found.regret) == 7


def test_a_single_test_interval_has_no_interval_of_regret() -> None:
    history = world(3, intervals=120).history
    found = evaluate(history, baselines(), first=119, blocks=1, clock=still)
    assert found.regret[0]["regret_low"] is None
    # One row tries one agent; of the others nothing is said.
    assert [row["gain_share"] is None for row in found.manipulation[:6]] == [False] + [True] * 5
    assert {row["verdict"] for row in found.paired} == {"undecided"}


def test_progress_is_told() -> None:
    told: list[tuple[int, int, str]] = []
    history = world(3, intervals=200).history
    evaluate(history, baselines(), blocks=2, manipulation=False, progress=lambda *what: told.append(what))
    assert len(told) == 12
    assert len(folds(history, blocks=2)) == 2


def test_a_rule_that_was_not_evaluated_is_named(found: Evaluation) -> None:
    with pytest.raises(ProblemError, match="no rule 'oracle' here; there are pro, cea"):
        found.score("oracle")


def test_a_history_is_left_as_it_was() -> None:
    history: History = world(3, intervals=200).history
    before = {name: history[name].tobytes() for name in history.columns}
    evaluate(history, baselines(), blocks=1)
    assert {name: history[name].tobytes() for name in history.columns} == before


@pytest.mark.slow
def test_on_a_measured_year_learning_halves_the_regret(real_data) -> None:
    """17 real homes with roofs over a year; statements are generated, nobody publishes real ones."""
    from evenwatt.data import readers
    from evenwatt.learning.baselines import DISCOUNT, learned

    history = measured_world(readers.read(real_data / "citylearn2022"), 1).history
    rules = [rule for rule in learned() if rule.name == DISCOUNT]
    found = evaluate(history, (*mandatory(), *rules), blocks=1, manipulation=False, clock=still)
    verdict = {(row["rule"], row["against"]): row["verdict"] for row in found.paired}
    for rule in (DEMAND_PRO, DISCOUNT):
        assert found.regret_of(rule) <= 0.5 * found.regret_of("pro")
        assert verdict[rule, "pro"] == "better"


def test_outcomes_predicted_directly_are_a_baseline_too() -> None:
    history = world(4, intervals=260).history
    found = evaluate(history, (*baselines(), surrogate(), Discounting()), manipulation=False, clock=still)
    row = next(row for row in found.regret if row["rule"] == "surrogate")
    assert row["is_baseline"]
    assert ("discount", "surrogate") in {(row["rule"], row["against"]) for row in found.paired}
