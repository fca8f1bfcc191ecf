"""What stands above the sections of a microgrid's page: the numbers a manager asks for first."""

from __future__ import annotations

from evenwatt.app.microgrid_findings import NOTHING_TRADED, MicrogridFindings
from evenwatt.app.plots.quantities import counted, energy, grouped, money, money_decimals, percent
from evenwatt.app.section import Front, period

Key = tuple[str, str, str]


# How shares are computed, in words of a household.
METHODS = {
    "closed-form": "by a formula",
    "formula": "by a formula",
    "law-of-sums": "over every order of joining",
    "enumeration": "over every group",
    "table": "over every group",
    "grid": "over every order of joining, on a grid",
    "normal": "by the normal law",
    "sampling": "from sampled orders of joining",
    "relaxation": "by search, with a proven bound",
    "search": "by search",
}


def front(found: MicrogridFindings) -> Front:
    """Where and when, a word on a microgrid without trade, and the key figures."""
    measures = found.measures
    rules = [
        f"{what} by {rule}"
        for what, rule in (("energy", measures.get("energy_rule")), ("money", found.chosen))
        if rule
    ]
    about = [str(measures.get("timezone") or ""), period(found), *rules]
    calm = "" if found.is_traded else NOTHING_TRADED
    return Front(about, calm, [*_gain(found), *_energy(found), *_money(found), *_who(found)], is_good=False)


def _gain(found: MicrogridFindings) -> list[Key]:
    """What the microgrid saved, and what it lost where prices made pooling lose."""
    measures, told = found.measures, []
    if "gain_micro" in measures:
        both = f"grid bill {found.amount('alone_micro')} alone, {found.amount('pooled_micro')} together"
        told.append(("Gain of the microgrid", found.amount("gain_micro"), both))
    if measures.get("pooling_loss_micro"):
        lost = counted(int(measures.get("pooling_loss_intervals") or 0), "interval")
        told.append(
            (
                "Lost by pooling",
                found.amount("pooling_loss_micro"),
                f"in {lost} in which the grid paid more than it asked",
            )
        )
    return told


def _energy(found: MicrogridFindings) -> list[Key]:
    """What was traded, how self-sufficient it made the members, and what the grid did."""
    measures, told = found.measures, []
    if "traded_wh" in measures:
        surplus, traded = found.wh("surplus_wh"), found.wh("traded_wh")
        share = f"{percent(traded / surplus)} of the surplus" if surplus else "there was no surplus"
        told.append(("Traded inside", energy(traded), share))
    if measures.get("self_sufficiency") is not None:
        own = measures.get("self_consumption")
        remark = "of the load" + (f"; {percent(own)} of generation used inside" if own is not None else "")
        told.append(("Self-sufficiency", percent(measures["self_sufficiency"]), remark))
    if "imported_wh" in measures:
        told.append(
            (
                "Bought from the grid",
                energy(found.wh("imported_wh")),
                f"{energy(found.wh('exported_wh'))} sold to it",
            )
        )
    if measures.get("intervals"):
        active, every = found.wh("traded_intervals"), found.wh("intervals")
        told.append(
            ("Trading time", percent(active / every), f"{grouped(active)} of {counted(every, 'interval')}")
        )
    return told


def _money(found: MicrogridFindings) -> list[Key]:
    """By which rule the gain was divided, how exactly, and whether anybody would leave."""
    told: list[Key] = []
    row, chosen = found.case_rule, found.chosen
    if chosen:
        told.append(("Money rule", found.titles.get(chosen, chosen), _how(found)))
    if row.get("core_excess_micro") is not None:
        leaves = bool(row.get("leaving"))
        gain, members = row["core_excess_micro"], counted(len(row.get("leaving") or []), "member")
        more = money(gain, found.currency, money_decimals([gain]))
        would = f"{members} would save {more} more by themselves" if leaves else "no group would do better"
        sure = "" if row.get("core_exact") or leaves else " as far as was searched"
        told.append(("Would anyone leave?", "Yes" if leaves else "No", would + sure))
    return told


def _how(found: MicrogridFindings) -> str:
    """Whether the chosen rule's shares are exact, and by which method."""
    method = str(found.case_rule.get("method") or "")
    method = METHODS.get(method, method)
    return "; ".join(part for part in (found.sureness(found.case_rule), method) if part)


def _who(found: MicrogridFindings) -> list[Key]:
    """How many there are."""
    measures = found.measures
    if measures.get("members") is None:
        return []
    parts = (
        [f"{grouped(found.wh('prosumers'))} with generation"] if measures.get("prosumers") is not None else []
    )
    if measures.get("batteries"):
        held = energy(found.wh("battery_capacity_wh"))
        parts.append(
            f"{counted(found.wh('batteries'), 'battery').replace('batterys', 'batteries')} of {held}"
        )
    return [("Members", grouped(measures["members"]), ", ".join(parts))]
