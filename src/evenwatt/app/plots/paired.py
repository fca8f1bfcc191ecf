"""Rules compared interval by interval: differences whose sign is more than chance, or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenwatt.app.plots.axes import percent_ticks
from evenwatt.app.plots.colours import BLUE, GREY, VERMILION
from evenwatt.app.plots.drawing import statement
from evenwatt.app.plots.interval_rows import DOT, OPEN, Axis, Held, interval_rows, within
from evenwatt.app.plots.quantities import counted
from evenwatt.app.plots.values import Row, capital, listed, signed, value, values

TITLE = "Differences between rules, interval by interval"
NOTHING = "No two rules were compared."
INKS = {"better": BLUE, "worse": VERMILION, "undecided": GREY}
MOST_ROWS = 48

Titles = Mapping[str, str]


def verdict_of(row: Row) -> str:
    """Better, worse or undecided; a row that says nothing is undecided."""
    told = str(row.get("verdict") or "")
    return told if told in INKS else "undecided"


def paired(rows: Sequence[Row], *, titles: Titles) -> str:
    """A row per comparison under the rule that is compared: right of zero it does better than the other.

    Parameters
    ----------
    rows : rows of rule, against, difference, low, high, verdict
        What the rule regrets less than the other, as a fraction of what perfect foresight reaches.
    titles : rule -> name
    """
    held = [row for row in _grouped(rows) if value(row, "difference") is not None][:MOST_ROWS]
    if not held:
        return statement(TITLE, NOTHING)
    reached = [0.0, *values(held, "difference", "low", "high")]
    low, high = min(reached), max(reached)
    room = high - low or 0.01
    ticks = percent_ticks(low, high, 6) if high > low else percent_ticks(-0.01, 0.01, 2)
    axis = Axis(
        min(low - 0.04 * room, ticks[0][0]), max(high + 0.04 * room, ticks[-1][0]), ticks,
        "Regret less than that of the other rule [% of perfect foresight]; right of zero is better",
    )  # fmt: skip
    said = {
        "better": "better: the interval lies right of zero",
        "worse": "worse",
        "undecided": "undecided: zero lies in the interval",
    }
    kinds = [kind for kind in said if any(verdict_of(row) == kind for row in held)]
    legend = [(OPEN if kind == "undecided" else DOT, INKS[kind], said[kind]) for kind in kinds]
    return interval_rows(
        [_row(row, titles) for row in held], axis, title=TITLE, description=paired_told(rows, titles), legend=legend,
        heading="difference",
    )  # fmt: skip


def _grouped(rows: Sequence[Row]) -> list[Row]:
    """Rows of one rule together, in the order in which the rules come."""
    order = {rule: k for k, rule in enumerate(dict.fromkeys(str(row["rule"]) for row in rows))}
    return sorted(rows, key=lambda row: order[str(row["rule"])])


def _row(row: Row, titles: Titles) -> Held:
    said = verdict_of(row)
    rule, against = str(row["rule"]), str(row["against"])
    return Held(
        f"against {titles.get(against, against)}", value(row, "difference"), value(row, "low"), value(row, "high"),
        INKS[said], OPEN if said == "undecided" else DOT, signed(float(row["difference"]), 2),
        group=capital(titles.get(rule, rule)),
    )  # fmt: skip


def paired_told(rows: Sequence[Row], titles: Titles) -> str:
    """What to see: which comparisons are decided, and the narrowest that is not."""
    held = [row for row in rows if value(row, "difference") is not None]
    if not held:
        return NOTHING

    def pair(row: Row) -> str:
        rule, against = str(row["rule"]), str(row["against"])
        return f"{titles.get(rule, rule)} against {titles.get(against, against)}"

    of = {kind: [row for row in held if verdict_of(row) == kind] for kind in INKS}
    said = {"better": "decided for the rule", "worse": "decided against it", "undecided": "open"}
    counts = [f"{len(of[kind])} {_are(of[kind])} {words}" for kind, words in said.items() if of[kind]]
    told = f"Of {counted(len(held), 'comparison')} {', '.join(counts)}."
    if of["worse"]:
        told += f" Worse: {listed((pair(row) for row in of['worse']), 2)}."
    if of["undecided"]:
        told += (
            f" Undecided, as the interval holds zero: {listed((pair(row) for row in of['undecided']), 2)}."
        )
    if of["better"]:
        most = max(of["better"], key=lambda row: float(row["difference"]))
        span = within(value(most, "low"), value(most, "high"), 2)
        told += f" The largest gain is {pair(most)}, {signed(float(most['difference']), 2)}"
        told += f" ({span})." if span else "."
    if len(held) > MOST_ROWS:
        told += f" The drawing shows the first {MOST_ROWS}."
    return told


def _are(rows: Sequence[Row]) -> str:
    return "is" if len(rows) == 1 else "are"
