"""What the talks of a period meant: who sold to whom at what price, by which weights, and what each gained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core import units
from evenwatt.core.report import Report
from evenwatt.studies.cascade.bargain import STATUSES
from evenwatt.studies.cascade.config import BARGAIN, BargainConfig
from evenwatt.studies.cascade.findings import Period
from evenwatt.studies.cascade.talks_tally import TalksTally, parties

Array = npt.NDArray[np.float64]
Row = dict[str, Any]

WEIGHTS = {
    "claims": "by what they state or can deliver",
    "equal": "all alike",
    "given": "as given",
    "learned": "by a learned policy",
}
STATEMENTS = {
    "metered": "their members' needs as metered",
    "file": "what statements.csv says",
    "last-week": "what was needed in the same slot a week before",
}


def added(told: Report, period: Period, config: BargainConfig) -> Report:
    """The report of a cascade with what its talks add."""
    tallies = [tally for tally in period.tallies if isinstance(tally, TalksTally)]
    tables = {
        "bargain_links": _links(period),
        "bargain_weights": _weights(period, tallies, config),
        "bargain_status": _statuses(period),
        "bargain_parties": _parties(period),
    }
    measures = _measures(period, tallies, config)
    return replace(
        told,
        summary=[*told.summary[:2], *_summary(period, measures, tables), *told.summary[2:]],
        measures={**told.measures, **measures},
        tables={
            **told.tables,
            "agents": [
                {**row, **more} for row, more in zip(told.tables["agents"], _agents(period), strict=True)
            ],
            **tables,
        },
        notes=[*told.notes, *_notes(measures, config)],
    )


def _measures(period: Period, tallies: Sequence[TalksTally], config: BargainConfig) -> Row:
    return {
        "stage_one": BARGAIN,
        "bargain_weighing": config.weights,
        "bargain_statements": config.statements,
        "certificate_worst": max(tally.certificate for tally in tallies),
        "stated_wh": int(period.total("stated").sum()),
        "allocated_wh": int(period.total("allocated").sum()),
        "returned_wh": int((period.total("allocated") - period.total("flows")).sum()),
        "intervals_unstated": int(period.total("unknown")),
        "network_micro": int(period.total("fee_micro").sum()),
    }


def _agents(period: Period) -> list[Row]:
    """What an agent claimed beyond need, sent back, and keeps."""
    stated, kept = period.total("stated"), period.total("kept_micro")
    back = (period.total("allocated") - period.total("flows")).sum(axis=0)
    return [
        {"stated_wh": int(stated[k]), "returned_wh": int(back[k]), "kept_micro": int(kept[k])}
        for k in range(len(period.community.agents))
    ]


def _links(period: Period) -> list[Row]:
    c, limits = period.community, period.community.limits
    wh, offered, fees, full = (period.total(name) for name in ("flows", "offer_micro", "fee_micro", "full"))
    intervals = int(period.total("intervals"))
    return [
        {
            "supplier": s.id, "agent": a.id, "wh": int(wh[i, j]), "price_per_mwh": _ratio(offered[i, j], wh[i, j]),
            "charge_per_mwh": _ratio(fees[i, j], wh[i, j]),
            "limit_reached_share": _ratio(full[i, j], intervals) if np.isfinite(limits[i, j]) else None,
        }
        for i, s in enumerate(c.suppliers)
        for j, a in enumerate(c.agents)
    ]  # fmt: skip


def _weights(period: Period, tallies: Sequence[TalksTally], config: BargainConfig) -> list[Row]:
    verdict = "learned" if config.weights == "learned" else "fixed"
    return [
        {
            "day": tally.day, "party": party, "weight": float(weight),
            "low": None, "high": None, "verdict": verdict,
        }
        for tally in tallies
        if tally.intervals
        for party, weight in zip(parties(period.community), tally.weights, strict=True)
    ]  # fmt: skip


def _statuses(period: Period) -> list[Row]:
    counted = zip(STATUSES, period.total("statuses"), strict=True)
    return [{"status": status, "intervals": int(number)} for status, number in counted]


def _parties(period: Period) -> list[Row]:
    gains, outside = period.total("gain_micro"), period.total("outside_micro")
    return [
        {"party": party, "gain_micro": int(gains[k]), "disagreement_micro": int(outside[k])}
        for k, party in enumerate(parties(period.community))
    ]


def _summary(period: Period, m: Row, tables: dict[str, list[Row]]) -> list[str]:
    held = {row["status"]: row["intervals"] for row in tables["bargain_status"]}
    if not sum(held.values()):
        return []
    agreed = held["optimal"] + held["no_gain"]
    able = agreed + held["no_agreement"]
    if not able:
        return ["In no interval had suppliers and agents anything to trade."]
    back = (
        f"; {_kwh(m['returned_wh'])} kWh were agreed on and not needed, and went to the grid"
        if m["returned_wh"]
        else ""
    )
    losing = [
        agent.label
        for agent, kept in zip(period.community.agents, period.total("kept_micro"), strict=True)
        if kept < 0
    ]
    told = [
        f"Suppliers and agents agreed in {agreed:,} of {able:,} intervals with something to trade: agents stated "
        f"{_kwh(m['stated_wh'])} kWh and got {_kwh(m['allocated_wh'])} kWh{back}."
    ]
    if losing:
        told.append(
            f"At the local price {', '.join(losing)} {'takes' if len(losing) == 1 else 'take'} less from "
            "members than the talks cost."
        )
    return told


def _notes(m: Row, config: BargainConfig) -> list[str]:
    told = [
        f"stage one: suppliers and agents bargain, weighed {WEIGHTS[config.weights]}; agents state "
        f"{STATEMENTS[config.statements]}; each answer is certified, the worst to "
        f"{m['certificate_worst']:.1e} of the {'sum of gains' if config.transferable else 'weighted log gains'}"
    ]
    if config.transferable:
        told.append(
            "money changes hands beside the prices, through the payee and payer 'bargain': each party's gain is its "
            "weight's share of all"
        )
    if m["intervals_unstated"]:
        told.append(
            f"intervals without a reading a week before, in which needs as metered stood in for statements: "
            f"{m['intervals_unstated']:,}"
        )
    return told


def _ratio(part: Any, whole: Any) -> float | None:
    return float(part / whole) if whole else None


def _kwh(wh: float) -> str:
    return f"{float(units.kwh(wh)):,.1f}"
