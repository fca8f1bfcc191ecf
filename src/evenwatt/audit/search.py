"""Look for a problem on which a rule breaks an axiom."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.audit.axioms import AXIOMS, Axiom, Divide, limits, pose
from evenwatt.audit.witness import BREACH, Witness, witness
from evenwatt.core.chance import generator
from evenwatt.core.errors import InputError
from evenwatt.core.rule import Array

MEMBERS = (2, 5)
# A first small batch answers most searches for a breach.
BATCHES = (128, 512, 2048)


def check_axiom(
    rule: Divide, name: str, trials: int = 2000, rng: np.random.Generator | int = 0
) -> Witness | None:
    """The first of ``trials`` random problems on which the rule breaks the axiom, or None.

    Parameters
    ----------
    rule : callable
        ``(...,), (..., n) -> (..., n)``; a ``Rule`` is only asked for as many members as it takes.
    name : str
        Id of the axiom, a key of ``AXIOMS``.
    trials : int
        How many problems to draw, of two to five members.
    rng : Generator or int
        Where they are drawn from; the same seed gives the same witness.

    Returns
    -------
    Witness or None
        A problem whose gap is above 1e-6 of all claims.

    Raises
    ------
    InputError
        If no axiom has that name; names the nearest.

    Examples
    --------
    >>> def equal_awards(endowment, claims):
    ...     return np.broadcast_to(endowment[..., None] / claims.shape[-1], claims.shape)
    >>> check_axiom(equal_awards, "claims-bounded").axiom
    'claims-bounded'
    >>> check_axiom(equal_awards, "efficiency") is None
    True
    """
    held, chance = axiom_named(name), generator(rng)
    drawn, batches = 0, iter(BATCHES)
    batch = BATCHES[0]
    while drawn < trials:
        batch = min(next(batches, batch), trials - drawn)
        found = _first(held, rule, chance, batch)
        if found is not None:
            return found
        drawn += batch
    return None


def axiom_named(name: str) -> Axiom:
    """Return the axiom ``name``; the error names the nearest."""
    if name in AXIOMS:
        return AXIOMS[name]
    near = get_close_matches(name, AXIOMS, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise InputError(f"unknown axiom '{name}'; {hint}the axioms are {', '.join(AXIOMS)}")


def problems(
    rng: np.random.Generator, trials: int, members: tuple[int, int] = MEMBERS
) -> Iterator[tuple[npt.NDArray[np.int64], Array, Array]]:
    """Draw problems of every sort on which rules are known to break axioms.

    Yields
    ------
    (trial numbers, endowment (t,), claims (t, n))
        One batch for each number of members.
    """
    size = rng.integers(members[0], members[1] + 1, trials)
    for n in np.unique(size):
        rows = np.flatnonzero(size == n)
        claims = _claims(rng, len(rows), int(n))
        yield rows, _endowments(rng, claims), claims


def _claims(rng: np.random.Generator, rows: int, n: int) -> Array:
    shape = (rows, n)
    families = np.stack([
        rng.gamma(1.0, 10.0, shape) + 0.1,
        rng.integers(1, 8, shape).astype(float),
        rng.choice([1.0, 2.0, 10.0, 30.0], shape) * rng.choice([1.0, 1.0, 1.5], shape),
        10.0 ** rng.uniform(0.0, 2.0, shape),
        # Ties and claims of nothing; somebody claims something.
        np.maximum(rng.integers(0, 5, shape), np.arange(n) == 0).astype(float),
    ])  # fmt: skip
    return np.asarray(families[rng.integers(0, len(families), rows), np.arange(rows)])


def _endowments(rng: np.random.Generator, claims: Array) -> Array:
    total, rows = claims.sum(axis=-1), len(claims)
    families = np.stack([
        rng.uniform(0.02, 0.98, rows) * total,
        total / 2,
        claims.max(axis=-1),
        rng.uniform(0.02, 0.2, rows) * total,
        rng.uniform(0.8, 0.98, rows) * total,
    ])  # fmt: skip
    return np.asarray(families[rng.integers(0, len(families), rows), np.arange(rows)])


def _first(axiom: Axiom, rule: Divide, rng: np.random.Generator, trials: int) -> Witness | None:
    found: dict[int, Any] = {}
    for rows, endowment, claims in problems(rng, trials, _members(rule)):
        draw = axiom.auxiliary.random(rng, endowment, claims)
        posed = pose(rule, endowment, claims)
        gap = axiom.measured(posed, draw)
        broken = np.flatnonzero(gap > BREACH * posed.total)
        if len(broken):
            k = int(broken[0])
            found[int(rows[k])] = witness(axiom, posed, draw, float(gap[k]), (k,), {})
    return found[min(found)] if found else None


def _members(rule: Divide) -> tuple[int, int]:
    least, most = limits(rule)
    low = max(MEMBERS[0], least)
    return low, max(low, min(MEMBERS[1], most))
