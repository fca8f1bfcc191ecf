"""One thing found in a file of readings: where, since when, how bad, what happens to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Register, Times

Severity = Literal["info", "warning", "error"]
RANK: dict[Severity, int] = {"info": 0, "warning": 1, "error": 2}


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes
    ----------
    severity : "info", "warning" or "error"
        An error stops settlement until it is mended or a repair is named.
    check : str
        Id of the check, kebab case.
    message : str
        What was found and what was expected.
    meter, register : str
        Where; empty when it concerns the whole file or many registers (the message counts them).
    first, last : datetime64[s] or None
        Start of the first and the last interval concerned, UTC.
    count : int
        How many readings, or how many registers where no time is concerned.
    policy : str
        What happens: refused, kept, or the repair that was named.
    fix : str
        What to do about it, when known.
    """

    severity: Severity
    check: str
    message: str
    meter: str = ""
    register: str = ""
    first: np.datetime64 | None = None
    last: np.datetime64 | None = None
    count: int = 1
    policy: str = ""
    fix: str = ""

    def __str__(self) -> str:
        """As one line of an error message."""
        where = ", ".join(part for part in (self.register or self.meter, self.span) if part)
        told = f"{where}: {self.message}" if where else self.message
        return f"{told}; {self.fix}" if self.fix else told

    @property
    def span(self) -> str:
        """First and last instant in words, UTC."""
        if self.first is None:
            return ""
        if self.last is None or self.last == self.first:
            return f"{_minute(self.first)} UTC"
        return f"{_minute(self.first)} to {_minute(self.last)} UTC"

    def to_dict(self) -> dict[str, Any]:
        """For JSON; instants as ISO text in UTC."""
        told = asdict(self)
        for key in ("first", "last"):
            told[key] = None if told[key] is None else f"{np.datetime64(told[key], 's')}Z"
        return told


def _minute(instant: np.datetime64) -> str:
    return str(np.datetime_as_string(instant, unit="m")).replace("T", " ")


def per_register(
    found: Finding,
    rows: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    start: Times,
    registers: Sequence[Register],
) -> list[Finding]:
    """Spread a finding over the readings it concerns: one for each register, or one when all agree.

    Parameters
    ----------
    found : Finding
        Severity, check, message, policy and fix; ``{register}`` is not filled in.
    rows, columns : (k,)
        Which intervals and registers.
    start : (T,)
        Start of each interval, UTC.
    registers : sequence of Register
        The columns.
    """
    spread: dict[tuple[int, int, int], list[int]] = {}
    order = np.argsort(columns, kind="stable")
    which, opening = np.unique(columns[order], return_index=True)
    for column, group in zip(which.tolist(), np.split(rows[order], opening[1:]), strict=True):
        spread.setdefault((int(group.min()), int(group.max()), len(group)), []).append(column)
    findings = []
    for (first, last, count), several in spread.items():
        one = registers[several[0]]
        many = len(several) > 1
        findings.append(
            Finding(
                found.severity,
                found.check,
                f"{found.message} (in {len(several)} registers, first {one.id})" if many else found.message,
                "" if many else one.meter,
                "" if many else one.id,
                start[first],
                start[last],
                count * len(several),
                found.policy,
                found.fix,
            )
        )
    return findings
