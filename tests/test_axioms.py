"""Every rule keeps the promises written beside its name, on problems nobody chose, and breaks the others."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt.audit import AXIOMS, check_axiom, counterexample, promises
from evenwatt.audit.counterexamples import renew, stored
from evenwatt.audit.counterexamples.renew import FAMILIES
from evenwatt.core import rule as rules
from evenwatt.core.rule import Array, Rule

CLAIMS = rules.all("claims")
ENROLLED = {**CLAIMS, **rules.all("bargaining")}
PROMISES = [(rule, axiom) for rule in ENROLLED.values() for axiom in sorted(rule.satisfies)]
ABSENT = [(rule, axiom) for rule in ENROLLED.values() for axiom in AXIOMS if axiom not in rule.satisfies]

# A rule for two has nothing to say on axioms that compare problems of two and of more or fewer members.
OTHER_MEMBERS = {
    *("population-monotonic", "null-claims-consistent", "consistency", "converse-consistency"),
    *("no-advantageous-merging", "no-advantageous-splitting"),
}
SILENT = {(rule.name, axiom) for rule, axiom in ABSENT if rule.members == (2, 2) and axiom in OTHER_MEMBERS}

BROKEN = [(rule, axiom) for rule, axiom in ABSENT if (rule.name, axiom) not in SILENT]

TRIALS, TRIALS_OF_SLOW_RULES = 2000, 1000


def named(pairs: list[tuple[Rule, str]]) -> list[str]:
    return [f"{rule.name}-{axiom}" for rule, axiom in pairs]


def of_family(rule: Rule) -> Iterator[object]:
    """The rule at its defaults, and at other parameters if it has any."""
    yield rule
    for name, values in FAMILIES.items():
        if name in rule.parameters:
            yield from (partial(rule, **{name: value}) for value in values)


@st.composite
def problems(draw: st.DrawFn, members: tuple[int, int]) -> tuple[Array, Array]:
    """Draw an endowment [kWh] that cannot meet its claims [kWh]."""
    least, most = max(2, members[0]), min(6, members[1])
    claims = np.array(draw(st.lists(st.floats(0, 1e4, width=32), min_size=least, max_size=most)))
    return np.array(draw(st.floats(0, 1)) * claims.sum()), claims


def test_every_family_is_enrolled() -> None:
    expected = "pro apro cea cel av talmud rtalmud piniles ce ra mo dt aa tal cd"
    assert sorted(CLAIMS) == sorted(expected.split())


def test_declared_axioms_exist() -> None:
    assert {axiom for _, axiom in PROMISES} <= set(AXIOMS)


@pytest.mark.parametrize(("rule", "axiom"), PROMISES, ids=named(PROMISES))
def test_rule_keeps_promise(rule: Rule, axiom: str) -> None:
    for member in of_family(rule):
        witness = check_axiom(member, axiom, trials=TRIALS if rule.polynomial else TRIALS_OF_SLOW_RULES)
        assert witness is None, witness.sentence


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "axiom"), PROMISES, ids=named(PROMISES))
def test_rule_keeps_promise_in_many_draws(rule: Rule, axiom: str) -> None:
    for member in of_family(rule):
        witness = check_axiom(member, axiom, trials=20_000, rng=1)
        assert witness is None, witness.sentence


@pytest.mark.parametrize("rule", ENROLLED.values(), ids=ENROLLED)
def test_rule_keeps_all_its_promises_on_odd_numbers(rule: Rule) -> None:
    # Settling by pairs stops at a tolerance of its own, so it has its own test above.
    promised = sorted(rule.satisfies - {"converse-consistency"})

    @settings(max_examples=25 if rule.polynomial else 8, derandomize=True, deadline=None)
    @given(problem=problems(rule.members))
    def keeps(problem: tuple[Array, Array]) -> None:
        endowment, claims = problem
        gaps = {axiom: float(AXIOMS[axiom](rule, endowment, claims)) for axiom in promised}
        assert {axiom: gap for axiom, gap in gaps.items() if gap > 1e-9 * (1 + claims.sum())} == {}

    keeps()


@pytest.mark.parametrize(("rule", "axiom"), BROKEN, ids=named(BROKEN))
def test_rule_breaks_what_it_does_not_promise(rule: Rule, axiom: str) -> None:
    witness = counterexample(rule.name, axiom)
    assert witness is not None, "nothing breaks this promise: make it, or --renew finds what does"
    gap = witness.gap_of(rule)
    assert gap > 1e-6 * sum(witness.claims)
    assert gap == pytest.approx(witness.gap, rel=1e-6)


def test_no_counterexample_is_left_of_a_promise_made_or_a_rule_gone() -> None:
    assert {(name, axiom) for name, held in stored().items() for axiom in held} <= {
        (rule.name, axiom) for rule, axiom in ABSENT
    }


def test_the_stored_counterexamples_are_those_the_search_finds() -> None:
    found, held = renew.renewed({"cea": CLAIMS["cea"]})["cea"], stored()["cea"]
    assert list(found) == [axiom for axiom in AXIOMS if axiom in held]
    for axiom, witness in found.items():
        assert (witness.endowment, witness.claims) == (held[axiom].endowment, held[axiom].claims)
        assert witness.auxiliary == held[axiom].auxiliary


def test_a_fairness_card_says_what_holds_and_why_not() -> None:
    card = {promise.axiom: promise for promise in promises(CLAIMS["cd"])}
    assert list(card) == list(AXIOMS)
    assert card["self-dual"].holds is True
    assert card["progressive"].holds is False
    assert "endowment" in card["progressive"].witness.sentence
    assert card["population-monotonic"].holds is None


# The small problems of the literature, recomputed by hand.


def test_equal_awards_is_not_self_dual() -> None:
    """The counterexample that keeps the promise off the rule: 10 kWh for claims of 10 and 20."""
    gap = AXIOMS["self-dual"](CLAIMS["cea"], np.array(10.0), np.array([10.0, 20.0]))
    assert gap == pytest.approx(5.0)


def test_constrained_egalitarian_gives_an_increment_to_the_smaller_claim_only() -> None:
    # (1, 1.5) becomes (1.5, 1.5).
    gap = AXIOMS["order-under-endowment-change"](CLAIMS["ce"], 2.5, [2.0, 3.0], {"larger": 3.0})
    assert gap == pytest.approx(0.5)


def test_adjusted_proportional_is_not_population_monotonic() -> None:
    # Without member 1, member 2 falls from .625 to .6.
    gap = AXIOMS["population-monotonic"](CLAIMS["apro"], 5.0, [1.0, 1.0, 3.0, 3.0], {"member": 0})
    assert gap == pytest.approx(0.025)


def test_dominguez_thomson_is_not_population_monotonic() -> None:
    gap = AXIOMS["population-monotonic"](CLAIMS["dt"], 52.0, [1.0, 36.0, 52.0], {"member": 0})
    assert gap == pytest.approx(0.88, abs=0.005)


def test_random_arrival_is_not_consistent() -> None:
    # (1/3, 5/6, 5/6), but members 1 and 3 alone share 7/6 as (1/2, 2/3).
    gap = AXIOMS["consistency"](CLAIMS["ra"], 2.0, [1.0, 2.0, 2.0], {"group": [True, False, True]})
    assert gap == pytest.approx(1 / 6)


def test_average_is_not_conversely_consistent() -> None:
    gap = AXIOMS["converse-consistency"](CLAIMS["av"], 4.2, [1.0, 1.0, 1.0, 2.0])
    assert gap == pytest.approx(0.1)
