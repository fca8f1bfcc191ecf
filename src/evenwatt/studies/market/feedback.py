"""What everybody remembers of a step: own results, prices, and running means of what was expected."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine.threads import MANY, share_rows
from evenwatt.studies.market.collect import Totals
from evenwatt.studies.market.observe import MONTH_DAYS
from evenwatt.studies.market.setting import Population, Rules
from evenwatt.studies.market.state import State
from evenwatt.studies.market.step import Step

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

DAILY = 0.3  # weight of the newest day in running means by slot
EXPECTED_DAYS = 1.0  # over which the running mean of the wholesale price forgets


def learn(state: State, step: Step, people: Population, rules: Rules, totals: Totals) -> None:
    """Let the state, and the sums of households, follow the step."""
    _prices(state, step, rules)
    _households(state, step, people, rules, totals)
    _producers(state, step, rules)
    _utilities(state, step, rules)


def _households(state: State, step: Step, people: Population, rules: Rules, totals: Totals) -> None:
    from evenwatt.studies.market._household_kernels import booked

    now, placed, left, h = state.households, step.placed, step.left, people.households
    orders, answer = placed.orders, step.local.clearing
    now.stored_wh = placed.stored
    now.connected = step.actions["prosumer"]["connected"].copy()
    share = 1.0 / (MONTH_DAYS * rules.steps_a_day)
    tariff = step.tariffs[now.utility]
    share_rows(
        len(h),
        lambda first, last: booked(
            first, last, h.consumers, step.load, step.pv, h.value_per_mwh, h.node, state.public.local,
            rules.feed_in_per_mwh, share, orders.side, orders.price, orders.quantity, answer.fills, answer.payments,
            tariff, left.fees, left.retail, left.fed, left.forgone, left.unpaid, step.shed, step.cash_before,
            step.cash_after, now.last_bid, now.last_wanted, now.last_bought, now.last_ask, now.last_offered,
            now.last_sold, now.gain_micro, now.local_gain, now.pv_value, totals.load, totals.pv, totals.bought_local,
            totals.sold_local, totals.bought_utility, totals.fed_in, totals.unserved, totals.forgone, totals.surplus,
        ),
        least=MANY,
    )  # fmt: skip
    # Gains are worth less money paid; what everybody gained together is worth less what left for good.
    worth = (
        int(now.gain_micro.sum())
        - int(step.cash_after[: len(h)].sum())
        + int(step.cash_before[: len(h)].sum())
    )
    step.figures["welfare_micro"] = worth - step.spent


def _producers(state: State, step: Step, rules: Rules) -> None:
    now, offers = state.producers, step.market.orders
    first = len(state.utilities.retail)
    rows = slice(first, first + len(now.size))
    offered = offers.quantity[rows]
    now.last_ask = np.where(offered > 0, offers.price[rows], np.nan)
    now.last_offered, now.last_sold = offered.copy(), step.market.sold
    now.gain_micro = step.producer_gain
    now.contract_ask = np.where(
        step.actions["producer"]["accept_contracts"], step.actions["producer"]["contract_per_mwh"], np.nan
    )
    price = step.market.price
    rent = (
        np.maximum(price - step.cost, 0.0) * step.available if not np.isnan(price) else np.zeros(len(offered))
    )
    now.rent += (rent - now.rent) / (MONTH_DAYS * rules.steps_a_day)


def _utilities(state: State, step: Step, rules: Rules) -> None:
    now = state.utilities
    slot = state.slot
    seen = (step.needed - step.fed).astype(np.float64)
    before = np.where(now.known[:, slot], now.forecast[:, slot], seen)
    now.forecast[:, slot] = before + DAILY * (seen - before)
    now.known[:, slot] = True
    now.stored_wh = step.utility_stored
    now.gain_micro = step.utility_gain
    energy = step.needed - step.delivered.shed
    share = 1.0 / rules.steps_a_day
    now.spent += share * (step.procurement - now.spent)
    now.supplied += share * (energy - now.supplied)
    asked = np.clip(step.actions["utility"]["retail_per_mwh"], 0.0, step.limits.cap_per_mwh)
    now.posted = np.where(asked != now.retail, asked, now.posted)
    if rules.scenario == 1:
        # A new tariff holds from the next step on: nobody is charged a price that was not known.
        now.retail = asked


def _prices(state: State, step: Step, rules: Rules) -> None:
    held, local = state.public, step.local
    traded = ~np.isnan(local.prices)
    held.local[local.nodes[traded]] = local.prices[traded]
    slot = state.slot
    mean = local.mean
    held.recent[slot] = mean
    if not np.isnan(mean):
        old = held.slot_mean[slot]
        held.slot_mean[slot] = mean if np.isnan(old) else old + DAILY * (mean - old)
    price = step.market.price
    if not np.isnan(price):
        held.wholesale = price
        share = 1.0 / (EXPECTED_DAYS * rules.steps_a_day)
        held.expected = price if np.isnan(held.expected) else held.expected + share * (price - held.expected)
