"""Every value of a game keeps what it declares, and what it does not declare is broken somewhere."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.audit.solutions import VALUE_AXIOMS, check_value_axiom
from evenwatt.coalitions import Game
from evenwatt.coalitions.properties import superadditive
from evenwatt.core import rule as enrolled
from evenwatt.core.errors import InputError, ProblemError

VALUES = enrolled.all("coalitions")
KEPT = [(name, axiom) for name, held in VALUES.items() for axiom in sorted(held.satisfies)]
BROKEN = [
    (name, axiom) for name, held in VALUES.items() for axiom in VALUE_AXIOMS if axiom not in held.satisfies
]


def shapley(game: Game) -> np.ndarray:
    """By its definition, over all orders."""
    from itertools import permutations

    orders = np.array(list(permutations(range(game.n))))
    return game.marginals(orders).mean(axis=0)


def told(pairs: list[tuple[str, str]]) -> list[str]:
    return [f"{name}-{axiom}" for name, axiom in pairs]


@pytest.mark.parametrize("name", sorted(VALUES))
def test_a_value_declares_axioms_that_exist(name):
    assert set(VALUES[name].satisfies) <= set(VALUE_AXIOMS)
    assert VALUES[name].source


@pytest.mark.parametrize(("name", "axiom"), KEPT, ids=told(KEPT))
def test_a_value_keeps_what_it_declares(name, axiom):
    witness = check_value_axiom(VALUES[name].function, axiom, trials=200, rng=7)
    assert witness is None, witness.sentence


@pytest.mark.parametrize(("name", "axiom"), BROKEN, ids=told(BROKEN))
def test_what_a_value_does_not_declare_it_breaks_somewhere(name, axiom):
    witness = check_value_axiom(VALUES[name].function, axiom, trials=2000, rng=1)
    assert witness is not None
    assert witness.gap_of(VALUES[name].function) == pytest.approx(witness.gap)


@pytest.mark.parametrize("axiom", ["efficiency", "symmetry", "dummy", "additivity", "covariance"])
def test_the_shapley_value_by_all_orders_keeps_its_axioms(axiom):
    assert check_value_axiom(shapley, axiom, trials=300) is None


def test_the_shapley_value_may_pay_less_than_what_a_member_is_worth_alone():
    witness = check_value_axiom(shapley, "individual-rationality", trials=300)
    assert not superadditive(witness.game)  # in a superadditive game every marginal is at least that


TOYS = {
    "efficiency": lambda game: game.alone,
    "symmetry": lambda game: game.marginals([np.arange(game.n)])[0],
    "dummy": lambda game: np.full(game.n, game.total / game.n),
    "additivity": lambda game: game.total * np.eye(game.n)[np.argmax(game.alone)],
    "covariance": lambda game: np.sign(game.alone) * game.alone**2,
    "individual-rationality": lambda game: np.full(game.n, game.total / game.n),
    "core-selection": shapley,
}


@pytest.mark.parametrize("axiom", sorted(VALUE_AXIOMS))
def test_a_toy_value_that_breaks_an_axiom_is_caught(axiom):
    witness = check_value_axiom(TOYS[axiom], axiom)
    assert witness is not None
    assert witness.gap > 1e-6
    assert witness.to_dict()["worths"] == list(witness.worths)
    assert VALUE_AXIOMS[axiom].statement in witness.sentence


@pytest.mark.parametrize("axiom", sorted(VALUE_AXIOMS))
def test_a_witness_can_be_measured_again_from_its_json(axiom):
    witness = check_value_axiom(TOYS[axiom], axiom, rng=3)
    assert witness.gap_of(TOYS[axiom]) == pytest.approx(witness.gap)
    assert witness.game.worth(np.ones((1, witness.members), dtype=bool))[0] == witness.worths[-1]


def test_the_same_seed_gives_the_same_witness():
    first, again = (check_value_axiom(TOYS["dummy"], "dummy", rng=5) for _ in range(2))
    assert first == again


def test_an_unknown_axiom_names_the_nearest():
    with pytest.raises(InputError, match="did you mean 'symmetry'"):
        check_value_axiom(shapley, "symetry")


def test_a_value_that_refuses_every_game_is_not_called_faultless():
    def shy(game):
        raise ProblemError("not this one")

    with pytest.raises(InputError, match="refused all 50 games"):
        check_value_axiom(shy, "efficiency", trials=50)


def test_values_that_are_not_numbers_break_every_axiom():
    assert check_value_axiom(lambda game: np.full(game.n, np.nan), "dummy").gap == np.inf


def test_a_value_of_the_wrong_shape_is_named():
    with pytest.raises(InputError, match="shape"):
        check_value_axiom(lambda game: np.zeros(game.n + 1), "efficiency")
