"""What each role sees before it decides: its own columns, and what everybody may know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]

ROLES = ("consumer", "prosumer", "producer", "utility", "regulator")


@dataclass(frozen=True)
class Fact:
    """One thing that is seen.

    Attributes
    ----------
    name : str
        Of the column.
    unit : str
        ``-`` where it has none.
    meaning : str
        In a sentence's part, for documents and prompts.
    """

    name: str
    unit: str
    meaning: str


def _facts(*rows: tuple[str, str, str]) -> tuple[Fact, ...]:
    return tuple(Fact(*row) for row in rows)


EVERYBODY = _facts(
    ("margin", "-", "persona: what is added to cost or taken off value"),
    ("green", "currency/MWh", "persona: what renewable energy is worth more"),
    ("hedge", "-", "persona: share of the expected volume to secure by contract"),
    ("activity", "-", "persona: chance of deciding anew in a step; otherwise the last decision stands"),
    ("trades_battery", "-", "persona: whether a battery is traded on prices; otherwise it serves own use"),
    ("cash_micro", "micro-units", "money at hand"),
    ("gain_micro", "micro-units", "money gained in the last step"),
)
HOUSEHOLD = _facts(
    ("node", "-", "local grid"),
    ("distance_km", "km", "distance from the local grid"),
    ("value_per_mwh", "currency/MWh", "the most a unit of energy is worth"),
    ("load_wh", "Wh", "consumption of this step"),
    ("connected", "-", "whether the local grid is joined"),
    ("utility", "-", "number of the utility that serves the rest"),
    ("tariff_per_mwh", "currency/MWh", "that utility's retail price"),
    (
        "local_per_mwh",
        "currency/MWh",
        "last price of the local auction at the own node; not a number before the first",
    ),
    ("last_bid_per_mwh", "currency/MWh", "own last bid; not a number where there was none"),
    ("last_bought_wh", "Wh", "bought locally in the last step"),
    ("last_wanted_wh", "Wh", "bid for locally in the last step"),
)
ROOF = _facts(
    ("pv_wh", "Wh", "own generation of this step"),
    ("stored_wh", "Wh", "in the battery"),
    ("battery_wh", "Wh", "capacity of the battery"),
    ("most_charge_wh", "Wh", "the most that may be charged in a step"),
    ("most_discharge_wh", "Wh", "the most that may be discharged in a step"),
    ("charge_efficiency", "-", "of what is charged, what is stored"),
    ("discharge_efficiency", "-", "of what leaves the store, what arrives"),
    ("wear_per_mwh", "currency/MWh", "wear of the battery for energy discharged"),
    ("last_ask_per_mwh", "currency/MWh", "own last ask; not a number where there was none"),
    ("last_sold_wh", "Wh", "sold locally in the last step"),
    ("last_offered_wh", "Wh", "offered locally in the last step"),
    ("local_gain_micro", "micro-units", "gained by the local grid against tariff and feed-in, last 30 days"),
    ("fee_micro", "micro-units", "cost of the connection over the same days"),
    ("pv_age_days", "d", "age of the panels"),
    ("pv_life_days", "d", "lifetime of the panels"),
    ("upgrade_cost_micro", "micro-units", "cost of a tenth more panels"),
    (
        "upgrade_gain_micro",
        "micro-units",
        "what a tenth more panels would have earned in the last 30 days, a year's worth",
    ),
)
PRODUCER = _facts(
    ("capacity_wh", "Wh", "what can be generated in this step"),
    ("cost_per_mwh", "currency/MWh", "marginal cost, carbon included"),
    ("emission_t_per_mwh", "t/MWh", "emission factor"),
    ("renewable", "-", "whether the source is renewable"),
    ("contracted_wh", "Wh", "sold by contracts for this step"),
    ("expected_per_mwh", "currency/MWh", "running mean of the wholesale price"),
    ("last_ask_per_mwh", "currency/MWh", "own last ask; not a number where there was none"),
    ("last_offered_wh", "Wh", "offered at wholesale in the last step"),
    ("last_sold_wh", "Wh", "sold at wholesale in the last step"),
    ("upgrade_cost_micro", "micro-units", "cost of a tenth more capacity"),
    (
        "upgrade_gain_micro",
        "micro-units",
        "what a tenth more capacity would have earned in the last 30 days, a year's worth",
    ),
)
UTILITY = _facts(
    ("customers", "-", "households served"),
    ("forecast_wh", "Wh", "expected net demand of the customers in this step"),
    ("contracted_wh", "Wh", "bought by contracts for this step"),
    ("covered_share", "-", "share of the next day's expected demand that is contracted"),
    ("cost_per_mwh", "currency/MWh", "running mean of what procurement cost"),
    ("retail_per_mwh", "currency/MWh", "own retail price in force"),
    ("renewable_share", "-", "of the energy procured so far"),
    ("quota", "-", "renewable share that is required"),
    ("expected_per_mwh", "currency/MWh", "running mean of the wholesale price"),
    ("stored_wh", "Wh", "in the battery"),
    ("battery_wh", "Wh", "capacity of the battery"),
    ("most_charge_wh", "Wh", "the most that may be charged in a step"),
    ("most_discharge_wh", "Wh", "the most that may be discharged in a step"),
    ("charge_efficiency", "-", "of what is charged, what is stored"),
    ("discharge_efficiency", "-", "of what leaves the store, what arrives"),
)
REGULATOR = _facts(
    ("review", "-", "whether instruments may be changed in this step"),
    ("hhi", "-", "sum of squared shares of generation since the last review"),
    ("lerner", "-", "mean margin over price of the dearest energy sold, since the last review"),
    ("rsi_least", "-", "least residual supply index since the last review"),
    ("pivotal_share", "-", "share of steps with a pivotal producer since the last review"),
    ("renewable_share", "-", "of all generation since the last review"),
    ("renewable_target", "-", "what the case aims at"),
    ("mean_per_mwh", "currency/MWh", "volume-weighted wholesale price since the last review"),
    ("reference_per_mwh", "currency/MWh", "the same at the review before"),
    ("unserved_share", "-", "of the load since the last review"),
    ("fund_micro", "micro-units", "money in the fund"),
    ("carbon_per_t", "currency/t", "carbon price in force"),
    ("quota", "-", "renewable quota in force"),
    ("fine_rate", "-", "fine for price gouging in force"),
    ("subsidy_per_mwh", "currency/MWh", "subsidy of renewable generation in force"),
)
# Own columns of each role.
SEEN: Mapping[str, tuple[Fact, ...]] = {
    "consumer": EVERYBODY + HOUSEHOLD,
    "prosumer": EVERYBODY + HOUSEHOLD + ROOF,
    "producer": EVERYBODY + PRODUCER,
    "utility": EVERYBODY + UTILITY,
    "regulator": REGULATOR,
}
# What everybody may know: single figures, and rows over utilities or producers (in the order of their numbers).
PUBLIC: tuple[Fact, ...] = _facts(
    ("step", "-", "number of the step"),
    ("slot", "-", "step of the day"),
    ("steps_a_day", "-", "steps in a day"),
    ("wholesale_per_mwh", "currency/MWh", "last wholesale price"),
    ("outside_per_mwh", "currency/MWh", "price of the outside grid in this step"),
    ("low_per_mwh", "currency/MWh", "lower quartile of the prosumers' local prices of the last day"),
    ("high_per_mwh", "currency/MWh", "upper quartile of the local prices of the last day"),
    ("evening_per_mwh", "currency/MWh", "highest mean local price of a slot in the last days"),
    ("feed_in_per_mwh", "currency/MWh", "what a utility pays for energy fed in"),
    ("fee_per_mwh_km", "currency/MWh km", "fee of the local grid on what is bought, by the buyer's distance"),
    ("loss_per_km", "1/km", "share of local energy lost on the way to the buyer, by its distance"),
    ("cap_per_mwh", "currency/MWh", "price cap"),
    ("floor_per_mwh", "currency/MWh", "price floor"),
    ("carbon_per_t", "currency/t", "carbon price"),
    ("quota", "-", "renewable share required of utilities"),
    ("retail_per_mwh", "currency/MWh", "(U,) retail prices"),
    ("retail_green", "-", "(U,) renewable share of each utility"),
    ("contract_per_mwh", "currency/MWh", "(P,) what producers ask for a contract"),
    ("contract_green", "-", "(P,) whether each producer is renewable"),
)


@dataclass(frozen=True)
class Observation:
    """What the agents of one role see at one step; nothing in it can be changed by looking.

    Attributes
    ----------
    role : str
        One of ``ROLES``.
    step : int
        Number of the step.
    agents : (n,)
        Numbers of the agents, unique within the study: what chance is keyed by.
    own : mapping of str to (n,)
        Each agent's own columns, as ``SEEN[role]`` lists them.
    public : mapping of str to array
        What everybody may know, as ``PUBLIC`` lists it.
    names : mapping of str to tuple of str
        Names of utilities and producers, for prompts: other people's free text.

    Examples
    --------
    >>> import numpy as np
    >>> seen = Observation("consumer", 0, np.array([4, 7]), {"load_wh": np.array([10, 20])})
    >>> seen.rows(np.array([False, True]))["load_wh"]
    array([20])
    """

    role: str
    step: int
    agents: npt.NDArray[np.int64]
    own: Mapping[str, Column]
    public: Mapping[str, Column] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.agents)

    def __getitem__(self, name: str) -> Column:
        return self.own[name]

    def rows(self, chosen: npt.NDArray[Any]) -> Observation:
        """The same for some of the agents: a mask or row numbers."""
        own = {name: values[chosen] for name, values in self.own.items()}
        return replace(self, agents=self.agents[chosen], own=own)
