"""The consumer's rule: never pay a neighbour more than the utility would charge, and compare utilities once a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evenwatt.core.chance import Keyed
from evenwatt.policies.reading import Column
from evenwatt.policies.scripted.buying import Taste, purchases
from evenwatt.policies.scripted.standing import Standing
from evenwatt.policies.seen import Observation


@dataclass
class Consumer:
    """Bids its worth less a margin in the local auction, and has a utility serve the rest.

    Attributes
    ----------
    taste : Taste
        What it weighs.
    """

    taste: Taste = field(default_factory=Taste)
    name: str = "rule"
    _standing: Standing = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._standing = Standing("consumer", ("bid_per_mwh", "source", "utility"))

    def decide(self, seen: Observation, rng: Keyed) -> dict[str, Column]:
        """``bid_per_mwh``, ``source`` and ``utility``."""
        return self._standing.decided(seen, rng, purchases(seen, rng, self.taste))

    def remember(self) -> Mapping[str, Column]:
        """Decisions that stand."""
        return self._standing.remember()

    def recall(self, memory: Mapping[str, Column]) -> None:
        """Go on from what :meth:`remember` gave."""
        self._standing.recall(memory)
