"""One seed, named streams: chance that does not depend on who asks first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt


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


# Steps of the counter behind :class:`Keyed`; Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195 (SplitMix64).
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True)
class Keyed:
    """Chance by counter: what an agent draws depends on its own number and the step, and on nobody else.

    A draw is a hash of (seed, stream, step, agent, what), so it is the same whatever the order of the
    agents, however many there are, and in whichever process it is drawn.

    Parameters
    ----------
    seed : int
        The case's seed.
    stream : str
        Whose chance it is; another stream shares nothing with this one.
    step : int
        The step of the simulation.

    Examples
    --------
    >>> chance = Keyed(7, "consumers", step=3)
    >>> few, more = chance.uniform([4, 5], "choice"), chance.uniform([5, 6, 4], "choice")
    >>> bool(few[0] == more[2] and few[1] == more[0])
    True
    """

    seed: int
    stream: str
    step: int = 0

    def at(self, step: int) -> Keyed:
        """The same stream at another step."""
        return Keyed(self.seed, self.stream, step)

    def bits(self, agents: npt.ArrayLike, what: str = "") -> npt.NDArray[np.uint64]:
        """64 random bits for each agent number, of the shape of ``agents``."""
        salt = self.salts(self.step, what)
        with np.errstate(over="ignore"):
            held: npt.NDArray[np.uint64] = mixed(np.asarray(agents).astype(np.uint64) * GOLDEN + salt)
            return held

    def salts(self, steps: npt.ArrayLike, what: str = "") -> Any:
        """What the bits of each step are mixed from, besides ``agent * GOLDEN``: for loops that hash on the way."""
        with np.errstate(over="ignore"):
            return mixed(
                np.uint64(_salt(self.seed, self.stream, what)) + np.asarray(steps).astype(np.uint64) * GOLDEN
            )

    def uniform(self, agents: npt.ArrayLike, what: str = "") -> npt.NDArray[np.float64]:
        """A number in [0, 1) for each agent number, of the shape of ``agents``."""
        return (self.bits(agents, what) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def normal(self, agents: npt.ArrayLike, what: str = "") -> npt.NDArray[np.float64]:
        """A standard normal number for each agent number (Box and Muller 1958, doi:10.1214/aoms/1177706645)."""
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(agents, what + " radius")))
        turned: npt.NDArray[np.float64] = radius * np.cos(2.0 * np.pi * self.uniform(agents, what + " angle"))
        return turned


def mixed(bits: Any) -> Any:
    """Bits that no longer show what they were made of: the finaliser of SplitMix64."""
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    return bits ^ (bits >> np.uint64(31))


@cache
def _salt(seed: int, stream: str, what: str) -> int:
    return int.from_bytes(sha256(f"{seed}\0{stream}\0{what}".encode()).digest()[:8], "big")
