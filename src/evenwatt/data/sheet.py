"""Rows of a meter file between its reader and the meters: as found, then on their way to the grid."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Register, Status, Times, Whole
from evenwatt.data.finding import Finding

Index = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Readings:
    """What a file says, row by row, before anything is judged.

    Attributes
    ----------
    source : str
        Name of the file.
    stamps : (R,) datetime64[s]
        Start of each row's interval: instants where ``utc``, else wall-clock labels of the zone.
    micro : (R, n) int64
        Energy [micro-Wh]; n is 1 where each row tells one register.
    present : (R, n) bool
        Whether there is a number.
    registers : tuple of Register
        Columns, or what ``series`` counts.
    places : (R,) int64
        Line or row in the file.
    utc : bool
        Whether the stamps are instants.
    series : (R,) int64 or None
        Register of each row in long files; None where a row tells all registers.
    status : (R, n) uint8 or None
        Quality flags of the file; None when it has none.
    notes, faults : tuple of str
        What was assumed; what cannot be read.
    """

    source: str
    stamps: Times
    micro: Whole
    present: Flags
    registers: tuple[Register, ...]
    places: Index
    utc: bool
    series: Index | None = None
    status: npt.NDArray[np.uint8] | None = None
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass
class Sheet:
    """Readings on their way to meters."""

    start: Times
    micro: Whole
    present: Flags
    status: npt.NDArray[np.uint8] | None
    series: Index | None
    places: Index
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def take(self, rows: Index | Flags) -> None:
        """Keep some rows only."""
        self.start, self.micro, self.present = self.start[rows], self.micro[rows], self.present[rows]
        self.status = None if self.status is None else self.status[rows]
        self.series = None if self.series is None else self.series[rows]
        self.places = self.places[rows]

    def marked(self) -> npt.NDArray[np.uint8]:
        """The status of each reading, made when first needed."""
        if self.status is None:
            self.status = np.where(self.present, np.uint8(Status.MEASURED), np.uint8(Status.MISSING))
        return self.status
