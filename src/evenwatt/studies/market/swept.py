"""What a sweep found: means with intervals over seeds, and differences from the case's own, seed by seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import stream
from evenwatt.core.report import Report
from evenwatt.studies.market.cells import GAIN, MEASURES, Outcome
from evenwatt.studies.market.config import MarketConfig
from evenwatt.studies.market.named import OWN, variant

Array = npt.NDArray[np.float64]
Row = dict[str, Any]

RESAMPLES = 4000  # of the seeds, for the intervals


@dataclass(frozen=True)
class Swept:
    """All cells of a sweep.

    Attributes
    ----------
    case : str
        Name of the case.
    config : MarketConfig
        Its settings.
    mechanisms, policies : tuple of str
        The case's own first.
    seeds : tuple of int
        The case's own first.
    days : tuple of str
        First and last.
    outcomes : mapping of (mechanism, policy) to list of dict
        One a seed.
    """

    case: str
    config: MarketConfig
    mechanisms: tuple[str, ...]
    policies: tuple[str, ...]
    seeds: tuple[int, ...]
    days: tuple[str, str]
    outcomes: Mapping[tuple[str, str], Sequence[Outcome]]

    def values(self, cell: tuple[str, str], measure: str) -> Array:
        """A measure over the seeds; not a number where it is not defined, (seeds,)."""
        held = [one[measure] for one in self.outcomes[cell]]
        return np.array([np.nan if value is None else value for value in held], dtype=np.float64)

    def gains(self, cell: tuple[str, str], role: str) -> Array:
        """What an agent of a role gained over the seeds, (seeds,) [micro-units]."""
        held = [one["roles"].get(role) for one in self.outcomes[cell]]
        return np.array([np.nan if value is None else value for value in held], dtype=np.float64)

    @property
    def base(self) -> tuple[str, str]:
        """The case's own cell."""
        return self.mechanisms[0], self.policies[0]


def report(held: Swept, *, provenance: Mapping[str, Any]) -> Report:
    """Write the findings of a sweep."""
    cells, paired = _cells(held), _paired(held)
    skipped = _skipped(held)
    return Report(
        study="market",
        summary=_summary(held, cells, paired),
        measures={
            "kind": "sweep",
            "study": "market",
            "case": held.case,
            "currency": held.config.currency,
            "timezone": held.config.timezone,
            "first": held.days[0],
            "last": held.days[1],
            "mechanism": held.base[0],
            "policy": held.base[1],
            "mechanisms": len(held.mechanisms),
            "policies": len(held.policies),
            "seeds": len(held.seeds),
            "level": held.config.sweep.level,
        },
        tables={
            "sweep": [
                {name: one[name] for name in ("mechanism", "policy", "seed", *MEASURES, "skipped")}
                for rows in held.outcomes.values()
                for one in rows
            ],
            "cells": cells,
            "paired": paired,
            "policies": _policies(held),
        },
        notes=_notes(held, skipped),
        provenance=provenance,
    )


def _cells(held: Swept) -> list[Row]:
    return [
        {
            "mechanism": cell[0],
            "policy": cell[1],
            "measure": measure,
            **_interval(held, held.values(cell, measure)),
        }
        for cell in held.outcomes
        for measure in MEASURES
    ]


def _interval(held: Swept, values: Array) -> Row:
    known = values[~np.isnan(values)]
    mean, low, high = bootstrapped(known, held.config.sweep.level, held.config.seed)
    return {"mean": mean, "low": low, "high": high, "seeds": len(known)}


def bootstrapped(values: Array, level: float, seed: int) -> tuple[float | None, float | None, float | None]:
    """Mean, and the ends of its expanded percentile bootstrap interval; no ends from a single value.

    The plain percentile interval of few values is too narrow: of eight seeds without any difference it finds one
    in three sweeps of twenty. The tails are therefore those that Student's t leaves.

    Source: Efron 1979, doi:10.1214/aos/1176344552; Hesterberg 2015, doi:10.1080/00031305.2015.1089789, sec. 4.

    Examples
    --------
    >>> bootstrapped(np.array([2.0, 2.0, 2.0]), 0.95, 1)
    (2.0, 2.0, 2.0)
    >>> bootstrapped(np.array([2.0]), 0.95, 1)
    (2.0, None, None)
    """
    n = len(values)
    if n == 0:
        return None, None, None
    if n == 1:
        return float(values[0]), None, None
    drawn = stream(seed, "bootstrap of a sweep").integers(n, size=(RESAMPLES, n))
    tail = _tail(n, level)
    low, high = np.quantile(values[drawn].mean(axis=1), [tail, 1 - tail])
    return float(values.mean()), float(low), float(high)


def _tail(n: int, level: float) -> float:
    """Share of resamplings beyond each end [-]."""
    from scipy.special import ndtr, stdtrit

    return float(ndtr(-np.sqrt(n / (n - 1)) * stdtrit(n - 1, (1 + level) / 2)))


def _paired(held: Swept) -> list[Row]:
    """Every cell against the case's own, seed by seed."""
    return [
        {
            "mechanism": cell[0],
            "policy": cell[1],
            "against": " / ".join(held.base),
            "measure": measure,
            **_difference(held, cell, lambda one, measure=measure: held.values(one, measure)),  # type: ignore[misc]
        }
        for cell in held.outcomes
        if cell != held.base
        for measure in MEASURES
    ]


