"""Measures of a market that runs are compared by: what each is called, and how it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evenwatt.app.plots.axes import Ticks, decimals_of, round_ticks
from evenwatt.app.plots.quantities import MINUS, THIN, decimals_for, grouped, money_decimals, unit_for

SHARE, PRICE, INDEX, WH, TONNES, MONEY = "share", "price", "index", "wh", "t", "micro"


@dataclass(frozen=True)
class Measure:
    """A name, what kind of figure it is, and whether more of it is good; None where that is a matter of taste."""

    title: str
    kind: str
    more_is_good: bool | None = None


MEASURES = {
    "welfare_share": Measure("Welfare, of the most there is", SHARE, True),
    "local_mean_per_mwh": Measure("Local price", PRICE),
    "wholesale_mean_per_mwh": Measure("Wholesale price", PRICE),
    "gini": Measure("Gini of household surplus", INDEX, False),
    "unserved_wh": Measure("Unserved energy", WH, False),
    "emissions_t": Measure("Emissions", TONNES, False),
    "hhi": Measure("Concentration (HHI)", INDEX, False),
    "lerner": Measure("Lerner index", INDEX, False),
    "renewable_share": Measure("Renewable share", SHARE, True),
    "self_sufficiency": Measure("Self-sufficiency", SHARE, True),
    "jain": Measure("Jain index of surplus", INDEX, True),
    "rsi_least": Measure("Least residual supply (RSI)", INDEX, True),
    "pivotal_share": Measure("Steps with an indispensable seller", SHARE, False),
    "fund_micro": Measure("The regulator’s fund", MONEY),
    "written_off_micro": Measure("Written off", MONEY, False),
    "welfare_micro": Measure("Welfare", MONEY, True),
    "gain_micro_each": Measure("Gain of each agent", MONEY, True),
}


def measure(key: str) -> Measure:
    """The measure of this name; one that is not known is told by the ending of its name."""
    kinds = {"_per_mwh": PRICE, "_wh": WH, "_t": TONNES, "_micro": MONEY, "_share": SHARE}
    kind = next((kind for ending, kind in kinds.items() if key.endswith(ending)), INDEX)
    words = key
    for ending in ("_per_mwh", "_wh", "_micro", "_t"):
        words = words.removesuffix(ending)
    words = words.replace("_", " ")
    return MEASURES.get(key) or Measure(f"{words[:1].upper()}{words[1:]}", kind)


@dataclass(frozen=True)
class Written:
    """How figures of one measure are written: what they are divided by, their unit, and how many decimals."""

    worth: float
    unit: str
    decimals: int

    def number(self, figure: float, *, signed: bool = False) -> str:
        """The figure alone."""
        words = grouped(figure / self.worth, self.decimals)
        return f"+{words}" if signed and not words.startswith(MINUS) and words.strip("0.") else words

    def full(self, figure: float, *, signed: bool = False) -> str:
        """The figure with its unit."""
        # A difference of two percentages is no percentage.
        unit = "points" if signed and self.unit == "%" else self.unit
        return f"{self.number(figure, signed=signed)}{THIN}{unit}".rstrip(THIN)

    def ticks(self, low: float, high: float, count: int = 6) -> Ticks:
        """Round figures within ``low..high``."""
        marks = round_ticks(low / self.worth, high / self.worth, count)
        decimals = decimals_of(marks)
        return [(at * self.worth, grouped(at, decimals)) for at in marks]


def telling(form: Written, figures: Sequence[float]) -> Written:
    """The same with up to two decimals more, where the smallest would be written without a digit of its own.

    Examples
    --------
    >>> telling(Written(0.01, "%", 1), [0.02, 0.0004]).number(0.0004)
    '0.04'
    """
    least = min((abs(v) for v in figures if v), default=0.0) / form.worth
    more = next((k for k in range(2) if not least or least >= 10.0 ** -(form.decimals + k)), 2)
    return replace(form, decimals=form.decimals + more)


def written(key: str, figures: Sequence[float], currency: str) -> Written:
    """How these figures of a measure are written, in one unit so that they compare.

    Examples
    --------
    >>> written("welfare_share", [0.95], "EUR").full(0.9512).replace(THIN, " ")
    '95.1 %'
    >>> written("unserved_wh", [41_000.0], "EUR").full(41_230).replace(THIN, " ")
    '41.2 kWh'
    """
    kind, most = measure(key).kind, max(map(abs, figures), default=0.0)
    if kind == SHARE:
        return Written(0.01, "%", 1 if most >= 0.02 else 2)
    if kind == WH:
        unit = unit_for(figures)
        return Written(unit.wh, unit.name, decimals_for(most / unit.wh))
    if kind == MONEY:
        return Written(1e6, currency, money_decimals(figures))
    if kind == TONNES and most < 1:
        return Written(0.001, "kg", max(decimals_for(most * 1000), 1))
    units = {PRICE: f"{currency} per MWh".strip(), TONNES: "t"}
    return Written(1.0, units.get(kind, ""), 3 if kind == INDEX else min(decimals_for(most) + 1, 2))
