"""Named combinations of bankruptcy and Nash bargaining, enrolled for studies and comparisons."""

from __future__ import annotations

import numpy.typing as npt

from evenwatt.bargaining.bankruptcy import bankruptcy_nash
from evenwatt.core.rule import BASIC, Array, rule

_SHARED = BASIC | {
    "order-under-endowment-change", "population-monotonic", "consistency", "converse-consistency",
    "composition-down", "composition-up", "regressive", "no-advantageous-merging",
}  # fmt: skip
_SOURCE = "Dagan & Volij 1993, doi:10.1016/0165-4896(93)90024-D"


@rule(
    "nash-equal",
    source=_SOURCE,
    satisfies=_SHARED | {"claims-truncation", "lower-bound-awards", "full-compensation"},
    kind="bargaining",
    title="Nash bargaining from nothing, equal weights",
)
def nash_equal(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """Nash bargaining from nothing with equal weights, which is constrained equal awards.

    Parameters
    ----------
    endowment : (...)
        What there is to share [Wh].
    claims : (..., n)
        What each member asks for, non-negative [Wh].

    Returns
    -------
    (..., n)
        Awards, summing to the smaller of ``endowment`` and total claims [Wh].

    Source: Dagan & Volij 1993, doi:10.1016/0165-4896(93)90024-D.

    Examples
    --------
    >>> nash_equal(24, [6, 12, 18])
    array([6., 9., 9.])
    """
    return bankruptcy_nash(endowment, claims)


@rule(
    "nash-claims",
    source=_SOURCE,
    satisfies=_SHARED | {"self-dual", "midpoint", "progressive", "no-advantageous-splitting"},
    kind="bargaining",
    title="Nash bargaining from nothing, weights by claims",
)
def nash_claims(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """Nash bargaining from nothing with weights by claims, which is the proportional rule.

    Parameters
    ----------
    endowment : (...)
        What there is to share [Wh].
    claims : (..., n)
        What each member asks for, non-negative [Wh].

    Returns
    -------
    (..., n)
        Awards, summing to the smaller of ``endowment`` and total claims [Wh].

    Source: Dagan & Volij 1993, doi:10.1016/0165-4896(93)90024-D.

    Examples
    --------
    >>> nash_claims(24, [6, 12, 18])
    array([ 4.,  8., 12.])
    """
    return bankruptcy_nash(endowment, claims, weights="claims")


@rule(
    "nash-minimal-rights",
    source=_SOURCE,
    satisfies=(BASIC - {"resource-monotonic"})
    | {"minimal-rights-first", "claims-truncation", "lower-bound-awards"},
    kind="bargaining",
    title="Nash bargaining from minimal rights, equal weights",
)
def nash_minimal_rights(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """Nash bargaining from minimal rights, what all others concede, with equal weights.

    More endowment can cost a small claimant: it raises the minimal rights of the large ones.

    Parameters
    ----------
    endowment : (...)
        What there is to share [Wh].
    claims : (..., n)
        What each member asks for, non-negative [Wh].

    Returns
    -------
    (..., n)
        Awards, summing to the smaller of ``endowment`` and total claims [Wh].

    Source: Dagan & Volij 1993, doi:10.1016/0165-4896(93)90024-D.

    Examples
    --------
    >>> nash_minimal_rights(24, [6, 12, 18])
    array([ 6.,  6., 12.])
    """
    return bankruptcy_nash(endowment, claims, disagreement="minimal-rights")


@rule(
    "nash-minimal-rights-claims",
    source=_SOURCE,
    satisfies=BASIC
    | {"order-under-endowment-change", "minimal-rights-first", "lower-bound-losses", "progressive"}
    | {"no-advantageous-splitting"},
    kind="bargaining",
    title="Nash bargaining from minimal rights, weights by claims beyond them",
)
def nash_minimal_rights_claims(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> Array:
    """Nash bargaining from minimal rights with weights by the claims beyond them.

    A claim beyond its minimal right is the claim cut to the total loss, so losses are proportional to
    claims cut to the total loss: the dual of the proportional rule of truncated claims. Nobody loses by
    more endowment.

    Parameters
    ----------
    endowment : (...)
        What there is to share [Wh].
    claims : (..., n)
        What each member asks for, non-negative [Wh].

    Returns
    -------
    (..., n)
        Awards, summing to the smaller of ``endowment`` and total claims [Wh].

    Source: Dagan & Volij 1993, doi:10.1016/0165-4896(93)90024-D.

    Examples
    --------
    >>> nash_minimal_rights_claims(24, [6, 12, 18])
    array([ 3.6,  7.2, 13.2])
    """
    return bankruptcy_nash(endowment, claims, disagreement="minimal-rights", weights="claims-minus-d")
