"""The four homes that the examples of the money rules speak of."""

from __future__ import annotations

import numpy as np

from evenwatt.coalitions.microgrid import savings_game
from evenwatt.coalitions.money.pool import Pool


def four_homes() -> Pool:
    """One interval: two homes are long of 4 and 2 Wh, two short of 1 and 3 Wh; prices 0.30 and 0.08.

    Examples
    --------
    >>> round(four_homes().total, 2)
    0.88
    """
    net = np.array([[4.0, 2.0, -1.0, -3.0]])
    buy, sell = np.array([0.30]), np.array([0.08])
    return Pool(
        net=net,
        bought=np.array([[0.0, 0.0, 1.0, 3.0]]),
        sold=np.array([[8 / 3, 4 / 3, 0.0, 0.0]]),
        buy=buy,
        sell=sell,
        alone=np.array([-0.32, -0.16, 0.30, 0.90]),
        load=np.array([1.0, 1.0, 1.0, 3.0]),
        generated=np.array([5.0, 3.0, 0.0, 0.0]),
        game=savings_game(net, buy, sell),
    )
