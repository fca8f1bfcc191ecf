"""Ten ways to cheat, each planted here and caught; and honest features that are left in peace."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.learning.columns import Column, LeakError
from evenwatt.learning.guard import find_leak, overwritten, refuse_leaks
from evenwatt.learning.history import History
from evenwatt.learning.walk import folds, past_of
from evenwatt.learning.worlds import world

HOUR = np.timedelta64(3600, "s")
TRAINED, TESTED = 150, 100
Array = np.ndarray


@pytest.fixture(scope="module")
def history() -> History:
    """250 hours: temperature measured after the hour, its forecast before, meters revised after four days."""
    plain = world(11, intervals=TRAINED + TESTED).history
    rng = np.random.default_rng(2)
    warm = 10 + np.cumsum(rng.standard_normal(len(plain)))
    meters = plain.columns["metered"]
    late = meters.known + 72 * HOUR
    corrected = Column(meters.values * rng.uniform(0.9, 1.1, meters.values.shape), "agent", late)
    return plain.with_columns(
        {
            "temperature": Column(warm, "interval", plain.end),
            "temperature_forecast": Column(
                warm + rng.standard_normal(len(plain)), "interval", plain.gate - 6 * HOUR
            ),
            "metered": Column(meters.values, "agent", meters.known, [corrected]),
        }
    )


def line(features: Array, target: Array) -> Array:
    """Least squares with an intercept, rows without a number left out."""
    design = np.column_stack([np.ones(len(features)), features])
    sound = np.isfinite(design).all(axis=1) & np.isfinite(target)
    return np.linalg.lstsq(design[sound], target[sound], rcond=None)[0]


def told(features: Array, weights: Array) -> Array:
    return np.column_stack([np.ones(len(features)), features]) @ weights


def test_1_the_demand_of_the_interval_itself(history: History) -> None:
    with pytest.raises(LeakError, match=r"'metered' of .* is available 26 h after the decision"):
        history.information().current("metered")


def test_2_a_lag_one_step_too_short(history: History) -> None:
    information = history.information()
    assert information.lagged("metered", 26).shape == (len(history), 6)
    with pytest.raises(LeakError, match="is available 1 h after the decision"):
        information.lagged("metered", 25)


def test_3_a_centred_rolling_mean(history: History) -> None:
    def centred(price: Array) -> Array:
        return np.apply_along_axis(np.convolve, 0, price, np.ones(5) / 5, mode="same")

    with pytest.raises(LeakError, match=r"'smooth cost' of .* depends on later intervals"):
        history.information().combine("smooth cost", centred, "cost")
    assert find_leak(lambda past: centred(past["cost"]), history) is not None


def test_4_a_scaler_fitted_on_all_data(history: History) -> None:
    def scaled(past: History) -> Array:
        claim = past.information().current("claim")
        return (claim - claim.mean(axis=0)) / claim.std(axis=0)

    assert find_leak(scaled, history) is not None


def test_5_shuffled_cross_validation(history: History) -> None:
    def out_of_fold(past: History) -> Array:
        claim, need = past["claim"][:, 0], past.target("metered")[:, 0]
        part = np.random.default_rng(0).permutation(len(past)) % 5
        found = np.empty(len(past))
        for fold in range(5):
            found[part == fold] = told(claim[part == fold], line(claim[part != fold], need[part != fold]))
        return found

    assert find_leak(out_of_fold, history) is not None


def test_6_in_sample_predictions_as_features(history: History) -> None:
    def in_sample(past: History) -> Array:
        seen = past_of(past, folds(past, first=TRAINED, blocks=1)[0])
        claim, need = seen["claim"][:, 0], seen.target("metered")[:, 0]
        found = np.full(len(past), np.nan)
        found[: len(seen)] = told(claim, line(claim, need))
        return found

    assert find_leak(in_sample, history) is not None


def test_7_a_rule_chosen_on_the_test_block(history: History) -> None:
    def chosen(past: History) -> Array:
        information, need = past.information(), past.target("metered")
        options = [information.current("claim"), information.latest("metered")]
        errors = [np.nanmean(np.abs(option[TRAINED:] - need[TRAINED:])) for option in options]
        found = np.full_like(need, np.nan)
        # Mixing by how well each did is the smooth form of choosing the better.
        weights = np.array(errors[::-1]) / sum(errors)
        found[TRAINED:] = weights[0] * options[0][TRAINED:] + weights[1] * options[1][TRAINED:]
        return found

    assert find_leak(chosen, history) is not None


def test_8_revised_meters_used_as_if_they_were_the_first(history: History) -> None:
    def corrected(past: History) -> Array:
        newest = past.columns["metered"].newest
        return np.vstack([np.full((26, newest.shape[1]), np.nan), newest[:-26]])

    assert find_leak(corrected, history) is not None
    served = history.information().lagged("metered", 26)
    assert np.array_equal(served[26:], history.columns["metered"].values[:-26])
    # Four days later the correction is known, and served.
    assert np.array_equal(history.information().lagged("metered", 98)[98:], history.target("metered")[:-98])


def test_9_realised_weather_in_place_of_the_forecast(history: History) -> None:
    information = history.information()
    assert np.isfinite(information.current("temperature_forecast")).all()
    with pytest.raises(LeakError, match=r"'temperature' of .* is available 2 h after the decision"):
        information.current("temperature")


def test_10_a_mean_of_the_target_over_the_full_history(history: History) -> None:
    def encoded(past: History) -> Array:
        return np.broadcast_to(past.target("metered").mean(axis=0), past["claim"].shape)

    assert find_leak(encoded, history) is not None
    with pytest.raises(LeakError, match="depends on later intervals"):
        history.information().combine(
            "mean need", lambda need: np.broadcast_to(need.mean(axis=0), need.shape), "metered"
        )


def test_honest_features_are_not_flagged(history: History) -> None:
    def honest(past: History) -> Array:
        information = past.information()
        error = information.combine("claim error", lambda claim, need: claim / need - 1, "claim", "metered")
        return np.hstack(
            [
                information.current("claim"),
                information.lagged("metered", 26),
                information.latest("metered"),
                information.ewm(error, 0.95),
                information.mean("metered"),
                information.current("temperature_forecast")[:, None],
                information.lagged("temperature", 2)[:, None],
                np.column_stack(list(information.calendar().values())),
            ]
        )

    assert find_leak(honest, history, probes=8) is None


def test_an_honest_forecast_is_not_flagged(history: History) -> None:
    def forecast(past: History) -> Array:
        fold = folds(past, first=TRAINED, blocks=1)[0]
        seen, now = past_of(past, fold), past.at_gate(fold.test)
        found = np.full_like(past["claim"], np.nan)
        for agent in range(6):
            weights = line(seen["claim"][:, agent], seen.target("metered")[:, agent])
            found[fold.test, agent] = told(now.information().current("claim")[:, agent], weights)
        return found

    assert find_leak(forecast, history) is None


def test_a_leak_says_where(history: History) -> None:
    with pytest.raises(LeakError, match="the decision for row 0, taken at 2024-12-31T23:00:00"):
        refuse_leaks(lambda past: past["metered"], history)


def test_only_what_was_unknown_is_overwritten(history: History) -> None:
    gate = history.gate[100]
    noisy = overwritten(history, gate, np.random.default_rng(0))
    assert np.array_equal(noisy["claim"][:101], history["claim"][:101])
    assert (noisy["claim"][101:] != history["claim"][101:]).all()
    assert np.array_equal(noisy["metered"][:75], history["metered"][:75])
    assert (noisy["metered"][75:] != history["metered"][75:]).all()


def test_a_feature_of_a_view_is_that_of_the_whole(history: History) -> None:
    whole, view = history.information(), history.at_gate(slice(200, 220)).information()
    for of in (
        lambda one: one.latest("metered"),
        lambda one: one.ewm("metered", 0.9),
        lambda one: one.lagged("claim", 3),
        lambda one: one.calendar()["hour"],
    ):
        assert np.array_equal(of(whole)[200:220], of(view), equal_nan=True)


def test_a_constant_and_an_empty_past_make_no_trouble(history: History) -> None:
    flat = history.with_columns({"flat": Column(np.ones(len(history)), "interval", history.gate)})
    assert (flat.information().ewm("flat", 0.5) == 1).all()
    assert np.isnan(history.rows(slice(0, 3)).information().latest("metered")).all()
    empty = history.rows(slice(0, 0)).information()
    assert empty.ewm("metered", 0.9).shape == (0, 6)
    assert empty.latest("metered").shape == (0, 6)
    assert empty.calendar()["hour"].shape == (0,)
