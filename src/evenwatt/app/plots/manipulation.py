"""What an agent would gain by stating another claim than it has: a cell for each rule and agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenwatt.app.plots.colours import VERMILION
from evenwatt.app.plots.drawing import statement
from evenwatt.app.plots.quantities import grouped
from evenwatt.app.plots.shaded_grid import Cell, Shades, Side, shaded_grid
from evenwatt.app.plots.values import Row, capital, listed, signed, value

TITLE = "What an agent would gain by stating another claim"
NOTHING = "It was not asked what an agent would gain by stating another claim."
NEGLIGIBLE = 5e-4

Labels = Mapping[str, str]


def manipulation(
    rows: Sequence[Row],
    *,
    titles: Labels,
    agents: Labels,
    order: Sequence[str] = (),
    marked: str | None = None,
) -> str:
    """Rules down, agents across: the best gain, and by what factor on its claim an agent would reach it.

    Parameters
    ----------
    rows : rows of rule, agent, factor, gain_share, long_run_gain_share
        The gain is a fraction of what the agent gets when it states its claim as it is.
    titles, agents : rule -> name, agent -> name
    order : rules in the order of the rows
    marked : a rule to set off
    """
    held = [row for row in rows if value(row, "gain_share") is not None]
    if not held:
        return statement(TITLE, NOTHING)
    rules = _ordered(held, order)
    most = max(max(float(row["gain_share"]) for row in held), NEGLIGIBLE)
    names = {agent: agents.get(agent) or agent for agent in dict.fromkeys(str(row["agent"]) for row in held)}
    cells = {(str(row["rule"]), str(row["agent"])): _cell(row, titles, names, most) for row in held}
    worst = {
        rule: signed(max(float(row["gain_share"]) for row in held if str(row["rule"]) == rule))
        for rule in rules
    }
    return shaded_grid(
        Side("Rule", {rule: capital(titles.get(rule, rule)) for rule in rules}),
        Side("Agent", names),
        cells,
        Shades("Gain of energy that is needed [%]; beneath it the best factor", "0", signed(most)),
        title=TITLE, description=manipulation_told(rows, titles=titles, agents=agents), ends=worst, ending="most",
        left=268, marked=marked, colour=VERMILION,
    )  # fmt: skip


def _ordered(rows: Sequence[Row], order: Sequence[str]) -> list[str]:
    """The rules that were tried, those of ``order`` first."""
    tried = list(dict.fromkeys(str(row["rule"]) for row in rows))
    return [*(rule for rule in order if rule in tried), *(rule for rule in tried if rule not in order)]


def _cell(row: Row, titles: Labels, agents: Labels, most: float) -> Cell:
    """A gain; where there is none the cell stays light."""
    gain, factor, later = (value(row, key) for key in ("gain_share", "factor", "long_run_gain_share"))
    gain = gain or 0.0
    rule, agent = str(row["rule"]), agents[str(row["agent"])]
    told = f"{agent} under {titles.get(rule, rule)}: {signed(gain)}"
    told += (
        f" by stating {grouped(factor, 2)} times its claim"
        if factor is not None and gain > NEGLIGIBLE
        else ""
    )
    told += f"; {signed(later)} once the rule has learned from it" if later is not None else ""
    if gain <= NEGLIGIBLE:
        return Cell(0.0, "0", "", told)
    return Cell(
        gain / most,
        signed(gain, 0 if gain >= 0.1 else 1),
        "" if factor is None else f"× {grouped(factor, 2)}",
        told,
    )


def manipulation_told(rows: Sequence[Row], *, titles: Labels, agents: Labels) -> str:
    """What to see: where stating too much pays most, and which rules do not reward it."""
    held = [row for row in rows if value(row, "gain_share") is not None]
    if not held:
        return NOTHING
    by_rule: dict[str, list[Row]] = {}
    for row in held:
        by_rule.setdefault(str(row["rule"]), []).append(row)
    safe = [
        rule for rule, own in by_rule.items() if max(float(row["gain_share"]) for row in own) <= NEGLIGIBLE
    ]
    most = max(held, key=lambda row: (float(row["gain_share"]), str(row["rule"])))
    if float(most["gain_share"]) <= NEGLIGIBLE:
        return "Under no rule would an agent gain by stating another claim than it has."
    agent, rule, factor = str(most["agent"]), str(most["rule"]), value(most, "factor")
    how = "" if factor is None else f" by stating {grouped(factor, 2)} times its claim"
    told = (
        f"Most is to be gained under {titles.get(rule, rule)}: {agents.get(agent) or agent} would have"
        f" {signed(float(most['gain_share']))}{how}, all others stating theirs as they are."
    )
    if safe:
        told += f" {capital(listed(titles.get(name, name) for name in safe))} reward{'s' if len(safe) == 1 else ''}"
        told += " no such statement."
    learned = [row for row in held if value(row, "long_run_gain_share") is not None]
    if learned:
        later = max(learned, key=lambda row: float(row["long_run_gain_share"]))
        told += (
            f" Once the rules have learned from such statements at most {signed(float(later['long_run_gain_share']))}"
            " is left."
        )
    return told
