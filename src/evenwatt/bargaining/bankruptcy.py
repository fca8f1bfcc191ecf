"""Bankruptcy as a bargain: claimants agree on a division between their fallback and their claim."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.feasibility import require_agreement
from evenwatt.bargaining.single import agreement
from evenwatt.bargaining.terms import Disagreement, Weights, bargaining_weights, disagreement_point
from evenwatt.core.problem import Bargain, Claims
from evenwatt.core.rule import Array


def bankruptcy_nash(
    endowment: npt.ArrayLike,
    claims: npt.ArrayLike,
    *,
    disagreement: Disagreement = "zero",
    share: float = 0.5,
    weights: Weights = "equal",
) -> Array:
    """Asymmetric Nash bargaining solution of a claims problem.

    Maximises ``sum(weights * log(awards - disagreement))`` over awards between the disagreement
    and the claims. Zero and equal weights give constrained equal awards, zero and weights by
    claims give the proportional rule.

    Parameters
    ----------
    endowment : (...)
        What there is to share [Wh].
    claims : (..., n)
        What each member asks for, non-negative [Wh].
    disagreement : "zero", "minimal-rights", array (..., n) or rule
        What each member keeps if the talks fail [Wh]. A rule ``(endowment, claims) -> awards`` counts
        for ``share`` of its awards. A negative entry raises the gain of its member, but no award is
        ever negative.
    share : float
        Part of a rule's awards that is safe without agreement, 0 <= share < 1 [-]; used with a rule only.
    weights : "equal", "claims", "claims-minus-d" or array (..., n)
        Bargaining weights above 0 [-]. Derived from claims, a null claim (or one equal to its
        disagreement) counts as absent.

    Returns
    -------
    (..., n)
        Awards, summing to the smaller of ``endowment`` and total claims [Wh].

    Raises
    ------
    ProblemError
        If a claim, weight, share or name is not what it may be; names the place.
    BargainError
        If a disagreement is above its claim, or all together above the endowment; names every row.

    Source: Dagan & Volij 1993, doi:10.1016/0165-4896(93)90024-D.

    Examples
    --------
    >>> bankruptcy_nash(24, [6, 12, 18], disagreement="minimal-rights", weights=[1, 1, 2])
    array([ 4.5,  4.5, 15. ])
    """
    problem = Claims(endowment, claims)
    point = disagreement_point(problem, disagreement, share)
    # What no one claims is nobody's: past the total claims there is nothing to bargain over.
    total = np.minimum(problem.endowment, problem.total)
    weighted = bargaining_weights(problem, point, weights)
    bargain = Bargain(
        total,
        point,
        weights=np.where(weighted > 0, weighted, 1.0),  # absent members have no room, so any weight will do
        lower=np.maximum(point, 0.0),
        upper=problem.claims,
    )
    require_agreement(bargain, "bankruptcy_nash")
    met = (problem.endowment >= problem.total)[..., None]
    return np.where(met, problem.claims, agreement(bargain)[0])
