"""Nash and its relatives over one resource: printed numbers, optimality, and every way to fail."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt.bargaining import egalitarian, kalai_smorodinsky, leximin, nash, nash_outcome
from evenwatt.core import BargainError, ProblemError

POINT, WEIGHTS, LOWER, UPPER = [1, 0, 2], [1, 2, 1], [0, 0, 4], [3, 10, 8]  # worked example, endowment 12


@st.composite
def bounded_bargains(draw):
    """A feasible problem in which everybody can gain: endowment, disagreement, weights, bounds."""
    n = draw(st.integers(1, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    point = rng.uniform(-5, 5, n)
    lower = point + rng.uniform(-2, 2, n)
    upper = np.maximum(lower, point) + rng.uniform(0.1, 10, n)
    weights = 10 ** rng.uniform(-2, 2, n)
    floor = np.maximum(lower, point)
    endowment = floor.sum() + draw(st.floats(0.01, 0.99)) * (upper - floor).sum()
    return endowment, point, weights, lower, np.where(rng.random(n) < 0.2, np.inf, upper)


def test_nash_of_the_worked_example() -> None:
    outcome = nash_outcome(12, POINT, weights=WEIGHTS, lower=LOWER, upper=UPPER)
    assert outcome.awards == pytest.approx([3, 14 / 3, 13 / 3], abs=1e-12)
    assert outcome.level == pytest.approx(7 / 3, abs=1e-12)
    assert outcome.status == "optimal"
    assert outcome.reasons == {}


def test_three_solutions_part_on_the_worked_example() -> None:
    assert leximin(12, POINT, upper=UPPER) == pytest.approx([3, 3.5, 5.5])
    assert egalitarian(12, POINT, upper=UPPER) == pytest.approx([3, 2, 4])
    assert kalai_smorodinsky(12, POINT, upper=UPPER) == pytest.approx(np.array([35, 81, 88]) / 17)


@settings(deadline=None)
@given(problem=bounded_bargains())
def test_nash_meets_the_conditions_of_optimality(problem) -> None:
    endowment, point, weights, lower, upper = problem
    outcome = nash_outcome(endowment, point, weights=weights, lower=lower, upper=upper)
    awards, scale = outcome.awards, 1 + np.abs(endowment) + np.abs(point).sum()
    slope = weights / (awards - point)
    price = 1 / outcome.level
    inside = (awards > lower + 1e-9 * scale) & (awards < upper - 1e-9 * scale)
    assert outcome.status == "optimal"
    assert awards.sum() == pytest.approx(endowment, abs=1e-11 * scale)
    assert (awards >= lower).all()
    assert (awards <= upper).all()
    assert slope[inside] == pytest.approx(price, rel=1e-6)
    assert (slope[awards >= upper] >= price * (1 - 1e-9)).all()
    assert (slope[awards <= lower] <= price * (1 + 1e-9)).all()


@settings(deadline=None)
@given(problem=bounded_bargains())
def test_leximin_is_nash_where_the_resource_is_transferable(problem) -> None:
    endowment, point, weights, _, upper = problem
    assert np.array_equal(
        leximin(endowment, point, weights=weights, upper=upper),
        nash(endowment, point, weights=weights, upper=upper),
    )


@settings(deadline=None)
@given(problem=bounded_bargains())
def test_egalitarian_gains_are_proportional_and_feasible(problem) -> None:
    endowment, point, weights, _, upper = problem
    gains = (egalitarian(endowment, point, weights=weights, upper=upper) - point) / weights
    reached = ((upper - point) / weights).min()
    assert gains == pytest.approx(gains[0], abs=1e-9 * (1 + abs(gains[0]) + 10 / weights.min()))
    assert gains[0] == pytest.approx(min(reached, (endowment - point.sum()) / weights.sum()))


@settings(deadline=None)
@given(problem=bounded_bargains())
def test_kalai_smorodinsky_gives_one_fraction_of_the_ideal(problem) -> None:
    endowment, point, _, _, upper = problem
    awards = kalai_smorodinsky(endowment, point, upper=upper)
    ideal = np.minimum(upper, endowment - (point.sum() - point))
    fraction = (awards - point) / (ideal - point)
    assert awards.sum() == pytest.approx(min(endowment, upper.sum()), abs=1e-9)
    assert fraction == pytest.approx(fraction[0], abs=1e-9)


@pytest.mark.parametrize(
    ("endowment", "bounds", "reason"),
    [
        (10, {"lower": [3, 4], "upper": [9, 2]}, "member 1: lower bound 4.0 is above upper bound 2.0"),
        (10, {"lower": [0, 0], "upper": [0.5, 9]}, "member 0: disagreement 1.0 is above upper bound 0.5"),
        (10, {"lower": [6, 6]}, "lower bounds sum to 12.0, above the endowment 10.0"),
        (2, {}, "disagreements sum to 3.0, above the endowment 2.0"),
        (4, {"lower": [3, 0]}, "disagreements and lower bounds together need 5.0, above the endowment 4.0"),
    ],
)
def test_failing_inequality_is_named(endowment, bounds, reason) -> None:
    outcome = nash_outcome(endowment, [1, 2], **bounds)
    assert outcome.status == "infeasible"
    assert outcome.awards.tolist() == [1, 2]
    assert (outcome.level, outcome.surplus) == (0, 0)
    assert outcome.reasons == {0: reason}
    with pytest.raises(BargainError, match=re.escape(reason)):
        nash(endowment, [1, 2], **bounds)


def test_saturated_bargain_reports_what_is_left() -> None:
    outcome = nash_outcome(12, [0, 0], upper=[3, 4])
    assert (outcome.status, outcome.surplus, outcome.level) == ("saturated", 5, 4)
    assert outcome.awards.tolist() == [3, 4]
    assert outcome.reasons == {0: "upper bounds sum to 7.0, 5.0 of the endowment 12.0 is left"}


def test_bargain_that_meets_every_bound_is_optimal() -> None:
    outcome = nash_outcome([7, 5], [[0, 0], [1, 1]], lower=[[0, 0], [2, 3]], upper=[3, 4])
    assert outcome.status.tolist() == ["optimal", "optimal"]
    assert outcome.awards.tolist() == [[3, 4], [2, 3]]
    assert outcome.surplus.tolist() == [0, 0]


def test_members_that_cannot_gain_are_named_and_the_others_bargain() -> None:
    outcome = nash_outcome([12, 3], [[2, 1, 0], [2, 1, 0]], upper=[2, 9, 9])
    assert outcome.status.tolist() == ["no_gain", "no_gain"]
    assert outcome.awards == pytest.approx(np.array([[2, 5.5, 4.5], [2, 1, 0]]))
    assert outcome.reasons[0] == "row 0: member 0 cannot gain: the upper bound is the disagreement"
    assert outcome.reasons[1].startswith(
        "row 1: members 0, 1, 2 cannot gain: disagreements and lower bounds use up"
    )


def test_only_members_above_their_disagreement_gain_at_the_lower_bounds() -> None:
    outcome = nash_outcome(5, [1, 2], lower=[3, 0])
    assert outcome.status == "no_gain"
    assert outcome.awards.tolist() == [3, 2]
    assert "member 1 cannot gain" in outcome.reasons[0]


def test_all_infeasible_rows_are_named_in_one_error() -> None:
    with pytest.raises(BargainError, match="2 faults") as raised:
        nash([[10, 1], [2, 10]], [1, 2])
    assert raised.value.rows == (1, 2)
    assert "row 0, 1: disagreements sum to 3.0, above the endowment 1.0" in str(raised.value)
    assert "row 1, 0:" in str(raised.value)


@pytest.mark.parametrize("solution", [leximin, egalitarian, kalai_smorodinsky])
def test_every_solution_refuses_what_nobody_would_sign(solution) -> None:
    with pytest.raises(BargainError, match=r"disagreements sum to 3.0") as raised:
        solution([10, 2], [1, 2], upper=[9, 9])
    assert raised.value.rows == (1,)


def test_bad_weight_is_named() -> None:
    with pytest.raises(ProblemError, match=r"member 1: weight 0.0"):
        nash(10, [0, 0], weights=[1, 0])


def test_rounding_is_no_quarrel() -> None:
    third = np.array([0.1, 0.2]) * 3
    assert nash(third.sum() - 1e-16, third) == pytest.approx(third)


def test_negative_disagreement_and_infinite_upper() -> None:
    assert nash(3, [-3, 0], upper=[np.inf, np.inf]).tolist() == [0, 3]
    assert kalai_smorodinsky(3, [-3, 0], upper=np.inf).tolist() == [0, 3]
    assert egalitarian(3, [-3, 0]).tolist() == [0, 3]


def test_degenerate_bargains() -> None:
    assert nash(5, [2]).tolist() == [5]
    assert nash(0, [0, 0], upper=[0, 0]).tolist() == [0, 0]
    assert egalitarian(9, [0, 0], upper=[0, 9]).tolist() == [0, 0]
    assert kalai_smorodinsky(9, [0, 0], upper=[0, 4]).tolist() == [0, 4]
    assert kalai_smorodinsky(0, [0, 0], upper=[3, 4]).tolist() == [0, 0]
    assert nash(np.zeros((0,)), np.zeros((0, 3))).shape == (0, 3)
    assert egalitarian(9, [0, 0], upper=[4, 5]).tolist() == [4, 4]


@pytest.mark.parametrize("solution", [nash, leximin, egalitarian])
def test_rows_broadcast_and_inputs_stay_untouched(solution) -> None:
    endowment, point = np.array([[6], [9]]), np.array([1, 2])
    point.flags.writeable = False
    awards = solution(endowment, point, weights=[1, 2], upper=np.array([[[9, 9]], [[9, 9]]]))
    single = [[solution(e, point, weights=[1, 2], upper=[9, 9]) for e in row] for row in endowment]
    assert awards == pytest.approx(np.array(single))
