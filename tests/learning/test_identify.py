"""A weight the data cannot tell is said to be so, with what they allow and why."""

import numpy as np
import pytest

from evenwatt import bargaining
from evenwatt.bargaining.transport.problem import TransportBargain
from evenwatt.learning.inverse import infer_weights

INTERVALS = 80


def seen(problem, noise=0.1, seed=0):
    """Gains of the bargains with some noise."""
    gains = bargaining.solve(problem).gains
    return gains * np.exp(noise * np.random.default_rng(seed).standard_normal(gains.shape))


def scarce(seed=0, *, suppliers=2, agents=3, capacity=(4, 7), demand=(8, 12), **parts):
    """Bargains in which every supplier is sold out and every agent wants more."""
    rng = np.random.default_rng(seed)
    return TransportBargain(
        rng.uniform(*capacity, (INTERVALS, suppliers)),
        rng.uniform(*demand, (INTERVALS, agents)),
        cost=[40.0] * suppliers,
        offer=[70.0] * suppliers,
        willingness=rng.uniform(100, 140, agents),
        charge=rng.uniform(0, 5, (suppliers, agents)),
        weights=rng.uniform(0.5, 2, suppliers + agents),
        **parts,
    )


def unknown(found, player):
    """Whether a player's weight is owned up to be unknown: no number, a reason, an interval."""
    return (
        found.verdict[player] == "not identified"
        and np.isnan(found.weights[player])
        and player in found.reasons
        and found.low[player] < found.high[player]
    )


@pytest.mark.parametrize("seed", range(5))
def test_suppliers_always_sold_out_are_not_identified(seed):
    problem = scarce(seed)
    found = infer_weights(problem, seen(problem, seed=seed))
    assert all(unknown(found, supplier) for supplier in (0, 1))
    assert (found.low[:2] == 0).all()
    assert (found.high[:2] == 1).all()
    assert "sold out in 100 %" in found.reasons[0]
    assert (found.verdict[2:] == "identified").all()


@pytest.mark.parametrize("seed", range(5))
def test_an_agent_always_served_in_full_is_not_identified(seed):
    problem = scarce(seed)
    modest = problem.demand.copy()
    modest[:, -1] = 0.2
    problem = problem.changed(demand=modest)
    found = infer_weights(problem, seen(problem, seed=seed)[:, 2:])
    assert unknown(found, 4)
    assert "served in full in 100 %" in found.reasons[4]
    assert found.weights[[2, 3]].sum() == pytest.approx(1)


def test_noise_makes_the_same_agent_neither_known_nor_certain():
    """A weight that counts in one interval of eighty is weak or not identified, never sharp."""
    problem = scarce(1)
    modest = problem.demand.copy()
    modest[1:, -1] = 0.2
    problem = problem.changed(demand=modest)
    found = infer_weights(problem, seen(problem, noise=0.15)[:, 2:])
    assert found.verdict[4] in ("weak", "not identified")
    assert 0 < found.sensitive_share[4] <= 2 / INTERVALS


def test_markets_that_do_not_touch_share_no_yardstick():
    limit = np.full((2, 5), np.inf)
    limit[0, 3:] = limit[1, :3] = 0.0
    problem = scarce(3, agents=5, limit=limit)
    found = infer_weights(problem, seen(problem)[:, 2:])
    assert found.reference.tolist() == [False, False, True, True, True, False, False]
    assert all(unknown(found, agent) for agent in (5, 6))
    assert found.weights[2:5].sum() == pytest.approx(1)


@pytest.mark.parametrize("seed", range(3))
def test_suppliers_with_more_than_is_wanted_are_the_ones_identified(seed):
    """The mirror of scarcity: they share the sales by their weights, and agents get all they claim."""
    problem = scarce(seed, suppliers=3, capacity=(9, 14), demand=(3, 5))
    found = infer_weights(problem, seen(problem, noise=0.05, seed=seed))
    truth = problem.weights[0, :3] / problem.weights[0, :3].sum()
    assert found.reference.tolist() == [True, True, True, False, False, False]
    assert np.abs(found.weights[:3] - truth).sum() < 0.05
    assert (found.verdict[3:] != "identified").all()


def test_where_everybody_is_served_nobody_is_identified():
    problem = scarce(2, capacity=(40, 70))
    found = infer_weights(problem, seen(problem)[:, 2:])
    assert (found.verdict == "not identified").all()
    assert len(found.reasons) == 5


def test_more_noise_makes_wider_intervals():
    problem = scarce(4)
    narrow, wide = (infer_weights(problem, seen(problem, noise=noise)[:, 2:]) for noise in (0.02, 0.2))
    assert ((wide.high - wide.low)[2:] > 5 * (narrow.high - narrow.low)[2:]).all()


def test_information_does_not_depend_on_a_common_factor():
    problem = scarce(4)
    found = infer_weights(problem, seen(problem)[:, 2:])
    np.testing.assert_allclose(found.information.sum(axis=1), 0, atol=1e-6 * np.trace(found.information))


def test_players_are_called_by_their_names():
    problem = scarce(0)
    found = infer_weights(problem, seen(problem), names=["hydro", "wind", "north", "south", "west"])
    assert found.reasons[0].startswith("hydro: ")
