"""How a Spanish distributor lays its file out: data that a user may replace, in ``spain.toml`` by default."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from evenwatt.core.errors import DataError, gather

_CELLS = ({"cups", "coefficient"}, {"cups", "hour", "coefficient"})


@dataclass(frozen=True)
class Template:
    """How a distributor lays its file out; each field is explained in ``spain.toml``."""

    verified: bool
    separator: str
    decimal: str
    decimals: int
    header: str
    constant: list[str]
    hourly: list[str]
    first_hour: int
    hour_digits: int
    name: str
    newline: str
    encoding: str
    zone: str

    def __post_init__(self) -> None:
        with gather("template") as faults:
            for kind, expected in (("constant", _CELLS[0]), ("hourly", _CELLS[1])):
                if set(getattr(self, kind)) != expected or len(getattr(self, kind)) != len(expected):
                    faults.append(f"{kind} = {getattr(self, kind)}, expected each of {sorted(expected)} once")
            if not 1 <= self.decimals <= 9:
                faults.append(f"decimals = {self.decimals}, expected 1 to 9")
            if self.separator == self.decimal or len(self.separator) != 1:
                faults.append(
                    f"separator = {self.separator!r}, expected one letter other than the decimal sign"
                )


def template(path: Path | str | None = None) -> Template:
    """A distributor's layout, or the default one.

    Raises
    ------
    DataError
        If it is no TOML, or keys are missing or unknown.
    """
    place = Path(path) if path else Path(__file__).with_name("spain.toml")
    try:
        found = tomllib.loads(place.read_text(encoding="utf-8"))
    except OSError as why:
        raise DataError(f"{place}: cannot be read ({why.strerror})") from None
    except tomllib.TOMLDecodeError as why:
        raise DataError(f"{place}: is no TOML ({why})") from None
    names = {field.name for field in fields(Template)}
    with gather(str(place)) as faults:
        faults += [f"key {name!r} is missing" for name in sorted(names - found.keys())]
        faults += [f"key {name!r} is unknown" for name in sorted(found.keys() - names)]
    return Template(**found)
