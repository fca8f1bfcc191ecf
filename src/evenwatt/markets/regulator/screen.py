"""When a market looks abused: who is flagged, and what a flagged seller may ask at most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Alarm:
    """What a screen found; flags come first, and money moves by other rules only.

    Attributes
    ----------
    concentrated : bool
        Whether concentration is above its limit.
    abused : bool
        Whether prices were far above cost while a seller was hard to replace, often enough.
    share : float
        Of steps at which that was so [-].
    """

    concentrated: bool
    abused: bool
    share: float

    @property
    def raised(self) -> bool:
        """Whether anything was found."""
        return self.concentrated or self.abused


@dataclass(frozen=True)
class Screen:
    """What counts as concentrated and as abused.

    Attributes
    ----------
    hhi_high : float
        Concentration above which there is alarm [-].
    lerner_high : float
        Margin over price that is suspicious [-].
    rsi_low : float
        Residual supply below which a seller is hard to replace [-].
    share : float
        Of steps at which both must be so [-].

    Source: Twomey, Green, Neuhoff & Newbery 2005, A review of the monitoring of market power, CEEPR 05-002.
    """

    hhi_high: float = 0.25
    lerner_high: float = 0.3
    rsi_low: float = 1.1
    share: float = 0.05

    def alarm(self, hhi: float, lerner: npt.ArrayLike, rsi_least: npt.ArrayLike) -> Alarm:
        """What is found in a stretch of steps.

        Parameters
        ----------
        hhi : float
            Concentration over the stretch [-].
        lerner, rsi_least : (T,)
            Margin and least residual supply index of each step; not a number counts as no suspicion [-].

        Examples
        --------
        >>> Screen().alarm(0.2, [0.5, 0.1, 0.1, 0.1], [0.9, 0.9, 1.5, 1.5])
        Alarm(concentrated=False, abused=True, share=0.25)
        """
        margins, residual = np.broadcast_arrays(
            np.asarray(lerner, dtype=float), np.asarray(rsi_least, dtype=float)
        )
        suspicious = (margins > self.lerner_high) & (residual < self.rsi_low)
        share = float(suspicious.mean()) if suspicious.size else 0.0
        return Alarm(concentrated=bool(hhi > self.hhi_high), abused=share > self.share, share=share)


def bid_caps(
    cost_per_mwh: npt.ArrayLike, pivotal: npt.ArrayLike, alarm: Alarm, *, margin: float = 0.1
) -> Array:
    """The most each seller may ask: marginal cost and a margin, for those demand cannot do without after an alarm.

    Parameters
    ----------
    cost_per_mwh : (n,)
        Marginal cost, carbon included [currency per MWh].
    pivotal : (n,)
        Whether demand cannot be met without the seller.
    alarm : Alarm
        What was found.
    margin : float
        Over cost [-].

    Returns
    -------
    (n,)
        Caps of offers; infinite where there is none [currency per MWh].

    Examples
    --------
    >>> bid_caps([40.0, 60.0], [True, False], Alarm(True, False, 0.0))
    array([44., inf])
    """
    cost = np.asarray(cost_per_mwh, dtype=np.float64)
    capped = np.asarray(pivotal, dtype=bool) & alarm.raised
    return np.where(capped, cost + margin * np.abs(cost), np.inf)
