"""What the ``case.toml`` of a sharing group says besides the common keys."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from evenwatt.studies.config import CaseConfig, Strict, known_rules

UNLIMITED = "unlimited"  # rounds go on until one moves nothing

Method = Literal["exact", "hill-climbing", "annealing", "genetic"]


class RuleConfig(Strict):
    """The rule of a country, and what of it is otherwise here; what is not said is as the country has it."""

    country: str = Field(default="cz", description="whose rule shares; `evenwatt compare` tries them all")
    rounds: int | Literal["unlimited"] | None = Field(
        default=None, description="how often what is left is offered again; 'unlimited' until nothing moves"
    )
    quantum_wh: int | None = Field(
        default=None, ge=1, le=1_000_000, description="every share is a whole multiple of this [Wh]"
    )
    keys: Literal["fixed", "interval"] | None = Field(
        default=None, description="keys.csv for the whole period, or keys that follow each interval"
    )
    formula: str | None = Field(
        default=None, description="claims rule that divides each interval where keys = 'interval'"
    )
    max_links: int | None = Field(default=None, ge=1, description="producers a consumer may have at most")
    own_use_first: bool = Field(
        default=True, description="a member's own generation serves its own load before any is shared"
    )
    injecting_may_receive: bool | None = Field(
        default=None, description="whether who feeds in during an interval may receive in it"
    )
    participation: float | None = Field(
        default=None, gt=0, le=1, description="part of each meter that takes part in sharing"
    )
    reserve_wh: int | None = Field(
        default=None, ge=0, description="kept from sharing by each producer in each interval [Wh]"
    )

    @field_validator("country")
    @classmethod
    def _country(cls, value: str) -> str:
        from evenwatt.studies.sharing.regime import known

        if value not in known():
            raise ValueError(f"unknown country rule '{value}'; there are {', '.join(known())}")
        return value

    @field_validator("rounds")
    @classmethod
    def _rounds(cls, value: Any) -> Any:
        if isinstance(value, int) and value < 1:
            raise ValueError("rounds must be at least 1, or 'unlimited'")
        return value

    @field_validator("formula")
    @classmethod
    def _formula(cls, value: str | None) -> str | None:
        if value is not None:
            known_rules(value)
        return value


class OptimiseConfig(Strict):
    """How ``evenwatt optimise`` looks for better keys."""

    method: Method = Field(
        default="annealing", description="search on the true rule; 'exact' is proved best for one round"
    )
    objective: str = Field(
        default="shared",
        description="what is to be as large as can be: shared, or coverage:alpha=1 (one round, method 'exact')",
    )
    pull: float = Field(
        default=0.0, ge=0, description="what moving all keys costs, as a fraction of what could be shared"
    )
    max_evaluations: int | None = Field(default=10_000, ge=1, description="keys tried at most")
    time_limit_s: float | None = Field(
        default=None, gt=0, description="a limit on the clock; results then depend on the machine"
    )

    @field_validator("objective")
    @classmethod
    def _objective(cls, value: str) -> str:
        alpha_of(value)
        return value


def alpha_of(objective: str) -> float | None:
    """Alpha of ``coverage:alpha=...``; None for ``shared``.

    Raises
    ------
    ValueError
        If the objective is neither.
    """
    name, _, option = objective.partition(":")
    key, _, number = option.partition("=")
    if name == "shared" and not option:
        return None
    try:
        if name == "coverage" and key == "alpha" and float(number) >= 0:
            return float(number)
    except ValueError:
        pass
    raise ValueError("expected 'shared' or 'coverage:alpha=1' (0 all energy, 1 Nash, inf the worst served)")


class ForwardConfig(Strict):
    """How keys are judged on days they were not chosen on."""

    window_days: int = Field(
        default=7, ge=1, description="length of a window; keys chosen on one, judged on the next"
    )
    train_windows: int = Field(default=1, ge=1, description="windows that keys are chosen on")


class SharingConfig(CaseConfig):
    """The whole of a sharing group's ``case.toml``."""

    study: Literal["sharing"] = Field(description="which story runs")
    rule: RuleConfig = RuleConfig()
    optimise: OptimiseConfig = OptimiseConfig()
    forward: ForwardConfig = ForwardConfig()
