"""Axioms of values of games, as gaps that are measured, and the search for a game that breaks one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.audit import random_games
from evenwatt.audit.random_games import Draw
from evenwatt.audit.witness import BREACH
from evenwatt.coalitions import masks
from evenwatt.coalitions.game import Game
from evenwatt.core.chance import generator
from evenwatt.core.errors import InputError, ProblemError
from evenwatt.core.report import plain
from evenwatt.core.rule import Array

Value = Callable[[Game], npt.ArrayLike]
Gap = Callable[[Callable[[Array], Array], Array, Array, Draw], float]


@dataclass(frozen=True)
class ValueAxiom:
    """One demand on a value, which it meets or breaks in each game.

    Attributes
    ----------
    id : str
        Kebab-case name, as in ``Rule.satisfies``.
    statement : str
        The demand in one plain sentence.
    pose : callable
        Draws a game fit to test it (worths by bit mask) and what the demand compares with.
    gap : callable
        ``(solve, table, values, draw) -> float``: how far the values are from the demand.
    """

    id: str
    statement: str
    pose: Callable[[np.random.Generator], tuple[Array, Draw]]
    gap: Gap


@dataclass(frozen=True)
class ValueWitness:
    """A game in which a value breaks an axiom, and by how much.

    Attributes
    ----------
    axiom : str
        Id of the broken axiom.
    worths : tuple of float
        Of every coalition by size, then lexicographic: what ``Game.from_table`` takes.
    values : tuple of float
        What the value gives each member.
    auxiliary : mapping
        What the axiom compares with; members are counted from 0, other games listed as ``worths`` is.
    gap : float
        How far the values are from the demand [unit of the worths].
    """

    axiom: str
    worths: tuple[float, ...]
    values: tuple[float, ...]
    auxiliary: Mapping[str, Any]
    gap: float

    @property
    def members(self) -> int:
        """How many members the game has."""
        return len(self.values)

    @property
    def game(self) -> Game:
        """The game itself."""
        return Game.from_table(self.members, self.worths)

    @property
    def sentence(self) -> str:
        """What happens, in one line."""
        worths, values = (", ".join(f"{x:.4g}" for x in row) for row in (self.worths, self.values))
        beside = "".join(f"; {name} {_told(held)}" for name, held in self.auxiliary.items())
        return (
            f"worths ({worths}) are valued ({values}){beside}; off by {self.gap:.4g}: "
            f"{VALUE_AXIOMS[self.axiom].statement}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types."""
        return {
            "axiom": self.axiom,
            "worths": list(self.worths),
            "values": list(self.values),
            "auxiliary": plain(dict(self.auxiliary)),
            "gap": self.gap,
            "sentence": self.sentence,
        }

    def gap_of(self, value: Value) -> float:
        """Measure the gap of another value in the same game."""
        order = masks.by_size(self.members)
        draw = {
            name: _tabled(held, order) if name == "other" else np.asarray(held)
            for name, held in self.auxiliary.items()
        }
        solve = _solver(value, self.members)
        table = _tabled(self.worths, order)
        return _measured(VALUE_AXIOMS[self.axiom], solve, table, solve(table), draw)


def check_value_axiom(
    value: Value, name: str, trials: int = 500, rng: np.random.Generator | int = 0
) -> ValueWitness | None:
    """The first of ``trials`` random games in which the value breaks the axiom, or None.

    Parameters
    ----------
    value : callable
        ``Game -> (n,)``. A game it refuses by a ProblemError (the tau value exists in quasi-balanced games
        only) says nothing about it and is passed over.
    name : str
        Id of the axiom, a key of ``VALUE_AXIOMS``.
    trials : int
        How many games to draw, of two to five members: without pattern, superadditive, convex, of sums, with
        a core; with alike or dummy members planted where the axiom speaks of them.
    rng : Generator or int
        Where they are drawn from; the same seed gives the same witness.

    Returns
    -------
    ValueWitness or None
        A game whose gap is above 1e-6 of its scale.

    Raises
    ------
    InputError
        If no axiom has that name, or if the value refuses every game drawn, so that nothing was tested.

    Examples
    --------
    >>> def equal_division(game):
    ...     return np.full(game.n, game.total / game.n)
    >>> check_value_axiom(equal_division, "efficiency") is None
    True
    >>> check_value_axiom(equal_division, "dummy").axiom
    'dummy'
    """
    axiom, chance, refused = _named(name), generator(rng), 0
    for _ in range(trials):
        table, draw = axiom.pose(chance)
        n = int(table.size).bit_length() - 1
        solve = _solver(value, n)
        try:
            values = solve(table)
            gap = _measured(axiom, solve, table, values, draw)
        except ProblemError:
            refused += 1
            continue
        if gap > BREACH * (1 + np.abs(table).max()):
            return _witness(axiom, table, values, draw, gap)
    if refused == trials:
        raise InputError(f"{name}: the value refused all {trials} games; nothing was tested")
    return None


