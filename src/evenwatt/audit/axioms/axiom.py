"""What an axiom is: a sentence about fairness, and how far a rule falls short of it on one problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from evenwatt.audit.axioms.auxiliary import NOTHING, Auxiliary, Draw
from evenwatt.core.problem import checked_claims
from evenwatt.core.rule import MANY, Array


class Divide(Protocol):
    """Anything that divides a batch: ``(...,), (..., n) -> (..., n)``."""

    def __call__(self, endowment: Array, claims: Array, /) -> Array:
        """Awards of every row."""


@dataclass(frozen=True)
class Posed:
    """A batch of problems put to a rule, with its awards.

    Attributes
    ----------
    rule : callable
        Who divides.
    endowment : (...)
        What there is to share, at most the claims together.
    claims, awards : (..., n)
        What each member asks for, and gets.
    """

    rule: Divide
    endowment: Array
    claims: Array
    awards: Array

    @property
    def total(self) -> Array:
        """The members' claims together, (...)."""
        return np.asarray(self.claims.sum(axis=-1))

    @property
    def members(self) -> int:
        """How many members there are."""
        return int(self.claims.shape[-1])

    def again(self, endowment: Array, claims: Array) -> Array:
        """Awards the same rule gives in another problem (often made of its own awards)."""
        # Awards carry rounding, so a problem made of them may be a hair outside what a rule accepts.
        asked = np.maximum(claims, 0.0)
        held = np.clip(endowment, 0.0, asked.sum(axis=-1))
        return np.asarray(self.rule(held, asked), dtype=np.float64)

    def may_divide_among(self, members: int) -> bool:
        """Whether the rule is made for so many members."""
        least, most = limits(self.rule)
        return least <= members <= most

    def repeated(self, times: int) -> Posed:
        """The same batch under a new leading axis, without copying."""
        shape = (times, *self.endowment.shape)
        return Posed(
            self.rule,
            np.broadcast_to(self.endowment, shape),
            np.broadcast_to(self.claims, (*shape, self.members)),
            np.broadcast_to(self.awards, (*shape, self.members)),
        )


def pose(rule: Divide, endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Posed:
    """Put a checked batch of problems to a rule."""
    held, asked = checked_claims(endowment, claims)
    awards = np.asarray(rule(held, asked), dtype=np.float64)
    return Posed(rule, np.minimum(held, asked.sum(axis=-1)), asked, awards)


def limits(rule: object) -> tuple[int, int]:
    """Fewest and most members a rule divides among; a plain function takes any number."""
    named = rule.func if isinstance(rule, partial) else rule
    least, most = getattr(named, "members", (1, MANY))
    return int(least), int(most)


Gap = Callable[[Posed, Draw], Array]


@dataclass(frozen=True)
class Axiom:
    """One demand of fairness that a rule meets or breaks.

    Attributes
    ----------
    id : str
        Kebab-case name, as in ``Rule.satisfies``.
    title : str
        What the literature calls it.
    statement : str
        The demand in one plain sentence.
    breach : str
        What a witness shows, with the names of the auxiliary data in braces.
    gap : callable
        ``(posed, draw) -> (...)``: how far awards are from the demand, in the unit of the claims.
    auxiliary : Auxiliary
        What the demand compares with beside the problem itself.
    """

    id: str
    title: str
    statement: str
    breach: str
    gap: Gap
    auxiliary: Auxiliary = NOTHING

    def __call__(
        self,
        rule: Divide,
        endowment: npt.ArrayLike,
        claims: npt.ArrayLike,
        draw: Mapping[str, Any] | None = None,
    ) -> Array:
        """How far the rule falls short of the demand on these problems, 0 where it keeps it.

        Parameters
        ----------
        rule : callable
            ``(...,), (..., n) -> (..., n)``.
        endowment : (...)
            What there is to share [Wh].
        claims : (..., n)
            What each member asks for, non-negative [Wh].
        draw : mapping, optional
            The auxiliary data to compare with; by default a fixed set of them (all members, all
            pairs, several other endowments ...), of which the worst counts.

        Returns
        -------
        (...)
            The gap, not negative [Wh].

        Examples
        --------
        >>> def proportional(endowment, claims):
        ...     return claims * (endowment / claims.sum(axis=-1))[..., None]
        >>> from evenwatt.audit import AXIOMS
        >>> float(AXIOMS["claims-truncation"](proportional, 10.0, [10.0, 30.0]))
        2.5
        """
        posed = pose(rule, endowment, claims)
        if draw is not None:
            return self.measured(posed, {name: np.asarray(value) for name, value in draw.items()})
        every = self.auxiliary.every(posed.endowment, posed.claims)
        if not every:
            return self.measured(posed, every)
        times = len(next(iter(every.values())))
        return np.asarray(self.measured(posed.repeated(times), every).max(axis=0, initial=0.0))

    def measured(self, posed: Posed, draw: Draw) -> Array:
        """The gap of awards already at hand; awards that are not numbers are infinitely far off."""
        gap = np.asarray(self.gap(posed, draw), dtype=np.float64)
        sound = np.isfinite(posed.awards).all(axis=-1) & ~np.isnan(gap)
        return np.where(sound, np.maximum(gap, 0.0), np.inf)


AXIOMS: dict[str, Axiom] = {}


def axiom(
    name: str, title: str, statement: str, *, breach: str, auxiliary: Auxiliary = NOTHING
) -> Callable[[Gap], Gap]:
    """Enrol the decorated gap as the axiom ``name``."""

    def enrol(gap: Gap) -> Gap:
        if name in AXIOMS:
            raise ValueError(f"two axioms are named '{name}'")
        AXIOMS[name] = Axiom(name, title, statement, breach, gap, auxiliary)
        return gap

    return enrol
