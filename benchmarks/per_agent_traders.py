# ruff: noqa: D102, D103
"""Consumers, prosumers, stations and utilities as agents of Mesa: each decides, trades and pays for itself."""

from __future__ import annotations

import math
from functools import lru_cache

import mesa

from evenwatt.core.chance import Keyed
from evenwatt.policies.persona import PERSONAS
from per_agent_auction import GOLDEN, MASK, mixed

UTILITY, LOCAL = 1, 2
UP, DOWN = 1 + 2.0**-50, 1 - 2.0**-49


@lru_cache(maxsize=64)
def salt(seed: int, stream: str, step: int, what: str) -> int:
    return int(Keyed(seed, stream, step).salts(step, what))


def uniform(seed: int, stream: str, step: int, what: str, number: int) -> float:
    return (mixed((number * GOLDEN + salt(seed, stream, step, what)) & MASK) >> 11) * 2.0**-53


class Trader(mesa.Agent):
    """Anybody with money."""

    def __init__(self, model, number, persona, cash):
        super().__init__(model)
        self.number, self.cash, self.opening = number, cash, cash
        taste = PERSONAS[persona]
        self.margin, self.green, self.activity = taste.margin, taste.green_per_mwh, taste.activity
        self.trades_battery = taste.battery == "threshold"

    @property
    def resources(self):
        return self.cash / 1_000_000

    @property
    def profit(self):
        return (self.cash - self.opening) / 1_000_000

    @property
    def has_turn(self):
        return (self.number + self.model.now) % self.model.rules.steps_a_day == 0


class ConsumerAgent(Trader):
    """Buys of neighbours or of its utility."""

    role = "consumer"
    connected = True

    def __init__(self, model, number):
        h = model.people.households
        super().__init__(model, number, h.personas[number], int(h.cash_micro[number]))
        self.value = float(h.value_per_mwh[number])
        self.distance = max(float(h.distance_km[number]), 0.0)
        self.loss = min(self.distance * model.rules.loss_per_km, 0.5)
        self.fee = self.distance * model.rules.fee_per_mwh_km
        self.node = int(h.node[number])
        self.upkeep = int(h.pv_maintenance_micro[number])
        self.utility = number % len(model.people.utilities)
        self.last = None
        self.load = self.charge = 0

    def step(self):
        """Decide, on the state that the step before has left."""
        self.decided = self.standing(self.buying())
        self.charge = 0

    def buying(self):
        model = self.model
        tariff, feed_in = model.tariffs[self.utility], model.rules.feed_in_per_mwh
        bid = min(self.value, tariff + self.green)
        bid *= 1.0 - 0.005 * self.distance
        bid -= 2.0 * self.distance
        bid -= max(bid - feed_in, 0.0) * self.margin
        source = LOCAL * (self.connected and bid >= feed_in) + UTILITY * (tariff <= self.value)
        chosen = self.compared() if self.has_turn else self.utility
        return {"bid": min(max(bid, model.floor), model.cap), "source": source, "utility": chosen}

    def compared(self):
        """Another utility, or the same, by a logit of price, renewable share and the trouble of changing."""
        model = self.model
        costs = [
            price - self.green * share + 5.0 * (k != self.utility)
            for k, (price, share) in enumerate(zip(model.tariffs, model.shares, strict=True))
        ]
        least = min(costs)
        weights = [math.exp(-0.08 * (cost - least)) for cost in costs]
        total = sum(weights)
        chances = [weight / total for weight in weights]
        drawn = uniform(model.chance, f"policy {self.role}", model.now, "utility", self.number) * sum(chances)
        reached = 0.0
        for k, chance in enumerate(chances):
            reached += chance
            if reached > drawn:
                return k
        return len(chances) - 1

    def standing(self, fresh):
        """Who is not active keeps to its last decision."""
        if self.activity < 1.0:
            model = self.model
            drawn = uniform(model.chance, f"policy {self.role}", model.now, "activity", self.number)
            if self.last is not None and drawn >= self.activity:
                fresh = self.last
            self.last = fresh
        return fresh

    def place(self):
        """Bring an order to the local auction."""
        self.utility = self.decided["utility"]
        self.short = self.load
        self.order_buying()

    def order_buying(self):
        self.filled = self.paid = 0
        self.buys = self.sells = False
        if not self.connected or self.short <= 0 or self.decided["source"] < LOCAL:
            return
        limit = self.decided["bid"]
        quantity = math.floor(self.short / (1.0 - self.loss))
        dear = limit + self.fee
        if dear > 0.0:
            quantity = min(quantity, int(max(self.cash - 2, 0) / dear))
        if quantity > 0:
            self.buys = True
            self.model.books[self.node][0].append((-limit, quantity, self))

    def settle(self):
        """Take what the auction brought, and the rest of the utility."""
        fees = retail = pay = fed = 0
        if self.short > 0:
            bought = self.filled if self.buys else 0
            fees = math.floor(self.fee * bought)
            left = self.short - (bought - math.floor(bought * self.loss))
            if left > 0 and self.decided["source"] & UTILITY:
                tariff = self.model.tariffs[self.utility]
                money = max(self.cash - self.paid - fees, 0)
                retail = left
                if tariff > 0.0 and tariff * left > money:
                    retail = math.floor(money / tariff)
                    while retail > 0 and round(tariff * retail) > money:
                        retail -= 1
                pay = round(tariff * retail) if retail > 0 else 0
        elif self.short < 0:
            fed = -self.short - (self.filled if self.sells else 0)
        self.cash -= self.paid + fees + pay
        self.model.serve(self, retail, pay, fed)

    def pay_daily(self):
        held = max(self.cash, 0)
        upkeep = min(self.upkeep, held)
        fee = min(self.model.rules.connection_fee_micro if self.connected else 0, held - upkeep)
        self.cash -= upkeep + fee
        self.model.charge_standing(self, held - upkeep - fee)


