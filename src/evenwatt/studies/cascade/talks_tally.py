"""What a day of talks leaves behind: sums for the report, and a row for every interval and party."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from evenwatt.studies.cascade.bargain import STATUSES, Bargained
from evenwatt.studies.cascade.community import Community
from evenwatt.studies.cascade.settlement import Payments
from evenwatt.studies.cascade.tally import Tally

if TYPE_CHECKING:
    import polars as pl

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TalksTally(Tally):
    """Sums of one day whose stage one was a bargain: suppliers S, agents A, parties S + A.

    Energies [Wh], money [micro-units]. ``unknown`` counts the intervals in which needs as metered stood in
    for a statement that could not be made.
    """

    statuses: Whole  # (4,) intervals by status
    certificate: float  # the worst of the day
    unknown: int
    stated: Whole  # (A,)
    allocated: Whole  # (S, A)
    weights: Array  # (S + A,) mean of the day
    gain_micro: Whole  # (S + A,) of what was delivered
    outside_micro: Whole  # (S + A,)
    offer_micro: Whole  # (S, A) agent to supplier
    fee_micro: Whole  # (S, A) agent to network
    full: Whole  # (S, A) intervals in which the limit was reached
    kept_micro: Whole  # (A,)


def bargained_tally(tally: Tally, agreed: Bargained, paid: Payments, kept: Whole) -> TalksTally:
    """A day's sums with those of its talks."""
    steps = len(agreed.status)
    nothing = np.zeros(agreed.allocated.shape[1:], dtype=np.int64)
    return TalksTally(
        **vars(tally),
        statuses=np.array([(agreed.status == status).sum() for status in STATUSES], dtype=np.int64),
        certificate=float(agreed.certificate.max(initial=0.0)),
        unknown=agreed.stated.unknown,
        stated=agreed.stated.wh.sum(axis=0),
        allocated=agreed.allocated.sum(axis=0),
        weights=agreed.weights.sum(axis=0) / max(steps, 1),
        gain_micro=np.rint(agreed.gains.sum(axis=0)).astype(np.int64),
        outside_micro=np.rint(agreed.outside.sum(axis=0)).astype(np.int64),
        offer_micro=paid.agents.sum(axis=0),
        fee_micro=nothing if paid.network is None else paid.network.sum(axis=0),
        full=(agreed.allocated >= agreed.conditions.limit).sum(axis=0),
        kept_micro=kept,
    )


def talks_table(start: npt.NDArray[np.datetime64], community: Community, agreed: Bargained) -> pl.DataFrame:
    """One row an interval and party: what it had or claimed, weighed, agreed to, delivered or kept, gained."""
    import polars as pl

    suppliers, agents = len(community.suppliers), len(community.agents)
    brought = np.concatenate([agreed.supply, agreed.stated.wh], axis=1)
    moved = [
        np.concatenate([flows.sum(axis=2), flows.sum(axis=1)], axis=1)
        for flows in (agreed.allocated, agreed.flows)
    ]
    return pl.DataFrame(
        {
            "interval_start": np.repeat(start.astype("datetime64[ms]"), suppliers + agents),
            "party": parties(community) * len(start),
            "status": np.repeat(agreed.status, suppliers + agents).tolist(),
            "weight": agreed.weights.ravel(),
            "brought_wh": brought.ravel(),
            "agreed_wh": moved[0].ravel(),
            "delivered_wh": moved[1].ravel(),
            "gain_micro": np.rint(agreed.gains).astype(np.int64).ravel(),
        },
        schema={
            "interval_start": pl.Datetime("ms"), "party": pl.String, "status": pl.String, "weight": pl.Float64,
            "brought_wh": pl.Int64, "agreed_wh": pl.Int64, "delivered_wh": pl.Int64, "gain_micro": pl.Int64,
        },
    )  # fmt: skip


def parties(community: Community) -> list[str]:
    """``supplier:ID`` of all suppliers, then ``agent:ID`` of all agents."""
    return [*(f"supplier:{s.id}" for s in community.suppliers), *(f"agent:{a.id}" for a in community.agents)]
