"""The parts of the page of a simulation: scenarios by rules, their days, and the draws behind them."""

from __future__ import annotations

from evenwatt.app.learning_findings import LearningFindings
from evenwatt.app.plots.agent_grid import agent_grid, agents_told
from evenwatt.app.plots.cells import Column, Table, moneys, numbers, shares, words
from evenwatt.app.plots.findings import Figure, Row
from evenwatt.app.plots.quantities import counted, money_decimals, percent
from evenwatt.app.plots.scenario_bands import bands_told, scenario_bands
from evenwatt.app.plots.scenarios import Measure, measures_of, scenario_rows, scenario_title, scenarios_told
from evenwatt.app.plots.values import capital, value
from evenwatt.app.section import Block, Section, absent

MOST_DRAWS = 400


def scenarios(found: LearningFindings) -> Section:
    """Every scenario under every rule."""
    name, title, rows = "scenarios", "What would happen if", found.table("scenarios")
    measures = measures_of(rows, found.currency)
    if not measures:
        return absent(name, title, "scenarios")
    blocks: list[Block] = []
    for measure in measures:
        head = measure.name.partition(" [")[0]
        drawn = scenario_rows(rows, measure, marked=found.chosen, level=_level(found))
        blocks += [Figure(head, drawn, scenarios_told(rows, measure)), _by_rule(found, measure)]
    return Section(name, title, blocks)


def _level(found: LearningFindings) -> float:
    """Which share of the draws an interval holds."""
    return value(found.measures, "level") or 0.95


def _by_rule(found: LearningFindings, measure: Measure) -> Table:
    """Scenarios down, rules across; the interval stands beneath its mean."""
    rows = [row for row in found.table("scenarios") if row.get("measure") == measure.key]
    rules = list(dict.fromkeys(str(row["rule"]) for row in rows))
    names = {str(row["scenario"]): scenario_title(row) for row in rows}
    of = {(str(row["scenario"]), str(row["rule"])): row for row in rows}
    columns = [words("Scenario", list(names.values()))]
    for rule in rules:
        held = [of.get((scenario, rule)) for scenario in names]
        columns.append(
            words(rule, [_mean(row, measure) for row in held], notes=[_span(row, measure) for row in held])
        )
    caption = f"{measure.name}: mean over the draws, and where {percent(_level(found))} of them lie"
    return Table(f"scenarios-{measure.key.replace('_', '-')}", caption, columns, is_folded=True)


def _mean(row: Row | None, measure: Measure) -> str | None:
    mean = None if row is None else value(row, "mean")
    return None if mean is None else measure.written(mean)


def _span(row: Row | None, measure: Measure) -> str:
    ends = [] if row is None else [v for key in ("low", "high") if (v := value(row, key)) is not None]
    return f"{measure.written(ends[0])} to {measure.written(ends[1])}" if len(ends) == 2 else ""


def agents(found: LearningFindings) -> list[Section]:
    """Whom a scenario hits, under the first of the rules; nothing where the report does not say."""
    rows = [row for row in found.table("agents") if row.get("scenario") is not None]
    if not rows:
        return []
    rules = list(dict.fromkeys(str(row["rule"]) for row in rows))
    rule = found.chosen if found.chosen in rules else rules[0]
    held, titles = [row for row in rows if str(row["rule"]) == rule], found.scenarios
    figure = Figure(
        f"Served share of each agent under {rule}", agent_grid(held, titles=titles), agents_told(held, titles)
    )
    columns = [
        words("Scenario", [capital(titles.get(str(row["scenario"]), str(row["scenario"]))) for row in rows]),
        words("Rule", [row.get("rule") for row in rows]),
        words("Agent", [row.get("agent") for row in rows]),
        shares("Served", [value(row, "served_share") for row in rows], bars=True, decimals=1),
        shares("from", [value(row, "low") for row in rows], decimals=1),
        shares("to", [value(row, "high") for row in rows], decimals=1),
    ]
    table = Table("agents-table", "Every agent in figures", columns, is_searchable=True, is_folded=True)
    return [Section("agents", "Whom it hits", [figure, table])]


def days(found: LearningFindings) -> Section:
    """The days of each scenario."""
    name, title, rows = "days", "Which days are hard", found.table("bands")
    if not rows:
        return absent(name, title, "bands")
    titles = found.scenarios
    figure = Figure("Served share of each day", scenario_bands(rows, titles=titles), bands_told(rows, titles))
    return Section(name, title, [figure])


def draws(found: LearningFindings) -> Section:
    """The draws behind the intervals, each with the seed that gives it again."""
    name, title, rows = "draws", "The draws behind it", found.table("draws")
    if not rows:
        return absent(name, title, "draws")
    shown, titles = rows[:MOST_DRAWS], found.scenarios
    columns = [
        words("Scenario", [capital(titles.get(str(row["scenario"]), str(row["scenario"]))) for row in shown]),
        words("Rule", [row.get("rule") for row in shown]),
        numbers("Draw", [value(row, "draw") for row in shown]),
        words("Seed", [row.get("seed") for row in shown]),
        shares("Served", [value(row, "served_share") for row in shown], bars=True, decimals=1),
        *_worst(shown),
        numbers("Gini", [value(row, "gini") for row in shown], 3),
        *_costs(found, shown),
    ]
    more = f", the first {MOST_DRAWS}" if len(rows) > len(shown) else ""
    caption = f"{counted(len(rows), 'draw')}{more}; its seed gives each again"
    table = Table("draws-table", caption, columns, is_searchable=True, is_folded=True)
    return Section(name, title, [table])


def _worst(rows: list[Row]) -> list[Column]:
    """How the worst-served member fared in each draw, where it was kept."""
    worst = [value(row, "worst_coverage") for row in rows]
    return [] if all(share is None for share in worst) else [shares("Worst-served", worst, decimals=1)]


def _costs(found: LearningFindings, rows: list[Row]) -> list[Column]:
    """What each draw cost its members."""
    costs = [value(row, "cost_micro") for row in rows]
    if all(cost is None for cost in costs):
        return []
    return [moneys("Cost", costs, found.currency, decimals=money_decimals(costs))]
