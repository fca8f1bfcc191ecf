"""The rule as the decree words it, one quarter-hour after the other: slow, plain, what everything is held against.

Source: decree 408/2015 Sb., annex 25.
"""

from __future__ import annotations

import numpy as np

GRID = 10_000  # keys are whole numbers of 1/10,000
ENDLESS = 1_000_000


def order_of(priority):
    """Producers of each consumer, first priority first; (J, K), padded with -1."""
    producers, consumers = priority.shape
    rows = [
        sorted((i for i in range(producers) if priority[i, j] > 0), key=lambda i: (-priority[i, j], i))
        for j in range(consumers)
    ]
    width = max((len(row) for row in rows), default=0)
    return np.array([row + [-1] * (width - len(row)) for row in rows]).reshape(consumers, width)


def replay(supply, demand, keys, priority, rounds=5, quantum=10):
    """Flows (T, I, J), what is left of supply (T, I) and of demand (T, J); all whole Wh.

    ``keys`` may be (I, J) or (T, I, J); ``rounds`` None goes on until a round moves nothing.
    """
    order = order_of(np.asarray(priority))
    steps, producers = supply.shape
    consumers = demand.shape[1]
    flows = np.zeros((steps, producers, consumers), dtype=np.int64)
    unused, unmet = supply.astype(np.int64).copy(), demand.astype(np.int64).copy()
    for t in range(steps):
        k = keys[t] if np.ndim(keys) == 3 else keys
        left, want = [int(v) for v in supply[t]], [int(v) for v in demand[t]]
        for _ in range(ENDLESS if rounds is None else rounds):
            given = [0] * producers
            for j in range(consumers):
                for i in order[j]:
                    if i < 0 or want[j] == 0:
                        break
                    share = min(want[j], int(k[i, j]) * left[i] // GRID) // quantum * quantum
                    want[j] -= share
                    flows[t, i, j] += share
                    given[i] += share
            left = [have - gave for have, gave in zip(left, given, strict=True)]
            if sum(given) == 0:
                break
        unused[t], unmet[t] = left, want
        assert all(v >= 0 for v in left)
        assert all(v >= 0 for v in want)
    return flows, unused, unmet
