"""What is written down of a day beside its sums: every household's interval, and the books of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.markets.clearing import Clearing
from evenwatt.markets.orders import Orders
from evenwatt.studies.market.step import Step

if TYPE_CHECKING:
    import polars as pl

    from evenwatt.studies.market.world import World

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Column = npt.NDArray[Any]

WHOLE = (
    "load_wh", "pv_wh", "charge_wh", "stored_wh", "ordered_wh", "traded_wh", "lost_wh", "retail_wh", "fed_wh",
    "unserved_wh", "forgone_wh", "local_micro", "fee_micro", "retail_micro", "utility",
)  # fmt: skip
FIGURES = ("limit_per_mwh", "local_per_mwh", "tariff_per_mwh")
BOOK = ("market", "agent", "side", "price", "quantity", "filled", "node")
MARKETS = ("local", "wholesale")
WH_PER_MWH = 1_000_000


@dataclass
class Watch:
    """Looks at each step once it is settled.

    Parameters
    ----------
    world : World
        Whose steps they are.
    intervals : bool
        Whether to write down every household's interval.
    chosen : int, optional
        Step whose books to keep; without it, that with most local trade.
    """

    world: World
    intervals: bool = True
    chosen: int | None = None
    rows: list[Mapping[str, Column]] = field(default_factory=list)
    available: list[Whole] = field(default_factory=list)
    worth: list[float] = field(default_factory=list)
    overhead: list[int] = field(default_factory=list)
    emitted: list[float] = field(default_factory=list)
    retail: list[float] = field(default_factory=list)
    book: dict[str, Column] = field(default_factory=dict)
    book_step: int = -1
    book_wh: int = -1

    def __call__(self, step: Step) -> None:
        """See one step."""
        if self.intervals:
            self.rows.append(self._row(step))
        self.available.append(step.available)
        self.worth.append(step.figures["welfare_micro"])
        self.overhead.append(step.overhead)
        self.emitted.append(
            float(self.world.people.producers.emission_t_per_mwh @ step.dispatched) / WH_PER_MWH
        )
        self.retail.append(self._retail())
        traded = int(step.local.clearing.volume.sum())
        wanted = step.number == self.chosen if self.chosen is not None else traded > self.book_wh
        if wanted or self.book_step < 0:
            self.book = books(step)
            self.book_step, self.book_wh = step.number, traded

    def _retail(self) -> float:
        """Mean retail price of the utilities that are left; not a number without any."""
        held = self.world.state.utilities
        return float(held.retail[held.active].mean()) if held.active.any() else np.nan

    def _row(self, step: Step) -> Mapping[str, Column]:
        placed, left, answer = step.placed, step.left, step.local.clearing
        pv = np.zeros(len(step.load), dtype=np.int64)
        pv[len(step.load) - len(step.pv) :] = step.pv
        orders = placed.orders
        price = np.full(int(orders.node.max(initial=0)) + 1, np.nan)
        price[step.local.nodes] = step.local.prices
        signed = orders.side.astype(np.int64)
        utility = self.world.state.households.utility.copy()
        return {
            "load_wh": step.load, "pv_wh": pv, "charge_wh": placed.charge, "stored_wh": placed.stored,
            "ordered_wh": signed * orders.quantity, "traded_wh": signed * answer.fills, "lost_wh": left.lost,
            "retail_wh": left.retail, "fed_wh": left.fed, "unserved_wh": left.unpaid + step.shed,
            "forgone_wh": left.forgone, "local_micro": answer.payments, "fee_micro": left.fees,
            "retail_micro": left.retail_pay, "utility": utility,
            "limit_per_mwh": np.where(orders.quantity > 0, orders.price, np.nan),
            "local_per_mwh": price[orders.node], "tariff_per_mwh": step.tariffs[utility],
        }  # fmt: skip

    def frame(self, start: npt.NDArray[np.datetime64], ids: tuple[str, ...]) -> pl.DataFrame:
        """Rows of the day: one an interval and household."""
        import polars as pl

        def stacked(name: str, kind: type) -> Column:
            if not self.rows:
                return np.zeros(0, dtype=kind)
            return np.concatenate([row[name] for row in self.rows]).astype(kind)

        return pl.DataFrame(
            {
                "interval_start": np.repeat(start.astype("datetime64[ms]"), len(ids)),
                "member": list(ids) * len(start),
                **{name: stacked(name, np.int64) for name in WHOLE},
                **{name: stacked(name, np.float64) for name in FIGURES},
            }
        )


def books(step: Step) -> dict[str, Column]:
    """All orders of a step with what was filled of them, local markets first."""
    local = _orders(0, step.placed.orders, step.local.clearing)
    return _joined([local, _orders(1, step.market.orders, step.market.clearing)])


def _orders(market: int, orders: Orders, answer: Clearing) -> dict[str, Column]:
    held = np.flatnonzero(orders.quantity > 0)
    return {
        "market": np.full(len(held), market),
        "agent": orders.agent[held].astype(np.int64),
        "side": np.broadcast_to(orders.side, orders.shape)[held].astype(np.int64),
        "price": orders.price[held],
        "quantity": orders.quantity[held],
        "filled": answer.fills[held],
        "node": orders.node[held].astype(np.int64),
    }


def _joined(parts: list[dict[str, Column]]) -> dict[str, Column]:
    return {name: np.concatenate([part[name] for part in parts]) for name in BOOK}


def again(book: Mapping[str, Column], market: int) -> Orders:
    """The orders of one market of a book, to be cleared once more."""
    here = book["market"] == market
    return Orders(
        book["agent"][here],
        book["side"][here],
        book["price"][here],
        book["quantity"][here],
        node=book["node"][here],
    )
