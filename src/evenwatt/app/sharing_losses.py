"""The parts of a sharing group's page that tell what was lost, why, and what else could have been."""

from __future__ import annotations

from collections.abc import Sequence

from evenwatt.app.plots.cells import Table, energies, shares, words
from evenwatt.app.plots.convergence import convergence, convergence_told
from evenwatt.app.plots.findings import Figure, Row
from evenwatt.app.plots.forward_bars import forward_bars, forward_told
from evenwatt.app.plots.sweep import rounds_sweep, sweep_told
from evenwatt.app.plots.waterfall import waterfall, waterfall_told
from evenwatt.app.section import Block, Section, absent
from evenwatt.app.sharing_findings import SharingFindings

KINDS = {
    "keys": "Plain keys in place of the case's",
    "country": "The rules of other countries on the same readings",
    "formula": "Each interval divided anew by a claims rule, as ex-post regimes allow",
}


def losses(found: SharingFindings) -> Section:
    """Where energy that could have been shared was lost."""
    name, title, rows = "losses", "Where sharing loses energy", found.table("waterfall")
    if not rows:
        return absent(name, title, "waterfall")
    columns = [
        words("Stage", [row.get("title") for row in rows]),
        *energies({"Left": [row.get("wh") for row in rows], "Lost": [row.get("loss_wh") for row in rows]}),
        words("How sure", [row.get("proof") for row in rows]),
    ]
    table = Table("losses-table", "The stages in figures", columns, is_folded=True)
    return Section(
        name,
        title,
        [Figure("From the ideal to what was shared", waterfall(rows), waterfall_told(rows)), table],
    )


def choices(found: SharingFindings) -> Section:
    """What other numbers of rounds, keys and rules would have shared."""
    name, title = "choices", "What else could have been"
    if not found.table("variants"):
        return absent(name, title, "variants")
    sweep = found.variants("rounds")
    blocks: list[Block] = []
    if sweep:
        blocks.append(Figure("More rounds, fewer rounds", rounds_sweep(sweep), sweep_told(sweep)))
    return Section(name, title, [*blocks, *(_table(found, kind) for kind in KINDS if found.variants(kind))])


def _table(found: SharingFindings, kind: str) -> Table:
    """Variants of one kind; those that could not be tried say why."""
    rows: Sequence[Row] = [row for row in found.table("variants") if row.get("kind") == kind]
    columns = [
        words(
            {"keys": "Keys", "country": "Rule"}.get(kind, "Formula"),
            [_capital(str(row.get("title") or row.get("name"))) for row in rows],
            notes=[_note(row) for row in rows],
        ),
        *energies({"Shared": [row.get("shared_wh") for row in rows]}),
        shares("of the ideal", [row.get("share_of_ideal") for row in rows], bars=True, decimals=1),
        shares("Demand met, worst", [row.get("worst_coverage") for row in rows], bars=True),
        shares("mean", [row.get("mean_coverage") for row in rows]),
        shares("best", [row.get("best_coverage") for row in rows]),
        *energies({"Moved": [row.get("moved_wh") for row in rows]}),
    ]
    chosen = frozenset(k for k, row in enumerate(rows) if row.get("chosen"))
    return Table(f"other-{kind}", KINDS[kind], columns, chosen)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _note(row: Row) -> str:
    """Why it was not tried, or what would change, without the name that stands above."""
    if row.get("skipped"):
        return f"Left out: {row['skipped']}."
    change = str(row.get("change") or "")
    return _capital(change.removeprefix(f"{row.get('title')}: ")) or str(row.get("rule") or "")


def search(found: SharingFindings) -> list[Section]:
    """How better keys were looked for, and how they do on other days; nothing where none were."""
    made = []
    history, forward = found.table("history"), found.table("forward")
    if history:
        ideal = float(found.measures.get("ideal_wh") or 0)
        drawn = convergence(history, ideal_wh=ideal)
        figure = Figure("Best keys and proven bound", drawn, convergence_told(history))
        made.append(Section("search", "How the keys were found", [figure, _history(history)]))
    if forward:
        figure = Figure("Judged on other days", forward_bars(forward), forward_told(forward))
        made.append(Section("forward", "Do the keys hold on other days?", [figure, _forward(forward)]))
    return made


def _history(rows: Sequence[Row]) -> Table:
    columns = [
        words("Second", [f"{float(row.get('seconds') or 0):.2f}" for row in rows]),
        *energies(
            {
                "Best found": [row.get("shared_wh") for row in rows],
                "Bound": [row.get("bound_wh") for row in rows],
            }
        ),
        shares("Gap", [row.get("gap") for row in rows], decimals=2),
    ]
    return Table("history-table", "Every step of the search", columns, is_folded=True)


def _forward(rows: Sequence[Row]) -> Table:
    windows = list(dict.fromkeys(str(row["window"]) for row in rows))
    kinds = list(dict.fromkeys(str(row["keys"]) for row in rows))
    held = {(str(row["window"]), str(row["keys"])): row.get("share") for row in rows}
    columns = [
        words("Days judged", windows),
        *(shares(kind, [held.get((window, kind)) for window in windows], decimals=1) for kind in kinds),
    ]
    return Table("forward-table", "Share of the ideal in figures", columns, is_folded=True)
