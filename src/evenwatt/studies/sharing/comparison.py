"""Variants side by side: what each shares, how evenly, and what changes for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt import audit
from evenwatt.core import units
from evenwatt.studies.sharing.period import Period
from evenwatt.studies.sharing.variants import Tried, Variant

Whole = npt.NDArray[np.int64]
Row = dict[str, Any]

NOTICED_WH = 1_000  # changes below a kWh over the period count as none


def variant_rows(period: Period, compared: Sequence[Tried]) -> list[Row]:
    """One row a variant; one that could not be tried says why."""
    return [
        {**_named(one.variant), **_measured(period, one.variant, one.received)}
        for one in compared
        if one.variant.kind != "unrounded"
    ]


def _named(variant: Variant) -> Row:
    return {
        "kind": variant.kind, "name": variant.name, "title": variant.title, "rule": variant.regime.told(),
        "chosen": variant.is_chosen, "skipped": variant.refusal,
    }  # fmt: skip


MEASURED = (
    "shared_wh", "share_of_ideal", "worst_coverage", "mean_coverage", "best_coverage", "jain_coverage",
    "moved_wh", "change",
)  # fmt: skip


def _measured(period: Period, variant: Variant, received: Whole | None) -> Row:
    if received is None:
        return dict.fromkeys(MEASURED)
    asked = period.deficit.astype(np.float64)
    fair = audit.coverage_summary(received.astype(np.float64), asked)
    total = int(received.sum())
    # In longer intervals more surplus meets demand: its share of another ideal says nothing.
    alike = variant.regime.regulation.minutes == period.group.regime.regulation.minutes
    return {
        "shared_wh": total,
        "share_of_ideal": total / period.ideal if period.ideal and alike else None,
        "worst_coverage": float(fair["min"]),
        "mean_coverage": float(fair["mean"]),
        "best_coverage": float(fair["max"]),
        "jain_coverage": float(fair["jain"]),
        "moved_wh": int(np.abs(received - period.received).sum()),
        "change": None if variant.is_chosen else change(variant.title, received - period.received, period),
    }


def change(what: str, moved: Whole, period: Period) -> str:
    """One sentence: who would get more, who less, and who most."""
    labels = list(period.group.labels().values())
    gain, lose = moved >= NOTICED_WH, moved <= -NOTICED_WH
    if not gain.any() and not lose.any():
        return f"{what}: nobody's energy changes by a kWh."
    parts = []
    for side, word, best in (
        (gain, "get more", int(moved.argmax())),
        (lose, "get less", int(moved.argmin())),
    ):
        if side.any():
            parts.append(
                f"{int(side.sum())} of {len(moved)} members {word}, most {labels[best]} "
                f"({float(units.kwh(moved[best])):+,.1f} kWh)"
            )
    return f"{what}: {'; '.join(parts)}."
