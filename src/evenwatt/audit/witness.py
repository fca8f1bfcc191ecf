"""One problem on which a rule breaks an axiom, kept with all that is needed to see it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from evenwatt.audit.axioms import AXIOMS, Axiom, Divide, Draw, Posed
from evenwatt.core.report import plain

# A gap above this part of all claims is a breach; below it is rounding [-].
BREACH = 1e-6


@dataclass(frozen=True)
class Witness:
    """A problem, auxiliary data, and by how much the rule breaks the axiom there.

    Attributes
    ----------
    axiom : str
        Id of the broken axiom.
    endowment : float
        What there is to share.
    claims, awards : tuple of float
        What each member asks for, and gets.
    auxiliary : mapping
        What the axiom compares with; members are counted from 0, ``group`` has one flag per member.
    gap : float
        How far the awards are from the demand, in the unit of the claims.
    parameters : mapping
        Parameters of the rule, where they are not its defaults.

    Examples
    --------
    >>> Witness("self-dual", 10.0, (10.0, 20.0), (5.0, 5.0), {}, 5.0).sentence
    'endowment 10 for claims (10, 20): awards (5, 5); sharing what is missing by the same rule leaves other
    awards (by 5)'
    """

    axiom: str
    endowment: float
    claims: tuple[float, ...]
    awards: tuple[float, ...]
    auxiliary: Mapping[str, Any]
    gap: float
    parameters: Mapping[str, float] = field(default_factory=dict)

    @property
    def relative(self) -> float:
        """The gap as a part of all claims [-]."""
        return self.gap / sum(self.claims)

    @property
    def sentence(self) -> str:
        """What happens, in one line for people; members are counted from 1."""
        told = {name: _told(name, value) for name, value in self.auxiliary.items()}
        breach = AXIOMS[self.axiom].breach.format(**told)
        given = "".join(f"{name} {_number(value)}, " for name, value in sorted(self.parameters.items()))
        return (
            f"{given}endowment {_number(self.endowment)} for claims {_row(self.claims)}: "
            f"awards {_row(self.awards)}; {breach} (by {_number(self.gap)})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types."""
        return {
            "axiom": self.axiom,
            "endowment": self.endowment,
            "claims": list(self.claims),
            "awards": list(self.awards),
            "auxiliary": plain(self.auxiliary),
            "gap": self.gap,
            "relative": self.relative,
            "parameters": dict(self.parameters),
            "sentence": self.sentence,
        }

    def stored(self) -> dict[str, Any]:
        """What a file needs to make the witness again."""
        kept = ("endowment", "claims", "awards", "auxiliary", "gap", "parameters")
        return {name: value for name, value in self.to_dict().items() if name in kept and value != {}}

    @classmethod
    def from_dict(cls, axiom: str, held: Mapping[str, Any]) -> Witness:
        """The witness whose :meth:`stored` form is ``held``."""
        return cls(
            axiom=axiom,
            endowment=float(held["endowment"]),
            claims=tuple(held["claims"]),
            awards=tuple(held["awards"]),
            auxiliary=dict(held.get("auxiliary", {})),
            gap=float(held["gap"]),
            parameters=dict(held.get("parameters", {})),
        )

    def gap_of(self, rule: Divide) -> float:
        """Measure the gap again, with ``rule`` under the witness's parameters."""
        named = partial(rule, **self.parameters) if self.parameters else rule
        axiom = AXIOMS[self.axiom]
        return float(axiom(named, self.endowment, list(self.claims), self.auxiliary))


def witness(
    axiom: Axiom,
    posed: Posed,
    draw: Draw,
    gap: float,
    place: tuple[int, ...],
    parameters: Mapping[str, float],
) -> Witness:
    """The witness at one place of a batch."""
    return Witness(
        axiom=axiom.id,
        endowment=float(posed.endowment[place]),
        claims=tuple(posed.claims[place].tolist()),
        awards=tuple(posed.awards[place].tolist()),
        auxiliary={name: values[place].tolist() for name, values in draw.items()},
        gap=gap,
        parameters=dict(parameters),
    )


def _told(name: str, value: Any) -> str:
    if name == "group":
        return _row([k + 1 for k, inside in enumerate(value) if inside])
    if name in ("pair", "order"):
        return _row([k + 1 for k in value])
    return str(value + 1) if name == "member" else _number(value)


def _row(values: Sequence[float]) -> str:
    return f"({', '.join(_number(value) for value in values)})"


def _number(value: float) -> str:
    return np.format_float_positional(float(f"{value:.4g}"), trim="-")
