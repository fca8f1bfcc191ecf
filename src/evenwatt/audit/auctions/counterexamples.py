"""Why a promise is not made: for each mechanism and promise it leaves out, the simplest book found that breaks it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from evenwatt.audit.auctions.properties import PROPERTIES
from evenwatt.audit.auctions.random_books import Taken, taken
from evenwatt.audit.auctions.search import property_named
from evenwatt.audit.auctions.witness import Breach, breach
from evenwatt.markets.clear import found, mechanisms
from evenwatt.markets.mechanism import Terms
from evenwatt.markets.orders import BUY, Orders

STORED = "counterexamples.json"

# A stored breach should be plain to see, not one of a micro-unit [micro-units or Wh].
CLEAR = 10.0
DRAWS = 400
LARGEST = 7
# Where a mechanism keeps a promise unless it is told otherwise.
OPTIONS: Mapping[str, tuple[Mapping[str, Any], ...]] = {"zonal": ({"lines": [[0, 1, 100]]},)}


def counterexample(mechanism: str, name: str) -> Breach | None:
    """The stored book on which a mechanism breaks a promise it does not make.

    Raises
    ------
    InputError
        If no property has that name; names the nearest.

    Examples
    --------
    >>> counterexample("pay-as-bid", "budget-balanced").promise
    'budget-balanced'
    """
    return stored().get(mechanism, {}).get(property_named(name).id)


@cache
def stored() -> dict[str, dict[str, Breach]]:
    """Every stored counterexample, by mechanism and property."""
    text = files("evenwatt.audit.auctions").joinpath(STORED).read_text(encoding="utf-8")
    return {
        mechanism: {name: Breach.from_dict(name, held) for name, held in properties.items()}
        for mechanism, properties in json.loads(text).items()
    }


def simplest(mechanism: str, name: str, *, draws: int = DRAWS) -> Breach | None:
    """The clear breach with the fewest orders among random books in small whole numbers, or None."""
    for options in ({}, *OPTIONS.get(mechanism, ())):
        made, rng = found(mechanism, options), np.random.default_rng(1)
        nodes = 2 if options else 1
        takes = taken(made)
        for orders, terms in _small_books(rng, takes, draws, nodes):
            gap = PROPERTIES[name](made, orders, terms=terms)
            if gap >= CLEAR:
                return breach(name, orders, terms, gap, options)
    return None


def _small_books(
    rng: np.random.Generator, takes: Taken, draws: int, nodes: int
) -> Iterator[tuple[Orders, Terms]]:
    """Few orders first, in whole tens and hundreds: books of one size of order, and of agents with several."""
    for n in range(1, LARGEST + 1):
        for _ in range(draws if n > 1 else 20):
            bids, demand = takes.forms[rng.integers(len(takes.forms))]
            side = np.sort(rng.choice([BUY, -BUY], n) if bids else np.full(n, -BUY))[::-1]
            one_size = "single" not in takes.kinds or rng.random() < 0.5
            quantity = np.full(n, 100) if one_size else rng.choice([100, 200, 300], n)
            price = 10.0 * rng.integers(1, 10, n)
            price = price[np.lexsort((-price * side, -side))]
            agent = np.arange(1, n + 1)
            if "several" in takes.kinds and rng.random() < 0.3:
                # Neighbours of one side become one agent.
                agent = agent - np.where(rng.random(n) < 0.5, np.append(0, side[1:] == side[:-1]), 0)
            orders = Orders(agent, side, price, quantity, node=rng.integers(0, nodes, n))
            wanted = np.full(len(orders.markets), 100 * rng.integers(1, 4)) if demand else None
            yield orders, Terms(demand=wanted, seed=int(rng.integers(3)))


def renewed(only: Sequence[str] = ()) -> dict[str, dict[str, Breach]]:
    """The simplest counterexample to every promise that each mechanism, or each of ``only``, does not make."""
    return {
        mechanism: {
            name: breach
            for name in PROPERTIES
            if name not in rule.satisfies and (breach := simplest(mechanism, name)) is not None
        }
        for mechanism, rule in mechanisms().items()
        if not only or mechanism in only
    }


def written(books: Mapping[str, Mapping[str, Breach]]) -> str:
    """The file's text: one line a counterexample, so that a change reads well."""
    blocks = []
    for mechanism, properties in sorted(books.items()):
        lines = [f'    "{name}": {json.dumps(properties[name].stored())}' for name in sorted(properties)]
        blocks.append(f'  "{mechanism}": {{\n' + ",\n".join(lines) + "\n  }")
    return "{\n" + ",\n".join(blocks) + "\n}\n"
