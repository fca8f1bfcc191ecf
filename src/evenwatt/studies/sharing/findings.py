"""From the days' tallies to the report: sentences, measures and tables of a sharing group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core import units
from evenwatt.core.meters import Meters
from evenwatt.core.report import Report
from evenwatt.studies.sharing import losses, remarks, through_time
from evenwatt.studies.sharing.comparison import variant_rows
from evenwatt.studies.sharing.config import SharingConfig
from evenwatt.studies.sharing.period import Period
from evenwatt.studies.sharing.variants import Tried

Whole = npt.NDArray[np.int64]
Row = dict[str, Any]


def report(
    period: Period,
    compared: Sequence[Tried],
    config: SharingConfig,
    *,
    case: str,
    meters: Meters,
    notes: Sequence[str],
    waterfall: list[Row] | None = None,
) -> Report:
    """Write the findings of a period.

    Parameters
    ----------
    period : Period
        The days.
    compared : sequence of Tried
        What else could have been.
    config : SharingConfig
        The settings.
    case, meters
        Name of the case; any of its readings.
    notes : sequence of str
        What the readers assumed and which repairs were made.
    waterfall : list of rows, optional
        Where energy was lost, down to the choice of keys; without it, as far as the case's own keys tell.
    """
    measures = _measures(period, config, case)
    waterfall = losses.waterfall(period, compared) if waterfall is None else waterfall
    return Report(
        study="sharing",
        summary=_summary(period, measures, waterfall),
        measures=measures,
        tables={
            "members": _members(period),
            "producers": _producers(period),
            "flows": _flows(period),
            "keys": [row.to_dict() for row in period.group.keys],
            "waterfall": waterfall,
            "variants": variant_rows(period, compared),
            "days": through_time.by_day(period),
            "hours": through_time.by_slot(period),
            "map": through_time.by_day_and_hour(period),
        },
        notes=[*notes, *remarks.remarks(period, measures), *remarks.of_countries(compared)],
    )


def _measures(period: Period, config: SharingConfig, case: str) -> Row:
    regime, shared = period.group.regime, period.shared
    supply, demand = int(period.series("supply").sum()), int(period.series("demand").sum())
    before, after = int(period.total("before").sum()), int(period.total("after").sum())
    linked = int(period.total("linked"))
    load = int(period.total("load").sum())
    own = int(period.total("own_use").sum())
    return {
        "case": case,
        "first": period.tallies[0].day,
        "last": period.tallies[-1].day,
        "days": len(period.tallies),
        "interval_seconds": period.seconds,
        "intervals": len(period.series("shared")),
        "incomplete": int(period.total("incomplete")),
        "members": period.n,
        "producers": len(period.sides.producers),
        "consumers": len(period.sides.consumers),
        "links": max((int(tally.links) for tally in period.tallies), default=0),
        "currency": config.currency,
        "timezone": config.timezone,
        "country": regime.country,
        "rule": regime.told(),
        "rule_title": regime.title,
        "rule_source": regime.source,
        "rounds": regime.rounds if regime.has_rounds else None,
        "quantum_wh": regime.quantum if regime.has_rounds else 1,
        "load_wh": load,
        "generated_wh": int(period.total("generated").sum()),
        "own_use_wh": own,
        "supply_wh": supply,
        "demand_wh": demand,
        "shared_wh": shared,
        "unused_wh": supply - shared,
        "unmet_wh": demand - shared,
        "could_wh": int(period.series("could").sum()),
        "ideal_wh": period.ideal,
        "linked_wh": linked,
        "unallocated_wh": supply + demand - 2 * shared,
        "least_unallocated_wh": supply + demand - 2 * period.ideal,
        "share_of_ideal": shared / period.ideal if period.ideal else None,
        "self_sufficiency": (own + shared) / load if load else None,
        "before_micro": before,
        "after_micro": after,
        "saved_micro": before - after,
    }  # fmt: skip


def _members(period: Period) -> list[Row]:
    group = period.group
    labels, role = group.labels(), {spell.id: spell.role for spell in group.memberships}
    sums: dict[str, Whole] = {
        "load_wh": period.total("load"), "generated_wh": period.total("generated"),
        "own_use_wh": period.total("own_use"), "deficit_wh": period.deficit, "received_wh": period.received,
        "unmet_wh": period.deficit - period.received, "surplus_wh": period.total("surplus"),
        "given_wh": period.total("given"), "unused_wh": period.total("surplus") - period.total("given"),
        "before_micro": period.total("before"), "after_micro": period.total("after"),
        "saved_micro": period.total("before") - period.total("after"),
    }  # fmt: skip
    return [
        {
            "id": member,
            "label": labels[member],
            "role": role[member],
            **{name: int(values[k]) for name, values in sums.items()},
            "coverage": _part(period.received[k], period.deficit[k]),
        }
        for k, member in enumerate(group.members)
    ]


def _producers(period: Period) -> list[Row]:
    labels, supply, given = period.group.labels(), period.total("surplus"), period.total("given")
    earned = period.total("earned")
    taking = (period.pairs > 0).sum(axis=1)
    return [
        {
            "id": name,
            "label": labels[name],
            "surplus_wh": int(supply[k]),
            "given_wh": int(given[k]),
            "unused_wh": int(supply[k] - given[k]),
            "sold": _part(given[k], supply[k]),
            "consumers": int(taking[k]),
            "earned_micro": int(earned[k]),
        }
        for k, name in zip(
            period.sides.producers.tolist(), period.group.names(period.sides.producers), strict=True
        )
    ]


def _part(wh: Any, of: Any) -> float | None:
    return float(wh / of) if of else None


def _flows(period: Period) -> list[Row]:
    table, names = period.pairs, period.group.members
    return [
        {"producer": names[i], "consumer": names[j], "wh": int(table[i, j])}
        for i, j in zip(*np.nonzero(table), strict=True)
    ]


def _summary(period: Period, m: Row, waterfall: Sequence[Row]) -> list[str]:
    unit = m["currency"]
    if not m["intervals"]:
        return ["No interval has all its readings, so nothing was shared."]
    if not m["ideal_wh"]:
        return [
            f"Nothing could be shared: {_no_sharing(m)}.",
            f"{m['members']} members used {_kwh(m['load_wh'])} kWh and made {_kwh(m['generated_wh'])} kWh.",
        ]
    first = (
        f"{_kwh(m['shared_wh'])} kWh were shared: {m['share_of_ideal']:.1%} of the {_kwh(m['ideal_wh'])} kWh that "
        "were over in one place while they were wanted in another."
    )
    second = (
        f"{_kwh(m['unused_wh'])} kWh of surplus went to the grid and {_kwh(m['unmet_wh'])} kWh came from it; of these "
        f"{_kwh(m['could_wh'])} kWh were unused and wanted at the same time."
    )
    third = (
        f"Sharing {'saves' if m['saved_micro'] >= 0 else 'costs'} the {m['members']} members "
        f"{_money(abs(m['saved_micro']))} {unit}: they pay {_money(m['after_micro'])} {unit}, "
        f"without it {_money(m['before_micro'])} {unit}."
    )
    return [first, second, third, *losses.told(waterfall, m)]


def _no_sharing(m: Row) -> str:
    if not m["supply_wh"]:
        return "nobody ever had a surplus"
    if not m["demand_wh"]:
        return "nobody wanted more than its own"
    return "whenever one had a surplus, nobody else wanted energy"


def _kwh(wh: float) -> str:
    return f"{float(units.kwh(wh)):,.1f}"


def _money(micro: float) -> str:
    return f"{float(units.money(micro)):,.2f}"
