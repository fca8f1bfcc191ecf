"""What stands above the sections of a market's page: how well it served whom, at which price."""

from __future__ import annotations

from evenwatt.app.market_findings import MarketFindings
from evenwatt.app.plots.day_balance import tonnes
from evenwatt.app.plots.findings import Row
from evenwatt.app.plots.measured import measure, written
from evenwatt.app.plots.quantities import counted, energy, grouped, money_decimals, percent
from evenwatt.app.plots.values import capital, value
from evenwatt.app.plots.welfare_split import gained
from evenwatt.app.section import Front

Key = tuple[str, str, str]
SCENARIOS = {1: "local auction and contracts", 2: "auctions for everything"}
PEOPLE = ("consumers", "prosumers", "producers", "utilities")
NOBODY = "There is nobody in this market, so nothing was traded."


def front(found: MarketFindings) -> Front:
    """Where and when, by which mechanism, a word where nothing was traded, and the key figures."""
    measures = found.measures
    scenario = SCENARIOS.get(int(value(measures, "scenario") or 0), "")
    local, wholesale = (measures.get(f"{name}_mechanism") for name in ("local", "wholesale"))
    rules = [f"local market by {local}" if local else "", f"wholesale by {wholesale}" if wholesale else ""]
    about = [str(measures.get("timezone") or ""), _days(found), scenario, *rules]
    told = [*_welfare(found), *_prices(found), *_energy(found), *_power(found), *_money(found), *_who(found)]
    return Front(about, _calm(found), told, is_good=False)


def _days(found: MarketFindings) -> str:
    """First and last local day."""
    stamps = [found.measures[key] for key in ("first", "last") if found.measures.get(key)]
    return " to ".join(dict.fromkeys(found.day_of({"start": stamp}) for stamp in stamps))


def sweep_front(found: MarketFindings) -> Front:
    """How much was tried."""
    rows = found.table("sweep")
    told: list[Key] = []
    for name, key in (("Mechanisms", "mechanism"), ("Policies", "policy"), ("Seeds", "seed")):
        different = len({str(row.get(key)) for row in rows})
        if different:
            told.append((name, grouped(different), ""))
    if rows:
        told.append(("Runs", grouped(len(rows)), "each judged by the same measures"))
    if (level := found.figure("level")) is not None:
        told.append(("Intervals", percent(level), "of resamplings of the seeds"))
    return Front(["sweep", str(found.measures.get("timezone") or ""), _days(found)], "", told)


def _calm(found: MarketFindings) -> str:
    """What to say first where nothing could happen; a report that does not tell must not claim it."""
    if "steps" in found.measures and not found.figure("steps"):
        return "The run has no step, so nothing happened in it."
    roles = [found.measures.get(role) for role in ("consumers", "prosumers", "producers", "utilities")]
    return NOBODY if all(count is not None for count in roles) and not any(roles) else ""


def _against(found: MarketFindings, key: str) -> str:
    """How a measure differs from the run without intervention, in words; empty where there was none."""
    own, other = found.figure(key), None if found.control is None else value(found.control, key)
    if own is None or other is None:
        return ""
    form = written(key, [own, other], found.currency)
    same = form.number(own) == form.number(other)
    return "the same without the regulator" if same else f"{form.full(other)} without the regulator"


def _welfare(found: MarketFindings) -> list[Key]:
    share, micro = found.figure("welfare_share"), found.figure("welfare_micro")
    told: list[Key] = []
    if share is not None:
        amount = (
            f"of the most there is; {found.amount(micro)}" if micro is not None else "of the most there is"
        )
        against = _against(found, "welfare_share")
        told.append(
            ("Welfare reached", percent(share, 1), "; ".join(part for part in (amount, against) if part))
        )
    elif micro is not None:
        told.append(("Welfare", found.amount(micro), "the most there is to have is not known"))
    best = _gainer(found)
    return [*told, *([best] if best else [])]


