"""What each role sees: read-only columns of the frozen state, the same for all who decide in this step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.policies.persona import columns as persona_columns
from evenwatt.policies.seen import Observation
from evenwatt.studies.market.retail import in_force
from evenwatt.studies.market.setting import Population, Rules
from evenwatt.studies.market.state import WHOLE, State

Column = npt.NDArray[Any]
Whole = npt.NDArray[np.int64]

MONTH_DAYS = 30  # over which gains of connection and upgrades are looked at
YEAR_DAYS = 365


class Observer:
    """Makes the observations of a step.

    Parameters
    ----------
    people : Population
        Who there is.
    rules : Rules
        How the market is run.
    """

    def __init__(self, people: Population, rules: Rules) -> None:
        self.people, self.rules = people, rules
        h, p, u = people.households, people.producers, people.utilities
        self._persona = {
            "household": persona_columns(h.personas),
            "producer": persona_columns(p.personas),
            "utility": persona_columns(u.personas),
        }
        self._agents = people.agents
        self._names = {"utilities": u.labels, "producers": p.labels}
        self._green = p.renewable.astype(np.float64)

    def see(
        self,
        state: State,
        cash: Whole,
        load: Whole,
        pv: Whole,
        available: Whole,
        outside: float,
        contracted: Mapping[str, Column],
        fund: int,
    ) -> dict[str, Observation]:
        """What every role sees at this step.

        Parameters
        ----------
        state : State
            As the step before left it.
        cash : (agents,)
            Balances [micro-units].
        load, pv : (H,), (Q,)
            Of this step [Wh].
        available : (P,)
            What producers can generate [Wh].
        outside : float
            Price of the outside grid [per MWh].
        contracted : mapping
            ``sold (P,)``, ``bought (U,)`` for this step [Wh], ``covered (U,)`` of the next day [-].
        fund : int
            Balance of the regulator's fund [micro-units].
        """
        public = self._public(state, outside)
        own = {
            **self._households(state, cash, load, pv),
            "producer": self._producers(state, cash, available, contracted),
            "utility": self._utilities(state, cash, contracted),
            "regulator": self._regulator(state, fund),
        }
        return {
            role: Observation(role, state.step, self._agents[role], _frozen(columns), public, self._names)
            for role, columns in own.items()
        }

    def _public(self, state: State, outside: float) -> dict[str, Column]:
        rules, held, u = self.rules, state.public, state.utilities
        slot = state.slot
        low, high, evening = _levels(held.recent, held.slot_mean, fallback=rules.feed_in_per_mwh)
        now = held.instruments
        single = {
            "step": state.step, "slot": slot, "steps_a_day": rules.steps_a_day,
            "wholesale_per_mwh": held.wholesale, "outside_per_mwh": outside,
            "low_per_mwh": low, "high_per_mwh": high, "evening_per_mwh": evening,
            "feed_in_per_mwh": rules.feed_in_per_mwh,
            "fee_per_mwh_km": rules.fee_per_mwh_km,
            "loss_per_km": rules.loss_per_km, "cap_per_mwh": now.cap_per_mwh,
            "floor_per_mwh": now.floor_per_mwh, "carbon_per_t": now.carbon_per_t, "quota": now.quota,
        }  # fmt: skip
        rows = {
            "retail_per_mwh": np.where(u.active, u.retail, np.nan),
            "retail_green": _share(u.renewable, u.procured),
            "contract_per_mwh": np.where(state.producers.active, state.producers.contract_ask, np.nan),
            "contract_green": self._green,
        }
        return _frozen({**{name: np.array(value) for name, value in single.items()}, **rows})

    def _households(self, state: State, cash: Whole, load: Whole, pv: Whole) -> dict[str, dict[str, Column]]:
        h, now, public = self.people.households, state.households, state.public
        persona = self._persona["household"]
        # One more row for those whom nobody serves: -1 reads it.
        tariffs = np.append(in_force(self.people, self.rules, state), np.nan)
        everybody = {
            **persona, "cash_micro": cash[: len(h)], "gain_micro": now.gain_micro, "node": h.node,
            "distance_km": h.distance_km, "value_per_mwh": h.value_per_mwh, "load_wh": load,
            "utility": now.utility, "tariff_per_mwh": tariffs[now.utility],
            "local_per_mwh": public.local[h.node] if len(h) else np.zeros(0),
            "last_bid_per_mwh": now.last_bid, "last_bought_wh": now.last_bought, "last_wanted_wh": now.last_wanted,
        }  # fmt: skip
        first, roofs = h.consumers, slice(h.consumers, None)
        consumer = {name: values[:first] for name, values in everybody.items()}
        prosumer = {name: values[roofs] for name, values in everybody.items()}
        batteries = h.batteries
        day = state.step // self.rules.steps_a_day
        month, tenth = self._month(state.step), 0.1 * YEAR_DAYS / MONTH_DAYS * self._month(state.step)
        prosumer |= {
            "connected": now.connected, "pv_wh": pv, "stored_wh": now.stored_wh[roofs],
            "battery_wh": batteries.capacity_wh[roofs], "most_charge_wh": batteries.charge_wh[roofs],
            "most_discharge_wh": batteries.discharge_wh[roofs],
            "charge_efficiency": batteries.charge_efficiency[roofs],
            "discharge_efficiency": batteries.discharge_efficiency[roofs],
            "wear_per_mwh": batteries.wear_per_mwh[roofs], "last_ask_per_mwh": now.last_ask,
            "last_sold_wh": now.last_sold, "last_offered_wh": now.last_offered,
            "local_gain_micro": np.rint(now.local_gain * month).astype(np.int64),
            "fee_micro": np.full(len(h) - first, MONTH_DAYS * self.rules.connection_fee_micro),
            "pv_age_days": h.pv_age_days[roofs] + day, "pv_life_days": h.pv_life_days[roofs],
            "upgrade_cost_micro": h.pv_upgrade_micro[roofs],
            "upgrade_gain_micro": np.rint(now.pv_value * (WHOLE * tenth) / np.maximum(now.size, 1)).astype(np.int64),
        }  # fmt: skip
        consumer["connected"] = np.ones(first, dtype=bool)
        return {"consumer": consumer, "prosumer": prosumer}

    def _month(self, steps: int) -> float:
        """Steps of a month; more while the running means, which began at nothing, are still too low."""
        month = MONTH_DAYS * self.rules.steps_a_day
        return month / (1.0 - (1.0 - 1.0 / month) ** steps) if steps else 0.0

    def _producers(
        self, state: State, cash: Whole, available: Whole, contracted: Mapping[str, Column]
    ) -> dict[str, Column]:
        p, now = self.people.producers, state.producers
        carbon = state.public.instruments.carbon_per_t
        first = len(self.people.households)
        tenth = 0.1 * YEAR_DAYS / MONTH_DAYS * self._month(state.step)
        return {
            **self._persona["producer"], "cash_micro": cash[first : first + len(p)], "gain_micro": now.gain_micro,
            "capacity_wh": available, "cost_per_mwh": p.cost_per_mwh + carbon * p.emission_t_per_mwh,
            "emission_t_per_mwh": p.emission_t_per_mwh, "renewable": p.renewable,
            "contracted_wh": contracted["sold"], "expected_per_mwh": np.full(len(p), state.public.expected),
            "last_ask_per_mwh": now.last_ask, "last_offered_wh": now.last_offered, "last_sold_wh": now.last_sold,
            "upgrade_cost_micro": p.upgrade_micro,
            "upgrade_gain_micro": np.rint(now.rent * (WHOLE * tenth) / np.maximum(now.size, 1)).astype(np.int64),
        }  # fmt: skip

    def _utilities(self, state: State, cash: Whole, contracted: Mapping[str, Column]) -> dict[str, Column]:
        u, now = self.people.utilities, state.utilities
        first = len(self.people.households) + len(self.people.producers)
        slot = state.slot
        served = np.bincount(state.households.utility + 1, minlength=len(u) + 1)[1:]
        batteries = u.batteries
        # Who sells nothing has no cost of its own: the market's is what it would have.
        own = np.divide(now.spent, now.supplied, out=np.full(len(u), np.nan), where=now.supplied > 0)
        cost = np.where(np.isnan(own) | (served == 0), state.public.expected, own)
        return {
            **self._persona["utility"], "cash_micro": cash[first : first + len(u)], "gain_micro": now.gain_micro,
            "customers": served, "forecast_wh": np.rint(expected_demand(state, slot)).astype(np.int64),
            "contracted_wh": contracted["bought"], "covered_share": contracted["covered"],
            "cost_per_mwh": cost, "retail_per_mwh": now.retail,
            "renewable_share": _share(now.renewable, now.procured),
            "quota": np.full(len(u), state.public.instruments.quota),
            "expected_per_mwh": np.full(len(u), state.public.expected),
            "stored_wh": now.stored_wh, "battery_wh": batteries.capacity_wh, "most_charge_wh": batteries.charge_wh,
            "most_discharge_wh": batteries.discharge_wh, "charge_efficiency": batteries.charge_efficiency,
            "discharge_efficiency": batteries.discharge_efficiency,
        }  # fmt: skip

    def _regulator(self, state: State, fund: int) -> dict[str, Column]:
        found, now, rules = state.review, state.public.instruments, self.rules
        shares = found.dispatched / max(int(found.dispatched.sum()), 1)
        single = {
            "review": is_review(state.step, rules), "hhi": float((shares**2).sum()),
            "lerner": found.margin / found.margin_wh if found.margin_wh else np.nan,
            "rsi_least": found.rsi_least, "pivotal_share": found.pivotal / max(found.steps, 1),
            "renewable_share": found.renewable / found.generated if found.generated else np.nan,
            "renewable_target": rules.renewable_target,
            "mean_per_mwh": found.value / found.volume if found.volume else np.nan,
            "reference_per_mwh": found.reference,
            "unserved_share": found.unserved / found.load if found.load else 0.0,
            "fund_micro": fund, "carbon_per_t": now.carbon_per_t, "quota": now.quota,
            "fine_rate": now.fine_rate, "subsidy_per_mwh": now.subsidy_per_mwh,
        }  # fmt: skip
        return {name: np.array([value]) for name, value in single.items()}


def expected_demand(state: State, slot: int) -> npt.NDArray[np.float64]:
    """What each utility expects its customers to need in a slot: its mean there, else over the slots seen [Wh]."""
    now = state.utilities
    seen = np.maximum(now.known.sum(axis=1), 1)
    mean = np.where(now.known, now.forecast, 0.0).sum(axis=1) / seen
    return np.where(now.known[:, slot], now.forecast[:, slot], mean)


def is_review(step: int, rules: Rules) -> bool:
    """Whether the regulator may act at this step."""
    return step > 0 and step % (rules.review_days * rules.steps_a_day) == 0


def _levels(recent: Column, mean: Column, *, fallback: float) -> tuple[float, float, float]:
    """Quartiles of the last day's local prices, and the dearest slot's mean; the feed-in price before the first."""
    seen = recent[~np.isnan(recent)]
    if not len(seen):
        return fallback, fallback, fallback
    seen.sort()
    return _quantile(seen, 0.25), _quantile(seen, 0.75), float(np.fmax.reduce(mean))


def _quantile(ordered: Column, share: float) -> float:
    """As ``numpy.quantile`` has it, which takes ten times as long to find out what it was given."""
    place = (len(ordered) - 1) * share
    below = int(place)
    left, right = float(ordered[below]), float(ordered[min(below + 1, len(ordered) - 1)])
    part = place - below
    return left + (right - left) * part if part < 0.5 else right - (right - left) * (1.0 - part)


def _share(part: Column, whole: Column) -> Column:
    share: Column = np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
    return share


def _frozen(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Views that cannot be written to."""
    held = {}
    for name, values in columns.items():
        view = values.view()
        view.setflags(write=False)
        held[name] = view
    return held
