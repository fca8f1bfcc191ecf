"""Look for a book on which a mechanism breaks a promise."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

import numpy as np

from evenwatt.audit.auctions.properties import PROPERTIES, Property
from evenwatt.audit.auctions.random_books import posed, taken
from evenwatt.audit.auctions.witness import Breach, breach
from evenwatt.core.chance import generator
from evenwatt.core.errors import InputError
from evenwatt.markets.clear import found
from evenwatt.markets.mechanism import Mechanism


def check_property(
    mechanism: str | Mechanism,
    name: str,
    *,
    trials: int = 200,
    rng: np.random.Generator | int = 0,
    nodes: int = 1,
) -> Breach | None:
    """The first of ``trials`` random books on which the mechanism breaks the promise, or None.

    Parameters
    ----------
    mechanism : str or Mechanism
        Who clears; it is asked only for books of a sort that it takes.
    name : str
        Id of the property, a key of ``PROPERTIES``.
    trials : int
        How many books to draw.
    rng : Generator or int
        Where they are drawn from; the same seed gives the same answer.
    nodes : int
        Nodes the orders are spread over.

    Returns
    -------
    Breach or None
        A book with a gap above rounding.

    Raises
    ------
    InputError
        If no property has that name; names the nearest.

    Examples
    --------
    >>> check_property("uniform-price", "truthful-price").promise
    'truthful-price'
    >>> check_property("uniform-price", "budget-balanced") is None
    True
    """
    asked, chance = property_named(name), generator(rng)
    made = found(mechanism) if isinstance(mechanism, str) else mechanism
    takes = taken(made)
    for _ in range(trials):
        outcome = posed(made, chance, takes, nodes=nodes)
        gap = asked(made, outcome.orders, terms=outcome.terms)
        if gap > 0:
            return breach(name, outcome.orders, replace(outcome.terms, near=None), gap, {})
    return None


def property_named(name: str) -> Property:
    """Return the property ``name``; the error names the nearest."""
    if name in PROPERTIES:
        return PROPERTIES[name]
    near = get_close_matches(name, PROPERTIES, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise InputError(f"unknown property '{name}'; {hint}the properties are {', '.join(PROPERTIES)}")
