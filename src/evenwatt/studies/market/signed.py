"""Contracts that run from the start: ``contracts.csv``, read and signed before the first step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError, ProblemError, first_fault, gather
from evenwatt.core.units import SECONDS_PER_HOUR, W_PER_KW
from evenwatt.studies.market.roles import Agent

if TYPE_CHECKING:
    from evenwatt.markets.contracts.register import Contracts

CONTRACTS = "contracts.csv"
BY_VOLUME = ("forward", "future")  # the others are a share of what the seller generates
KINDS = ("ppa", *BY_VOLUME, "cfd-two-sided", "cfd-one-sided")
MOST_PER_MWH = 1e6  # a hundred times the dearest hours of any market
MOST_KW = 1e9
COLUMNS = {
    "kind": str, "seller": str, "buyer": str, "start": datetime, "end": datetime, "price_per_mwh": float,
    "volume_kw": float, "share": float,
}  # fmt: skip


@dataclass(frozen=True)
class Agreement:
    """One contract as its row describes it: ``volume_kw`` or ``share``, by its kind; ``end`` is after its last step."""

    kind: str
    seller: int
    buyer: int
    start: np.datetime64
    end: np.datetime64
    price_per_mwh: float
    volume_kw: float
    share: float


def read_contracts(path: Path, agents: Sequence[Agent], zone: str) -> tuple[Agreement, ...]:
    """Read ``contracts.csv``; none where there is no file.

    Raises
    ------
    CaseError
        Naming line and column of every fault.
    """
    from evenwatt.data import schema

    if not path.is_file():
        return ()
    rows = schema.read_table(
        path, COLUMNS, required=["kind", "seller", "buyer", "start", "end", "price_per_mwh"]
    )
    numbers = {agent.id: (number, agent.role) for number, agent in enumerate(agents)}
    with gather(CONTRACTS, CaseError) as faults:
        for k, row in enumerate(rows):
            faults += [f"line {k + 2}, {fault}" for fault in _faults(row, numbers, zone)]
    return tuple(
        Agreement(
            row["kind"], numbers[row["seller"]][0], numbers[row["buyer"]][0], _instant(row["start"], zone),
            _instant(row["end"], zone), row["price_per_mwh"], row["volume_kw"] or 0.0, row["share"] or 0.0,
        )
        for row in rows
    )  # fmt: skip


def _faults(row: Mapping[str, Any], numbers: Mapping[str, tuple[int, str]], zone: str) -> list[str]:
    found = []
    if row["kind"] not in KINDS:
        near = get_close_matches(row["kind"], KINDS, 1)
        advice = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(KINDS)}"
        found.append(f"column 'kind': '{row['kind']}' is not one; {advice}")
    for side, role in (("seller", "producer"), ("buyer", "utility")):
        if numbers.get(row[side], (0, ""))[1] != role:
            known = [id for id, (_, of) in numbers.items() if of == role]
            found.append(f"column '{side}': '{row[side]}' is not a {role}; there are {', '.join(known[:5])}")
    if _instant(row["end"], zone) <= _instant(row["start"], zone):
        found.append(f"column 'end': {row['end']} is not after the start, {row['start']}")
    wanted, other = ("volume_kw", "share") if row["kind"] in BY_VOLUME else ("share", "volume_kw")
    most = MOST_KW if wanted == "volume_kw" else 1.0
    if abs(row["price_per_mwh"]) > MOST_PER_MWH:
        found.append(
            f"column 'price_per_mwh': {row['price_per_mwh']:g}, expected at most {MOST_PER_MWH:g} either way"
        )
    if row["kind"] in KINDS and not (row[wanted] is not None and 0 < row[wanted] <= most):
        limit = f" and at most {most:g}"
        found.append(f"column '{wanted}': {row[wanted]}; a {row['kind']} needs a number above 0{limit}")
    if row["kind"] in KINDS and row[other] is not None:
        found.append(f"column '{other}': {row[other]}, but a {row['kind']} has none; leave the cell empty")
    return found


def _instant(stamp: datetime, zone: str) -> np.datetime64:
    aware = stamp if stamp.tzinfo else stamp.replace(tzinfo=ZoneInfo(zone))
    return np.datetime64(aware.astimezone(UTC).replace(tzinfo=None), "s")


def signed(agreements: Sequence[Agreement], start: npt.NDArray[np.datetime64], seconds: int) -> Contracts:
    """The contracts in steps of the market; what ends before the first or begins after the last is left out.

    Parameters
    ----------
    agreements : sequence of Agreement
        As read.
    start : (T,)
        Starts of the steps that are played, UTC.
    seconds : int
        Length of a step [s].

    Raises
    ------
    CaseError
        If shares of a seller's generation come to more than all of it; names the line.
    """
    from evenwatt.markets.contracts.register import Contracts

    made = Contracts()
    for k, one in enumerate(agreements):
        first, last = (int(np.searchsorted(start, edge)) for edge in (one.start, one.end))
        if first == last:
            continue
        try:
            made.sign(
                one.kind,
                seller=one.seller,
                buyer=one.buyer,
                start=first,
                end=last,
                price=one.price_per_mwh,
                volume_wh=round(one.volume_kw * W_PER_KW * seconds / SECONDS_PER_HOUR),
                share=one.share,
                seniority=1,
            )
        except ProblemError as error:
            raise CaseError(f"{CONTRACTS}: line {k + 2}: {first_fault(error)}") from error
    return made
