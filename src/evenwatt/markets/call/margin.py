"""Ties at the margin: the one level that cannot be served whole is divided by a claims rule, in whole Wh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.engine.threads import share_rows
from evenwatt.markets.call.crossing import Crossing
from evenwatt.markets.call.rows import Rows
from evenwatt.markets.mechanism import Divide, proportional

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

# How far a rule's awards may miss what they must keep, before it is a mistake and not float noise [Wh per Wh].
NOISE = 1e-6


@dataclass(frozen=True)
class Margin:
    """What the orders of divided levels get.

    Attributes
    ----------
    starts : (T + 1,)
        Market t's are ``places[starts[t]:starts[t + 1]]``.
    places, awards : (k,)
        Rows of the orders, and what they get [Wh].
    """

    starts: Whole
    places: Whole
    awards: Whole


def margin(rows: Rows, found: Crossing, ration: Divide, markets: Whole) -> Margin:
    """Divide the last level of each market.

    Parameters
    ----------
    rows, found : Rows, Crossing
        The orders, and where they cross.
    ration : callable
        A claims rule.
    markets : (T, 2)
        Periods and nodes, for messages.

    Raises
    ------
    ProblemError
        If the rule does not divide what there is, or passes a claim; names the markets.
    """
    from evenwatt.markets.call import _filling_kernels as kernels

    starts = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(np.abs(found.tied), out=starts[1:])
    count = int(starts[-1])
    places, claims, awards = np.empty(count, dtype=np.int64), np.empty(count), np.empty(count)
    whole = np.empty(count, dtype=np.int64)
    if count == 0:
        return Margin(starts, places, whole)
    common = ration is proportional

    def work(begin: int, finish: int) -> None:
        kernels.list_ties(
            rows.price, rows.quantity, rows.side, rows.shared, rows.edges, found.cuts, found.tied, starts,
            places, claims, begin, finish,
        )  # fmt: skip
        if common:
            kernels.share_ties(starts, found.left, claims, awards, begin, finish)
            rounded(begin, finish)

    def rounded(begin: int, finish: int) -> None:
        kernels.round_ties(
            starts, found.left, claims, awards, places, rows.edges, rows.agent, rows.one_agent, rows.salts,
            whole, begin, finish,
        )  # fmt: skip

    share_rows(len(rows), work, least=rows.least)
    if not common:
        _divide(starts, found.left, claims, awards, ration, markets)
        share_rows(len(rows), rounded, least=rows.least)
    return Margin(starts, places, whole)


def _divide(starts: Whole, left: Whole, claims: Array, awards: Array, ration: Divide, markets: Whole) -> None:
    """Ask the rule once for all levels of a size; one order alone gets what there is, whatever the rule."""
    sizes = np.diff(starts)
    with gather("ration", ProblemError) as faults:
        for size in np.unique(sizes[sizes > 0]).tolist():
            levels = np.flatnonzero(sizes == size)
            members = starts[levels][:, None] + np.arange(size)
            if size == 1:
                awards[members[:, 0]] = left[levels]
                continue
            asked = claims[members]
            given = np.asarray(ration(left[levels].astype(np.float64), asked), dtype=np.float64)
            faults += _wrong(given, left[levels], asked, markets[levels])
            if not faults:
                awards[members] = given


def _wrong(given: Array, left: Whole, asked: Array, markets: Whole) -> list[str]:
    """What the rule did not keep."""
    if given.shape != asked.shape:
        return [f"the rule gives awards of shape {given.shape} for claims of shape {asked.shape}"]
    noise = NOISE * (1.0 + left)
    outside = (given < -noise[:, None]) | (given > asked + noise[:, None])
    missed = ~(np.abs(given.sum(axis=1) - left) <= noise)
    return [
        f"market (period {period}, node {node}): the rule divides {endowment} Wh among claims {_few(claims)} "
        f"into {_few(awards)}; expected awards from 0 to the claims that sum to {endowment}"
        for (period, node), endowment, claims, awards in zip(
            *(a[outside.any(axis=1) | missed].tolist() for a in (markets, left, asked, given)), strict=True
        )
    ]


def _few(values: list[float]) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:6])
    return f"[{shown}, ... {len(values)} in all]" if len(values) > 6 else f"[{shown}]"
