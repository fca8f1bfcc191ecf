"""From the days' tallies to the report: sentences, measures and tables of a microgrid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core import units
from evenwatt.core.meters import Meters
from evenwatt.core.report import Report
from evenwatt.studies.microgrid import household, through_time
from evenwatt.studies.microgrid.combinations import combinations, energy_rows
from evenwatt.studies.microgrid.comparison import gain_rows, money_rows
from evenwatt.studies.microgrid.config import MicrogridConfig
from evenwatt.studies.microgrid.period import Period
from evenwatt.studies.microgrid.settlement import Books, Shares

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Row = dict[str, Any]


def report(
    period: Period,
    held: Books,
    answers: Mapping[str, Shares | str],
    config: MicrogridConfig,
    *,
    case: str,
    meters: Meters,
    skipped: Mapping[str, str],
    notes: Sequence[str],
) -> Report:
    """Write the findings of a period.

    Parameters
    ----------
    period : Period
        The days.
    held : Books
        Its money.
    answers : mapping
        Money rule -> its division, or why there is none; the case's rule first.
    config : MicrogridConfig
        The settings.
    case, meters
        Name of the case; any of its readings.
    skipped : mapping
        Energy rules that could not run, with the reason.
    notes : sequence of str
        What the readers assumed and which repairs were made.
    """
    chosen = next(one for one in answers.values() if isinstance(one, Shares))
    measures = _measures(period, held, answers, config, case, meters)
    money = money_rows(period, held, answers, config.currency)
    tables = {
        "members": _members(period, held, chosen),
        "flows": _flows(period),
        "money": money,
        "gains": gain_rows(period, answers),
        "prices": through_time.by_day(period),
        "hours": through_time.by_hour(period),
        "explained": household.explained(period, held, answers, config.currency),
        "energy": energy_rows(period, skipped),
    }
    if period.plan.complete:
        tables["combinations"] = combinations(period, held, answers)
    return Report(
        study="microgrid",
        summary=_summary(period, measures, money, chosen),
        measures=measures,
        tables=tables,
        notes=[*notes, *_notes(period, measures, skipped, answers)],
    )


def _measures(
    period: Period,
    held: Books,
    answers: Mapping[str, Shares | str],
    config: MicrogridConfig,
    case: str,
    meters: Meters,
) -> Row:
    value = answers.get("shapley")
    split = value.split if isinstance(value, Shares) else None
    wrong = period.sell > period.buy
    load, made = int(period.total("load").sum()), int(period.total("generated").sum())
    imported = int(period.deficit_total.sum() - period.inside.sum())
    exported = int(period.surplus_total.sum() - period.inside.sum())
    makers = {r.meter for r in meters.registers if r.direction == "generation"}
    lost = np.maximum(period.sell - period.buy, 0.0) @ period.inside if len(period.inside) else 0.0
    return {
        "case": case,
        "first": period.tallies[0].day,
        "last": period.tallies[-1].day,
        "days": len(period.tallies),
        "interval_seconds": meters.seconds,
        "intervals": len(period.net),
        "incomplete": int(period.total("incomplete")),
        "members": period.n,
        "prosumers": len({spell.id for spell in period.people.memberships if spell.meter in makers}),
        "currency": config.currency,
        "timezone": config.timezone,
        "energy_rule": period.plan.energy[0],
        "money_rule": next(iter(answers)),
        "load_wh": load,
        "generated_wh": made,
        "own_use_wh": int(period.total("own_use").sum()),
        "surplus_wh": int(period.surplus_total.sum()),
        "deficit_wh": int(period.deficit_total.sum()),
        "traded_wh": int(period.inside.sum()),
        "imported_wh": imported,
        "exported_wh": exported,
        "traded_intervals": int((period.inside > 0).sum()),
        "alone_micro": int(held.alone.sum()),
        "pooled_micro": held.pooled,
        "gain_micro": held.gain,
        "self_sufficiency": 1 - imported / load if load else None,
        "self_consumption": 1 - exported / made if made else None,
        "pooling_loss_micro": round(float(lost)),
        "pooling_loss_intervals": int((wrong & (period.inside > 0)).sum()),
        "batteries": len(period.people.storages),
        "battery_capacity_wh": round(sum(storage.capacity_wh for storage in period.people.storages)),
        "charged_wh": int(period.total("charged").sum()),
        "discharged_wh": int(period.total("discharged").sum()),
        "game_method": split.method if split else None,
        "game_exact": split.exact if split else None,
        "game_evaluations": split.evaluations if split else 0,
        "rounding_wh": _owed(period),
    }  # fmt: skip


def _owed(period: Period) -> float:
    """The most that rounding still owes a member at the period's end [Wh]."""
    last = period.tallies[-1]
    return float(np.abs(np.stack([last.sold_residue, last.bought_residue])).max(initial=0.0))


