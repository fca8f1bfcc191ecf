"""What claimants gain by claiming falsely: the printed example, and rules that learn."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt import claims
from evenwatt.learning.baselines import ByDivision, equal_awards, proportional
from evenwatt.learning.manipulation import claim_gains, rule_gains
from evenwatt.learning.worlds import world

ENDOWMENT, CLAIMS = [24.0], [[6.0, 12.0, 18.0]]

# Gains [kWh] and the smallest factor that reaches them, for 24 kWh and claims of 6, 12 and 18 kWh.
PRINTED = {
    "pro": [(2, 1.67), (4, 2), (6, 3)],
    "cea": [(0, 1), (0, 1), (0, 1)],
    "cel": [(4, 2), (4, 1.5), (4, 1.33)],
    "talmud": [(3, 2), (4.5, 1.75), (1.5, 1.17)],
    "piniles": [(1, 1.5), (4, 2), (4, 1.67)],
}


@pytest.mark.parametrize("name", PRINTED)
def test_gains_are_the_printed_ones(name: str) -> None:
    found = claim_gains(claims.rule(name), ENDOWMENT, CLAIMS)
    gain, factor = np.array(PRINTED[name]).T
    assert found.gain[0] == pytest.approx(gain, abs=1e-6)
    assert found.factor[0] == pytest.approx(factor, abs=0.005)


def test_energy_beyond_the_need_is_no_gain() -> None:
    found = claim_gains(proportional, ENDOWMENT, CLAIMS, need=[[4.0, 8.0, 12.0]])
    assert found.gain.tolist() == [[0.0, 0.0, 0.0]]


def test_over_claiming_pays_under_the_proportional_rule_only() -> None:
    history = world(5, intervals=120, supply=0.7).history
    rows = np.arange(60, 120)
    padded = rule_gains(ByDivision("pro", "PRO", proportional), history, rows)
    even = rule_gains(ByDivision("cea", "CEA", equal_awards), history, rows)
    assert (padded.share > 0.01).all()
    # Agents that understate their need gain by claiming it, and no more than that.
    assert even.share.max() < padded.share.max()


def test_nobody_gains_where_there_is_enough() -> None:
    found = claim_gains(proportional, [100.0], CLAIMS)
    assert found.gain.tolist() == [[0.0, 0.0, 0.0]]
    assert found.factor.tolist() == [[1.0, 1.0, 1.0]]


def test_a_claim_of_nothing_gains_nothing() -> None:
    found = claim_gains(proportional, [4.0], [[0.0, 8.0]])
    assert found.gain[0, 0] == 0
    assert found.share[0, 0] == 0
