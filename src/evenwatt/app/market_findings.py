"""The findings of a market's report by name, as its page asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any

from evenwatt.app.plots.findings import Findings, Row
from evenwatt.app.plots.honesty import mechanism_title
from evenwatt.app.plots.quantities import money, money_decimals
from evenwatt.app.plots.time_axis import moment, zone_of
from evenwatt.app.plots.values import value

DAY_MINUTES = 1440


@dataclass(frozen=True)
class MarketFindings(Findings):
    """A market report's parts by name; what is absent is empty, never an error."""

    def has(self, table: str) -> bool:
        """Whether the report holds the table, be it without rows."""
        return (self.report.get("tables") or {}).get(table) is not None

    def figure(self, name: str) -> float | None:
        """A measure that can be written as a number; None where it is absent, null or not finite."""
        return value(self.measures, name)

    @property
    def chosen(self) -> str | None:
        """The mechanism of the local market."""
        name = self.measures.get("local_mechanism")
        return None if name is None else str(name)

    @property
    def minutes(self) -> float:
        """Length of a step."""
        return DAY_MINUTES / (value(self.measures, "steps_a_day") or 96)

    @cached_property
    def zone(self) -> tzinfo | None:
        """The time zone in which days are told."""
        return zone_of(str(self.measures.get("timezone") or ""))

    def day_of(self, row: Row) -> str:
        """The local day of a step as an ISO date."""
        held = moment(row.get("start"), self.zone)
        return held.date().isoformat() if isinstance(held, datetime) else str(row.get("start"))[:10]

    @cached_property
    def control(self) -> Mapping[str, Any] | None:
        """Measures of the same seed without intervention, where that was run."""
        held = self.measures.get("control")
        return held if isinstance(held, Mapping) else None

    @cached_property
    def labels(self) -> dict[str, str]:
        """Name of each agent, by its id and by its number across roles."""
        rows = self.table("agents")
        numbered = {str(k): str(row.get("label") or row.get("id")) for k, row in enumerate(rows)}
        return numbered | {str(row.get("id")): str(row.get("label") or row.get("id")) for row in rows}

    @property
    def mechanisms(self) -> list[Row]:
        """The mechanisms that were tried, the case's first."""
        named = self.labels
        tried = [
            {**row, "misreport_who": named.get(str(row["misreport_who"]), row["misreport_who"])}
            if row.get("misreport_who")
            else row
            for row in self.table("mechanisms")
            if not row.get("note")
        ]
        return sorted(tried, key=lambda row: row.get("mechanism") != self.chosen)

    @property
    def titles(self) -> dict[str, str]:
        """Name in words of each mechanism."""
        return {str(row["mechanism"]): mechanism_title(row) for row in self.table("mechanisms")}

    def amount(self, micro: float) -> str:
        """An amount of money, written."""
        return money(micro, self.currency, money_decimals([micro]))
