"""The room one bargain is solved in: vectors over links, over players, and the parts of the Newton matrix."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import compiled

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]

# Sums keep their order and NaN its meaning: near the optimum a reordered residual is all rounding.
LOOSE = frozenset({"contract"})


class Links(NamedTuple):
    """Vectors over links, agent by agent: ``e = j * S + i``.

    ``seller`` and ``buyer`` are the rows of a link's ends, kept because division is slow. ``sign`` and ``limit`` are
    multipliers of ``flow >= 0`` and ``room = top - flow >= 0``; ``top`` is infinite where the limit never binds.
    ``slope`` is what stationarity misses.
    """

    seller: Whole
    buyer: Whole
    is_open: Flags
    gain: Array
    top: Array
    flow: Array
    sign: Array
    room: Array
    limit: Array
    flow_step: Array
    sign_step: Array
    room_step: Array
    limit_step: Array
    slope: Array
    right: Array
    best_flow: Array
    best_sign: Array
    best_limit: Array
    moved: Array


class Rows(NamedTuple):
    """Vectors over players, suppliers first: the row of what they hold, and their gain.

    ``price`` is the multiplier of ``left >= 0``, what is left of ``held``; ``won`` stands for the gain, ``curve`` for
    ``weight / won``. The misses are what their defining equations lack.
    """

    is_bound: Flags
    held: Array
    left: Array
    price: Array
    left_step: Array
    price_step: Array
    left_miss: Array
    aim: Array
    weight: Array
    point: Array
    unit: Array
    won: Array
    curve: Array
    won_step: Array
    curve_step: Array
    won_miss: Array
    curve_miss: Array
    best_price: Array
    best_curve: Array
    used: Array


class Matrix(NamedTuple):
    """The Newton matrix and its factors: ``diagonal`` over links, a block an agent, a coupling a supplier."""

    diagonal: Array
    demanded: Array
    curved: Array
    margin: Array
    coupling: Array
    inverse: Array
    by_demand: Array
    by_gain: Array
    corner: Array
    between: Array
    root: Array
    theta: Array
    exerted: Array
    pressed: Array
    row_right: Array
    rest: Array
    correction: Array


@compiled(LOOSE)
def links_room(suppliers: int, agents: int) -> Links:
    """Room for vectors over links."""
    links = suppliers * agents
    seller, buyer = np.empty(links, np.int64), np.empty(links, np.int64)
    for e in range(links):
        seller[e], buyer[e] = e % suppliers, suppliers + e // suppliers
    return Links(
        seller, buyer, np.empty(links, np.bool_), np.empty(links), np.empty(links), np.empty(links), np.empty(links),
        np.empty(links), np.empty(links), np.empty(links), np.empty(links), np.empty(links), np.empty(links),
        np.empty(links), np.empty(links), np.empty(links), np.empty(links), np.empty(links), np.empty(links),
    )  # fmt: skip


@compiled(LOOSE)
def rows_room(players: int) -> Rows:
    """Room for vectors over players."""
    return Rows(
        np.empty(players, np.bool_), np.empty(players), np.empty(players), np.empty(players), np.empty(players),
        np.empty(players), np.empty(players), np.empty(players), np.empty(players), np.empty(players),
        np.empty(players), np.empty(players), np.empty(players), np.empty(players), np.empty(players),
        np.empty(players), np.empty(players), np.empty(players), np.empty(players), np.empty(players),
    )  # fmt: skip


@compiled(LOOSE)
def matrix_room(suppliers: int, agents: int) -> Matrix:
    """Room for the Newton matrix and its factors."""
    links, rows = suppliers * agents, suppliers + 2 * agents
    return Matrix(
        np.empty(links), np.empty(agents), np.empty(agents), np.empty(suppliers), np.empty(suppliers),
        np.empty((agents, suppliers, suppliers)), np.empty(links), np.empty(links), np.empty((agents, 3)),
        np.empty((suppliers, suppliers)), np.empty(suppliers), np.empty(suppliers), np.empty(rows), np.empty(rows),
        np.empty(rows), np.empty(links), np.empty(links),
    )  # fmt: skip
