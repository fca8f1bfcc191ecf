"""What an axiom compares with beside the problem: another endowment, a member, a pair, a group, an order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.rule import Array

# Name of the auxiliary datum -> one value per problem, (...) or (..., n).
Draw = Mapping[str, npt.NDArray[Any]]

FRACTIONS = (0.25, 0.5, 0.75, 1.0)
SCALES = (0.001, 0.5, 3.0, 1000.0)
# All groups of up to 8 members are tried, and all pairs if there are no more than 256;
# else 256 of them, drawn once and for all.
ALL_GROUPS = 8
MOST = 256


@dataclass(frozen=True)
class Auxiliary:
    """Two ways to choose auxiliary data for a batch ``(endowment, claims)``.

    Attributes
    ----------
    every : callable
        A fixed set of choices, on a new leading axis.
    random : callable
        One choice per problem, from a generator.
    """

    every: Callable[[Array, Array], Draw]
    random: Callable[[np.random.Generator, Array, Array], Draw]


def _spread(values: npt.NDArray[Any], endowment: Array, axes: int = 0) -> npt.NDArray[Any]:
    """Lay ``values (K, ...)`` under the leading axes of the batch: ``(K, batch ..., ...)``."""
    own = values.shape[1 : 1 + axes]
    laid = values.reshape(len(values), *([1] * endowment.ndim), *own)
    return np.broadcast_to(laid, (len(values), *endowment.shape, *own))


def _fractions(endowment: Array) -> Array:
    return _spread(np.array(FRACTIONS), endowment)


def _room(endowment: Array, claims: Array) -> Array:
    return np.asarray(np.maximum(claims.sum(axis=-1) - endowment, 0.0))


def _mean(claims: Array) -> Array:
    return np.asarray(claims.mean(axis=-1))


def _members(claims: Array, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    return rng.integers(0, claims.shape[-1], claims.shape[:-1])


def _every_more(endowment: Array, claims: Array) -> Draw:
    n = claims.shape[-1]
    member = _spread(np.tile(np.arange(n), 2), endowment)
    little, much = _mean(claims) / 2, claims.sum(axis=-1)
    return {"member": member, "more": np.stack([little] * n + [much] * n)}


def _random_more(rng: np.random.Generator, endowment: Array, claims: Array) -> Draw:
    return {"member": _members(claims, rng), "more": rng.exponential(1.0, endowment.shape) * _mean(claims)}


def _every_pair(endowment: Array, claims: Array) -> Draw:
    pairs = np.array(list(combinations(range(claims.shape[-1]), 2)), dtype=np.int64).reshape(-1, 2)
    if len(pairs) > MOST:
        pairs = np.random.default_rng(0).choice(pairs, MOST, replace=False)
    return {"pair": _spread(pairs, endowment, 1)}


def _random_pair(rng: np.random.Generator, endowment: Array, claims: Array) -> Draw:
    n = claims.shape[-1]
    if n < 2:
        return {"pair": np.zeros((0, *endowment.shape, 2), dtype=np.int64)}
    chosen = rng.permuted(np.broadcast_to(np.arange(n), claims.shape), axis=-1)[..., :2]
    return {"pair": np.sort(chosen, axis=-1)}


def _every_group(endowment: Array, claims: Array) -> Draw:
    n = claims.shape[-1]
    if n <= ALL_GROUPS:
        masks = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1
    else:
        masks = np.random.default_rng(0).random((MOST, n)) < 0.5
    size = masks.sum(axis=1)
    return {"group": _spread(masks[(size >= 2) & (size < n)], endowment, 1)}


def _random_group(rng: np.random.Generator, endowment: Array, claims: Array) -> Draw:
    n = claims.shape[-1]
    size = rng.integers(2, max(n, 3), endowment.shape)
    rank = rng.permuted(np.broadcast_to(np.arange(n), claims.shape), axis=-1)
    return {"group": rank < size[..., None]}


def _every_order(endowment: Array, claims: Array) -> Draw:
    n = claims.shape[-1]
    turns = [np.roll(np.arange(n), k) for k in range(min(n, MOST))]
    swaps = [np.r_[0:k, k + 1, k, k + 2 : n] for k in range(min(n - 1, MOST))]
    return {"order": _spread(np.array([np.arange(n)[::-1], *turns, *swaps]), endowment, 1)}


def _random_order(rng: np.random.Generator, endowment: Array, claims: Array) -> Draw:
    return {"order": rng.permuted(np.broadcast_to(np.arange(claims.shape[-1]), claims.shape), axis=-1)}


NOTHING = Auxiliary(every=lambda e, d: {}, random=lambda rng, e, d: {})

LARGER_ENDOWMENT = Auxiliary(
    every=lambda e, d: {"larger": e + _fractions(e) * _room(e, d)},
    random=lambda rng, e, d: {"larger": e + rng.random(e.shape) * _room(e, d)},
)
SMALLER_ENDOWMENT = Auxiliary(
    every=lambda e, d: {"smaller": e * (1.0 - _fractions(e))},
    random=lambda rng, e, d: {"smaller": e * rng.random(e.shape)},
)
MEMBER = Auxiliary(
    every=lambda e, d: {"member": _spread(np.arange(d.shape[-1]), e)},
    random=lambda rng, e, d: {"member": _members(d, rng)},
)
LARGER_CLAIM = Auxiliary(every=_every_more, random=_random_more)
PAIR = Auxiliary(every=_every_pair, random=_random_pair)
GROUP = Auxiliary(every=_every_group, random=_random_group)
ORDER = Auxiliary(every=_every_order, random=_random_order)
SCALE = Auxiliary(
    every=lambda e, d: {"scale": _spread(np.array(SCALES), e)},
    random=lambda rng, e, d: {"scale": rng.lognormal(0.0, 2.0, e.shape)},
)
