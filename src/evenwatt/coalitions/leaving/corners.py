"""Corners and centre of gravity of the core of a small game."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.game import Game
from evenwatt.coalitions.leaving.levels import Scaled, scaled
from evenwatt.core.errors import ProblemError

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NOISE = 1e-9  # worths are scaled to about 1
DIGITS = 9  # after which two corners are the same


def corners(game: Game) -> Array:
    """The corners of the core, sorted, (k, n)."""
    return _corners(game)[0]


def centre(game: Game) -> Array:
    """The centre of gravity of the core, (n,)."""
    found, view = _corners(game)
    if len(found) == 0:
        raise ProblemError("game: the core is empty, so it has no centre")
    tight = _tight(view, found)
    facets = [_bits(row) for row in tight.T]
    everyone = (1 << len(found)) - 1
    return _Faces((found - view.alone) / (view.scale or 1.0), facets).centre(everyone) * (
        view.scale or 1.0
    ) + (view.alone)


def _corners(game: Game) -> tuple[Array, Scaled]:
    view = scaled(game, tabled=True)
    if view.flat or game.n == 1:
        return view.payoffs(np.full(game.n, view.total / game.n))[None, :], view
    table = (game.table() - masks.sums(game.alone)) / view.scale
    raw = _marginals(table, game.n) if _is_convex(table, game.n) else _described(table, game.n)
    return _sorted(view.payoffs(_distinct(raw)) if len(raw) else np.zeros((0, game.n))), view


def _is_convex(table: Array, n: int) -> bool:
    """Whether joining pays the more the more are there: for all i, j, v(S+i+j) - v(S+i) >= v(S+j) - v(S)."""
    every = np.arange(1 << n)
    for i in range(n):
        for j in range(i):
            without = every[(every >> i & 1 == 0) & (every >> j & 1 == 0)]
            one, two = 1 << i, 1 << j
            gain = table[without + one + two] - table[without + one] - table[without + two] + table[without]
            # But for rounding: worths are scaled to 1, and corners are told apart at 1e-9.
            if gain.min(initial=0.0) < -1e-13:
                return False
    return True


def _marginals(table: Array, n: int) -> Array:
    """What each member adds on arrival, in every order: of a convex game, the corners."""
    orders = np.array(list(permutations(range(n))), dtype=np.int64)
    heads = np.cumsum(1 << orders, axis=1)
    found = np.empty(orders.shape)
    np.put_along_axis(found, orders, np.diff(table[heads], axis=1, prepend=0.0), axis=1)
    return found


def _described(table: Array, n: int) -> Array:
    """Corners by double description: rays of the cone over the core, one coalition at a time."""
    from evenwatt.coalitions.leaving._corner_kernels import cut

    # y = the first n-1 shares, the last takes the rest; the cone has one more coordinate h, and y / h is a point.
    proper = np.arange(1, (1 << n) - 1)
    held = masks.rows(proper, n).astype(np.float64)
    sides = np.column_stack([held[:, :-1] - held[:, -1:], held[:, -1] * table[-1] - table[proper]])
    # First n - 1 members alone (each is worth 0) and h >= 0: an orthant to start from; then the largest worths.
    first = 1 << np.arange(n - 1)
    later = proper[~np.isin(proper, first)]
    later = later[np.argsort(-table[later], kind="stable")]
    sides = np.vstack([np.eye(n), sides[later - 1]])
    rays = cut(np.ascontiguousarray(sides), NOISE)
    rays = rays[rays[:, -1] > NOISE * np.abs(rays).max(axis=1, initial=0.0)]
    heads = rays[:, :-1] / rays[:, -1:]
    points = np.column_stack([heads, table[-1] - heads.sum(axis=1)])
    return np.array([_polished(point, held, table[proper], table[-1]) for point in points]).reshape(-1, n)


def _polished(point: Array, held: Array, worths: Array, total: float) -> Array:
    """Solve for the corner again from the coalitions that are tight at it, so that rounding is forgotten."""
    tight = np.abs(held @ point - worths) <= 1e-7
    matrix = np.vstack([np.ones_like(point), held[tight]])
    return np.asarray(np.linalg.lstsq(matrix, np.append(total, worths[tight]), rcond=None)[0])


def _distinct(points: Array) -> Array:
    """Each point once."""
    _, first = np.unique(np.round(points, DIGITS) + 0.0, axis=0, return_index=True)
    kept: list[int] = []
    for k in first:
        # Rounding may part two equal points that lie at the edge of a cell.
        near = kept and np.abs(points[kept[-64:]] - points[k]).max(axis=1).min() <= NOISE
        if not near:
            kept.append(int(k))
    return points[kept]


def _sorted(points: Array) -> Array:
    dust = np.abs(points) <= 1e-14 * np.abs(points).max(initial=0.0)
    points = np.where(dust, 0.0, points) + 0.0  # no negative zeros
    return points[np.lexsort(np.round(points, DIGITS).T[::-1])]


def _tight(view: Scaled, points: Array) -> Flags:
    """Whether each coalition gets just its worth at each corner, (k, coalitions)."""
    proper = masks.rows(np.arange(1, (1 << view.game.n) - 1), view.game.n)
    excess = view.game.worth(proper) - points @ proper.T.astype(np.float64)
    return np.asarray(np.abs(excess) <= 1e-8 * (view.scale or 1.0))


def _bits(flags: Flags) -> int:
    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")


class _Faces:
    """Volumes and centres of the faces of a polytope, each once: a face is the set of its corners, as bits.

    A face is the pyramids from its mean corner over its facets: its volume is the sum of theirs, its centre
    the mean of theirs. ``vol = height * vol(facet) / dim``, ``centre = (apex + dim * centre(facet)) / (dim + 1)``.
    """

    def __init__(self, points: Array, facets: list[int]) -> None:
        self.points = points
        self._facets = sorted(set(facets))
        self._known: dict[int, tuple[float, Array]] = {}

    def centre(self, face: int) -> Array:
        """Centre of gravity of a face, (n,)."""
        return self._measured(face)[1]

    def _measured(self, face: int) -> tuple[float, Array]:
        if face not in self._known:
            self._known[face] = self._measure(face)
        return self._known[face]

    def _measure(self, face: int) -> tuple[float, Array]:
        own = self._held(face)
        if len(own) == 1:
            return 1.0, own[0]
        if len(own) == 2:
            return float(np.linalg.norm(own[1] - own[0])), own.mean(axis=0)
        apex = own.mean(axis=0)
        volume, moment, dim = 0.0, np.zeros_like(apex), _dimension(own)
        for facet in self._below(face):
            size, middle = self._measured(facet)
            part = _height(apex, self._held(facet)) * size / dim
            volume += part
            moment += part * (apex + dim * middle) / (dim + 1)
        return volume, moment / volume

    def _below(self, face: int) -> list[int]:
        """The facets of a face: its largest proper meetings with the polytope's own."""
        met = {face & facet for facet in self._facets} - {face, 0}
        kept: list[int] = []
        for one in sorted(met, key=int.bit_count, reverse=True):
            if not any(one & other == one for other in kept):
                kept.append(one)
        return kept

    def _held(self, face: int) -> Array:
        return self.points[[k for k in range(len(self.points)) if face >> k & 1]]


def _dimension(points: Array) -> int:
    sizes = np.linalg.svd(points[1:] - points[0], compute_uv=False)
    return int((sizes > 1e-8 * max(1e-8, float(sizes.max()))).sum())


def _height(apex: Array, points: Array) -> float:
    """Distance of ``apex`` from the flat through ``points``."""
    along = apex - points[0]
    if len(points) > 1:
        _, sizes, right = np.linalg.svd(points[1:] - points[0], full_matrices=False)
        spanned = right[sizes > 1e-8 * sizes.max()]
        along = along - spanned.T @ (spanned @ along)
    return float(np.linalg.norm(along))
