"""Which coalitions' shares follow from those already fixed: the span of their indicators."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

INDEPENDENT = 1e-7  # length of a residual, of vectors of zeros and ones
ZERO = 1e-9  # of a product with a probe of length 1


class Span:
    """The span of everyone together and of the coalitions fixed so far.

    If x(N) and x(S) of the fixed S are given, so is x(S) of every S whose indicator lies in the span.
    """

    def __init__(self, n: int) -> None:
        self.n = n
        self.vectors: list[Array] = []
        self.values: list[float] = []
        self._basis = np.zeros((0, n))
        # Two random directions: a coalition outside the span is orthogonal to both with probability 0.
        self._raw = np.random.default_rng(20240229).normal(size=(2, n))
        self._probes = self._raw
        self._table: tuple[int, Flags] | None = None

    @property
    def rank(self) -> int:
        """How many independent shares are fixed."""
        return len(self.vectors)

    @property
    def complete(self) -> bool:
        """Whether everyone's share follows."""
        return self.rank == self.n

    def add(self, vector: Array, value: float) -> bool:
        """Fix x(vector) = value; False, and no change, where that followed already."""
        rest = self._outside(vector)
        length = float(np.linalg.norm(rest))
        if length <= INDEPENDENT * max(1.0, float(np.linalg.norm(vector))):
            return False
        self.vectors.append(vector)
        self.values.append(value)
        self._basis = np.vstack([self._basis, rest / length])
        self._probes = np.stack([self._outside(probe) for probe in self._raw])
        if not self.complete:
            self._probes /= np.linalg.norm(self._probes, axis=1, keepdims=True)
        return True

    def holds(self, coalitions: Flags) -> Flags:
        """Whether each coalition's share is given already, (m, n) -> (m,)."""
        if self.complete:
            return np.ones(len(coalitions), dtype=np.bool_)
        return np.asarray((np.abs(coalitions @ self._probes.T) <= ZERO).all(axis=1))

    def table(self) -> Flags:
        """The same for every coalition by bit mask, the empty one among them, (2**n,)."""
        if self._table is None or self._table[0] != self.rank:
            held = np.ones(1 << self.n, dtype=np.bool_)
            for probe in self._probes if not self.complete else ():
                held &= np.abs(masks.sums(probe)) <= ZERO
            self._table = self.rank, held
        return self._table[1]

    def probes(self) -> Array:
        """Two directions to which every coalition in the span, and no other, is orthogonal, (n, 2)."""
        return np.ascontiguousarray(self._probes.T)

    def solved(self) -> Array:
        """The division that the fixed shares leave, once they are complete, (n,)."""
        return np.asarray(np.linalg.solve(np.stack(self.vectors), np.array(self.values)))

    def classes(self) -> Whole:
        """Number of the class of each member: two are of one class if no fixed vector tells them apart, (n,)."""
        columns = np.round(np.stack(self.vectors, axis=1), 9)
        return np.asarray(np.unique(columns, axis=0, return_inverse=True)[1].ravel(), dtype=np.int64)

    def _outside(self, vector: Array) -> Array:
        rest = np.array(vector, dtype=np.float64)
        for _ in range(2):  # twice, against rounding
            rest = rest - self._basis.T @ (self._basis @ rest)
        return rest
