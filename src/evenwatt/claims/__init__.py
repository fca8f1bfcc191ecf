"""One scarce thing, many claims: the bankruptcy rules."""

from __future__ import annotations

from evenwatt.claims.adjusted_proportional import adjusted_proportional
from evenwatt.claims.average import average
from evenwatt.claims.average_of_awards import average_of_awards
from evenwatt.claims.awards import constrained_equal_awards
from evenwatt.claims.concede_and_divide import concede_and_divide
from evenwatt.claims.constrained_egalitarian import constrained_egalitarian
from evenwatt.claims.dominguez_thomson import dominguez_thomson
from evenwatt.claims.losses import constrained_equal_losses
from evenwatt.claims.minimal_overlap import minimal_overlap
from evenwatt.claims.operators import average_of, dual, from_minimal_rights, truncated
from evenwatt.claims.piniles import piniles
from evenwatt.claims.proportional import proportional
from evenwatt.claims.random_arrival import (
    ApproximationWarning,
    random_arrival,
    random_arrival_estimate,
)
from evenwatt.claims.reverse_talmud import reverse_talmud
from evenwatt.claims.tal import tal_family
from evenwatt.claims.talmud import talmud
from evenwatt.core.rule import Rule
from evenwatt.core.rule import all as _all
from evenwatt.core.rule import find as _find

__all__ = [
    "ApproximationWarning",
    "adjusted_proportional",
    "average",
    "average_of",
    "average_of_awards",
    "concede_and_divide",
    "constrained_egalitarian",
    "constrained_equal_awards",
    "constrained_equal_losses",
    "dominguez_thomson",
    "dual",
    "from_minimal_rights",
    "minimal_overlap",
    "piniles",
    "proportional",
    "random_arrival",
    "random_arrival_estimate",
    "reverse_talmud",
    "rule",
    "rules",
    "tal_family",
    "talmud",
    "truncated",
]


def rule(name: str) -> Rule:
    """Return the claims rule ``name``, e.g. ``talmud``.

    Examples
    --------
    >>> rule("cea")(20.0, [3, 5, 9, 13])
    array([3., 5., 6., 6.])
    """
    return _find("claims", name)


def rules() -> dict[str, Rule]:
    """Every claims rule by name, sorted.

    Examples
    --------
    >>> " ".join(rules())
    'aa apro av cd ce cea cel dt mo piniles pro ra rtalmud tal talmud'
    """
    return _all("claims")
