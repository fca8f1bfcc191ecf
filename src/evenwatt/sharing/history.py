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


def told(name: str, steps: tuple[Step, ...]) -> str:
    """One line of where a search ended: shared, bound, gap and seconds.

    Examples
    --------
    >>> told("keys", (Step(0.5, 2_000_000.0, 2_010_000.0),))
    'keys: shared 2.000 MWh, bound 2.010 MWh, gap 0.50%, 0.50 s'
    """
    if not steps:
        return f"{name}: nothing to look for"
    last = steps[-1]
    return (
        f"{name}: shared {last.shared / 1e6:,.3f} MWh, bound {last.bound / 1e6:,.3f} MWh, gap {last.gap:.2%}, "
        f"{last.seconds:.2f} s"
    )
