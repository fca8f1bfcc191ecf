"""The parts of a market's page that compare: mechanisms on one book, policies over seeds, and a sweep of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evenwatt.app.market_findings import MarketFindings
from evenwatt.app.plots.cells import Cell, Column, Table, moneys, numbers, shares, words
from evenwatt.app.plots.effects import POLICY_KEYS, SWEEP_KEYS, Keys, compared, effects, effects_told, is_sure
from evenwatt.app.plots.findings import Figure, Row
from evenwatt.app.plots.honesty import honesty, honesty_told, is_truthful, mechanism_title
from evenwatt.app.plots.measured import Written, measure, written
from evenwatt.app.plots.prices_per_mwh import unit_of
from evenwatt.app.plots.promise_grid import promise_grid, promises_told
from evenwatt.app.plots.quantities import counted, money_decimals, percent
from evenwatt.app.plots.sweep_grid import grid_told, sweep_grid
from evenwatt.app.plots.values import capital, value, values
from evenwatt.app.section import Block, Section, absent

MOST_LISTED = 2_000
FEW_SEEDS = 5
ONE_POLICY = (
    "One run knows one way of deciding only, so it holds no rows of “policies”. A sweep over policies and seeds"
    " compares them, with intervals."
)
MOST_SHARE = (
    10.0  # a gain of more than so many times the surplus is not written out: the surplus was next to nothing
)
# Whether each mechanism had a world of its own.
PLAYED = {
    False: "The same orders under each mechanism, as if nobody noticed that it changed",
    True: "Each mechanism in a world of its own, same seed, weather and people",
}


def mechanisms(found: MarketFindings) -> Section:
    """What other mechanisms would have made of the same orders, and what honesty costs."""
    name, title, rows = "mechanisms", "What honesty costs", found.mechanisms
    if not found.table("mechanisms"):
        return absent(name, title, "mechanisms")
    blocks: list[Block] = []
    if rows:
        drawn = honesty(rows, currency=found.currency, chosen=found.chosen)
        blocks = [
            Figure(
                "Welfare against the gain from misreporting",
                drawn,
                honesty_told(rows, currency=found.currency),
            ),
            _mechanisms(found),
            Figure(
                "Promises of each mechanism", promise_grid(rows, chosen=found.chosen), promises_told(rows)
            ),
        ]
    return Section(name, title, [*blocks, *_left_out(found)])


def _mechanisms(found: MarketFindings) -> Table:
    """Every mechanism in figures, the case's marked."""
    rows = found.mechanisms
    budgets = [value(row, "budget_micro") for row in rows]
    gains = [value(row, "misreport_gain_per_mwh") for row in rows]
    lied = numbers("Best misreport gains", gains, 2, unit=unit_of(found.currency))
    who = [str(row.get("misreport_who") or "") if gain else "" for row, gain in zip(rows, gains, strict=True)]
    columns = [
        words("Mechanism", [mechanism_title(row) for row in rows],
              notes=["promises truthfulness" if is_truthful(row) else "" for row in rows]),
        shares("Welfare", [value(row, "welfare_share") for row in rows], bars=True, decimals=1),
        shares("Volume", [value(row, "volume_share") for row in rows], decimals=0),
        numbers("Price", [value(row, "price_per_mwh") for row in rows], 2, unit=unit_of(found.currency)),
        moneys("Left with the operator", budgets, found.currency, decimals=money_decimals(budgets)),
        Column(lied.title, [Cell(c.words, note=note) for c, note in zip(lied.cells, who, strict=True)], lied.unit),
        Column("of the surplus", [_gain_share(value(row, "misreport_gain_share")) for row in rows]),
        numbers("Losers", [value(row, "rational_violations") for row in rows]),
    ]  # fmt: skip
    losers = "losers are orders traded at worse than their limit"
    caption = f"{PLAYED[found.measures.get('mechanisms_by') == 'worlds']}; {losers}"
    marked = frozenset(k for k, row in enumerate(rows) if row.get("mechanism") == found.chosen)
    return Table("mechanisms-table", caption, columns, marked, is_searchable=True)


