"""Energy rules side by side, and every energy rule with every money rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt import audit
from evenwatt.studies.division import division
from evenwatt.studies.microgrid.comparison import ENERGY_MATTERS
from evenwatt.studies.microgrid.period import Period
from evenwatt.studies.microgrid.settlement import Books, Shares, first, gini, moved, shares

Whole = npt.NDArray[np.int64]
Row = dict[str, Any]


def energy_rows(period: Period, skipped: Mapping[str, str]) -> list[Row]:
    """One row an energy rule: how evenly it serves deficits and sells surpluses."""
    rows = [
        {
            **_named(name, e == 0),
            "skipped": None,
            **_evenness("bought", period.bought[e].sum(axis=0), period.deficit_total),
            **_evenness("sold", period.sold[e].sum(axis=0), period.surplus_total),
            "moved_wh": int(np.abs(period.bought[e] - period.bought[0]).sum()) // 2
            + int(np.abs(period.sold[e] - period.sold[0]).sum()) // 2,
        }
        for e, name in enumerate(period.plan.energy)
    ]
    return [*rows, *({**_named(name, False), "skipped": why} for name, why in sorted(skipped.items()))]


def _named(name: str, chosen: bool) -> Row:
    held = division(name)
    return {"rule": held.spelling, "title": held.title, "source": held.source, "chosen": chosen}


def _evenness(side: str, given: Whole, asked: Whole) -> Row:
    who = asked > 0
    coverage = given[who] / asked[who]
    return {
        f"gini_{side}": float(audit.gini(given[who].astype(np.float64))) if who.any() else None,
        f"worst_{side}": float(coverage.min()) if who.any() else None,
        f"best_{side}": float(coverage.max()) if who.any() else None,
    }


def combinations(period: Period, held: Books, answers: Mapping[str, Shares | str]) -> list[Row]:
    """One row a pair of an energy and a money rule; money is moved against the case's own pair.

    Values of the game do not ask who traded with whom, so they are computed once.
    """
    base = first(list(answers.values()))
    rows = []
    for e, energy in enumerate(period.plan.energy):
        for name, known in answers.items():
            found = shares(period, held, name, e) if e and name in ENERGY_MATTERS else known
            rows.append({"energy": energy, "money": name, **_pair(found, base, held)})
    return rows


def _pair(found: Shares | str, base: Shares, held: Books) -> Row:
    if isinstance(found, str):
        return {
            "skipped": found, "budget_micro": None, "gini": None, "worse_than_alone": None, "moved_micro": None
        }  # fmt: skip
    return {
        "skipped": None,
        "budget_micro": int(found.gains.sum()) - held.gain,
        "gini": gini(found.gains),
        "worse_than_alone": int((found.gains < 0).sum()),
        "moved_micro": moved(found.gains, base.gains),
    }
