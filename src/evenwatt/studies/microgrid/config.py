"""What the ``case.toml`` of a microgrid says besides the common keys."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from evenwatt.core import rule as registry
from evenwatt.core.errors import RuleError
from evenwatt.studies.config import CaseConfig, Strict, known_rules

MONEY = "coalitions.money"  # the kind of rule that divides what is saved


class RuleConfig(Strict):
    """Which rule divides the energy traded inside, and which the money saved."""

    energy: str = Field(
        default="pro", description="claims rule of both sides: deficits claim the energy, surpluses its sale"
    )
    money: str = Field(default="shapley", description="how the savings are divided")
    compare: tuple[str, ...] = Field(
        default=(), description="further energy rules that `compare` sets beside the polynomial ones"
    )

    @field_validator("energy", "compare")
    @classmethod
    def _energy(cls, value: Any) -> Any:
        known_rules(value)
        return value

    @field_validator("money")
    @classmethod
    def _money(cls, value: str) -> str:
        try:
            registry.find(MONEY, value)
        except RuleError:
            known = ", ".join(registry.all(MONEY))
            raise ValueError(f"unknown money rule '{value}'; there are {known}") from None
        return value


class MoneyConfig(Strict):
    """How finely sampled values are computed, and what the published script credits."""

    std_err: float = Field(
        default=0.005, gt=0, le=1,
        description="standard error at which sampling stops, as a fraction of the gain per member",
    )  # fmt: skip
    delta: float = Field(default=1.0, ge=0, le=1, description="part of a surplus that rule seed001 credits")


class MicrogridConfig(CaseConfig):
    """The whole of a microgrid's ``case.toml``."""

    study: Literal["microgrid"] = Field(description="which story runs")
    rule: RuleConfig = RuleConfig()
    money: MoneyConfig = MoneyConfig()
