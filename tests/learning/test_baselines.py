"""The baselines divide as their names say, deliver what suppliers have, and see nothing after the fact."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt import claims
from evenwatt.learning.allocator import agent_weights, divided, in_order_of_offer
from evenwatt.learning.baselines import (
    MANDATORY,
    claims_rules,
    equal_awards,
    foresight,
    mandatory,
    proportional,
)
from evenwatt.learning.columns import Column, LeakError
from evenwatt.learning.history import History
from evenwatt.learning.worlds import world


@pytest.fixture(scope="module")
def history() -> History:
    return world(6, intervals=120, supply=0.8).history


def test_divisions_are_those_of_the_claims_family(history: History) -> None:
    endowment, asked = history["capacity"].sum(axis=1), history["claim"]
    assert np.allclose(proportional(endowment, asked), claims.rule("pro")(endowment, asked))
    assert np.allclose(equal_awards(endowment, asked), claims.rule("cea")(endowment, asked))


@pytest.mark.parametrize("rule", claims_rules(), ids=lambda rule: rule.name)
def test_a_baseline_breaks_no_capacity_and_no_claim(history: History, rule) -> None:
    flows = rule.fit(history).allocate(history.at_gate(slice(50, 120))).flows
    assert (flows >= 0).all()
    assert (flows.sum(axis=2) <= history["capacity"][50:] * (1 + 1e-6)).all()
    assert (flows.sum(axis=1) <= history["claim"][50:] * (1 + 1e-6)).all()


def test_agents_get_their_awards_and_the_cheapest_supplier_sells_first(history: History) -> None:
    now = history.at_gate(slice(0, 40)).rows(slice(0, 40))
    asked = 0.5 * now["claim"]
    given = divided(now, asked, proportional)
    owed = proportional(np.minimum(now["capacity"].sum(axis=1), asked.sum(axis=1)), asked)
    assert np.allclose(given.flows.sum(axis=1), owed)
    sold, order = given.flows.sum(axis=2), np.argsort(now["offer"], axis=1)
    first = np.take_along_axis(now["capacity"] - sold, order[:, :1], axis=1)
    last = np.take_along_axis(sold, order[:, 2:], axis=1)
    assert (np.minimum(first, last) < 1e-9).all()


def test_suppliers_of_one_offer_share_by_capacity() -> None:
    sold = in_order_of_offer(np.array([[4.0, 6.0, 2.0]]), np.array([[7.0, 7.0, 5.0]]), np.array([7.0]))
    assert sold.tolist() == [[2.0, 3.0, 2.0]]


def limited(limit: list[list[float]]) -> History:
    """One hour: two suppliers of 4 each, agents that claim 5 and 3."""
    made = world(6, suppliers=2, agents=2, intervals=1).history
    stated = {
        "capacity": Column([[4.0, 4.0]], "supplier", made.gate),
        "claim": Column([[5.0, 3.0]], "agent", made.gate),
        "limit": Column([limit], "link", made.gate),
    }
    return made.with_columns(stated).at_gate(slice(0, 1))


def test_a_link_takes_no_more_than_its_limit() -> None:
    now = limited([[1.0, np.inf], [np.inf, np.inf]])
    flows = divided(now, now["claim"], proportional).flows
    assert flows[0, 0, 0] == pytest.approx(1)
    assert np.allclose(flows.sum(axis=1), [[5, 3]])


def test_energy_that_no_link_can_carry_stays() -> None:
    now = limited([[1.0, 0.0], [1.0, 0.0]])
    flows = divided(now, now["claim"], proportional).flows
    assert flows.tolist() == [[[1.0, 0.0], [1.0, 0.0]]]


def test_weights_grow_with_size_and_nobody_has_none() -> None:
    weights = agent_weights(np.array([[4.0, 2.0, 0.0]]), 1)
    assert weights[0, 1] == 2 * weights[0, 2]
    assert (weights > 0).all()
    assert (agent_weights(np.zeros((1, 2)), 1) > 0).all()


def test_no_interval_without_energy_or_claims_makes_trouble(history: History) -> None:
    still = history.rows(slice(0, 3)).with_columns(
        {
            "capacity": Column([[0.0] * 3, [5.0] * 3, [0.0] * 3], "supplier", history.gate[:3]),
            "claim": Column([[4.0] * 6, [0.0] * 6, [0.0] * 6], "agent", history.gate[:3]),
        }
    )
    for rule in claims_rules():
        assert rule.allocate(still.at_gate(slice(0, 3))).flows.sum() == pytest.approx(0, abs=1e-9)


def test_foresight_is_no_rule(history: History) -> None:
    assert foresight(history).flows.shape == (120, 3, 6)
    with pytest.raises(LeakError):
        foresight(history.at_gate(slice(50, 60)))


def test_all_mandatory_baselines_are_there_and_learn_from_the_past_alone() -> None:
    history = world(6, intervals=400).history
    past, now = history.until(history.gate[350]), history.at_gate(slice(350, 400))
    rules = {rule.name: rule.fit(past) for rule in mandatory()}
    assert tuple(rules) == MANDATORY
    for rule in rules.values():
        assert rule.allocate(now).flows.shape == (50, 3, 6)


def test_one_demand_model_serves_both_rules_that_need_it() -> None:
    class Counting:
        fits = 0

        def fit(self, past, *, rng=0, progress=None):
            Counting.fits += 1
            return self

        def predict(self, now):
            return now["claim"]

    history = world(6, intervals=60).history
    past, now = history.until(history.gate[50]), history.at_gate(slice(50, 60))
    first, second = (rule.fit(past).allocate(now) for rule in mandatory(Counting())[4:])
    assert Counting.fits == 1
    assert np.allclose(first.caps, second.caps)
