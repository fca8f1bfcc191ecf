"""What a learned rule believes of each agent's claim: the share of it that it takes at its word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenwatt.app.plots.axes import percent_ticks
from evenwatt.app.plots.colours import BLUE
from evenwatt.app.plots.drawing import statement
from evenwatt.app.plots.interval_rows import DOT, Axis, Held, interval_rows
from evenwatt.app.plots.quantities import counted, percent
from evenwatt.app.plots.values import Row, value, values

TITLE = "What is taken of each agent’s claim"
NOTHING = "No rule learned how much of a claim to take."
CLOSE = 0.01  # claims that are changed by less than this are taken as they are

Labels = Mapping[str, str]


def discounts(rows: Sequence[Row], *, labels: Labels) -> str:
    """A dot per agent with its range over time; left of the line a claim is cut, right of it raised.

    Parameters
    ----------
    rows : rows of agent, discount_mean, low, high
        Factors on the stated claim.
    labels : agent -> name
    """
    held = sorted(
        (row for row in rows if value(row, "discount_mean") is not None),
        key=lambda row: (float(row["discount_mean"]), str(row["agent"])),
    )
    if not held:
        return statement(TITLE, NOTHING)
    reached = [1.0, *values(held, "discount_mean", "low", "high")]
    room = max(reached) - min(reached) or 0.1
    low, high = max(min(reached) - 0.06 * room, 0.0), max(reached) + 0.06 * room
    axis = Axis(
        low, high, percent_ticks(low, high, 6), "Share of the stated claim that the rule takes [%]", 1.0
    )
    return interval_rows(
        [_row(row, labels) for row in held], axis, title=TITLE, description=discounts_told(rows, labels),
        legend=[(DOT, BLUE, "mean and range over time; the upright line takes a claim as stated")], heading="mean",
    )  # fmt: skip


def _row(row: Row, labels: Labels) -> Held:
    agent = str(row["agent"])
    mean = float(row["discount_mean"])
    return Held(
        labels.get(agent) or agent, mean, value(row, "low"), value(row, "high"), BLUE, DOT, percent(mean, 1)
    )


def discounts_told(rows: Sequence[Row], labels: Labels) -> str:
    """What to see: whose claims are cut most, and how many are taken as they are."""
    held = [row for row in rows if value(row, "discount_mean") is not None]
    if not held:
        return NOTHING
    least = min(held, key=lambda row: (float(row["discount_mean"]), str(row["agent"])))
    mean, agent = float(least["discount_mean"]), str(least["agent"])
    as_stated = sum(abs(float(row["discount_mean"]) - 1) < CLOSE for row in held)
    told = (
        f"Of what {labels.get(agent) or agent} states the rule takes {percent(mean, 1)}, the least of all."
        if mean < 1 - CLOSE
        else "The rule cuts nobody’s claim."
    )
    taken = counted(as_stated, "agent") if as_stated else "None"
    told += f" {taken} of {len(held)} {'are' if as_stated > 1 else 'is'} taken at their word."
    return told + " An agent that learns of its discount can answer it by stating more."
