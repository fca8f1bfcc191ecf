"""Prices of keys at which consumers choose their few producers apart, and the programme that finds such prices."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.engine.lp import Kept

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MOST_NODES = 20_000  # of one consumer's branching; beyond it the open nodes' bounds count
CHUNK = 4  # consumers handed to a thread at a time


@dataclass(frozen=True, eq=False)
class Offers:
    """What consumers choose at some prices.

    Attributes
    ----------
    weights : (J, I)
        Of the best few producers found for each consumer.
    gain, bound : (J,)
        What they give less their price, and what no few producers give more than.
    price : (I,)
    """

    weights: Array
    gain: Array
    bound: Array
    price: Array

    @property
    def total(self) -> float:
        """What no keys with so few links share more than."""
        return float(self.price.sum() + self.bound.sum())


class Market:
    """Consumers, and the mixtures of what they chose so far that no producer's sum exceeds one in.

    Parameters
    ----------
    supply, demand : (I, T), (J, T)
        In a unit that makes them about one.
    allowed : (J, I) bool
        Who may share.
    most : int
        Producers a consumer may have.
    """

    def __init__(self, supply: Array, demand: Array, allowed: Flags, most: int) -> None:
        self.supply, self.demand, self.allowed, self.most = supply, demand, allowed, most
        consumers, producers = allowed.shape
        self._model = Kept(np.zeros(0), np.zeros(0), np.zeros(0))
        rows = consumers + producers
        empty = (np.zeros(rows + 1, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))
        self._model.add_rows(empty, np.full(rows, -np.inf), np.ones(rows))
        self._consumer, self._weights = np.zeros(0, dtype=np.int64), np.zeros((0, producers))

    def offers(self, price: Array, tolerance: float, is_late: Callable[[], bool]) -> Offers | None:
        """What every consumer would choose at such prices, to a tolerance each; nothing if it gets too late."""
        from evenwatt.sharing.certificate._links_kernels import best_producers

        shape = self.allowed.shape
        weights, gain, bound = np.zeros(shape), np.zeros(shape[0]), np.zeros(shape[0])

        def choose(first: int) -> bool:
            if is_late():
                return False
            part = (first, min(first + CHUNK, shape[0]))
            best_producers(
                self.supply, self.demand, price, self.allowed, self.most, tolerance, MOST_NODES, part,
                weights, gain, bound,
            )  # fmt: skip
            return True

        with ThreadPoolExecutor(os.cpu_count() or 1) as crew:
            in_time = all(crew.map(choose, range(0, shape[0], CHUNK)))
        return Offers(weights, gain, bound, price) if in_time else None

    def add(self, weights: Array) -> None:
        """Let mixtures use these weights (J, I), a consumer's row each."""
        got = self.shared(weights)
        chosen = np.flatnonzero(got > 0)
        consumers = len(self.allowed)
        matrix = np.zeros((consumers + weights.shape[1], chosen.size))
        matrix[chosen, np.arange(chosen.size)] = 1.0
        matrix[consumers:] = weights[chosen].T
        none = np.zeros(chosen.size)
        self._model.add_columns(-got[chosen], none, none + np.inf, matrix)
        self._consumer = np.concatenate([self._consumer, chosen])
        self._weights = np.concatenate([self._weights, weights[chosen]])

    def mixture(self) -> tuple[Array, Flags]:
        """Prices of the best mixture, and the links that each consumer has in most of it, (J, I)."""
        found = self._model.solve()
        consumers = len(self.allowed)
        price = np.maximum(0.0, -found.duals[consumers:])
        links = np.zeros(self.allowed.shape, dtype=np.bool_)
        for j in range(consumers):
            own = np.flatnonzero((self._consumer == j) & (found.x > 1e-9))
            if own.size:
                kinds, kind = np.unique(self._weights[own] > 0, axis=0, return_inverse=True)
                links[j] = kinds[np.bincount(kind.ravel(), found.x[own]).argmax()]
        return price, links

    def shared(self, weights: Array) -> Array:
        """What weights (J, I) share, by consumer."""
        return np.asarray(np.minimum(self.demand, weights @ self.supply).sum(axis=1))
