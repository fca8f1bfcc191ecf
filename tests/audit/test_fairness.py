"""The indices agree with the figures printed for the example of four claims, and with their limits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt import audit
from evenwatt.core.errors import ProblemError

CLAIMS = np.array([3.0, 5.0, 9.0, 13.0])  # with an endowment of 12, Thomson's notation d and E
AWARDS = {
    "pro": np.array([6 / 5, 2, 18 / 5, 26 / 5]),
    "cea": np.array([3.0, 3.0, 3.0, 3.0]),
    "cel": np.array([0.0, 0.0, 4.0, 8.0]),
    "talmud": np.array([1.5, 2.5, 4.0, 4.0]),
    "ra": np.array([5 / 4, 23 / 12, 47 / 12, 59 / 12]),
}
amounts = st.lists(st.floats(0, 1e6), min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("rule", "gini"), [("pro", 17 / 60), ("cea", 0), ("cel", 7 / 12), ("talmud", 3 / 16), ("ra", 13 / 48)]
)
def test_gini_of_the_four_claims(rule: str, gini: float) -> None:
    assert audit.gini(AWARDS[rule]) == pytest.approx(gini, abs=1e-12)


@pytest.mark.parametrize(
    ("rule", "index"), [("cea", -17 / 60), ("cel", 29 / 90), ("talmud", -1 / 9), ("pro", 0)]
)
def test_signed_deviation_from_proportional(rule: str, index: float) -> None:
    assert audit.signed_deviation_index(AWARDS[rule], AWARDS["pro"], CLAIMS) == pytest.approx(
        index, abs=1e-12
    )


def test_jain_of_awards_and_of_coverage() -> None:
    assert audit.jain(AWARDS["pro"]) == pytest.approx(0.792254, abs=5e-7)
    assert audit.jain(AWARDS["talmud"]) == pytest.approx(8 / 9)
    assert audit.jain(audit.coverage(AWARDS["pro"], CLAIMS)) == pytest.approx(1)
    assert audit.jain(audit.coverage(AWARDS["cea"], CLAIMS)) == pytest.approx(0.768080, abs=5e-7)


def test_where_nobody_has_anything_all_are_equal() -> None:
    assert audit.gini([0, 0, 0]) == 0
    assert audit.jain([0, 0, 0]) == 1
    assert audit.lorenz([0, 0])[1].tolist() == [0, 0.5, 1]


@given(amounts)
def test_indices_stay_in_their_range(values: list[float]) -> None:
    n = len(values)
    assert -1e-9 <= audit.gini(values) <= 1 - 1 / n + 1e-9
    assert 1 / n - 1e-9 <= audit.jain(values) <= 1 + 1e-9


@given(amounts, st.floats(0.1, 100))
def test_indices_do_not_depend_on_the_unit_or_the_order(values: list[float], unit: float) -> None:
    turned = unit * np.array(values)[::-1]
    assert audit.gini(turned) == pytest.approx(float(audit.gini(values)), abs=1e-9)
    assert audit.jain(turned) == pytest.approx(float(audit.jain(values)), abs=1e-9)


@given(amounts)
def test_gini_is_twice_the_area_above_the_lorenz_curve(values: list[float]) -> None:
    population, share = audit.lorenz(values)
    area = ((share[1:] + share[:-1]) / 2 * np.diff(population)).sum()
    assert audit.gini(values) == pytest.approx(1 - 2 * area, abs=1e-9)


def test_batches_are_measured_row_by_row() -> None:
    rows = np.stack(list(AWARDS.values()))
    for measure in (audit.gini, audit.jain, lambda x: audit.signed_deviation_index(x, AWARDS["pro"], CLAIMS)):
        assert np.array_equal(measure(rows), [float(measure(row)) for row in rows])
    assert audit.coverage_summary(rows, CLAIMS)["min"].shape == (5,)


def test_lorenz_order_of_the_four_claims() -> None:
    assert audit.lorenz_dominates(AWARDS["cea"], AWARDS["pro"])
    assert not audit.lorenz_dominates(AWARDS["pro"], AWARDS["cea"])
    assert audit.lorenz_compare(AWARDS["cel"], AWARDS["talmud"]) == -1
    assert audit.lorenz_compare([1, 5, 6], [2, 2, 8]) == 0


def test_rounding_is_not_dominance() -> None:
    # E = 4.5, d = (1, 1, 2, 5): the Talmud rule and random arrival both give half of every claim.
    half = np.array([1.0, 1.0, 2.0, 5.0]) / 2
    for noise in itertools.product([-1, 0, 1], repeat=4):
        assert audit.lorenz_compare(half, half * (1 + 1e-15 * np.array(noise))) == 2
        assert not audit.lorenz_dominates(half, half * (1 + 1e-15 * np.array(noise)))


def test_unsigned_deviation_adds_up_what_the_signed_one_cancels() -> None:
    claims, even = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0])
    tilted = np.array([1.0, 4.0, 1.0])
    assert audit.signed_deviation_index(tilted, even, claims) == pytest.approx(0, abs=1e-12)
    assert audit.deviation_index(tilted, even, claims) == pytest.approx(1 / 6)
    for rule in ("cea", "cel"):  # nowhere across the diagonal
        signed = audit.signed_deviation_index(AWARDS[rule], AWARDS["pro"], CLAIMS)
        assert audit.deviation_index(AWARDS[rule], AWARDS["pro"], CLAIMS) == pytest.approx(abs(float(signed)))


@pytest.mark.parametrize("index", [audit.deviation_index, audit.signed_deviation_index])
def test_deviation_of_nothing_is_refused(index) -> None:
    with pytest.raises(ProblemError, match="row 1: awards sum to 0"):
        index([[1, 1], [0, 0]], [1, 1], [2, 2])


def test_coverage_of_a_null_claim_is_full() -> None:
    assert audit.coverage([0, 1], [0, 4]).tolist() == [1, 0.25]
    summary = audit.coverage_summary([0, 1, 3], [0, 4, 4])
    assert {name: float(value) for name, value in summary.items()} == {
        "min": 0.25,
        "mean": 0.5,
        "max": 0.75,
        "jain": 0.8,
        "total": 0.5,
    }
    assert set(map(float, audit.coverage_summary([0, 0], [0, 0]).values())) == {1.0}
    assert audit.coverage_envy([0, 0], [0, 0]) == 0


def test_each_envy_vanishes_under_its_rule() -> None:
    assert audit.envy(AWARDS["cea"], CLAIMS).max() == 0
    assert audit.claim_adjusted_envy(AWARDS["pro"], CLAIMS).max() <= 1e-12
    assert audit.coverage_envy(AWARDS["pro"], CLAIMS) <= 1e-12
    assert audit.envy(AWARDS["cel"], CLAIMS).tolist() == [3, 5, 4, 0]
    assert audit.claim_adjusted_envy(AWARDS["cea"], CLAIMS).tolist() == [0, 2, 6, 10]


def test_volume_of_the_four_claims() -> None:
    assert audit.volume(12, CLAIMS) == pytest.approx(231)
    assert audit.volume(18, CLAIMS) == pytest.approx(231)  # 30 - 12: losses instead of awards


def test_volume_in_its_limits() -> None:
    assert audit.volume(1, [1, 1]) == pytest.approx(np.sqrt(2))
    assert audit.volume(1, [0, 2]) == 0
    assert audit.volume(3, [1, 1]) == 0
    with pytest.raises(ProblemError, match="1 to 16 members"):
        audit.volume(1, np.ones(17))


@pytest.mark.parametrize("bad", [[1, -1], [np.nan, 1], [np.inf, 1], [], 3.0])
def test_bad_amounts_are_named(bad) -> None:
    with pytest.raises(ProblemError, match="amounts"):
        audit.gini(bad)
