"""The parts of the page of an evaluation: who wins, whether by chance, at what price in fairness and honesty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evenwatt.app.learning_findings import LearningFindings
from evenwatt.app.plots.blocks import block_grid, block_name, blocks_told
from evenwatt.app.plots.cells import Column, Table, energies, numbers, shares, words
from evenwatt.app.plots.fairness_regret import (
    GINI,
    WORST,
    fairness_regret,
    fairness_told,
    points_of,
)
from evenwatt.app.plots.findings import Figure, Row
from evenwatt.app.plots.learning_curve import curve_told, learning_curve
from evenwatt.app.plots.manipulation import manipulation, manipulation_told
from evenwatt.app.plots.paired import paired, paired_told, verdict_of
from evenwatt.app.plots.quantities import grouped
from evenwatt.app.plots.regrets import INKS, LEARNED, kind_of, ranked, regret_bars, regrets_told, title_of
from evenwatt.app.plots.values import capital, value, values
from evenwatt.app.section import Section, absent


def regret(found: LearningFindings) -> Section:
    """What every rule loses against perfect foresight."""
    name, title, rows = "regret", "What each rule loses", found.table("regret")
    if not rows:
        return absent(name, title, "regret")
    return Section(
        name,
        title,
        [Figure("Regret of each rule", regret_bars(rows), regrets_told(rows)), _regrets(found, rows)],
    )


def _regrets(found: LearningFindings, rows: Sequence[Row]) -> Table:
    """Every measure of every rule, least regret first."""
    held = [*ranked(rows), *(row for row in rows if value(row, "regret") is None)]
    of = {key: [value(row, key) for row in held] for key in _MEASURED}
    spans = [_span(low, high) for low, high in zip(of["regret_low"], of["regret_high"], strict=True)]
    columns = [
        words("Rule", [capital(title_of(row)) for row in held], dots=[INKS[kind_of(row)] for row in held],
              notes=[kind_of(row) for row in held]),
        _noted(shares("Regret", of["regret"], bars=True, decimals=2), spans),
        numbers("Worth", of["objective"], _decimals(of["objective"]), unit=found.currency),
        shares("Satisfaction, mean", of["satisfaction_mean"], decimals=1),
        shares("worst", of["satisfaction_worst"], decimals=1),
        numbers("Gini", of["gini"], 3),
        *energies({"Wasted": of["wasted_wh"]}),
        shares("False claim", of["manipulation_gain"], decimals=1),
        numbers("Time", of["seconds"], 1, unit="s"),
    ]  # fmt: skip
    marked = frozenset(k for k, row in enumerate(held) if str(row["rule"]) == found.best_learned)
    return Table("regret-table", "All measures of each rule, least regret first", columns, marked)


_MEASURED = (
    "regret", "regret_low", "regret_high", "objective", "satisfaction_mean", "satisfaction_worst", "gini", "wasted_wh",
    "manipulation_gain", "seconds",
)  # fmt: skip


def _noted(column: Column, notes: Sequence[str]) -> Column:
    """The column with a note beneath each cell."""
    return replace(
        column, cells=[replace(cell, note=note) for cell, note in zip(column.cells, notes, strict=True)]
    )


def _span(low: float | None, high: float | None) -> str:
    """An interval of shares, short enough for a cell."""
    return (
        ""
        if low is None or high is None or low == high
        else f"{grouped(low * 100, 1)}–{grouped(high * 100, 1)}"
    )


def _decimals(held: Sequence[float | None]) -> int:
    """Enough decimals that four digits of the largest figure show."""
    most = max((abs(v) for v in held if v is not None), default=0.0)
    return next((d for d, least in enumerate((1000, 100, 10, 1, 0.1)) if most >= least), 5) if most else 0


def differences(found: LearningFindings) -> Section:
    """Which differences are more than chance."""
    name, title, rows = "paired", "Which differences are more than chance", found.table("paired")
    if not rows:
        return absent(name, title, "paired")
    titles = found.titles
    columns = [
        words("Rule", [capital(titles.get(str(row["rule"]), str(row["rule"]))) for row in rows]),
        words("Against", [capital(titles.get(str(row["against"]), str(row["against"]))) for row in rows]),
        shares("Regret less", [value(row, "difference") for row in rows], decimals=2),
        shares("from", [value(row, "low") for row in rows], decimals=2),
        shares("to", [value(row, "high") for row in rows], decimals=2),
        words("Verdict", [verdict_of(row) for row in rows]),
    ]
    table = Table(
        "paired-table", "The comparisons in figures", columns, is_searchable=len(rows) > 12, is_folded=True
    )
    # Baselines against each other are in the table; what is asked here is whether learning helps.
    learned = {str(row["rule"]) for row in found.table("regret") if kind_of(row) == LEARNED}
    shown = [row for row in rows if str(row["rule"]) in learned] or rows
    figure = Figure("Rule against rule", paired(shown, titles=titles), paired_told(shown, titles))
    return Section(name, title, [figure, table])


def fairness(found: LearningFindings) -> Section:
    """Whether efficiency is bought with unfairness."""
    name, title, rows = "fairness", "Is it bought with unfairness?", found.table("regret")
    shown = [measure for measure in (GINI, WORST) if points_of(rows, measure)]
    if not shown:
        return absent(name, title, "regret")
    heads = {GINI: "Regret and inequality", WORST: "Regret and the worst-served agent"}
    return Section(
        name, title,
        [Figure(heads[m], fairness_regret(rows, measure=m), fairness_told(rows, m)) for m in shown],
    )  # fmt: skip


def curve(found: LearningFindings) -> Section:
    """What more of the past brings."""
    name, title, rows = "curve", "How much past is enough", found.table("learning_curve")
    if not rows:
        return absent(name, title, "learning_curve")
    titles = found.titles
    bold = frozenset({found.best_learned} if found.best_learned else ())
    columns = [
        words("Rule", [capital(titles.get(str(row["rule"]), str(row["rule"]))) for row in rows]),
        numbers("Past intervals", [value(row, "rows") for row in rows]),
        shares("Regret", [value(row, "regret") for row in rows], bars=True, decimals=2),
        shares("from", [value(row, "low") for row in rows], decimals=2),
        shares("to", [value(row, "high") for row in rows], decimals=2),
    ]
    table = Table("curve-table", "The figures of the curves", columns, is_folded=True)
    drawn = learning_curve(rows, titles=titles, bold=bold)
    return Section(
        name, title, [Figure("Regret by the length of the past", drawn, curve_told(rows, titles)), table]
    )


def stretches(found: LearningFindings) -> Section:
    """Whether a rule is good all the time."""
    name, title, rows = "blocks", "Does it hold all the time?", found.table("blocks")
    if not rows:
        return absent(name, title, "blocks")
    titles = found.titles
    drawn = block_grid(rows, titles=titles, order=found.order, marked=found.best_learned)
    columns = [
        words("Stretch of time", [block_name(row) for row in rows]),
        words("Rule", [capital(titles.get(str(row["rule"]), str(row["rule"]))) for row in rows]),
        shares("Regret", [value(row, "regret") for row in rows], bars=True, decimals=2),
    ]
    table = Table("blocks-table", "The stretches in figures", columns, is_searchable=True, is_folded=True)
    return Section(
        name, title, [Figure("Regret of each stretch of time", drawn, blocks_told(rows, titles)), table]
    )


def honesty(found: LearningFindings) -> Section:
    """What a manipulating agent would gain."""
    name, title, rows = "honesty", "What would a false claim bring?", found.table("manipulation")
    if not rows:
        return absent(name, title, "manipulation")
    titles, agents = found.titles, found.names("agents")
    drawn = manipulation(rows, titles=titles, agents=agents, order=found.order, marked=found.best_learned)
    columns = [
        words("Rule", [capital(titles.get(str(row["rule"]), str(row["rule"]))) for row in rows]),
        words("Agent", [agents.get(str(row["agent"]), row["agent"]) for row in rows]),
        numbers("Best factor", [value(row, "factor") for row in rows], 2),
        shares("Gain", [value(row, "gain_share") for row in rows], bars=True, decimals=1),
    ]
    if values(rows, "long_run_gain_share"):
        later = [value(row, "long_run_gain_share") for row in rows]
        columns.append(shares("Gain once the rule has learned", later, bars=True, decimals=1))
    table = Table("honesty-table", "The gains in figures", columns, is_searchable=True, is_folded=True)
    told = manipulation_told(rows, titles=titles, agents=agents)
    return Section(name, title, [Figure("Gain by stating another claim", drawn, told), table])
