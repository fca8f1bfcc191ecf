"""Axioms about who is at the table: names, leaving, part groups, pairs that settle, merging and splitting."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.audit.axioms.auxiliary import GROUP, MEMBER, ORDER, PAIR, Draw
from evenwatt.audit.axioms.axiom import Posed, axiom
from evenwatt.audit.axioms.changes import of_member
from evenwatt.core.rule import Array

SWEEPS = 400
# A sweep that moves nobody by more than this part of all claims has settled.
SETTLED = 1e-11


@axiom(
    "anonymity",
    "Anonymity",
    "Who you are, or where you stand in the list, does not matter; only claims do.",
    breach="listing the members in another order {order} changes awards",
    auxiliary=ORDER,
)
def anonymity(posed: Posed, draw: Draw) -> Array:
    """|R(E, d_pi) - x_pi|."""
    order = draw["order"]
    turned = posed.again(posed.endowment, np.take_along_axis(posed.claims, order, axis=-1))
    return np.asarray(
        np.abs(turned - np.take_along_axis(posed.awards, order, axis=-1)).max(axis=-1, initial=0.0)
    )


@axiom(
    "population-monotonic",
    "Population monotonicity",
    "When somebody leaves empty-handed, nobody who stays gets less.",
    breach="when member {member} leaves, somebody who stays gets less",
    auxiliary=MEMBER,
)
def population_monotonic(posed: Posed, draw: Draw) -> Array:
    """x_j - R_j(E, d without i), where those who stay still ask for all there is."""
    if posed.members < 2 or not posed.may_divide_among(posed.members - 1):
        return _nothing(posed)
    staying = _without(posed.claims, draw["member"])
    fall = _without(posed.awards, draw["member"]) - posed.again(posed.endowment, staying)
    return np.where(staying.sum(axis=-1) >= posed.endowment, fall.max(axis=-1), 0.0)


@axiom(
    "null-claims-consistent",
    "Null claims consistency",
    "Somebody who asks for nothing changes nothing.",
    breach="a further member who asks for nothing changes the awards",
)
def null_claims_consistent(posed: Posed, draw: Draw) -> Array:
    """|R(E, (d, 0)) - (x, 0)|, on the members of before."""
    if not posed.may_divide_among(posed.members + 1):
        return _nothing(posed)
    joined = np.concatenate([posed.claims, np.zeros_like(posed.claims[..., :1])], axis=-1)
    awards = posed.again(posed.endowment, joined)[..., :-1]
    return np.asarray(np.abs(awards - posed.awards).max(axis=-1, initial=0.0))


@axiom(
    "consistency",
    "Consistency",
    "A group that shares again what it got together comes to the same awards.",
    breach="the group {group}, sharing again what it got together, comes to other awards",
    auxiliary=GROUP,
)
def consistency(posed: Posed, draw: Draw) -> Array:
    """|R(x(S), d_S) - x_S| for a group S of at least two, not all."""
    gap = _nothing(posed)
    size = draw["group"].sum(axis=-1)
    for s in range(2, posed.members):
        rows = size == s
        if not rows.any() or not posed.may_divide_among(s):
            continue
        inside = draw["group"][rows]
        claims, awards = (values[rows][inside].reshape(-1, s) for values in (posed.claims, posed.awards))
        gap[rows] = np.abs(posed.again(awards.sum(axis=-1), claims) - awards).max(axis=-1)
    return gap


@axiom(
    "converse-consistency",
    "Converse consistency",
    "Awards on which every pair agrees are the awards of all.",
    breach="there are other awards on which every pair agrees",
)
def converse_consistency(posed: Posed, draw: Draw) -> Array:
    """|y - x|, y what pairs agree on after settling in turn, starting from shares in proportion to claims.

    Pairs may never settle within 400 sweeps; then the problem says nothing and its gap is 0.
    """
    if posed.members < 3 or not posed.may_divide_among(2):
        return _nothing(posed)
    claims = posed.claims.reshape(-1, posed.members)
    start = _proportional(posed.endowment.reshape(-1), claims)
    agreed, settled = pairwise_agreement(posed, claims, start)
    apart = np.abs(agreed - posed.awards.reshape(claims.shape)).max(axis=-1)
    return np.where(settled, apart, 0.0).reshape(posed.endowment.shape)


@axiom(
    "no-advantageous-merging",
    "No advantageous merging",
    "Two members gain nothing by claiming as one.",
    breach="members {pair} get more by claiming as one",
    auxiliary=PAIR,
)
def no_advantageous_merging(posed: Posed, draw: Draw) -> Array:
    """Award of the merged i and j, less x_i + x_j."""
    return _gain_of_merging(posed, draw)


@axiom(
    "no-advantageous-splitting",
    "No advantageous splitting",
    "One member gains nothing by claiming as two.",
    breach="members {pair}, were they one, would get more by claiming as two",
    auxiliary=PAIR,
)
def no_advantageous_splitting(posed: Posed, draw: Draw) -> Array:
    """x_i + x_j, less the award of the merged i and j."""
    return -_gain_of_merging(posed, draw)


def pairwise_agreement(posed: Posed, claims: Array, awards: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Let pairs share again what they hold together, in turn, until nobody moves.

    Disjoint pairs settle at once, in the rounds of a tournament in which everybody meets everybody.
    """
    rounds = tournament(claims.shape[-1])
    agreed, settled = awards.copy(), np.zeros(len(awards), dtype=bool)
    tolerance = SETTLED * claims.sum(axis=-1)
    open_rows = np.arange(len(awards))
    for _ in range(SWEEPS):
        before = agreed[open_rows]
        after, asked = before.copy(), claims[open_rows]
        for pairs in rounds:
            after[:, pairs] = posed.again(after[:, pairs].sum(axis=-1), asked[:, pairs])
        agreed[open_rows] = after
        still = np.abs(after - before).max(axis=-1) <= tolerance[open_rows]
        settled[open_rows[still]] = True
        open_rows = open_rows[~still]
        if not len(open_rows):
            break
    return agreed, settled


