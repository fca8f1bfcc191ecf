"""What the ``case.toml`` of a market says besides the common keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from evenwatt.core.errors import InputError
from evenwatt.policies.seen import ROLES
from evenwatt.studies.config import CaseConfig, Strict, known_rules
from evenwatt.studies.market.named import check_mechanism, check_policy, check_variant, personas

Mode = Literal["live", "record", "replay", "replay-or-fallback"]


class RuleConfig(Strict):
    """Who trades with whom at which price, and how scarce energy and ties are divided."""

    local: str = Field(default="uniform-price", description="mechanism of the auction within each local grid")
    wholesale: str = Field(
        default="uniform-price", description="mechanism of the auction between producers and utilities"
    )
    split: float = Field(default=0.5, ge=0, le=1, description="sellers' share of the price interval")
    ration: str = Field(
        default="pro", description="claims rule for ties at the margin, scarce supply and creditors"
    )
    lot_wh: int = Field(
        default=100,
        ge=1,
        le=10**9,
        description="size of the one lot that everybody trades under a local mechanism made for unit demand",
    )
    local_options: dict[str, Any] = Field(
        default_factory=dict, description="options of the local mechanism, by its own names"
    )
    wholesale_options: dict[str, Any] = Field(
        default_factory=dict, description="options of the wholesale mechanism, by its own names"
    )

    @field_validator("ration")
    @classmethod
    def _known(cls, value: str) -> str:
        known_rules(value)
        return value

    @model_validator(mode="after")
    def _mechanisms(self) -> RuleConfig:
        faults = []
        for name, options in ((self.local, self.local_options), (self.wholesale, self.wholesale_options)):
            try:
                check_mechanism(name, options)
            except InputError as error:
                faults.append(str(error))
        if faults:
            raise ValueError("; ".join(faults))
        return self


class MarketSection(Strict):
    """How the market is run."""

    scenario: Literal[1, 2] = Field(
        default=1,
        description="1: local auction, and contracts at a secured price; 2: auctions for everything",
    )
    feed_in_per_mwh: float = Field(
        default=60.0, ge=-1e4, le=1e4, description="what a utility pays for what households feed in"
    )
    fee_per_mwh_km: float = Field(
        default=2.0, ge=0, le=1e4, description="grid fee on local energy by the buyer's distance"
    )
    loss_per_km: float = Field(
        default=0.005, ge=0, le=0.1, description="share of local energy lost on each km to the buyer"
    )
    connection_fee: float = Field(default=0.05, ge=0, le=1e6, description="of a day on the local grid")
    import_limit_mw: float | None = Field(
        default=None, ge=0, le=1e6, description="most that comes in from the outside grid; none: no limit"
    )
    export_limit_mw: float | None = Field(
        default=None, ge=0, le=1e6, description="most that goes out to the outside grid; none: no limit"
    )
    outside_fee_per_mwh: float = Field(
        default=5.0, ge=0, le=1e4, description="on top of the outside price for import, off it for export"
    )
    imbalance_penalty: float = Field(
        default=0.1, ge=0, le=10,
        description="share by which a shortage costs more than wholesale, and a surplus earns less",
    )  # fmt: skip
    contract_days: int = Field(default=1, ge=1, le=366, description="length of a contract")
    review_days: int = Field(default=1, ge=1, le=366, description="how often the regulator may act")
    renewable_target: float = Field(default=0.5, ge=0, le=1, description="what the regulator aims at")
    intervention: bool = Field(
        default=True,
        description="whether the regulator may act; a run of the same seed without it stands beside",
    )
    rebate: Literal["head", "consumption", "none"] = Field(
        default="head", description="how the fund goes back to households at a review"
    )
    upgrade_lag_days: int = Field(default=30, ge=0, le=3660, description="how long an upgrade takes to work")


class InstrumentsConfig(Strict):
    """What the regulator has set at the start; ``instruments.csv`` may change it later."""

    cap_per_mwh: float = Field(default=4000.0, gt=0, le=1e5, description="prices of orders end here")
    floor_per_mwh: float = Field(default=-500.0, ge=-1e4, le=0, description="and begin here")
    carbon_per_t: float = Field(default=0.0, ge=0, le=300, description="carbon price")
    quota: float = Field(default=0.0, ge=0, le=1, description="renewable share required of utilities")
    quota_penalty_per_mwh: float = Field(
        default=50.0, ge=0, le=200, description="for what is short of the quota"
    )
    fine_rate: float = Field(default=0.0, ge=0, le=2, description="share of a price's excess that is fined")
    fine_tolerance: float = Field(
        default=0.25, ge=0.05, le=1, description="how far above the reference price is tolerated"
    )
    subsidy_per_mwh: float = Field(default=0.0, ge=0, le=100, description="for renewable generation")


class PartConfig(Strict):
    """One of several policies for the agents of a role."""

    policy: str = Field(description="name of a policy, or 'language'")
    personas: tuple[str, ...] = Field(default=(), description="for agents of these personas")
    share: float | None = Field(
        default=None, ge=0, le=1, description="for this share of the role's agents, drawn by the seed"
    )

    @model_validator(mode="after")
    def _either(self) -> PartConfig:
        if bool(self.personas) == (self.share is not None):
            raise ValueError("say either personas or share, not both and not neither")
        return self


Chosen = str | tuple[PartConfig, ...]


class PoliciesConfig(Strict):
    """Who decides for the agents of each role: one policy's name, or several with their shares."""

    consumer: Chosen = Field(default="rule", description="households without panels")
    prosumer: Chosen = Field(default="rule", description="households with panels")
    producer: Chosen = Field(default="rule", description="power stations")
    utility: Chosen = Field(default="rule", description="companies that serve households")
    regulator: Chosen = Field(default="rule", description="'nothing' leaves every instrument as it is")

    personas: dict[str, str] = Field(
        default_factory=dict, description="role -> persona of all its agents, in place of those in roles.csv"
    )

    @field_validator("personas")
    @classmethod
    def _personas(cls, value: dict[str, str]) -> dict[str, str]:
        held: dict[str, str] = {}
        for role, name in value.items():
            held |= personas(f"{role}@{name}")
        return held

    @field_validator("consumer", "prosumer", "producer", "utility", "regulator")
    @classmethod
    def _known(cls, value: Chosen, info: Any) -> Chosen:
        parts = [value] if isinstance(value, str) else [part.policy for part in value]
        faults = []
        for name in parts:
            try:
                check_policy(info.field_name, name)
            except InputError as error:
                faults.append(str(error))
        shares = [part.share or 0.0 for part in value] if not isinstance(value, str) else []
        if sum(shares) > 1 + 1e-9:
            faults.append(f"shares come to {sum(shares):g}; expected at most 1")
        if faults:
            raise ValueError("; ".join(faults))
        return value

    def named(self) -> Mapping[str, Chosen]:
        """Each role and who decides for it."""
        return {role: getattr(self, role) for role in ROLES}


