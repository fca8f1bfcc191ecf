"""The regulator's fund: what fines, carbon and penalties bring in goes out as subsidies and rebates, never more."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core import exact
from evenwatt.core.errors import ProblemError
from evenwatt.markets.ledger import money
from evenwatt.markets.mechanism import Divide, proportional

Whole = npt.NDArray[np.int64]


def subsidies(
    renewable_wh: npt.ArrayLike, per_mwh: float, fund_micro: int, *, ration: Divide = proportional
) -> Whole:
    """What each generator of renewable energy gets, as far as the fund reaches.

    Parameters
    ----------
    renewable_wh : (n,)
        What each generated [Wh].
    per_mwh : float
        Subsidy [currency per MWh].
    fund_micro : int
        Money in the fund [micro-units].
    ration : callable
        Any claims rule ``(endowment, claims) -> awards``: shares a fund that is short.

    Returns
    -------
    (n,) int64
        Subsidies, which do not exceed the fund [micro-units].

    Examples
    --------
    >>> subsidies([100, 300], 10.0, 5000), subsidies([100, 300], 10.0, 2000)
    (array([1000, 3000]), array([ 500, 1500]))
    """
    claims = money(per_mwh, renewable_wh)
    held = max(int(fund_micro), 0)
    if claims.sum() <= held:
        return claims
    return exact.vector(ration(np.asarray(float(held)), claims.astype(np.float64)), held)


def rebates(
    fund_micro: int, consumed_wh: npt.ArrayLike, *, by: str = "head", tie: npt.ArrayLike | None = None
) -> Whole:
    """The fund given back, to the last micro-unit.

    Parameters
    ----------
    fund_micro : int
        Money in the fund [micro-units].
    consumed_wh : (n,)
        What each used [Wh].
    by : str
        ``"head"``: everybody the same; ``"consumption"``: by what was used, or the same where nobody used
        anything; ``"none"``: nothing.
    tie : (n,), optional
        Who comes first for a micro-unit that cannot be shared, by falling value; by default the earlier.

    Returns
    -------
    (n,) int64
        Rebates, summing to the fund [micro-units].

    Raises
    ------
    ProblemError
        If ``by`` is none of these.

    Examples
    --------
    >>> rebates(1000, [10, 20, 30]), rebates(1000, [10, 20, 30], by="consumption")
    (array([334, 333, 333]), array([167, 333, 500]))
    """
    used = np.asarray(consumed_wh, dtype=np.float64)
    held = max(int(fund_micro), 0)
    if by not in ("head", "consumption", "none"):
        raise ProblemError(f"rebate by '{by}'; expected head, consumption or none")
    if by == "none" or held == 0 or used.size == 0:
        return np.zeros(used.shape, dtype=np.int64)
    weights = used if by == "consumption" and used.sum() > 0 else np.ones_like(used)
    order = (
        np.arange(used.size) if tie is None else np.argsort(-np.asarray(tie, dtype=np.float64), kind="stable")
    )
    shared = np.empty(used.size, dtype=np.int64)
    shared[order] = exact.vector(weights[order] * (held / weights.sum()), held)
    return shared
