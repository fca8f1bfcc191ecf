"""Water-filling: the one kernel under the claims rules and under bargaining over one resource."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def fill(
    endowment: npt.ArrayLike,
    anchor: npt.ArrayLike,
    weights: npt.ArrayLike,
    lower: npt.ArrayLike,
    upper: npt.ArrayLike,
) -> tuple[Array, Array]:
    """Raise one level until everything is shared: ``x = clip(anchor + weights * level, lower, upper)``.

    With ``anchor`` the disagreement point this is the asymmetric Nash bargaining solution; with
    ``anchor = 0``, ``lower = 0`` and ``upper`` the claims it is constrained equal awards.
    Nothing is checked: the caller sees to ``weights > 0``, ``lower <= upper`` and
    ``sum(lower) <= endowment <= sum(upper)``. Outside these sums the nearer bound is returned.

    Parameters
    ----------
    endowment : (T,)
        What there is to share, finite [Wh].
    anchor, weights, lower, upper : (T, n), or anything that broadcasts to it
        Level-zero awards [Wh], speeds [-], and bounds [Wh]; ``upper`` may be ``inf``, the rest is finite.

    Returns
    -------
    awards : (T, n)
        Awards summing to ``endowment`` [Wh].
    level : (T,)
        The level reached [Wh per unit weight]; where no award moves with it, one of those that fit.

    Examples
    --------
    >>> awards, level = fill([20.0], 0.0, 1.0, 0.0, [[3.0, 5.0, 9.0, 13.0]])
    >>> awards, level
    (array([[3., 5., 6., 6.]]), array([6.]))

    Source: Dagan & Volij 1993, doi:10.1016/0165-4896(93)90024-D, Theorem 1 (asymmetric Nash form).
    """
    from evenwatt.engine._kernels import fill_rows

    held = np.ascontiguousarray(endowment, dtype=np.float64)
    given = [np.asarray(a, dtype=np.float64) for a in (anchor, weights, lower, upper)]
    rows, members = np.broadcast_shapes((held.size, 1), *(a.shape for a in given))
    awards = np.empty((rows, members))
    level = np.empty(rows)
    held = np.ascontiguousarray(np.broadcast_to(held, (rows,)))
    a, w, low, up = (_shared_rows(values, rows, members) for values in given)
    fill_rows(held, a, w, low, up, awards, level)
    return awards, level


def _shared_rows(values: Array, rows: int, members: int) -> Array:
    """Contiguous rows; one single row where all are the same, so that nothing is copied T times."""
    wide = np.broadcast_to(values, (rows, members))
    if rows > 1 and wide.strides[0] == 0:
        wide = wide[:1]
    return np.ascontiguousarray(wide)
