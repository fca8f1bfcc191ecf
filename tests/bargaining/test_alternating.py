"""Alternating offers: printed numbers, the way to the Nash point, the talks played out, and where it fails."""

from __future__ import annotations

from math import exp, sqrt

import numpy as np
import pytest

from evenwatt.bargaining.alternating import offers_of_two, random_proposers, share_of_first, trading_off
from evenwatt.bargaining.offers.frontiers import energy_proposals, money_proposals
from evenwatt.bargaining.offers.protocol import play
from evenwatt.bargaining.transport.conic import solve_conic
from evenwatt.bargaining.transport.problem import TransportBargain
from evenwatt.bargaining.transport.transferable import solve_with_transfers
from evenwatt.core.errors import ProblemError

CHANCES = [0.5, 0.3, 0.2]


def circle(gain):
    return sqrt(max(0.0, 1 - gain * gain))


SPHERE = trading_off(lambda k, floors: np.sqrt(1 - np.delete(floors, k) @ np.delete(floors, k)))


@pytest.fixture
def worked() -> TransportBargain:
    return TransportBargain(
        [10, 6], [8, 12], cost=[40, 60], offer=[70, 80], willingness=[120, 110], charge=[[2, 5], [4, 1]]
    )


def test_one_pie_has_its_closed_form() -> None:
    assert share_of_first(0.99, 0.98) == pytest.approx(0.67114, abs=5e-6)
    assert share_of_first(exp(-1e-7), exp(-2e-7)) == pytest.approx(2 / 3, abs=1e-6)


def test_bisection_agrees_with_the_closed_form_of_the_pie() -> None:
    offers = offers_of_two(lambda gain: 1 - gain, 1.0, 0.99, 0.98)
    assert offers.by_first[0] == pytest.approx(share_of_first(0.99, 0.98), rel=1e-13)
    assert offers.by_second[1] == pytest.approx(share_of_first(0.98, 0.99), rel=1e-13)


@pytest.mark.parametrize(
    ("delay", "gains"), [(0.1, (0.8548, 0.5190)), (0.01, (0.8206, 0.5716)), (0.001, (0.8169, 0.5768))]
)
def test_printed_offers_on_the_circle(delay, gains) -> None:
    found = offers_of_two(circle, 1.0, exp(-delay), exp(-2 * delay)).by_first
    assert found == pytest.approx(gains, abs=1e-4)


def test_two_players_tend_to_the_nash_point_with_weights_one_over_rate() -> None:
    # Weights 2/3 and 1/3 on the circle: gains are the roots of the weights.
    nash = np.sqrt([2 / 3, 1 / 3])
    errors = [
        np.abs(offers_of_two(circle, 1.0, exp(-d), exp(-2 * d)).by_first - nash).max()
        for d in (0.1, 0.01, 0.001)
    ]
    assert errors[0] > 9 * errors[1] > 80 * errors[2] > 0
    assert nash == pytest.approx([0.8165, 0.5774], abs=5e-5)


def test_each_is_offered_just_what_waiting_is_worth() -> None:
    found = offers_of_two(circle, 1.0, 0.9, 0.8)
    assert found.by_second[0] == pytest.approx(0.9 * found.by_first[0], rel=1e-14)
    assert found.by_first[1] == pytest.approx(0.8 * found.by_second[1], rel=1e-12)


@pytest.mark.parametrize(("discount", "error"), [(0.9, 0.0246), (0.99, 0.00226), (0.999, 0.000224)])
def test_printed_errors_of_three_players_on_the_sphere(discount, error) -> None:
    expected = random_proposers(SPHERE, CHANCES, discount).expected
    assert np.abs(expected - np.sqrt(CHANCES)).max() == pytest.approx(error, rel=3e-3)


def test_thresholds_are_what_going_on_is_worth() -> None:
    talks = random_proposers(SPHERE, CHANCES, 0.99)
    assert talks.thresholds == pytest.approx(0.99 * np.array(CHANCES) @ talks.offers, rel=1e-11)
    others = ~np.eye(3, dtype=bool)
    assert talks.offers[others] == pytest.approx(np.broadcast_to(talks.thresholds, (3, 3))[others])


def test_nobody_gains_by_offering_less_or_more() -> None:
    talks = random_proposers(SPHERE, CHANCES, 0.9)
    for k in range(3):
        assert talks.offers[k, k] > talks.thresholds[k]  # better than being refused
        generous = talks.thresholds * 1.01
        assert SPHERE(k, generous)[k] < talks.offers[k, k]


def test_talks_without_patience_give_the_proposer_everything() -> None:
    assert random_proposers(SPHERE, CHANCES, 0.0).expected == pytest.approx(CHANCES)


