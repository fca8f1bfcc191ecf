"""How an agent came by its stock in one interval: from whom, by which rule or weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from evenwatt.studies.cascade.config import BARGAIN

if TYPE_CHECKING:
    import polars as pl

    from evenwatt.studies.runs import Run

SAID = {
    "optimal": "everybody with something to trade gained",
    "no_gain": "somebody could not gain, and the others bargained",
    "no_agreement": "no flows gave everybody what it has without an agreement",
    "nothing_to_trade": "there was nothing to trade",
}


@dataclass(frozen=True)
class Stock:
    """An agent's stock in one interval.

    Attributes
    ----------
    rule : str
        Stage one: a claims rule, or ``bargain``.
    suppliers : dict of str to int
        Who delivered how much [Wh].
    status : str or None
        How the talks ended; None by a claims rule, as are the next.
    weight : float or None
        The agent's bargaining weight; all parties' sum to 1.
    stated_wh, agreed_wh : int or None
        What the agent claimed, and what the talks gave it [Wh].
    """

    rule: str
    suppliers: dict[str, int] = field(default_factory=dict)
    status: str | None = None
    weight: float | None = None
    stated_wh: int | None = None
    agreed_wh: int | None = None

    def sentences(self, agent: str) -> list[str]:
        """In words, where the talks decided."""
        if self.status is None or self.weight is None or self.stated_wh is None or self.agreed_wh is None:
            return []
        told = [
            f"{agent} stated {self.stated_wh:,} Wh to the suppliers; in talks by which "
            f"{SAID.get(self.status, self.status)} its weight was {self.weight:.1%} of all and it was to get "
            f"{self.agreed_wh:,} Wh."
        ]
        kept = sum(self.suppliers.values())
        if self.suppliers:
            parts = ", ".join(f"{wh:,} Wh from {supplier}" for supplier, wh in self.suppliers.items())
            told.append(f"Its stock: {parts}.")
        if self.agreed_wh > kept:
            told.append(
                f"Its members did not need {self.agreed_wh - kept:,} Wh of that; it went to the grid."
            )
        return told


def stock_of(run: Run, agent: str, instant: datetime) -> Stock:
    """How ``agent`` came by its stock in the interval that starts at ``instant`` (UTC)."""
    rule = str(run.report.measures["rule_agents"])
    flows = _interval(run, "flows", instant)
    mine = flows.filter(flows["agent"] == agent).sort("wh", "supplier", descending=[True, False])
    suppliers = dict(zip(mine["supplier"].to_list(), mine["wh"].to_list(), strict=True))
    if rule != BARGAIN:
        return Stock(rule, suppliers)
    talks = _interval(run, "talks", instant)
    row = talks.filter(talks["party"] == f"agent:{agent}").row(0, named=True)
    return Stock(rule, suppliers, row["status"], row["weight"], row["brought_wh"], row["agreed_wh"])


def _interval(run: Run, table: str, instant: datetime) -> pl.DataFrame:
    import polars as pl

    day = instant.astimezone(ZoneInfo(run.record["zone"])).date()
    rows = pl.read_parquet(run.folder / table / f"{day}.parquet")
    return rows.filter(rows["interval_start"].dt.epoch("s") == int(instant.timestamp()))
