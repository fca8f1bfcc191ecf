"""What the ``case.toml`` of a cascade says besides the common keys."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from evenwatt.studies.config import CaseConfig, Strict, known_rules

BARGAIN = "bargain"  # stage one by bargaining between suppliers and agents, beside the claims rules
AS_IS = "as-is"  # the scenario in which only chance differs from what happened
PriceName = Literal["grid_buy_per_mwh", "grid_sell_per_mwh", "local_per_mwh"]


class RuleConfig(Strict):
    """Which rule divides at each stage; spelled ``name`` or ``name:parameter=value``."""

    agents: str = Field(
        default="pro",
        description="stage one: the pool among agents, by a claims rule; or 'bargain', settled by [bargain]",
    )
    members: str = Field(default="pro", description="stage two: an agent's stock among its members")
    compare: tuple[str, ...] = Field(
        default=(), description="further rules to compute beside the polynomial ones"
    )

    @field_validator("agents")
    @classmethod
    def _known_first(cls, value: str) -> str:
        if value != BARGAIN:
            known_rules(value)
        return value

    @field_validator("members", "compare")
    @classmethod
    def _known(cls, value: Any) -> Any:
        known_rules(value)
        return value


class MoneyConfig(Strict):
    """What the agents keep."""

    agent_margin_per_mwh: float = Field(
        default=0.0,
        ge=0,
        description="kept by the agent of each MWh it passes on; in a bargain it keeps what its talks leave it",
    )


class BargainConfig(Strict):
    """How suppliers and agents bargain where ``rule.agents`` is ``bargain``."""

    weights: Literal["claims", "equal", "given", "learned"] = Field(
        default="claims",
        description="bargaining weights: what each states or can deliver, all alike, the column weight of "
        "suppliers.csv and agents.csv, or by a learned policy",
    )
    model: str | None = Field(
        default=None, description="learned: the policy, or the folder `evenwatt train` wrote, within the case"
    )
    disagreement: Literal["zero", "grid"] = Field(
        default="zero",
        description="what everybody has where talks fail: nothing, or what trading with the grid gives",
    )
    statements: Literal["metered", "file", "last-week"] = Field(
        default="metered",
        description="what agents claim: their members' needs as metered, statements.csv, or the same slot a "
        "week before",
    )
    grade: Literal["learning", "settlement"] = Field(
        default="settlement", description="how exactly the bargain is solved"
    )
    transferable: bool = Field(
        default=False,
        description="money may change hands beside the prices: energy where it is worth most, its gain "
        "shared by the weights",
    )

    @model_validator(mode="after")
    def _modelled(self) -> BargainConfig:
        if self.weights == "learned" and self.model is None:
            raise ValueError("weights = 'learned' needs model, e.g. model = 'models/june'")
        if self.weights != "learned" and self.model is not None:
            raise ValueError(f"model is read only where weights = 'learned', found '{self.weights}'")
        return self


class OutageConfig(Strict):
    """Suppliers that deliver nothing for a while."""

    suppliers: tuple[str, ...] = Field(default=(), description="their ids; none: one drawn in each draw")
    first: date | None = Field(default=None, description="first day without them; none: from the beginning")
    last: date | None = Field(default=None, description="last day without them; none: to the end")
    share: float = Field(default=1.0, ge=0, le=1, description="part of these days that is hit, drawn")

    @model_validator(mode="after")
    def _forward(self) -> OutageConfig:
        if self.first and self.last and self.last < self.first:
            raise ValueError(f"last {self.last} is before first {self.first}")
        return self


class SpikeConfig(Strict):
    """Prices that jump in some hours."""

    factor: float = Field(gt=0, description="times the price")
    hours: tuple[int, ...] = Field(default=tuple(range(24)), description="hours of the local day, 0 to 23")
    prices: tuple[PriceName, ...] = Field(
        default=("grid_buy_per_mwh",), min_length=1, description="which prices of prices.csv"
    )
    share: float = Field(default=1.0, ge=0, le=1, description="part of the days that is hit, drawn")

    @field_validator("hours")
    @classmethod
    def _clock(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if wrong := [hour for hour in value if not 0 <= hour <= 23]:
            raise ValueError(f"hours {wrong} are not on a clock of 0 to 23")
        return value


class ScenarioConfig(Strict):
    """One way in which the world could be different; knobs that are not named stay as they are."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$", description="short name: small letters, digits, hyphens"
    )
    title: str = Field(default="", description="for people")
    supply: float | None = Field(default=None, ge=0, description="times what suppliers feed into the pool")
    suppliers: tuple[str, ...] = Field(default=(), description="whom `supply` concerns; none: all of them")
    outage: OutageConfig | None = Field(default=None, description="suppliers that fail")
    spike: SpikeConfig | None = Field(default=None, description="prices that jump")
    claims: dict[str, float] = Field(
        default_factory=dict, description="agent -> times what it needs is what it states"
    )
    growth: float = Field(default=0.0, ge=0, description="newcomers, as a part of today's members")
    growth_spread: float = Field(
        default=0.2, ge=0, le=1, description="standard deviation of the log of a newcomer's size"
    )

    @field_validator("claims")
    @classmethod
    def _positive(cls, value: dict[str, float]) -> dict[str, float]:
        if wrong := {agent: factor for agent, factor in value.items() if not 0 <= factor <= 1000}:
            raise ValueError(f"{wrong}: a factor is a number from 0 to 1000")
        return value

    @field_validator("name")
    @classmethod
    def _free(cls, value: str) -> str:
        if value == AS_IS:
            raise ValueError(f"'{AS_IS}' is the scenario that every simulation begins with")
        return value


