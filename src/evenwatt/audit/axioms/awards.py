"""Axioms read off one division: bounds, equal treatment, order, progressivity, guarantees."""

from __future__ import annotations

import numpy as np

from evenwatt.audit.axioms.auxiliary import Draw
from evenwatt.audit.axioms.axiom import Posed, axiom
from evenwatt.core.rule import Array


@axiom(
    "efficiency",
    "Efficiency",
    "Everything there is gets shared out, as far as anybody asks for it.",
    breach="the awards do not add up to what there is to share",
)
def efficiency(posed: Posed, draw: Draw) -> Array:
    """|sum of awards - endowment|."""
    return np.asarray(np.abs(posed.awards.sum(axis=-1) - posed.endowment))


@axiom(
    "claims-bounded",
    "Claims boundedness",
    "Nobody gets more than they ask for.",
    breach="somebody gets more than they asked for",
)
def claims_bounded(posed: Posed, draw: Draw) -> Array:
    """Largest award above its claim."""
    return _most(posed.awards - posed.claims)


@axiom(
    "non-negative",
    "Non-negativity",
    "Nobody ends up owing energy.",
    breach="somebody gets less than nothing",
)
def non_negative(posed: Posed, draw: Draw) -> Array:
    """Largest amount below zero."""
    return _most(-posed.awards)


@axiom(
    "equal-treatment",
    "Equal treatment of equals",
    "Members who ask for the same get the same.",
    breach="members with equal claims get different awards",
)
def equal_treatment(posed: Posed, draw: Draw) -> Array:
    """Largest difference of awards between equal claims."""
    claims, awards = _by_claim(posed.claims, posed.awards, among_equals=-posed.awards)
    same = np.concatenate(
        [np.zeros_like(claims[..., :1], bool), claims[..., 1:] == claims[..., :-1]], axis=-1
    )
    first = np.maximum.accumulate(np.where(same, 0, np.arange(claims.shape[-1])), axis=-1)
    return _most(np.take_along_axis(awards, first, axis=-1) - awards)


@axiom(
    "order-awards",
    "Order preservation of awards",
    "Whoever asks for more gets at least as much.",
    breach="a smaller claim gets a larger award",
)
def order_awards(posed: Posed, draw: Draw) -> Array:
    """Largest lead of a smaller claim's award."""
    return lead_of_smaller(posed.claims, posed.awards)


@axiom(
    "order-losses",
    "Order preservation of losses",
    "Whoever asks for more goes short by at least as much.",
    breach="a smaller claim bears a larger loss",
)
def order_losses(posed: Posed, draw: Draw) -> Array:
    """Largest lead of a smaller claim's loss."""
    return lead_of_smaller(posed.claims, posed.claims - posed.awards)


@axiom(
    "midpoint",
    "Midpoint property",
    "When half of all claims can be met, everybody gets half of their claim.",
    breach="with half of all claims to share instead, somebody gets something other than half their claim",
)
def midpoint(posed: Posed, draw: Draw) -> Array:
    """|R(D/2, d) - d/2|, whatever the endowment."""
    return _most(np.abs(posed.again(posed.total / 2, posed.claims) - posed.claims / 2))


@axiom(
    "lower-bound-awards",
    "Reasonable lower bound on awards",
    "Everybody gets at least an equal part of their claim, or of all there is if the claim is larger.",
    breach="somebody gets less than an n-th part of their claim or of all there is",
)
def lower_bound_awards(posed: Posed, draw: Draw) -> Array:
    """min(d_i, E)/n - x_i."""
    return _most(np.minimum(posed.claims, posed.endowment[..., None]) / posed.members - posed.awards)


@axiom(
    "lower-bound-losses",
    "Reasonable lower bound on losses",
    "Everybody bears at least an equal part of their claim as loss, or of all that is missing.",
    breach="somebody loses less than an n-th part of their claim or of all that is missing",
)
def lower_bound_losses(posed: Posed, draw: Draw) -> Array:
    """min(d_i, D - E)/n - (d_i - x_i)."""
    missing = (posed.total - posed.endowment)[..., None]
    return _most(np.minimum(posed.claims, missing) / posed.members - (posed.claims - posed.awards))


@axiom(
    "regressive",
    "Regressivity",
    "A smaller claim is met to at least as large a part as a larger one.",
    breach="a smaller claim is met to a smaller part than a larger one",
)
def regressive(posed: Posed, draw: Draw) -> Array:
    """What a smaller claim lacks to be met at a larger claim's rate: d_i x_j/d_j - x_i, d_i <= d_j."""
    claims, awards = _by_claim(posed.claims, posed.awards, among_equals=posed.awards)
    best = np.maximum.accumulate(_rate(awards, claims)[..., ::-1], axis=-1)[..., ::-1]
    return _most(claims * best - awards)


@axiom(
    "progressive",
    "Progressivity",
    "A larger claim is met to at least as large a part as a smaller one.",
    breach="a smaller claim is met to a larger part than a larger one",
)
def progressive(posed: Posed, draw: Draw) -> Array:
    """What a smaller claim gets above a larger claim's rate: x_i - d_i x_j/d_j, d_i <= d_j."""
    claims, awards = _by_claim(posed.claims, posed.awards, among_equals=-posed.awards)
    worst = np.minimum.accumulate(_rate(awards, claims)[..., ::-1], axis=-1)[..., ::-1]
    return _most(np.where(claims > 0, awards - claims * worst, 0.0))


@axiom(
    "full-compensation",
    "Conditional full compensation",
    "A claim so small that all could have as much is met in full.",
    breach="a claim that all could have had is not met in full",
)
def full_compensation(posed: Posed, draw: Draw) -> Array:
    """(d_i - x_i) where sum_j min(d_j, d_i) <= E."""
    claims, awards = _by_claim(posed.claims, posed.awards, among_equals=posed.awards)
    for_all = np.cumsum(claims, axis=-1) + claims * np.arange(posed.members)[::-1]
    return _most((claims - awards) * (for_all <= posed.endowment[..., None]))


@axiom(
    "null-compensation",
    "Conditional null compensation",
    "A claim so small that what the larger ones ask beyond it uses up everything gets nothing.",
    breach="a claim gets something although what larger claims ask beyond it uses up everything",
)
def null_compensation(posed: Posed, draw: Draw) -> Array:
    """x_i where sum_j max(d_j - d_i, 0) >= E."""
    claims, awards = _by_claim(posed.claims, posed.awards, among_equals=posed.awards)
    after = np.cumsum(claims[..., ::-1], axis=-1)[..., ::-1]
    beyond = after - claims * np.arange(posed.members, 0, -1)
    return _most(awards * (beyond >= posed.endowment[..., None]))


def lead_of_smaller(claims: Array, values: Array) -> Array:
    """How far the value of any claim is above that of a claim as large or larger, at most, (...)."""
    _, ordered = _by_claim(claims, values, among_equals=-values)
    return _most(np.maximum.accumulate(ordered, axis=-1) - ordered)


def _by_claim(claims: Array, values: Array, *, among_equals: Array) -> tuple[Array, Array]:
    """Claims ascending and the values beside them; ``among_equals`` settles the order of ties."""
    order = np.lexsort((among_equals, claims), axis=-1)
    return np.take_along_axis(claims, order, axis=-1), np.take_along_axis(values, order, axis=-1)


def _rate(awards: Array, claims: Array) -> Array:
    return np.divide(awards, claims, out=np.zeros(claims.shape), where=claims > 0)


def _most(values: Array) -> Array:
    return np.asarray(values.max(axis=-1, initial=-np.inf))