class LanguageConfig(Strict):
    """The language model that policies named 'language' ask, and what they may spend."""

    base_url: str = Field(default="http://127.0.0.1:8000/v1", description="of an OpenAI-compatible server")
    model: str = Field(default="", description="as the server calls it")
    key_env: str = Field(
        default="EVENWATT_LLM_KEY",
        pattern=r"^[A-Z_][A-Z0-9_]*$",
        description="environment variable that holds the key; the key itself never stands in a case",
    )
    mode: Mode = Field(
        default="replay-or-fallback",
        description="live asks; record asks and keeps; replay answers from the cassette alone; "
        "replay-or-fallback lets rules decide what the cassette lacks",
    )
    cassette: str = Field(default="language.sqlite", description="recording, relative to the case")
    temperature: float = Field(default=0.0, ge=0, le=2)
    most_tokens: int = Field(default=400, ge=16, le=8192, description="of one answer")
    horizon_steps: int = Field(default=96, ge=1, le=96, description="how long a strategy stands at most")
    concurrency: int = Field(default=8, ge=1, le=256, description="calls at a time; changes no result")
    timeout_s: float = Field(default=60.0, gt=0, le=3600, description="of one call")
    calls: int = Field(default=2000, ge=0, description="budget: calls")
    tokens: int = Field(default=2_000_000, ge=0, description="budget: tokens in and out")
    cost: float = Field(default=5.0, ge=0, description="budget: money, in the case's currency")
    seconds: float | None = Field(default=None, gt=0, description="budget: wall time; none: no limit")
    cost_in_per_million: float = Field(default=0.0, ge=0, description="price of a million tokens asked")
    cost_out_per_million: float = Field(default=0.0, ge=0, description="price of a million tokens answered")


class SweepConfig(Strict):
    """What ``evenwatt sweep`` runs: every mechanism by every policy by every seed."""

    mechanisms: tuple[str, ...] = Field(
        default=("uniform-price", "pay-as-bid", "huang", "muda", "mid-market", "order-book"),
        description="local mechanisms beside the case's own",
    )
    policies: tuple[str, ...] = Field(
        default=("own",),
        description="'own' as the case has it; 'zip' for every role that knows it; 'prosumer=zip'; or, with the "
        "case's own policies, '@greedy' or 'prosumer@greedy' for personas",
    )
    seeds: int = Field(default=8, ge=1, le=1_000, description="how many; the first is the case's own")
    level: float = Field(default=0.95, gt=0.5, lt=1, description="of the intervals")

    @field_validator("mechanisms")
    @classmethod
    def _mechanisms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            check_mechanism(name, {})
        return value

    @field_validator("policies")
    @classmethod
    def _policies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            check_variant(text)
        return value


class CurveConfig(Strict):
    """Which interval's supply and demand the report draws."""

    interval: str | None = Field(
        default=None,
        description="an instant within it, e.g. 2026-06-03T12:00; none: the one with most local trade",
    )


class WeatherConfig(Strict):
    """Where power stations stand: how much sun and wind they get, where no meter says it."""

    latitude: float = Field(default=50.0, ge=-90, le=90)
    longitude: float = Field(default=10.0, ge=-180, le=180)


class MarketConfig(CaseConfig):
    """The whole of a market's ``case.toml``."""

    study: Literal["market"] = Field(description="which story runs")
    rule: RuleConfig = RuleConfig()
    market: MarketSection = MarketSection()
    instruments: InstrumentsConfig = InstrumentsConfig()
    policies: PoliciesConfig = PoliciesConfig()
    language: LanguageConfig = LanguageConfig()
    sweep: SweepConfig = SweepConfig()
    curve: CurveConfig = CurveConfig()
    weather: WeatherConfig = WeatherConfig()