def test_one_player_takes_all() -> None:
    assert random_proposers(trading_off(lambda k, floors: 7.0), [1.0], 0.5).expected == pytest.approx([7])


def test_mean_of_played_talks_converges_to_what_is_expected() -> None:
    talks = random_proposers(SPHERE, CHANCES, 0.9)
    misses = []
    for games in (1_000, 100_000):
        played = play(talks.offers, talks.thresholds, CHANCES, 0.9, games=games, rng=3)
        assert played.is_agreed.all()
        assert (played.rounds == 1).all()
        misses.append(np.abs(played.gains.mean(axis=0) - talks.expected).max())
    spread = np.sqrt(np.array(CHANCES) @ (talks.offers - talks.expected) ** 2).max()
    assert misses[1] <= 5 * spread / np.sqrt(100_000)
    assert misses[1] < misses[0]


def test_played_talks_come_near_the_nash_point_as_waiting_gets_cheap() -> None:
    talks = random_proposers(SPHERE, CHANCES, 0.999)
    played = play(talks.offers, talks.thresholds, CHANCES, 0.999, games=20_000, rng=5)
    assert played.gains.mean(axis=0) == pytest.approx(np.sqrt(CHANCES), abs=1e-3)


def test_holding_out_gains_nothing_and_costs_the_others() -> None:
    talks = random_proposers(SPHERE, CHANCES, 0.9)
    asks = talks.thresholds * np.array([1.0, 1.0, 1.1])
    played = play(talks.offers, asks, CHANCES, 0.9, games=200_000, rng=7)
    mean = played.gains.mean(axis=0)
    # Player 3 now waits for its own turn, worth just its threshold over the discount.
    assert mean[2] == pytest.approx(talks.expected[2], rel=0.01)
    assert (mean[:2] < 0.8 * talks.expected[:2]).all()
    assert played.rounds.max() > 10
    assert played.is_agreed.mean() == pytest.approx(0.2 / (1 - 0.9 * 0.8), abs=0.01)


def test_the_same_seed_plays_the_same_talks() -> None:
    offers, asks = [[0.6, 0.4], [0.4, 0.6]], [0.5, 0.5]
    one, two = (play(offers, asks, [0.5, 0.5], 0.8, games=50, rng=9) for _ in range(2))
    assert (one.gains == two.gains).all()
    assert not one.is_agreed.any()  # both always refuse


def test_money_talks_split_the_surplus_by_chance_at_any_discount(worked) -> None:
    chances = np.array([0.1, 0.2, 0.3, 0.4])
    split = solve_with_transfers(worked.changed(weights=chances)).utilities
    for discount in (0.5, 0.99):
        talks = random_proposers(money_proposals(worked), chances, discount)
        assert talks.expected == pytest.approx(split, rel=1e-9)


def test_energy_talks_need_not_lead_to_the_nash_point(worked) -> None:
    """The counterexample: both suppliers sell out, so they do not care which agent gets their energy."""
    nash = worked.utilities(solve_conic(worked.flat).flows[0])
    talks = random_proposers(energy_proposals(worked), [0.25] * 4, 0.999)
    assert talks.expected[:2] == pytest.approx(nash[:2], rel=1e-5)
    # Their ties go to the larger sum of gains, in each player's unit; the agents end at 384 and 244.
    assert talks.expected[2:] == pytest.approx([384, 244], abs=0.2)
    assert nash[2:] == pytest.approx([359.314, 262], abs=0.01)


def test_energy_proposals_respect_floors_or_say_that_none_do(worked) -> None:
    best = energy_proposals(worked)
    gains = best(2, np.array([0, 0, 0, 300.0]))
    assert gains == pytest.approx([300, 120, 48 * 224 / 35, 300], rel=1e-8)
    assert np.isnan(best(2, np.array([0, 0, 0, 500.0]))).all()
    assert best(0, np.zeros(4))[0] == pytest.approx(300)  # and the programme is in order afterwards


def test_bad_chances_and_discounts_are_named_together(worked) -> None:
    with pytest.raises(ProblemError, match=r"2 faults\n.*discount: 1.0.*\n.*proposing: \[0.5, 0.6\]"):
        random_proposers(SPHERE, [0.5, 0.6], 1.0)
    with pytest.raises(ProblemError, match=r"first_discount: 1\.0; expected from 0 to below 1"):
        share_of_first(1.0, 0.5)
    with pytest.raises(ProblemError, match="a batch of shape"):
        energy_proposals(worked.flat)
    with pytest.raises(ProblemError, match=r"offers \(1, 2\) and asks \(2,\)"):
        play([[1, 0]], [0, 0], [0.5, 0.5], 0.5, games=1)
