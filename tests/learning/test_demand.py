"""The demand model finds what claims hide, only where something is hidden, and only from what was known."""

import numpy as np
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.learning.boosting import Growth, grow
from evenwatt.learning.columns import Column
from evenwatt.learning.demand import DemandModel, out_of_fold
from evenwatt.learning.features import agent_features
from evenwatt.learning.history import History
from evenwatt.learning.line import Scale, ridge, with_constant
from evenwatt.learning.model import NotFittedError
from evenwatt.learning.worlds import world

FEW = Growth(trees=20, rate=0.2, leaves=6, leaf_rows=20)
SPLIT = 800
WORLD = world(31, intervals=1000).history
PAST, NOW = WORLD.until(WORLD.gate[SPLIT]), WORLD.at_gate(slice(SPLIT, 1000))
NEED = WORLD.target("metered")[SPLIT:]
MODEL = DemandModel(growth=FEW).fit(PAST)


def off(said: np.ndarray) -> float:
    return float(np.abs(said - NEED).sum() / NEED.sum())


def with_metered(history: History, metered: np.ndarray) -> History:
    known = history.column("metered").known
    return history.with_columns({"metered": Column(metered, "agent", known)})


def test_it_halves_the_error_of_the_claims() -> None:
    assert off(MODEL.predict(NOW)) < 0.5 * off(NOW["claim"])


def test_shuffled_meters_teach_nothing() -> None:
    metered = np.random.default_rng(0).permutation(WORLD["metered"])
    shuffled = with_metered(WORLD, metered)
    model = DemandModel(growth=FEW).fit(shuffled.until(shuffled.gate[SPLIT]))
    missed = np.abs(model.predict(shuffled.at_gate(slice(SPLIT, 1000))) - metered[SPLIT:]).sum()
    mean = np.abs(metered[:SPLIT].mean(axis=0) - metered[SPLIT:]).sum()
    assert missed > 0.97 * mean


def test_what_is_not_known_at_the_gate_cannot_matter() -> None:
    metered = WORLD["metered"].copy()
    unseen = ~(WORLD.column("metered").known <= WORLD.gate[SPLIT])
    metered[unseen] = np.random.default_rng(1).uniform(1, 99, metered[unseen].shape)
    other = with_metered(WORLD, metered)
    again = DemandModel(growth=FEW).fit(other.until(other.gate[SPLIT]))
    first = slice(SPLIT, SPLIT + 1)
    assert np.array_equal(again.predict(other.at_gate(first)), MODEL.predict(WORLD.at_gate(first)))


def test_a_view_and_a_plain_history_give_the_same_features() -> None:
    plain, view = agent_features(WORLD).values[SPLIT:], agent_features(NOW).values
    assert np.array_equal(plain, view, equal_nan=True)
    assert np.isfinite(view).all()


def test_out_of_fold_a_block_never_sees_itself() -> None:
    history = WORLD.rows(slice(0, 400))
    plain = out_of_fold(DemandModel(growth=FEW), history, blocks=4)
    metered = history["metered"].copy()
    metered[300:] = 50.0
    changed = out_of_fold(DemandModel(growth=FEW), with_metered(history, metered), blocks=4)
    assert np.isnan(plain[:100]).all()
    assert np.isfinite(plain[100:]).all()
    assert np.array_equal(plain[100:301], changed[100:301])
    assert not np.array_equal(plain[301:], changed[301:])  # a day later they are known, and count


def test_out_of_fold_is_worse_than_in_sample() -> None:
    history = WORLD.rows(slice(0, 400))
    deep = DemandModel(growth=Growth(trees=15, rate=0.5, leaves=15, leaf_rows=5))
    honest = np.abs(out_of_fold(deep, history, blocks=4) - history["metered"])[200:].mean()
    assert np.abs(deep.fit(history).predict(history) - history["metered"])[200:].mean() < honest


def test_an_agent_with_few_readings_gets_its_mean_discount() -> None:
    few = WORLD.rows(slice(0, 60))
    model = DemandModel().fit(few)
    factor = few["metered"].sum(axis=0) / few["claim"].sum(axis=0)
    assert [one.kind for one in model.learned] == ["mean discount"] * 6
    assert model.predict(few) == pytest.approx(few["claim"] * factor)
    assert "60 readings are too few" in model.explain().sentences[0]


def test_an_agent_never_metered_is_believed() -> None:
    history = with_metered(WORLD.rows(slice(0, 5)), np.full((5, 6), np.nan))
    assert np.array_equal(DemandModel().fit(history).predict(history), history["claim"])


