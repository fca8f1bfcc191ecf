"""Why did I get this? One member, one interval, every rule's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from evenwatt.core.report import plain
from evenwatt.studies import moments
from evenwatt.studies.cascade import problem as cascade
from evenwatt.studies.cascade.explain_stock import Stock, stock_of
from evenwatt.studies.division import Division, division, every

if TYPE_CHECKING:
    import polars as pl

    from evenwatt.studies.runs import Run


@dataclass(frozen=True)
class Explanation:
    """What a statement says of one award.

    Attributes
    ----------
    member, label, agent, rule : str
    interval_start, local_start : str
        Start of the interval in UTC and on the member's clock.
    load_wh, own_use_wh, claim_wh, award_wh : int
        What the member used, covered itself, asked for, and got [Wh].
    stock_wh, group_claim_wh, group : int
        What its agent had, what its group asked for together [Wh], and how many asked.
    contested : bool
        Whether the rule had anything to decide.
    detail : dict
        The level at which claims were cut, and the side of half the claims.
    others : dict of str to float
        What each rule would have given, before rounding [Wh].
    stock : Stock
        How its agent came by what it had.
    sentences : sequence of str
        The answer in words.
    """

    member: str
    label: str
    agent: str
    rule: str
    interval_start: str
    local_start: str
    load_wh: int
    own_use_wh: int
    claim_wh: int
    award_wh: int
    stock_wh: int
    group_claim_wh: int
    group: int
    contested: bool
    detail: dict[str, Any]
    others: dict[str, float]
    stock: Stock
    sentences: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        held: dict[str, Any] = plain(asdict(self))
        return held


def explain(run: Run, member: str, time: str) -> Explanation:
    """Recompute one interval of a run for one member.

    Parameters
    ----------
    run : Run
        A finished run in its case folder.
    member : str
        Id or label of the member.
    time : str
        Any instant within the interval, ISO 8601; without an offset it is read in the case's zone.

    Raises
    ------
    CaseError
        If the member, or a reading at that time, does not exist; says what there is.
    """
    instant, rows, label, mine = moments.asked(run, member, time)
    group = rows.filter(rows["agent"] == mine["agent"])
    return _explanation(run, mine, label, group, instant)


def _explanation(
    run: Run, mine: dict[str, Any], label: str, group: pl.DataFrame, instant: datetime
) -> Explanation:
    claims = group["claim_wh"].to_numpy()
    stock = int(mine["stock_wh"])
    place = group["member"].to_list().index(mine["member"])
    chosen = division(run.report.measures["rule"])
    contested = bool(cascade.contested(np.array([stock]), claims[None, :])[0])
    others = _others(run, chosen, stock, group, place, instant)
    detail = {}
    if (
        contested
        and chosen.rule is not None
        and chosen.rule.detail is not None
        and ":" not in chosen.spelling
    ):
        detail = chosen.rule.detail(np.float64(stock), claims.astype(np.float64))
    local = instant.astimezone(ZoneInfo(run.record["zone"]))
    answer = Explanation(
        member=mine["member"], label=label, agent=mine["agent"], rule=chosen.spelling,
        interval_start=instant.strftime("%Y-%m-%dT%H:%M:%SZ"), local_start=local.isoformat(),
        load_wh=mine["load_wh"], own_use_wh=mine["own_use_wh"], claim_wh=mine["claim_wh"],
        award_wh=mine["award_wh"], stock_wh=stock, group_claim_wh=int(claims.sum()),
        group=int((claims > 0).sum()), contested=contested, detail=detail, others=others,
        stock=stock_of(run, mine["agent"], mine["interval_start"].replace(tzinfo=UTC)), sentences=(),
    )  # fmt: skip
    return Explanation(**{**vars(answer), "sentences": _sentences(answer, chosen)})


def _others(
    run: Run, chosen: Division, stock: int, group: pl.DataFrame, place: int, instant: datetime
) -> dict[str, float]:
    claims = group["claim_wh"].to_numpy()
    given = {}
    for held in {d.spelling: d for d in (chosen, *every())}.values():
        if held.refusal(len(claims)) is None:
            weights = _weights(run, held, group, instant)
            awards = cascade.divide(np.array([stock]), claims[None, :], held, weights)
            given[held.spelling] = round(float(awards[0, place]), 6)
    return given


def _weights(run: Run, held: Division, group: pl.DataFrame, instant: datetime) -> Any:
    if held.weights is None:
        return None
    case = run.case
    column = case.community.column(held.weights, instant.astimezone(ZoneInfo(case.config.timezone)).date())
    place = {member: k for k, member in enumerate(case.community.members)}
    return column[[place[member] for member in group["member"]]]


def _sentences(answer: Explanation, chosen: Division) -> list[str]:
    a = answer
    first = (
        f"From {a.local_start} {a.label} used {a.load_wh:,} Wh, covered {a.own_use_wh:,} Wh itself "
        f"and so asked agent {a.agent} for {a.claim_wh:,} Wh."
    )
    if a.claim_wh == 0:
        return [first, "It asked for nothing, so it got nothing from the pool."]
    came = a.stock.sentences(a.agent)
    if a.stock_wh == 0:
        return [
            first,
            *came,
            f"The pool gave {a.agent} nothing in this interval, so no rule had anything to divide.",
        ]
    if a.stock_wh >= a.group_claim_wh:
        return [
            first,
            *came,
            f"{a.agent} held enough for all ({a.stock_wh:,} Wh), so the claim was met in full.",
        ]
    second = (
        f"{a.agent} held {a.stock_wh:,} Wh for {a.group} claims of {a.group_claim_wh:,} Wh together; "
        f"{chosen.title} awarded {a.award_wh:,} Wh, {a.award_wh / a.claim_wh:.0%} of the claim."
    )
    told = [first, *came, second]
    if a.detail.get("sentence"):
        words = str(a.detail["sentence"])
        told.append(f"That is: {words}.")
    other = {rule: wh for rule, wh in a.others.items() if rule != a.rule}
    if other:
        low, high = min(other, key=lambda rule: other[rule]), max(other, key=lambda rule: other[rule])
        told.append(
            f"Other rules would have given from {other[low]:,.1f} Wh ({low}) to {other[high]:,.1f} Wh ({high})."
        )
    told.append("Awards are whole Wh; what rounding takes in one interval it gives back in a later one.")
    return told
