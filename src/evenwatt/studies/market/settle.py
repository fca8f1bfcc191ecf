"""The money of a step: who pays whom for what was delivered, and what happens to those who cannot."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.markets.contracts.collateral import release
from evenwatt.markets.defaults import settle as settle_dues
from evenwatt.markets.dues import Dues
from evenwatt.markets.ledger import Ledger, money
from evenwatt.studies.market.collect import Totals
from evenwatt.studies.market.contracting import Contracting
from evenwatt.studies.market.households import grouped
from evenwatt.studies.market.setting import Population, Rules
from evenwatt.studies.market.state import State
from evenwatt.studies.market.step import Step

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

# What a utility pays for the energy it passes on.
PROCUREMENT = (
    "wholesale",
    "imbalance",
    "feed-in",
    "ppa",
    "forward",
    "future",
    "cfd-two-sided",
    "cfd-one-sided",
)


class Settlement:
    """Turns what a step came to into postings.

    Households are paid and charged first: they never order what they cannot pay. Companies then owe each other,
    households, the outside grid and the fund; who owes more than it has defaults.
    """

    def __init__(
        self, people: Population, rules: Rules, ledger: Ledger, totals: Totals, contracts: Contracting
    ) -> None:
        self.people, self.rules, self.ledger, self.totals = people, rules, ledger, totals
        self.contracts = contracts
        agents = people.agents
        self._producers, self._utilities = agents["producer"], agents["utility"]
        self._homes = len(people.households)
        self._wears = bool(people.households.batteries.wear_per_mwh.any())
        # Companies' accounts: producers, then utilities.
        self._first, self._last = self._homes, self._homes + len(people.producers) + len(people.utilities)
        names = ("operator", "fund", "outside", "costs", "network", "losses")
        self._at = {name: ledger.account(name) for name in names}

    def share(self, endowment: int, claims: Whole) -> Whole:
        """Divide whole watt-hours by the case's claims rule, to the last one."""
        total = int(claims.sum())
        if endowment >= total:
            return claims.copy()
        if endowment <= 0:
            return np.zeros_like(claims)
        return exact.vector(
            self.rules.ration(np.asarray(float(endowment)), claims.astype(np.float64)), endowment
        )

    def shed(self, state: State, step: Step) -> None:
        """Divide what could not be served among the customers of each utility, and charge them for the rest only."""
        step.shed = np.zeros(self._homes, dtype=np.int64)
        for utility in np.flatnonzero(step.delivered.shed):
            mine = np.flatnonzero((state.households.utility == utility) & (step.left.retail > 0))
            lost = self.share(int(step.delivered.shed[utility]), step.left.retail[mine])
            step.shed[mine] = lost
            step.left.retail[mine] -= lost
            step.left.retail_pay[mine] = money(step.tariffs[utility], step.left.retail[mine])
        step.wasted = int(step.left.fed[state.households.utility < 0].sum())

    def settle(self, state: State, step: Step) -> None:
        """Post everything but what the regulator takes and gives."""
        step.cash_before, costs, abroad = self.ledger.cash.copy(), self._held("costs"), self._held("outside")
        self._local(step)
        self._retail(state, step)
        self._daily(state, step)
        upkeep = self._held("costs") - costs
        self._paid(state, step, self._dues(state, step))
        generated = self._held("costs")
        self._invest(state, step)
        step.overhead = upkeep + self._held("costs") - generated
        step.spent = self._held("costs") - costs + self._held("outside") - abroad + step.never_paid
        self._sums(step)

    def _held(self, name: str) -> int:
        return int(self.ledger.balance[self._at[name]])

    def _local(self, step: Step) -> None:
        ledger = self.ledger
        ledger.post_column("local trade", 0, step.local.clearing.payments, self._at["operator"])
        ledger.post_column("grid fee", 0, step.left.fees, self._at["network"])

    def _retail(self, state: State, step: Step) -> None:
        self.ledger.post_among("retail", 0, step.left.retail_pay, self._utilities, state.households.utility)
        if self._wears:
            self.ledger.post_column("battery wear", 0, step.left.wear_pay, self._at["costs"])

    def _daily(self, state: State, step: Step) -> None:
        """Upkeep of panels, the local connection and standing charges, once a day, as far as there is money."""
        if step.number % self.rules.steps_a_day:
            return
        h = self.people.households
        held = np.maximum(self.ledger.cash[: self._homes], 0)
        upkeep = np.minimum(h.pv_maintenance_micro, held)
        self.ledger.post_column("upkeep", 0, upkeep, self._at["costs"])
        joined = np.concatenate([np.ones(h.consumers, dtype=bool), state.households.connected])
        fee = np.where(joined, self.rules.connection_fee_micro, 0)
        fee = np.minimum(fee, held - upkeep)
        self.ledger.post_column("connection", 0, fee, self._at["network"])
        standing = self.people.utilities.standing_micro
        served = np.flatnonzero(state.households.utility >= 0)
        if standing and len(served):
            charge = np.minimum(standing, (held - upkeep - fee)[served])
            self.ledger.post(
                "standing charge", served, self._utilities[state.households.utility[served]], charge
            )

    def _dues(self, state: State, step: Step) -> list[Dues]:
        """What companies owe in this step, and what is owed to them."""
        market, u, p = step.market, self._utilities, self._producers
        operator, outside = self._at["operator"], self._at["outside"]
        # What producers lack for their contracts they buy at the wholesale price, as their contracts say; what it
        # costs to fetch it is no less theirs.
        flows, mine = step.delivered, slice(0, len(u))
        fetched = money(flows.short_price - step.spot, step.contracts.lacking)
        lack = money(flows.short_price, np.maximum(-flows.imbalance[mine], 0))
        over = money(flows.long_price, np.maximum(flows.imbalance[mine], 0) - flows.spilled[mine])
        carbon = self.people.producers.emission_t_per_mwh * step.limits.carbon_per_t
        fuel = money(self.people.producers.cost_per_mwh, step.dispatched)
        return [
            Dues.of("wholesale", u, operator, market.paid),
            Dues.of("wholesale", operator, p, market.earned),
            Dues.of("wholesale", outside, operator, market.outside_pays),
            Dues.of("balancing", outside, p, flows.activation),
            Dues.of("generation", p, self._at["costs"], fuel),
            Dues.of("imbalance", u, outside, lack - over, seniority=1),
            Dues.of("imbalance", p, outside, fetched, seniority=1),
            Dues.of("carbon", p, self._at["fund"], money(carbon, step.dispatched), seniority=1),
            *self.contracts.due(step),
        ]

    def _paid(self, state: State, step: Step, parts: list[Dues]) -> None:
        fed, serving = step.left.fed_pay, state.households.utility
        among, mine = Dues.all(parts), self._utilities - self._first
        owed = grouped(serving, fed, len(mine))
        change = self._changes(among)
        change[mine] -= owed
        step.procurement = owed - self._changes(among, PROCUREMENT)[mine]
        if (self.ledger.cash[self._first : self._last] + change >= 0).all():
            # Everybody can pay everything out of what it has and what it is paid: the order does not matter.
            self.contracts.contracts.record(among, among.amount)
            for code, reason in enumerate(among.reasons):
                its = among.rows(among.reason == code)
                self.ledger.post(reason, its.debit, its.credit, its.amount, ref=its.contract)
            self.ledger.post_among("feed-in", 0, -fed, self._utilities, serving)
            return
        rows = np.flatnonzero(fed)
        dues = Dues.all(
            [among, Dues.of("feed-in", self._utilities[serving[rows]], rows, fed[rows], seniority=2)]
        )
        forward = step.spot if np.isnan(state.public.expected) else state.public.expected
        unpaid: list[Dues] = []
        while len(dues):
            ended = settle_dues(
                self.ledger, dues, self.contracts.contracts, forward_per_mwh=forward, ration=self.rules.ration
            )
            unpaid.append(ended.written_off)
            failed = ended.defaulters[ended.defaulters < self._last]
            self.totals.defaults += len(failed)
            # A company that cannot pay trades no more, which ends its other contracts, which makes more due.
            dues = Dues.all([self._wind_up(state, int(company), forward) for company in failed])
        self._written_off(step, Dues.all(unpaid))

    def _written_off(self, step: Step, unpaid: Dues) -> None:
        """Note what nobody could pay, less what the pledges of those who were wound up still give."""
        owing = unpaid.rows(unpaid.debit < self._last)
        release(self.ledger, self.contracts.contracts)
        recovered = np.zeros_like(owing.amount)
        for company in np.unique(owing.debit).tolist():
            left = int(self.ledger.cash[company])
            for rank in np.unique(owing.seniority[owing.debit == company]):
                its = np.flatnonzero((owing.debit == company) & (owing.seniority == rank))
                recovered[its] = self.share(left, owing.amount[its])
                left -= int(recovered[its].sum())
        self.ledger.post("recovered", owing.debit, owing.credit, recovered, ref=owing.contract)
        np.add.at(self.totals.written_off, owing.debit, owing.amount - recovered)
        used = np.isin(owing.credit, (self._at["costs"], self._at["outside"]))
        step.never_paid += int((owing.amount - recovered)[used].sum())

    def _wind_up(self, state: State, company: int, forward: float) -> Dues:
        """End a company: its contracts are closed out, the cheapest utility left serves its customers."""
        due = self.contracts.end(company, forward)
        if company in self._producers:
            state.producers.active[company - self._producers[0]] = False
            return due
        which = company - self._utilities[0]
        state.utilities.active[which] = False
        left = np.flatnonzero(state.utilities.active)
        heir = left[np.argmin(state.utilities.retail[left])] if len(left) else -1
        state.households.utility[state.households.utility == which] = heir
        return due

    def _changes(self, dues: Dues, reasons: tuple[str, ...] | None = None) -> Whole:
        """What dues, of these reasons or of all, change the cash of each company by [micro-units]."""
        total = np.zeros(self._last - self._first, dtype=np.int64)
        wanted = np.array([reasons is None or reason in reasons for reason in dues.reasons], dtype=bool)
        for side, sign in ((dues.debit, -1), (dues.credit, 1)):
            rows = np.flatnonzero((side >= self._first) & (side < self._last) & wanted[dues.reason])
            np.add.at(total, side[rows] - self._first, sign * dues.amount[rows])
        return total

    def _invest(self, state: State, step: Step) -> None:
        """Upgrades that are asked for and can be paid."""
        h, lag = self.people.households, self.rules.upgrade_lag_days * self.rules.steps_a_day
        parts = (
            (state.households, step.actions["prosumer"], h.pv_upgrade_micro[h.consumers :], h.consumers),
            (state.producers, step.actions["producer"], self.people.producers.upgrade_micro, self._homes),
        )
        for part, asked, cost, first in parts:
            cash = self.ledger.cash[first : first + len(cost)]
            chosen = asked["upgrade"] & (part.grows_at < 0) & (cost > 0) & (cash >= cost)
            if chosen.any():
                self.ledger.post_column("upgrade", first, np.where(chosen, cost, 0), self._at["costs"])
                part.grows_at[chosen] = step.number + max(lag, 1)

    def gains(self, step: Step) -> None:
        """Note what each agent gained by the step, what the regulator took and gave included."""
        change = self.ledger.cash - step.cash_before
        step.cash_after = self.ledger.cash.copy()
        step.producer_gain, step.utility_gain = change[self._producers], change[self._utilities]

    def _sums(self, step: Step) -> None:
        totals = self.totals
        totals.generated += step.dispatched
        totals.dispatch_cost += money(self.people.producers.cost_per_mwh, step.dispatched)
        totals.offered += step.available
        totals.sold += step.needed - step.delivered.shed
        totals.bought += step.market.bought + step.contracts.bought
