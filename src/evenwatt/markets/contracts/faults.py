"""What a contract cannot be: all that is wrong with one, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.markets.contracts.settling import KINDS, ONE_SIDED, PPA, TWO_SIDED, VOLUME

WHOLE = (
    "seller",
    "buyer",
    "start",
    "end",
    "volume_wh",
    "reference_steps",
    "collateral",
    "seniority",
    "notice_steps",
)


def faults_of(one: Mapping[str, Any]) -> Iterator[str]:
    """All that is wrong with a contract, whose columns are those of ``Contracts``.

    Examples
    --------
    >>> fine = dict.fromkeys(("buyer", "start", "volume_wh", "share", "collateral", "seniority", "notice_steps"), 0)
    >>> fine |= {"kind": 0, "seller": 1, "end": 4, "price": 60.0, "share": 0.5, "reference_steps": 1}
    >>> [*faults_of(fine)], [*faults_of(fine | {"end": 0, "buyer": 1})]
    ([], ['seller and buyer are both 1', 'runs from step 0 to 0; expected at least one step'])
    """
    for name in WHOLE:
        if one[name] != one[name] or one[name] % 1 != 0 or one[name] < 0:
            yield f"{name} {one[name]} is not a whole number of at least 0"
    if one["seller"] == one["buyer"]:
        yield f"seller and buyer are both {one['seller']}"
    if one["end"] <= one["start"]:
        yield f"runs from step {one['start']} to {one['end']}; expected at least one step"
    if not isfinite(one["price"]):
        yield f"price {one['price']} is not a number"
    yield from _quantity_faults(one)


def _quantity_faults(one: Mapping[str, Any]) -> Iterator[str]:
    kind = KINDS[one["kind"]]
    if one["kind"] in VOLUME and not one["volume_wh"] > 0:
        yield f"volume_wh {one['volume_wh']}: a {kind} is over a quantity above 0"
    if one["kind"] not in VOLUME and not 0 < one["share"] <= 1:
        yield f"share {one['share']}: a {kind} is over a share of generation, above 0 and at most 1"
    if one["reference_steps"] < 1 or (one["kind"] < TWO_SIDED and one["reference_steps"] != 1):
        yield f"reference_steps {one['reference_steps']}: only a contract for difference averages, over at least 1"


def oversold(contracts: Mapping[str, npt.NDArray[Any]], sellers: npt.NDArray[Any]) -> Iterator[str]:
    """Which of the sellers have sold more than all of their generation at a step, by these contracts together."""
    kind, seller, start, end, share = (
        contracts[name] for name in ("kind", "seller", "start", "end", "share")
    )
    # Energy is delivered by one contract and may be hedged by another: each adds up to at most all of it.
    for group in ((PPA,), (TWO_SIDED, ONE_SIDED)):
        within = np.isin(kind, group)
        for one in np.intersect1d(seller[within], sellers).tolist():
            its = np.flatnonzero(within & (seller == one))
            most = max(share[its][(start[its] <= at) & (at < end[its])].sum() for at in start[its].tolist())
            if most > 1 + 1e-9:
                yield f"seller {one}: shares of its generation sum to {most:.6g}; expected at most 1"
