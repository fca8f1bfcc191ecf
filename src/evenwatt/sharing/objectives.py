"""What keys are chosen for: shared energy, its money, or fairness between members; each concave in the keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

STEEPEST = 8.0  # alpha above which the smooth objective is beyond double precision; take infinity


@dataclass(frozen=True)
class Shared:
    """All energy that is shared [Wh]: the efficient keys."""


@dataclass(frozen=True, eq=False)
class Money:
    """Shared energy, each pair at its own gain.

    Where producers differ in price it matters who fills a demand that two could fill. Keys are chosen as if each
    consumer drew first where it gains most, which its priorities must then say (``priority``): the gain is then
    the sum over k of (gain of the k-th best less that of the next) times min(demand, drawn from the k best), and
    that is concave. Any other order gains no more by the same keys.

    Attributes
    ----------
    gains : (I, J)
        What a pair gains by sharing [money per MWh]; a pair that gains nothing or loses is not linked.
    """

    gains: Array

    def __post_init__(self) -> None:
        held = np.asarray(self.gains, dtype=np.float64)
        with gather("gains", ProblemError) as faults:
            if held.ndim != 2:
                faults.append(f"shape {held.shape}, expected (producers, consumers)")
            for place in np.argwhere(~np.isfinite(held))[:20]:
                faults.append(f"{place.tolist()}: {held[tuple(place)]} is not finite")
        object.__setattr__(self, "gains", held)

    @property
    def priority(self) -> Whole:
        """Larger first, (I, J): each consumer's producers by gain; 0 where there is none.

        Examples
        --------
        >>> Money([[50.0, 20.0], [80.0, -5.0]]).priority
        array([[1, 2],
               [2, 0]])
        """
        producers = len(self.gains)
        order = np.argsort(-self.gains, axis=0, kind="stable")
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.broadcast_to(np.arange(producers)[:, None], order.shape), axis=0)
        return np.asarray(np.where(self.gains > 0, producers - rank, 0), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Coverage:
    """Fairness between members by the part of their demand that sharing covers.

    The sum over members of weight times u(coverage), u(x) = x^(1-alpha)/(1-alpha), or log x for alpha = 1: 0 is
    efficiency, 1 the Nash product, infinity the greatest least coverage. Members without a demand that anybody
    could cover are left aside.

    Attributes
    ----------
    alpha : float
        Aversion to inequality, from 0 to 8, or infinity.
    weights : (J,), optional
        How much each member counts. By default demand^(1-alpha) up to alpha = 1, where the sum is then
        alpha-fair in energy (0: all energy that is shared), and the same for all from there on. Infinity
        takes none.

    Source: Mo & Walrand 2000, doi:10.1109/90.879343 (alpha-fairness); Atkinson 1970,
    doi:10.1016/0022-0531(70)90039-6 (the equivalent that results are stated in).
    """

    alpha: float
    weights: Array | None = None

    def __post_init__(self) -> None:
        with gather("coverage", ProblemError) as faults:
            if not (0 <= self.alpha <= STEEPEST or self.alpha == np.inf):
                faults.append(f"alpha: {self.alpha}; expected 0 to {STEEPEST:g}, or infinity")
            if self.weights is not None:
                held = np.asarray(self.weights, dtype=np.float64)
                if held.ndim != 1 or not (np.isfinite(held) & (held > 0)).all():
                    faults.append("weights: expected one finite number above 0 for each member")
                if self.alpha == np.inf:
                    faults.append("weights: the least coverage knows none; leave them out")
                object.__setattr__(self, "weights", held)


Objective = Shared | Money | Coverage


class Goal(Protocol):
    """An objective on some consumers' totals, as :mod:`evenwatt.sharing.certificate.central_path` climbs it."""

    def worth(self, totals: Array) -> Array:
        """Worth of one more unit of each total."""

    def spread(self, totals: Array) -> Array | None:
        """How much a total falls as its worth rises by one; nothing where worths are fixed."""

    def value(self, totals: Array) -> float:
        """What totals are worth together."""

    def bound(self, worth: Array, cost: float) -> float:
        """What no totals are worth more than, if ``worth @ totals <= cost`` for all that can be."""


@dataclass(frozen=True, eq=False)
class Linear:
    """Totals at fixed worths; ``unit`` turns the sum into what is reported."""

    worths: Array
    unit: float

    def worth(self, totals: Array) -> Array:
        """The fixed worths."""
        return self.worths

    def spread(self, totals: Array) -> None:
        """Nothing: worths do not change."""

    def value(self, totals: Array) -> float:
        """The sum."""
        return float(self.worths @ totals) * self.unit

    def bound(self, worth: Array, cost: float) -> float:
        """The cost itself."""
        return cost * self.unit


@dataclass(frozen=True, eq=False)
class Curved:
    """Members' coverage by a utility of finite alpha, told as the coverage that would be as good for all."""

    alpha: float
    demand: Array
    weights: Array

    def worth(self, totals: Array) -> Array:
        """Slope of the utility."""
        slope: Array = self.weights / self.demand * (totals / self.demand) ** -self.alpha
        return slope

    def spread(self, totals: Array) -> Array:
        """One over the curvature."""
        fall: Array = totals / (self.alpha * self.worth(totals))
        return fall

    def value(self, totals: Array) -> float:
        """Equivalent coverage."""
        return self._equivalent(float(self.utility(totals).sum()))

    def utility(self, totals: Array) -> Array:
        """What each total counts."""
        held: Array = self.weights * self._utility(totals / self.demand)
        return held

    def bound(self, worth: Array, cost: float) -> float:
        """Equivalent of the best any totals do against their worth, plus the cost."""
        with np.errstate(divide="ignore"):
            best = np.minimum(1.0, (worth * self.demand / self.weights) ** (-1 / self.alpha))
        above = float((self.weights * self._utility(best) - worth * self.demand * best).sum())
        return self._equivalent(above + cost)

    def _utility(self, coverage: Array) -> Array:
        with np.errstate(divide="ignore"):
            if self.alpha == 1:
                return np.log(coverage)
            power: Array = coverage ** (1 - self.alpha) / (1 - self.alpha)
            return power

    def _equivalent(self, total: float) -> float:
        mean = total / float(self.weights.sum())
        if self.alpha == 1:
            return float(min(1.0, np.exp(mean)))
        base = mean * (1 - self.alpha)
        # Above alpha = 1 utilities are below 0; a bound at or above 0 says nothing.
        return float(min(1.0, base ** (1 / (1 - self.alpha)))) if base > 0 else float(self.alpha > 1)


@dataclass(frozen=True, eq=False)
class Least:
    """The least coverage."""

    demand: Array

    def worth(self, totals: Array) -> Array:
        """To start from: everybody's demand counts alike, and all worths price one unit of coverage."""
        return np.full(len(totals), 1 / self.demand.sum())

    def spread(self, totals: Array) -> None:
        """Nothing: worths follow from who is worst off, not from a utility."""

    def value(self, totals: Array) -> float:
        """The least coverage."""
        return float((totals / self.demand).min())

    def bound(self, worth: Array, cost: float) -> float:
        """The cost of raising all coverages at these worths."""
        return min(1.0, cost / float(worth @ self.demand))
