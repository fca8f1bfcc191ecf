"""Boosted regression trees, grown by scikit-learn and held as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import EvenwattError, ProblemError

Array = npt.NDArray[np.float64]

TESTED = 'install one that was tested: pip install "scikit-learn==1.9.*"'
THREADS = 1  # on a busy machine a second one makes small fits a hundred times slower: 4 ms a split, not 0.04


@dataclass(frozen=True)
class Growth:
    """How the trees are grown.

    Attributes
    ----------
    trees : int
        How many.
    rate : float
        Part of each tree's answer that is kept [-].
    leaves : int
        Most leaves of a tree.
    leaf_rows : int
        Fewest rows in a leaf.
    """

    trees: int = 150
    rate: float = 0.06
    leaves: int = 15
    leaf_rows: int = 20

    def __post_init__(self) -> None:
        for name, least in (("trees", 1), ("leaves", 2), ("leaf_rows", 1)):
            if getattr(self, name) < least:
                raise ProblemError(f"boosting: {name} {getattr(self, name)} is below {least}")
        if not 0 < self.rate <= 1:
            raise ProblemError(f"boosting: rate {self.rate} is not above 0 and at most 1")


@dataclass(frozen=True)
class Forest:
    """A sum of trees, node by node: no code, so it can be kept, read and checked as numbers.

    Attributes
    ----------
    start : float
        What the trees correct: the mean of the target.
    roots : (R,) int
        First node of each tree.
    feature : (K,) int
        Which column a node looks at.
    threshold : (K,)
        At most this goes left.
    left_if_missing : (K,) bool
        Where a NaN goes.
    left, right : (K,) int
        The next nodes; -1 at a leaf.
    value : (K,)
        What a leaf adds.
    """

    start: float
    roots: npt.NDArray[np.int64]
    feature: npt.NDArray[np.int64]
    threshold: Array
    left_if_missing: npt.NDArray[np.bool_]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    value: Array

    def predict(self, rows: Array) -> Array:
        """The sum of the leaves each row (T, F) falls into, (T,)."""
        from evenwatt.learning._forest_kernels import summed

        looked_at = np.ascontiguousarray(rows, dtype=np.float64)
        return np.asarray(
            summed(
                looked_at, self.roots, self.feature, self.threshold, self.left_if_missing, self.left, self.right,
                self.value, self.start,
            )
        )  # fmt: skip

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[Any]]:
        """The forest as named arrays, to be kept."""
        return {f"{prefix}.{name}": np.asarray(getattr(self, name)) for name in FOREST}

    @classmethod
    def of_arrays(cls, prefix: str, arrays: dict[str, npt.NDArray[Any]]) -> Forest:
        """The forest :meth:`arrays` took apart."""
        start, *parts = (arrays[f"{prefix}.{name}"] for name in FOREST)
        return cls(float(start), *parts)


FOREST = ("start", "roots", "feature", "threshold", "left_if_missing", "left", "right", "value")


def grow(rows: Array, target: Array, *, growth: Growth | None = None, seed: int = 0) -> Forest:
    """Fit boosted trees to the squared error, without early stopping.

    Needs ``pip install "evenwatt[learn]"``; predicting does not. Uses one thread: the same trees on any machine.

    Parameters
    ----------
    rows : (T, F)
        Features; NaN where one is missing.
    target : (T,)
        What to predict.
    growth : Growth
        Size and pace.
    seed : int
        Of the sample that places the bins, when there are more than 200,000 rows.

    Raises
    ------
    EvenwattError
        If scikit-learn is missing, or is one whose trees cannot be read.

    Source: Ke et al. 2017 (LightGBM), as in scikit-learn's HistGradientBoostingRegressor.

    Examples
    --------
    >>> from evenwatt.learning.boosting import grow, Growth
    >>> ramp = np.linspace(0, 1, 200)[:, None]
    >>> grow(ramp, (ramp[:, 0] > 0.5) * 1.0, growth=Growth(trees=60)).predict(np.array([[0.1], [0.9]])).round(1)
    array([0., 1.])
    """
    settings = growth or Growth()
    if len(rows) < 2 * settings.leaf_rows:
        return leaf(float(np.mean(target)))  # no tree could be split
    try:
        from sklearn.ensemble import HistGradientBoostingRegressor  # type: ignore[import-untyped]
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
    except ImportError:
        raise EvenwattError('boosted trees need scikit-learn: pip install "evenwatt[learn]"') from None
    trees = HistGradientBoostingRegressor(
        max_iter=settings.trees,
        learning_rate=settings.rate,
        max_leaf_nodes=settings.leaves,
        min_samples_leaf=settings.leaf_rows,
        early_stopping=False,
        random_state=seed,
    )
    table = _binnable(rows)
    some = table[:50]
    with threadpool_limits(THREADS):
        said = trees.fit(table, target).predict(some)
    forest = _as_numbers(trees)
    # The nodes are scikit-learn's own affair: trust them only while both give the same answer.
    if not np.allclose(forest.predict(some), said, rtol=1e-9, atol=1e-12):
        raise EvenwattError(f"this scikit-learn keeps its trees in another way; {TESTED}")
    return forest


def leaf(value: float) -> Forest:
    """The forest that says the same of everything.

    Examples
    --------
    >>> leaf(3.0).predict(np.zeros((2, 1)))
    array([3., 3.])
    """
    none = np.zeros(0, dtype=np.int64)
    return Forest(value, none, none, np.zeros(0), np.zeros(0, dtype=bool), none, none, np.zeros(0))


def _binnable(rows: Array) -> Array:
    """Infinite features as the largest numbers there are; a column without any number as zeros."""
    empty = np.isnan(rows).all(axis=0)
    return np.where(empty, 0.0, np.nan_to_num(rows, nan=np.nan))


def _as_numbers(trees: Any) -> Forest:
    """The nodes of all trees in one table."""
    try:
        tables = [one[0].nodes for one in trees._predictors]
        start = float(np.ravel(trees._baseline_prediction)[0])
    except AttributeError:
        raise EvenwattError(f"this scikit-learn keeps its trees in another way; {TESTED}") from None
    sizes = np.array([len(table) for table in tables])
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    nodes = np.concatenate(tables)
    leaf = nodes["is_leaf"].astype(bool)
    offset = np.repeat(roots, sizes)
    return Forest(
        start=start,
        roots=roots,
        feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64),
        threshold=nodes["num_threshold"].astype(np.float64),
        left_if_missing=nodes["missing_go_to_left"].astype(bool),
        left=np.where(leaf, -1, nodes["left"].astype(np.int64) + offset),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64) + offset),
        value=nodes["value"].astype(np.float64),
    )
