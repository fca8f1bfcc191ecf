"""A straight line through standardised features that cannot run away: the plain part of every learned rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenwatt.learning.columns import Array

FARTHEST = 4.0  # a feature this many standard deviations out counts as no farther [-]
CONSTANT = 1e-9  # a feature that varies less is left out [-]


@dataclass(frozen=True)
class Scale:
    """Centre and spread of features in the past they were learned from.

    Attributes
    ----------
    centre, spread : (..., F)
        Mean and standard deviation; the spread is infinite for a constant feature, which then says nothing.
    """

    centre: Array
    spread: Array

    @classmethod
    def of(cls, features: Array) -> Scale:
        """The scale of each feature over the first axis; missing values are passed over.

        Examples
        --------
        >>> Scale.of(np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, 5.0]])).applied(np.array([[9.0, 7.0]]))
        array([[4., 0.]])
        """
        there = np.isfinite(features)
        count = np.maximum(there.sum(axis=0), 1)
        centre = np.where(there, features, 0.0).sum(axis=0) / count
        off = np.where(there, features - centre, 0.0)
        spread = np.sqrt((off**2).sum(axis=0) / count)
        return cls(centre, np.where(spread > CONSTANT * (1 + np.abs(centre)), spread, np.inf))

    def applied(self, features: Array) -> Array:
        """Features by their own scale, (T, ..., F): at most four spreads out, 0 where missing."""
        scaled = (features - self.centre) / self.spread
        return np.nan_to_num(np.clip(scaled, -FARTHEST, FARTHEST))


def ridge(features: Array, target: Array, *, pull: float = 1.0) -> Array:
    """Least squares with the coefficients pulled to 0, the first column (the constant) left free.

    Parameters
    ----------
    features : (T, F)
        Scaled; the first column is 1.
    target : (T,)
        What to explain.
    pull : float
        How many rows of evidence for 0 each coefficient starts with.

    Returns
    -------
    (F,)
        Coefficients; all 0 without rows.

    Examples
    --------
    >>> ridge(np.array([[1.0, -1.0], [1.0, 1.0]]), np.array([1.0, 5.0]), pull=0.0)
    array([3., 2.])
    """
    width = features.shape[-1]
    pulled = pull * np.eye(width)
    pulled[0, 0] = 0.0
    # lstsq rather than solve: with fewer rows than columns the smallest answer will do.
    found = np.linalg.lstsq(features.T @ features + pulled, features.T @ target, rcond=None)[0]
    return np.asarray(found)


def with_constant(features: Array) -> Array:
    """The features behind a column of ones, (..., 1 + F)."""
    return np.concatenate([np.ones((*features.shape[:-1], 1)), features], axis=-1)