def _gain_share(share: float | None) -> Cell:
    """A gain over the surplus of the agent."""
    if share is None:
        return Cell("–")
    return Cell(percent(share, 1) if share <= MOST_SHARE else f"> {percent(MOST_SHARE)}")


def _left_out(found: MarketFindings) -> list[Table]:
    """Mechanisms that could not be tried, and why."""
    rows = [row for row in found.table("mechanisms") if row.get("note")]
    if not rows:
        return []
    columns = [
        words("Left out", [mechanism_title(row) for row in rows]),
        words("Why", [row["note"] for row in rows]),
    ]
    return [Table("left-out", "Mechanisms that were left out", columns)]


def policies(found: MarketFindings) -> Section:
    """Whether the way agents decide makes a difference, and how sure that is."""
    name, title, rows = "policies", "Does it matter how agents decide?", found.table("policies")
    if not rows:
        return Section(name, title, [], ONE_POLICY)
    figures = _effects(rows, POLICY_KEYS, _policy_name, found.currency)
    return Section(name, title, [*figures, _policies(found)], _few(min(values(rows, "seeds"), default=None)))


def _few(seeds: float | None) -> str:
    """A warning where intervals come from very few seeds."""
    if seeds is None or seeds >= FEW_SEEDS:
        return ""
    told = f"{counted(int(seeds), 'seed')} {'is' if seeds == 1 else 'are'} few"
    return f"{told}: such intervals are too narrow, and what is called more than chance may be chance."


def _policy_name(row: Row) -> str:
    return ", ".join(
        part for part in (capital(str(row.get("role") or "")), str(row.get("policy") or "")) if part
    )


def _effects(rows: Sequence[Row], keys: Keys, name: object, currency: str) -> list[Figure]:
    """A drawing for each measure in which anything was compared."""
    assert callable(name)
    made = []
    for key in _measures(rows):
        if compared(rows, key, keys):
            drawn = effects(rows, key, name=name, currency=currency, keys=keys)
            told = effects_told(rows, key, name=name, currency=currency, keys=keys)
            made.append(Figure(measure(key).title, drawn, told))
    return made


def _measures(rows: Iterable[Row]) -> list[str]:
    """Measures in the order in which they come."""
    return list(dict.fromkeys(str(row.get("measure")) for row in rows))


def _policies(found: MarketFindings) -> Table:
    """Means, differences and verdicts in figures."""
    rows = found.table("policies")
    forms = _forms(rows, found.currency, "mean")
    columns = [
        words("Measure", [measure(str(row.get("measure"))).title for row in rows]),
        words("Who", [capital(str(row.get("role") or "")) for row in rows]),
        words("Policy", [row.get("policy") for row in rows]),
        Column("Mean", [_spanned(row, forms, ("mean", "low", "high")) for row in rows]),
        words("Against", [row.get("against") for row in rows]),
        Column("Difference", [_spanned(row, forms, POLICY_KEYS, signed=True) for row in rows]),
        words("Verdict", [_verdict(row, POLICY_KEYS) for row in rows]),
        numbers("Seeds", [value(row, "seeds") for row in rows]),
    ]
    return Table(
        "policies-table",
        "Means with intervals over the seeds, and differences seed by seed",
        columns,
        is_searchable=True,
    )


def _forms(rows: Sequence[Row], currency: str, *keys: str) -> dict[str, Written]:
    return {
        key: written(key, values([row for row in rows if row.get("measure") == key], *keys), currency)
        for key in _measures(rows)
    }


