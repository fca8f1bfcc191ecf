"""Hidden weights as a model: fitted on a history, kept, bargained with, followed over time."""

import numpy as np
import pytest

from evenwatt import bargaining
from evenwatt.core.errors import ProblemError
from evenwatt.learning.columns import Column
from evenwatt.learning.hidden import HiddenWeights, weights_over_time
from evenwatt.learning.model import NotFittedError
from evenwatt.learning.worlds import world


@pytest.fixture(scope="module")
def past():
    drawn = world(3, suppliers=1, agents=3, intervals=72)
    struck = bargaining.solve(drawn.history.bargain(weights=drawn.truth.weights))
    return drawn.history.with_columns({"gain": Column(struck.gains, "player", drawn.history.gate)})


@pytest.fixture(scope="module")
def model(past):
    return HiddenWeights().fit(past)


def test_predicts_what_was_agreed(past, model):
    terms = model.predict(past)
    np.testing.assert_array_equal(terms.caps, past["claim"])
    again = bargaining.solve(past.bargain(demand=terms.caps, weights=terms.weights))
    np.testing.assert_allclose(again.gains[:, 1:], past["gain"][:, 1:], rtol=1e-3)


def test_flows_serve_where_gains_are_not_kept(past, model):
    flows = bargaining.solve(past.bargain(weights=model.predict(past).weights)).flows
    columns = {**past.columns, "flow": Column(flows, "link", past.gate)}
    del columns["gain"]
    bare = type(past)(past.start, past.seconds, past.suppliers, past.agents, past.gate, columns)
    found = HiddenWeights().fit(bare).predict(bare)
    np.testing.assert_allclose(found.agent_weights[0], model.predict(past).agent_weights[0], rtol=5e-3)


def test_explains_every_player_and_gives_no_number_where_there_is_none(model):
    rows = {row["party"]: row for row in model.explain().rows}
    assert rows["supplier:s1"]["verdict"] == "not identified"
    assert rows["supplier:s1"]["weight"] is None
    assert rows["agent:a1"]["low"] <= rows["agent:a1"]["weight"] <= rows["agent:a1"]["high"]
    assert len(model.explain().sentences) == 4


def test_outcomes_of_other_intervals_are_said_not_to_fit(past):
    shuffled = np.random.default_rng(0).permutation(len(past))
    other = past.with_columns({"gain": Column(past["gain"][shuffled], "player", past.gate)})
    told = HiddenWeights().fit(other).explain()
    assert "these weights hardly explain what was agreed" in told.sentences[-1]
    assert "identified" not in {row["verdict"] for row in told.rows}


def test_a_restored_model_says_the_same(past, model):
    again = HiddenWeights.restored(model.state(), model.training)
    np.testing.assert_array_equal(again.predict(past).weights, model.predict(past).weights)
    assert again.explain() == model.explain()


def test_asked_too_early_it_says_so(past):
    with pytest.raises(NotFittedError):
        HiddenWeights().predict(past)


def test_other_players_are_refused(model):
    with pytest.raises(ProblemError, match="fit it again"):
        model.predict(world(3, suppliers=2, agents=3, intervals=5).history)


def test_a_history_without_outcomes_is_refused():
    with pytest.raises(ProblemError, match="gain and flow"):
        HiddenWeights().fit(world(3, intervals=5).history)


def test_weights_over_time_have_a_row_for_each_day_and_player(past):
    rows = weights_over_time(past, window=48)
    assert [row["day"] for row in rows[::4]] == ["2025-01-01", "2025-01-02", "2025-01-03"]
    assert {row["party"] for row in rows} == set(past.players)


def test_a_window_of_nothing_is_refused(past):
    with pytest.raises(ProblemError, match="window: 0"):
        weights_over_time(past, window=0)


def test_a_long_past_is_fitted_on_bargains_spread_over_it():
    from evenwatt.learning.hidden import _spread

    rows = np.flatnonzero(np.arange(5000) % 7 > 0)
    chosen = _spread(rows, 900)
    assert len(np.unique(chosen)) == 900
    assert set(chosen) <= set(rows)
    assert np.array_equal(_spread(rows, 10_000), rows)
    # Every twentieth of the past and every hour of a day of 24 has its share.
    assert np.histogram(chosen, 20, (0, 5000))[0].min() >= 40
    assert np.bincount(chosen % 24, minlength=24).min() >= 20
