"""Alternating offers: the talks whose outcome tends to the Nash point as waiting costs less and less.

All gains are over disagreement, which is what everybody keeps if the talks break down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, SolverError, gather

Array = npt.NDArray[np.float64]

# ``best(k, floors)`` gives everybody's gains (n,) at the agreement that is best for player k among those that
# give every other player at least its entry of ``floors`` (n,); not-a-numbers where there is none.
Best: TypeAlias = Callable[[int, Array], Array]

TOLERANCE = 1e-12  # of the thresholds, against the largest gain
NUDGE = 1e-7  # of the differences behind Newton's steps, against the largest gain
MOST_STEPS = 200
MOST_HALVINGS = 6
PATIENCE = 0.9  # discount of the first talks; from there waiting gets cheaper by steps
CHEAPER = 8.0  # by which factor


def share_of_first(first_discount: float, second_discount: float) -> float:
    """What the first proposer gets of one pie, ``(1 - d2) / (1 - d1 d2)``.

    Parameters
    ----------
    first_discount, second_discount : float
        What a pie of 1 a round later is worth today to each, from 0 to below 1 [-].

    Returns
    -------
    float
        The first proposer's share; the second gets the rest, at once [-].

    Source: Rubinstein 1982, doi:10.2307/1912531.

    Examples
    --------
    >>> round(share_of_first(0.99, 0.98), 5)
    0.67114
    """
    _check_discounts(first_discount, second_discount)
    return (1 - second_discount) / (1 - first_discount * second_discount)


@dataclass(frozen=True)
class TwoOffers:
    """What each of two players offers whenever it is its turn; the other accepts at once.

    Attributes
    ----------
    by_first, by_second : (2,)
        Gains of both players by the offer of each.
    """

    by_first: Array
    by_second: Array


def offers_of_two(
    frontier: Callable[[float], float], most: float, first_discount: float, second_discount: float
) -> TwoOffers:
    """Stationary offers of two players who propose in turn, on any concave frontier.

    Each is offered just what waiting for its own turn is worth to it: with ``f`` the frontier, the first
    player's offer gives it the ``x`` at which ``f(x) = d2 f(d1 x)``. With discounts ``exp(-rate * delay)``
    both offers tend, as the delay vanishes, to the Nash point with weights ``1 / rate``.

    Parameters
    ----------
    frontier : callable
        The second player's largest gain for each gain of the first, from 0 to ``most``: concave, falling.
    most : float
        The first player's largest gain, above 0.
    first_discount, second_discount : float
        What a gain of 1 a round later is worth today to each, from 0 to below 1 [-].

    Returns
    -------
    TwoOffers
        Both offers.

    Raises
    ------
    ProblemError
        If a discount, ``most`` or the frontier's end is not what it may be.

    Source: Binmore, Rubinstein & Wolinsky 1986, doi:10.2307/2555382.

    Examples
    --------
    >>> from math import exp, sqrt
    >>> offers = offers_of_two(lambda u: sqrt(1 - u * u), 1.0, exp(-0.01), exp(-0.02))
    >>> offers.by_first.round(4)
    array([0.8206, 0.5716])
    """
    _check_discounts(first_discount, second_discount)
    if not (0 < most < np.inf and frontier(0.0) > 0):
        raise ProblemError(f"frontier: ends at {most} and {frontier(0.0)}; expected both to be above 0")
    low, high = 0.0, float(most)
    # Halved until the two ends are neighbours, so the answer is as exact as the frontier.
    while low < (middle := (low + high) / 2) < high:
        if frontier(middle) > second_discount * frontier(first_discount * middle):
            low = middle
        else:
            high = middle
    own, waited = low, first_discount * low
    return TwoOffers(np.array([own, frontier(own)]), np.array([waited, frontier(waited)]))


@dataclass(frozen=True)
class Talks:
    """Stationary offers of several players, one of whom is drawn to propose each round; all must consent.

    Attributes
    ----------
    thresholds : (n,)
        What each accepts: what going on is worth to it.
    offers : (n, n)
        Row i: everybody's gains when i proposes.
    expected : (n,)
        Everybody's gains before the first proposer is drawn.
    """

    thresholds: Array
    offers: Array
    expected: Array


def random_proposers(best: Best, proposing: npt.ArrayLike, discount: float) -> Talks:
    """Stationary offers where each round's proposer is drawn and everybody must consent.

    After a refusal the talks go on with probability ``discount`` and break down else. Every proposer keeps
    the others at their thresholds ``r_k = discount * expected_k``. As the discount tends to 1 the expected
    gains tend to the Nash point with the probabilities of proposing as weights, *provided the frontier has
    no part that is flat in some player's direction*. Where it has, a proposer who cannot gain by keeping the
    others down does not care who gets the rest; its choice decides, and the limit need not be the Nash
    point (a sold-out supplier; :mod:`evenwatt.bargaining.offers.frontiers`).

    Parameters
    ----------
    best : callable
        ``best(k, floors)``: everybody's gains (n,) at the agreement best for k that leaves every other
        player at least its floor; not-a-numbers where there is none.
    proposing : (n,)
        Probability of each to be drawn, above 0, summing to 1.
    discount : float
        Probability that talks go on after a refusal, from 0 to below 1 [-].

    Returns
    -------
    Talks
        Thresholds, offers and expected gains.

    Raises
    ------
    ProblemError
        If a probability is not what it may be.
    SolverError
        If no stationary offers were found.

    Source: Britz, Herings & Predtetchinski 2010, doi:10.1016/j.jet.2010.04.003.

    Examples
    --------
    >>> sphere = trading_off(lambda k, floors: np.sqrt(1 - np.delete(floors, k) @ np.delete(floors, k)))
    >>> random_proposers(sphere, [0.5, 0.3, 0.2], 0.999).expected.round(4), np.sqrt([0.5, 0.3, 0.2]).round(4)
    (array([0.7073, 0.5477, 0.447 ]), array([0.7071, 0.5477, 0.4472]))
    """
    chance = checked_chances(proposing, discount)
    players = np.arange(chance.size)

    def offers(thresholds: Array) -> Array:
        return np.array([best(k, thresholds) for k in players.tolist()])

    def waited(discount: float, thresholds: Array) -> Array:
        return np.asarray(discount * chance @ offers(thresholds))

    # A mean of offers, shrunk, can always be agreed on: so can every plain step, from the first on.
    thresholds = waited(PATIENCE, np.zeros(chance.size))
    for easier in _discounts_towards(discount):
        thresholds = _fixed_point(partial(waited, easier), thresholds)
    final = offers(thresholds)
    return Talks(thresholds, final, chance @ final)


def trading_off(own: Callable[[int, Array], float]) -> Best:
    """A ``best`` for frontiers on which more for one is always less for the others: they get their floors.

    Parameters
    ----------
    own : callable
        ``own(k, floors)``: the largest gain of k that leaves the others at ``floors``; may be not-a-number.
    """

    def best(k: int, floors: Array) -> Array:
        gains = np.array(floors, dtype=np.float64)
        with np.errstate(invalid="ignore"):
            gains[k] = own(k, floors)
        return gains if gains[k] >= 0 else np.full_like(gains, np.nan)

    return best


def _discounts_towards(discount: float) -> list[float]:
    """Discounts on the way, each near enough to the last for Newton's method, and at the end the one asked for."""
    steps = [PATIENCE]
    while 1 - steps[-1] > CHEAPER * (1 - discount):
        steps.append(1 - (1 - steps[-1]) / CHEAPER)
    return [*steps, discount] if discount > PATIENCE else [discount]