class ProsumerAgent(ConsumerAgent):
    """Also makes, stores and sells."""

    role = "prosumer"

    def __init__(self, model, number):
        super().__init__(model, number)
        h, b = model.people.households, model.people.households.batteries
        self.age, self.life = float(h.pv_age_days[number]), float(h.pv_life_days[number])
        self.capacity, self.stored = int(b.capacity_wh[number]), int(b.stored_wh[number])
        self.most_charge, self.most_discharge = int(b.charge_wh[number]), int(b.discharge_wh[number])
        self.gain, self.yielded = float(b.charge_efficiency[number]), float(b.discharge_efficiency[number])
        self.wear = float(b.wear_per_mwh[number])
        self.new = self.pv = 0

    def make(self, new):
        """What panels of this age give, where new ones give ``new``."""
        age = self.age + self.model.now // self.model.rules.steps_a_day
        kept = 1.0 - 0.2 * min(age / max(self.life, 1.0), 1.0)
        self.pv = new * (round(kept * 1_000_000) if age < self.life else 0) // 1_000_000

    def step(self):
        surplus = self.pv - self.load
        charge = min(int((self.capacity - self.stored) / self.gain), self.most_charge)
        discharge = min(int(self.stored * self.yielded), self.most_discharge)
        if math.ceil(discharge / self.yielded) > self.stored:
            discharge -= 1
        used = max(min(surplus, charge), -discharge)
        if self.trades_battery:
            used = self.traded(used, surplus, charge, discharge)
        fresh = self.buying()
        fresh["ask"] = self.asking(charge > used >= 0)
        self.decided = self.standing(fresh)
        self.charge = used

    def traded(self, used, surplus, charge, discharge):
        """Charge below the lower quartile of prices and sell above the upper one, where a cycle pays."""
        model = self.model
        price = model.local[self.node]
        returned = model.high * self.gain * self.yielded - self.wear
        if returned > model.low and price > model.high:
            return -discharge
        if returned > model.low and price < model.low:
            return charge if returned > model.tariffs[self.utility] else min(max(surplus, 0), charge)
        return used

    def asking(self, spare):
        model = self.model
        ask = max(model.evening * self.gain * self.yielded, model.rules.feed_in_per_mwh)
        ask = ask if spare else model.rules.feed_in_per_mwh
        ask += abs(ask) * self.margin
        return min(max(ask, model.floor), model.cap)

    def place(self):
        self.utility = self.decided["utility"]
        self.move_battery()
        self.short = self.load - self.pv + self.charge
        self.order_buying()
        if self.short < 0 and self.connected:
            limit, quantity = self.decided["ask"], -self.short
            if limit < 0.0:
                quantity = min(quantity, int(max(self.cash - 2, 0) / -limit))
            if quantity > 0:
                self.sells = True
                self.model.books[self.node][1].append((limit, quantity, self))

    def move_battery(self):
        if self.capacity <= 0:
            self.charge = 0
        elif self.charge > 0:
            amount = min(
                self.charge, self.most_charge, math.floor((self.capacity - self.stored) / self.gain) + 2
            )
            while amount > 0 and self.stored + math.floor(self.gain * amount * UP) > self.capacity:
                amount -= 1
            self.stored += math.floor(self.gain * amount * UP)
            self.charge = amount
        else:
            amount = min(-self.charge, self.most_discharge, math.floor(self.stored * self.yielded) + 2)
            while amount > 0 and math.ceil(amount / self.yielded * DOWN) > self.stored:
                amount -= 1
            self.stored -= math.ceil(amount / self.yielded * DOWN)
            self.charge = -amount

    def settle(self):
        super().settle()
        if self.charge < 0:
            self.cash -= min(round(self.wear * -self.charge), max(self.cash, 0))


