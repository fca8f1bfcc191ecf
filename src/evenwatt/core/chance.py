"""One seed, named streams: chance that does not depend on who asks first."""

from __future__ import annotations

from hashlib import sha256

import numpy as np


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the generator of one named stream of a seed.

    The name is part of the key, so adding a stream never shifts the numbers of another.

    Examples
    --------
    >>> stream(7, "clouds").integers(100) == stream(7, "clouds").integers(100)
    np.True_
    """
    return np.random.default_rng(sequence(seed, name))


def sequence(seed: int, name: str) -> np.random.SeedSequence:
    """Return the seed sequence behind :func:`stream`; spawn it for one child per chunk of work."""
    digest = sha256(name.encode()).digest()
    return np.random.SeedSequence(
        seed, spawn_key=tuple(int.from_bytes(digest[i : i + 4], "big") for i in (0, 4, 8))
    )


def generator(rng: np.random.Generator | int | None) -> np.random.Generator:
    """Accept a generator or a seed; None is the seed 0, never the clock."""
    return rng if isinstance(rng, np.random.Generator) else np.random.default_rng(0 if rng is None else rng)