class SimulateConfig(Strict):
    """How `evenwatt simulate` draws, and which rules it puts side by side."""

    draws: int = Field(default=20, ge=1, le=100_000, description="draws of each scenario")
    block_days: int = Field(
        default=7, ge=1, description="days drawn together, so that weather and weeks hold"
    )
    window_days: int = Field(
        default=30, ge=0, description="a day is replaced by one at most so far away, so that seasons hold"
    )
    level: float = Field(default=0.9, gt=0, lt=1, description="part of the draws that a band holds")
    demand_spread: float = Field(
        default=0.1, ge=0, le=1, description="standard deviation of the log of a member's claims, by draw"
    )
    supply_spread: float = Field(
        default=0.1, ge=0, le=1, description="standard deviation of the log of a supplier's pool, by draw"
    )
    agents: tuple[str, ...] = Field(
        default=(), description="stage-one rules beside the case's; none: pro and bargain"
    )
    members: tuple[str, ...] = Field(default=(), description="stage-two rules beside the case's")

    @field_validator("agents")
    @classmethod
    def _known_first(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known_rules(tuple(name for name in value if name != BARGAIN))
        return value

    @field_validator("members")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known_rules(value)
        return value


class CascadeConfig(CaseConfig):
    """The whole of a cascade's ``case.toml``."""

    study: Literal["cascade"] = Field(description="which story runs")
    rule: RuleConfig = RuleConfig()
    money: MoneyConfig = MoneyConfig()
    bargain: BargainConfig = BargainConfig()
    simulate: SimulateConfig = SimulateConfig()
    scenario: tuple[ScenarioConfig, ...] = Field(
        default=(), description="worlds to simulate; none: drought, outage, spike, over-claim, growth"
    )

    @field_validator("scenario")
    @classmethod
    def _distinct(cls, value: tuple[ScenarioConfig, ...]) -> tuple[ScenarioConfig, ...]:
        names = [one.name for one in value]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"name '{twice[0]}' stands twice")
        return value

    @property
    def bargains(self) -> bool:
        """Whether stage one is a bargain."""
        return self.rule.agents == BARGAIN
