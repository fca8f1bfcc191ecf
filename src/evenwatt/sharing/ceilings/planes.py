"""The linear programme over tangent planes: where all planes so far are high, and what they prove together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine.lp import Kept

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

PATIENCE = 8  # programmes that a plane may be slack in before it is forgotten
SMALLEST = 1e-6  # coefficient that is worth a place in the programme, in parts of a block's energy


class Planes:
    """Planes above a sum of concave functions of the keys, one function for each block of intervals.

    The programme's columns are the keys, and then a height for each block, at most its cap.

    Parameters
    ----------
    links : (I, J) bool
        Keys that may be above 0.
    caps : (G,)
        Most that each block's function can be.
    """

    def __init__(self, links: Flags, caps: Array) -> None:
        self._links, self._caps = links, caps
        producers, consumers = links.shape
        self._keys, blocks = links.size, caps.size
        self._level = np.zeros((0, blocks))  # of each round of planes
        self._steep = np.zeros((0, blocks, producers, consumers))
        self._kept = np.zeros((0, 2), dtype=np.int64)  # round and block of each row after the budgets
        self._age = np.zeros(0, dtype=np.int64)
        zero, none = np.zeros(self._keys), np.zeros(blocks)
        self._lp = Kept(
            np.concatenate([zero, none - 1]),
            np.concatenate([zero, none]),
            np.concatenate([links.ravel().astype(float), caps]),
            tolerance=1e-7,
        )
        budget = np.hstack([np.kron(np.eye(producers), np.ones(consumers)), np.zeros((producers, blocks))])
        self._lp.add_rows(budget, np.full(producers, -np.inf), np.ones(producers))

    def add(self, level: Array, steep: Array) -> None:
        """One plane for each block: height <= level[g] + sum of steep[g] * keys."""
        blocks = level.size
        fresh = np.stack([np.full(blocks, len(self._level)), np.arange(blocks)], axis=1)
        self._level, self._steep = np.vstack([self._level, level]), np.concatenate([self._steep, steep[None]])
        self._kept = np.vstack([self._kept, fresh])
        self._age = np.concatenate([self._age, np.zeros(blocks, dtype=np.int64)])
        # Coefficients near nothing drive the simplex method astray; what they are worth is counted in `_proved`.
        rough = np.where(steep >= SMALLEST, steep, 0.0).reshape(blocks, -1)
        self._lp.add_rows(np.hstack([-rough, np.eye(blocks)]), np.full(blocks, -np.inf), level)

    def near(self, centre: Array, reach: float) -> tuple[Array, float, float]:
        """Best keys within reach of some, the height that the planes foretell there, and what is proved."""
        return self._solved(np.maximum(0.0, centre - reach), np.minimum(self._links, centre + reach))

    def anywhere(self) -> tuple[Array, float, float]:
        """The same for all keys."""
        return self._solved(np.zeros(self._links.shape), self._links.astype(float))

    def forget(self) -> None:
        """Drop planes that have long been slack."""
        old = np.flatnonzero(self._age > PATIENCE)
        if old.size <= self._caps.size:
            return
        self._lp.delete_rows(old + len(self._links))
        self._kept, self._age = np.delete(self._kept, old, axis=0), np.delete(self._age, old)
        used, place = np.unique(self._kept[:, 0], return_inverse=True)
        self._level, self._steep = self._level[used], self._steep[used]
        self._kept[:, 0] = place

    def _solved(self, lower: Array, upper: Array) -> tuple[Array, float, float]:
        self._lp.set_columns(np.arange(self._keys), lower.ravel(), upper.ravel())
        found = self._lp.solve()
        pull = np.maximum(0.0, -found.duals[len(self._links) :])
        self._age = np.where(pull > 1e-9, 0, self._age + 1)
        keys = np.clip(found.x[: self._keys].reshape(self._links.shape), 0.0, self._links)
        keys /= np.maximum(1.0, keys.sum(axis=1, keepdims=True))
        return keys, -found.objective, self._proved(pull)

    def _proved(self, pull: Array) -> float:
        """What a mixture of planes proves: its highest point over all keys, and caps for what is not mixed."""
        share = np.zeros(self._level.shape)
        share[tuple(self._kept.T)] = pull
        share /= np.maximum(1.0, share.sum(axis=0))
        steep = np.tensordot(share, self._steep, axes=2)
        highest = np.where(self._links, steep, 0.0).max(axis=1, initial=0.0)
        return float((share * self._level).sum() + (1 - share.sum(axis=0)) @ self._caps + highest.sum())
