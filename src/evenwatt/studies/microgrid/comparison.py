"""Money rules side by side: who gains, who loses, who would leave, and what changes for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.money.pool import kind_of
from evenwatt.core import rule as registry
from evenwatt.core import units
from evenwatt.studies.microgrid.config import MONEY
from evenwatt.studies.microgrid.period import Period
from evenwatt.studies.microgrid.settlement import Books, Shares, gini, objection

Whole = npt.NDArray[np.int64]
Row = dict[str, Any]

# Money rules that look at who traded, not only at who was there.
ENERGY_MATTERS = ("proportional", "mid-market")
NOTICED_MICRO = 10_000  # changes below a hundredth of the currency over the period count as none


def money_rows(period: Period, held: Books, answers: Mapping[str, Shares | str], currency: str) -> list[Row]:
    """One row a money rule, the case's first; one that could not divide says why."""
    chosen = next(iter(answers))
    value = answers.get("shapley")
    base = value.gains if isinstance(value, Shares) else None
    return [
        {**_named(name, name == chosen), **_skipped(answer)}
        if isinstance(answer, str)
        else {
            **_named(name, name == chosen),
            **_measured(period, held, answer),
            **against(period, answer.gains, base),
            "change": None
            if name == chosen
            else _change(period, answer, answers[chosen], currency),
            "skipped": None,
        }
        for name, answer in answers.items()
    ]  # fmt: skip


def _named(name: str, chosen: bool) -> Row:
    rule = registry.find(MONEY, name)
    return {
        "rule": name, "title": rule.title, "source": rule.source, "chosen": chosen, "kind_of": kind_of(name),
    }  # fmt: skip


MEASURED = (
    "total_micro", "budget_micro", "exact", "method", "remark", "core_excess_micro", "core_bound_micro",
    "core_exact", "core_method", "leaving", "leaving_gain_micro", "worse_than_alone", "gini", "gainers",
    "losers", "most_gaining", "most_losing", "change",
)  # fmt: skip


def _skipped(reason: str) -> Row:
    return {**dict.fromkeys(MEASURED), "leaving": [], "worse_than_alone": [], "skipped": reason}


def _measured(period: Period, held: Books, one: Shares) -> Row:
    return {
        "total_micro": int(one.gains.sum()),
        "budget_micro": int(one.gains.sum()) - held.gain,
        "exact": one.split.exact,
        "method": one.split.method,
        "remark": one.split.remark,
        **objection(period, held, one),
        "worse_than_alone": [period.people.members[k] for k in np.flatnonzero(one.gains < 0)],
        "gini": gini(one.gains),
    }


def against(period: Period, gains: Whole, base: Whole | None) -> Row:
    """Who gains and who loses against the Shapley value."""
    if base is None:
        return {"gainers": None, "losers": None, "most_gaining": None, "most_losing": None}
    change = gains - base
    best, worst = int(change.argmax()), int(change.argmin())
    return {
        "gainers": int((change >= NOTICED_MICRO).sum()),
        "losers": int((change <= -NOTICED_MICRO).sum()),
        "most_gaining": period.people.members[best] if change[best] >= NOTICED_MICRO else None,
        "most_losing": period.people.members[worst] if change[worst] <= -NOTICED_MICRO else None,
    }


def _change(period: Period, one: Shares, chosen: Shares | str, currency: str) -> str | None:
    if isinstance(chosen, str):
        return None
    labels = list(period.people.labels().values())
    return change(f"{one.rule} instead of {chosen.rule}", one.gains - chosen.gains, labels, currency)


def change(what: str, moved: Whole, labels: Sequence[str], currency: str) -> str:
    """One sentence: who gains, who loses, and who most.

    Examples
    --------
    >>> change("equal instead of shapley", np.array([2_000_000, -2_000_000]), ["Anna", "Bert"], "EUR")
    'equal instead of shapley: 1 of 2 members gain, most Anna (+2.00 EUR); 1 lose, most Bert (-2.00 EUR).'
    """
    gain, lose = moved >= NOTICED_MICRO, moved <= -NOTICED_MICRO
    if not gain.any() and not lose.any():
        return f"{what}: nobody's gain changes by {units.money(NOTICED_MICRO):g} {currency}."
    parts = []
    if gain.any():
        best = int(moved.argmax())
        parts.append(
            f"{int(gain.sum())} of {len(moved)} members gain, most {labels[best]} "
            f"({float(units.money(moved[best])):+,.2f} {currency})"
        )
    if lose.any():
        worst = int(moved.argmin())
        parts.append(
            f"{int(lose.sum())} lose, most {labels[worst]} ({float(units.money(moved[worst])):+,.2f} {currency})"
        )
    return f"{what}: {'; '.join(parts)}."


def gain_rows(period: Period, answers: Mapping[str, Shares | str]) -> list[Row]:
    """One row a money rule and member: the gain, and where it is not exact, how sure it is."""
    return [
        {
            "rule": name,
            "member": member,
            "gain_micro": int(one.gains[k]),
            "std_err_micro": round(float(one.split.std_err[k])),
            "low_micro": _end(one, k, 0),
            "high_micro": _end(one, k, 1),
        }
        for name, one in answers.items()
        if isinstance(one, Shares)
        for k, member in enumerate(period.people.members)
    ]


def _end(one: Shares, member: int, side: int) -> int:
    return int(one.gains[member]) if one.split.exact else round(float(one.split.interval[member, side]))
