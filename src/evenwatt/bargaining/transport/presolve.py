"""Who takes part: links that serve nobody are closed, players who cannot gain leave the product of gains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport.outcome import NO_AGREEMENT, NO_GAIN, NOTHING_TO_TRADE, OPTIMAL, Names
from evenwatt.bargaining.transport.problem import Array, TransportBargain

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Parties:
    """What can be said of a batch without solving it.

    Attributes
    ----------
    is_open : (B, S, N)
        Links on which something may flow.
    playing : (B, P)
        Players whose gain stands in the product.
    stuck : (B, P)
        Players with something to trade who cannot gain.
    status : (B,) str
        As far as it is known.
    """

    is_open: Flags
    playing: Flags
    stuck: Flags
    status: Names


def parties(problem: TransportBargain) -> Parties:
    """Look at one batch: ends without capacity or demand, margins and gains that are not above zero.

    A player with no link left keeps its utility at zero: that is fine below zero disagreement, no gain at it, and no
    agreement above it. Closing its links may leave others without any, so this goes on until nothing changes.
    """
    margin, gain, point = problem.margin, problem.gain, problem.disagreement
    s = problem.suppliers
    is_open = problem.most > 0
    offered = np.concatenate([problem.capacity > 0, problem.demand > 0], axis=-1)
    # At a disagreement of zero who loses on every unit trades nothing; below it may, above it cannot.
    neutral = point == 0
    losing = neutral[:, :s] & (margin < 0)
    is_open &= ~losing[:, :, None]
    while True:
        best = np.where(is_open, gain, -np.inf).max(axis=1, initial=-np.inf)
        # An agent that gains on no link closes those it loses on; those at zero may stay.
        shut = is_open & (neutral[:, s:] & (best <= 0))[:, None, :] & (gain < 0)
        if not shut.any():
            break
        is_open &= ~shut
    linked = np.concatenate([is_open.any(axis=2), is_open.any(axis=1)], axis=-1)
    can_gain = np.concatenate([margin > 0, best > 0], axis=-1)
    idle = ~linked | (neutral & ~can_gain)
    refused = (idle & (point > 0)).any(axis=-1)
    stuck = idle & neutral & offered
    playing = ~idle & ~refused[:, None]
    is_open &= ~refused[:, None, None]
    traded = is_open.any(axis=(1, 2)) & playing.any(axis=-1)
    status = np.select(
        [refused, ~traded, (stuck & traded[:, None]).any(axis=-1)],
        [NO_AGREEMENT, NOTHING_TO_TRADE, NO_GAIN],
        default=OPTIMAL,
    )
    return Parties(is_open & traded[:, None, None], playing & traded[:, None], stuck, status)


def weights_of(problem: TransportBargain, playing: Flags) -> Array:
    """Weights of those who play, summing to 1 in each row; 0 for the others."""
    held = np.where(playing, problem.weights, 0.0)
    total = held.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(held, total, out=np.zeros_like(held), where=total > 0))


def told(problem: TransportBargain, row: int, players: npt.NDArray[np.intp]) -> str:
    """Players of a bargain in words."""
    s = problem.suppliers
    names = [f"supplier {k}" if k < s else f"agent {k - s}" for k in players.tolist()]
    return ", ".join(names)
