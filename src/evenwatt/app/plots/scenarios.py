"""What would happen under other circumstances: each scenario and rule with the interval over its draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evenwatt.app.plots.axes import Ticks, decimals_of, money_ticks, percent_ticks, round_ticks
from evenwatt.app.plots.drawing import statement
from evenwatt.app.plots.interval_rows import DOT, Axis, Held, interval_rows
from evenwatt.app.plots.quantities import energy, grouped, money, money_decimals, percent
from evenwatt.app.plots.rule_inks import rule_inks
from evenwatt.app.plots.values import Row, capital, value, values

NOTHING = "No scenario was drawn."
MOST_ROWS = 60
SAME = 1e-5  # means that differ by less, relative to one and their size, are the same


@dataclass(frozen=True)
class Measure:
    """A measure of a scenario: its column, its name, how it is written, and whether more of it is better."""

    key: str
    currency: str = ""

    @property
    def name(self) -> str:
        """What it is called, with its unit."""
        known = {
            "served_share": "Share of claims served [%]",
            "worst_coverage": "Coverage of the worst-served member [%]",
            "gini": "Gini index of coverage",
            "cost_micro": f"Cost of all members [{self.currency}]",
        }
        if self.key in known:
            return known[self.key]
        words = capital(
            self.key.removesuffix("_micro").removesuffix("_wh").removesuffix("_share").replace("_", " ")
        )
        unit = "%" if self._is_share else self.currency if self._is_money else ""
        return f"{words} [{unit}]" if unit else words

    @property
    def _is_share(self) -> bool:
        return self.key.endswith(("_share", "coverage"))

    @property
    def _is_money(self) -> bool:
        return self.key.endswith("_micro")

    def written(self, figure: float) -> str:
        """A figure of this measure in words."""
        if self._is_share:
            return percent(figure, 1)
        if self._is_money:
            return money(figure, self.currency, money_decimals([figure]))
        return energy(figure) if self.key.endswith("_wh") else grouped(figure, 3)

    def ticks(self, low: float, high: float) -> Ticks:
        """Round marks within ``low..high``."""
        if self._is_share:
            return percent_ticks(low, high, 6)
        if self._is_money:
            return money_ticks(low, high, 6)
        if self.key.endswith("_wh"):
            return [(v, energy(v)) for v in round_ticks(low, high, 6)]
        marks = round_ticks(low, high, 6)
        return [(v, grouped(v, decimals_of(marks))) for v in marks]

    @property
    def is_more_better(self) -> bool:
        """Whether a larger figure is good news."""
        return self._is_share


def measures_of(rows: Sequence[Row], currency: str) -> list[Measure]:
    """The measures in the order in which they come."""
    return [
        Measure(key, currency) for key in dict.fromkeys(str(row.get("measure") or "") for row in rows) if key
    ]


def scenario_title(row: Row) -> str:
    """What a scenario is called."""
    return capital(str(row.get("title") or row.get("scenario") or ""))


def scenario_rows(
    rows: Sequence[Row], measure: Measure, *, marked: str | None = None, level: float = 0.95
) -> str:
    """Rules under each scenario, each with its mean and interval.

    Parameters
    ----------
    rows : rows of scenario, title, rule, measure, mean, low, high, draws
        Only those of ``measure`` are drawn.
    measure : Measure
    marked : a rule to set off
    level : float
        Which share of the draws an interval holds.
    """
    title = f"{measure.name.partition(' [')[0]} by scenario and rule"
    held = [row for row in rows if row.get("measure") == measure.key and value(row, "mean") is not None]
    if not held:
        return statement(title, NOTHING)
    inks = rule_inks(list(dict.fromkeys(str(row["rule"]) for row in held)))
    order = {key: k for k, key in enumerate(dict.fromkeys(str(row["scenario"]) for row in held))}
    shown = sorted(held, key=lambda row: order[str(row["scenario"])])[:MOST_ROWS]
    reached = values(shown, "mean", "low", "high")
    room = max(reached) - min(reached) or max(abs(reached[0]), 0.01) * 0.1
    low, high = min(reached) - 0.06 * room, max(reached) + 0.06 * room
    axis = Axis(
        low, high, measure.ticks(low, high), f"{measure.name}; lines hold {percent(level)} of the draws", None
    )
    rows_drawn = [
        Held(
            str(row["rule"]), value(row, "mean"), value(row, "low"), value(row, "high"), inks[str(row["rule"])].colour,
            DOT, measure.written(float(row["mean"])), str(row["rule"]) == marked and len(inks) > 1, scenario_title(row),
        )
        for row in shown
    ]  # fmt: skip
    told = scenarios_told(rows, measure)
    return interval_rows(rows_drawn, axis, title=title, description=told, heading="mean", row=24.0)


def scenarios_told(rows: Sequence[Row], measure: Measure) -> str:
    """What to see: the hardest scenario, the rule that holds up best there, and how many draws it is over."""
    held = [row for row in rows if row.get("measure") == measure.key and value(row, "mean") is not None]
    if not held:
        return NOTHING
    sign = 1 if measure.is_more_better else -1
    means = _means(held)
    hardest = min(means, key=lambda scenario: (sign * means[scenario], scenario))
    inside = [row for row in held if str(row["scenario"]) == hardest]
    best = max(inside, key=lambda row: (sign * float(row["mean"]), str(row["rule"])))
    name = measure.name.partition(" [")[0]
    name = name if name.startswith("Gini") else name[:1].lower() + name[1:]
    hard = " is hardest" if len(means) > 1 else ""
    told = f"“{scenario_title(best)}”{hard}: {name} is {measure.written(means[hardest])}"
    if _is_one(held):
        told += ", whichever rule divides: all give the same in every scenario"
    elif len(inside) > 1:
        most = measure.written(float(best["mean"]))
        told += f" in the mean of the rules, {most} under {best['rule']}, which does best there"
    draws = values(held, "draws")
    if draws:
        few, many = grouped(min(draws)), grouped(max(draws))
        said = few if few == many else f"{few} to {many}"
        told += f". Each figure is over {said} {'draw' if max(draws) == 1 else 'draws'}"
        told += ", which is too few for an interval" if max(draws) < 5 else ""
    if len(held) > MOST_ROWS:
        told += f". The drawing shows the first {MOST_ROWS} rows, the table all"
    return f"{told}."


def _is_one(rows: Sequence[Row]) -> bool:
    """Whether several rules make no difference to speak of in any scenario."""
    of: dict[str, list[float]] = {}
    for row in rows:
        of.setdefault(str(row["scenario"]), []).append(float(row["mean"]))
    is_same = all(max(held) - min(held) <= SAME * (1 + abs(max(held))) for held in of.values())
    return is_same and any(len(held) > 1 for held in of.values())


def _means(rows: Sequence[Row]) -> Mapping[str, float]:
    """Mean over the rules of each scenario."""
    of: dict[str, list[float]] = {}
    for row in rows:
        of.setdefault(str(row["scenario"]), []).append(float(row["mean"]))
    return {scenario: sum(held) / len(held) for scenario, held in of.items()}
