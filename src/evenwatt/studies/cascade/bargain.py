"""Stage one as a bargain: suppliers and agents agree on flows, and what nobody needs goes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from evenwatt.bargaining.transport.problem import TransportBargain
from evenwatt.core import exact
from evenwatt.studies.cascade.conditions import Conditions
from evenwatt.studies.cascade.problem import DayProblem, Stage
from evenwatt.studies.cascade.statements import Stated
from evenwatt.studies.cascade.weighing import Weighed
from evenwatt.studies.cascade.whole_flows import whole_flows

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Names = npt.NDArray[np.str_]
Flags = npt.NDArray[np.bool_]

STATUSES = ("optimal", "no_gain", "no_agreement", "nothing_to_trade")


@dataclass(frozen=True)
class Bargained:
    """A day's talks of S suppliers and A agents; parties are the suppliers, then the agents.

    Attributes
    ----------
    conditions : Conditions
        Prices, links, and what everybody has without an agreement.
    supply : (T, S) int64
        What suppliers could deliver [Wh].
    stated : Stated
        What agents claimed.
    taken : (T, A) int64
        The most that agents could get: what they claimed, or what a learned policy made of it [Wh].
    weights : (T, S + A)
        Bargaining weights, summing to 1.
    allocated, flows : (T, S, A) int64
        What was agreed, and what of it agents' members need: the rest goes back [Wh].
    gains, outside : (T, S + A)
        What was delivered is worth beyond the outside trade, transfers included, and that trade [micro-units].
    transfers : (T, S + A) int64 or None
        Money that changes hands beside the prices, received is positive, summing to 0 [micro-units].
    certificate : (T,)
        By how much the weighted sum of log gains could at most be higher; with transfers, the sum of gains, in
        parts of itself.
    status : (T,) str
        One of :data:`STATUSES`.
    residue : (2, S, A)
        What rounding owes to the next day: on agreed flows, and on what is kept of them [Wh].
    """

    conditions: Conditions
    supply: Whole
    stated: Stated
    taken: Whole
    weights: Array
    allocated: Whole
    flows: Whole
    gains: Array
    outside: Array
    transfers: Whole | None
    certificate: Array
    status: Names
    residue: Array

    @property
    def stage(self) -> Stage:
        """As a division of the pool among the agents."""
        return Stage(self.allocated.sum(axis=1).astype(np.float64), self.flows.sum(axis=1), self.residue)

    @property
    def returned(self) -> Whole:
        """What was agreed and is not needed, (T, S, A) [Wh]."""
        return np.asarray(self.allocated - self.flows)


@dataclass(frozen=True)
class Talks:
    """How talks are held: ``grade`` of the solution, and whether money moves beside the prices."""

    grade: Literal["learning", "settlement"] = "settlement"
    transferable: bool = False


def bargain(
    problem: DayProblem,
    conditions: Conditions,
    stated: Stated,
    weighed: Weighed,
    talks: Talks,
    residue: Array,
) -> Bargained:
    """Let suppliers and agents bargain over every interval of a day, as one batch.

    Parameters
    ----------
    problem : DayProblem
        The day: what suppliers have, what agents' members need.
    stated : Stated
        What agents claim; a learned policy may cap it [Wh].
    residue : (2, S, A)
        What rounding owes from before [Wh].
    """
    most = stated.wh if weighed.caps is None else np.floor(weighed.caps).astype(np.int64)
    talk = conditions.problem(problem.supply, most, weighed.weights)
    agreed = _agreed(talk, talks)
    allocated, owed = whole_flows(agreed.flows, problem.supply, most, conditions.limit, residue[0])
    flows, kept = _needed(allocated, problem.asked, residue[1])
    gains, transfers = talk.utilities(flows), None
    if talks.transferable:
        takes_part = np.concatenate([problem.supply, most], axis=1) > 0
        transfers = _transfers(gains, talk.weights, takes_part)
    return Bargained(
        conditions=conditions,
        supply=problem.supply,
        stated=stated,
        taken=most,
        weights=weighed.weights / weighed.weights.sum(axis=1, keepdims=True),
        allocated=allocated,
        flows=flows,
        gains=gains if transfers is None else gains + transfers,
        outside=conditions.outside(problem.supply, most),
        transfers=transfers,
        certificate=agreed.certificate,
        status=agreed.status,
        residue=np.stack([owed, kept]),
    )


class _Agreed(NamedTuple):
    """Flows (T, S, A) [Wh], certificate (T,) and status (T,)."""

    flows: Array
    certificate: Array
    status: Names


def _agreed(talk: TransportBargain, talks: Talks) -> _Agreed:
    if talk.shape[0] == 0:
        none = np.zeros(0)
        return _Agreed(np.zeros(talk.limit.shape), none, none.astype(np.str_))
    if talks.transferable:
        from evenwatt.bargaining.transport.transferable import solve_with_transfers

        free = solve_with_transfers(talk)
        return _Agreed(free.flows, np.maximum(free.certificate, 0.0) / (1 + free.surplus), free.status)
    from evenwatt import bargaining

    found = bargaining.solve(talk, grade=talks.grade)
    return _Agreed(found.flows, found.certificate, found.status)


def _transfers(gains: Array, weights: Array, takes_part: Flags) -> Whole:
    """Money that leaves each party with its weight's share of what all gain together, (T, S + A) [micro-units].

    It is settled on what was delivered; who has nothing to trade takes no part.
    """
    shares = np.where(takes_part, weights, 0.0)
    total = shares.sum(axis=1, keepdims=True)
    shares = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)
    gained = gains.sum(axis=1, keepdims=True)
    return exact.vector(shares * gained - gains, np.zeros(len(gains), dtype=np.int64))


def _needed(allocated: Whole, needs: Whole, residue: Array) -> tuple[Whole, Array]:
    """What agents keep of their allocation, whole and in proportion to who delivers, (T, S, A) [Wh]."""
    from evenwatt.engine.carry import carried

    held = allocated.sum(axis=1)
    kept = np.minimum(held, needs)
    share = np.divide(kept, held, out=np.zeros(held.shape), where=held > 0)
    flows, owed = np.empty_like(allocated), np.empty_like(residue)
    for a in range(held.shape[1]):
        flows[:, :, a], owed[:, a] = carried(
            allocated[:, :, a] * share[:, a, None], kept[:, a], residue[:, a]
        )
    return flows, owed