def _named(name: str) -> ValueAxiom:
    if name in VALUE_AXIOMS:
        return VALUE_AXIOMS[name]
    near = get_close_matches(name, VALUE_AXIOMS, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise InputError(f"unknown axiom '{name}'; {hint}the axioms of values are {', '.join(VALUE_AXIOMS)}")


def _solver(value: Value, n: int) -> Callable[[Array], Array]:
    """The value as a function of the worths by bit mask."""
    order = masks.by_size(n)

    def solve(table: Array) -> Array:
        found = np.asarray(value(Game.from_table(n, table[order])), dtype=np.float64)
        if found.shape != (n,):
            raise InputError(f"the value gave shape {found.shape} for {n} members, expected ({n},)")
        return found

    return solve


def _measured(
    axiom: ValueAxiom, solve: Callable[[Array], Array], table: Array, values: Array, draw: Draw
) -> float:
    gap = float(axiom.gap(solve, table, values, draw))
    # Values that are not numbers are infinitely far off.
    return max(gap, 0.0) if np.isfinite(values).all() and not np.isnan(gap) else np.inf


def _witness(axiom: ValueAxiom, table: Array, values: Array, draw: Draw, gap: float) -> ValueWitness:
    order = masks.by_size(values.size)
    beside = {name: (held[order] if name == "other" else held).tolist() for name, held in draw.items()}
    return ValueWitness(axiom.id, tuple(table[order].tolist()), tuple(values.tolist()), beside, gap)


def _tabled(worths: npt.ArrayLike, order: npt.NDArray[np.int64]) -> Array:
    table = np.zeros(order.size + 1)
    table[order] = worths
    return table


def _told(held: Any) -> str:
    return f"({', '.join(f'{x:.4g}' for x in held)})" if isinstance(held, list) else f"{held:.4g}"


def _efficiency(solve: Callable[[Array], Array], table: Array, values: Array, draw: Draw) -> float:
    return float(abs(values.sum() - table[-1]))


def _symmetry(solve: Callable[[Array], Array], table: Array, values: Array, draw: Draw) -> float:
    i, j = draw["pair"]
    return float(abs(values[i] - values[j]))


def _dummy(solve: Callable[[Array], Array], table: Array, values: Array, draw: Draw) -> float:
    i = int(draw["member"])
    return float(abs(values[i] - table[1 << i]))


def _additivity(solve: Callable[[Array], Array], table: Array, values: Array, draw: Draw) -> float:
    other = draw["other"]
    return float(np.abs(solve(table + other) - values - solve(other)).max())


def _covariance(solve: Callable[[Array], Array], table: Array, values: Array, draw: Draw) -> float:
    factor, shift = float(draw["factor"]), draw["shift"]
    return float(np.abs(solve(factor * table + masks.sums(shift)) - factor * values - shift).max())


def _rationality(solve: Callable[[Array], Array], table: Array, values: Array, draw: Draw) -> float:
    return float((table[1 << np.arange(values.size)] - values).max())


def _selection(solve: Callable[[Array], Array], table: Array, values: Array, draw: Draw) -> float:
    return float(max((table - masks.sums(values)).max(), abs(values.sum() - table[-1])))


VALUE_AXIOMS: Mapping[str, ValueAxiom] = MappingProxyType({
    axiom.id: axiom
    for axiom in (
        ValueAxiom(
            "efficiency",
            "Everyone together shares just what everyone together is worth.",
            random_games.anything,
            _efficiency,
        ),
        ValueAxiom(
            "symmetry",
            "Two members that add the same to every group get the same.",
            random_games.with_alike_pair,
            _symmetry,
        ),
        ValueAxiom(
            "dummy",
            "A member that adds to every group just what it is worth alone gets that.",
            random_games.with_dummy,
            _dummy,
        ),
        ValueAxiom(
            "additivity",
            "Two games played side by side are valued as each is, added up.",
            random_games.two_of_a_kind,
            _additivity,
        ),
        ValueAxiom(
            "covariance",
            "Another unit, or what members bring besides, changes the values by just that.",
            random_games.rescaled,
            _covariance,
        ),
        ValueAxiom(
            "individual-rationality",
            "Where all can get at least what each is worth alone, nobody gets less.",
            random_games.with_imputations,
            _rationality,
        ),
        ValueAxiom(
            "core-selection",
            "Where some division gives every group what it is worth, this one does.",
            random_games.with_core,
            _selection,
        ),
    )
})  # fmt: skip
