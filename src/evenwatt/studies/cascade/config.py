"""What the ``case.toml`` of a cascade says besides the common keys."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from evenwatt.studies.config import CaseConfig, Strict, known_rules


class RuleConfig(Strict):
    """Which rule divides at each stage; spelled ``name`` or ``name:parameter=value``."""

    agents: str = Field(default="pro", description="stage one: the pool among agents")
    members: str = Field(default="pro", description="stage two: an agent's stock among its members")
    compare: tuple[str, ...] = Field(
        default=(), description="further rules to compute beside the polynomial ones"
    )

    @field_validator("agents", "members", "compare")
    @classmethod
    def _known(cls, value: Any) -> Any:
        known_rules(value)
        return value


class MoneyConfig(Strict):
    """What the agents keep."""

    agent_margin_per_mwh: float = Field(
        default=0.0, ge=0, description="kept by the agent of each MWh it passes on"
    )


class CascadeConfig(CaseConfig):
    """The whole of a cascade's ``case.toml``."""

    study: Literal["cascade"] = Field(description="which story runs")
    rule: RuleConfig = RuleConfig()
    money: MoneyConfig = MoneyConfig()
