"""Contracts in time: what runs in a step, what is signed for the days to come, and who serves whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.core.chance import Keyed
from evenwatt.markets.clear import clear
from evenwatt.markets.contracts.collateral import pledge, release
from evenwatt.markets.contracts.delivering import deliveries
from evenwatt.markets.contracts.register import Contracts
from evenwatt.markets.contracts.settling import FORWARD, PPA
from evenwatt.markets.contracts.signing import sign_bilaterally
from evenwatt.markets.dues import Dues
from evenwatt.markets.ledger import Ledger, money
from evenwatt.markets.orders import BUY, SELL, Orders
from evenwatt.studies.market.setting import Population, Rules
from evenwatt.studies.market.state import State
from evenwatt.studies.market.step import ContractFlows, Step

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Column = npt.NDArray[Any]

CONTRACT_SENIORITY = 1


class Contracting:
    """The contracts between utilities and producers, and the tariffs between utilities and households.

    Parameters
    ----------
    people : Population
        Who there is.
    rules : Rules
        Scenario 1: contracts are negotiated one by one and customers choose; scenario 2: both are auctioned.
    contracts : Contracts, optional
        Those that are signed already; parties have the numbers of ``Population.agents``.
    """

    def __init__(self, people: Population, rules: Rules, contracts: Contracts | None = None) -> None:
        self.people, self.rules = people, rules
        self.contracts = contracts or Contracts()
        agents = people.agents
        self._producers, self._utilities = agents["producer"], agents["utility"]
        self._accounts = int(agents["regulator"][0]) + 1
        # What producers could generate in the steps of this day, summed [Wh].
        self._offered = np.zeros(len(people.producers), dtype=np.int64)
        # The mean of the last whole day [Wh].
        self._usual = self._offered.copy()
        self._given = np.zeros(0, dtype=np.int64)

    def begin(self, state: State, step: Step) -> None:
        """What contracts move in this step: physical ones come before the market."""
        if step.number % self.rules.steps_a_day == 0:
            self._usual, self._offered = self._offered // self.rules.steps_a_day, np.zeros_like(self._offered)
        self._offered += step.available
        held, rows = self.contracts, self.contracts.due(step.number)
        self._given = deliveries(
            held, step.number, self._by_account(step.available), ration=self.rules.ration
        )
        kind, given = held.kind[rows], self._given
        physical = (kind == PPA) | (kind == FORWARD)
        due = np.where(kind == FORWARD, held.volume_wh[rows], given)
        renewable = self._by_account(self.people.producers.renewable.astype(np.int64))
        seller, buyer = held.seller[rows][physical], held.buyer[rows][physical]
        green = given[physical] * renewable[seller]
        step.contracts = ContractFlows(
            self._of(self._utilities, buyer, due[physical]),
            self._of(self._utilities, buyer, green),
            self._of(self._producers, seller, given[physical]),
            self._of(self._producers, seller, (due - given)[physical]),
        )

    def due(self, step: Step) -> list[Dues]:
        """What contracts make due in this step; what a forward lacks is bought at the wholesale price."""
        if not len(self.contracts.due(step.number)):
            return []
        held, rows = self.contracts, self.contracts.due(step.number)
        kind = held.kind[rows]
        made = deliveries(held, step.number, self._by_account(step.dispatched), ration=self.rules.ration)
        # Contracts for difference pay for all that was generated; physical ones were fixed before the market.
        delivered = np.where((kind == PPA) | (kind == FORWARD), self._given, made)
        outside = self._accounts + 2
        return [held.settle(step.number, step.spot, delivered=delivered, market=outside)]

    def retail(self, state: State, step: Step, seed: int) -> None:
        """Who is served by whom from this step on."""
        households, utilities = state.households, state.utilities
        if not len(self.people.utilities):
            return
        if self.rules.scenario == 2:
            if step.number % self.rules.steps_a_day == 0:
                self._auction_customers(state, step, seed)
            return
        chosen = np.concatenate([step.actions["consumer"]["utility"], step.actions["prosumer"]["utility"]])
        if np.array_equal(chosen, households.utility):
            return
        known = (chosen >= 0) & (chosen < len(utilities.active))
        serves = np.append(utilities.active, False)
        chosen = np.where(known, chosen, -1)
        households.utility = np.where(serves[chosen], chosen, households.utility)

    def _auction_customers(self, state: State, step: Step, seed: int) -> None:
        """A reverse auction: the lowest tariff wins the customers of a node for the day."""
        utilities = state.utilities
        utilities.retail = np.where(utilities.active, utilities.posted, utilities.retail)
        offering = np.flatnonzero(utilities.active)
        node = self.people.households.node
        if not len(offering) or not len(node):
            return
        nodes = np.arange(int(node.max()) + 1)
        ties = np.stack([
            Keyed(seed, f"customers {n}", step.number).uniform(self._utilities[offering]) for n in nodes
        ])  # fmt: skip
        order = np.lexsort((ties, np.broadcast_to(utilities.retail[offering], ties.shape)), axis=-1)
        state.households.utility = offering[order[:, 0]][node]

    def sign(self, state: State, step: Step, ledger: Ledger, seed: int) -> None:
        """Give back pledges of what ended; at the last step of a day, sign contracts for the days that follow."""
        release(ledger, self.contracts)
        if (step.number + 1) % self.rules.steps_a_day or not len(self._producers) or not len(self._utilities):
            return
        wanted, offered = self._wanted(state, step), self._free(state, step)
        if not wanted.any() or not offered.any():
            return
        bid = np.where(state.utilities.active, step.actions["utility"]["contract_per_mwh"], np.nan)
        ask = step.actions["producer"]["contract_per_mwh"]
        length = self.rules.contract_days * self.rules.steps_a_day
        willing = step.actions["producer"]["accept_contracts"] & (
            step.actions["producer"]["least_steps"] <= length
        )
        wanted = np.where(np.isfinite(bid), wanted, 0)
        offered = np.where(willing & np.isfinite(ask), offered, 0)
        matched = self._auctioned if self.rules.scenario == 2 else self._negotiated
        signed = [
            self._enter(utility, producer, volume, price, step.number + 1, length)
            for utility, producer, volume, price in matched(step, seed, wanted, bid, offered, ask)
        ]
        if signed:
            pledge(ledger, self.contracts, np.concatenate(signed))

    def _wanted(self, state: State, step: Step) -> Whole:
        """Of each utility, a step [Wh]: the share of its mean demand to hedge, less what is contracted."""
        now = state.utilities
        seen = np.maximum(now.known.sum(axis=1), 1)
        mean = np.where(now.known, now.forecast, 0.0).sum(axis=1) / seen
        target = np.rint(np.maximum(mean, 0.0) * step.actions["utility"]["hedge_ratio"])
        today = self._offered // self.rules.steps_a_day
        held = self._running(step.number + 1, self._utilities, "buyer", today)
        open_still: Whole = target.astype(np.int64) - held
        return np.maximum(open_still, 0)

    def _free(self, state: State, step: Step) -> Whole:
        """Of each producer, a step [Wh]: the mean of what it could generate today, less what is contracted."""
        mean = self._offered // self.rules.steps_a_day
        free = mean - self._running(step.number + 1, self._producers, "seller", mean)
        return np.where(state.producers.active, np.maximum(free, 0), 0)

    def _running(self, step: int, who: Whole, side: str, generation: Whole) -> Whole:
        """What contracts already hold for a step; shares count by the mean generation of a day (P,) [Wh]."""
        held, rows = self.contracts, self.contracts.due(step)
        mean = self._by_account(generation)
        volume = np.where(
            held.kind[rows] == FORWARD,
            held.volume_wh[rows],
            np.where(held.kind[rows] == PPA, held.share[rows] * mean[held.seller[rows]], 0),
        ).astype(np.int64)
        return self._of(who, getattr(held, side)[rows], volume)

    def _auctioned(
        self, step: Step, seed: int, wanted: Whole, bid: Array, offered: Whole, ask: Array
    ) -> list[tuple[int, int, int, float]]:
        """One price for all contracts of the day; who buys of whom is dealt in proportion."""
        u, p = self._utilities, self._producers
        orders = Orders(
            np.concatenate([u, p]), np.repeat([BUY, SELL], [len(u), len(p)]),
            np.nan_to_num(np.concatenate([bid, ask])), np.concatenate([wanted, offered]), period=step.number,
        )  # fmt: skip
        answer = clear(orders, split=self.rules.split, ration=self.rules.ration, rng=seed)
        bought, sold = answer.fills[: len(u)], answer.fills[len(u) :]
        if not bought.any():
            return []
        cells = exact.matrix(np.outer(bought, sold) / sold.sum(), bought, sold)
        price = float(answer.price[0])
        return [(int(i), int(j), int(cells[i, j]), price) for i, j in np.argwhere(cells > 0)]

    def _negotiated(
        self, step: Step, seed: int, wanted: Whole, bid: Array, offered: Whole, ask: Array
    ) -> list[tuple[int, int, int, float]]:
        """Each utility turns to those it prefers, then to the cheapest by its own score."""
        chance = Keyed(seed, "contracts", step.number)
        suppliers = np.asarray(step.actions["utility"]["suppliers"])
        named = (suppliers >= 0) & (suppliers < len(self._producers))
        deals = sign_bilaterally(
            wanted, bid, offered, ask,
            preferred=np.where(named, suppliers, -1),
            green_per_mwh=step.seen["utility"]["green"], renewable=self.people.producers.renewable,
            split=self.rules.split, ration=self.rules.ration,
            buyer_tie=chance.uniform(self._utilities), seller_tie=chance.uniform(self._producers),
        )  # fmt: skip
        columns = (deals.buyer.tolist(), deals.seller.tolist(), deals.wh.tolist(), deals.price.tolist())
        return list(zip(*columns, strict=True))

    def _enter(
        self, utility: int, producer: int, volume: int, price: float, start: int, length: int
    ) -> Whole:
        seller, buyer = int(self._producers[producer]), int(self._utilities[utility])
        worth = int(money(max(price, 0.0), volume))
        common = {
            "seller": seller, "buyer": buyer, "start": start, "end": start + length, "price": price,
            "seniority": CONTRACT_SENIORITY,
            "collateral": int(worth * self.rules.collateral_days * self.rules.steps_a_day),
        }  # fmt: skip
        mean = int(self._offered[producer]) // self.rules.steps_a_day
        if self.people.producers.renewable[producer] and mean > 0:
            # What depends on sun and wind is sold as it is produced.
            return self.contracts.sign("ppa", share=min(volume / mean, 1.0), **common)
        return self.contracts.sign("forward", volume_wh=volume, **common)

    def seen(self, state: State, step: Step) -> Mapping[str, Column]:
        """What companies know of their contracts in this step, and how much of the next day is covered."""
        expected = np.maximum(state.utilities.forecast.mean(axis=1), 1.0)
        ahead = self._running(step.number + self.rules.steps_a_day, self._utilities, "buyer", self._usual)
        flows = step.contracts
        return {
            "sold": flows.generated + flows.lacking,
            "bought": flows.bought,
            "covered": ahead / expected,
        }

    def end(self, company: int, forward_per_mwh: float) -> Dues:
        """End all contracts of a company that cannot pay; gives what closing them out makes due."""
        held = self.contracts
        mine = np.flatnonzero((held.seller == company) | (held.buyer == company))
        return held.default(mine, forward_per_mwh)

    def memory(self) -> dict[str, Column]:
        """What must be kept to go on."""
        return {**self.contracts.state(), "offered": self._offered.copy(), "usual": self._usual.copy()}

    def recall(self, held: Mapping[str, Column]) -> None:
        """Go on from what :meth:`memory` gave."""
        self._offered, self._usual = (held[name].astype(np.int64) for name in ("offered", "usual"))
        self.contracts = Contracts.restored(held)

    def _by_account(self, values: Whole) -> Whole:
        """A column over producers as one over all accounts."""
        wide = np.zeros(self._accounts, dtype=np.int64)
        wide[self._producers] = values
        return wide

    @staticmethod
    def _of(who: Whole, accounts: Whole, values: Whole) -> Whole:
        """Sums for these agents, whose numbers follow each other."""
        total = np.zeros(len(who), dtype=np.int64)
        if len(who):
            np.add.at(total, accounts - who[0], values)
        return total
