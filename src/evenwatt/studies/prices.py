"""Prices of a case: steps in time, read from ``prices.csv``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError

Array = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Prices:
    """Prices as steps: each holds from its instant until the next [currency per MWh]."""

    start: Times
    columns: Mapping[str, Array]

    def at(self, times: Times, name: str) -> Array:
        """The price ``name`` in each interval, (T,) [currency per MWh]."""
        place = np.searchsorted(self.start, times, side="right") - 1
        if (place < 0).any():
            raise CaseError(
                f"prices.csv: no price before {self.start[0]}Z, but the readings begin {times[0]}Z; add a row"
            )
        return self.columns[name][place]


def read_prices(path: Path, names: Sequence[str], zone: str) -> Prices:
    """Read the named price columns of ``prices.csv``; a bare time stamp is read in ``zone``.

    Raises
    ------
    CaseError
        If the rows do not go forward in time, or there are none.
    """
    from evenwatt.data import schema

    wanted = {"interval_start": schema.PRICES["interval_start"], **dict.fromkeys(names, float)}
    rows = schema.read_table(path, wanted)
    stamps = [row["interval_start"] for row in rows]
    aware = [stamp if stamp.tzinfo else stamp.replace(tzinfo=ZoneInfo(zone)) for stamp in stamps]
    start = np.array([stamp.astimezone(UTC).replace(tzinfo=None) for stamp in aware], dtype="datetime64[s]")
    if len(start) == 0 or (np.diff(start) <= np.timedelta64(0, "s")).any():
        raise CaseError(
            "prices.csv: interval_start must increase from row to row, and there must be a first row"
        )
    return Prices(start, {name: np.array([row[name] for row in rows], dtype=np.float64) for name in names})
