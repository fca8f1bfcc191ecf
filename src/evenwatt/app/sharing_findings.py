"""The findings of a sharing group's report by name, as its page asks for them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from evenwatt.app.plots.findings import Findings, Row
from evenwatt.app.plots.quantities import money, money_decimals

NOTHING_SHARED = "Nothing was shared: whenever one had a surplus, nobody with a key to it wanted energy."


@dataclass(frozen=True)
class SharingFindings(Findings):
    """A sharing report's parts by name; what is absent is empty, never an error."""

    @property
    def labels(self) -> dict[str, str]:
        """Label of each member."""
        return self.names("members")

    @property
    def pairs(self) -> dict[tuple[str, str], int]:
        """(Producer, consumer) -> energy [Wh]."""
        held: dict[tuple[str, str], int] = defaultdict(int)
        for row in self.table("flows"):
            held[str(row["producer"]), str(row["consumer"])] += int(row["wh"])
        return {pair: wh for pair, wh in held.items() if wh > 0}

    def variants(self, kind: str) -> list[Row]:
        """The variants of one kind that could be tried."""
        return [row for row in self.table("variants") if row.get("kind") == kind and not row.get("skipped")]

    @property
    def is_shared(self) -> bool:
        """Whether anything was shared; a report that does not tell must not say that nothing was."""
        shared = self.measures.get("shared_wh")
        return bool(shared) if shared is not None else True

    def amount(self, measure: str) -> str:
        """A measure of money, written."""
        micro = int(self.measures.get(measure) or 0)
        return money(micro, self.currency, money_decimals([micro]))