def _members(period: Period, held: Books, chosen: Shares) -> list[Row]:
    labels, role = period.people.labels(), {s.id: s.role for s in period.people.memberships}
    sold, bought = period.sold[0].sum(axis=0), period.bought[0].sum(axis=0)
    sums: dict[str, Whole] = {
        "load_wh": period.total("load"), "generated_wh": period.total("generated"),
        "own_use_wh": period.total("own_use"), "charged_wh": period.total("charged"),
        "discharged_wh": period.total("discharged"), "surplus_wh": period.surplus_total,
        "deficit_wh": period.deficit_total, "sold_inside_wh": sold, "bought_inside_wh": bought,
        "imported_wh": period.deficit_total - bought, "exported_wh": period.surplus_total - sold,
        "alone_micro": held.alone, "gain_micro": chosen.gains, "bill_micro": held.alone - chosen.gains,
    }  # fmt: skip
    return [
        {
            "id": member,
            "label": labels[member],
            "role": role[member],
            **{name: int(values[k]) for name, values in sums.items()},
            "std_err_micro": round(float(chosen.split.std_err[k])),
        }
        for k, member in enumerate(period.people.members)
    ]


def _flows(period: Period) -> list[Row]:
    table, names = period.pairs, period.people.members
    return [
        {"seller": names[i], "buyer": names[j], "wh": int(table[i, j])}
        for i, j in zip(*np.nonzero(table), strict=True)
    ]


def _summary(period: Period, m: Row, money: Sequence[Row], chosen: Shares) -> list[str]:
    unit = m["currency"]
    if not m["intervals"]:
        return ["No interval has all its readings, so nothing was traded."]
    if not m["traded_wh"]:
        why = "one member has no neighbours" if m["members"] == 1 else _no_trade(m)
        return [
            f"Nothing was traded inside: {why}.",
            f"{m['members']} members used {_kwh(m['load_wh'])} kWh and made {_kwh(m['generated_wh'])} kWh.",
        ]
    first = (
        f"Together the {m['members']} members pay the grid {_money(m['pooled_micro'])} {unit}; each alone, they would "
        f"pay {_money(m['alone_micro'])} {unit}: the microgrid gains {_money(m['gain_micro'])} {unit}."
    )
    second = (
        f"{_kwh(m['traded_wh'])} kWh of {_kwh(m['surplus_wh'])} kWh surplus stayed inside, in "
        f"{m['traded_intervals']:,} of {m['intervals']:,} intervals; {_kwh(m['imported_wh'])} kWh came from the grid "
        f"and {_kwh(m['exported_wh'])} kWh went to it."
    )
    return [first, second, _stability(period, money, chosen, unit)]


def _no_trade(m: Row) -> str:
    if not m["surplus_wh"]:
        return "nobody was ever long of energy"
    if not m["deficit_wh"]:
        return "nobody was ever short of energy"
    return "whenever one was long of energy, nobody was short of it"


def _stability(period: Period, money: Sequence[Row], chosen: Shares, unit: str) -> str:
    row, labels = money[0], period.people.labels()
    best = int(chosen.gains.argmax())
    told = (
        f"Divided by {row['title']}, {labels[period.people.members[best]]} gains most, "
        f"{_money(chosen.gains[best])} {unit}"
    )
    if row["leaving"]:
        group = len(row["leaving"])
        return f"{told}; a group of {group} members would gain {_money(row['leaving_gain_micro'])} {unit} by leaving."
    if row["core_exact"] and row["core_excess_micro"] is not None:
        return f"{told}; no group of members would gain by leaving."
    return f"{told}; no group was found that would gain by leaving, but that is not proved."


def _notes(
    period: Period, m: Row, skipped: Mapping[str, str], answers: Mapping[str, Shares | str]
) -> list[str]:
    found = []
    if m["incomplete"]:
        found.append(f"intervals that lack a reading and were not divided: {m['incomplete']:,}")
    if by_day := sum(bool(tally.paired_once) for tally in period.tallies):
        found.append(
            f"on {by_day:,} days there were more than a million pairs of a seller and a buyer: their energy is in "
            "proportion interval by interval, but written down once a day"
        )
    if m["pooling_loss_intervals"]:
        found.append(
            f"selling to the grid pays more than buying costs in {m['pooling_loss_intervals']:,} intervals with "
            f"trade: there netting inside loses {_money(m['pooling_loss_micro'])} {m['currency']}, and members may "
            "do better apart"
        )
    if period.people.storages:
        found.append(
            "batteries run as is cheapest for all together, day by day, with prices and positions known ahead: no "
            "forecast is that good; each is as full after a day as before it"
        )
        found.append(
            "the price that the Shapley value implies is not told: with batteries it has no interval"
        )
    found += [f"energy rule {name} left out: {why}" for name, why in sorted(skipped.items())]
    found += [
        f"money rule {name}: {one.split.remark}"
        for name, one in answers.items()
        if isinstance(one, Shares) and one.split.remark
    ]
    found += [
        f"money rule {name} left out: {why}" for name, why in sorted(answers.items()) if isinstance(why, str)
    ]
    return found


def _kwh(wh: float) -> str:
    return f"{float(units.kwh(wh)):,.1f}"


def _money(micro: float) -> str:
    return f"{float(units.money(micro)):,.2f}"