def _difference(
    held: Swept,
    cell: tuple[str, str],
    read: Callable[[tuple[str, str]], Array],
    against: tuple[str, str] | None = None,
) -> Row:
    apart = read(cell) - read(against or held.base)
    known = apart[~np.isnan(apart)]
    mean, low, high = bootstrapped(known, held.config.sweep.level, held.config.seed)
    return {
        "difference": mean,
        "low": low,
        "high": high,
        "verdict": verdict(known, low, high, held.config.sweep.level),
    }


def verdict(apart: Array, low: float | None, high: float | None, level: float) -> str:
    """What an interval of differences shows, in a word or two.

    That all of n differences have one sign has, where there is none, a chance of ``2 ** (1 - n)``: below so many
    seeds that this is less than what the level leaves, an interval on one side of 0 shows nothing.

    Examples
    --------
    >>> six = np.array([1.0, 2.0, 1.5, 1.2, 1.1, 0.9])
    >>> verdict(six, 1.0, 1.6, 0.95), verdict(six - 1.2, -0.3, 0.5, 0.95), verdict(six[:2], 1.0, 2.0, 0.95)
    ('higher', 'not shown', 'too few seeds')
    """
    if not len(apart):
        return "not comparable"
    if not apart.any():
        return "the same"
    if low is None or high is None or too_few(len(apart), level):
        return "too few seeds"
    return "higher" if low > 0 else "lower" if high < 0 else "not shown"


def too_few(seeds: int, level: float) -> bool:
    """Whether chance alone may put every difference on one side of 0 more often than the level allows.

    Examples
    --------
    >>> [too_few(n, 0.95) for n in (5, 6)]
    [True, False]
    """
    return bool(2.0 ** (1 - seeds) > 1 - level)


def _policies(held: Swept) -> list[Row]:
    """What another policy brought those who decide by it, under the case's own mechanism."""
    rows = []
    mechanism, own = held.base
    for policy in held.policies:
        if (mechanism, policy) not in held.outcomes:
            continue
        for role in variant(policy) or ROLES_WITH_GAINS:
            if role not in ROLES_WITH_GAINS:
                continue
            cell = (mechanism, policy)
            told = _interval(held, held.gains(cell, role))
            apart = _difference(held, cell, lambda one, role=role: held.gains(one, role))  # type: ignore[misc]
            rows.append({
                "role": role, "policy": policy, "measure": GAIN, **told,
                "against": own,
                "difference": None if policy == own else apart["difference"],
                "difference_low": None if policy == own else apart["low"],
                "difference_high": None if policy == own else apart["high"],
                "verdict": None if policy == own else apart["verdict"],
            })  # fmt: skip
    return rows


ROLES_WITH_GAINS = ("consumer", "prosumer", "producer", "utility")


def _skipped(held: Swept) -> dict[tuple[str, str], str]:
    return {
        cell: why
        for cell, rows in held.outcomes.items()
        if (why := next((one["skipped"] for one in rows if one["skipped"]), None))
    }


def _summary(held: Swept, cells: Sequence[Row], paired: Sequence[Row]) -> list[str]:
    shares = [row for row in cells if row["measure"] == "welfare_share" and row["mean"] is not None]
    if not shares:
        return ["No cell could be played, so there is nothing to compare."]
    best = max(shares, key=lambda row: row["mean"])
    own = next((row for row in shares if (row["mechanism"], row["policy"]) == held.base), None)
    told = [
        f"Of {len(shares):,} combinations of a mechanism and a policy, {_cell(best)} reaches most of what was "
        f"possible: {best['mean']:.2%} in the mean of {best['seeds']} seeds"
        + (f"; the case's own {_cell(own)} reaches {own['mean']:.2%}." if own not in (None, best) else ".")
    ]
    clear = [
        row for row in paired if row["verdict"] in ("higher", "lower") and row["measure"] == "welfare_share"
    ]
    if clear:
        told.append(
            "Against the case's own, seed by seed: "
            + "; ".join(
                f"{_cell(row)} {abs(row['difference']):.2%} {row['verdict']}"
                f" ({row['low']:+.2%} to {row['high']:+.2%})"
                for row in clear
            )
            + "."
        )
    elif len(shares) > 1:
        told.append("No difference in welfare from the case's own is shown by these seeds.")
    return told


def _cell(row: Mapping[str, Any]) -> str:
    return f"{row['mechanism']} with {'own policies' if row['policy'] == OWN else row['policy']}"


def _notes(held: Swept, skipped: Mapping[tuple[str, str], str]) -> list[str]:
    found = [
        "each seed draws weather, tempers and decisions anew, the same for every mechanism and policy; "
        "differences are taken seed by seed",
        f"intervals hold {held.config.sweep.level:.0%} of {RESAMPLES:,} resamplings of the seeds",
    ]
    if too_few(len(held.seeds), held.config.sweep.level):
        found.append(
            f"{len(held.seeds)} seeds are too few to show any difference at {held.config.sweep.level:.0%}, "
            "and their intervals are too narrow; `--seeds` takes more"
        )
    return [
        *found,
        *(f"{mechanism} with {policy} left out: {why}" for (mechanism, policy), why in skipped.items()),
    ]
