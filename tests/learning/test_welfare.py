"""What an allocation was worth: by hand, by its slope, and where somebody needs nothing."""

import numpy as np
import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.learning.terms import Terms
from evenwatt.learning.welfare import Welfare, satisfaction

RNG = np.random.default_rng(5)
FACTS = (RNG.uniform(3, 9, (4, 5)), RNG.uniform(20, 60, (4, 3)), RNG.uniform(100, 150, (4, 5)))
FLOWS = RNG.uniform(0.2, 3.5, (4, 3, 5))


def test_slope_is_that_of_the_value() -> None:
    welfare, step = Welfare(), 1e-5
    slope = welfare.gradient(FLOWS, *FACTS)
    got = FLOWS.sum(axis=1)
    assert (got > FACTS[0]).any()
    assert (got < FACTS[0]).any()
    for place in np.ndindex(3, 5):
        moved = np.zeros_like(FLOWS)
        moved[:, *place] = step
        rise = (welfare.value(FLOWS + moved, *FACTS) - welfare.value(FLOWS - moved, *FACTS)) / (2 * step)
        assert slope[:, *place] == pytest.approx(rise, rel=1e-6, abs=1e-5)


def test_at_the_need_the_slope_is_the_one_from_below() -> None:
    need, cost, worth = np.array([[4.0, 4.0]]), np.array([[40.0]]), np.array([[100.0, 100.0]])
    assert Welfare(fairness=0).gradient([[[4.0, 4.0]]], need, cost, worth).tolist() == [[[60.0, 60.0]]]


def test_an_agent_that_needs_nothing_changes_nothing() -> None:
    need, cost, worth = FACTS
    with_idle = (np.pad(need, ((0, 0), (0, 1))), cost, np.pad(worth, ((0, 0), (0, 1)), constant_values=999))
    flows = np.pad(FLOWS, ((0, 0), (0, 0), (0, 1)))
    assert Welfare().value(flows, *with_idle) == pytest.approx(Welfare().value(FLOWS, *FACTS))
    assert Welfare().gradient(flows, *with_idle)[..., :5] == pytest.approx(Welfare().gradient(FLOWS, *FACTS))


def test_what_nobody_needs_is_resold() -> None:
    worth = Welfare(resale=0.5).value([[[2.0]]], need=[[0.0]], cost=[[40.0]], willingness=[[100.0]])
    assert worth.tolist() == [2 * 20 - 2 * 40]


def test_nothing_allocated_is_worth_nothing_when_nobody_needs() -> None:
    zero = Welfare().value(np.zeros((2, 1, 3)), np.zeros((2, 3)), np.ones((2, 1)), np.ones((2, 3)))
    assert zero.tolist() == [0.0, 0.0]
    assert np.isnan(satisfaction([0.0], [0.0])).all()


def test_unequal_satisfaction_costs() -> None:
    facts = ([[5.0, 5.0]], [[0.0]], [[100.0, 100.0]])
    even, uneven = ([[[3.0, 3.0]]], [[[5.0, 1.0]]])
    assert Welfare().value(even, *facts) > Welfare().value(uneven, *facts)
    assert Welfare(fairness=0).value(even, *facts) == Welfare(fairness=0).value(uneven, *facts)


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(ProblemError, match=r"(?s)need.*willingness"):
        Welfare().value(FLOWS, FACTS[0][:, :2], FACTS[1], FACTS[2][:, :3])
    with pytest.raises(ProblemError, match=r"(?s)resale -1.*fairness"):
        Welfare(-1, np.nan)
    bad = FACTS[0].copy()
    bad[1, 2] = -1
    with pytest.raises(ProblemError, match=r"need \[1, 2\]"):
        Welfare().value(FLOWS, bad, *FACTS[1:])


def test_terms_name_what_they_may_not_be() -> None:
    with pytest.raises(ProblemError, match=r"(?s)weights \[0, 1\].*caps \[0, 0\]"):
        Terms([[1.0, 0.0, 1.0]], [[-1.0, 2.0]])
    with pytest.raises(ProblemError, match="no supplier"):
        Terms([[1.0, 1.0]], [[1.0, 2.0]])
    assert len(Terms(np.ones((0, 3)), np.ones((0, 2)))) == 0
