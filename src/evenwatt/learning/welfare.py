"""What an allocation was worth once the meters were read, and how that changes with every flow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Welfare:
    """Money an allocation is worth in each interval: what is served, less its cost, less its unfairness.

    An agent that got more than it needed resells the rest at a part of the mean cost. Satisfaction is the
    served part of the need. An agent that needs nothing has no satisfaction: it is left out of every mean, so
    adding one changes nothing.

    Attributes
    ----------
    resale : float
        Part of the suppliers' mean cost that energy allocated and not needed still brings [-].
    fairness : float
        Weight of the spread of satisfaction; 1 prices a spread of one at the mean worth of the mean need [-].

    Raises
    ------
    ProblemError
        If one of the two is negative or not finite.

    Source: value served less cost, with a quadratic price on unequal satisfaction.

    Examples
    --------
    Two agents need 4 and 6, get 5 and 3 at a cost of 40; a unit is worth 100 to them. Served 4 + 3 units of
    100, cost 8 units of 40, resale 8 for one unit, satisfaction 1 and 0.5: 700 - 320 + 8 - 500 * 0.125.

    >>> Welfare().value([[[5.0, 3.0]]], need=[[4.0, 6.0]], cost=[[40.0]], willingness=[[100.0, 100.0]])
    array([325.5])
    """

    resale: float = 0.2
    fairness: float = 1.0

    def __post_init__(self) -> None:
        with gather("welfare", ProblemError) as faults:
            for name, value in (("resale", self.resale), ("fairness", self.fairness)):
                if not (np.isfinite(value) and value >= 0):
                    faults.append(f"{name} {value} is not a finite number of at least 0")

    def value(
        self,
        flows: npt.ArrayLike,
        need: npt.ArrayLike,
        cost: npt.ArrayLike,
        willingness: npt.ArrayLike,
    ) -> Array:
        """Worth of each interval.

        Parameters
        ----------
        flows : (..., S, N)
            Who got how much of whom [energy].
        need : (..., N)
            What each agent turned out to need, known after the fact [energy].
        cost : (..., S)
            What a unit costs each supplier [money per energy].
        willingness : (..., N)
            What a unit that is needed is worth to the agent [money per energy].

        Returns
        -------
        (...)
            Worth [money].

        Raises
        ------
        ProblemError
            If the shapes do not fit one another or a need is negative or not finite.
        """
        moved, needed, paid, worth = _checked(flows, need, cost, willingness)
        got = moved.sum(axis=-2)
        served = (worth * np.minimum(got, needed)).sum(axis=-1)
        spent = (paid * moved.sum(axis=-1)).sum(axis=-1)
        resold = self.resale * paid.mean(axis=-1) * np.maximum(got - needed, 0).sum(axis=-1)
        unequal = (_apart(got, needed) ** 2).sum(axis=-1)
        return np.asarray(served - spent + resold - self.fairness * _stake(needed, worth) * unequal)

    def gradient(
        self,
        flows: npt.ArrayLike,
        need: npt.ArrayLike,
        cost: npt.ArrayLike,
        willingness: npt.ArrayLike,
    ) -> Array:
        """How the worth changes with each flow, (..., S, N) [money per energy]; arguments as for `value`.

        Exact. Where an agent gets just what it needs the worth has a kink, and the slope from below is given.
        """
        moved, needed, paid, worth = _checked(flows, need, cost, willingness)
        got = moved.sum(axis=-2)
        short = got <= needed
        # The mean of what is apart is 0, so it drops out of the derivative of the sum of squares.
        pulled = 2 * self.fairness * _stake(needed, worth)[..., None] * _apart(got, needed)
        per_need = np.divide(pulled, needed, out=np.zeros_like(pulled), where=needed > 0)
        resold = self.resale * paid.mean(axis=-1)[..., None]
        by_agent = np.where(short, worth - per_need, resold)
        return np.asarray(by_agent[..., None, :] - paid[..., :, None])


def satisfaction(got: npt.ArrayLike, need: npt.ArrayLike) -> Array:
    """Served part of each agent's need, (..., N); NaN for an agent that needs nothing [-].

    Examples
    --------
    >>> satisfaction([5.0, 3.0, 1.0], [4.0, 6.0, 0.0])
    array([1. , 0.5, nan])
    """
    needed = np.asarray(need, dtype=np.float64)
    served = np.minimum(np.asarray(got, dtype=np.float64), needed)
    return np.asarray(np.divide(served, needed, out=np.full(np.shape(served), np.nan), where=needed > 0))


def _apart(got: Array, needed: Array) -> Array:
    """Satisfaction less the mean satisfaction of those who need something; 0 for the others."""
    some = needed > 0
    served = np.divide(np.minimum(got, needed), needed, out=np.zeros_like(got), where=some)
    mean = served.sum(axis=-1, keepdims=True) / np.maximum(some.sum(axis=-1, keepdims=True), 1)
    return np.where(some, served - mean, 0.0)


def _stake(needed: Array, worth: Array) -> Array:
    """Mean worth of a unit times mean need, over the agents that need something."""
    some = needed > 0
    count = np.maximum(some.sum(axis=-1), 1)
    return np.asarray((worth * some).sum(axis=-1) / count * needed.sum(axis=-1) / count)


def _checked(
    flows: npt.ArrayLike, need: npt.ArrayLike, cost: npt.ArrayLike, willingness: npt.ArrayLike
) -> tuple[Array, Array, Array, Array]:
    """The four arrays, broadcast to one batch."""
    moved = np.asarray(flows, dtype=np.float64)
    if moved.ndim < 2:
        raise ProblemError(f"welfare: flows of shape {moved.shape}; expected (..., S, N)")
    *batch, suppliers, agents = moved.shape
    parts = {"need": (need, agents), "cost": (cost, suppliers), "willingness": (willingness, agents)}
    fitted = []
    with gather("welfare", ProblemError) as faults:
        for name, (given, players) in parts.items():
            values = np.asarray(given, dtype=np.float64)
            try:
                fitted.append(np.broadcast_to(values, (*batch, players)))
            except ValueError:
                faults.append(f"{name} of shape {values.shape}; expected {(*batch, players)}")
        if not faults and not ((fitted[0] >= 0) & np.isfinite(fitted[0])).all():
            place = np.argwhere(~((fitted[0] >= 0) & np.isfinite(fitted[0])))[0]
            faults.append(
                f"need {place.tolist()}: {fitted[0][tuple(place)]}; expected a number of at least 0"
            )
    return moved, fitted[0], fitted[1], fitted[2]
