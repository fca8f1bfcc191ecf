"""Worlds are drawn from their seed alone, and are what their variants say."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.core.errors import DataError, ProblemError
from evenwatt.core.meters import Meters, Register
from evenwatt.learning.market import NOISE, statements
from evenwatt.learning.measured import measured_world
from evenwatt.learning.worlds import drawn_bargains, with_outcomes, world

VARIANTS = ("plain", "slack", "uniform-price", "disagreement", "break", "reacting")


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_same_seed_gives_the_same_bytes(variant: str) -> None:
    one, other = (world(7, intervals=50, variant=variant).history for _ in range(2))
    assert all(one[name].tobytes() == other[name].tobytes() for name in one.columns)
    assert not np.array_equal(one["claim"], world(8, intervals=50, variant=variant).history["claim"])


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_is_a_sound_bargain(variant: str) -> None:
    problem = world(3, intervals=60, variant=variant).history.bargain()
    assert (problem.margin > 0).all()
    assert (problem.gain > 0).all()


def test_claims_overstate_by_the_hidden_bias() -> None:
    made = world(2, intervals=6000)
    error = made.history["claim"] / made.truth.need - 1 - made.truth.bias
    assert np.abs(error.mean(axis=0)).max() < 0.02
    assert error.std(axis=0) == pytest.approx(np.array(NOISE), rel=0.1)


def test_supply_is_what_was_asked_for() -> None:
    made = world(4, intervals=200, supply=0.83)
    assert made.history["capacity"].sum() / made.truth.need.sum() == pytest.approx(0.83)


def test_slack_is_half_as_much_again() -> None:
    plain, slack = (world(4, intervals=50, variant=variant).history for variant in ("plain", "slack"))
    assert np.allclose(slack["capacity"], 1.5 * plain["capacity"])


def test_a_uniform_price_leaves_agents_indifferent() -> None:
    gain = world(4, intervals=20, variant="uniform-price").history.bargain().gain
    assert np.ptp(gain, axis=1).max() == 0


def test_biases_change_places_half_way() -> None:
    bias = world(4, intervals=100, variant="break").truth.bias
    assert bias[0, 0] == pytest.approx(0.45)
    assert bias[0, 5] < 0.2 < bias[-1, 5]
    assert bias[-1, 0] < bias[-1, 5] - 0.3


def test_an_agent_pads_its_claims_against_the_discount() -> None:
    made = world(4, intervals=2000, variant="reacting")
    padding = made.history["claim"][:, 0] / made.truth.need[:, 0]
    assert padding[-200:].mean() > 1.3 * padding[:200].mean()


def test_everybody_gains_beyond_a_disagreement() -> None:
    made = with_outcomes(world(5, intervals=40, variant="disagreement"), noise=0.0)
    assert (made.history["gain"] > 0).all()


def test_observed_gains_are_off_by_the_noise() -> None:
    made = world(5, intervals=400)
    exact, noisy = (with_outcomes(made, noise=noise).history["gain"] for noise in (0.0, 0.15))
    assert np.log(noisy / exact).std() == pytest.approx(0.15, rel=0.05)
    assert with_outcomes(made).truth.weights.sum() == pytest.approx(1)


def test_drawn_bargains_all_have_an_agreement() -> None:
    from evenwatt import bargaining

    outcome = bargaining.solve(drawn_bargains(3, 30, suppliers=2, agents=5))
    assert (outcome.status == "optimal").all()


def test_the_smallest_world_works() -> None:
    made = world(1, suppliers=1, agents=1, intervals=1)
    assert made.history["claim"].shape == (1, 1)


def test_faults_of_a_world_are_named_together() -> None:
    with pytest.raises(ProblemError) as caught:
        world(1, suppliers=0, intervals=0, variant="calm", supply=-1)
    assert all(part in str(caught.value) for part in ("suppliers 0", "intervals 0", "'calm'", "supply -1"))


def test_no_claim_is_below_the_least() -> None:
    claim, _, _ = statements(np.zeros((5, 2)), np.zeros(5), np.random.default_rng(0), least=0.5)
    assert (claim == 0.5).all()


def quarter_hours(days: int = 3) -> Meters:
    """Four homes and two plants; the last quarter-hour of the first day is missing."""
    steps = days * 96
    rng = np.random.default_rng(4)
    start = np.datetime64("2026-06-01T00:00:00", "s") + np.arange(steps) * np.timedelta64(900, "s")
    registers = tuple(
        Register(f"{name}:{way}", name, way)
        for name, way in [
            *((f"home{k}", "consumption") for k in range(4)), ("roof", "generation"), ("mill", "generation"),
        ]
    )  # fmt: skip
    status = np.zeros((steps, 6), np.uint8)
    status[95, 0] = 2
    wh = rng.integers(50, 400, (steps, 6))
    wh[95, 0] = 0
    return Meters(start, wh, status, registers, 900, "UTC")


def test_a_measured_world_keeps_the_energy_of_its_meters() -> None:
    meters = quarter_hours()
    made = measured_world(meters, 1, agents=2, suppliers=2)
    whole = np.ones(len(meters.start), bool)
    whole[92:96] = False  # the hour of the missing reading
    assert len(made.history) == 71
    assert made.truth.need.sum() == pytest.approx(meters.wh[whole, :4].sum() / 1000)
    assert made.history["capacity"].sum() == pytest.approx(meters.wh[whole, 4:].sum() / 1000)


def test_the_grid_is_a_supplier_at_the_price_given() -> None:
    made = measured_world(quarter_hours(2), 1, agents=3, suppliers=1, grid=np.arange(47.0), grid_share=0.5)
    history = made.history
    assert history.suppliers == ("plants-1", "grid")
    assert history["cost"][:, 1].tolist() == list(range(47))
    assert np.allclose(history["capacity"][:, 1], 0.5 * made.truth.need.sum(axis=1).mean())
    assert (history.bargain().margin > 0).all()
    assert history.information().current("price_ahead").shape == (47,)


def test_what_does_not_fit_the_meters_is_named() -> None:
    with pytest.raises(DataError) as caught:
        measured_world(quarter_hours(), 1, agents=5, suppliers=3, seconds=1000)
    assert all(
        part in str(caught.value) for part in ("5 agents of 4 meters", "3 suppliers of 2 plants", "1000 s")
    )
    with pytest.raises(DataError, match=r"grid prices \(3,\); expected \(71,\)"):
        measured_world(quarter_hours(), 1, agents=2, grid=[1.0, 2.0, 3.0])
