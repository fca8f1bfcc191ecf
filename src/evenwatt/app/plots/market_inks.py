"""Colours of a market's page: one for each price, role, source and way of trading, wherever it appears."""

from __future__ import annotations

from evenwatt.app.plots.colours import (
    AGENTS,
    BLUE,
    DASHED,
    DOTTED,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    WINE,
    Ink,
)  # fmt: skip

# Prices: name, and the ink of its line.
LOCAL, WHOLESALE, OUTSIDE, RETAIL = Ink(BLUE), Ink(VERMILION), Ink(GREY, DASHED), Ink(PURPLE, DOTTED)
PRICES = {
    "local_per_mwh": ("Local", LOCAL),
    "wholesale_per_mwh": ("Wholesale", WHOLESALE),
    "outside_per_mwh": ("Outside grid", OUTSIDE),
    "retail_per_mwh": ("Retail tariff", RETAIL),
}
MARKETS = {"local": ("Local market", LOCAL), "wholesale": ("Wholesale market", WHOLESALE)}

ROLES = {
    "consumer": SKY,
    "prosumer": ORANGE,
    "producer": GREEN,
    "utility": PURPLE,
    "regulator": GREY,
    "household": BLUE,
}
SOURCES = {
    "wind": SKY,
    "solar": "#e0a92e",
    "hydro": BLUE,
    "nuclear": PURPLE,
    "coal": "#5d5550",
    "lignite": "#8a5a2b",
    "gas": VERMILION,
    "oil": WINE,
    "biomass": GREEN,
    "oilandgas": VERMILION,
    "renewableenergy": GREEN,
}
BUY, SELL = BLUE, ORANGE


def source_colour(source: str) -> str:
    """The colour of an energy source; a source of no fixed colour gets one by its name."""
    return SOURCES.get(source.lower()) or AGENTS[sum(map(ord, source)) % len(AGENTS)]


def party_colour(party: str) -> str:
    """The colour of a role or of the many of it (``consumers``, ``utilities``); grey for everybody else.

    Examples
    --------
    >>> party_colour("utilities") == party_colour("utility"), party_colour("fund")
    (True, '#7d858e')
    """
    one = party.lower()
    one = f"{one[:-3]}y" if one.endswith("ies") else one.removesuffix("s")
    return ROLES.get(one, GREY)