def _gainer(found: MarketFindings) -> Key | None:
    """For whom the regulator did most; without a control run nobody can tell."""
    rows = [row for row in found.table("welfare") if value(row, "micro") is not None]
    people = [row for row in rows if str(row["party"]) in PEOPLE]
    changed = [row for row in people if value(row, "control_micro") is not None]
    if not changed:
        most = max(people, key=lambda row: float(row["micro"]), default=None)
        return None if most is None else ("Had most of it", _party(most), found.amount(float(most["micro"])))
    best = max(changed, key=_change)
    gain = _change(best)
    if gain <= 0:
        return (
            "Gained by the regulator’s acts",
            "Nobody",
            "of households and companies, against the same seed without",
        )
    words = (
        f"{gained(gain, found.currency, money_decimals([gain]))} against the same seed without intervention"
    )
    return ("Gained most by the regulator", _party(best), words)


def _party(row: Row) -> str:
    return capital(str(row["party"]))


def _change(row: Row) -> float:
    """What the regulator changed for a party [micro]."""
    return float(row["micro"]) - float(row["control_micro"])


def _prices(found: MarketFindings) -> list[Key]:
    told: list[Key] = []
    for name, key, wh in (
        ("Local price", "local_mean_per_mwh", "local_wh"),
        ("Wholesale price", "wholesale_mean_per_mwh", "wholesale_wh"),
    ):
        price = found.figure(key)
        if price is not None:
            remark = "; ".join(
                part
                for part in (
                    f"mean over {energy(found.wh(wh))}" if found.wh(wh) else "mean",
                    _against(found, key),
                )
                if part
            )
            told.append(
                (
                    name,
                    written(key, [price], "").number(price),
                    f"{found.currency} per MWh, {remark}".lstrip(),
                )
            )
        elif key in found.measures:
            told.append((name, "none", "nothing was traded there"))
    return told


def _energy(found: MarketFindings) -> list[Key]:
    told: list[Key] = []
    load, unserved = found.figure("load_wh"), found.figure("unserved_wh")
    if unserved is not None:
        share = f"{percent(unserved / load)} of the load" if load else "of no load"
        told.append(("Unserved", energy(unserved) if unserved else "none", "; ".join(
            part for part in (share, _against(found, "unserved_wh")) if part)))  # fmt: skip
    emitted = found.figure("emissions_t")
    if emitted is not None:
        told.append(("Emissions", tonnes(emitted) if emitted else "none", _against(found, "emissions_t")))
    for key, remark in (
        ("renewable_share", "of the energy that was produced"),
        ("self_sufficiency", "of the load met by own and neighbours’ generation"),
    ):
        part = found.figure(key)
        if part is not None:
            told.append((measure(key).title, percent(part), remark))
    return told


def _power(found: MarketFindings) -> list[Key]:
    hhi, pivotal = found.figure("hhi"), found.figure("pivotal_share")
    if hhi is None:
        return []
    words = (
        f"somebody was indispensable in {percent(pivotal)} of the steps"
        if pivotal is not None
        else "1 is a single seller"
    )
    return [("Concentration (HHI)", grouped(hhi, 2), words)]


def _money(found: MarketFindings) -> list[Key]:
    told: list[Key] = []
    gini, is_defined = found.figure("gini"), found.measures.get("gini_defined")
    if is_defined is False:
        told.append(
            ("Gini of surplus", "not defined", "some households ended with a loss, or there is no surplus")
        )
    elif gini is not None:
        told.append(("Gini of surplus", f"{gini:.3f}", "over households; 0 is equal"))
    fund = found.figure("fund_micro")
    if fund is not None:
        told.append(
            (
                "The regulator’s fund",
                found.amount(fund),
                "fines, carbon and penalties less rebates and subsidies",
            )
        )
    defaults, lost = found.figure("defaults"), found.figure("written_off_micro")
    if defaults:
        told.append(
            ("Defaults", grouped(defaults), f"{found.amount(lost)} written off" if lost is not None else "")
        )
    return told


def _who(found: MarketFindings) -> list[Key]:
    named = {
        "consumers": "consumer",
        "prosumers": "prosumer",
        "producers": "producer",
        "utilities": "utility",
    }
    parts = []
    for key, noun in named.items():
        count = found.figure(key)
        if count is not None:
            words = counted(int(count), noun)
            parts.append(words.replace("utilitys", "utilities"))
    if not parts:
        return []
    total = sum(int(found.figure(key) or 0) for key in named)
    return [("Agents", grouped(total), ", ".join(parts))]
