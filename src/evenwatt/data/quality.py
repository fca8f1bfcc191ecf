"""Is the data fit to settle? All checks, gathered into one answer with an exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenwatt.core.meters import Meters
from evenwatt.data import checks_people, checks_time, checks_values
from evenwatt.data.finding import RANK, Finding, Severity


@dataclass(frozen=True)
class Quality:
    """What the checks found.

    Attributes
    ----------
    findings : tuple of Finding
        Worst first, then in time.
    readings, missing : int
        How many there are in all, and how many of them are missing.
    notes : tuple of str
        What the reader assumed.
    """

    findings: tuple[Finding, ...]
    readings: int
    missing: int
    notes: tuple[str, ...] = ()

    @property
    def worst(self) -> Severity | None:
        """The gravest severity, or None when nothing was found."""
        return max((f.severity for f in self.findings), key=RANK.__getitem__, default=None)

    @property
    def exit_code(self) -> int:
        """0 when clean or with warnings only, 1 when an error stands."""
        return int(self.worst == "error")

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stop settlement."""
        return tuple(f for f in self.findings if f.severity == "error")

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "worst": self.worst,
            "readings": self.readings,
            "missing": self.missing,
            "findings": [finding.to_dict() for finding in self.findings],
            "notes": list(self.notes),
        }

    def table(self) -> str:
        """The findings in plain columns, for people."""
        counts = Counter(finding.severity for finding in self.findings)
        told = ", ".join(f"{counts[s]} {s}" for s in sorted(counts, key=RANK.__getitem__, reverse=True))
        share = f", {self.missing} missing" if self.missing else ""
        lines = [f"{self.readings} readings{share}: {told or 'nothing found'}"]
        rows = [
            (f.severity, f.check, f.register or f.meter or "-", f.span or "-", str(f.count), f.policy or "-")
            for f in self.findings
        ]
        header = ("severity", "check", "register", "when", "count", "policy")
        widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]
        for row, finding in zip([header, *rows], [None, *self.findings], strict=True):
            lines.append(
                "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            )
            if finding is not None:
                lines.append(f"    {finding.message}" + (f"; {finding.fix}" if finding.fix else ""))
        return "\n".join(lines if rows else lines[:1])


def check(
    meters: Meters,
    *,
    members: Collection[str] | None = None,
    capacity: Mapping[str, float] | None = None,
    coordinates: tuple[float, float] | None = None,
    found: Collection[Finding] = (),
) -> Quality:
    """Check meters before anybody is billed on them.

    Parameters
    ----------
    meters : Meters
        The readings.
    members : collection of str, optional
        Metering points that the case refers to.
    capacity : mapping, optional
        Installed or connection capacity by register id or meter [kW].
    coordinates : (float, float), optional
        Latitude and longitude, to know when it is night [degrees north, east].
    found : collection of Finding, optional
        What the reader found already.

    Examples
    --------
    >>> from evenwatt.data.sample import community
    >>> check(community(households=5, plants=2).meters).exit_code
    0
    """
    findings = [*found]
    if len(meters.start) and meters.registers:
        for look in checks_time.CHECKS:
            findings += look(meters)
        findings += checks_values.night(meters, coordinates)
        findings += checks_values.capacity(meters, capacity or {})
        for look in checks_values.CHECKS:
            findings += look(meters)
        findings += checks_people.ean(meters)
        if members is not None:
            findings += checks_people.members(meters, members)
    ordered = sorted(findings, key=lambda f: (-RANK[f.severity], f.check, str(f.first), f.register))
    return Quality(tuple(ordered), meters.wh.size, int(meters.missing.sum()), meters.notes)


def read_and_check(
    path: Path | str,
    *,
    zone: str = "UTC",
    offset: str | None = None,
    year: int | None = None,
    repair: Mapping[str, str] | None = None,
    members: Collection[str] | None = None,
    capacity: Mapping[str, float] | None = None,
    coordinates: tuple[float, float] | None = None,
) -> tuple[Meters, Quality]:
    """Read a file as far as it can be read, and check it; faults of the file become findings.

    Parameters are those of :func:`evenwatt.data.read` and :func:`check`.

    Returns
    -------
    meters : Meters
        Refused readings are missing in it.
    quality : Quality
        Findings of the file and of its values.

    Raises
    ------
    DataError
        If the file cannot be laid out at all.
    """
    from evenwatt.data.mending import reading_time
    from evenwatt.data.mending import repair as mend
    from evenwatt.data.readers import is_plain_folder, lay_out, sniff

    policies = dict(repair or {})
    early = reading_time(policies)
    meters, found = lay_out(path, zone=zone, offset=offset, year=year, policies=early)
    later = {name: policy for name, policy in policies.items() if name not in early}
    if later.get("missing") not in {None, "refuse"}:
        meters = mend(meters, later)
    known = None if is_plain_folder(Path(path)) else getattr(sniff(path), "capacity", None)
    if capacity is None and known is not None:
        capacity = known(Path(path))
    return meters, check(meters, members=members, capacity=capacity, coordinates=coordinates, found=found)
