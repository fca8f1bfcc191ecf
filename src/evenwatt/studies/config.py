"""What ``case.toml`` may say, and the errors that name its keys."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from evenwatt.core.errors import CaseError, RuleError, told


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataConfig(_Strict):
    """Where the readings are and how their time stamps are to be read."""

    meters: str = Field(description="meter file or folder, relative to the case")
    offset: str | None = Field(
        default=None,
        pattern=r"^[+-]\d\d:\d\d$",
        description="fixed UTC offset of time stamps that carry none; without it they are local time",
    )
    year: int | None = Field(default=None, ge=1900, le=2200, description="year of a file that states none")
    repair: dict[str, str] = Field(
        default_factory=dict,
        description="fault -> policy, e.g. missing = 'previous-week'; nothing is repaired unasked",
    )


class RuleConfig(_Strict):
    """Which rule divides at each stage; spelled ``name`` or ``name:parameter=value``."""

    agents: str = Field(default="pro", description="stage one: the pool among agents")
    members: str = Field(default="pro", description="stage two: an agent's stock among its members")
    compare: tuple[str, ...] = Field(
        default=(), description="further rules to compute beside the polynomial ones"
    )

    @field_validator("agents", "members", "compare")
    @classmethod
    def _known(cls, value: Any) -> Any:
        from evenwatt.studies.division import division

        for text in (value,) if isinstance(value, str) else value:
            try:
                division(text)
            except RuleError as error:
                raise ValueError(str(error)) from None
        return value


class MoneyConfig(_Strict):
    """What the agents keep."""

    agent_margin_per_mwh: float = Field(
        default=0.0, ge=0, description="kept by the agent of each MWh it passes on"
    )


class CaseConfig(_Strict):
    """The whole of ``case.toml``."""

    study: Literal["cascade"] = Field(description="which story runs")
    timezone: str = Field(default="UTC", description="IANA zone of the settlement days")
    currency: str = Field(default="EUR", min_length=1, max_length=8)
    seed: int = Field(default=0, ge=0, description="the one seed of everything that draws by chance")
    data: DataConfig
    rule: RuleConfig = RuleConfig()
    money: MoneyConfig = MoneyConfig()

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"'{value}' is not an IANA time zone such as 'Europe/Prague'") from None
        return value


def read_config(path: Path) -> CaseConfig:
    """Read and check ``case.toml``; all its faults in one error.

    Raises
    ------
    CaseError
        Naming the file, every key at fault, what was found and what was expected.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CaseError(
            f"{path}: there is no such file; `evenwatt init CASE --meters FILE` makes a case"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CaseError(f"{path}: not valid TOML: {error}") from None
    return checked_config(raw, str(path))


def checked_config(raw: dict[str, Any], place: str) -> CaseConfig:
    """Check a configuration that was read already; ``place`` opens the error."""
    try:
        return CaseConfig.model_validate(raw)
    except ValidationError as error:
        raise CaseError(told(place, [_fault(e) for e in error.errors()])) from None


def _fault(error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{key}: unknown key; `evenwatt schema` lists the keys"
    if error["type"] == "missing":
        return f"{key}: missing; `evenwatt schema` says what it is for"
    text = error["msg"].removeprefix("Value error, ")
    found = "" if error["type"] == "value_error" else f", found {error['input']!r}"
    return f"{key}: {text}{found}"
