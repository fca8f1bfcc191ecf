"""What suppliers and agents agreed on, with the multipliers that prove it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport.problem import Array, TransportBargain

Names: TypeAlias = npt.NDArray[np.str_]

# What kind of answer a bargain has; `TransportOutcome.reasons` says why it is not the first.
OPTIMAL = "optimal"
NO_GAIN = "no_gain"
NO_AGREEMENT = "no_agreement"
NOTHING_TO_TRADE = "nothing_to_trade"


@dataclass(frozen=True)
class Multipliers:
    """What one more unit would add to the weighted log of the gains: the prices of the constraints.

    Attributes
    ----------
    capacity : (..., S)
        Of each supplier's capacity [1 per energy].
    demand : (..., N)
        Of each agent's demand [1 per energy].
    limit : (..., S, N)
        Of each link's limit; 0 where it is infinite [1 per energy].
    flow : (..., S, N)
        What forcing a unit onto a link would cost; 0 where something flows [1 per energy].
    """

    capacity: Array
    demand: Array
    limit: Array
    flow: Array


@dataclass(frozen=True)
class TransportOutcome:
    """The Nash bargaining solution of every bargain of a batch, with its proof.

    Attributes
    ----------
    problem : TransportBargain
        The bargains.
    flows : (..., S, N)
        Who buys how much of whom [energy].
    utilities : (..., P)
        Suppliers first; the disagreement where there is no agreement [money].
    multipliers : Multipliers
        Zero where there is no agreement.
    certificate : (...)
        By how much at most the weighted sum of log gains (weights summing to 1) could be higher: an upper
        bound from the multipliers, computed apart from the solver, less what the flows reach. 0 where
        nothing is left to choose.
    status : (...) str
        ``optimal``: everybody with something to trade gains. ``no_gain``: somebody cannot gain and stays
        where it is, the others bargain. ``no_agreement``: no flows give everybody its disagreement utility.
        ``nothing_to_trade``: no capacity, no demand, or no link that serves both ends.
    method : (...) str
        ``closed form``, ``interior point``, ``active set`` (settlement grade), ``conic`` or ``none``.
    reasons : dict of int to str
        Why a bargain of the flattened batch is not ``optimal``, with the players named.
    """

    problem: TransportBargain
    flows: Array
    utilities: Array
    multipliers: Multipliers
    certificate: Array
    status: Names
    method: Names
    reasons: dict[int, str] = field(default_factory=dict)

    @property
    def gains(self) -> Array:
        """What everybody has beyond its disagreement, (..., P) [money]."""
        return np.asarray(self.utilities - self.problem.disagreement)

    @property
    def sold(self) -> Array:
        """What each supplier sells, (..., S) [energy]."""
        return np.asarray(self.flows.sum(axis=-1))

    @property
    def bought(self) -> Array:
        """What each agent buys, (..., N) [energy]."""
        return np.asarray(self.flows.sum(axis=-2))

    @property
    def residual(self) -> Array:
        """By how much the optimality conditions are missed, (...): the worst of all, in scaled numbers.

        Energies are in units of the bargain's mean capacity and demand, multipliers per such unit: rows and limits
        exceeded, slopes of the log of the gains not met by multipliers, products of slacks and multipliers. 0 where
        nothing was bargained over.
        """
        p, m = self.problem, self.multipliers
        s = p.suppliers
        held = np.concatenate([p.capacity, p.demand], axis=-1)
        size = np.maximum(held.mean(axis=-1), 1e-300)
        left = held - np.concatenate([self.sold, self.bought], axis=-1)
        prices = np.concatenate([m.capacity, m.demand], axis=-1)
        playing = (self.gains > 0) & (self.method != "none")[..., None]
        weights = np.where(playing, p.weights, 0.0)
        total = weights.sum(axis=-1, keepdims=True)
        weights = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
        curve = np.divide(weights, self.gains, out=np.zeros_like(weights), where=weights > 0)
        worth = p.margin[..., :, None] * curve[..., :s, None] + p.gain * curve[..., None, s:]
        worth = worth - m.capacity[..., :, None] - m.demand[..., None, :] - m.limit + m.flow
        room = np.where(np.isfinite(p.limit), p.limit - self.flows, 0.0)
        # Links on which somebody who cannot gain would lose are closed to all.
        closed = (~playing[..., :s, None] & (p.margin < 0)[..., None]) | (
            ~playing[..., None, s:] & (p.gain < 0)
        )
        linked = (p.most > 0) & ~closed
        parts = [
            np.maximum(-left, 0.0).max(axis=-1, initial=0.0) / size,
            np.maximum(-room, 0.0).max(axis=(-1, -2), initial=0.0) / size,
            (np.abs(worth) * linked).max(axis=(-1, -2), initial=0.0) * size,
            np.abs(prices * left).max(axis=-1, initial=0.0),
            np.abs(m.flow * self.flows).max(axis=(-1, -2), initial=0.0),
            np.abs(m.limit * room).max(axis=(-1, -2), initial=0.0),
        ]
        return np.where(self.method == "none", 0.0, np.max(parts, axis=0))