class ProducerAgent(Trader):
    """Asks cost and a markup that moves in the direction that pays."""

    def __init__(self, model, number, row):
        p = model.people.producers
        super().__init__(model, number, p.personas[row], int(p.cash_micro[row]))
        self.row, self.capacity, self.renewable = row, float(p.capacity_wh[row]), bool(p.renewable[row])
        self.fuel, self.emission = float(p.cost_per_mwh[row]), float(p.emission_t_per_mwh[row])
        self.markup, self.direction = self.margin, 1
        self.profits, self.before, self.steps, self.earned = 0.0, math.nan, 0, 0

    def step(self):
        model = self.model
        self.cost = self.fuel + model.carbon * self.emission
        self.profits += self.earned
        self.steps += 1
        if self.has_turn:
            self.move()
        ask = self.cost + abs(self.cost) * self.markup
        limit = min(max(ask, model.floor), model.cap)
        available = math.floor(self.capacity * float(model.weather.availability[model.row, self.row]))
        if self.cost > limit:
            available = min(available, math.floor(max(self.cash - 2, 0) / (self.cost - limit)))
        self.order = (limit, available, self)

    def move(self):
        profit = self.profits / max(self.steps, 1)
        if profit < self.before:
            self.direction = -self.direction
        self.markup = min(max(self.markup + 0.02 * self.direction, 0.0), 4.0 * self.margin)
        self.before, self.profits, self.steps = profit, 0.0, 0

    def settle(self):
        fuel = round(self.fuel * self.filled)
        self.earned = -self.paid - fuel - round(self.emission * self.model.carbon * self.filled)
        self.cash += self.earned


class UtilityAgent(Trader):
    """Buys what customers should need, and lets its price follow cost."""

    def __init__(self, model, number, row):
        u = model.people.utilities
        super().__init__(model, number, u.personas[row], int(u.cash_micro[row]))
        self.row, self.retail = row, float(u.retail_per_mwh[row])
        self.spent, self.supplied, self.procured, self.renewable = 0.0, 0.0, 0, 0
        self.seen = []
        self.needed = self.fed = self.takings = 0

    @property
    def share(self):
        return self.renewable / self.procured if self.procured else 0.0

    def step(self):
        model = self.model
        self.posted = self.retail
        if self.has_turn:
            own = self.supplied > 0 and model.customers[self.row]
            cost = self.spent / self.supplied if own else model.expected
            moved = (1.0 - 0.2) * self.retail + 0.2 * (cost + abs(cost) * self.margin)
            self.posted = moved if math.isfinite(moved) else self.retail
        lack = model.outside + 5.0
        limit = min(max(lack + 0.1 * abs(lack), model.floor), model.cap)
        wanted = max(round(sum(self.seen) / max(len(self.seen), 1)), 0)
        if limit > 0:
            wanted = min(wanted, math.floor(max(self.cash - 2, 0) / limit))
        self.order = (-limit, wanted, self)
        self.needed = self.fed = self.takings = 0

    def settle(self):
        model = self.model
        over = self.filled + self.fed - self.needed
        balance = round(model.short_price * -over) if over < 0 else -round(model.long_price * over)
        fed = round(model.rules.feed_in_per_mwh * self.fed)
        spent = self.paid + balance + fed
        self.cash += self.takings - spent
        pace = 1.0 / model.rules.steps_a_day
        self.spent += pace * (spent - self.spent)
        self.supplied += pace * (self.needed - self.supplied)
        self.seen.append(float(self.needed - self.fed))
        self.procured += self.filled + self.fed
        self.retail = min(max(self.posted, 0.0), model.cap)


class Border:
    """The outside grid in the wholesale auction."""

    def __init__(self, number):
        self.number, self.filled, self.paid = number, 0, 0
