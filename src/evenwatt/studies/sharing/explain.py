"""Why did I get this? One member, one interval: every producer asked, every round, every rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from evenwatt.core import units
from evenwatt.core.report import plain
from evenwatt.sharing.problem import GRID
from evenwatt.studies import moments
from evenwatt.studies.config import checked_config
from evenwatt.studies.sharing.config import SharingConfig
from evenwatt.studies.sharing.keys import KeyRow
from evenwatt.studies.sharing.regime import Regime, regime
from evenwatt.studies.sharing.trace import Step, trace

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
        Load, generation, own use, surplus, given, unused, deficit, received, unmet [Wh].
    partners : dict of str to int
        Who it received from or gave to in the interval [Wh].
    steps : sequence of dict
        Round by round: producer, consumer, priority, key, what was left, offered, wanted and given [Wh].
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
    steps: Sequence[dict[str, Any]]
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
    local = instant.astimezone(ZoneInfo(run.record["zone"]))
    held = _regime(run)
    labels = {row["id"]: row["label"] for row in run.report.tables["members"]}
    steps = _steps(run, held, rows, local.date()) if held.kind == "pairs" else []
    own = [step for step in steps if id in (step.consumer, step.producer)]
    energy = {name: int(value) for name, value in mine.items() if name.endswith("_wh")}
    partners = _partners(run, mine, local.date())
    return Explanation(
        member=id,
        label=label,
        rule=held.told(),
        interval_start=f"{mine['interval_start'].isoformat()}Z",
        local_start=local.isoformat(),
        energy=energy,
        partners=partners,
        steps=[asdict(step) | {"key": step.key / GRID} for step in own],
        currency=run.report.measures["currency"],
        sentences=[
            _used(label, local.isoformat(), energy),
            *_taking(id, energy, own, labels, held, partners),
            *_giving(energy, labels, partners),
            _period(run, id, label),
        ],
    )


def _regime(run: Run) -> Regime:
    config = checked_config(run.record["config"], str(run.folder / "run.json"))
    assert isinstance(config, SharingConfig)
    return regime(config.rule)


def _steps(run: Run, held: Regime, rows: pl.DataFrame, day: date) -> list[Step]:
    """The rule once more, for everybody in the interval: what one gets depends on what others take."""
    supply = dict(zip(rows["member"].to_list(), rows["surplus_wh"].to_list(), strict=True))
    demand = dict(zip(rows["member"].to_list(), rows["deficit_wh"].to_list(), strict=True))
    if not held.injecting_may_receive:
        demand = {name: 0 if supply[name] else wh for name, wh in demand.items()}
    taking = {name: _part(wh, held) for name, wh in demand.items() if wh}
    giving = {name: max(_part(wh, held) - held.reserve, 0) for name, wh in supply.items() if wh}
    keys = [row for row in map(_key_row, run.report.tables["keys"]) if row.covers(day)]
    return trace(giving, taking, keys, rounds=held.rounds, quantum=held.quantum)


def _part(wh: int, held: Regime) -> int:
    return wh * round(held.participation * 1_000_000) // 1_000_000


def _key_row(row: Mapping[str, Any]) -> KeyRow:
    first, last = (
        date.fromisoformat(row[name]) if row[name] else None for name in ("valid_from", "valid_to")
    )
    return KeyRow(row["consumer"], row["producer"], round(row["key"] * GRID), row["priority"], first, last)


def _partners(run: Run, mine: Mapping[str, Any], day: date) -> dict[str, int]:
    """Everybody the member received from or gave to in the interval, the largest first."""
    import polars as pl

    flows = pl.read_parquet(run.folder / "flows" / f"{day}.parquet")
    here = flows.filter(pl.col("interval_start") == mine["interval_start"])
    found: dict[str, int] = {}
    for row in here.to_dicts():
        if mine["member"] in (row["producer"], row["consumer"]):
            other = row["consumer"] if row["producer"] == mine["member"] else row["producer"]
            found[other] = found.get(other, 0) + int(row["wh"])
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _used(label: str, local: str, e: Mapping[str, int]) -> str:
    made = f" and made {e['generated_wh']:,} Wh" if e["generated_wh"] else ""
    own = f", {e['own_use_wh']:,} Wh of it for itself" if e["own_use_wh"] else ""
    return f"From {local} {label} used {e['load_wh']:,} Wh{made}{own}."


def _taking(
    id: str,
    e: Mapping[str, int],
    own: Sequence[Step],
    labels: Mapping[str, str],
    held: Regime,
    partners: Mapping[str, int],
) -> list[str]:
    """What a consumer got from each of its producers, and why no more."""
    if not e["deficit_wh"]:
        return []
    got = (
        f"It wanted {e['deficit_wh']:,} Wh: {e['received_wh']:,} Wh were shared with it, "
        f"{e['unmet_wh']:,} Wh came from the grid."
    )
    if held.kind != "pairs":
        if not e["received_wh"]:
            return [got, "Nobody else had a surplus to share, or its part of it was nothing."]
        return [got, f"The surplus of all was shared, {held.told()}: {_list(partners, labels)}."]
    asked = [step for step in own if step.consumer == id]
    if not asked:
        return [got, "None of its producers had a surplus."]
    return [got, *(_of_producer(asked, name, labels) for name in dict.fromkeys(s.producer for s in asked))]


def _of_producer(asked: Sequence[Step], producer: str, labels: Mapping[str, str]) -> str:
    steps = [step for step in asked if step.producer == producer]
    first = steps[0]
    rounds = [
        f"round {step.round}: {step.key / GRID:.2%} of {step.left:,} Wh is {step.offered:,} Wh{_why(step)}"
        for step in steps[:NAMED]
    ]
    more = len(steps) - NAMED
    rest = f"; {more} more rounds: {sum(step.wh for step in steps[NAMED:]):,} Wh" if more > 0 else ""
    return (
        f"From {labels.get(producer, producer)} (priority {first.priority}) it got "
        f"{sum(step.wh for step in steps):,} Wh. {'; '.join(rounds)}{rest}.".replace("; round", "; in round")
    )


def _why(step: Step) -> str:
    if step.offered > step.wanted and step.wh == step.wanted:
        return f", it wanted only {step.wanted:,} Wh"
    if step.wh < min(step.offered, step.wanted):
        return f", rounded down to {step.wh:,} Wh"
    return ""


def _giving(e: Mapping[str, int], labels: Mapping[str, str], partners: Mapping[str, int]) -> list[str]:
    """Where a producer's surplus went."""
    if not e["surplus_wh"]:
        return []
    told = f": {_list(partners, labels)}" if e["given_wh"] and not e["received_wh"] else ""
    return [
        f"It had {e['surplus_wh']:,} Wh over: {e['given_wh']:,} Wh were shared{told}; "
        f"{e['unused_wh']:,} Wh went to the grid."
    ]


def _list(partners: Mapping[str, int], labels: Mapping[str, str]) -> str:
    named = [f"{labels.get(name, name)} {wh:,} Wh" for name, wh in list(partners.items())[:NAMED]]
    more = len(partners) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _period(run: Run, id: str, label: str) -> str:
    row = next(row for row in run.report.tables["members"] if row["id"] == id)
    before, after, saved = (float(units.money(row[f"{name}_micro"])) for name in ("before", "after", "saved"))
    unit = run.report.measures["currency"]
    covered = "" if row["coverage"] is None else f" Sharing met {row['coverage']:.1%} of what it wanted."
    return (
        f"Over the whole period {label} pays {after:,.2f} {unit} with sharing and {before:,.2f} {unit} without: "
        f"it saves {saved:,.2f} {unit}.{covered}"
    )
