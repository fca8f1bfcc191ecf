# ruff: noqa: D102
"""The market as one would write it in Mesa: an object an agent, its rule in methods, an auction by a merge.

The same rules as ``evenwatt.studies.market`` for the first day of a drawn market, scripted policies, scenario 1, all
steps but the day's last, at which contracts are signed. Until then no contract runs, no review falls, and nobody has
looked long enough to upgrade or to leave: what has no effect yet is left out, and so is everything that only reports
(sums by agent, concentration, a ledger that proves conservation). That is in this model's favour.
"""

from __future__ import annotations

import math

import mesa
import numpy as np

from evenwatt.markets.regulator.quota import certificates
from per_agent_auction import call_auction
from per_agent_traders import Border, ConsumerAgent, ProducerAgent, ProsumerAgent, UtilityAgent, salt


class PerAgentMarket(mesa.Model):
    """Steps of the market, agent by agent."""

    def __init__(self, people, rules, weather, seed, *, collect=True):
        super().__init__(seed=seed)
        self.people, self.rules, self.weather, self.chance = people, rules, weather, seed
        limits = rules.instruments
        self.floor, self.cap, self.carbon = limits.floor_per_mwh, limits.cap_per_mwh, limits.carbon_per_t
        h, p, u = people.households, people.producers, people.utilities
        self.homes = [
            (ConsumerAgent if number < h.consumers else ProsumerAgent)(self, number)
            for number in range(len(h))
        ]
        self.stations = [ProducerAgent(self, len(h) + row, row) for row in range(len(p))]
        self.companies = [UtilityAgent(self, len(h) + len(p) + row, row) for row in range(len(u))]
        last = len(h) + len(p) + len(u)
        self.imports, self.exports = Border(last + 1), Border(last + 2)
        nodes = int(h.node.max(initial=-1)) + 1
        self.local = [math.nan] * nodes
        self.recent, self.means = (np.full(rules.steps_a_day, math.nan) for _ in range(2))
        self.wholesale = self.expected = math.nan
        self.now = self.row = 0
        self.local_price, self.local_volume, self.wholesale_volume = math.nan, 0, 0
        self.datacollector = mesa.DataCollector(
            {"Local_Price": "local_price", "Wholesale_Price": "wholesale"},
            {"Profit": "profit", "Resources": "resources"},
        )
        self.collects = collect
        if collect:
            self.datacollector.collect(self)

    def step(self):
        self.look()
        for kind in (ConsumerAgent, ProsumerAgent, ProducerAgent, UtilityAgent):
            if kind in self.agents_by_type:
                self.agents_by_type[kind].do("step")
        self.trade_locally()
        self.trade_at_wholesale()
        self.settle()
        self.remember()
        self.now += 1
        self.row += 1
        if self.collects:
            self.datacollector.collect(self)

    def look(self):
        """What everybody sees: weather, tariffs, prices of the last day."""
        self.outside = float(self.weather.outside_per_mwh[self.row])
        loads, panels = self.weather.load_wh[self.row].tolist(), self.weather.pv_wh[self.row].tolist()
        for agent, load, new in zip(self.homes, loads, panels, strict=True):
            agent.load = load
            if agent.role == "prosumer":
                agent.make(new)
        self.tariffs = [company.retail for company in self.companies]
        self.shares = [company.share for company in self.companies]
        self.customers = [0] * len(self.companies)
        for agent in self.homes:
            self.customers[agent.utility] += 1
        seen = self.recent[~np.isnan(self.recent)]
        feed_in = self.rules.feed_in_per_mwh
        self.low, self.high, self.evening = feed_in, feed_in, feed_in
        if len(seen):
            self.low, self.high = (float(value) for value in np.quantile(seen, (0.25, 0.75)))
            self.evening = float(np.nanmax(self.means))

    def trade_locally(self):
        self.books = [([], []) for _ in self.local]
        for agent in self.homes:
            agent.place()
        lots = salt(self.chance, "ties", self.now, "")
        self.traded = [call_auction(bids, asks, self.rules.split, lots) for bids, asks in self.books]

    def trade_at_wholesale(self):
        """Utilities, stations and the outside grid."""
        rules, fee = self.rules, self.rules.outside_fee_per_mwh
        price_in = min(max(self.outside + fee, self.floor), self.cap)
        price_out = min(max(self.outside - fee, self.floor), self.cap)
        traders = (*self.companies, *self.stations, self.imports, self.exports)
        for trader in traders:
            trader.filled = trader.paid = 0
        bids = [company.order for company in self.companies if company.order[1] > 0]
        asks = [station.order for station in self.stations if station.order[1] > 0]
        bids.append((-price_out, rules.export_limit_wh, self.exports))
        asks.append((price_in, rules.import_limit_wh, self.imports))
        lots = salt(self.chance, "ties", self.now, "")
        self.price, self.wholesale_volume = call_auction(bids, asks, rules.split, lots)

    def serve(self, home, retail, pay, fed):
        """A home's utility serves the rest, and takes what is fed in."""
        company = self.companies[home.utility]
        company.needed += retail
        company.takings += pay
        company.fed += fed
        home.cash += round(self.rules.feed_in_per_mwh * fed)

    def charge_standing(self, home, held):
        charge = min(self.people.utilities.standing_micro, held)
        home.cash -= charge
        self.companies[home.utility].takings += charge

    def settle(self):
        rules = self.rules
        spot = self.outside if math.isnan(self.price) else self.price
        dear = max(spot, self.outside + rules.outside_fee_per_mwh)
        cheap = min(spot, self.outside - rules.outside_fee_per_mwh)
        self.short_price = dear + rules.imbalance_penalty * abs(dear)
        self.long_price = cheap - rules.imbalance_penalty * abs(cheap)
        for agent in self.homes:
            agent.settle()
        if self.now % rules.steps_a_day == 0:
            for agent in self.homes:
                agent.pay_daily()
        for agent in (*self.stations, *self.companies):
            agent.settle()

    def remember(self):
        """Prices of the step, and how much of each utility's energy was renewable."""
        prices = np.array([price for price, volume in self.traded if volume])
        volumes = np.array([volume for _, volume in self.traded if volume])
        self.local_volume = int(volumes.sum())
        self.local_price = float(np.average(prices, weights=volumes)) if len(prices) else math.nan
        self.local = [
            price if volume else before
            for before, (price, volume) in zip(self.local, self.traded, strict=True)
        ]
        self.recent[self.now] = self.means[self.now] = self.local_price
        if not math.isnan(self.price):
            self.wholesale = self.price
            share = 1.0 / self.rules.steps_a_day
            known = not math.isnan(self.expected)
            self.expected = self.expected + share * (self.price - self.expected) if known else self.price
        green = sum(station.filled for station in self.stations if station.renewable)
        held = certificates(green, [*(company.filled for company in self.companies), self.exports.filled])
        for company, granted in zip(self.companies, held[:-1].tolist(), strict=True):
            company.renewable += granted + company.fed
