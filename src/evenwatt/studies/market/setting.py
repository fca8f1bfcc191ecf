"""What a market is before its first step: who there is, what they own, and the rules they play by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.markets.mechanism import Divide, Mechanism
from evenwatt.markets.regulator.instruments import Instruments

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Names = tuple[str, ...]


@dataclass(frozen=True)
class Batteries:
    """What each owner's battery can do; all zero where there is none.

    Attributes
    ----------
    capacity_wh, charge_wh, discharge_wh : (n,)
        Capacity, and the most that is charged and discharged in a step [Wh].
    stored_wh : (n,)
        In it at the start [Wh].
    charge_efficiency, discharge_efficiency : (n,)
        In (0, 1] [-].
    wear_per_mwh : (n,)
        Cost of what is discharged [currency per MWh].
    """

    capacity_wh: Whole
    charge_wh: Whole
    discharge_wh: Whole
    stored_wh: Whole
    charge_efficiency: Array
    discharge_efficiency: Array
    wear_per_mwh: Array

    @classmethod
    def none(cls, owners: int) -> Batteries:
        """No battery for anybody."""
        whole, ones = np.zeros(owners, dtype=np.int64), np.ones(owners)
        return cls(whole, whole, whole, whole, ones, ones, np.zeros(owners))


@dataclass(frozen=True)
class Households:
    """Consumers first, then prosumers.

    Attributes
    ----------
    ids, labels, personas : tuple of str
        One a household; personas by the names of ``evenwatt.policies.PERSONAS``.
    consumers : int
        How many of them, the first ones, have no panels.
    node : (H,)
        Local grid, from 0.
    distance_km : (H,)
        From the local grid's transformer [km].
    value_per_mwh : (H,)
        The most a unit of energy is worth to it [currency per MWh].
    cash_micro : (H,)
        Money at the start [micro-units].
    batteries : Batteries
        One a household.
    pv_age_days, pv_life_days : (H,)
        Age and lifetime of the panels [d]; their output falls in a straight line to 80 % at the end of it.
    pv_maintenance_micro : (H,)
        Upkeep of the panels a day [micro-units].
    pv_upgrade_micro : (H,)
        Cost of a tenth more panels [micro-units].
    """

    ids: Names
    labels: Names
    personas: Names
    consumers: int
    node: Whole
    distance_km: Array
    value_per_mwh: Array
    cash_micro: Whole
    batteries: Batteries
    pv_age_days: Array
    pv_life_days: Array
    pv_maintenance_micro: Whole
    pv_upgrade_micro: Whole

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Producers:
    """Power stations.

    Attributes
    ----------
    ids, labels, personas, sources : tuple of str
        One a producer; sources such as solar, wind, hydro, nuclear, gas, coal, oil.
    renewable : (P,)
        Whether the source is renewable.
    capacity_wh : (P,)
        Most output of a step [Wh].
    cost_per_mwh : (P,)
        Fuel and other variable cost, without carbon [currency per MWh].
    emission_t_per_mwh : (P,)
        Emission factor [t/MWh].
    cash_micro : (P,)
        Money at the start [micro-units].
    upgrade_micro : (P,)
        Cost of a tenth more capacity [micro-units].
    """

    ids: Names
    labels: Names
    personas: Names
    sources: Names
    renewable: Flags
    capacity_wh: Whole
    cost_per_mwh: Array
    emission_t_per_mwh: Array
    cash_micro: Whole
    upgrade_micro: Whole

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Utilities:
    """Companies that buy at wholesale and serve households.

    Attributes
    ----------
    ids, labels, personas : tuple of str
        One a utility.
    cash_micro : (U,)
        Money at the start [micro-units].
    retail_per_mwh : (U,)
        Retail price at the start [currency per MWh].
    batteries : Batteries
        One a utility.
    tariffs : tuple of str
        ``flat``, ``time-of-use`` or ``dynamic``, one a utility; all flat where it is empty.
    standing_micro : int
        Standing charge of a customer and day [micro-units].
    """

    ids: Names
    labels: Names
    personas: Names
    cash_micro: Whole
    retail_per_mwh: Array
    batteries: Batteries
    tariffs: Names = ()
    standing_micro: int = 0

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Rules:
    """How the market is run.

    Attributes
    ----------
    scenario : int
        1: local auction, and contracts at a secured price; 2: auctions for everything.
    steps_a_day : int
        Steps of a day.
    local, wholesale : Mechanism
        Who trades with whom at which price, within a local grid and between companies.
    split : float
        Sellers' share of the price interval [-].
    ration : callable
        Claims rule for ties at the margin, scarce supply and creditors.
    feed_in_per_mwh : float
        What a utility pays for what households feed in [currency per MWh].
    fee_per_mwh_km : float
        Grid fee on local energy by the buyer's distance [currency per MWh and km].
    loss_per_km : float
        Share of local energy lost on the way to the buyer, by its distance [1/km].
    connection_fee_micro : int
        Of a day on the local grid [micro-units].
    import_limit_wh, export_limit_wh : int
        Most that crosses to the outside grid in a step [Wh].
    outside_fee_per_mwh : float
        Added to the outside price for import, taken off for export [currency per MWh].
    imbalance_penalty : float
        Share by which a shortage costs more than wholesale, and a surplus earns less [-].
    contract_days : int
        Length of a contract [d].
    collateral_days : float
        What each party pledges, in days of the contract's payments [d].
    review_days : int
        How often the regulator may act [d], at least 1.
    renewable_target : float
        What the regulator aims at [-].
    instruments : Instruments
        In force at the start.
    intervention : bool
        Whether there is regulation: without, there is no carbon price, quota, fine or subsidy, and floor and cap
        stay what they were at the start.
    rebate : str
        How the fund goes back at a review: ``"head"``, ``"consumption"`` or ``"none"``.
    upgrade_lag_days : int
        How long an upgrade takes to work [d].
    """

    scenario: int
    steps_a_day: int
    local: Mechanism
    wholesale: Mechanism
    split: float
    ration: Divide
    feed_in_per_mwh: float = 60.0
    fee_per_mwh_km: float = 2.0
    loss_per_km: float = 0.005
    connection_fee_micro: int = 50_000
    import_limit_wh: int = 10**12
    export_limit_wh: int = 10**12
    outside_fee_per_mwh: float = 5.0
    imbalance_penalty: float = 0.1
    contract_days: int = 1
    collateral_days: float = 0.25
    review_days: int = 1
    renewable_target: float = 0.5
    instruments: Instruments = field(default_factory=Instruments)
    intervention: bool = True
    rebate: str = "head"
    upgrade_lag_days: int = 30


@dataclass(frozen=True)
class Population:
    """Everybody, by role.

    Agents are numbered across roles in this order: households, producers, utilities, the regulator.
    """

    households: Households
    producers: Producers
    utilities: Utilities

    @property
    def agents(self) -> Mapping[str, Whole]:
        """Agent numbers of each role."""
        h, c = len(self.households), self.households.consumers
        p, u = len(self.producers), len(self.utilities)
        edges = {
            "consumer": (0, c),
            "prosumer": (c, h),
            "producer": (h, h + p),
            "utility": (h + p, h + p + u),
        }
        numbers = {role: np.arange(*ends) for role, ends in edges.items()}
        return {**numbers, "regulator": np.array([h + p + u])}


@dataclass(frozen=True)
class Weather:
    """What nobody decides: a stretch of steps.

    Attributes
    ----------
    load_wh, pv_wh : (T, H)
        Consumption, and generation of new panels of today's size [Wh].
    availability : (T, P)
        Share of capacity each producer can use [-].
    outside_per_mwh : (T,)
        Price of the outside grid [currency per MWh].
    first : int
        Number of the first step.
    slots : (T,), optional
        Slot of the day of each step, by the clock on the wall; by default the first step of all begins a day.
    """

    load_wh: Whole
    pv_wh: Whole
    availability: Array
    outside_per_mwh: Array
    first: int = 0
    slots: Whole | None = None

    def __len__(self) -> int:
        return len(self.load_wh)

    def slot(self, row: int, steps_a_day: int) -> int:
        """Slot of the day of a step."""
        return (self.first + row) % steps_a_day if self.slots is None else int(self.slots[row])

    def changed(self, **columns: Any) -> Weather:
        """The same with some columns replaced."""
        from dataclasses import replace

        return replace(self, **columns)
