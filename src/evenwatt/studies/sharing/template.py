"""The tables and settings of a new sharing group, from readings alone: first keys by demand, ready to be edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError
from evenwatt.core.meters import Meters
from evenwatt.studies.sharing import keys as key_table
from evenwatt.studies.sharing.group import PRICES
from evenwatt.studies.template import FIRST_PRICES, Draft, Settings, counting, members_of, quoted, toml

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]

MOST_LINKS = 5  # producers of a consumer at first; decree 408/2015 Sb., annex 25


def draft(settings: Settings, meters: Meters, agents: int | None) -> Draft:
    """A member for each meter, keys in proportion to demand, priorities by size, a first price.

    Raises
    ------
    CaseError
        If agents are asked for, or nobody generates.
    """
    if agents is not None:
        raise CaseError("--agents: a sharing group has none; its members share with one another")
    makers, users = counting(meters, "generation"), counting(meters, "consumption")
    if not makers or not users:
        raise CaseError(
            f"the readings hold {len(users)} meters with consumption and {len(makers)} with generation; "
            "sharing needs both"
        )
    members = members_of([*users, *(meter for meter in makers if meter not in users)], makers)
    rows = first_keys(meters, makers, users)
    if not rows:
        raise CaseError("only one meter takes part; sharing needs a producer and another consumer")
    sections = [
        "[rule]",
        f"country = {quoted(settings.rule)}      # whose rule; what is not said below is as it has it",
        "# rounds = 5            # how often what is left is offered again, or 'unlimited'",
        "# quantum_wh = 10       # every share is rounded down to a multiple of this",
        "# max_links = 5         # producers a consumer may have",
        "",
        "[optimise]",
        'method = "annealing"    # how `evenwatt optimise` searches: hill-climbing, annealing, genetic, exact',
        "max_evaluations = 10000 # keys tried at most",
    ]
    return Draft(
        {
            "members.csv": [{**row, "valid_from": "", "valid_to": ""} for row in members],
            "keys.csv": rows,
            "prices.csv": [{"interval_start": f"{meters.start[0]}Z", **{n: FIRST_PRICES[n] for n in PRICES}}],
        },
        toml("sharing", settings, sections),
    )


def first_keys(meters: Meters, makers: Sequence[str], users: Sequence[str]) -> list[Mapping[str, Any]]:
    """Rows of ``keys.csv``: each consumer linked to a few producers, so that all producers find takers."""
    supply, demand = _left(meters, makers, "generation"), _left(meters, users, "consumption")
    apart = np.array([[maker == user for user in users] for maker in makers], dtype=np.bool_)
    linked = dealt(supply, demand, apart)
    keys = key_table.by_weight(linked, demand)
    return [row.to_dict() for row in key_table.rows_of(keys, _ranks(linked, supply), makers, users)]


def _left(meters: Meters, names: Sequence[str], direction: str) -> Array:
    """What each meter has over, or still wants, after own use in every interval [Wh]."""
    other = "consumption" if direction == "generation" else "generation"
    mine, against = meters.energy(names, direction), meters.energy(names, other)  # type: ignore[arg-type]
    return np.asarray(np.maximum(mine - against, 0).sum(axis=0), dtype=np.float64)


def dealt(supply: Array, demand: Array, apart: Flags, most: int = MOST_LINKS) -> Flags:
    """Link each consumer, the largest first, to the producers that have most left for it, (I, J).

    What a linked consumer is expected to take counts as gone, so that small producers find takers too.

    Examples
    --------
    >>> dealt(np.array([10.0, 4.0]), np.array([8.0, 6.0]), np.zeros((2, 2), bool), most=1)
    array([[ True, False],
           [False,  True]])
    """
    linked = np.zeros(apart.shape, dtype=np.bool_)
    left = supply.copy()
    for j in np.argsort(-demand, kind="stable"):
        able = np.flatnonzero(~apart[:, j])
        chosen = able[np.argsort(-left[able], kind="stable")[:most]]
        linked[chosen, j] = True
        weight = np.maximum(supply[chosen], 1e-9)
        left[chosen] -= demand[j] * weight / weight.sum() if len(chosen) else 0.0
    return linked


def _ranks(linked: Flags, supply: Array) -> Whole:
    """Priorities: of a consumer's producers the one with most surplus first; larger is first."""
    rank = np.empty(len(supply), dtype=np.int64)
    rank[np.argsort(supply, kind="stable")] = np.arange(len(supply))
    held = np.where(linked, rank[:, None] + 1, 0)
    place = np.argsort(np.argsort(held, axis=0, kind="stable"), axis=0) - (~linked).sum(axis=0) + 1
    return np.where(linked, place, 0).astype(np.int64)
