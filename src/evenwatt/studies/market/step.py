"""One step as it unfolds: what was given, seen, decided, traded, delivered, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.markets.regulator.instruments import Instruments
from evenwatt.markets.storage import charged
from evenwatt.policies.actions import Actions
from evenwatt.policies.seen import Observation
from evenwatt.studies.market.households import Left, Placed
from evenwatt.studies.market.local import LocalTrade
from evenwatt.studies.market.setting import Population
from evenwatt.studies.market.state import State
from evenwatt.studies.market.wholesale import Delivered, Traded

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass
class ContractFlows:
    """What contracts move in a step.

    Attributes
    ----------
    bought, renewable : (U,)
        Delivered or replaced to each utility, and how much of it from renewable generation [Wh].
    generated, lacking : (P,)
        What producers generate for contracts, and what they cannot [Wh].
    """

    bought: Whole
    renewable: Whole
    generated: Whole
    lacking: Whole


@dataclass
class Step:
    """A step; its parts are filled in the order in which they happen.

    Attributes
    ----------
    number : int
        Of the step.
    outside : float
        Price of the outside grid [per MWh].
    load, pv, available : (H,), (Q,), (P,)
        Consumption, panels' output, and what producers can generate [Wh].
    limits : Instruments
        In force.
    """

    number: int
    outside: float
    load: Whole
    pv: Whole
    available: Whole
    limits: Instruments
    seen: Mapping[str, Observation] = field(default_factory=dict)
    actions: dict[str, Actions] = field(default_factory=dict)
    contracts: ContractFlows = None  # type: ignore[assignment]
    placed: Placed = None  # type: ignore[assignment]
    local: LocalTrade = None  # type: ignore[assignment]
    left: Left = None  # type: ignore[assignment]
    market: Traded = None  # type: ignore[assignment]
    delivered: Delivered = None  # type: ignore[assignment]
    tariffs: Array = field(default_factory=lambda: np.zeros(0))
    cost: Array = field(default_factory=lambda: np.zeros(0))
    needed: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    fed: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    utility_charge: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    utility_stored: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    # What households could not be served for want of energy (H,), and fed in without a utility to take it [Wh].
    shed: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    wasted: int = 0
    # Balances of all agents before and after the step [micro-units].
    cash_before: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    cash_after: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    producer_gain: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    utility_gain: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    procurement: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    # Spent on upkeep, wear and upgrades: what no better trade would have saved [micro-units].
    overhead: int = 0
    # All that left for generation, wear, upkeep, upgrades, and over the border [micro-units].
    spent: int = 0
    # Owed for fuel and over the border, and written off: it was used all the same [micro-units].
    never_paid: int = 0
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def dispatched(self) -> Whole:
        """(P,) what each producer generated [Wh]."""
        total: Whole = self.market.sold + self.contracts.generated + self.delivered.activated
        return total

    @property
    def spot(self) -> float:
        """Wholesale price, or the outside grid's where nothing was traded [per MWh]."""
        return self.outside if np.isnan(self.market.price) else self.market.price

    def move_utility_batteries(self, people: Population, state: State) -> None:
        """What utilities' batteries take (negative: give), as far as they can."""
        held = state.utilities
        wished = np.where(held.active, self.actions["utility"]["charge_wh"], 0)
        b = people.utilities.batteries
        self.utility_stored, _ = charged(
            held.stored_wh, wished, b.capacity_wh, b.charge_efficiency, b.discharge_efficiency
        )
        self.utility_charge = wished

    def undo_utility_charging(self) -> None:
        """Take back what was to be charged in this step."""
        charging = self.utility_charge > 0
        self.utility_stored = np.where(charging, self.seen["utility"]["stored_wh"], self.utility_stored)
        self.utility_charge = np.where(charging, 0, self.utility_charge)

    @cached_property
    def sums(self) -> Mapping[str, int]:
        """Energy of the step by what became of it [Wh]; read once everything is delivered."""
        placed, left, flows = self.placed, self.left, self.delivered
        inside, outside = placed.charge, self.utility_charge
        charged = int(np.maximum(inside, 0).sum()) + int(np.maximum(outside, 0).sum())
        return {
            "load_wh": int(self.load.sum()),
            "pv_wh": int(self.pv.sum()),
            "produced_wh": int(self.dispatched.sum()),
            "import_wh": self.market.imported + max(flows.balancing, 0),
            "export_wh": self.market.exported + max(-flows.balancing, 0),
            "unserved_wh": int(left.unpaid.sum()) + int(self.shed.sum()),
            "forgone_wh": int(left.forgone.sum()),
            "curtailed_wh": int(flows.spilled.sum()) + self.wasted,
            "charged_wh": charged,
            "discharged_wh": charged - int(inside.sum()) - int(outside.sum()),
            "line_loss_wh": int(left.lost.sum()),
        }

    @property
    def _utilities_lost(self) -> int:
        """Within utilities' batteries [Wh]."""
        before = self.seen["utility"]["stored_wh"]
        return int((before + self.utility_charge - self.utility_stored).sum())

    def energy(self) -> tuple[int, int]:
        """What came in and what went out [Wh]; a step in which they differ does not exist."""
        held = self.sums
        came = ("pv_wh", "produced_wh", "discharged_wh", "import_wh", "unserved_wh", "forgone_wh")
        went = ("load_wh", "charged_wh", "export_wh", "curtailed_wh", "line_loss_wh")
        return sum(held[name] for name in came), sum(held[name] for name in went)

    def told(self) -> dict[str, Any]:
        """The step as a row of figures."""
        placed, left, flows, answer = self.placed, self.left, self.delivered, self.local.clearing
        (low, high), mean = self.local.spread, self.local.mean
        volume, price = int(self.market.sold.sum()) + self.market.imported, self.market.price
        own = np.minimum(self.load[len(self.load) - len(self.pv) :], self.pv)
        return {
            **{name: value for name, value in self.sums.items() if name != "line_loss_wh"},
            "own_wh": int(own.sum()), "local_wh": int(answer.volume.sum()), "wholesale_wh": volume,
            "contracted_wh": int(self.contracts.bought.sum()), "balancing_wh": flows.balancing,
            "lost_wh": self.sums["line_loss_wh"] + int(placed.lost.sum()) + self._utilities_lost,
            "stored_wh": int(placed.stored.sum() + self.utility_stored.sum()),
            "retail_wh": int(left.retail.sum()), "fed_wh": int(left.fed.sum()),
            "available_wh": int(self.available.sum()),
            "local_value_micro": 0 if np.isnan(mean) else round(mean * int(answer.volume.sum())),
            "wholesale_value_micro": 0 if np.isnan(price) else round(price * volume),
            "local_per_mwh": mean, "local_low_per_mwh": low, "local_high_per_mwh": high,
            "wholesale_per_mwh": price, "outside_per_mwh": self.outside,
            "carbon_per_t": self.limits.carbon_per_t, "cap_per_mwh": self.limits.cap_per_mwh,
            **self.figures,
        }  # fmt: skip
