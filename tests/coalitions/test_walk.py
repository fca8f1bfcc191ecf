"""Coalitions are asked in an order that keeps neighbours close."""

from __future__ import annotations

import numpy as np

from evenwatt.coalitions import masks
from evenwatt.coalitions.batteries.walk import near


def test_the_table_is_walked_one_member_at_a_time() -> None:
    shuffled = np.random.default_rng(0).permutation(64)
    walked = masks.rows(shuffled, 6)
    steps = np.abs(np.diff(walked[near(walked)].astype(int), axis=0)).sum(axis=1)
    assert (steps == 1).all()


def test_heads_of_an_order_keep_their_order() -> None:
    heads = np.tril(np.ones((5, 5), dtype=bool))[:, [3, 0, 4, 1, 2]]
    assert near(heads).tolist() == [0, 1, 2, 3, 4]
