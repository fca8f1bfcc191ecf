"""What a share means for one household: plain sentences, and some of the orders it is a mean over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenwatt.app.plots.quantities import money, money_decimals

Row = Mapping[str, Any]
MOST_CHIPS = 12


@dataclass(frozen=True)
class Joining:
    """One order of joining: who came before, how many followed, and what the household's coming added."""

    before: Sequence[str]
    more: int
    after: int
    place: str
    added: str


@dataclass(frozen=True)
class Story:
    """The explanation for one household.

    Attributes
    ----------
    name : str
        Id in the page.
    label, gain : the household and its share, written
    sentences : what it means, in words
    joinings : some of the orders
    """

    name: str
    label: str
    gain: str
    sentences: Sequence[str]
    joinings: Sequence[Joining]


def stories_of(rows: Sequence[Row], currency: str) -> list[Story]:
    """A story per explained household, in the order of the table."""
    return [_story(k, row, currency) for k, row in enumerate(rows)]


def _story(position: int, row: Row, currency: str) -> Story:
    """One household's story."""
    label = str(row.get("label") or row["member"])
    orders = row.get("orders") or []
    amounts = [row.get("gain_micro"), *(order.get("gain_micro") for order in orders)]
    decimals = money_decimals(amounts)
    gain = row.get("gain_micro")
    return Story(
        f"story-{position + 1}",
        label,
        "" if gain is None else money(gain, currency, decimals),
        [str(sentence) for sentence in row.get("sentences") or []],
        [_joining(label, order, currency, decimals) for order in orders],
    )


def _joining(label: str, row: Row, currency: str, decimals: int) -> Joining:
    """One order; of many that came before only the nearest are named."""
    order = [str(name) for name in row.get("order") or []]
    # Two homes may share a label, so the place is taken from the report where it tells it.
    at = int(row["place"]) - 1 if row.get("place") else order.index(label) if label in order else len(order)
    before = order[:at]
    kept = before if len(before) <= MOST_CHIPS else before[-MOST_CHIPS:]
    return Joining(
        kept,
        len(before) - len(kept),
        max(len(order) - at - 1, 0),
        f"{at + 1} of {len(order)}",
        money(row.get("gain_micro") or 0, currency, decimals),
    )
