"""Two other bargains over the same flows: equal shares of the best one could hope for, and equal gains."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport.conic import INTERIOR, highest_gains
from evenwatt.bargaining.transport.outcome import NO_AGREEMENT, NO_GAIN, NOTHING_TO_TRADE, OPTIMAL, Names
from evenwatt.bargaining.transport.polytope import Polytope
from evenwatt.bargaining.transport.problem import Array, TransportBargain
from evenwatt.bargaining.transport.selection import proportional_flows

Flags = npt.NDArray[np.bool_]

HELD = 1e-7  # a floor whose share of the level's price is smaller does not hold it back [-]


@dataclass(frozen=True)
class CompromiseOutcome:
    """What suppliers and agents agree on by a rule that compares their gains.

    Attributes
    ----------
    problem : TransportBargain
        The bargains.
    flows : (..., S, N)
        Who buys how much of whom [energy].
    utilities : (..., P)
        Suppliers first; unique. The disagreement where there is no agreement [money].
    ideal : (..., P)
        The most each could gain while nobody falls below its disagreement [money].
    common : (...)
        What everybody who can gain has at least: the fraction of its ideal gain (Kalai-Smorodinsky), or the
        gain per weight, weights having mean 1 (egalitarian) [- or money].
    status : (...) str
        ``optimal``, ``no_gain`` (somebody cannot gain and keeps its disagreement, the others go on),
        ``no_agreement`` or ``nothing_to_trade``.
    reasons : dict of int to str
        Why a bargain of the flattened batch is not ``optimal``, with the players named.
    """

    problem: TransportBargain
    flows: Array
    utilities: Array
    ideal: Array
    common: Array
    status: Names
    reasons: dict[int, str] = field(default_factory=dict)

    @property
    def gains(self) -> Array:
        """What everybody has beyond its disagreement, (..., P) [money]."""
        return np.asarray(self.utilities - self.problem.disagreement)


def kalai_smorodinsky_flows(problem: TransportBargain) -> CompromiseOutcome:
    """Everybody gains the same fraction of its ideal gain; those who can go on do (weights play no part).

    The fraction is as large as it gets. Where some player's gain can rise further without lowering another's,
    the rule goes on lexicographically: players who hold the others back stay, the fraction of the rest rises,
    until nobody can gain more. Without that step the answer of more than two players may waste energy.

    Parameters
    ----------
    problem : TransportBargain
        The bargains.

    Returns
    -------
    CompromiseOutcome
        Efficient; flows by :func:`proportional_flows` for the totals found.

    Source: Kalai & Smorodinsky 1975, doi:10.2307/1914280; lexicographic: Imai 1983, doi:10.2307/1911997.

    Examples
    --------
    >>> problem = TransportBargain([10, 6], [8, 12], cost=[40, 60], offer=[70, 80], willingness=[120, 110],
    ...                            charge=[[2, 5], [4, 1]])
    >>> found = kalai_smorodinsky_flows(problem)
    >>> found.ideal, found.gains.round(3), found.common
    (array([300., 120., 384., 408.]), array([300.   , 120.   , 292.465, 310.744]), array(0.76162791))
    """
    return _compromise(problem, by_ideal=True)


def egalitarian_flows(problem: TransportBargain) -> CompromiseOutcome:
    """Gains proportional to weights and as large as they get; those who can go on do.

    The first player that cannot gain more would stop all others; here they go on lexicographically until
    nobody can gain more, so that no energy is wasted. Players who cannot gain at all are left aside.

    Parameters
    ----------
    problem : TransportBargain
        The bargains.

    Returns
    -------
    CompromiseOutcome
        Efficient; flows by :func:`proportional_flows` for the totals found.

    Source: Kalai 1977, doi:10.2307/1913954; lexicographic: Imai 1983, doi:10.2307/1911997.

    Examples
    --------
    >>> problem = TransportBargain([10, 6], [8, 12], cost=[40, 60], offer=[70, 80], willingness=[120, 110],
    ...                            charge=[[2, 5], [4, 1]])
    >>> found = egalitarian_flows(problem)
    >>> found.gains.round(3), found.common
    (array([300.   , 120.   , 303.036, 303.036]), array(120.))
    """
    return _compromise(problem, by_ideal=False)


def _compromise(problem: TransportBargain, *, by_ideal: bool) -> CompromiseOutcome:
    flat = problem.flat
    count, s, n = flat.gain.shape
    polytope, weights = Polytope(flat), flat.weights / flat.weights.mean(axis=-1, keepdims=True)
    flows, ideal = np.zeros((count, s, n)), np.zeros((count, s + n))
    common, status, floor = np.zeros(count), [OPTIMAL] * count, 0.0
    for row in range(count):
        status[row], floor = _standing(polytope, row)
        if status[row] != OPTIMAL:
            continue
        ideal[row] = highest_gains(polytope, row, floor=floor)
        can_gain = ideal[row] > INTERIOR * polytope.money[row]
        speed = np.where(can_gain, ideal[row] if by_ideal else weights[row], 0.0)
        flows[row], common[row] = _raised(polytope, row, speed, floor)
        status[row] = NO_GAIN if (_has_link(flat, row) & ~can_gain).any() else OPTIMAL
    names = np.array(status, dtype=np.str_)
    # The programmes end at corners, so any open link might carry more.
    flows = proportional_flows(flat, flows, links=flat.most > 0).flows
    is_agreed = np.isin(names, [OPTIMAL, NO_GAIN])
    utilities = np.where(is_agreed[:, None], flat.utilities(flows), flat.disagreement)
    return CompromiseOutcome(
        problem,
        flows.reshape(problem.gain.shape),
        utilities.reshape(problem.weights.shape),
        ideal.reshape(problem.weights.shape),
        common.reshape(problem.shape),
        names.reshape(problem.shape),
        {
            row: _reason(polytope, row, ideal[row], names[row])
            for row in np.flatnonzero(names != OPTIMAL).tolist()
        },
    )


def _standing(polytope: Polytope, row: int) -> tuple[str, float]:
    """Whether there is anything to trade that can please everybody, and the floor up to rounding, at most 0."""
    problem = polytope.problem
    if not (problem.most[row] > 0).any():
        return NOTHING_TO_TRADE, 0.0
    if (problem.disagreement[row] <= 0).all():
        return OPTIMAL, 0.0  # trading nothing pleases all
    polytope.load(row)
    polytope.floor(np.zeros(problem.players), np.ones(problem.players))
    level = float(polytope.highest_level()[0].x[-1])
    return (OPTIMAL, min(level, 0.0)) if level >= -INTERIOR else (NO_AGREEMENT, 0.0)


def _raised(polytope: Polytope, row: int, speed: Array, least: float) -> tuple[Array, float]:
    """Raise gains in proportion to ``speed`` (P,) [money] until each is held back: flows, and the first level."""
    pace = speed / polytope.money[row]
    floor, rising, levels = np.full(speed.size, least), pace > 0, [0.0]
    polytope.load(row)
    polytope.floor(floor, np.zeros(speed.size))
    found = polytope.highest(np.zeros(polytope.links))
    while rising.any():
        fastest = pace[rising].max()
        step = np.where(rising, pace / fastest, 0.0)
        polytope.floor(floor * ~rising, step)
        found, price = polytope.highest_level()
        levels.append(found.x[-1] / fastest)
        # A price on a floor means that its player holds the level back wherever it is reached.
        held = rising & (price * step > HELD)
        held = held if held.any() else rising
        floor = np.where(held, found.x[-1] * step, floor)
        rising = rising & ~held
    return polytope.flows(found, row), levels[min(1, len(levels) - 1)]


def _has_link(problem: TransportBargain, row: int) -> Flags:
    """Who has something to trade, (P,)."""
    is_open = problem.most[row] > 0
    return np.concatenate([is_open.any(axis=-1), is_open.any(axis=-2)])


def _reason(polytope: Polytope, row: int, ideal: Array, status: str) -> str:
    if status == NOTHING_TO_TRADE:
        return "no link is open between a capacity and a demand"
    if status == NO_AGREEMENT:
        return "no flows give everybody its disagreement utility"
    problem = polytope.problem
    stuck = np.flatnonzero(_has_link(problem, row) & (ideal <= INTERIOR * polytope.money[row]))
    s = problem.suppliers
    return ", ".join(f"supplier {k}" if k < s else f"agent {k - s}" for k in stuck) + " cannot gain"
