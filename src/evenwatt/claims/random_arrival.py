"""Random arrival: first come, first served, averaged over all orders of coming."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

from evenwatt.claims._batch import rows
from evenwatt.core.rule import BASIC, rule

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

MOST_BY_COALITION = 20  # members with real claims served exactly, over all coalitions
MOST_WORK = 4e9  # cell updates of one exact problem, some seconds; beyond it claims go on a grid
CELLS = 20_000  # of that grid
SCALES = (1, 2, 4, 8, 16, 10, 100, 1000)  # claims are called whole when one of these makes them so
BATCH = 256  # pairs of orders drawn at a time
MOST_PAIRS = 1 << 20


class ApproximationWarning(UserWarning):
    """An answer is not exact; the message says how far off it may be."""


@rule(
    "ra",
    title="random arrival",
    source="O'Neill 1982, doi:10.1016/0165-4896(82)90029-4",
    satisfies=BASIC
    | {
        "order-under-endowment-change",
        "population-monotonic",
        "self-dual",
        "midpoint",
        "claims-truncation",
        "minimal-rights-first",
        "lower-bound-awards",
        "lower-bound-losses",
    },
    polynomial=False,
)
def random_arrival(endowment: npt.ArrayLike, claims: npt.ArrayLike, *, cells: float = CELLS) -> Array:
    """Serve members in the order they come, each up to the claim; average over all orders.

    Exact for claims that are whole in some usual unit (up to three decimals) and for any claims of up
    to 20 members. Other problems are solved on a grid, with an :class:`ApproximationWarning` that names
    the proven bound on the error.

    Parameters
    ----------
    endowment : (...)
        What there is to share [Wh].
    claims : (..., n)
        What each member asks for, non-negative [Wh].
    cells : float
        How many steps the total claims are cut into where a grid is needed [-].

    Returns
    -------
    (..., n)
        Awards, summing to the smaller of ``endowment`` and total claims [Wh].

    Raises
    ------
    ProblemError
        If an entry is negative or not finite, or the shapes do not fit; names the row.

    Warns
    -----
    ApproximationWarning
        If a problem has more than 20 members and claims that are not whole in any usual unit.

    Examples
    --------
    >>> random_arrival(12.0, [3, 5, 9, 13]).round(4)
    array([1.25  , 1.9167, 3.9167, 4.9167])

    Source: O'Neill 1982, doi:10.1016/0165-4896(82)90029-4; Shapley value as an integral: Owen 1972,
    doi:10.1287/mnsc.18.5.64.
    """
    awards, bound, method = random_arrival_estimate(endowment, claims, cells=cells)
    if method != "exact":
        warnings.warn(
            f"random arrival of {int((bound > 0).any(axis=-1).sum())} problems was solved on a grid of "
            f"{cells:.0f} cells; no award is off by more than {bound.max():.3g} Wh. "
            "Claims in whole Wh are exact.",
            ApproximationWarning,
            stacklevel=2,
        )
    return awards


def random_arrival_estimate(
    endowment: npt.ArrayLike,
    claims: npt.ArrayLike,
    *,
    std_err: float | None = None,
    rng: np.random.Generator | int = 0,
    cells: float = CELLS,
) -> tuple[Array, Array, str]:
    """Random arrival with a measure of its error.

    Parameters
    ----------
    endowment, claims : (...), (..., n)
        The problems, as for :func:`random_arrival` [Wh].
    std_err : float, optional
        Sample orders, each with its reverse, until no award's standard error is above this [Wh]. By
        default nothing is sampled.
    rng : Generator or int
        Chance, or its seed.
    cells : float
        Steps of the grid for problems that are not exact [-].

    Returns
    -------
    awards : (..., n)
        Awards, summing to the smaller of ``endowment`` and total claims [Wh].
    error : (..., n)
        0 where exact, a proven bound where on the grid, a standard error where sampled [Wh].
    method : str
        ``exact``, ``grid`` if any problem was solved on the grid, or ``sampling``.

    Examples
    --------
    >>> awards, error, method = random_arrival_estimate(12.0, [3, 5, 9, 13], std_err=0.05, rng=1)
    >>> bool(abs(awards.sum() - 12) < 1e-9), bool(error.max() <= 0.05), method
    (True, True, 'sampling')
    """
    held, asked, shape = rows(endowment, claims)
    if std_err is not None:
        awards, error = _sampled(held, asked, float(std_err), np.random.default_rng(rng))
        return awards.reshape(shape), error.reshape(shape), "sampling"
    awards = np.empty(asked.shape)
    error = np.zeros(asked.shape)
    scale = _scale(asked)
    few = (asked > 0).sum(axis=1) <= MOST_BY_COALITION
    affordable = (scale > 0) & (_work(asked, scale) <= np.where(few, _enumeration(asked), MOST_WORK))
    _by_law(held, asked, scale, affordable, awards)
    _by_coalition(held, asked, few & ~affordable, awards)
    rest = np.flatnonzero(~few & ~affordable)
    for t in rest:
        awards[t], error[t] = _on_grid(held[t], asked[t], int(cells))
    return awards.reshape(shape), error.reshape(shape), "grid" if rest.size else "exact"


def _scale(claims: Array) -> Array:
    """The first of SCALES that makes a row whole, (T,); 0 where none does or numbers grow too large."""
    scale = np.zeros(claims.shape[0])
    for factor in SCALES:
        left = scale == 0
        if not left.any():
            break
        scaled = claims[left] * factor
        near = np.rint(scaled)
        whole = (np.abs(scaled - near) <= 2e-15 * scaled).all(axis=1) & (scaled.sum(axis=1) < 2**50)
        scale[np.flatnonzero(left)[whole]] = factor
    return scale


def _work(claims: Array, scale: Array) -> Array:
    """Cell updates of the exact law of sums, (T,); the law is of claims in units of their divisor."""
    whole = np.rint(np.where((scale > 0)[:, None], claims * scale[:, None], 0.0)).astype(np.int64)
    unit = np.maximum(np.gcd.reduce(whole, axis=1), 1) if whole.shape[1] else np.ones(len(whole))
    members = (whole > 0).sum(axis=1)
    return np.asarray(whole.sum(axis=1) / unit * members * (members + 3) / 8.0)


def _enumeration(claims: Array) -> Array:
    """Work of all coalitions in the same unit, (T,)."""
    members = np.minimum((claims > 0).sum(axis=1), MOST_BY_COALITION + 1)
    return np.asarray(2.0**members * 4 + 1000)


def _by_law(held: Array, asked: Array, scale: Array, wanted: npt.NDArray[np.bool_], awards: Array) -> None:
    from evenwatt.claims._arrival_kernels import whole_rows

    at = np.flatnonzero(wanted)
    if not at.size:
        return
    whole = np.rint(asked[at] * scale[at, None]).astype(np.int64)
    nodes, weights = _nodes(int((whole > 0).sum(axis=1).max(initial=1)))
    part = np.empty(whole.shape)
    whole_rows(held[at] * scale[at], whole, nodes, weights, part)
    awards[at] = np.clip(part / scale[at, None], 0.0, asked[at])


def _by_coalition(held: Array, asked: Array, wanted: npt.NDArray[np.bool_], awards: Array) -> None:
    from evenwatt.claims._arrival_kernels import coalition_rows

    at = np.flatnonzero(wanted)
    if at.size:
        part = np.empty((at.size, asked.shape[1]))
        coalition_rows(held[at], np.ascontiguousarray(asked[at]), part)
        awards[at] = np.clip(part, 0.0, asked[at])


def _nodes(members: int) -> tuple[Array, Array]:
    """Gauss-Legendre nodes up to 1/2 with the weights of their pairs; exact for ``members`` claims."""
    roots, weights = np.polynomial.legendre.leggauss(max(1, -(-members // 2)))
    times = (roots + 1) / 2
    kept = times <= 0.5 + 1e-12
    weights = np.where(np.abs(times - 0.5) < 1e-12, weights / 4, weights / 2)
    return np.minimum(times[kept], 0.5), weights[kept]


def _on_grid(endowment: float, claims: Array, cells: int) -> tuple[Array, float]:
    """Awards of claims rounded to a grid, and a proven bound on how far off they are.

    An award moves by at most the change of the own claim and, since another comes first in half the
    orders, half the changes of the others.
    """
    from evenwatt.claims._arrival_kernels import whole_rows

    total = float(claims.sum())
    if endowment >= total or endowment == 0:
        return (claims if endowment else np.zeros_like(claims)), 0.0
    step = total / cells
    whole = np.rint(claims / step).astype(np.int64)
    moved = np.abs(whole * step - claims)
    nodes, weights = _nodes(int((whole > 0).sum()))
    part = np.empty((1, claims.size))
    whole_rows(np.array([endowment / step]), whole[None], nodes, weights, part)
    awards = np.clip(part[0] * step, 0.0, claims)
    left = endowment - awards.sum()
    if left >= 0:
        awards += (claims - awards) * (left / (total - awards.sum()))
    else:
        awards *= endowment / awards.sum()
    return awards, float(moved.max() / 2 + moved.sum() / 2 + abs(left))


def _sampled(held: Array, asked: Array, wanted: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Mean over pairs of opposite orders, and its standard error, row by row."""
    awards, error = np.zeros(asked.shape), np.zeros(asked.shape)
    for t, (endowment, claims) in enumerate(zip(held, asked, strict=True)):
        if endowment >= claims.sum():
            awards[t] = claims
            continue
        pairs = 0
        mean, spread = np.zeros(claims.size), np.zeros(claims.size)
        while pairs < MOST_PAIRS:
            orders = rng.permuted(np.tile(np.arange(claims.size), (BATCH, 1)), axis=1)
            seen = (_served(endowment, claims, orders) + _served(endowment, claims, orders[:, ::-1])) / 2
            off = seen.mean(axis=0) - mean
            grown = pairs + BATCH
            spread += ((seen - seen.mean(axis=0)) ** 2).sum(axis=0) + off**2 * (pairs * BATCH / grown)
            mean += off * (BATCH / grown)
            pairs = grown
            error[t] = np.sqrt(spread / (pairs - 1) / pairs)
            if error[t].max(initial=0.0) <= wanted:
                break
        awards[t] = mean
    return awards, error


def _served(endowment: float, claims: Array, orders: Whole) -> Array:
    """What each member gets in each order, (orders, n)."""
    queue = claims[orders]
    before = np.cumsum(queue, axis=1) - queue
    served = np.empty(queue.shape)
    np.put_along_axis(served, orders, np.clip(endowment - before, 0.0, queue), axis=1)
    return served
