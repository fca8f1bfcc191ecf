"""From finished days to the report: sentences, measures and tables of a market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evenwatt import audit
from evenwatt.core import units
from evenwatt.core.report import Report
from evenwatt.studies.market import books, parties, through_time
from evenwatt.studies.market.deciding import decided_by
from evenwatt.studies.market.participants import MOST_ROWS
from evenwatt.studies.market.period import Period

Row = dict[str, Any]

NOTICED_MICRO = 10_000  # a hundredth of the currency: smaller changes count as none


def report(
    period: Period, control: Period | None, mechanisms: Sequence[Row], *, played: bool, notes: Sequence[str]
) -> Report:
    """Write the findings of a period.

    Parameters
    ----------
    period : Period
        The case's own world.
    control : Period, optional
        The world of the same seed in which the regulator may not act.
    mechanisms : sequence of dict
        The table of mechanisms.
    played : bool
        Whether each of them had a world of its own.
    notes : sequence of str
        What was assumed before.
    """
    m = measures(period)
    m["control"] = None if control is None else _plain(measures(control))
    m["mechanisms_by"] = "worlds" if played else "books"
    language, clips, heard = period.arm.deciders.health()
    tables = {
        "steps": through_time.steps(period),
        "slots": through_time.slots(period),
        "curve": books.curve(period),
        "merit_order": books.merit_order(period),
        "agents": parties.agents(period),
        "welfare": parties.welfare(period, control),
        "concentration": through_time.concentration(period),
        "contracts": parties.contracts(period),
        "storage": through_time.storage(period),
        "instruments": through_time.instruments(period),
        "flows_money": parties.flows_money(period),
        "mechanisms": mechanisms,
        "language": language,
        "language_clips": clips,
    }
    told = [*notes, *heard, *_notes(period, m, mechanisms, played)]
    return Report("market", summary(m, tables), m, tables, told)


def _plain(found: Row) -> Row:
    """Measures of a control run: without those of another one."""
    return {name: value for name, value in found.items() if name not in ("control", "policies")}


def measures(period: Period) -> Row:
    """Single figures of a world."""
    world, config, people = period.arm.world, period.config, period.people
    steps, load, pv = period.steps, period.total("load_wh"), period.total("pv_wh")
    produced, served = period.total("produced_wh"), 0
    served = load - period.total("unserved_wh") - period.total("forgone_wh")
    from_grid = period.total("retail_wh")
    return {
        "case": period.case,
        "study": "market",
        "currency": config.currency,
        "timezone": config.timezone,
        "scenario": config.market.scenario,
        "local_mechanism": config.rule.local,
        "wholesale_mechanism": config.rule.wholesale,
        "ration": config.rule.ration,
        "split": config.rule.split,
        "seed": config.seed,
        "policies": dict(decided_by(config)),
        "steps": len(period),
        "steps_a_day": world.rules.steps_a_day,
        "interval_seconds": period.view.seconds,
        "incomplete": len(period.view.start) - period.view.played,
        "first": f"{steps['start'][0]}Z" if len(period) else None,
        "last": f"{steps['start'][-1]}Z" if len(period) else None,
        "consumers": len(people.consumers),
        "prosumers": len(people.prosumers),
        "producers": len(people.producers),
        "utilities": len(people.utilities),
        "nodes": int(world.people.households.node.max(initial=-1)) + 1,
        "load_wh": load,
        "generated_wh": produced,
        "pv_wh": pv,
        **{f"{name}_wh": period.total(f"{name}_wh") for name in (
            "local", "wholesale", "contracted", "import", "export", "unserved", "forgone", "curtailed", "lost",
        )},
        "welfare_micro": round(period.welfare),
        "welfare_most_micro": round(period.most),
        "welfare_share": period.welfare / period.most if period.most > 0 else None,
        "emissions_t": float(world.people.producers.emission_t_per_mwh @ world.totals.generated) / 1e6,
        "renewable_share": _ratio(_renewable(period), produced + pv),
        "self_sufficiency": _ratio(served - from_grid, served),
        "self_consumption": _ratio(pv - period.total("fed_wh"), pv),
        **_prices(period),
        **_power(period),
        **_fairness(period),
        "fund_micro": period.balance("fund"),
        "operator_micro": period.balance("operator"),
        "defaults": int(world.totals.defaults[0]),
        "written_off_micro": int(world.totals.written_off.sum()),
        "violations_rational": int(world.totals.violations[0]),
        "intervention": world.rules.intervention,
        "clips": sum(world.clips.values()),
        **books.curve_measures(period),
    }  # fmt: skip


def _renewable(period: Period) -> int:
    """Generated from renewable sources, panels among them [Wh]."""
    world = period.arm.world
    return int(world.totals.generated[world.people.producers.renewable].sum()) + period.total("pv_wh")


def _prices(period: Period) -> Row:
    steps = period.steps
    return {
        f"{market}_mean_per_mwh": through_time.weighted(steps[f"{market}_per_mwh"], steps[f"{market}_wh"])
        for market in ("local", "wholesale")
    }


def _power(period: Period) -> Row:
    generated = period.arm.world.totals.generated
    total, steps = generated.sum(), period.steps
    rsi, pivotal, lerner = (
        steps[name][~np.isnan(steps[name])] for name in ("rsi_least", "pivotal", "lerner")
    )
    return {
        "hhi": float(((generated / total) ** 2).sum()) if total else None,
        "lerner": float(lerner.mean()) if len(lerner) else None,
        "rsi_least": float(rsi.min()) if len(rsi) else None,
        "pivotal_share": float(pivotal.mean()) if len(pivotal) else None,
    }


def _fairness(period: Period) -> Row:
    """How even the surplus of households is; its indices say nothing where somebody loses."""
    surplus = period.arm.world.totals.surplus.astype(np.float64)
    defined = bool(len(surplus) and (surplus >= 0).all() and surplus.sum() > 0)
    return {
        "jain": float(audit.jain(surplus)) if defined else None,
        "gini": float(audit.gini(surplus)) if defined else None,
        "gini_defined": defined,
    }


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def summary(m: Row, tables: Mapping[str, Sequence[Row]]) -> list[str]:
    """Sentences for people, the most important first."""
    if not m["steps"]:
        return ["No interval has all its readings, so nothing was traded."]
    return [
        line for line in (_trade(m), _welfare(m), _surplus(m, tables), _regulator(m), _trouble(m)) if line
    ]


def _trade(m: Row) -> str:
    unit = m["currency"]
    homes = m["consumers"] + m["prosumers"]
    used = m["load_wh"] - m["unserved_wh"] - m["forgone_wh"]
    first = f"{homes:,} households used {_kwh(used)} kWh"
    if not m["local_wh"]:
        return f"{first}; nothing was traded locally, so all of it came from utilities and their own panels."
    return (
        f"{first}; {_kwh(m['local_wh'])} kWh were traded with neighbours at {m['local_mean_per_mwh']:,.1f} {unit} "
        f"a MWh in the mean" + (
            f", while companies traded at {m['wholesale_mean_per_mwh']:,.1f} {unit}."
            if m["wholesale_mean_per_mwh"] is not None
            else "."
        )
    )  # fmt: skip


def _welfare(m: Row) -> str:
    told = f"Energy was worth {_money(m['welfare_micro'])} {m['currency']} more than it cost"
    if m["welfare_share"] is None:
        return f"{told}."
    return (
        f"{told}: {m['welfare_share']:.1%} of what was possible; {_share(m['renewable_share'])} of generation was "
        f"renewable, {m['emissions_t']:,.2f} t of CO2 were emitted."
    )


def _surplus(m: Row, tables: Mapping[str, Sequence[Row]]) -> str:
    rows = [row for row in tables["agents"] if row["role"] in ("producer", "utility")]
    if not rows:
        return ""
    best = max(rows, key=lambda row: row["profit_micro"])
    worst = min(rows, key=lambda row: row["profit_micro"])
    unit = m["currency"]
    return (
        f"Of the companies {best['label']} earned most, {_money(best['profit_micro'])} {unit}, and "
        f"{worst['label']} least, {_money(worst['profit_micro'])} {unit}."
    )


def _regulator(m: Row) -> str:
    control = m["control"]
    if control is None:
        return ""
    change = m["welfare_micro"] - control["welfare_micro"]
    emitted = m["emissions_t"] - control["emissions_t"]
    if abs(change) < NOTICED_MICRO and abs(emitted) < 1e-6:
        return (
            "What the regulator did changed neither welfare nor emissions against the same world without it."
        )
    return (
        f"Against the same world without intervention, welfare is {_money(abs(change))} {m['currency']} "
        f"{'higher' if change >= 0 else 'lower'} and {abs(emitted):,.3f} t {'more' if emitted > 0 else 'less'} "
        "CO2 is emitted."
    )


def _trouble(m: Row) -> str:
    told = []
    if m["unserved_wh"]:
        told.append(f"{_kwh(m['unserved_wh'])} kWh of load could not be served")
    if m["defaults"]:
        told.append(f"{m['defaults']:,} times a company could not pay what it owed")
    if m["violations_rational"]:
        told.append(f"{m['violations_rational']:,} orders were traded at worse than their limit")
    text = "; ".join(told)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _notes(period: Period, m: Row, mechanisms: Sequence[Row], played: bool) -> list[str]:
    found = []
    if m["incomplete"]:
        found.append(f"intervals that lack a reading and were not played: {m['incomplete']:,}")
    if period.people.price_column != "price_per_mwh":
        found.append(f"the outside price is the column {period.people.price_column} of prices.csv")
    if not m["gini_defined"] and m["steps"]:
        found.append(
            "some household lost, or none gained: indices of how even the surplus is are not defined"
        )
    found.append(
        "what was possible is the best use of each step's energy by true values and costs, without losses on "
        "the way, given what the batteries did"
    )
    if m["clips"]:
        found.append(
            f"decisions beyond what was feasible were clipped {m['clips']:,} times: {_clips(period)}"
        )
    if len(period) > through_time.MOST_STEPS:
        found.append(
            f"with more than {through_time.MOST_STEPS:,} steps the table of steps holds days; steps/ has all"
        )
    if not period.people.few(m["steps_a_day"]):
        found.append(f"households' intervals are not kept: more than {MOST_ROWS:,} rows a day")
    found.append(
        "mechanisms are compared in worlds of their own, with the same seed, weather and people"
        if played
        else "mechanisms are compared on the same orders, one book a day; `evenwatt compare` plays each in a "
        "world of its own, where people answer to it"
    )
    return [
        *found,
        *(f"mechanism {row['mechanism']} left out: {row['note']}" for row in mechanisms if row["note"]),
    ]


def _clips(period: Period) -> str:
    most = sorted(period.arm.world.clips.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{role} {action} {count:,}" for (role, action), count in most[:5])


def _kwh(wh: float) -> str:
    return f"{float(units.kwh(wh)):,.1f}"


def _money(micro: float) -> str:
    return f"{float(units.money(micro)):,.2f}"


def _share(part: float | None) -> str:
    return "none" if part is None else f"{part:.1%}"
