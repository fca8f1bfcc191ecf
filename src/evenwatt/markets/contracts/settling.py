"""What each kind of contract pays: plain formulas, for prices, energy and the spot price."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.markets.ledger import money

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

KINDS = ("ppa", "forward", "future", "cfd-two-sided", "cfd-one-sided")
PPA, FORWARD, FUTURE, TWO_SIDED, ONE_SIDED = range(len(KINDS))
VOLUME = (FORWARD, FUTURE)  # over a quantity; the others are over a share of generation


def buyer_pays(
    kind: Whole, price: Array, reference: Array, wh: Whole, never_below_zero: npt.NDArray[np.bool_]
) -> Whole:
    """What the buyer of each contract pays its seller; negative where the seller pays.

    ========================  ==============================================================
    power purchase (PPA)      price x generation delivered
    physical forward          price x quantity of the contract
    future, settled in cash   (price - spot) x quantity of the contract
    two-sided CfD             (price - reference) x generation
    one-sided CfD             the same, where it is above 0
    ========================  ==============================================================

    Parameters
    ----------
    kind : (m,)
        Rows of ``KINDS``.
    price, reference : (m,)
        Of the contract; spot price, or its mean over the contract's reference period [currency per MWh].
    wh : (m,)
        Generation, or quantity of the contract [Wh].
    never_below_zero : (m,)
        Whether a contract for difference pays nothing while the reference is below 0.

    Returns
    -------
    (m,) int64
        Payments [micro-units].

    Source: for contracts for difference, Schlecht, Maurer & Hirth 2024, doi:10.1016/j.enpol.2024.113981.

    Examples
    --------
    >>> spot, generated = np.array([55.0, 90.0, -10.0]), np.array([400, 250, 300])
    >>> buyer_pays(np.full(3, TWO_SIDED), np.full(3, 70.0), spot, generated, np.zeros(3, bool))
    array([ 6000, -5000, 24000])
    """
    difference = price - reference
    rate = np.where(kind <= FORWARD, price, difference)
    rate = np.where(kind == ONE_SIDED, np.maximum(difference, 0.0), rate)
    silent = (kind >= TWO_SIDED) & never_below_zero & (reference < 0)
    return money(np.where(silent, 0.0, rate), wh)


def close_out(kind: Whole, price: Array, forward: Array, wh: Whole) -> Whole:
    """What the seller owes the buyer when a contract ends early: what the rest was worth to the buyer.

    Parameters
    ----------
    kind : (m,)
        Rows of ``KINDS``.
    price, forward : (m,)
        Of the contract, and of the same energy now [currency per MWh].
    wh : (m,)
        Of all remaining steps [Wh].

    Returns
    -------
    (m,) int64
        Negative where the buyer owes [micro-units].

    Examples
    --------
    >>> close_out(np.array([FORWARD]), np.array([60.0]), np.array([75.0]), np.array([1500]))
    array([22500])
    """
    gain = forward - price
    return money(np.where(kind == ONE_SIDED, np.minimum(gain, 0.0), gain), wh)
