"""What every ``case.toml`` may say, and the errors that name its keys."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from evenwatt.core.errors import CaseError, told
from evenwatt.studies.story import STUDIES, find


class Strict(BaseModel):
    """A section of ``case.toml``: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DataConfig(Strict):
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


class CaseConfig(Strict):
    """What every study's ``case.toml`` says; each study adds sections of its own."""

    study: str = Field(description="which story runs")
    timezone: str = Field(default="UTC", description="IANA zone of the settlement days")
    currency: str = Field(default="EUR", min_length=1, max_length=8)
    seed: int = Field(default=0, ge=0, description="the one seed of everything that draws by chance")
    data: DataConfig

    @field_validator("study")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in STUDIES:
            raise ValueError(f"'{value}' is not a study; there are {', '.join(STUDIES)}")
        return value

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
    """Check a configuration that was read already, by its study; ``place`` opens the error."""
    study = raw.get("study")
    model = find(study).config if isinstance(study, str) and study in STUDIES else CaseConfig
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        # Where the study is not known, nothing can be said about the keys that studies add.
        known = [e for e in error.errors() if model is not CaseConfig or e["type"] != "extra_forbidden"]
        raise CaseError(told(place, [_fault(e) for e in known])) from None


def json_schema() -> dict[str, Any]:
    """The JSON Schema of ``case.toml``: one of the studies' configurations, told apart by ``study``."""
    from pydantic.json_schema import models_json_schema

    models = {name: find(name).config for name in STUDIES}
    held, definitions = models_json_schema([(model, "validation") for model in models.values()])
    chosen = {name: held[model, "validation"] for name, model in models.items()}
    return {
        "title": "case.toml",
        "oneOf": list(chosen.values()),
        "discriminator": {
            "propertyName": "study",
            "mapping": {name: reference["$ref"] for name, reference in chosen.items()},
        },
        **definitions,
    }


def known_rules(texts: str | tuple[str, ...]) -> None:
    """Raise a ValueError, for a field's validator, where a claims rule is not one."""
    from evenwatt.core.errors import RuleError
    from evenwatt.studies.division import division

    for text in (texts,) if isinstance(texts, str) else texts:
        try:
            division(text)
        except RuleError as error:
            raise ValueError(str(error)) from None


def _fault(error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{key}: unknown key; `evenwatt schema` lists the keys"
    if error["type"] == "missing":
        return f"{key}: missing; `evenwatt schema` says what it is for"
    text = error["msg"].removeprefix("Value error, ")
    found = "" if error["type"] == "value_error" else f", found {error['input']!r}"
    return f"{key}: {text}{found}"
