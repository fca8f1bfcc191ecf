"""Shapley values of games on sums by the normal law, for a first look at any size, with an estimate of the error.

The sum of the others is taken for normal, corrected for its skewness, its excess kurtosis and the square of its
skewness (Edgeworth; Petrov 1975, doi:10.1007/978-3-642-65809-9, ch. VI); the last of these corrections, taken
absolutely, estimates what is left out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.sum_game import Kinked, SumGame
from evenwatt.coalitions.sums.quadrature import angles
from evenwatt.coalitions.two_price import TwoPriceGame
from evenwatt.core.errors import ProblemError

Array = npt.NDArray[np.float64]

DENSITY = 3  # nodes of the time of arrival per root of n: quadrature error well below that of the law
FEWEST = 20  # members below which the law of the sum is not near normal


def normal(game: SumGame | TwoPriceGame) -> tuple[Array, Array]:
    """Approximate Shapley value of a game on sums, and an estimate of its error.

    Returns
    -------
    values, error : (n,)
        The error is an estimate, not a bound. Values are shifted to sum to v(N).

    Raises
    ------
    ProblemError
        If the function is not :class:`Kinked`, or there are fewer than 20 members (enumerate them).
    """
    if game.n < FEWEST:
        raise ProblemError(
            f"normal: {game.n} members; expected at least {FEWEST}, fewer are better enumerated"
        )
    if isinstance(game, TwoPriceGame):
        inside, error = inside_by_normal(game)
        values = game.additive - game.spread / 2 @ np.abs(game.net) + game.spread @ inside
        error = np.abs(game.spread) @ error
    elif isinstance(game.f, Kinked):
        values, error = game.base + game.f.slope * game.z, np.zeros(game.n)
        for kink, bend in zip(game.f.kinks, game.f.bends, strict=True):
            share, doubt = _shares(game.z, kink)
            values, error = values + bend * share, error + abs(bend) * doubt
    else:
        raise ProblemError("normal: expected a game of a Kinked function or of two prices")
    gap = game.total - float(values.sum())
    return values + gap / game.n, error + abs(gap) / game.n


def inside_by_normal(game: TwoPriceGame) -> tuple[Array, Array]:
    """Shapley values of what a game's members trade inside, and estimates of their errors, (T, n) each.

    Each interval sums to what is traded. The game remembers the answer.
    """
    if "_inside_normal" not in game.__dict__:
        found, error = np.zeros(game.net.shape), np.zeros(game.net.shape)
        for t in np.flatnonzero(game.spread):
            z = game.net[t]
            traded = min(np.maximum(z, 0.0).sum(), np.maximum(-z, 0.0).sum())
            if traded > 0:
                share, doubt = _shares(z, 0.0)
                # |z| = 2 max(z, 0) - z, and what is traded is (sum of |z_i| - |z(S)|) / 2.
                value = (np.abs(z) + z) / 2 - share
                found[t] = _possible(value + (traded - value.sum()) / z.size, z)
                error[t] = doubt + np.abs(found[t] - value)
        game.__dict__["_inside_normal"] = found, error
    held: tuple[Array, Array] = game.__dict__["_inside_normal"]
    return held


def _possible(values: Array, z: Array) -> Array:
    """Values within what each member can add, 0 to |z|, each side keeping its sum as far as it can."""
    found = np.clip(values, 0.0, np.abs(z))
    for side in (z > 0, z < 0):
        kept, wanted = float(found[side].sum()), float(values[side].sum())
        if kept > 0:
            found[side] *= wanted / kept
    return found


def _shares(z: Array, kink: float) -> tuple[Array, Array]:
    """Value of max(z(S) - kink, 0) and the size of the last correction, (n,) each."""
    # Members of the same number share the same law of the others.
    sizes, member = np.unique(z, return_inverse=True)
    value, doubt = _hinge(sizes, z, kink)
    return value[member], doubt[member]


def _hinge(own: Array, z: Array, kink: float) -> tuple[Array, Array]:
    """Value of max(z(S) - kink, 0) to members of number ``own``, and the size of the last correction."""
    times, weight = angles(int(DENSITY * z.size**0.5) + 1)
    t = times[:, None]
    q = t * (1 - t)
    second, third, fourth = ((z**k).sum() - own**k for k in (2, 3, 4))
    spread = np.sqrt(np.maximum(q * second, 1e-300))
    skew = q * (1 - 2 * t) * third / spread**3
    kurtosis = q * (1 - 6 * q) * fourth / spread**4
    mean = t * (z.sum() - own)
    near, near_last = _above(mean + own - kink, spread, skew, kurtosis)
    far, far_last = _above(mean - kink, spread, skew, kurtosis)
    return weight @ (near - far), weight @ np.abs(near_last - far_last)


def _above(mean: Array, spread: Array, skew: Array, kurtosis: Array) -> tuple[Array, Array]:
    """E[X^+] for a nearly normal X, and the last correction in it."""
    from scipy.special import ndtr

    k = -mean / spread
    density = np.exp(-np.minimum(k * k, 1400.0) / 2) / np.sqrt(2 * np.pi)
    # E[He_j(X) (X - k)^+] = He_{j-2}(k) phi(k) for a standard normal X.
    last = kurtosis / 24 * (k * k - 1) + skew**2 / 72 * (k**4 - 6 * k * k + 3)
    last = spread * last * density
    return mean * ndtr(-k) + spread * density * (1 + skew / 6 * k) + last, last
