"""A report's findings by name, and what a page shows of them: figures and matrices beside tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenwatt.app.plots.duration import points_of

Row = Mapping[str, Any]
NOTHING_SCARCE = "Nothing was scarce: every claim was met in full, under every rule."


@dataclass(frozen=True)
class Figure:
    """A drawing, its title and what to see in it."""

    title: str
    svg: str
    caption: str


@dataclass(frozen=True)
class Findings:
    """A report's parts by name; what is absent is empty, never an error."""

    report: Mapping[str, Any]

    @property
    def measures(self) -> Mapping[str, Any]:
        """Single figures."""
        return self.report.get("measures") or {}

    def table(self, name: str) -> list[Any]:
        """The rows of a table; none where it is absent."""
        return list((self.report.get("tables") or {}).get(name) or [])

    def wh(self, name: str) -> int:
        """One measure of energy [Wh], 0 where absent."""
        return int(self.measures.get(name) or 0)

    @property
    def chosen(self) -> str | None:
        """The case's rule as the tables spell it."""
        marked = [row["rule"] for row in self.table("rules") if row.get("chosen")]
        return marked[0] if marked else self.measures.get("rule")

    @property
    def currency(self) -> str:
        """Code of the case's currency."""
        return str(self.measures.get("currency") or "")

    @property
    def minutes(self) -> float:
        """Length of an interval."""
        return float(self.measures.get("interval_seconds") or 900) / 60

    @property
    def is_scarce(self) -> bool:
        """Whether any interval was contested; a report that does not tell must not say that all was well."""
        contested = self.measures.get("intervals_contested")
        if contested is not None:
            return bool(contested)
        if "unserved_wh" in self.measures:
            return self.wh("unserved_wh") > 0
        points = points_of(self.table("shortage_duration"))
        return not points or points[0][1] > 0

    @property
    def is_contested_only(self) -> bool:
        """Whether the rules' tables look at contested intervals alone: elsewhere rules agree."""
        return any("contested_award_wh" in row for row in self.table("awards")[:1])

    @property
    def rules(self) -> list[Row]:
        """The rules that ran."""
        return [row for row in self.table("rules") if not row.get("skipped")]

    @property
    def agents(self) -> list[str]:
        """Agent ids in the order of their table, or of the members."""
        ids = [str(row["id"]) for row in self.table("agents")]
        return list(
            dict.fromkeys([*ids, *(str(m["agent"]) for m in self.table("members") if m.get("agent"))])
        )

    def position(self, agent: str) -> int:
        """Which place in the order of agents fixes this agent's colour."""
        return self.agents.index(agent) if agent in self.agents else len(self.agents)

    def names(self, table: str) -> dict[str, str]:
        """Label of each id of a table."""
        return {str(row["id"]): str(row.get("label") or row["id"]) for row in self.table(table)}
