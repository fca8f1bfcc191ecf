"""What changes from step to step, as columns that can be written down and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.markets.regulator.instruments import Instruments
from evenwatt.studies.market.setting import Population, Rules

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Column = npt.NDArray[Any]

WHOLE = 1000  # size of panels and stations, in thousandths of their first size


@dataclass
class HouseholdState:
    """Of each household; of prosumers alone where the axis is (Q,).

    Attributes
    ----------
    stored_wh : (H,)
        In the battery [Wh].
    utility : (H,)
        Number of the utility that serves it, -1 for none.
    last_bid, last_ask : (H,), (Q,)
        Limits of its last orders; not a number where there was none [per MWh].
    last_bought, last_wanted, last_sold, last_offered : (H,), (H,), (Q,), (Q,)
        Of those [Wh].
    gain_micro : (H,)
        Value of what it used less what it paid in the last step [micro-units].
    connected : (Q,)
        Whether it is joined to the local grid.
    size, grows_at, bigger, upgrades : (Q,)
        Panels in thousandths of the first; the step at which an upgrade works, -1 for none; how many were made.
    local_gain, pv_value : (Q,)
        Running means a step of what the local grid earned and of what the panels earned [micro-units].
    """

    stored_wh: Whole
    utility: Whole
    last_bid: Array
    last_bought: Whole
    last_wanted: Whole
    gain_micro: Whole
    connected: Flags
    size: Whole
    grows_at: Whole
    upgrades: Whole
    last_ask: Array
    last_sold: Whole
    last_offered: Whole
    local_gain: Array
    pv_value: Array


@dataclass
class ProducerState:
    """Of each producer (P,): see :class:`HouseholdState` for what the names mean."""

    size: Whole
    grows_at: Whole
    upgrades: Whole
    last_ask: Array
    last_offered: Whole
    last_sold: Whole
    gain_micro: Whole
    contract_ask: Array
    rent: Array
    active: Flags


@dataclass
class UtilityState:
    """Of each utility (U,).

    Attributes
    ----------
    retail : (U,)
        Price to customers in force [per MWh].
    posted : (U,)
        Price it would offer in the next auction of customers [per MWh].
    forecast : (U, slots)
        Running mean of customers' net demand by slot of the day [Wh].
    known : (U, slots)
        Whether a slot was seen yet.
    spent, supplied : (U,)
        Running means a step of what procurement cost [micro-units] and of what customers got [Wh]: what a unit
        costs is their ratio, for a mean of ratios would count a Wh at noon as much as a MWh at night.
    procured, renewable : (U,)
        So far [Wh].
    certificates : (U,)
        Held, one for each renewable Wh [Wh].
    reviewed_sales : (U,)
        Sold to customers since the last review [Wh].
    active : (U,)
        Whether it has not defaulted.
    """

    stored_wh: Whole
    retail: Array
    posted: Array
    forecast: Array
    known: Flags
    spent: Array
    supplied: Array
    procured: Whole
    renewable: Whole
    certificates: Whole
    reviewed_sales: Whole
    gain_micro: Whole
    active: Flags


@dataclass
class PublicState:
    """What everybody may know.

    Attributes
    ----------
    local : (nodes,)
        Last price of each local auction [per MWh]; not a number before the first.
    recent : (slots,)
        Mean local price of each slot of the last day [per MWh].
    slot_mean : (slots,)
        Running mean of the local price by slot [per MWh].
    wholesale, expected : ()
        Last wholesale price, and its running mean [per MWh].
    instruments : Instruments
        In force.
    alarm : bool
        Whether the last review found market power abused.
    pivotal_who : (P,)
        Steps of the stretch before at which each producer could not be done without.
    """

    local: Array
    recent: Array
    slot_mean: Array
    wholesale: float
    expected: float
    instruments: Instruments
    alarm: bool
    pivotal_who: Whole


@dataclass
class ReviewState:
    """Sums since the last review of the regulator.

    Attributes
    ----------
    dispatched : (P,)
        [Wh].
    steps, pivotal : int
        Steps with demand at wholesale, and those with a pivotal producer.
    margin : float
        Sum of margin over price, by volume [Wh].
    margin_wh : int
        Over which volume [Wh].
    rsi_least : float
        Least residual supply index.
    value : float
        Wholesale price times volume [micro-units].
    load, unserved, renewable, generated : int
        [Wh].
    reference : float
        Volume-weighted wholesale price at the review before [per MWh].
    retail_reference : float
        Retail price, by sales, at the review before [per MWh].
    retail_value, retail : float, int
        Sums of retail price times sales [micro-units], and of sales [Wh].
    pivotal_who : (P,)
        Steps at which each producer could not be done without.
    suspicious : int
        Steps with a margin over price and a residual supply beyond the screen's limits.
    """

    dispatched: Whole
    pivotal_who: Whole
    steps: int = 0
    pivotal: int = 0
    margin: float = 0.0
    margin_wh: int = 0
    rsi_least: float = np.inf
    value: float = 0.0
    volume: int = 0
    load: int = 0
    unserved: int = 0
    renewable: int = 0
    generated: int = 0
    reference: float = np.nan
    retail_reference: float = np.nan
    retail_value: float = 0.0
    retail: int = 0
    suspicious: int = 0


@dataclass
class State:
    """Everything that changes, but the ledger and the contracts."""

    step: int
    households: HouseholdState
    producers: ProducerState
    utilities: UtilityState
    public: PublicState
    review: ReviewState
    # Of the day, by the clock on the wall; set as each step begins.
    slot: int = 0

    def columns(self) -> dict[str, Column]:
        """As arrays of numbers, by name, to be kept."""
        held: dict[str, Column] = {"step": np.array(self.step)}
        for part in ("households", "producers", "utilities", "public", "review"):
            owner = getattr(self, part)
            for field in fields(owner):
                value = getattr(owner, field.name)
                if isinstance(value, Instruments):
                    held |= {f"instruments.{f.name}": np.array(getattr(value, f.name)) for f in fields(value)}
                else:
                    held[f"{part}.{field.name}"] = np.array(value)
        return held

    def restore(self, held: Mapping[str, Column]) -> None:
        """Take what :meth:`columns` gave."""
        self.step = int(held["step"])
        for part in ("households", "producers", "utilities", "public", "review"):
            owner = getattr(self, part)
            for field in fields(owner):
                if isinstance(getattr(owner, field.name), Instruments):
                    owner.instruments = Instruments(
                        **{f.name: float(held[f"instruments.{f.name}"]) for f in fields(Instruments)}
                    )
                else:
                    value = held[f"{part}.{field.name}"]
                    setattr(owner, field.name, value.item() if value.ndim == 0 else value.copy())


def _none(rows: int) -> Whole:
    return np.zeros(rows, dtype=np.int64)


def _unknown(rows: int) -> Array:
    return np.full(rows, np.nan)


def first_instruments(rules: Rules) -> Instruments:
    """In force at the start: without intervention, floor and cap alone."""
    if rules.intervention:
        return rules.instruments
    return Instruments(
        cap_per_mwh=rules.instruments.cap_per_mwh, floor_per_mwh=rules.instruments.floor_per_mwh
    )


def first_state(people: Population, rules: Rules) -> State:
    """Before the first step."""
    h, p, u = people.households, people.producers, people.utilities
    homes, roofs, slots = len(h), len(h) - h.consumers, rules.steps_a_day
    nodes = int(h.node.max(initial=-1)) + 1
    # Dealt out in turn, until they choose for themselves.
    first = np.arange(homes) % len(u) if len(u) else np.full(homes, -1)
    return State(
        0,
        HouseholdState(
            h.batteries.stored_wh.astype(np.int64),
            first.astype(np.int64),
            _unknown(homes), _none(homes), _none(homes), _none(homes),
            np.ones(roofs, dtype=bool), np.full(roofs, WHOLE), np.full(roofs, -1), _none(roofs),
            _unknown(roofs), _none(roofs), _none(roofs), np.zeros(roofs), np.zeros(roofs),
        ),
        ProducerState(
            np.full(len(p), WHOLE), np.full(len(p), -1), _none(len(p)), _unknown(len(p)), _none(len(p)),
            _none(len(p)), _none(len(p)), p.cost_per_mwh * 1.1, np.zeros(len(p)), np.ones(len(p), dtype=bool),
        ),
        UtilityState(
            stored_wh=u.batteries.stored_wh.astype(np.int64), retail=u.retail_per_mwh.astype(np.float64),
            posted=u.retail_per_mwh.astype(np.float64), forecast=np.zeros((len(u), slots)),
            known=np.zeros((len(u), slots), dtype=bool), spent=np.zeros(len(u)), supplied=np.zeros(len(u)),
            procured=_none(len(u)),
            renewable=_none(len(u)), certificates=_none(len(u)), reviewed_sales=_none(len(u)),
            gain_micro=_none(len(u)), active=np.ones(len(u), dtype=bool),
        ),
        PublicState(
            _unknown(nodes), _unknown(slots), _unknown(slots), np.nan, np.nan, first_instruments(rules), False,
            _none(len(p)),
        ),
        ReviewState(_none(len(p)), _none(len(p))),
    )  # fmt: skip
