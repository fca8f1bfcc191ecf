"""The regulator's part of a step: what is fined, paid out and measured, and what a review changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.markets.concentration import hhi, lerner, residual_supply_index
from evenwatt.markets.ledger import Ledger
from evenwatt.markets.regulator.fines import gouging_fines
from evenwatt.markets.regulator.fund import rebates, subsidies
from evenwatt.markets.regulator.instruments import bounded, wanted
from evenwatt.markets.regulator.quota import certificates, surrender
from evenwatt.markets.regulator.screen import Alarm, Screen, bid_caps
from evenwatt.studies.market.collect import Totals
from evenwatt.studies.market.observe import is_review
from evenwatt.studies.market.setting import Population, Rules
from evenwatt.studies.market.state import ReviewState, State
from evenwatt.studies.market.step import Step

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Rows = list[dict[str, Any]]


class Regulation:
    """Charges what instruments say, measures the market, and acts at reviews.

    Parameters
    ----------
    people : Population
        Who there is.
    rules : Rules
        How often reviews are, and how the fund is given back.
    screen : Screen
        What counts as concentrated and as abused.
    """

    def __init__(self, people: Population, rules: Rules, screen: Screen | None = None) -> None:
        self.people, self.rules, self.screen = people, rules, screen or Screen()
        agents = people.agents
        self._producers, self._utilities = agents["producer"], agents["utility"]

    def allowed(self, state: State, cost: Array) -> Array | None:
        """Highest ask of each producer after an alarm; None where nobody is limited [per MWh]."""
        held = state.public
        if not held.alarm:
            return None
        return bid_caps(cost, held.pivotal_who > 0, Alarm(True, True, 1.0))

    def settle(self, state: State, step: Step, ledger: Ledger, totals: Totals) -> Rows:
        """Fine, pay out, measure; at a review, change the instruments.

        Returns
        -------
        list of dict
            Rows of the table of instruments: step, instrument, before, after, reason.
        """
        self._certify(state, step)
        self._measure(state, step)
        if not self.rules.intervention:
            return self._restarted(state, step, ledger)
        self._fine(state, step, ledger)
        self._subsidise(step, ledger)
        if not is_review(step.number, self.rules):
            return []
        self._quota(state, ledger)
        rows = self._changed(state, step)
        self._rebate(totals, ledger)
        self._begin_again(state)
        return rows

    def _restarted(self, state: State, step: Step, ledger: Ledger) -> Rows:
        if is_review(step.number, self.rules):
            self._begin_again(state)
        return []

    def _certify(self, state: State, step: Step) -> None:
        """Who may call how much of its energy renewable: what it contracted, and its part of the market's."""
        renewable = self.people.producers.renewable
        pool = int(step.market.sold[renewable].sum())
        buyers = np.append(step.market.bought, step.market.exported)
        contracted = np.append(step.contracts.renewable, 0)
        held = certificates(pool, buyers, contracted)[:-1]
        utilities = state.utilities
        utilities.certificates += held + step.fed
        utilities.renewable += held + step.fed
        utilities.procured += step.market.bought + step.contracts.bought + step.fed
        utilities.reviewed_sales += step.needed - step.delivered.shed

    def _measure(self, state: State, step: Step) -> None:
        found, p = state.review, self.people.producers
        sold, price = step.dispatched, step.market.price
        demand = int(step.market.clearing.volume.sum()) + int((sold - step.market.sold).sum())
        supply = np.append(step.available, self.rules.import_limit_wh)
        index = residual_supply_index(supply, demand)[:-1] if demand > 0 else np.full(len(p), np.inf)
        least = float(index.min(initial=np.inf))
        volumes = step.market.sold
        margin = float(lerner(price, self._dearest(step))) if volumes.any() and price > 0 else np.nan
        renewable = int(sold[p.renewable].sum()) + int(step.pv.sum())
        found.dispatched += sold
        found.pivotal_who += index < 1.0
        found.steps += demand > 0
        found.pivotal += least < 1.0
        found.suspicious += bool(margin > self.screen.lerner_high and least < self.screen.rsi_low)
        if not np.isnan(margin):
            found.margin += margin * int(volumes.sum())
            found.margin_wh += int(volumes.sum())
        found.rsi_least = min(found.rsi_least, least)
        if not np.isnan(price):
            found.value += price * int(volumes.sum() + step.market.imported)
            found.volume += int(volumes.sum() + step.market.imported)
        found.load += int(step.load.sum())
        found.unserved += int(step.left.unpaid.sum() + step.shed.sum())
        found.renewable += renewable
        found.generated += int(sold.sum()) + int(step.pv.sum())
        sales = step.needed - step.delivered.shed
        found.retail_value += float((state.utilities.retail * sales).sum())
        found.retail += int(sales.sum())
        step.figures |= {
            "hhi": float(hhi(sold)) if sold.any() else np.nan,
            "hhi_so_far": float(hhi(found.dispatched)) if found.dispatched.any() else np.nan, "lerner": margin,
            "rsi_least": least if np.isfinite(least) else np.nan, "pivotal": float(least < 1.0),
            "renewable_wh": renewable,
        }  # fmt: skip

    def _dearest(self, step: Step) -> float:
        """Marginal cost of the dearest energy that was sold: what others earn above theirs is scarcity, not power."""
        dearest = float(step.cost[step.market.sold > 0].max())
        abroad = step.outside + self.rules.outside_fee_per_mwh if step.market.imported else dearest
        return max(dearest, abroad)

    def _fine(self, state: State, step: Step, ledger: Ledger) -> None:
        """Prices far above those of the stretch before: producers by their asks, utilities by retail."""
        now, found = step.limits, state.review
        if now.fine_rate <= 0:
            return
        sellers = (
            (self._producers, step.market.asks, step.market.sold, found.reference),
            (
                self._utilities,
                state.utilities.retail,
                step.needed - step.delivered.shed,
                found.retail_reference,
            ),
        )
        for who, prices, volumes, reference in sellers:
            fines = gouging_fines(
                prices, volumes, reference, rate=now.fine_rate, tolerance=now.fine_tolerance
            )
            if fines.any():
                held = np.maximum(ledger.cash[who], 0)
                ledger.post_column("fine", int(who[0]), np.minimum(fines, held), ledger.account("fund"))

    def _subsidise(self, step: Step, ledger: Ledger) -> None:
        rate = step.limits.subsidy_per_mwh
        fund = int(ledger.balance[ledger.account("fund")])
        if rate <= 0 or fund <= 0:
            return
        h, p = self.people.households, self.people.producers
        made = np.concatenate([step.pv, np.where(p.renewable, step.dispatched, 0)])
        paid = subsidies(made, rate, fund, ration=self.rules.ration)
        ledger.post_column("subsidy", h.consumers, -paid, ledger.account("fund"))

    def _quota(self, state: State, ledger: Ledger) -> None:
        now, u = state.public.instruments, state.utilities
        given = surrender(
            u.reviewed_sales, u.certificates, quota=now.quota, penalty_per_mwh=now.quota_penalty_per_mwh
        )
        u.certificates[:] = given.left
        u.reviewed_sales[:] = 0
        if given.penalties.any():
            held = np.maximum(ledger.cash[self._utilities], 0)
            due = np.minimum(given.penalties, held)
            ledger.post_column("quota penalty", int(self._utilities[0]), due, ledger.account("fund"))

    def _changed(self, state: State, step: Step) -> Rows:
        asked = {name: float(values[0]) for name, values in step.actions["regulator"].items()}
        now, changes = bounded(state.public.instruments, wanted(state.public.instruments, **asked))
        state.public.instruments = now
        found = state.review
        share = found.suspicious / max(found.steps, 1)
        volumes = found.dispatched
        concentrated = bool(volumes.any() and float(hhi(volumes)) > self.screen.hhi_high)
        state.public.alarm = concentrated or share > self.screen.share
        state.public.pivotal_who = found.pivotal_who.copy()
        rows: Rows = [
            {
                "step": step.number,
                "instrument": c.instrument,
                "before": c.before,
                "after": c.after,
                "reason": f"{c.reason}; {self._why(found, c.instrument)}",
            }
            for c in changes
        ]
        return rows

    def _why(self, found: ReviewState, instrument: str) -> str:
        """What was measured since the last review, of what the instrument is about."""
        if instrument in ("fine_rate", "fine_tolerance", "cap_per_mwh"):
            margin = f"{found.margin / found.margin_wh:.0%}" if found.margin_wh else "none"
            pivotal = found.pivotal / max(found.steps, 1)
            missing = found.unserved / found.load if found.load else 0.0
            return f"margin over price {margin}, a producer pivotal in {pivotal:.0%} of steps, {missing:.2%} unserved"
        share = f"{found.renewable / found.generated:.0%}" if found.generated else "none"
        return f"renewable share {share}, target {self.rules.renewable_target:.0%}"

    def _rebate(self, totals: Totals, ledger: Ledger) -> None:
        """Give the fund back to households; without any, it is kept."""
        fund = int(ledger.balance[ledger.account("fund")])
        homes = len(self.people.households)
        if fund <= 0 or not homes or self.rules.rebate == "none":
            return
        back = rebates(fund, totals.load, by=self.rules.rebate)
        ledger.post_column("rebate", 0, -back, ledger.account("fund"))

    def _begin_again(self, state: State) -> None:
        found, p = state.review, len(self.people.producers)
        mean = found.value / found.volume if found.volume else found.reference
        retail = found.retail_value / found.retail if found.retail else found.retail_reference
        nothing = np.zeros(p, dtype=np.int64)
        state.review = ReviewState(nothing, nothing.copy(), reference=mean, retail_reference=retail)
