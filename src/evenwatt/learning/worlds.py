"""Worlds whose truth is known: demand, claims that overstate it, suppliers, prices, drawn from one seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from evenwatt.bargaining.transport.problem import TransportBargain
from evenwatt.core.chance import stream
from evenwatt.core.errors import ProblemError, gather
from evenwatt.learning.columns import Array, Column
from evenwatt.learning.history import History
from evenwatt.learning.market import (
    BIAS,
    DEAREST_LINK,
    SPREAD,
    Market,
    fallback,
    history_of,
    margins,
    statements,
)

Variant = Literal["plain", "slack", "uniform-price", "disagreement", "break", "reacting"]

FIRST = np.datetime64("2025-01-01T00:00:00", "s")
SECONDS = 3600
HOURS_A_DAY = 24
SEASON = 365  # rows, as in the note: an hourly year would hide the season in a short world
SLACK = 1.5  # capacity of the variant in which suppliers are rarely sold out


@dataclass(frozen=True)
class Truth:
    """What a world hides.

    Attributes
    ----------
    need : (T, N)
        What agents need [energy]; the history's ``metered``.
    bias, noise : (T, N), (N,)
        Expected relative overstatement of each claim, and the standard deviation around it [-].
    weights : (P,)
        Hidden bargaining weights, summing to 1 (Dirichlet(3), at least 0.02 before they are scaled).
    """

    need: Array
    bias: Array
    noise: Array
    weights: Array


@dataclass(frozen=True)
class World:
    """A history and the truth behind it.

    Attributes
    ----------
    history : History
        Hourly; gates an hour ahead, meters known a day after the interval.
    truth : Truth
        For judging only.
    variant : str
        Which kind of world.
    """

    history: History
    truth: Truth
    variant: str = "plain"


def world(
    seed: int,
    *,
    suppliers: int = 3,
    agents: int = 6,
    intervals: int = 3000,
    variant: Variant = "plain",
    supply: float | None = None,
) -> World:
    """Draw a world.

    Parameters
    ----------
    seed : int
        Same seed, same bytes; another number of intervals keeps neither.
    suppliers, agents : int
        How many, S and N.
    intervals : int
        Hours, T.
    variant : str
        ``plain``; ``slack``: half as much capacity again, so that suppliers' weights matter;
        ``uniform-price``: one price and no charges, so that flows are not unique; ``disagreement``: players
        have something to fall back on; ``break``: biases change places half-way; ``reacting``: agent 0
        learns what past claims were worth and pads its claims against the discount.
    supply : float, optional
        Mean capacity over mean need; as drawn (0.6 to 1.1 of the agents' base) when not given.

    Returns
    -------
    World
        Columns capacity, cost, offer, claim, willingness, charge, metered (and disagreement).

    Raises
    ------
    ProblemError
        If a number is not above 0 or the variant unknown; names each.

    Examples
    --------
    >>> made = world(7, intervals=48)
    >>> made.history["claim"].shape, made.truth.weights.shape
    ((48, 6), (9,))
    """
    with gather("world", ProblemError) as faults:
        for name, number in (("suppliers", suppliers), ("agents", agents), ("intervals", intervals)):
            if number < 1:
                faults.append(f"{name} {number}; expected at least 1")
        if variant not in get_args(Variant):
            faults.append(f"variant '{variant}'; expected one of {', '.join(get_args(Variant))}")
        if supply is not None and not supply > 0:
            faults.append(f"supply {supply}; expected above 0")
    need, base = _need(seed, intervals, agents)
    drawn = _market(seed, need, base, suppliers, variant)
    if supply is not None:
        drawn = replace(drawn, capacity=drawn.capacity * (supply * need.sum() / drawn.capacity.sum()))
    if variant == "uniform-price":
        drawn = _uniform(drawn)
    if variant == "disagreement":
        drawn = replace(drawn, disagreement=fallback(drawn.capacity, drawn.claim, margins(drawn)))
    weights = hidden_weights(suppliers + agents, stream(seed, "weights"))
    start = FIRST + np.arange(intervals) * np.timedelta64(SECONDS, "s")
    return World(history_of(start, SECONDS, drawn), Truth(need, drawn.bias, drawn.noise, weights), variant)


def with_outcomes(drawn: World, *, noise: float = 0.15, seed: int = 0) -> World:
    """The same world after its agents bargained under their hidden weights: columns ``flow`` and ``gain``.

    Parameters
    ----------
    drawn : World
        Whose claims and hidden weights lead to the outcomes.
    noise : float
        Standard deviation of the log-normal error with which gains are observed [-]. Flows are those agreed:
        noise on them would need scaling back to what is feasible, and that would bias them.
    seed : int
        Of the noise.

    Returns
    -------
    World
        Outcomes are known a minute after the gate.
    """
    from evenwatt import bargaining

    history = drawn.history
    outcome = bargaining.solve(history.bargain(weights=drawn.truth.weights))
    factor = np.exp(noise * stream(seed, "gains").standard_normal(outcome.gains.shape))
    known = history.gate + np.timedelta64(60, "s")
    columns = {
        "flow": Column(np.maximum(outcome.flows, 0.0), "link", known),
        "gain": Column(outcome.gains * factor, "player", known),
    }
    return replace(drawn, history=history.with_columns(columns))


def drawn_bargains(seed: int, count: int, *, suppliers: int = 3, agents: int = 6) -> TransportBargain:
    """Bargains that nothing connects, with generic prices, disagreements and weights, a batch of ``count``.

    Examples
    --------
    >>> problem = drawn_bargains(1, 5, suppliers=4, agents=8)
    >>> problem.capacity.shape, bool((problem.gain > 0).all())
    ((5, 4), True)
    """
    rng = stream(seed, "bargains")
    capacity = rng.uniform(0.5, 1.5, (count, suppliers)) * 10 * agents / suppliers
    demand = rng.uniform(0.5, 1.5, (count, agents)) * 12
    cost, willingness = rng.uniform(20, 60, (count, suppliers)), rng.uniform(90, 150, (count, agents))
    charge = rng.uniform(0, 10, (count, suppliers, agents))
    room = willingness.min(axis=1)[:, None] - charge.max(axis=(1, 2))[:, None] - cost
    offer = cost + rng.uniform(0.2, 0.8, cost.shape) * room
    return TransportBargain(
        capacity,
        demand,
        cost=cost,
        offer=offer,
        willingness=willingness,
        charge=charge,
        disagreement=fallback(
            capacity, demand, (offer - cost, willingness[:, None] - offer[..., None] - charge)
        ),
        weights=rng.uniform(0.5, 2, (count, suppliers + agents)),
    )


def hidden_weights(players: int, rng: np.random.Generator) -> Array:
    """Bargaining weights to be found again: Dirichlet(3), floored at 0.02, summing to 1, (P,)."""
    drawn = np.maximum(rng.dirichlet(np.full(players, 3.0)), 0.02)
    return np.asarray(drawn / drawn.sum())


def _need(seed: int, intervals: int, agents: int) -> tuple[Array, Array]:
    """What agents need (T, N) and their typical need (N,) [energy]."""
    rng = stream(seed, "need")
    base, swing = rng.uniform(8, 20, agents), rng.uniform(-0.35, 0.35, agents)
    phase, shocks = rng.uniform(0, 2 * np.pi, agents), rng.normal(0, 0.08, (intervals, agents))
    drift = np.zeros(agents)
    wander = np.empty_like(shocks)
    for row, shock in enumerate(shocks):
        drift = 0.8 * drift + shock
        wander[row] = drift
    season, hour = _cycles(intervals)
    factor = 1 + swing * season[:, None] + 0.2 * hour[:, None] * np.cos(phase) + wander
    return np.maximum(1.0, base * factor), base


def _cycles(intervals: int) -> tuple[Array, Array]:
    t = np.arange(intervals)
    return np.sin(2 * np.pi * t / SEASON), np.sin(2 * np.pi * t / HOURS_A_DAY)


def _market(seed: int, need: Array, base: Array, suppliers: int, variant: Variant) -> Market:
    """Claims, suppliers and prices around the need."""
    rng = stream(seed, "market")
    intervals, agents = need.shape
    season, _ = _cycles(intervals)
    claim, bias, noise = _claims(seed, need, season, variant)
    part = base.sum() / suppliers * rng.uniform(0.6, 1.1, suppliers) * (SLACK if variant == "slack" else 1.0)
    weather = np.maximum(0.3, 1 + 0.15 * rng.standard_normal((intervals, suppliers)))
    capacity = part * weather * (1 - 0.15 * season[:, None])
    typical = rng.uniform(20, 60, suppliers)
    cost = typical * np.maximum(0.5, 1 + 0.1 * rng.standard_normal((intervals, suppliers)))
    willingness = np.broadcast_to(rng.uniform(100, 150, agents), need.shape)
    charge = np.broadcast_to(
        rng.uniform(0, DEAREST_LINK, (suppliers, agents)), (intervals, suppliers, agents)
    )
    offer = cost + SPREAD * (willingness.min() - DEAREST_LINK - cost)
    return Market(need, bias, noise, claim, capacity, cost, offer, willingness, charge)


def _claims(seed: int, need: Array, season: Array, variant: Variant) -> tuple[Array, Array, Array]:
    rng, agents = stream(seed, "claims"), need.shape[1]
    bias = np.resize(BIAS, agents)
    if variant == "break":
        half = len(need) // 2
        turned = np.vstack([np.tile(bias, (half, 1)), np.tile(bias[::-1], (len(need) - half, 1))])
        return statements(need, season, rng, bias=turned, least=0.5)
    claim, expected, noise = statements(need, season, rng, least=0.5)
    return (_padded(claim, need), expected, noise) if variant == "reacting" else (claim, expected, noise)


def _padded(claim: Array, need: Array) -> Array:
    """Agent 0 answers a discount: each day it claims more by the part of its claims that was not believed.

    A rule that learns from meters believes in the long run what they say; the agent thus multiplies its
    claim by what it claimed too much so far, at most five times what it would have claimed.
    """
    padded = claim.copy()
    excess = 1.0
    for first in range(0, len(claim), HOURS_A_DAY):
        day = slice(first, first + HOURS_A_DAY)
        padded[day, 0] = claim[day, 0] * np.clip(excess, 1.0, 5.0)
        told, needed = padded[day, 0].mean(), need[day, 0].mean()
        excess = 0.9 * excess + 0.1 * told / needed
    return padded


def _uniform(drawn: Market) -> Market:
    """One price for everybody and no charges: many flows give the same gains."""
    price = drawn.cost.max() + SPREAD * (drawn.willingness.min() - DEAREST_LINK - drawn.cost.max())
    return replace(drawn, offer=np.full_like(drawn.offer, price), charge=np.zeros_like(drawn.charge))
