"""Did learning help this case: every rule walked forward over days that it had not seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenwatt.core.chance import stream
from evenwatt.core.report import Report
from evenwatt.studies import runs
from evenwatt.studies.cascade.lessons import Lessons, lessons, refuse_existing, remember, untouched
from evenwatt.studies.case import Case, silent
from evenwatt.studies.story import Progress
from evenwatt.studies.written import Page, write_report

if TYPE_CHECKING:
    from evenwatt.learning.evaluation import Evaluation

Row = dict[str, Any]

FOLDER = "evaluated"
REFITS = 6  # of the best learned policy, for the intervals of its weights
CURVE = (0.1, 0.25, 0.5, 1.0)  # parts of the past to learn from
TABLES = {
    "regret": ("rule", "title", "objective", "regret", "regret_low", "regret_high"),
    "paired": ("rule", "against", "difference", "low", "high", "verdict"),
    "learning_curve": ("rule", "rows", "regret", "low", "high"),
    "blocks": ("first", "last", "rule", "regret"),
    "manipulation": ("rule", "agent", "factor", "gain_share", "long_run_gain_share"),
    "bargain_weights": ("day", "party", "weight", "low", "high", "verdict"),
}


@dataclass(frozen=True)
class Evaluated:
    """A finished evaluation.

    Attributes
    ----------
    folder : Path
        Holds ``report.json``, the tables as parquet and csv, and ``report.html``.
    report : dict
        The one format.
    """

    folder: Path
    report: dict[str, Any]


def evaluate(
    case: Case,
    *,
    blocks: int = 3,
    long_run: bool = False,
    out: Path | None = None,
    page: Page | None = None,
    progress: Progress = silent,
) -> Evaluated:
    """Put learned rules beside the baselines they must beat, or return what the same question led to before.

    Parameters
    ----------
    case : Case
        A cascade; ``bargain.statements`` says what agents claim.
    blocks : int
        Stretches of the last three tenths of the period; rules are fitted anew before each.
    long_run : bool
        Also what is left of a false claim's gain once rules have learned from it.
    out : Path, optional
        Where to write, in place of ``evaluated/<id>/`` in the case; must not exist yet.
    page : callable, optional
        Draws ``report.html``.
    progress : callable
        Told ``(done, total, what)``.

    Raises
    ------
    CaseError
        If the case is no cascade, too short, or ``out`` exists.
    """
    refuse_existing(out)
    with untouched(case):
        held = lessons(case, progress)
        name = held.id("evaluate", blocks, long_run)
        folder = out or case.folder / FOLDER / name
        if (folder / "report.json").is_file():
            return Evaluated(folder, runs.read_json(folder / "report.json"))
        found, weights = _judged(held, blocks, long_run, progress)
    remember(held)
    told = _report(held, found, weights).to_dict() | {"provenance": held.provenance(name)}
    write_report(folder, told, TABLES, page=page)
    return Evaluated(folder, told)


def _judged(held: Lessons, blocks: int, long_run: bool, progress: Progress) -> tuple[Evaluation, list[Row]]:
    """The evaluation, and the weights that the best learned policy would have used."""
    from evenwatt.learning.baselines import learned, mandatory, surrogate
    from evenwatt.learning.evaluate import evaluate as judge
    from evenwatt.learning.walk import folds, past_of

    history, seed = held.history, held.config.seed
    cuts = folds(history, blocks=blocks)
    rules = learned()
    further = (surrogate(),) if "flow" in history.columns else ()
    found = judge(
        history,
        [*mandatory(), *further, *rules],
        blocks=blocks,
        curve=[round(part * cuts[-1].past) for part in CURVE],
        long_run=long_run,
        seed=seed,
        progress=progress,
    )
    best = min(rules, key=lambda rule: found.regret_of(rule.name))
    policy = replace(best.model, refits=REFITS)  # type: ignore[attr-defined]
    fitted = policy.fit(past_of(history, cuts[-1]), rng=stream(seed, "weights"), progress=progress)
    return found, fitted.weight_rows(history.at_gate(cuts[-1].test), held.days()[cuts[-1].test])


def _report(held: Lessons, found: Evaluation, weights: list[Row]) -> Report:
    from evenwatt.learning.baselines import FORESIGHT

    tables: dict[str, list[Row]] = {
        name: [dict(row) for row in rows] for name, rows in found.tables().items()
    }
    for row in tables["regret"]:
        # Energy in Wh times prices per MWh: micro-units.
        row["objective"] = row["objective"] / 1e6
    # Nobody can run perfect foresight, so it is never the best rule.
    ranked = [row for row in tables["regret"] if row["rule"] != FORESIGHT]
    return Report(
        study="cascade",
        summary=list(found.sentences),
        measures={
            **held.measures("evaluation"),
            "rule": min(ranked, key=lambda row: row["regret"])["rule"],
            "test_intervals": len(found.start),
            "block_intervals": found.block,
        },
        tables={**held.people(), **tables, "bargain_weights": weights},
        notes=[
            *held.notes,
            "welfare: value of what agents get up to their need, less suppliers' cost, plus a fifth of the mean cost "
            "for what is left over, less a penalty for unequal satisfaction; regret is its part that perfect foresight "
            "would have added",
        ],
    )
