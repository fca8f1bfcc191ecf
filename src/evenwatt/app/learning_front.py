"""What stands above the sections of training, evaluation and simulation: the numbers a reader asks for first."""

from __future__ import annotations

from evenwatt.app.learning_findings import LearningFindings
from evenwatt.app.plots.discounts import CLOSE
from evenwatt.app.plots.findings import Row
from evenwatt.app.plots.manipulation import NEGLIGIBLE
from evenwatt.app.plots.parties import UNKNOWN, party_name, verdict
from evenwatt.app.plots.quantities import counted, grouped, percent
from evenwatt.app.plots.regrets import regrets_told, title_of
from evenwatt.app.plots.scenarios import measures_of, scenario_title
from evenwatt.app.plots.values import listed, signed, value, values
from evenwatt.app.section import Front, period

Key = tuple[str, str, str]


def _about(found: LearningFindings, what: str) -> list[str]:
    return [what, str(found.measures.get("zone") or ""), period(found)]


def training(found: LearningFindings) -> Front:
    """What was learned, from how much, and what cannot be learned."""
    told: list[Key] = []
    models = found.table("models")
    if models:
        rows, seconds = values(models, "rows"), sum(values(models, "seconds"))
        remark = f"of up to {counted(int(max(rows)), 'interval')}" if rows else ""
        told.append(("Models", grouped(len(models)), remark))
        if seconds:
            told.append(("Training time", f"{grouped(seconds, 1)} s", "on this machine"))
    known = found.table("identifiability")
    if known:
        unknown = [row for row in known if verdict(row) == UNKNOWN]
        names = listed((party_name(str(row["party"]), {}) for row in unknown), 2)
        told.append(
            ("Weights that can be told", f"{len(known) - len(unknown)} of {len(known)}", _unknown(names))
        )
    told += _taken(found)
    return Front(_about(found, "training"), "", told)


def _unknown(names: str) -> str:
    return f"the data say nothing of {names}" if names else "by the data"


def _taken(found: LearningFindings) -> list[Key]:
    """Whose claim or predicted need is changed most, if anybody's."""
    rows: list[Row] = [row for row in found.table("discount") if value(row, "discount_mean") is not None]
    if not rows:
        return []
    row = max(rows, key=lambda row: abs(float(row["discount_mean"]) - 1))
    factor, name = (
        float(row["discount_mean"]),
        found.names("agents").get(str(row["agent"]), str(row["agent"])),
    )
    if abs(factor - 1) < CLOSE:
        return [(f"Each {found.asked}", "as it is", "the rule takes it unchanged")]
    head = "Cut most, to" if factor < 1 else "Raised most, to"
    return [(head, percent(factor), f"of the {found.asked} of {name}")]


def evaluation(found: LearningFindings) -> Front:
    """The best learned rule beside the best baseline, and what it costs in fairness and honesty."""
    regret = found.table("regret")
    # The summary says who won; where there is none, the page must not leave it unsaid.
    calm = regrets_told(regret) if regret and not found.report.get("summary") else ""
    told: list[Key] = []
    for name, row in (("Best learned rule", found.learned), ("Best baseline", found.baseline)):
        if row is not None:
            told.append((name, percent(float(row["regret"]), 1), f"regret, {title_of(row)}"))
    told += _decided(found)
    for name, key in (("Gini of satisfaction", "gini"), ("Worst-served agent", "satisfaction_worst")):
        told += _fairness(found, name, key)
    told += _manipulated(found)
    blocks = {str(row.get("first")) for row in found.table("blocks")}
    if (judged := value(found.measures, "test_intervals")) is not None:
        remark = f"in {counted(len(blocks), 'block')}" if blocks else ""
        told.append(("Intervals judged", grouped(judged), remark))
    return Front(_about(found, "evaluation"), calm, told, is_good=False)


def _decided(found: LearningFindings) -> list[Key]:
    """The comparison of the best learned rule with the best baseline."""
    learned, baseline = found.learned, found.baseline
    if learned is None or baseline is None:
        return []
    pair = (str(learned["rule"]), str(baseline["rule"]))
    rows = [row for row in found.table("paired") if (str(row["rule"]), str(row["against"])) == pair]
    if not rows or value(rows[0], "difference") is None:
        return []
    return [
        (
            "Difference",
            signed(float(rows[0]["difference"]), 1),
            f"{rows[0].get('verdict') or 'undecided'}, paired",
        )
    ]


def _fairness(found: LearningFindings, name: str, key: str) -> list[Key]:
    """A measure of the best learned rule, beside that of the best baseline."""
    learned, baseline = found.learned or {}, found.baseline or {}
    own, other = value(learned, key), value(baseline, key)
    if own is None:
        return []
    return [
        (name, _written(key, own), "" if other is None else f"{_written(key, other)} with the best baseline")
    ]


def _written(key: str, figure: float) -> str:
    return grouped(figure, 3) if key == "gini" else percent(figure, 1)


def _manipulated(found: LearningFindings) -> list[Key]:
    """What an agent would gain at most under the best learned rule."""
    rows: list[Row] = [row for row in found.table("manipulation") if str(row["rule"]) == found.best_learned]
    gains = values(rows, "gain_share") or values([found.learned or {}], "manipulation_gain")
    if not gains:
        return []
    most = max(gains)
    said = "nothing" if most <= NEGLIGIBLE else signed(most)
    return [("Gain by a false claim", said, "at most, under the best learned rule")]


def simulation(found: LearningFindings) -> Front:
    """How many scenarios, rules and draws, and where it is worst."""
    rows, told = found.table("scenarios"), list[Key]()
    if rows:
        rules = {str(row["rule"]) for row in rows}
        told.append(("Scenarios", grouped(len(found.scenarios)), f"under {counted(len(rules), 'rule')}"))
    draws = values(rows, "draws")
    if draws:
        told.append(("Draws", grouped(max(draws)), "of each scenario"))
    for measure in measures_of(rows, found.currency)[:1]:
        held = [row for row in rows if row.get("measure") == measure.key and value(row, "mean") is not None]
        if held:
            choose = min if measure.is_more_better else max
            worst = choose(held, key=lambda row: float(row["mean"]))
            name = measure.name.partition(" [")[0]
            told.append((f"{name}, at worst", measure.written(float(worst["mean"])),
                         f"{scenario_title(worst)}, {worst['rule']}"))  # fmt: skip
    return Front(_about(found, "simulation"), "", told)
