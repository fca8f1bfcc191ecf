"""What stands above the sections of a sharing group's page: the numbers a manager asks for first."""

from __future__ import annotations

from evenwatt.app.plots.quantities import counted, energy, grouped, percent
from evenwatt.app.section import Front, period
from evenwatt.app.sharing_findings import NOTHING_SHARED, SharingFindings

Key = tuple[str, str, str]


def front(found: SharingFindings) -> Front:
    """Where and when, by which rule, and the key figures."""
    measures = found.measures
    about = [
        str(measures.get("timezone") or ""), period(found), str(measures.get("rule_title") or ""),
        str(measures.get("rule") or ""),
    ]  # fmt: skip
    calm = "" if found.is_shared else NOTHING_SHARED
    return Front(about, calm, [*_bound(found), *_energy(found), *_money(found), *_who(found)], is_good=False)


def _bound(found: SharingFindings) -> list[Key]:
    """What optimised keys share more, and how far that is from the most there can be."""
    measures, told = found.measures, []
    if measures.get("before_wh") is not None:
        more = found.wh("shared_wh") - found.wh("before_wh")
        told.append(
            (
                "With these keys",
                f"{'+' if more >= 0 else ''}{energy(more)}",
                f"{energy(found.wh('before_wh'))} before",
            )
        )
    if measures.get("gap") is not None:
        told.append(
            (
                "Proven gap",
                percent(float(measures["gap"]), 2),
                f"no keys by this rule share more than {energy(float(measures['bound_wh']))}",
            )
        )
    return told


def _energy(found: SharingFindings) -> list[Key]:
    """What was shared, what was not, and what could have been."""
    measures, told = found.measures, []
    if measures.get("ideal_wh"):
        share = found.wh("shared_wh") / found.wh("ideal_wh")
        told.append(
            ("Shared", energy(found.wh("shared_wh")), f"{percent(share, 1)} of what could meet at best")
        )
    if "unused_wh" in measures:
        supply = f"of a surplus of {energy(found.wh('supply_wh'))}"
        told.append(("Left to the grid", energy(found.wh("unused_wh")), supply))
        demand = f"of a demand of {energy(found.wh('demand_wh'))}"
        told.append(("Drawn from the grid", energy(found.wh("unmet_wh")), demand))
    if "could_wh" in measures:
        told.append(
            ("Could have been shared", energy(found.wh("could_wh")), "unused and wanted at the same time")
        )
    return told


def _money(found: SharingFindings) -> list[Key]:
    if "saved_micro" not in found.measures:
        return []
    both = f"bills of {found.amount('before_micro')} without, {found.amount('after_micro')} with sharing"
    return [("Saved by sharing", found.amount("saved_micro"), both)]


def _who(found: SharingFindings) -> list[Key]:
    """How many there are, and how far they supply themselves."""
    measures, told = found.measures, []
    if measures.get("self_sufficiency") is not None:
        told.append(
            ("Self-sufficiency", percent(measures["self_sufficiency"]), "of the load, own use and sharing")
        )
    if measures.get("members") is not None:
        parts = [counted(found.wh("producers"), "producer"), counted(found.wh("links"), "link")]
        told.append(("Members", grouped(measures["members"]), ", ".join(parts)))
    return told
