"""Where energy that could have been shared was lost: links, keys, rounds, rounding, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from evenwatt.core import units
from evenwatt.studies.sharing.period import Period
from evenwatt.studies.sharing.variants import Tried

Row = dict[str, Any]

CERTIFIED = "certified"  # computed, not searched for

STAGES = {
    "ideal": "Ideal: surplus meets demand",
    "links": "Over the links there are",
    "keys": "By these keys, endless rounds",
    "rounds": "In the rounds of the rule",
    "shared": "Rounded down: shared",
}


def waterfall(period: Period, compared: Sequence[Tried]) -> list[Row]:
    """What each part of the rule leaves of the ideal; every figure is exact for the case's own keys.

    Rows of stage, title, wh, loss_wh (against the stage before) and proof.
    """
    found = {one.variant.name: one.wh for one in compared if one.variant.kind == "unrounded"}
    values: dict[str, float] = {"ideal": period.ideal, "links": float(period.total("linked"))}
    if found:
        values |= {"keys": found["unlimited"], "rounds": found["rounds"]}
    values["shared"] = period.shared
    titles = STAGES if found else STAGES | {"shared": "By the rule: shared"}
    rows: list[Row] = [
        {"stage": stage, "title": titles[stage], "wh": round(wh), "loss_wh": 0, "proof": CERTIFIED}
        for stage, wh in values.items()
    ]
    for before, after in pairwise(rows):
        after["loss_wh"] = before["wh"] - after["wh"]
    return rows


LOST_BY = {
    "links": "missing links",
    "keys": "the keys",
    "rounds": "the number of rounds",
    "shared": "rounding down",
    "floor": "rounding down",
    "current": "the choice of keys",
}


def told(rows: Sequence[Mapping[str, Any]], m: Mapping[str, Any]) -> list[str]:
    """One sentence: what lost most."""
    by = LOST_BY if any(row["stage"] == "rounds" for row in rows) else LOST_BY | {"shared": "the rule"}
    if any(row["stage"] == "current" for row in rows):
        by = by | {"keys": "keys that stay the same", "links": "missing links"}
    lost = {str(row["stage"]): int(row["loss_wh"]) for row in rows if row["stage"] in LOST_BY}
    worst = max(lost, key=lambda stage: lost[stage], default=None)
    if worst is None or lost[worst] <= 0 or not m["ideal_wh"]:
        return []
    part = lost[worst] / m["ideal_wh"]
    return [
        f"Most is lost by {by[worst]}: {float(units.kwh(lost[worst])):,.1f} kWh, {part:.1%} of what could meet at best."
    ]
