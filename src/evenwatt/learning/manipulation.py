"""What an agent would gain by claiming something else than it does, while all others claim as they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import stream
from evenwatt.learning.allocator import Allocator, Division
from evenwatt.learning.columns import Array, Column
from evenwatt.learning.history import History
from evenwatt.learning.walk import Fold, past_of

LEAST, MOST = 0.2, 5.0  # factors on a claim that are tried
GOLDEN = (np.sqrt(5) - 1) / 2
TRIED, REFINED = 25, 30  # factors of the grid, and steps of golden section, for one stage
FEW_TRIED, FEW_REFINED = 9, 6  # the same where each try runs a whole rule
EVERY = 27  # a learning rule meets a false claim of an agent at most once in so many intervals
SAME = 1e-9  # relative difference of awards that is none


@dataclass(frozen=True)
class Gains:
    """The best each agent can do by multiplying its claim.

    Attributes
    ----------
    factor : (..., n)
        The smallest that does it; 1 where nothing is to be gained.
    gain : (..., n)
        Useful energy beyond what the claim as it was gives [energy].
    truthful : (..., n)
        What the claim as it was gives [energy].
    """

    factor: Array
    gain: Array
    truthful: Array

    @property
    def share(self) -> Array:
        """Gain as a share of what the claim as it was gives, (..., n); 0 where that is nothing."""
        none = np.where(np.isnan(self.truthful), np.nan, 0.0)
        return np.divide(self.gain, self.truthful, out=none, where=self.truthful > 0)


def claim_gains(
    division: Division, endowment: npt.ArrayLike, claims: npt.ArrayLike, *, need: npt.ArrayLike | None = None
) -> Gains:
    """What each claimant could gain under a claims rule.

    Energy beyond the need is of no use. The best factor from 0.2 to 5 is found on a grid, then by golden
    section; of all factors as good as the best, the smallest is given.

    Parameters
    ----------
    division : callable
        From endowments (T,) and claims (T, n) to awards (T, n).
    endowment : (T,)
        What there is [energy].
    claims : (T, n)
        As they are [energy].
    need : (T, n), optional
        What is of use; the claims when not given [energy].

    Examples
    --------
    Under the proportional rule everybody gains by claiming more:

    >>> from evenwatt.learning.baselines import equal_awards, proportional
    >>> found = claim_gains(proportional, [24.0], [[6.0, 12.0, 18.0]])
    >>> found.gain.round(2), found.factor.round(2)
    (array([[2., 4., 6.]]), array([[1.67, 2.  , 3.  ]]))
    >>> claim_gains(equal_awards, [24.0], [[6.0, 12.0, 18.0]]).gain
    array([[0., 0., 0.]])
    """
    given = np.atleast_2d(np.asarray(claims, dtype=np.float64))
    held = np.broadcast_to(np.asarray(endowment, dtype=np.float64), given.shape[:1])
    useful = given if need is None else np.broadcast_to(np.asarray(need, dtype=np.float64), given.shape)
    rows, agents = given.shape
    own = np.arange(agents)

    def value(factor: Array) -> Array:
        told = np.repeat(given[:, None, :], agents, axis=1)
        told[:, own, own] *= factor
        awards = np.asarray(division(np.repeat(held, agents), told.reshape(rows * agents, agents)))
        return np.minimum(awards.reshape(rows, agents, agents)[:, own, own], useful)

    truthful = value(np.ones_like(given))
    factor, best = _searched(value, given.shape, TRIED, REFINED)
    return _gains(_smallest(value, factor, best), best, truthful)


def rule_gains(rule: Allocator, history: History, rows: npt.NDArray[np.int64]) -> Gains:
    """What each agent could gain under a fitted rule whose learned state is frozen, by one factor throughout.

    In each row tried a single agent claims falsely, agents taking turns. A rule that learns meets an agent's
    false claim at most once in 27 intervals, so that what it remembers of past claims stays as it was.

    Parameters
    ----------
    rule : Allocator
        Fitted on a past before ``rows``.
    history : History
        Plain, with ``metered``.
    rows : (B,) int
        A test block, whose needs are known.

    Returns
    -------
    Gains
        Arrays (N,); energy summed over the rows in which the agent was tried; NaN for an agent that never was,
        because there are too few rows.
    """
    agents = len(history.agents)
    step = -(-EVERY // agents) if rule.learns else 1
    tried = rows[::step]
    turn = np.arange(len(tried)) % agents
    need = history.target("metered")[tried]
    claim = history.columns["claim"]
    mine = turn[:, None] == np.arange(agents)

    def value(factor: Array) -> Array:
        told = np.array(claim.as_of(history.gate))
        told[tried, turn] *= factor[turn]
        changed = history.with_columns({"claim": Column(told, claim.axis, claim.known)})
        got = rule.allocate(changed.at_gate(tried)).flows.sum(axis=1)
        return np.asarray((np.minimum(got, need) * mine).sum(axis=0))

    truthful = value(np.ones(agents))
    factor, best = _searched(value, (agents,), FEW_TRIED, FEW_REFINED)
    found, untried = _gains(factor, best, truthful), np.arange(agents) >= len(tried)
    return Gains(*(np.where(untried, np.nan, part) for part in (found.factor, found.gain, found.truthful)))


def long_run_gain(
    rule: Allocator, history: History, fold: Fold, agent: int, factor: float, *, seed: int = 0
) -> float:
    """What an agent gains by claiming ``factor`` times as much always, once the rule has learned from it.

    The rule is fitted anew on the past with the false claims, and met with them in the test block.

    Returns
    -------
    float
        Share of what it gets when it always claims as it does [-].
    """
    claim = history.columns["claim"]
    told = np.array(claim.as_of(history.gate))
    told[:, agent] *= factor
    changed = history.with_columns({"claim": Column(told, claim.axis, claim.known)})
    need = history.target("metered")[fold.test][:, agent]
    useful = []
    for world in (history, changed):
        fitted = rule.fit(past_of(world, fold), rng=stream(seed, f"{rule.name}:long run"))
        got = fitted.allocate(world.at_gate(fold.test)).flows[:, :, agent].sum(axis=1)
        useful.append(float(np.minimum(got, need).sum()))
    return (useful[1] - useful[0]) / useful[0] if useful[0] > 0 else 0.0


def _searched(
    value: Callable[[Array], Array], shape: tuple[int, ...], tried: int, refined: int
) -> tuple[Array, Array]:
    """The best factor and its value, for searches that are independent of one another."""
    grid = np.geomspace(LEAST, MOST, tried)
    found = np.stack([value(np.full(shape, factor)) for factor in grid])
    place = (found >= found.max(axis=0) * (1 - SAME)).argmax(axis=0)  # of equals, the smallest factor
    low, high = grid[np.maximum(place - 1, 0)], grid[np.minimum(place + 1, tried - 1)]
    best_factor, best = grid[place], found.max(axis=0)
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = value(left), value(right)
    for _ in range(refined):
        for factor, reached in ((left, at_left), (right, at_right)):
            beats = reached > best * (1 + SAME)
            best_factor, best = np.where(beats, factor, best_factor), np.maximum(best, reached)
        lower = at_left >= at_right  # the best lies to the left of `right`
        low, high = np.where(lower, low, left), np.where(lower, right, high)
        new = np.where(lower, high - GOLDEN * (high - low), low + GOLDEN * (high - low))
        reached = value(new)
        left, right = np.where(lower, new, right), np.where(lower, left, new)
        at_left, at_right = np.where(lower, reached, at_right), np.where(lower, at_left, reached)
    return best_factor, best


def _smallest(value: Callable[[Array], Array], factor: Array, best: Array) -> Array:
    """Of the factors as good as the best, the smallest, where values rise towards it."""
    least = best * (1 - SAME)
    low, high = np.maximum(factor / (MOST / LEAST) ** (1 / (TRIED - 1)), LEAST), factor
    for _ in range(50):
        middle = (low + high) / 2
        good = value(middle) >= least
        low, high = np.where(good, low, middle), np.where(good, middle, high)
    return np.asarray(high)


def _gains(factor: Array, best: Array, truthful: Array) -> Gains:
    gain = best - truthful
    some = gain > SAME * (1 + truthful)
    return Gains(np.where(some, factor, 1.0), np.where(some, gain, 0.0), truthful)