def _fixed_point(mapped: Callable[[Array], Array], start: Array) -> Array:
    """Where ``mapped(r) = r``, by Newton's method; where that overshoots, one plain step (always allowed)."""
    r, image = start, mapped(start)
    scale = max(np.abs(start).max(initial=0.0), np.abs(image).max(initial=0.0))
    for _ in range(MOST_STEPS):
        missed = np.abs(image - r).max(initial=0.0)
        if missed <= TOLERANCE * scale:
            return r
        r = _step(mapped, r, image, NUDGE * scale)
        image = mapped(r)
    raise SolverError(f"alternating offers: thresholds still move by {missed:.3g} after {MOST_STEPS} steps")


def _step(mapped: Callable[[Array], Array], r: Array, image: Array, nudge: float) -> Array:
    """The next thresholds."""
    missed = np.abs(image - r).max()
    slopes = np.stack([(mapped(r - nudge * unit) - image) / -nudge for unit in np.eye(r.size)], axis=-1)
    with np.errstate(invalid="ignore"):
        try:
            whole = np.linalg.solve(np.eye(r.size) - slopes, image - r)
        except np.linalg.LinAlgError:
            return image
    for halved in range(MOST_HALVINGS):
        tried = r + whole / 2**halved
        # A comparison with not-a-number is false: no agreement meets such thresholds.
        if (tried >= 0).all() and np.abs(mapped(tried) - tried).max() < missed:
            return np.asarray(tried)
    return image


def _check_discounts(first: float, second: float) -> None:
    with gather("alternating offers", ProblemError) as faults:
        for name, value in (("first_discount", first), ("second_discount", second)):
            if not 0 <= value < 1:
                faults.append(f"{name}: {value}; expected from 0 to below 1")


def checked_chances(proposing: npt.ArrayLike, discount: float) -> Array:
    """Probabilities of proposing, refused together with the discount if they are not what they may be."""
    chance = np.asarray(proposing, dtype=np.float64)
    with gather("alternating offers", ProblemError) as faults:
        if not 0 <= discount < 1:
            faults.append(f"discount: {discount}; expected from 0 to below 1")
        if chance.ndim != 1 or chance.size == 0 or not (chance > 0).all() or abs(chance.sum() - 1) > 1e-9:
            faults.append(f"proposing: {chance.tolist()}; expected probabilities above 0 that sum to 1")
    return chance
