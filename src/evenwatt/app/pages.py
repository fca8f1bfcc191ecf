"""Pages: one file with everything in it, from the one format a report leaves in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from evenwatt.app import (
    cascade_bargain,
    evaluation_sections,
    learning_front,
    market_energy,
    market_front,
    market_language,
    market_mechanisms,
    market_money,
    market_power,
    market_prices,
    microgrid_front,
    microgrid_money,
    microgrid_sections,
    sections,
    sharing_front,
    sharing_losses,
    sharing_sections,
    simulation_sections,
    training_sections,
)
from evenwatt.app.learning_findings import LearningFindings, plainly
from evenwatt.app.market_findings import MarketFindings
from evenwatt.app.microgrid_findings import MicrogridFindings
from evenwatt.app.plots.axioms import Axioms
from evenwatt.app.plots.findings import NOTHING_SCARCE, Figure, Findings
from evenwatt.app.plots.quantities import counted, energy, grouped, money, percent
from evenwatt.app.plots.stories import Story
from evenwatt.app.section import Front, Section, period
from evenwatt.app.sharing_findings import SharingFindings


def cascade(report: Mapping[str, Any]) -> str:
    """The page of a cascade study: who got which share of scarce energy, by which rule, how fair.

    Parameters
    ----------
    report : mapping
        What ``Report.to_dict()`` gives. Tables that are absent leave a sentence in their place.

    Returns
    -------
    str
        One HTML document that asks for nothing: no font, script, style or picture from elsewhere.
    """
    found = Findings(report)
    parts = [
        sections.flows(found),
        *cascade_bargain.sections(found),
        sections.scarcity(found),
        sections.equality(found),
        sections.awards(found),
        sections.duration(found),
        sections.fairness(found),
        sections.members(found),
        sections.parties(found),
    ]
    return _page(found, "Who got the energy", parts, _cascade_front(found))


def comparison(report: Mapping[str, Any]) -> str:
    """The page of a comparison: rules side by side, from the same report as :func:`cascade`."""
    found = Findings(report)
    parts = [sections.equality(found), sections.awards(found), sections.fairness(found)]
    return _page(found, "Rules compared", parts, _cascade_front(found))


def microgrid(report: Mapping[str, Any]) -> str:
    """The page of a microgrid study: who traded with whom, what it saved, and how the saving is divided.

    Parameters
    ----------
    report : mapping
        What ``Report.to_dict()`` gives. Tables that are absent leave a sentence in their place.

    Returns
    -------
    str
        One HTML document that asks for nothing: no font, script, style or picture from elsewhere.
    """
    found = MicrogridFindings(report)
    parts = [
        microgrid_sections.trade(found),
        microgrid_money.savings(found),
        microgrid_money.bills(found),
        microgrid_money.stability(found),
        microgrid_sections.prices(found),
        microgrid_money.explained(found),
        microgrid_sections.members(found),
    ]
    return _page(found, "What the microgrid saved", parts, microgrid_front.front(found))


def sharing(report: Mapping[str, Any]) -> str:
    """The page of a sharing group: who got whose surplus, what was lost and why, what each member pays.

    Parameters
    ----------
    report : mapping
        What ``Report.to_dict()`` gives. Tables that are absent leave a sentence in their place.

    Returns
    -------
    str
        One HTML document that asks for nothing: no font, script, style or picture from elsewhere.
    """
    found = SharingFindings(report)
    parts = [
        sharing_sections.flows(found),
        *sharing_losses.search(found),
        sharing_losses.losses(found),
        sharing_losses.choices(found),
        sharing_sections.time(found),
        sharing_sections.members(found),
        sharing_sections.producers(found),
    ]
    title = "Better keys" if found.table("history") else "What was shared"
    return _page(found, title, parts, sharing_front.front(found))


def market(report: Mapping[str, Any]) -> str:
    """The page of a market: what energy cost, who gained, who had power, and what honesty costs.

    Parameters
    ----------
    report : mapping
        What ``Report.to_dict()`` gives. Tables that are absent leave a sentence in their place.

    Returns
    -------
    str
        One HTML document that asks for nothing: no font, script, style or picture from elsewhere.
    """
    found = MarketFindings(report)
    parts = [
        market_prices.prices(found),
        market_prices.clearing(found),
        market_money.welfare(found),
        market_money.surplus(found),
        market_money.flows(found),
        market_power.power(found),
        market_power.instruments(found),
        market_power.contracts(found),
        market_energy.storage(found),
        market_energy.energy(found),
        market_mechanisms.mechanisms(found),
        market_mechanisms.policies(found),
        market_language.language(found),
        market_money.agents(found),
    ]
    return _page(found, "How the market did", parts, market_front.front(found))


def sweep(report: Mapping[str, Any]) -> str:
    """The page of a sweep: mechanisms by policies over seeds, and which differences are more than chance.

    Parameters
    ----------
    report : mapping
        A market report whose measures say ``kind = "sweep"``, with tables ``sweep``, ``cells`` and ``paired``.

    Returns
    -------
    str
        One HTML document that asks for nothing: no font, script, style or picture from elsewhere.
    """
    found = MarketFindings(report)
    parts = [
        market_mechanisms.cells(found),
        market_mechanisms.differences(found),
        *([market_mechanisms.policies(found)] if found.table("policies") else []),
        market_mechanisms.runs(found),
    ]
    return _page(found, "Mechanisms and policies compared", parts, market_front.sweep_front(found))


def training(report: Mapping[str, Any]) -> str:
    """The page of a training: what was learned from what, and which weights the data cannot tell.

    Parameters
    ----------
    report : mapping
        What ``Report.to_dict()`` gives. Tables that are absent leave a sentence in their place.

    Returns
    -------
    str
        One HTML document that asks for nothing: no font, script, style or picture from elsewhere.
    """
    found = LearningFindings(report)
    parts = [
        training_sections.identified(found),
        training_sections.weights(found),
        training_sections.beliefs(found),
        training_sections.importance(found),
        training_sections.learning(found),
        training_sections.models(found),
    ]
    return _page(found, "What was learned", parts, learning_front.training(found))


def evaluation(report: Mapping[str, Any]) -> str:
    """The page of an evaluation: whether a learned rule beats the simple baselines, and at what price.

    Parameters
    ----------
    report : mapping
        What ``Report.to_dict()`` gives; where its summary says that a baseline wins, that stands first.
        Tables that are absent leave a sentence in their place.

    Returns
    -------
    str
        One HTML document that asks for nothing: no font, script, style or picture from elsewhere.
    """
    found = LearningFindings(plainly(report))
    parts = [
        evaluation_sections.regret(found),
        evaluation_sections.differences(found),
        evaluation_sections.fairness(found),
        evaluation_sections.honesty(found),
        evaluation_sections.curve(found),
        evaluation_sections.stretches(found),
        training_sections.weights(found),
    ]
    return _page(found, "Did learning help?", parts, learning_front.evaluation(found))


def simulation(report: Mapping[str, Any]) -> str:
    """The page of a simulation: what would happen under other circumstances, with bands over the draws.

    Parameters
    ----------
    report : mapping
        What ``Report.to_dict()`` gives. Tables that are absent leave a sentence in their place.

    Returns
    -------
    str
        One HTML document that asks for nothing: no font, script, style or picture from elsewhere.
    """
    found = LearningFindings(report)
    parts = [
        simulation_sections.scenarios(found),
        *simulation_sections.agents(found),
        simulation_sections.days(found),
        simulation_sections.draws(found),
    ]
    return _page(found, "What would happen if", parts, learning_front.simulation(found))


def _page(found: Findings, title: str, parts: Sequence[Section], front: Front) -> str:
    """Fill the template."""
    report, measures = found.report, found.measures
    return (
        _environment()
        .get_template("page.html")
        .render(
            title=title,
            case=str(measures.get("case") or report.get("study") or "evenwatt"),
            study=str(report.get("study") or ""),
            about=[words for words in front.about if words],
            summary=list(report.get("summary") or []),
            calm=front.calm,
            is_good=front.is_good,
            key_figures=front.key_figures,
            sections=parts,
            notes=list(report.get("notes") or []),
            provenance=_provenance(report.get("provenance") or {}),
        )
    )


def _cascade_front(found: Findings) -> Front:
    """What stands above the sections of a cascade."""
    about = [str(found.measures.get("zone") or ""), period(found), f"rule {found.chosen}"]
    return Front(about, "" if found.is_scarce else NOTHING_SCARCE, _key_figures(found))


def _environment() -> Environment:
    """Templates beside this module; every value is escaped unless it is a drawing of our own."""
    made = Environment(
        loader=PackageLoader("evenwatt.app"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.tests |= {
        "figure": lambda block: isinstance(block, Figure),
        "axioms": lambda block: isinstance(block, Axioms),
        "story": lambda block: isinstance(block, Story),
    }
    return made


def _key_figures(found: Findings) -> list[tuple[str, str, str]]:
    """Name, figure and remark of the numbers a reader asks for first."""
    measures = found.measures
    claimed, served, intervals = found.wh("claimed_wh"), found.wh("served_wh"), found.wh("intervals")
    told = []
    if claimed:
        told.append(("Claims met", percent(served / claimed), f"{energy(served)} of {energy(claimed)}"))
    if intervals:
        contested = found.wh("intervals_contested")
        share = percent(contested / intervals)
        told.append(("Contested time", share, f"{grouped(contested)} of {counted(intervals, 'interval')}"))
    told += _worst_served(found) + _gini(found)
    if "surplus_wh" in measures:
        told.append(
            (
                "Sold to the grid",
                energy(found.wh("surplus_wh")),
                f"of a pool of {energy(found.wh('pool_wh'))}",
            )
        )
    told += cascade_bargain.key_figures(found)
    saved = sum(row.get("price_saved_micro") or 0 for row in found.table("members"))
    if saved:
        told.append(("Saved by members", money(saved, found.currency), "against buying it from the grid"))
    parties = [
        counted(int(measures[k]), k[:-1]) for k in ("suppliers", "agents") if measures.get(k) is not None
    ]
    if measures.get("members") is not None:
        told.append(("Members", grouped(measures["members"]), ", ".join(parties)))
    return told


def _worst_served(found: Findings) -> list[tuple[str, str, str]]:
    """The member with the lowest coverage."""
    rows = [row for row in found.table("members") if row.get("coverage") is not None]
    if not rows:
        return []
    worst = min(rows, key=lambda row: row["coverage"])
    return [
        (
            "Worst-served member",
            percent(worst["coverage"]),
            f"{worst.get('label') or worst['id']}, of all claims",
        )
    ]


def _gini(found: Findings) -> list[tuple[str, str, str]]:
    """How unequal the awards are under the case's rule."""
    values = [row.get("gini") for row in found.rules if row["rule"] == found.chosen]
    return [("Gini index", f"{v:.3f}", "of awards; 0 is equal") for v in values if v is not None]


def _provenance(provenance: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Groups of names and values, one level deep; a plain value is a group of its own."""
    plain = [(str(k), str(v)) for k, v in provenance.items() if not isinstance(v, Mapping)]
    nested = [(str(k), _flat(v)) for k, v in provenance.items() if isinstance(v, Mapping)]
    return [*([("run", plain)] if plain else []), *nested]


def _flat(values: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Nested mappings as dotted names."""
    told: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{before}{key}"
        told += _flat(value, f"{name}.") if isinstance(value, Mapping) else [(name, str(value))]
    return told