def _spanned(row: Row, forms: dict[str, Written], keys: Keys, *, signed: bool = False) -> Cell:
    """A figure with its interval beneath."""
    form, (middle, low, high) = forms[str(row.get("measure"))], (value(row, key) for key in keys)
    if middle is None:
        return Cell("–")
    span = (
        f"{form.number(low, signed=signed)} to {form.number(high, signed=signed)}"
        if low is not None and high is not None
        else ""
    )
    return Cell(form.full(middle, signed=signed), note=span)


def _verdict(row: Row, keys: Keys) -> str:
    """What the report says of a difference, or what its interval does."""
    if value(row, keys[0]) is None:
        return "–"
    if row.get("verdict"):
        return str(row["verdict"])
    return ("higher" if (value(row, keys[0]) or 0) > 0 else "lower") if is_sure(row, keys) else "undecided"


def cells(found: MarketFindings) -> Section:
    """Every mechanism with every policy, measure by measure."""
    name, title, rows = "cells", "Mechanisms by policies", found.table("cells")
    if not rows:
        return absent(name, title, "cells")
    blocks: list[Block] = [
        Figure(
            measure(key).title, sweep_grid(rows, key, titles=found.titles, currency=found.currency),
            grid_told(rows, key, titles=found.titles, currency=found.currency),
        )
        for key in _measures(rows)
    ]  # fmt: skip
    return Section(name, title, blocks)


def differences(found: MarketFindings) -> Section:
    """Paired differences to the control cell."""
    name, title, rows = "differences", "More than chance?", found.table("paired")
    if not rows:
        return absent(name, title, "paired")
    titles = found.titles

    def named(row: Row) -> str:
        mechanism = str(row.get("mechanism"))
        return f"{titles.get(mechanism, mechanism)}, {row.get('policy')}"

    figures = _effects(rows, SWEEP_KEYS, named, found.currency)
    return Section(name, title, [*figures, _paired(found, rows)], _few(found.figure("seeds")))


def _paired(found: MarketFindings, rows: Sequence[Row]) -> Table:
    """Every difference in figures."""
    forms = _forms(rows, found.currency, *SWEEP_KEYS)
    columns = [
        words("Measure", [measure(str(row.get("measure"))).title for row in rows]),
        words(
            "Mechanism",
            [found.titles.get(str(row.get("mechanism")), str(row.get("mechanism"))) for row in rows],
        ),
        words("Policy", [row.get("policy") for row in rows]),
        words("Against", [row.get("against") for row in rows]),
        Column("Difference", [_spanned(row, forms, SWEEP_KEYS, signed=True) for row in rows]),
        words("Verdict", [_verdict(row, SWEEP_KEYS) for row in rows]),
    ]
    return Table(
        "paired-table",
        "Differences with intervals, seed by seed",
        columns,
        is_searchable=True,
        is_folded=True,
    )


def runs(found: MarketFindings) -> Section:
    """Every run of the sweep."""
    name, title, rows = "runs", "Every run", found.table("sweep")
    if not rows:
        return absent(name, title, "sweep")
    shown = rows[:MOST_LISTED]
    keys = [
        key
        for key in dict.fromkeys(key for row in shown for key in row)
        if key not in ("mechanism", "policy", "seed")
    ]
    held = {key: [value(row, key) for row in shown] for key in keys}
    columns = [
        words(
            "Mechanism",
            [found.titles.get(str(row.get("mechanism")), str(row.get("mechanism"))) for row in shown],
        ),
        words("Policy", [row.get("policy") for row in shown]),
        numbers("Seed", [value(row, "seed") for row in shown]),
    ]
    for key, figures in held.items():
        known = [v for v in figures if v is not None]
        form = written(key, known, found.currency)
        if known:
            told = [None if v is None else v / form.worth for v in figures]
            columns.append(numbers(measure(key).title, told, form.decimals, unit=form.unit))
    more = f" ({len(shown)} of {len(rows)})" if len(rows) > len(shown) else ""
    return Section(
        name, title, [Table("runs-table", f"Runs{more}", columns, is_searchable=True, is_folded=True)]
    )
