"""The findings of a microgrid's report by name, as its page asks for them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from evenwatt.app.plots.findings import Findings, Row
from evenwatt.app.plots.quantities import money, money_decimals
from evenwatt.app.plots.savings import Gain
from evenwatt.app.plots.trades import pairs_of

NOTHING_TRADED = "Nothing was traded inside: at no time did one member’s surplus meet another’s deficit."


@dataclass(frozen=True)
class MicrogridFindings(Findings):
    """A microgrid report's parts by name; what is absent is empty, never an error."""

    @property
    def chosen(self) -> str | None:
        """The case's money rule as the tables spell it."""
        marked = [str(row["rule"]) for row in self.table("money") if row.get("chosen")]
        return marked[0] if marked else self.measures.get("money_rule")

    @property
    def rules(self) -> list[Row]:
        """The money rules that ran, the case's first."""
        ran = [row for row in self.table("money") if not row.get("skipped")]
        return sorted(ran, key=lambda row: row["rule"] != self.chosen)

    @property
    def case_rule(self) -> Row:
        """The row of the case's money rule; empty where it is absent."""
        return next((row for row in self.rules if row["rule"] == self.chosen), {})

    @property
    def titles(self) -> dict[str, str]:
        """Name in words of each money rule."""
        return {str(row["rule"]): str(row.get("title") or row["rule"]) for row in self.table("money")}

    @property
    def labels(self) -> dict[str, str]:
        """Label of each member."""
        return self.names("members")

    @property
    def pairs(self) -> dict[tuple[str, str], int]:
        """(Seller, buyer) -> energy [Wh]."""
        return pairs_of(self.table("flows"))

    @property
    def gains(self) -> dict[str, dict[str, Gain]]:
        """Rule -> member -> saving, rules in the order of their table."""
        held: dict[str, dict[str, Gain]] = defaultdict(dict)
        for row in self.table("gains"):
            micro = row.get("gain_micro")
            if micro is not None:
                low, high = (row.get(key) for key in ("low_micro", "high_micro"))
                ends = (micro if low is None else low, micro if high is None else high)
                held[str(row["rule"])][str(row["member"])] = Gain(micro, *ends)
        order = [str(row["rule"]) for row in self.rules]
        known = [rule for rule in order if rule in held]
        return {rule: held[rule] for rule in (*known, *(r for r in held if r not in order))}

    def sureness(self, row: Row) -> str:
        """How sure a rule's shares are: exact, with intervals, or approximate without one; empty if not told."""
        if row.get("exact") is None:
            return ""
        if row["exact"]:
            return "exact"
        shares = self.gains.get(str(row.get("rule")), {}).values()
        return "approximate" if all(gain.is_exact for gain in shares) else "with 95 % intervals"

    @property
    def is_traded(self) -> bool:
        """Whether anything was traded; a report that does not tell must not say that nothing was."""
        traded = self.measures.get("traded_wh")
        return bool(traded) if traded is not None else True

    def amount(self, measure: str) -> str:
        """A measure of money, written."""
        micro = int(self.measures.get(measure) or 0)
        return money(micro, self.currency, money_decimals([micro]))
