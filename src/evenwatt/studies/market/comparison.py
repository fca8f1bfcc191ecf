"""Mechanisms side by side: on the books that the run left behind, or each in a world of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from evenwatt.core.errors import InputError, first_fault
from evenwatt.core.rule import Rule
from evenwatt.markets.clear import mechanisms as enrolled
from evenwatt.markets.lots import OneLot
from evenwatt.markets.mechanism import Mechanism, Terms
from evenwatt.markets.orders import Orders
from evenwatt.studies.market.arrangement import ration
from evenwatt.studies.market.config import MarketConfig
from evenwatt.studies.market.named import mechanism
from evenwatt.studies.market.period import Period
from evenwatt.studies.market.playing import Arm
from evenwatt.studies.market.through_time import weighted
from evenwatt.studies.market.watching import again
from evenwatt.studies.market.weather import Outlook
from evenwatt.studies.story import Work

Row = dict[str, Any]

MOST_WHO = 8  # agents near the margin, and as many others, whose misreports are tried in a book
MOST_BOOKS = 3
MOST_ORDERS = 5_000  # of a book; some mechanisms, tried with hundreds of false prices, take hours on more
MEASURED = (
    "welfare_share", "volume_share", "price_per_mwh", "budget_micro", "misreport_gain_per_mwh",
    "misreport_gain_share", "misreport_who", "rational_violations",
)  # fmt: skip


def on_books(own: Arm, config: MarketConfig) -> list[Row]:
    """Every mechanism on the same local orders, one book a day: those that the case's own mechanism got.

    Orders stay what they were; people who knew of another mechanism would bid differently. `compare` plays that.
    """
    books = _books(own)
    terms = Terms(split=config.rule.split, ration=ration(config.rule.ration), seed=config.seed)
    if not books:
        return [_left_out(rule, "there are no local orders to clear again") for rule in enrolled().values()]
    if (largest := max(len(book) for book in books)) > MOST_ORDERS:
        note = f"a book of {largest:,} orders is more than {MOST_ORDERS:,}, too many to try false prices on"
        return [_left_out(rule, note) for rule in enrolled().values()]
    best = [mechanism("uniform-price").clear(book, terms) for book in books]
    most, volume = (sum(float(getattr(one, name).sum()) for one in best) for name in ("welfare", "volume"))
    rows = []
    for rule, made in _each(config):
        try:
            if isinstance(made, str):
                raise InputError(made)
            rows.append({**_named(rule, None, made), **_on_books(made, books, terms, most, volume, own)})
        except InputError as error:
            rows.append(_left_out(rule, first_fault(error)))
    return rows


def _each(config: MarketConfig) -> Iterator[tuple[Rule, Mechanism | str]]:
    """Every mechanism with the case's options where it is the case's, or why it cannot be made."""
    for name, rule in enrolled().items():
        try:
            yield (
                rule,
                mechanism(
                    name,
                    config.rule.local_options if name == config.rule.local else {},
                    lot_wh=config.rule.lot_wh,
                ),
            )
        except InputError as error:
            yield rule, str(error)


def _named(rule: Rule, note: str | None, made: Mechanism | None = None) -> Row:
    title = f"{rule.title}, one lot of {made.lot_wh} Wh each" if isinstance(made, OneLot) else rule.title
    return {"mechanism": rule.name, "title": title, "note": note, "promises": sorted(rule.satisfies)}


def _left_out(rule: Rule, note: str) -> Row:
    return {**_named(rule, note), **dict.fromkeys(MEASURED)}


def _on_books(
    made: Mechanism, books: list[Orders], terms: Terms, most: float, volume: float, own: Arm
) -> Row:
    answers = [made.clear(book, terms) for book in books]
    traded = sum(int(one.volume.sum()) for one in answers)
    paid = sum(int(one.payments[one.payments > 0].sum()) for one in answers)
    wrong = sum(
        int((one.payments > book.price * (book.side * one.fills) + 1.0).sum())
        for one, book in zip(answers, books, strict=True)
    )
    return {
        "welfare_share": sum(float(one.welfare.sum()) for one in answers) / most if most else None,
        "volume_share": traded / volume if volume else None,
        "price_per_mwh": paid / traded if traded else None,
        "budget_micro": sum(int(one.budget.sum()) for one in answers),
        "rational_violations": wrong,
        **_misreport(made, books, terms, own),
    }


def _misreport(made: Mechanism, books: list[Orders], terms: Terms, own: Arm) -> Row:
    """The largest gain from a false price in the largest books, over the agents that are tried."""
    from evenwatt.audit.auctions import largest_gain

    largest = sorted(books, key=lambda book: -int(book.quantity.sum()))[:MOST_BOOKS]
    tried = [largest_gain(made, book, who=_who(book, terms), terms=terms) for book in largest]
    found = max((one for one in tried if one is not None), key=lambda one: one.gain_per_mwh, default=None)
    if found is None:
        return {"misreport_gain_per_mwh": None, "misreport_gain_share": None, "misreport_who": None}
    people = own.world.people.households
    return {
        "misreport_gain_per_mwh": found.gain_per_mwh,
        "misreport_gain_share": found.gain_share if np.isfinite(found.gain_share) else None,
        "misreport_who": people.ids[found.agent] if found.gain_micro > 0 else None,
    }


def _who(book: Orders, terms: Terms) -> list[int]:
    """Whose misreports are tried: those whose limits are nearest to the price, and as many others."""
    answer = mechanism("uniform-price").clear(book, terms)
    price = np.nan_to_num((answer.low + answer.high) / 2)[book.market]
    near = np.argsort(np.abs(book.price - price), kind="stable")[:MOST_WHO]
    spread = np.linspace(0, len(book) - 1, MOST_WHO).astype(np.int64)
    return sorted({int(agent) for agent in book.agent[np.concatenate([near, spread])]})


def mechanisms(work: Work, view: Outlook, own: Arm) -> list[Row]:
    """Every mechanism in a world of its own: the same seed, weather and people, who see what it does and answer."""
    config: MarketConfig = work.case.config  # type: ignore[assignment]
    base = Period("", config, work.case.community, view, own)
    rows, volume = [], base.total("local_wh")
    for rule, made in _each(config):
        if isinstance(made, str):
            rows.append(_left_out(rule, made))
            continue
        try:
            held = base if rule.name == config.rule.local else _world(work, view, config, rule.name)
            rows.append({**_named(rule, None, made), **_played(held, volume), **_believed(made, own, config)})
        except InputError as error:
            rows.append(_left_out(rule, first_fault(error)))
    return rows


def _world(work: Work, view: Outlook, config: MarketConfig, name: str) -> Period:
    from evenwatt.studies.market.loop import played

    other = config.model_copy(
        update={"rule": config.rule.model_copy(update={"local": name, "local_options": {}})}
    )
    return Period("", other, work.case.community, view, played(work, other, view, name))


def _played(held: Period, volume: int) -> Row:
    steps = held.steps
    return {
        "welfare_share": held.welfare / held.most if held.most > 0 else None,
        "volume_share": held.total("local_wh") / volume if volume else None,
        "price_per_mwh": weighted(steps["local_per_mwh"], steps["local_wh"]),
        "budget_micro": held.balance("operator"),
        "rational_violations": int(held.arm.world.totals.violations[0]),
    }


def _believed(made: Mechanism, own: Arm, config: MarketConfig) -> Row:
    """What lying would bring in the case's own largest books."""
    terms = Terms(split=config.rule.split, ration=ration(config.rule.ration), seed=config.seed)
    return _misreport(made, _books(own), terms, own)


def _books(own: Arm) -> list[Orders]:
    """The local orders of one interval a day: that with most trade."""
    books = [again(day.book, 0) for day in own.days if day.book]
    return [book for book in books if len(book)]
