"""Why did I pay, or get, this? One household, one interval: own order, local price, the rest and its tariff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from evenwatt.core import units
from evenwatt.core.errors import CaseError
from evenwatt.core.report import plain
from evenwatt.core.rule import find
from evenwatt.markets.mechanism import KIND
from evenwatt.studies import moments

if TYPE_CHECKING:
    from evenwatt.studies.runs import Run


@dataclass(frozen=True)
class Explanation:
    """What a bill says of one interval.

    Attributes
    ----------
    interval_start, local_start : str
        Start of the interval in UTC and on the household's clock.
    energy : dict of str to int
        Load, panels, battery, order, trade, rest [Wh].
    money : dict of str to int
        Paid for each; negative where it was paid [micro-units].
    prices : dict of str to float or None
        Own limit, local price, tariff [currency per MWh].
    sentences : sequence of str
        The answer in words.
    """

    member: str
    label: str
    rule: str
    interval_start: str
    local_start: str
    energy: dict[str, int]
    money: dict[str, int]
    prices: dict[str, float | None]
    utility: str | None
    currency: str
    sentences: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        held: dict[str, Any] = plain(asdict(self))
        return held


def explain(run: Run, member: str, time: str) -> Explanation:
    """Answer for one interval of a run and one household.

    Parameters
    ----------
    run : Run
        A finished run.
    member : str
        Id or label of the household.
    time : str
        Any instant within the interval, ISO 8601; without an offset it is read in the case's zone.

    Raises
    ------
    CaseError
        If there is no such household, or nothing was kept of that time; says what there is.
    """
    id, label = moments.member(run, member)
    role = next(row["role"] for row in run.report.tables["agents"] if row["id"] == id)
    if role not in ("consumer", "prosumer"):
        raise CaseError(f"member '{member}' is a {role}; only households' intervals are kept")
    if not (run.folder / "intervals").is_dir():
        raise CaseError(f"{run.folder}: households' intervals were not kept; there are too many households")
    instant, _, label, mine = moments.asked(run, member, time)
    m = run.report.measures
    energy = {name: int(value) for name, value in mine.items() if name.endswith("_wh")}
    money = {name: int(mine[f"{name}_micro"]) for name in ("local", "fee", "retail")}
    money["feed_in"] = -round(_feed_in(run) * energy["fed_wh"])
    money["together"] = sum(money.values())
    prices = {name: _known(mine[f"{name}_per_mwh"]) for name in ("limit", "local", "tariff")}
    utilities = [row["label"] for row in run.report.tables["agents"] if row["role"] == "utility"]
    utility = utilities[mine["utility"]] if 0 <= mine["utility"] < len(utilities) else None
    local = instant.astimezone(ZoneInfo(run.record["zone"])).isoformat()
    title = find(KIND, m["local_mechanism"]).title
    return Explanation(
        member=id, label=label, rule=m["local_mechanism"],
        interval_start=f"{mine['interval_start'].isoformat()}Z", local_start=local, energy=energy, money=money,
        prices=prices, utility=utility, currency=m["currency"],
        sentences=[
            _used(label, local, energy),
            *_traded(energy, money, prices, title, m["currency"]),
            *_rest(energy, money, prices, utility, _feed_in(run), m["currency"]),
            _together(label, money["together"], m["currency"]),
        ],
    )  # fmt: skip


def _feed_in(run: Run) -> float:
    return float(run.record["config"]["market"]["feed_in_per_mwh"])


def _known(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)


def _used(label: str, local: str, e: Mapping[str, int]) -> str:
    told = f"From {local} {label} used {e['load_wh']:,} Wh"
    if e["pv_wh"]:
        told += f" and its panels gave {e['pv_wh']:,} Wh"
    if e["charge_wh"] > 0:
        told += f"; its battery took up {e['charge_wh']:,} Wh"
    if e["charge_wh"] < 0:
        told += f"; its battery gave {-e['charge_wh']:,} Wh"
    return f"{told}."


def _traded(
    e: Mapping[str, int],
    money: Mapping[str, int],
    prices: Mapping[str, float | None],
    title: str,
    unit: str,
) -> list[str]:
    ordered, traded = e["ordered_wh"], e["traded_wh"]
    if not ordered:
        return ["It placed no order in the local auction."]
    wished = "bid for" if ordered > 0 else "offered"
    limit = "up to" if ordered > 0 else "from"
    own = f"{limit} {prices['limit']:,.2f} {unit} a MWh"
    first = f"In the local auction ({title}) it {wished} {abs(ordered):,} Wh at {own}"
    if not traded:
        why = (
            "; nothing was traded there"
            if prices["local"] is None
            else f"; the price was {prices['local']:,.2f}, and it traded nothing"
        )
        return [f"{first}{why}."]
    done = "bought" if traded > 0 else "sold"
    flow = "for" if traded > 0 else "and got"
    told = (
        f"{first}; {prices['local']:,.2f} was the price, and it {done} {abs(traded):,} Wh {flow} "
        f"{_money(abs(money['local']))} {unit}"
    )
    if e["lost_wh"]:
        told += f", of which {e['lost_wh']:,} Wh were lost on the way"
    return [f"{told}; the local grid cost {_money(money['fee'])} {unit}." if money["fee"] else f"{told}."]


def _rest(
    e: Mapping[str, int],
    money: Mapping[str, int],
    prices: Mapping[str, float | None],
    utility: str | None,
    feed_in: float,
    unit: str,
) -> list[str]:
    told = []
    if e["retail_wh"]:
        told.append(
            f"{e['retail_wh']:,} Wh came from {utility} at its tariff of {prices['tariff']:,.2f} {unit} a MWh: "
            f"{_money(money['retail'])} {unit}."
        )
    if e["fed_wh"]:
        told.append(
            f"{e['fed_wh']:,} Wh were fed in at {feed_in:,.2f} {unit} a MWh: "
            f"{_money(-money['feed_in'])} {unit} came in."
        )
    if e["unserved_wh"]:
        told.append(f"{e['unserved_wh']:,} Wh could not be served, for want of energy or of money.")
    if e["forgone_wh"]:
        told.append(
            f"{e['forgone_wh']:,} Wh were given up: everything on offer cost more than they were worth."
        )
    return told


def _together(label: str, micro: int, unit: str) -> str:
    if not micro:
        return f"In this interval {label} neither paid nor was paid."
    done = "paid" if micro > 0 else "was paid"
    return f"In this interval {label} {done} {_money(abs(micro))} {unit} together."


def _money(micro: float) -> str:
    """Four decimals: a quarter-hour costs cents."""
    return f"{float(units.money(micro)):,.4f}"