def tournament(members: int) -> list[npt.NDArray[np.int64]]:
    """Rounds of disjoint pairs in which everybody meets everybody once, each (pairs, 2).

    Examples
    --------
    >>> [pairs.tolist() for pairs in tournament(3)]
    [[[1, 2]], [[0, 2]], [[0, 1]]]
    """
    table = [*range(members), *([-1] if members % 2 else [])]
    half, rounds = len(table) // 2, []
    for _ in range(len(table) - 1):
        pairs = [
            sorted(pair) for pair in zip(table[:half], table[half:][::-1], strict=True) if -1 not in pair
        ]
        rounds.append(np.array(pairs, dtype=np.int64))
        table = [table[0], table[-1], *table[1:-1]]
    return rounds


def _gain_of_merging(posed: Posed, draw: Draw) -> Array:
    pair = draw["pair"]
    if posed.members < 2 or not posed.may_divide_among(posed.members - 1):
        return np.zeros(pair.shape[:-1])
    kept, gone = pair[..., 0], pair[..., 1]
    moved = of_member(posed.claims, gone)[..., None]
    merged = _without(posed.claims + moved * (np.arange(posed.members) == kept[..., None]), gone)
    together = of_member(posed.again(posed.endowment, merged), kept - (gone < kept))
    return np.asarray(together - of_member(posed.awards, kept) - of_member(posed.awards, gone))


def _without(values: Array, member: Array) -> Array:
    stays = np.arange(values.shape[-1]) != member[..., None]
    return np.asarray(values[stays].reshape(*values.shape[:-1], values.shape[-1] - 1))


def _proportional(endowment: Array, claims: Array) -> Array:
    total = claims.sum(axis=-1)
    part: Array = np.divide(endowment, total, out=np.zeros_like(total), where=total > 0)
    return claims * part[..., None]


def _nothing(posed: Posed) -> Array:
    return np.zeros(posed.endowment.shape)
