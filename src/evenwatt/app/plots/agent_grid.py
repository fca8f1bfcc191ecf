"""Whom a scenario hits: the share of its claims that each agent is served, scenario by scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenwatt.app.plots.drawing import statement
from evenwatt.app.plots.quantities import percent
from evenwatt.app.plots.shaded_grid import Cell, Shades, Side, shaded_grid
from evenwatt.app.plots.values import Row, capital, value

TITLE = "Served share of each agent by scenario"
NOTHING = "No agent was served anything in any scenario."

Titles = Mapping[str, str]


def agent_grid(rows: Sequence[Row], *, titles: Titles) -> str:
    """Scenarios down, agents across: the lighter a cell, the less of its claims the agent is served.

    Parameters
    ----------
    rows : rows of scenario, agent, served_share, low, high
        Of one rule.
    titles : scenario -> name
    """
    held = [row for row in rows if value(row, "served_share") is not None]
    if not held:
        return statement(TITLE, NOTHING)
    scenarios = list(dict.fromkeys(str(row["scenario"]) for row in held))
    return shaded_grid(
        Side("Scenario", {name: _title(name, titles) for name in scenarios}),
        Side("Agent", {agent: agent for agent in dict.fromkeys(str(row["agent"]) for row in held)}),
        {(str(row["scenario"]), str(row["agent"])): _cell(row, titles) for row in held},
        Shades("Share of claims served [%]; beneath it where the draws lie", percent(0), percent(1)),
        title=TITLE,
        description=agents_told(rows, titles),
        left=268,
    )


def _title(scenario: str, titles: Titles) -> str:
    return capital(titles.get(scenario, scenario))


def _cell(row: Row, titles: Titles) -> Cell:
    share, low, high = float(row["served_share"]), value(row, "low"), value(row, "high")
    span = "" if low is None or high is None else f"{100 * low:.0f}–{100 * high:.0f}"
    told = f"{row['agent']} in “{_title(str(row['scenario']), titles)}”: {percent(share, 1)}"
    return Cell(share, percent(share), span, told + (f" ({span})" if span else ""))


def agents_told(rows: Sequence[Row], titles: Titles) -> str:
    """What to see: the agent that is served least, and where."""
    held = [row for row in rows if value(row, "served_share") is not None]
    if not held:
        return NOTHING
    worst = min(held, key=lambda row: (float(row["served_share"]), str(row["agent"])))
    least = percent(float(worst["served_share"]))
    return f"{worst['agent']} is served least, {least} of its claims in “{_title(str(worst['scenario']), titles)}”."
