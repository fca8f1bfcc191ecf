"""Energy, money and shares as people read them: a unit that fits, digits in threes, thin spaces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evenwatt.core import units
from evenwatt.core.units import MICRO_PER_UNIT

THIN = "\u202f"  # narrow no-break space
MINUS = "\u2212"
# From which energy on [Wh], worth of the unit [Wh], its name; MWh begin at 10 000 kWh.
LADDER = ((10**10, 10**9, "GWh"), (10**7, 10**6, "MWh"), (1_000, 1_000, "kWh"), (1, 1, "Wh"))


@dataclass(frozen=True)
class Unit:
    """A unit of energy and what it is worth in watt-hours."""

    wh: int
    name: str

    def of(self, wh: float, decimals: int | None = None) -> str:
        """The figure alone, with as many decimals as three digits need.

        Examples
        --------
        >>> Unit(1_000, "kWh").of(1_234)
        '1.23'
        """
        value = wh / self.wh
        return grouped(value, decimals_for(value) if decimals is None else decimals)


def unit_for(wh: Iterable[float | None]) -> Unit:
    """The unit in which the largest of these energies has one to four digits before the point.

    Examples
    --------
    >>> unit_for([12_000, 4_200_000]).name
    'kWh'
    """
    largest = max((abs(value) for value in wh if value is not None), default=0)
    return next((Unit(worth, name) for least, worth, name in LADDER if largest >= least), Unit(1_000, "kWh"))


def household_unit(wh: Iterable[float | None]) -> Unit:
    """The kWh that bills are written in, unless all these energies are too small or one too large for it.

    Examples
    --------
    >>> household_unit([14_700_000, 6_650]).name, household_unit([740]).name
    ('kWh', 'Wh')
    """
    held = [abs(value) for value in wh if value is not None]
    return Unit(1_000, "kWh") if 1_000 <= max(held, default=0) < 10**9 else unit_for(held)


def energy(wh: float) -> str:
    """One energy with its unit.

    Examples
    --------
    >>> energy(41_230_000).replace(THIN, " ")
    '41.2 MWh'
    """
    return written(wh, unit_for([wh]))


def written(wh: float, unit: Unit) -> str:
    """One energy in a given unit, with its name."""
    return f"{unit.of(wh)}{THIN}{unit.name}"


def money(micro: float, currency: str, decimals: int = 2) -> str:
    """Micro-units as money with two decimals and the currency's code."""
    return f"{grouped(micro / MICRO_PER_UNIT, decimals)}{THIN}{currency}"


def money_decimals(micro: Iterable[float | None]) -> int:
    """Two decimals, or as many more as the largest of small amounts needs to show two digits.

    Examples
    --------
    >>> money_decimals([12_000_000, 3_000]), money_decimals([14_000, -800]), money_decimals([])
    (2, 3, 2)
    """
    largest = max((abs(value) for value in micro if value is not None), default=0) / MICRO_PER_UNIT
    return 2 if largest == 0 or largest >= 0.1 else 3 if largest >= 0.01 else 4 if largest >= 0.001 else 6


def per_kwh(price_per_mwh: float) -> float:
    """A price per MWh as the price of one kWh, which is what households know."""
    return float(units.money(units.micro(units.WH_PER_KWH, price_per_mwh)))


def percent(share: float, decimals: int = 0) -> str:
    """A fraction as a percentage that says 100 and 0 only where it is so.

    Examples
    --------
    >>> percent(0.9999).replace(THIN, " "), percent(0.414).replace(THIN, " ")
    ('99.9 %', '41 %')
    """
    # Rounding must not turn "nearly everybody" into "everybody", nor "a little" into "nothing".
    if decimals == 0 and (0.995 <= share < 1 or 0 < share < 0.005):
        return f"{grouped(min(max(share * 100, 0.1), 99.9), 1)}{THIN}%"
    return f"{grouped(share * 100, decimals)}{THIN}%"


def grouped(value: float, decimals: int = 0) -> str:
    """A number with thin spaces between thousands and a true minus sign.

    Examples
    --------
    >>> grouped(-1234567.8, 1).replace(THIN, " ")
    '−1 234 567.8'
    """
    text = f"{value:,.{decimals}f}".replace(",", THIN).replace("-", MINUS)
    return text.removeprefix(MINUS) if not text.strip(f"{MINUS}0.{THIN}") else text


def decimals_for(value: float) -> int:
    """How many decimals show three digits of ``value``."""
    size = abs(value)
    return 0 if size >= 100 or size == 0 else 1 if size >= 10 else 2


def counted(number: int, noun: str) -> str:
    """A count with its noun: ``1 member``, ``118 members``."""
    return f"{grouped(number)} {noun}{'' if number == 1 else 's'}"