def test_who_claims_nothing_is_predicted_nothing() -> None:
    claim = WORLD["claim"].copy()
    claim[::2, 0], claim[:, 1] = 0.0, 0.0
    known = WORLD.column("claim").known
    idle = WORLD.with_columns({"claim": Column(claim, "agent", known)})
    said = DemandModel(growth=FEW).fit(idle.until(idle.gate[SPLIT])).predict(idle.at_gate(slice(SPLIT, 1000)))
    assert (said[:, 1] == 0).all()
    assert (said[::2, 0] == 0).all()
    assert (said[1::2, 0] > 0).all()


def test_hours_without_need_count_as_such() -> None:
    metered = WORLD["metered"].copy()
    metered[WORLD.start.astype("M8[h]").astype(int) % 24 < 12, 0] = 0.0
    said = DemandModel(growth=FEW).fit(with_metered(WORLD, metered).until(WORLD.gate[SPLIT]))
    half = said.predict(with_metered(WORLD, metered).at_gate(slice(SPLIT, 1000)))[:, 0]
    morning = WORLD.start[SPLIT:].astype("M8[h]").astype(int) % 24 < 12
    assert half[morning].mean() < 0.25 * half[~morning].mean()


def test_an_agent_that_never_needs_anything_is_predicted_nothing() -> None:
    metered = WORLD["metered"] * [0, 1, 1, 1, 1, 1]
    idle = with_metered(WORLD, metered)
    said = DemandModel(growth=FEW).fit(idle.until(idle.gate[SPLIT]))
    assert (said.predict(idle.at_gate(slice(SPLIT, 1000)))[:, 0] == 0).all()
    assert np.isfinite(said.learned[0].error)


def test_a_constant_past_is_repeated() -> None:
    rows = WORLD.rows(slice(0, 300))
    known = rows.column("claim").known
    constant = {
        "claim": Column(np.full((300, 6), 10.0), "agent", known),
        "metered": Column(np.full((300, 6), 8.0), "agent", rows.column("metered").known),
    }
    same = rows.with_columns(constant)
    assert DemandModel(growth=FEW).fit(same).predict(same) == pytest.approx(np.full((300, 6), 8.0))


def test_the_same_seed_gives_the_same_bytes() -> None:
    again = DemandModel(growth=FEW).fit(PAST)
    assert again.predict(NOW).tobytes() == MODEL.predict(NOW).tobytes()
    assert [one.importance.tobytes() for one in again.learned] == [
        one.importance.tobytes() for one in MODEL.learned
    ]


def test_it_says_what_it_was_fitted_on_and_what_helps() -> None:
    assert MODEL.training is not None
    assert MODEL.training.rows == SPLIT
    assert MODEL.training.first == "2025-01-01T00:00:00"
    told = MODEL.explain()
    assert len(told.sentences) == 6
    assert "a1: off by" in told.sentences[0]
    assert {"model", "agent", "feature", "importance"} == set(told.rows[0])


def test_misuse_is_named() -> None:
    with pytest.raises(NotFittedError, match=r"call fit\(past\)"):
        DemandModel().predict(NOW)
    with pytest.raises(ProblemError, match="empty"):
        DemandModel().fit(WORLD.rows(slice(0, 0)))
    with pytest.raises(ProblemError, match="at least 2 blocks"):
        out_of_fold(DemandModel(), PAST, blocks=1)
    with pytest.raises(ProblemError, match="fit it again"):
        MODEL.predict(world(1, agents=2, intervals=5).history)


def test_trees_as_numbers_say_what_scikit_learn_says() -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor

    rng = np.random.default_rng(2)
    rows = rng.normal(size=(400, 5))
    rows[rng.random(rows.shape) < 0.1] = np.nan
    target = np.nan_to_num(rows[:, 0]) * np.nan_to_num(rows[:, 1]) + rng.normal(size=400)
    theirs = HistGradientBoostingRegressor(
        max_iter=20, learning_rate=0.2, max_leaf_nodes=6, min_samples_leaf=20, early_stopping=False
    ).fit(rows, target)
    fresh = rng.normal(size=(300, 5))
    fresh[rng.random(fresh.shape) < 0.1] = np.nan
    ours = grow(rows, target, growth=FEW).predict(fresh)
    assert ours == pytest.approx(theirs.predict(fresh), abs=1e-12)
    assert ours.std() > 0.1


def test_a_line_cannot_run_away() -> None:
    rng = np.random.default_rng(3)
    seen = rng.normal(size=(100, 1))
    scale = Scale.of(seen)
    line = ridge(with_constant(scale.applied(seen)), seen[:, 0])
    far = with_constant(scale.applied(np.array([[1e9], [np.nan], [np.inf]]))) @ line
    assert far == pytest.approx([scale.centre[0] + 4 * scale.spread[0], scale.centre[0], far[0]], rel=0.02)
