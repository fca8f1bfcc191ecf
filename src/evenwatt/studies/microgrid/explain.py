"""Why did I get this? One member, one interval, and where its savings of the period come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from evenwatt.core import exact, units
from evenwatt.core.report import plain
from evenwatt.studies import moments

if TYPE_CHECKING:
    import polars as pl

    from evenwatt.studies.runs import Run

NAMED = 3  # partners named one by one


@dataclass(frozen=True)
class Explanation:
    """What a statement says of one interval and one period.

    Attributes
    ----------
    interval_start, local_start : str
        Start of the interval in UTC and on the member's clock.
    energy : dict of str to int
        Load, generation, own use, surplus, deficit, sold and bought inside, imported, exported [Wh].
    partners : dict of str to int
        Who it bought from or sold to in the interval [Wh].
    gains : dict of str to int
        What each money rule gives the member for the period [micro-units].
    sentences : sequence of str
        The answer in words.
    """

    member: str
    label: str
    rule: str
    interval_start: str
    local_start: str
    energy: dict[str, int]
    partners: dict[str, int]
    gains: dict[str, int]
    currency: str
    sentences: Sequence[str]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        held: dict[str, Any] = plain(asdict(self))
        return held


def explain(run: Run, member: str, time: str) -> Explanation:
    """Answer for one interval of a run and one member.

    Parameters
    ----------
    run : Run
        A finished run.
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
    id = mine["member"]
    energy = {name: int(value) for name, value in mine.items() if name.endswith("_wh")}
    partners = _partners(run, mine["interval_start"], rows, mine)
    measures = run.report.measures
    labels = {row["id"]: row["label"] for row in run.report.tables["members"]}
    gains = {row["rule"]: row["gain_micro"] for row in run.report.tables["gains"] if row["member"] == id}
    local = instant.astimezone(ZoneInfo(run.record["zone"])).isoformat()
    return Explanation(
        member=id,
        label=label,
        rule=measures["money_rule"],
        interval_start=f"{mine['interval_start'].isoformat()}Z",
        local_start=local,
        energy=energy,
        partners=partners,
        gains=gains,
        currency=measures["currency"],
        sentences=[
            *_interval(label, local, energy, {labels[who]: wh for who, wh in partners.items()}),
            *_period(run, id, label, gains, measures),
        ],
    )


def _partners(run: Run, start: Any, rows: pl.DataFrame, mine: Mapping[str, Any]) -> dict[str, int]:
    """Everybody the member traded with in the interval, the largest first."""
    import polars as pl

    member = mine["member"]
    day = start.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(run.record["zone"])).date()
    flows: pl.DataFrame = pl.read_parquet(run.folder / "flows" / f"{day}.parquet")
    if flows["interval_start"].null_count():
        return _in_proportion(rows, mine)
    here = flows.filter(pl.col("interval_start") == start)
    traded = here.filter((pl.col("seller") == member) | (pl.col("buyer") == member))
    pairs = {
        (row["buyer"] if row["seller"] == member else row["seller"]): int(row["wh"])
        for row in traded.to_dicts()
    }
    return dict(sorted(pairs.items(), key=lambda item: (-item[1], item[0])))


def _in_proportion(rows: pl.DataFrame, mine: Mapping[str, Any]) -> dict[str, int]:
    """The same where pairs were written down by day: each partner in proportion to its trade."""
    side, own = ("bought_wh", mine["sold_wh"]) if mine["sold_wh"] else ("sold_wh", mine["bought_wh"])
    others = rows.filter(rows[side] > 0)
    if own == 0 or others.is_empty():
        return {}
    parts = others[side].to_numpy() * own / others[side].sum()
    found = dict(zip(others["member"].to_list(), exact.vector(parts, own).tolist(), strict=True))
    return dict(sorted(((k, wh) for k, wh in found.items() if wh), key=lambda item: (-item[1], item[0])))


def _interval(label: str, local: str, e: dict[str, int], partners: dict[str, int]) -> list[str]:
    first = (
        f"From {local} {label} used {e['load_wh']:,} Wh and made {e['generated_wh']:,} Wh, "
        f"{e['own_use_wh']:,} Wh of it for itself"
        + (f"; its battery took up {e['charged_wh']:,} Wh" if e["charged_wh"] else "")
        + (f"; its battery gave {e['discharged_wh']:,} Wh" if e["discharged_wh"] else "")
        + "."
    )
    if e["surplus_wh"]:
        return [
            first,
            f"It was long of {e['surplus_wh']:,} Wh: {e['sold_wh']:,} Wh went to neighbours{_among(partners)}, "
            f"{e['exported_wh']:,} Wh to the grid.",
        ]
    if e["deficit_wh"]:
        return [
            first,
            f"It was short of {e['deficit_wh']:,} Wh: {e['bought_wh']:,} Wh came from neighbours{_among(partners)}, "
            f"{e['imported_wh']:,} Wh from the grid.",
        ]
    return [first, "It was neither long nor short of energy."]


def _among(partners: dict[str, int]) -> str:
    if not partners:
        return ""
    named = [f"{name} {wh:,} Wh" for name, wh in list(partners.items())[:NAMED]]
    more = len(partners) - len(named)
    return f" ({', '.join(named)}{f' and {more} more' if more else ''})"


def _period(run: Run, member: str, label: str, gains: dict[str, int], m: Any) -> list[str]:
    row = next(row for row in run.report.tables["members"] if row["id"] == member)
    alone, gain, bill = (float(units.money(row[f"{name}_micro"])) for name in ("alone", "gain", "bill"))
    unit = m["currency"]
    told = [
        f"Over the whole period {label} would pay {alone:,.2f} {unit} alone and pays {bill:,.2f} {unit} in the "
        f"microgrid: by {m['money_rule']} it gains {gain:,.2f} {unit} of the "
        f"{float(units.money(m['gain_micro'])):,.2f} {unit} that all save together."
    ]
    if "shapley" in gains:
        told.append(
            f"Averaged over all orders in which the {m['members']} members can join, {label} adds "
            f"{float(units.money(gains['shapley'])):,.2f} {unit} to what all save: its Shapley value."
        )
    return told
