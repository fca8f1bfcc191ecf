"""Running means over thousands of rows, compiled on first use."""

from __future__ import annotations

import numpy as np

from evenwatt.engine._compiled import EXACT, compiled
from evenwatt.learning.columns import Array


@compiled(EXACT)
def running(values: Array, decay: float) -> Array:
    """Exponentially weighted means after each row, (T, n); NaN leaves a mean as it is."""
    rows, columns = values.shape
    means = np.empty((rows, columns))
    state = np.full(columns, np.nan)
    for row in range(rows):
        for column in range(columns):
            new = values[row, column]
            if not np.isnan(new):
                old = state[column]
                state[column] = new if np.isnan(old) else decay * old + (1 - decay) * new
            means[row, column] = state[column]
    return means
