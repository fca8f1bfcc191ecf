"""How a search went: what was reached and what was proved, second by second."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One moment of a search.

    Attributes
    ----------
    seconds : float
        Since it began [s].
    shared : float
        The best found so far [Wh].
    bound : float
        What nothing can exceed, as far as proved by then [Wh]; infinite before anything is proved.
    """

    seconds: float
    shared: float
    bound: float

    @property
    def gap(self) -> float:
        """What may be missing yet, as a fraction of the bound; 0 where there is nothing to share."""
        return (self.bound - self.shared) / self.bound if self.bound > 0 else 0.0
