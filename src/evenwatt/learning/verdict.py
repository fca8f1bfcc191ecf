"""What an evaluation says in plain words; first of all whether learning was worth it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenwatt.learning.baselines import DEMAND_PRO, FORESIGHT, PRO

if TYPE_CHECKING:
    from evenwatt.learning.evaluation import Evaluation, Row

MUCH = 0.05  # a gain from false claims that is worth a sentence [share]


def sentences(found: Evaluation) -> tuple[str, ...]:
    """The outcome in sentences, the most important first.

    Parameters
    ----------
    found : Evaluation
        Of :func:`evenwatt.learning.evaluate`.
    """
    regret = {str(row["rule"]): row for row in found.regret}
    learned = [row for row in found.regret if not row["is_baseline"]]
    told = [_best(found), *(_against_simple(found, regret) if learned else ())]
    told += [one for one in (_fairness(found, regret), _tempted(found)) if one]
    return tuple(told)


def _best(found: Evaluation) -> str:
    rules = [row for row in found.regret if row["rule"] != FORESIGHT]
    best = min(rules, key=_regret)
    return (
        f"Over {len(found.start)} unseen intervals, {_title(best)} leaves least on the table: {_told(best)} of "
        "what perfect foresight would have been worth."
    )


def _against_simple(found: Evaluation, regret: dict[str, Row]) -> list[str]:
    """Whether any learned rule beats the demand model with proportional division, and plain proportion."""
    told = []
    for simple in (DEMAND_PRO, PRO):
        rows = [row for row in found.paired if row["against"] == simple and not _baseline(regret, row)]
        better = [str(row["rule"]) for row in rows if row["verdict"] == "better"]
        name = _title(regret[simple])
        if better:
            which = ", ".join(_title(regret[rule]) for rule in better)
            told.append(f"Better than {name} ({_told(regret[simple])}): {which}.")
            rest = [str(row["rule"]) for row in rows if row["verdict"] != "better"]
            if rest:
                told[-1] += f" Not better than it: {', '.join(_title(regret[rule]) for rule in rest)}."
            continue
        best = min(rows, key=lambda row: _regret(regret[str(row["rule"])]))
        told.append(
            f"The simple baseline wins: no learned rule is better than {name} ({_told(regret[simple])}); the best "
            f"of them, {_title(regret[str(best['rule'])])}, gains {_percent(best['difference'])} "
            f"({_percent(best['low'])} to {_percent(best['high'])})."
        )
    return told


def _fairness(found: Evaluation, regret: dict[str, Row]) -> str:
    """Who serves the worst-served best, where that is not the rule with the least regret."""
    rules = [
        row for row in found.regret if row["rule"] != FORESIGHT and row["satisfaction_worst"] is not None
    ]
    if not rules:
        return ""
    fair = max(rules, key=lambda row: float(row["satisfaction_worst"] or 0))
    best = min(rules, key=_regret)
    if fair is best:
        return (
            f"It also serves the worst-served agent best: {_percent(fair['satisfaction_worst'])} of its need."
        )
    return (
        f"The worst-served agent fares best under {_title(fair)}: {_percent(fair['satisfaction_worst'])} of its "
        f"need, against {_percent(best['satisfaction_worst'])}."
    )


def _tempted(found: Evaluation) -> str:
    """What claiming falsely would bring under the rules that learn."""
    tempting = [
        row
        for row in found.manipulation
        if any(row["rule"] == one["rule"] and not one["is_baseline"] for one in found.regret)
    ]
    if not tempting:
        return ""
    most = max(tempting, key=lambda row: float(row["gain_share"] or 0))
    if float(most["gain_share"] or 0) < MUCH:
        return "Under no learned rule does an agent gain more than 5 % by claiming falsely."
    title = next(_title(row) for row in found.regret if row["rule"] == most["rule"])
    later = most["long_run_gain_share"]
    after = "" if later is None else f"; {_percent(later)} once the rule has learned from it"
    return (
        f"Under {title} agent {most['agent']} would gain {_percent(most['gain_share'])} by claiming "
        f"{float(most['factor'] or 1):.2g} times as much{after}."
    )


def _baseline(regret: dict[str, Row], row: Row) -> bool:
    return bool(regret[str(row["rule"])]["is_baseline"])


def _regret(row: Row) -> float:
    return float(row["regret"] or 0.0)


def _title(row: Row) -> str:
    return f"'{row['title']}'"


def _told(row: Row) -> str:
    return f"{_percent(row['regret'])}, {_percent(row['regret_low'])} to {_percent(row['regret_high'])}"


def _percent(share: str | float | bool | None) -> str:
    return f"{round(100 * float(share or 0.0), 2) + 0.0:.2f} %"  # + 0.0: never a minus before nothing
