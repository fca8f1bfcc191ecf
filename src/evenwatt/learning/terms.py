"""What a learned rule brings into a bargain: the weights of the players and the caps of the agents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Terms:
    """Bargaining weights and caps of each interval, checked on making.

    Attributes
    ----------
    weights : (T, P)
        Bargaining weights above 0, suppliers first, each row scaled to sum to 1 [-].
    caps : (T, N)
        The most each agent may get; takes the place of its claim [energy].

    Raises
    ------
    ProblemError
        Naming the rows that are not what they may be, or shapes that do not fit.

    Examples
    --------
    >>> terms = Terms(weights=[[1.0, 2.0, 1.0]], caps=[[8.0, 12.0]])
    >>> terms.weights, terms.suppliers
    (array([[0.25, 0.5 , 0.25]]), 1)
    """

    weights: Array
    caps: Array

    def __post_init__(self) -> None:
        weights = np.array(self.weights, dtype=np.float64, ndmin=2)
        caps = np.array(self.caps, dtype=np.float64, ndmin=2)
        with gather("terms", ProblemError) as faults:
            if weights.ndim > 2 or caps.ndim > 2 or len(weights) != len(caps):
                faults.append(f"weights {weights.shape} and caps {caps.shape}; expected (T, P) and (T, N)")
            elif weights.shape[1] <= caps.shape[1]:
                faults.append(f"{weights.shape[1]} weights for {caps.shape[1]} agents leave no supplier")
            faults.extend(_bad_rows("weights", weights, (weights > 0) & np.isfinite(weights), "above 0"))
            faults.extend(_bad_rows("caps", caps, (caps >= 0) & np.isfinite(caps), "of at least 0"))
        object.__setattr__(self, "weights", weights / weights.sum(axis=1, keepdims=True))
        object.__setattr__(self, "caps", caps)

    def __len__(self) -> int:
        return len(self.caps)

    @property
    def suppliers(self) -> int:
        """How many of the players are suppliers."""
        return int(self.weights.shape[1] - self.caps.shape[1])

    @property
    def agent_weights(self) -> Array:
        """Weights of the agents, (T, N) [-]."""
        return self.weights[:, self.suppliers :]

    @property
    def supplier_weights(self) -> Array:
        """Weights of the suppliers, (T, S) [-]."""
        return self.weights[:, : self.suppliers]


def _bad_rows(name: str, values: Array, good: npt.NDArray[np.bool_], expected: str) -> list[str]:
    """One fault for each entry that is not what it may be."""
    return [
        f"{name} {place.tolist()}: {values[tuple(place)]}; expected a finite number {expected}"
        for place in np.argwhere(~good)
    ]
