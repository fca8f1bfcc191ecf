"""The games of a microgrid: what neighbours gain by netting surplus against deficit."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.two_price import TwoPriceGame

Array = npt.NDArray[np.float64]


class PoolingLossWarning(UserWarning):
    """Selling to the grid pays more than buying costs, so that netting inside loses money."""


def microgrid_game(z: npt.ArrayLike, buy: npt.ArrayLike, sell: npt.ArrayLike) -> TwoPriceGame:
    """What a group earns behind one meter: v(S) = sell * max(z(S), 0) - buy * max(-z(S), 0), summed over time.

    Parameters
    ----------
    z : (n,) or (T, n)
        Net position of each member, generation less load [one energy unit].
    buy, sell : float or (T,)
        Price paid to the grid and paid by it [money per that unit].

    Returns
    -------
    TwoPriceGame
        Worths are money: what is earned, negative where more is paid.

    Warns
    -----
    PoolingLossWarning
        If ``sell > buy`` somewhere: each unit netted inside then loses the difference, groups earn less
        than their members alone, and no division makes everyone stay.

    Examples
    --------
    >>> game = microgrid_game([4, 2, -1, -3], buy=0.30, sell=0.08)
    >>> round(game.total, 4), game.alone.round(2)
    (0.16, array([ 0.32,  0.16, -0.3 , -0.9 ]))
    """
    game = TwoPriceGame(z, buy, sell)
    wrong = game.spread < 0
    if wrong.any():
        loss = float(game.alone.sum() - game.total)
        warnings.warn(
            f"sell is above buy in {int(wrong.sum())} of {wrong.size} intervals: there, energy netted inside "
            "would have earned more from the grid than it saves. Everyone together earns "
            f"{abs(loss):.6g} {'less' if loss >= 0 else 'more'} than everyone alone; "
            "the game is not superadditive. Was buy meant to be the dearer price?",
            PoolingLossWarning,
            stacklevel=2,
        )
    return game


def surplus_deficit_game(z: npt.ArrayLike) -> TwoPriceGame:
    """What a group can trade inside: g(S) = min(surplus of S, deficit of S), summed over time.

    With prices, ``microgrid_game`` is everyone's earnings alone plus ``(buy - sell) * g``.

    Parameters
    ----------
    z : (n,) or (T, n)
        Net position of each member, generation less load [one energy unit].

    Returns
    -------
    TwoPriceGame
        Worths in the unit of ``z``. It is a market game: superadditive, with a core that is never empty.

    Examples
    --------
    >>> surplus_deficit_game([4, 2, -1, -3]).total
    4.0

    Source: Shapley & Shubik 1969, doi:10.1016/0022-0531(69)90008-8.
    """
    net = np.atleast_2d(np.asarray(z, dtype=np.float64))
    return TwoPriceGame(z, 0.5, -0.5, base=np.abs(net).sum(axis=0) / 2)


def savings_game(z: npt.ArrayLike, buy: npt.ArrayLike, sell: npt.ArrayLike) -> TwoPriceGame:
    """What a group gains over its members alone: (buy - sell) * min(surplus, deficit), summed over time.

    Parameters are those of :func:`microgrid_game`; worths are money gained.

    Examples
    --------
    >>> round(savings_game([4, 2, -1, -3], buy=0.30, sell=0.08).total, 4)
    0.88
    """
    game = microgrid_game(z, buy, sell)
    return TwoPriceGame(game.net, game.buy, game.sell, base=-game.alone)
