"""Every axiom finds the toy that breaks it, and lets pass the one that keeps it."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.audit import AXIOMS, Witness, check_axiom
from evenwatt.audit.axioms import members
from evenwatt.core.errors import InputError, ProblemError
from evenwatt.core.rule import Rule

# The ids that rules declare and reports print; a change here is a change for users.
IDS = [
    *("efficiency", "claims-bounded", "non-negative", "equal-treatment", "anonymity", "order-awards"),
    *(
        "order-losses",
        "homogeneity",
        "resource-monotonic",
        "order-under-endowment-change",
        "claims-monotonic",
    ),
    *("linked-monotonic", "population-monotonic", "null-claims-consistent", "consistency"),
    *("converse-consistency", "self-dual", "midpoint", "composition-down", "composition-up"),
    *("claims-truncation", "minimal-rights-first", "lower-bound-awards", "lower-bound-losses", "regressive"),
    *("progressive", "full-compensation", "null-compensation", "no-advantageous-merging"),
    *("no-advantageous-splitting",),
]


def proportional(endowment, claims):
    total = claims.sum(axis=-1)
    held = np.minimum(endowment, total)
    return claims * np.divide(held, total, out=np.zeros_like(total), where=total > 0)[..., None]


def equal_awards(endowment, claims):
    """Constrained equal awards by bisection."""
    held = np.minimum(endowment, claims.sum(axis=-1))[..., None]
    low, high = np.zeros_like(held), claims.max(axis=-1, keepdims=True) + 1.0
    for _ in range(60):
        middle = (low + high) / 2
        short = np.minimum(claims, middle).sum(axis=-1, keepdims=True) < held
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.minimum(claims, (low + high) / 2)


def equal_losses(endowment, claims):
    total = claims.sum(axis=-1)
    return claims - equal_awards(total - np.minimum(endowment, total), claims)


def average(endowment, claims):
    return (equal_awards(endowment, claims) + equal_losses(endowment, claims)) / 2


def equal_shares(endowment, claims):
    """An equal part for everybody, whatever they ask for."""
    return np.broadcast_to((endowment / claims.shape[-1])[..., None], claims.shape)


def first_come(endowment, claims):
    """Whoever stands first in the list is served first."""
    before = np.cumsum(claims, axis=-1) - claims
    return np.clip(endowment[..., None] - before, 0.0, claims)


def smallest_first(endowment, claims):
    """Whoever asks for least is served first."""
    order = np.argsort(claims, axis=-1, kind="stable")
    awards = np.empty_like(claims)
    np.put_along_axis(
        awards, order, first_come(endowment, np.take_along_axis(claims, order, axis=-1)), axis=-1
    )
    return awards


def half_wasted(endowment, claims):
    return proportional(endowment, claims) / 2


def borrowed(endowment, claims):
    """Losses alike for all, even below zero."""
    missing = claims.sum(axis=-1) - endowment
    return claims - (missing / claims.shape[-1])[..., None]


def in_whole_units(endowment, claims):
    """Proportional, but by claims rounded up to whole units: depends on the unit."""
    return proportional(endowment, np.ceil(claims))


def switching(endowment, claims):
    """Equal awards while little is there, equal losses as soon as more is."""
    little = endowment < 0.4 * claims.sum(axis=-1)
    return np.where(little[..., None], equal_awards(endowment, claims), equal_losses(endowment, claims))


def against_the_largest(endowment, claims):
    """Proportional, but the largest claim counts a quarter."""
    largest = claims == claims.max(axis=-1, keepdims=True)
    return proportional(endowment, np.where(largest, claims / 4, claims))


def squared(endowment, claims):
    """Proportional to squared claims: asking for more is over-rewarded."""
    return proportional(endowment, claims**2)


def by_head_count(endowment, claims):
    """Equal awards among an odd number of members, equal losses among an even number."""
    return (equal_awards if claims.shape[-1] % 2 else equal_losses)(endowment, claims)


# axiom: (a rule that breaks it, a rule that keeps it)
TOYS = {
    "efficiency": (half_wasted, proportional),
    "claims-bounded": (equal_shares, proportional),
    "non-negative": (borrowed, proportional),
    "equal-treatment": (first_come, proportional),
    "anonymity": (first_come, proportional),
    "order-awards": (first_come, equal_awards),
    "order-losses": (first_come, equal_losses),
    "homogeneity": (in_whole_units, average),
    "resource-monotonic": (switching, average),
    "order-under-endowment-change": (smallest_first, average),
    "claims-monotonic": (against_the_largest, average),
    "linked-monotonic": (squared, average),
    "population-monotonic": (by_head_count, equal_losses),
    "null-claims-consistent": (by_head_count, average),
    "consistency": (average, equal_losses),
    "converse-consistency": (average, equal_losses),
    "self-dual": (equal_awards, average),
    "midpoint": (equal_awards, average),
    "composition-down": (average, equal_losses),
    "composition-up": (average, equal_awards),
    "claims-truncation": (proportional, equal_awards),
    "minimal-rights-first": (equal_awards, equal_losses),
    "lower-bound-awards": (equal_losses, equal_awards),
    "lower-bound-losses": (equal_awards, equal_losses),
    "regressive": (equal_losses, equal_awards),
    "progressive": (equal_awards, equal_losses),
    "full-compensation": (proportional, equal_awards),
    "null-compensation": (proportional, equal_losses),
    "no-advantageous-merging": (equal_losses, equal_awards),
    "no-advantageous-splitting": (equal_awards, equal_losses),
}


def test_there_is_every_axiom_and_no_other() -> None:
    assert sorted(AXIOMS) == sorted(IDS) == sorted(TOYS)


@pytest.mark.parametrize("name", IDS)
def test_a_rule_that_breaks_the_axiom_is_found_out(name: str) -> None:
    toy = TOYS[name][0]
    witness = check_axiom(toy, name)
    assert witness is not None
    assert witness.relative > 1e-6
    assert witness.gap_of(toy) == pytest.approx(witness.gap, rel=1e-6)


@pytest.mark.parametrize("name", IDS)
def test_a_rule_that_keeps_the_axiom_is_left_in_peace(name: str) -> None:
    assert check_axiom(TOYS[name][1], name, trials=3000, rng=1) is None


@pytest.mark.parametrize("name", IDS)
def test_without_auxiliary_data_the_worst_of_many_counts(name: str) -> None:
    breaking, keeping = TOYS[name]
    witness = check_axiom(breaking, name)
    if not witness.auxiliary:
        assert AXIOMS[name](breaking, witness.endowment, witness.claims) == pytest.approx(
            witness.gap, rel=1e-9
        )
    endowment, claims = np.array([4.2, 9.0]), np.array([[1.0, 1.0, 1.0, 2.0], [2.0, 3.0, 4.0, 9.0]])
    assert AXIOMS[name](breaking, endowment, claims).shape == (2,)
    assert (AXIOMS[name](keeping, endowment, claims) <= 1e-9).all()


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize(
    "claims", [[0.0], [5.0], [0.0, 0.0], [3.0, 3.0], [0.0, 7.0, 0.0], list(range(1, 13))]
)
def test_degenerate_problems_are_measured_too(name: str, claims: list[float]) -> None:
    for part in (0.0, 0.5, 1.0, 2.0):
        assert AXIOMS[name](TOYS[name][1], part * sum(claims), claims) <= 1e-9 * (1 + sum(claims))


def test_large_communities_are_measured_on_a_part_of_their_pairs_and_groups() -> None:
    claims = np.arange(1.0, 61.0)
    for name in ("consistency", "no-advantageous-merging", "anonymity", "population-monotonic"):
        assert AXIOMS[name](equal_awards, 500.0, claims) <= 1e-9 * claims.sum()
    assert AXIOMS["no-advantageous-splitting"](equal_awards, 500.0, claims) > 1


def test_the_gap_is_in_the_unit_of_the_claims() -> None:
    assert AXIOMS["self-dual"](equal_awards, np.array(10.0), np.array([10.0, 20.0])) == pytest.approx(5.0)


def test_awards_that_are_not_numbers_break_every_axiom() -> None:
    def nowhere(endowment, claims):
        return np.full(claims.shape, np.nan)

    for name in ("efficiency", "claims-bounded", "consistency", "self-dual", "anonymity"):
        assert check_axiom(nowhere, name) is not None


def test_the_search_is_the_same_for_the_same_seed() -> None:
    first, again, other = (check_axiom(average, "consistency", rng=seed) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_an_unknown_axiom_is_named_with_its_neighbour() -> None:
    with pytest.raises(InputError, match="unknown axiom 'self-duel'; did you mean 'self-dual'"):
        check_axiom(proportional, "self-duel")


def test_a_rule_is_only_asked_for_as_many_members_as_it_takes() -> None:
    asked = set()

    def for_two(endowment, claims):
        asked.add(claims.shape[-1])
        return equal_awards(endowment, claims)

    rule = Rule("two", for_two, "none", frozenset(), members=(2, 2))
    for name in AXIOMS:
        witness = check_axiom(rule, name, trials=50)
        assert witness is None or len(witness.claims) == 2
    assert asked == {2}


def test_a_malformed_problem_is_refused() -> None:
    with pytest.raises(ProblemError, match=r"claim -1\.0 is negative"):
        AXIOMS["self-dual"](proportional, 1.0, [-1.0, 2.0])


def test_the_average_rule_has_two_divisions_on_which_all_pairs_agree() -> None:
    # The rule gives (.9, .9, .9, 1.5); pairs also agree on (13/15, 13/15, 13/15, 1.6).
    gap = AXIOMS["converse-consistency"](average, 4.2, [1.0, 1.0, 1.0, 2.0])
    assert gap == pytest.approx(0.1, abs=1e-6)


@pytest.mark.parametrize("n", range(2, 9))
def test_in_a_tournament_everybody_meets_everybody_once(n: int) -> None:
    met = [tuple(pair) for pairs in members.tournament(n) for pair in pairs.tolist()]
    assert sorted(met) == [(i, j) for i in range(n) for j in range(i + 1, n)]
    assert all(len(np.unique(pairs)) == pairs.size for pairs in members.tournament(n))


def test_a_witness_reads_as_a_sentence() -> None:
    witness = Witness(
        "population-monotonic", 5.0, (1.0, 3.0), (1.0, 4.0), {"member": 0}, 0.25, {"theta": 0.5}
    )
    assert witness.sentence == (
        "theta 0.5, endowment 5 for claims (1, 3): awards (1, 4); "
        "when member 1 leaves, somebody who stays gets less (by 0.25)"
    )


@pytest.mark.parametrize("name", IDS)
def test_every_witness_can_be_told_and_stored(name: str) -> None:
    witness = check_axiom(TOYS[name][0], name)
    assert "{" not in witness.sentence
    assert Witness.from_dict(name, witness.stored()) == witness
