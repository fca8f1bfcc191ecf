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
        # sell * z+ - buy * z- is buy * z, bent by sell - buy at zero.
        parts = [(z, 0.0, float(-s)) for z, s in zip(game.net, game.spread, strict=True) if s and z.any()]
        values = game.base + game.buy @ game.net
    elif isinstance(game.f, Kinked):
        parts = [(game.z, k, b) for k, b in zip(game.f.kinks, game.f.bends, strict=True)]
        values = game.base + game.f.slope * game.z
    else:
        raise ProblemError("normal: expected a game of a Kinked function or of two prices")
    error = np.zeros(game.n)
    for z, kink, bend in parts:
        # Members of the same number share the same law of the others.
        sizes, member = np.unique(z, return_inverse=True)
        share, doubt = (column[member] for column in _hinge(sizes, z, kink))
        values, error = values + bend * share, error + abs(bend) * doubt
    gap = game.total - float(values.sum())
    return values + gap / game.n, error + abs(gap) / game.n


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
