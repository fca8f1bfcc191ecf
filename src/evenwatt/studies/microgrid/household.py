"""The Shapley value told to a household with its own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core import units
from evenwatt.core.chance import stream
from evenwatt.studies.microgrid.period import Period
from evenwatt.studies.microgrid.settlement import Books, Shares

Whole = npt.NDArray[np.int64]
Row = dict[str, Any]

TOLD = 4  # households explained in a report
ORDERS = 3  # orders of joining shown to each


def explained(period: Period, held: Books, answers: Mapping[str, Shares | str], currency: str) -> list[Row]:
    """A few households in plain words: those that gain most, least and in the middle, and the largest seller."""
    value = answers.get("shapley")
    if not isinstance(value, Shares) or period.n < 2 or not period.inside.any():
        return []
    labels = list(period.people.labels().values())
    orders = [stream(period.plan.seed, f"order of joining {k}").permutation(period.n) for k in range(ORDERS)]
    added = np.rint(period.game.marginals(np.stack(orders))).astype(np.int64)
    return [
        {
            "member": period.people.members[k],
            "label": labels[k],
            "sentences": sentences(period, held, answers, k, currency),
            "orders": [
                {
                    "order": [labels[i] for i in order],
                    "place": int(np.flatnonzero(order == k)[0]) + 1,
                    "gain_micro": int(some[k]),
                }
                for order, some in zip(orders, added, strict=True)
            ],
            "gain_micro": int(value.gains[k]),
        }
        for k in _told(period, value)
    ]


def _told(period: Period, value: Shares) -> list[int]:
    ranked = np.argsort(-value.gains, kind="stable")
    seller = int(period.sold[0].sum(axis=0).argmax())
    wanted = [int(ranked[0]), int(ranked[period.n // 2]), int(ranked[-1]), seller]
    return list(dict.fromkeys(wanted))[:TOLD]


def sentences(
    period: Period, held: Books, answers: Mapping[str, Shares | str], k: int, currency: str
) -> list[str]:
    """What member ``k`` would pay alone, pays with its neighbours, and why."""
    value, name = answers["shapley"], list(period.people.labels().values())[k]
    assert isinstance(value, Shares)
    alone, gain, last = int(held.alone[k]), int(value.gains[k]), round(float(period.game.last[k]))
    told = [
        f"By itself, {name} would {_paid(alone, currency)} for this period.",
        _traded(period, k, name),
        f"Imagine the {period.n} members joining one after the other. Each brings what the group saves more with it "
        f"than without it. {name} adds {_money(0, currency)} when it comes first, for then there is nobody to trade "
        f"with, and {_money(last, currency)} when it comes last.",
        f"Averaged over all orders in which {period.n} members can join, {name} adds {_money(gain, currency)}"
        + ("" if value.split.exact else " (estimated)")
        + ": this is its Shapley value, its fair share of what all save together.",
        f"With it, {name} {_pays(alone - gain, currency)}.",
    ]
    chosen = next(iter(answers.values()))
    if isinstance(chosen, Shares) and chosen.rule != "shapley":
        told.append(
            f"This microgrid divides by {chosen.rule} instead, which gives {name} "
            f"{_money(int(chosen.gains[k]), currency)}."
        )
    return told


def _traded(period: Period, k: int, name: str) -> str:
    sold, bought = int(period.sold[0, :, k].sum()), int(period.bought[0, :, k].sum())
    if sold and bought:
        return (
            f"{name} sold its neighbours {_kwh(sold)} kWh that they did not have to buy from the grid, and bought "
            f"{_kwh(bought)} kWh from them that they did not have to sell to it."
        )
    if sold:
        return f"{name} sold its neighbours {_kwh(sold)} kWh that they did not have to buy from the grid."
    if bought:
        return f"{name} bought {_kwh(bought)} kWh from its neighbours that they did not have to sell to the grid."
    return f"{name} traded nothing with its neighbours."


def _paid(micro: int, currency: str) -> str:
    return (
        f"pay the grid {_money(micro, currency)}"
        if micro >= 0
        else f"earn {_money(-micro, currency)} from the grid"
    )


def _pays(micro: int, currency: str) -> str:
    return f"pays {_money(micro, currency)}" if micro >= 0 else f"is paid {_money(-micro, currency)}"


def _money(micro: int, currency: str) -> str:
    return f"{float(units.money(micro)):,.2f} {currency}"


def _kwh(wh: int) -> str:
    return f"{float(units.kwh(wh)):,.1f}"
