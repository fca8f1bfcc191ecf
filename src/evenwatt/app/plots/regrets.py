"""Regret of every rule: how much of what perfect foresight would reach is lost, with intervals."""

from __future__ import annotations

from collections.abc import Sequence

from evenwatt.app.plots.axes import percent_ticks
from evenwatt.app.plots.colours import BLUE, GREEN, GREY
from evenwatt.app.plots.drawing import statement
from evenwatt.app.plots.interval_rows import BAR, Axis, Held, interval_rows, within
from evenwatt.app.plots.quantities import percent
from evenwatt.app.plots.values import Row, capital, value, values

TITLE = "Regret of each rule"
NO_REGRET = "The report names no rule whose regret could be told."
LEARNED, BASELINE, FORESIGHT = "learned", "baseline", "foresight"
INKS = {LEARNED: BLUE, BASELINE: GREY, FORESIGHT: GREEN}
SAID = {
    LEARNED: "learned",
    BASELINE: "baseline",
    FORESIGHT: "knows what is not yet known: a yardstick, no rule",
}


def kind_of(row: Row) -> str:
    """Whether a rule is learned, a baseline, or the foresight that regret is measured by."""
    if "foresight" in str(row.get("rule")):
        return FORESIGHT
    return BASELINE if row.get("is_baseline") else LEARNED


def title_of(row: Row) -> str:
    """What a rule is called."""
    return str(row.get("title") or row.get("rule") or "")


def ranked(rows: Sequence[Row]) -> list[Row]:
    """Rules with a regret, least regret first; the yardstick last."""
    held = [row for row in rows if value(row, "regret") is not None]
    return sorted(held, key=lambda row: (kind_of(row) == FORESIGHT, float(row["regret"]), str(row["rule"])))


def best(rows: Sequence[Row], kind: str) -> Row | None:
    """The rule of a kind with the least regret."""
    return next((row for row in ranked(rows) if kind_of(row) == kind), None)


def regret_bars(rows: Sequence[Row]) -> str:
    """A bar per rule with the interval of its regret, least regret first.

    Parameters
    ----------
    rows : rows of rule, title, regret, regret_low, regret_high, is_baseline
        Fractions of what perfect foresight reaches. The learned rule with the least regret is set off.
    """
    held = ranked(rows)
    if not held:
        return statement(TITLE, NO_REGRET)
    reached = [0.0, *values(held, "regret", "regret_low", "regret_high")]
    low, high = min(reached), max(reached) or 0.01
    ticks = percent_ticks(low, high, 6)
    axis = Axis(
        min(low * 1.03, ticks[0][0]), max(high * 1.03, ticks[-1][0]), ticks,
        "Regret: what is lost of the worth that perfect foresight reaches [%]; lines are 95 % intervals",
    )  # fmt: skip
    first = best(rows, LEARNED)
    kinds = [kind for kind in INKS if any(kind_of(row) == kind for row in held)]
    return interval_rows(
        [_row(row, row is first) for row in held], axis, title=TITLE, description=regrets_told(rows),
        legend=[(BAR, INKS[kind], SAID[kind]) for kind in kinds], heading="regret",
    )  # fmt: skip


def _row(row: Row, is_first: bool) -> Held:
    return Held(
        capital(title_of(row)), value(row, "regret"), value(row, "regret_low"), value(row, "regret_high"),
        INKS[kind_of(row)], BAR, percent(float(row["regret"]), 2), is_first,
    )  # fmt: skip


def regrets_told(rows: Sequence[Row]) -> str:
    """What to see: the best learned rule beside the best baseline, plainly, whichever wins."""
    learned, baseline = best(rows, LEARNED), best(rows, BASELINE)
    if learned is None and baseline is None:
        return NO_REGRET
    if learned is None or baseline is None:
        only = learned or baseline
        assert only is not None
        told = f"{capital(title_of(only))} loses least, {_regret(only)}."
        return told + (" No rule was learned." if learned is None else " No baseline stands beside it.")
    if float(baseline["regret"]) <= float(learned["regret"]):
        return (
            f"The simple baseline wins: {title_of(baseline)} loses {_regret(baseline)}, the best learned rule,"
            f" {title_of(learned)}, {_regret(learned)}."
        )
    cut = 1 - float(learned["regret"]) / float(baseline["regret"]) if float(baseline["regret"]) > 0 else None
    less = "" if cut is None else f": {percent(cut)} less"
    return (
        f"{capital(title_of(learned))} loses least, {_regret(learned)}; the best baseline, {title_of(baseline)}, loses"
        f" {_regret(baseline)}{less}. Whether the difference is more than chance is told below."
    )


def _regret(row: Row) -> str:
    """A regret with its interval."""
    span = within(value(row, "regret_low"), value(row, "regret_high"), 2)
    return percent(float(row["regret"]), 2) + (f" ({span})" if span else "")
