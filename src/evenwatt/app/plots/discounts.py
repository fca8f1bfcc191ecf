"""What a learned rule takes of what each agent asks for: of its claim, or of the need predicted from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenwatt.app.plots.axes import percent_ticks
from evenwatt.app.plots.colours import BLUE
from evenwatt.app.plots.drawing import statement
from evenwatt.app.plots.interval_rows import DOT, Axis, Held, interval_rows
from evenwatt.app.plots.quantities import counted, percent
from evenwatt.app.plots.values import Row, value, values

CLAIM, NEED = "claim", "predicted need"  # what a policy multiplies, in words
NOTHING = "No rule learned how much of a claim to take."
CLOSE = 0.01  # what is changed by less than this is taken as it is
ANSWER = {
    CLAIM: "An agent that learns of its factor can answer it by stating more.",
    NEED: "Predictions follow what agents state, so an agent can still answer by stating more.",
}

Labels = Mapping[str, str]


def discounts(rows: Sequence[Row], *, labels: Labels, asked: str = CLAIM) -> str:
    """A dot per agent with the interval of its factor; left of the line its claim is cut, right of it raised.

    Parameters
    ----------
    rows : rows of agent, discount_mean, low, high
        Factors on what is asked for.
    labels : agent -> name
    asked : CLAIM or NEED
        What that is.
    """
    held = sorted(
        (row for row in rows if value(row, "discount_mean") is not None),
        key=lambda row: (float(row["discount_mean"]), str(row["agent"])),
    )
    title = f"What is taken of each agent’s {asked}"
    if not held:
        return statement(title, NOTHING)
    reached = [1.0, *values(held, "discount_mean", "low", "high")]
    room = max(reached) - min(reached) or 0.1
    low, high = max(min(reached) - 0.06 * room, 0.0), max(reached) + 0.06 * room
    axis = Axis(
        low, high, percent_ticks(low, high, 6), f"What the rule takes, as a part of the {asked} [%]", 1.0
    )
    return interval_rows(
        [_row(row, labels) for row in held], axis, title=title, description=discounts_told(rows, labels, asked),
        legend=[(DOT, BLUE, f"mean and 95 % interval; the upright line takes a {asked} as it is")], heading="mean",
    )  # fmt: skip


def _row(row: Row, labels: Labels) -> Held:
    agent = str(row["agent"])
    mean = float(row["discount_mean"])
    return Held(
        labels.get(agent) or agent, mean, value(row, "low"), value(row, "high"), BLUE, DOT, percent(mean, 1)
    )


def discounts_told(rows: Sequence[Row], labels: Labels, asked: str = CLAIM) -> str:
    """What to see: who is cut or raised most, and how many are taken as they are."""
    held = [row for row in rows if value(row, "discount_mean") is not None]
    if not held:
        return NOTHING
    least = min(held, key=lambda row: (float(row["discount_mean"]), str(row["agent"])))
    most = max(held, key=lambda row: (float(row["discount_mean"]), str(row["agent"])))
    told = [
        f"Of the {asked} of {_named(least, labels)} the rule takes {_part(least)}, the least of all."
        if float(least["discount_mean"]) < 1 - CLOSE
        else f"The rule cuts nobody’s {asked}."
    ]
    if float(most["discount_mean"]) > 1 + CLOSE:
        told.append(f"That of {_named(most, labels)} is raised most, to {_part(most)}.")
    as_stated = sum(abs(float(row["discount_mean"]) - 1) < CLOSE for row in held)
    taken = counted(as_stated, "agent") if as_stated else "none"
    told.append(f"For {taken} of {len(held)} the {asked} is taken as it is.")
    return " ".join([*told, ANSWER[asked]])


def _named(row: Row, labels: Labels) -> str:
    agent = str(row["agent"])
    return labels.get(agent) or agent


def _part(row: Row) -> str:
    return percent(float(row["discount_mean"]), 1)
