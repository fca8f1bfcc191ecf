"""A market as it is written into a history: needs, the claims made of them, suppliers and prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from evenwatt.learning.columns import Array, Column, Times
from evenwatt.learning.history import History

GATE = np.timedelta64(3600, "s")  # claims are stated an hour before the interval
METERED = np.timedelta64(24, "h")  # meters are read a day after it ended

# Of the first six agents: what their claims overstate, and how noisy they are. More agents repeat these.
BIAS = (0.45, 0.0, -0.1, 0.25, 0.0, 0.1)
NOISE = (0.05, 0.25, 0.08, 0.1, 0.3, 0.12)
SEASONAL_BIAS = 0.15

SPREAD = 0.4  # share of the gap between cost and the least willing agent that the offer takes
DEAREST_LINK = 8.0  # [money per energy]
AT_RISK = 0.3  # share of the gains of a proportional division that players keep without a bargain


@dataclass(frozen=True)
class Market:
    """What a history of generated or measured intervals is made of.

    Attributes
    ----------
    need, claim : (T, N)
        What agents need, and what they state [energy].
    bias, noise : (T, N), (N,)
        How claims were made of needs, see :func:`statements` [-].
    capacity, cost, offer : (T, S)
        Of suppliers [energy], [money per energy].
    willingness : (T, N)
        Of agents [money per energy].
    charge : (T, S, N)
        Of links [money per energy].
    disagreement : (T, P), optional
        What players have without a bargain [money].
    """

    need: Array
    bias: Array
    noise: Array
    claim: Array
    capacity: Array
    cost: Array
    offer: Array
    willingness: Array
    charge: Array
    disagreement: Array | None = field(default=None)


def statements(
    need: npt.ArrayLike,
    season: npt.ArrayLike,
    rng: np.random.Generator,
    *,
    bias: npt.ArrayLike | None = None,
    noise: npt.ArrayLike | None = None,
    least: float = 0.0,
) -> tuple[Array, Array, Array]:
    """Claims that over- or understate a need, as the bias model has it.

    ``claim = need (1 + bias + 0.15 season sign(bias) + noise N(0, 1))``, at least ``least``.

    Parameters
    ----------
    need : (T, N)
        What agents need [energy].
    season : (T,)
        From -1 to 1.
    rng : Generator
        Of the noise.
    bias, noise : (N,) or (T, N), optional
        Those of the note's six agents, repeated, when not given.
    least : float
        No claim is smaller [energy].

    Returns
    -------
    claim, bias, noise : (T, N), (T, N), (N,)
        Claims [energy], expected relative overstatement [-] and the noise around it [-].
    """
    needed, year = np.asarray(need, dtype=np.float64), np.asarray(season, dtype=np.float64)
    agents = needed.shape[1]
    level = np.resize(BIAS, agents) if bias is None else np.asarray(bias, dtype=np.float64)
    sigma = np.resize(NOISE, agents) if noise is None else np.asarray(noise, dtype=np.float64)
    expected = np.broadcast_to(level + SEASONAL_BIAS * year[:, None] * np.sign(level), needed.shape)
    stated = needed * (1 + expected + sigma * rng.standard_normal(needed.shape))
    return np.maximum(least, stated), np.array(expected), np.asarray(sigma)


def margins(drawn: Market) -> tuple[Array, Array]:
    """What suppliers gain on a unit (T, S), and agents on a unit of each supplier (T, S, N)."""
    gain = drawn.willingness[:, None, :] - drawn.offer[:, :, None] - drawn.charge
    return drawn.offer - drawn.cost, gain


def fallback(capacity: Array, demand: Array, margins: tuple[Array, Array], share: float = AT_RISK) -> Array:
    """What players have without a bargain: a share of their gains when 30 % flows in proportion, (T, P)."""
    margin, gain = margins
    most = np.maximum(capacity.sum(axis=1), demand.sum(axis=1))[:, None, None]
    flows = 0.3 * capacity[:, :, None] * demand[:, None, :] / most
    gains = np.concatenate([margin * flows.sum(axis=2), (gain * flows).sum(axis=1)], axis=1)
    return np.asarray(share * gains)


def history_of(
    start: Times,
    seconds: int,
    drawn: Market,
    *,
    suppliers: Sequence[str] | None = None,
    agents: Sequence[str] | None = None,
    extra: Mapping[str, Column] | None = None,
) -> History:
    """The history of a market: gates an hour ahead of each interval, meters known a day after it."""
    gate = start - GATE
    metered = start + np.timedelta64(seconds, "s") + METERED
    stated: dict[str, Column] = {
        "capacity": Column(drawn.capacity, "supplier", gate),
        "cost": Column(drawn.cost, "supplier", gate),
        "offer": Column(drawn.offer, "supplier", gate),
        "claim": Column(drawn.claim, "agent", gate),
        "willingness": Column(drawn.willingness, "agent", gate),
        "charge": Column(drawn.charge, "link", gate),
        "metered": Column(drawn.need, "agent", metered),
    }
    if drawn.disagreement is not None:
        stated["disagreement"] = Column(drawn.disagreement, "player", gate)
    sellers = suppliers or [f"s{i + 1}" for i in range(drawn.capacity.shape[1])]
    buyers = agents or [f"a{j + 1}" for j in range(drawn.need.shape[1])]
    return History(start, seconds, sellers, buyers, gate, {**stated, **(extra or {})})
