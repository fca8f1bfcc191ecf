"""Axioms that compare a problem with another of the same members: more energy, larger claims, steps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.audit.axioms.auxiliary import LARGER_CLAIM, LARGER_ENDOWMENT, SCALE, SMALLER_ENDOWMENT, Draw
from evenwatt.audit.axioms.awards import lead_of_smaller
from evenwatt.audit.axioms.axiom import Posed, axiom
from evenwatt.core.rule import Array


@axiom(
    "homogeneity",
    "Homogeneity",
    "Measuring in other units changes nothing.",
    breach="with everything multiplied by {scale}, awards are not multiplied by it",
    auxiliary=SCALE,
)
def homogeneity(posed: Posed, draw: Draw) -> Array:
    """|R(rE, rd)/r - x|."""
    scale = draw["scale"]
    scaled = posed.again(scale * posed.endowment, scale[..., None] * posed.claims)
    return _apart(scaled / scale[..., None], posed.awards)


@axiom(
    "resource-monotonic",
    "Resource monotonicity",
    "When there is more to share, nobody gets less.",
    breach="with {larger} to share, somebody gets less",
    auxiliary=LARGER_ENDOWMENT,
)
def resource_monotonic(posed: Posed, draw: Draw) -> Array:
    """x_i - R_i(E2, d) for E2 > E."""
    return np.asarray((posed.awards - posed.again(draw["larger"], posed.claims)).max(axis=-1))


@axiom(
    "order-under-endowment-change",
    "Order preservation under endowment variations",
    "When there is more to share, whoever asks for more gains at least as much.",
    breach="with {larger} to share, a smaller claim gains more than a larger one",
    auxiliary=LARGER_ENDOWMENT,
)
def order_under_endowment_change(posed: Posed, draw: Draw) -> Array:
    """Lead of a smaller claim's increment R(E2, d) - x."""
    return lead_of_smaller(posed.claims, posed.again(draw["larger"], posed.claims) - posed.awards)


@axiom(
    "claims-monotonic",
    "Claims monotonicity",
    "Asking for more never gets you less.",
    breach="member {member} asks for {more} more and gets less",
    auxiliary=LARGER_CLAIM,
)
def claims_monotonic(posed: Posed, draw: Draw) -> Array:
    """x_i - R_i(E, d + h e_i)."""
    raised = posed.again(posed.endowment, _raised(posed.claims, draw))
    return of_member(posed.awards - raised, draw["member"])


@axiom(
    "linked-monotonic",
    "Linked claim-endowment monotonicity",
    "If one member's claim and what there is grow alike, that member gains no more than this.",
    breach="member {member} asks for {more} more, there is {more} more, and the member gains more than that",
    auxiliary=LARGER_CLAIM,
)
def linked_monotonic(posed: Posed, draw: Draw) -> Array:
    """R_i(E + h, d + h e_i) - x_i - h."""
    raised = posed.again(posed.endowment + draw["more"], _raised(posed.claims, draw))
    return of_member(raised - posed.awards, draw["member"]) - draw["more"]


@axiom(
    "self-dual",
    "Self-duality",
    "Sharing what there is and sharing what is missing come to the same.",
    breach="sharing what is missing by the same rule leaves other awards",
)
def self_dual(posed: Posed, draw: Draw) -> Array:
    """|x - (d - R(D - E, d))|."""
    losses = posed.again(posed.total - posed.endowment, posed.claims)
    return _apart(posed.awards, posed.claims - losses)


@axiom(
    "composition-down",
    "Composition down",
    "If less arrives than was shared out, cutting those awards is like starting again.",
    breach="when only {smaller} arrives, cutting these awards and starting again differ",
    auxiliary=SMALLER_ENDOWMENT,
)
def composition_down(posed: Posed, draw: Draw) -> Array:
    """|R(E1, d) - R(E1, x)| for E1 < E."""
    less = draw["smaller"]
    return _apart(posed.again(less, posed.claims), posed.again(less, posed.awards))


@axiom(
    "composition-up",
    "Composition up",
    "If more arrives than was shared out, sharing the rest by what is still open is like starting again.",
    breach="when {larger} arrives, sharing the rest by what is still open and starting again differ",
    auxiliary=LARGER_ENDOWMENT,
)
def composition_up(posed: Posed, draw: Draw) -> Array:
    """|R(E2, d) - x - R(E2 - E, d - x)| for E2 > E."""
    more = draw["larger"]
    rest = posed.again(more - posed.endowment, posed.claims - posed.awards)
    return _apart(posed.again(more, posed.claims), posed.awards + rest)


@axiom(
    "claims-truncation",
    "Claims truncation invariance",
    "Asking for more than there is brings nothing.",
    breach="cutting the claims to what there is changes the awards",
)
def claims_truncation(posed: Posed, draw: Draw) -> Array:
    """|x - R(E, min(d, E))|."""
    truncated = np.minimum(posed.claims, posed.endowment[..., None])
    return _apart(posed.awards, posed.again(posed.endowment, truncated))


@axiom(
    "minimal-rights-first",
    "Minimal rights first",
    "Handing out first what nobody else asks for changes nothing.",
    breach="handing out first what the others concede to each member changes the awards",
)
def minimal_rights_first(posed: Posed, draw: Draw) -> Array:
    """|x - m - R(E - sum m, d - m)|, m the minimal rights."""
    conceded = posed.endowment[..., None] - (posed.total[..., None] - posed.claims)
    rights = np.minimum(np.maximum(conceded, 0.0), posed.claims)
    rest = posed.again(posed.endowment - rights.sum(axis=-1), posed.claims - rights)
    return _apart(posed.awards, rights + rest)


def of_member(values: Array, member: npt.NDArray[np.int64]) -> Array:
    """The value of one member of each row, (...)."""
    return np.asarray(np.take_along_axis(values, member[..., None], axis=-1)[..., 0])


def _raised(claims: Array, draw: Draw) -> Array:
    theirs = np.arange(claims.shape[-1]) == draw["member"][..., None]
    return np.asarray(claims + theirs * draw["more"][..., None])


def _apart(first: Array, second: Array) -> Array:
    return np.asarray(np.abs(first - second).max(axis=-1, initial=0.0))
