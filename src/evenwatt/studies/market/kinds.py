"""Sources of energy: what a unit costs and emits where a case does not say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A way to generate electricity.

    Attributes
    ----------
    cost_per_mwh : float
        Fuel and other variable cost, without carbon [currency per MWh].
    emission_t_per_mwh : float
        Direct emission of CO2, of electricity [t/MWh].
    renewable : bool
        Whether it counts as renewable.
    weather : str
        What its output follows: ``sun``, ``wind``, ``river`` or ``none``.
    upgrade_per_kw : float
        Cost of more capacity [currency per kW].
    """

    cost_per_mwh: float
    emission_t_per_mwh: float
    renewable: bool
    weather: str = "none"
    upgrade_per_kw: float = 1000.0


def _burnt(fuel: float, kg_per_gj: float, efficiency: float, upgrade: float) -> Source:
    """What is burnt: fuel price over efficiency and 3 per MWh for the rest; emission of the fuel over efficiency."""
    cost = round(fuel / efficiency + 3.0, 1)
    return Source(cost, round(kg_per_gj * 3.6 / 1000 / efficiency, 3), False, upgrade_per_kw=upgrade)


# Emission of fuels [kg/GJ]: IPCC 2006 Guidelines, vol. 2, table 2.2. Fuel prices [per MWh of heat],
# efficiencies and costs of capacity are round figures of Europe in the mid-2020s, to be replaced by one's own.
SOURCES: Mapping[str, Source] = {
    "solar": Source(0.0, 0.0, True, "sun", 700.0),
    "wind": Source(1.0, 0.0, True, "wind", 1400.0),
    "hydro": Source(4.0, 0.0, True, "river", 3000.0),
    "biomass": Source(62.0, 0.0, True, upgrade_per_kw=3500.0),
    "nuclear": Source(12.0, 0.0, False, upgrade_per_kw=7000.0),
    "lignite": _burnt(6.0, 101.0, 0.38, 2000.0),
    "coal": _burnt(13.0, 94.6, 0.42, 1800.0),
    "gas": _burnt(32.0, 56.1, 0.55, 900.0),
    "oil": _burnt(50.0, 77.4, 0.38, 600.0),
}
# Other words for the same.
ALIASES: Mapping[str, str] = {
    "pv": "solar", "sun": "solar", "water": "hydro", "renewable": "solar", "renewables": "solar",
    "renewableenergy": "solar", "oilandgas": "gas", "fossil": "gas", "hard coal": "coal", "bio": "biomass",
}  # fmt: skip


def source_named(text: str) -> str | None:
    """The name of a source as a case may write it, or None.

    Examples
    --------
    >>> source_named("RenewableEnergy"), source_named("plutonium")
    ('solar', None)
    """
    word = text.strip().lower()
    word = ALIASES.get(word, word)
    return word if word in SOURCES else None
