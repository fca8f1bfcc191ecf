"""The findings of training, evaluation and simulation by name, as their pages ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evenwatt.app.plots.discounts import CLAIM, NEED
from evenwatt.app.plots.findings import Findings, Row
from evenwatt.app.plots.regrets import BASELINE, LEARNED, best, ranked, title_of

SIMPLE_WINS = "baseline wins"
ON_NEEDS = "demand-learned"  # the policy that asks a demand model first


def plainly(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """The report with the sentence first that says a simple baseline wins, if one does."""
    told = [str(sentence) for sentence in report.get("summary") or []]
    return {**report, "summary": sorted(told, key=lambda sentence: SIMPLE_WINS not in sentence)}


@dataclass(frozen=True)
class LearningFindings(Findings):
    """A learning report's parts by name; what is absent is empty, never an error."""

    @property
    def titles(self) -> dict[str, str]:
        """Name of each rule."""
        return {str(row["rule"]): title_of(row) for row in self.table("regret")}

    @property
    def order(self) -> list[str]:
        """Rules, least regret first."""
        return [str(row["rule"]) for row in ranked(self.table("regret"))]

    @property
    def learned(self) -> Row | None:
        """The learned rule with the least regret."""
        return best(self.table("regret"), LEARNED)

    @property
    def baseline(self) -> Row | None:
        """The baseline with the least regret; foresight is none."""
        return best(self.table("regret"), BASELINE)

    @property
    def best_learned(self) -> str | None:
        """Its id, to be set off wherever it appears."""
        return None if self.learned is None else str(self.learned["rule"])

    @property
    def asked(self) -> str:
        """What a trained policy multiplies: claims, or the needs predicted from them."""
        return NEED if self.measures.get("rule") == ON_NEEDS else CLAIM

    @property
    def scenarios(self) -> dict[str, str]:
        """Name of each scenario."""
        rows = self.table("scenarios")
        return {str(row["scenario"]): str(row.get("title") or row["scenario"]) for row in rows}
