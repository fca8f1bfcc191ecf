"""Learn from a case: what claims hide, which weights fit, and what could not be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from evenwatt.core.chance import stream
from evenwatt.core.report import Report
from evenwatt.studies import runs
from evenwatt.studies.cascade.learned import POLICY
from evenwatt.studies.cascade.lessons import Lessons, lessons, refuse_existing, remember, untouched
from evenwatt.studies.case import Case, silent
from evenwatt.studies.story import Progress
from evenwatt.studies.written import Page, write_report

if TYPE_CHECKING:
    from evenwatt.learning.model import Model
    from evenwatt.learning.policy import WeightPolicy

Row = dict[str, Any]

FOLDER = "models"
SAME = 1e-6  # worths closer than this differ by solvers' dust [-]
REFITS = 8  # fits on drawn days, for the intervals of weights and discounts
TABLES = {
    "models": ("model", "version", "first", "last", "rows", "hash", "seconds"),
    "importance": ("model", "feature", "meaning", "importance"),
    "loss": ("model", "epoch", "train", "validation"),
    "bargain_weights": ("day", "party", "weight", "low", "high", "verdict"),
    "identifiability": ("party", "weight", "low", "high", "se", "information", "sensitive_share", "verdict"),
    "discount": ("agent", "discount_mean", "low", "high"),
    "candidates": ("rule", "title", "worth", "chosen"),
}


@dataclass(frozen=True)
class Trained:
    """Models that were learned from a case.

    Attributes
    ----------
    folder : Path
        Holds ``policy.model`` and the other models, ``report.json``, the tables, and ``report.html``.
    report : dict
        The one format.
    """

    folder: Path
    report: dict[str, Any]


def train(
    case: Case,
    *,
    refits: int = REFITS,
    out: Path | None = None,
    page: Page | None = None,
    progress: Progress = silent,
    clock: Callable[[], float] = perf_counter,
) -> Trained:
    """Fit every model on the whole period of a case, or return what the same question led to before.

    Three policies are compared on the end of the period, which none of them was fitted on: learned weights, learned
    weights with a discount of claims, and both on needs predicted by boosted trees. The best becomes
    ``policy.model``, which ``bargain.weights = "learned"`` bargains by.

    Parameters
    ----------
    case : Case
        A cascade; ``bargain.statements`` says what agents claim.
    refits : int
        Further fits on days drawn with replacement, for intervals; 0 for none.
    out : Path, optional
        Where to write, in place of ``models/<id>/`` in the case; must not exist yet.
    page : callable, optional
        Draws ``report.html``.
    progress : callable
        Told ``(done, total, what)``.
    clock : callable
        Seconds; only the report's ``seconds`` depend on it.

    Raises
    ------
    CaseError
        If the case is no cascade, too short, or ``out`` exists.
    """
    from evenwatt.learning.policy import WeightPolicy

    refuse_existing(out)
    WeightPolicy(refits=refits)  # refuses a number of refits that tells nothing, before anything is read
    with untouched(case):
        held = lessons(case, progress)
        name = held.id("train", refits)
        folder = out or case.folder / FOLDER / name
        if (folder / "report.json").is_file():
            return Trained(folder, runs.read_json(folder / "report.json"))
        fitted = _Fits(held, clock, progress)
        policy = _policy(fitted, refits)
        others = _others(fitted)
    remember(held)
    told = _report(held, fitted, policy, others).to_dict() | {"provenance": held.provenance(name)}

    def models(place: Path) -> None:
        from evenwatt.learning import keeping

        keeping.save(policy, place / POLICY)
        for model in others:
            keeping.save(model, place / f"{model.name}.model")

    write_report(folder, told, TABLES, page=page, also=models)
    return Trained(folder, told)


@dataclass
class _Fits:
    """Models as they are fitted, with the time each took."""

    lessons: Lessons
    clock: Callable[[], float]
    progress: Progress

    def __post_init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.candidates: list[Row] = []

    def fit(self, model: Any, what: str) -> Any:
        """A fitted copy, by a stream of chance of its own."""
        begun = self.clock()
        seed = self.lessons.config.seed
        made = model.fit(self.lessons.history, rng=stream(seed, f"train {what}"), progress=self.progress)
        self.seconds[what] = self.clock() - begun
        return made


def _policy(fitted: _Fits, refits: int) -> WeightPolicy:
    """The policy that did best on the end of the period, fitted anew on all of it."""
    from evenwatt.learning.baselines import learned
    from evenwatt.learning.chosen import ByChoice

    rules = learned()
    held = fitted.lessons
    worth = dict(
        ByChoice(rules).compared(
            held.history, rng=stream(held.config.seed, "train choice"), progress=fitted.progress
        )
    )
    best = max(rules, key=lambda rule: worth[rule.name])
    fitted.candidates = [
        {"rule": rule.name, "title": rule.title, "worth": worth[rule.name] / 1e6, "chosen": rule is best}
        for rule in rules
    ]
    made: WeightPolicy = fitted.fit(replace(best.model, refits=refits), "policy")  # type: ignore[attr-defined]
    return made


def _others(fitted: _Fits) -> list[Model]:
    """Demand, surrogate, and hidden weights where the case knows what was agreed."""
    from evenwatt.learning.demand import DemandModel
    from evenwatt.learning.hidden import HiddenWeights
    from evenwatt.learning.surrogate import Surrogate

    found: list[Model] = [fitted.fit(DemandModel(), "demand")]
    if "flow" in fitted.lessons.history.columns:
        found += [fitted.fit(Surrogate(), "surrogate"), fitted.fit(HiddenWeights(), "hidden-weights")]
    return found


def _report(held: Lessons, fitted: _Fits, policy: WeightPolicy, others: list[Model]) -> Report:
    assert policy.learned is not None
    models: list[Any] = [policy, *others]
    told = {one.name: one.explain() for one in models}
    daily: list[Row] = [
        dict(row) for row in policy.weight_rows(held.history.at_gate(slice(None)), held.days())
    ]
    tables = {
        **held.people(),
        "models": [_model_row(one, fitted) for one in models],
        "importance": _importances(told),
        "loss": policy.learned.loss_rows(policy.name),
        "bargain_weights": daily,
        "identifiability": _identifiability(policy, told, daily),
        "discount": policy.learned.discount_rows(),
        "candidates": fitted.candidates,
    }
    return Report(
        study="cascade",
        summary=[
            _choice(held, fitted.candidates),
            *(f"{sentence[0].upper()}{sentence[1:]}." for sentence in told[policy.name].sentences),
            *([] if "hidden-weights" in told else [
                "The case holds no outcomes.csv of what was agreed, so hidden weights were not looked for."
            ]),
        ],
        measures={
            **held.measures("training"),
            "rule": next(row["rule"] for row in fitted.candidates if row["chosen"]),
            "seconds": sum(fitted.seconds.values()),
        },
        tables=tables,
        notes=[*held.notes, *(told["hidden-weights"].sentences if "hidden-weights" in told else ())],
    )  # fmt: skip


def _choice(held: Lessons, candidates: list[Row]) -> str:
    """Which policy was kept, and whether anything spoke for it."""
    chosen = next(row for row in candidates if row["chosen"])
    days = f"the last days of {held.first} to {held.last}, which {{}} not fitted on"
    after = "fitted anew on all days it is policy.model."
    least, most = (choose(row["worth"] for row in candidates) for choose in (min, max))
    if most - least <= SAME * abs(most):
        kept = f"so the simplest was kept, {chosen['title']}"
        return f"All policies were worth the same on {days.format('they were')}, {kept}; {after}"
    return f"{chosen['title']} did best on {days.format('it was')}; {after}"


def _model_row(model: Any, fitted: _Fits) -> Row:
    training = model.training
    return {
        "model": model.name, "version": model.version, "first": training.first, "last": training.last,
        "rows": training.rows, "hash": training.sha256, "seconds": round(fitted.seconds.get(model.name, 0.0), 3),
    }  # fmt: skip


def _importances(told: dict[str, Any]) -> list[Row]:
    """Importances of every model, as parts of the model's sum."""
    from evenwatt.learning.features import MEANING

    rows = []
    for name, explanation in told.items():
        held = [row for row in explanation.rows if row.get("importance") is not None]
        total = sum(max(float(row["importance"]), 0.0) for row in held)
        by: dict[str, float] = {}
        for row in held:
            by[str(row["feature"])] = by.get(str(row["feature"]), 0.0) + max(float(row["importance"]), 0.0)
        rows += [
            {"model": name, "feature": feature, "meaning": MEANING.get(feature), "importance": worth / total}
            for feature, worth in sorted(by.items(), key=lambda item: -item[1])
            if total > 0
        ]
    return rows


def _identifiability(policy: WeightPolicy, told: dict[str, Any], daily: list[Row]) -> list[Row]:
    """How well each weight is known: hidden ones where outcomes are known, else those of the policy."""
    if "hidden-weights" in told:
        return [
            {name: row.get(name) for name in TABLES["identifiability"]} for row in told["hidden-weights"].rows
        ]
    learned = policy.learned
    assert learned is not None
    rows = []
    for party, felt, spread, verdict in zip(
        learned.players, learned.felt.tolist(), learned.spread.tolist(), learned.verdicts(), strict=True
    ):
        se = spread if spread == spread else None
        held = [row for row in daily if row["party"] == party and row["verdict"] != "not identified"]
        rows.append({
            "party": party, **{name: _mean(held, name) for name in ("weight", "low", "high")}, "se": se,
            "information": None if not se else 1 / se**2, "sensitive_share": felt, "verdict": verdict,
        })  # fmt: skip
    return rows


def _mean(rows: list[Row], name: str) -> float | None:
    """Mean over the days; None where one of them has none."""
    values = [row[name] for row in rows]
    return sum(values) / len(values) if values and None not in values else None
