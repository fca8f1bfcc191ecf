"""The talks played out: who is drawn, what is offered, who refuses, and when it all breaks down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.alternating import Array, checked_chances
from evenwatt.core.chance import generator
from evenwatt.core.errors import ProblemError

CONSENT = 1e-9  # an offer this near below what a player asks, against the largest offer, is accepted [-]


@dataclass(frozen=True)
class Played:
    """Many rounds of talks, one row each.

    Attributes
    ----------
    gains : (games, n)
        What everybody has at the end; 0 after a breakdown.
    rounds : (games,) int64
        How many offers were made.
    is_agreed : (games,) bool
        Whether an offer was accepted.
    """

    gains: Array
    rounds: npt.NDArray[np.int64]
    is_agreed: npt.NDArray[np.bool_]


def play(
    offers: npt.ArrayLike,
    asks: npt.ArrayLike,
    proposing: npt.ArrayLike,
    discount: float,
    *,
    games: int,
    rng: np.random.Generator | int = 0,
) -> Played:
    """Play the talks: draw a proposer, put its offer to the others, go on after a refusal, or break down.

    Parameters
    ----------
    offers : (n, n)
        Row i: everybody's gains by i's offer.
    asks : (n,)
        What each accepts of the others' offers, at least.
    proposing : (n,)
        Probability of each to be drawn, above 0, summing to 1.
    discount : float
        Probability that talks go on after a refusal, from 0 to below 1 [-].
    games : int
        How many talks.
    rng : Generator or int
        Chance, or a seed of it.

    Returns
    -------
    Played
        Gains, rounds and whether there was agreement.

    Raises
    ------
    ProblemError
        If shapes do not fit or a probability is not what it may be.

    Examples
    --------
    Two who divide 1 and go on with probability 0.9; the second asks for more than going on is worth to it:

    >>> offers = [[0.55, 0.45], [0.45, 0.55]]
    >>> played = play(offers, [0.45, 0.5], [0.5, 0.5], 0.9, games=10_000, rng=1)
    >>> played.gains.mean(axis=0).round(2), played.is_agreed.mean().round(2)
    (array([0.41, 0.5 ]), np.float64(0.91))
    """
    chance = checked_chances(proposing, discount)
    proposed, least = np.asarray(offers, dtype=np.float64), np.asarray(asks, dtype=np.float64)
    n = chance.size
    if proposed.shape != (n, n) or least.shape != (n,):
        raise ProblemError(
            f"talks: offers {proposed.shape} and asks {least.shape}; expected ({n}, {n}) and ({n},)"
        )
    # What everybody answers never changes, so neither does whether an offer passes.
    content = proposed >= least - CONSENT * np.abs(proposed).max(initial=0.0)
    passes = (content | np.eye(n, dtype=bool)).all(axis=-1)
    return _rounds(proposed, passes, chance, discount, games, generator(rng))


def _rounds(
    proposed: Array,
    passes: npt.NDArray[np.bool_],
    chance: Array,
    discount: float,
    games: int,
    rng: np.random.Generator,
) -> Played:
    gains, rounds = np.zeros((games, chance.size)), np.zeros(games, dtype=np.int64)
    is_agreed, going = np.zeros(games, dtype=bool), np.arange(games)
    while going.size:
        rounds[going] += 1
        drawn = rng.choice(chance.size, size=going.size, p=chance)
        accepted = passes[drawn]
        done = going[accepted]
        gains[done], is_agreed[done] = proposed[drawn[accepted]], True
        going = going[~accepted]
        going = going[rng.random(going.size) < discount]
    return Played(gains, rounds, is_agreed)
