"""A folder of exports: every file read by itself, then joined, overlaps compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from evenwatt.core.errors import DataError, told
from evenwatt.core.meters import Meters
from evenwatt.data.finding import Finding, Severity, per_register
from evenwatt.data.partition import joined

Laid = tuple[Meters, list[Finding]]


def lay_out(folder: Path, lay: Callable[[Path], Laid], policy: str | None) -> Laid:
    """Join what the files of a folder say.

    Parameters
    ----------
    folder : Path
        Of files that are read in the order of their names.
    lay : callable
        Lays one file out.
    policy : "first", "last" or None
        Which file to believe where two differ.

    Raises
    ------
    DataError
        If there is no file, one cannot be read, or their intervals differ in length.
    """
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    if not files:
        raise DataError(f"{folder}: is a folder without files, expected a meter file or a CityLearn folder")
    faults, parts, findings = [], list[Meters](), list[Finding]()
    for file in files:
        try:
            meters, found = lay(file)
        except DataError as why:
            faults.append(str(why))
            continue
        if parts and meters.seconds != parts[0].seconds:
            faults.append(
                f"{file.name}: intervals of {meters.seconds} s, {files[0].name} has {parts[0].seconds} s"
            )
            continue
        findings += [replace(f, message=f"{file.name}: {f.message}") for f in found]
        for other, earlier in zip(parts, files, strict=False):
            findings += _overlap(other, meters, f"{earlier.name} and {file.name}", policy)
        parts.append(meters)
    if faults:
        raise DataError(told(str(folder), faults))
    whole = joined(parts[::-1] if policy == "first" else parts)
    order = {register: k for k, register in enumerate(dict.fromkeys(r for p in parts for r in p.registers))}
    place = sorted(range(len(whole.registers)), key=lambda k: order[whole.registers[k]])
    registers = tuple(whole.registers[k] for k in place)
    return replace(whole, wh=whole.wh[:, place], status=whole.status[:, place], registers=registers), findings


def _overlap(one: Meters, other: Meters, names: str, policy: str | None) -> list[Finding]:
    """Where two files tell of the same register and interval."""
    column = {r.id: k for k, r in enumerate(one.registers)}
    shared = [(column[r.id], k) for k, r in enumerate(other.registers) if r.id in column]
    _, mine, its = np.intersect1d(one.start, other.start, return_indices=True)
    if not shared or not len(mine):
        return []
    left, right = (np.array(side, dtype=np.int64) for side in zip(*shared, strict=True))
    both = ~one.missing[np.ix_(mine, left)] & ~other.missing[np.ix_(its, right)]
    differ = one.wh[np.ix_(mine, left)] != other.wh[np.ix_(its, right)]
    findings = []
    for same in (True, False):
        rows, columns = np.nonzero(both & (differ != same))
        if len(rows):
            found = _told(same, names, policy)
            findings += per_register(found, mine[rows], left[columns], one.start, one.registers)
    return findings


def _told(same: bool, names: str, policy: str | None) -> Finding:
    if same:
        return Finding("info", "overlap", f"the same readings in {names}", policy="one is kept")
    severity: Severity = "warning" if policy else "error"
    fix = "" if policy else "keep one export, or name a repair: duplicates = first | last (by file name)"
    kept = f"the {policy} is kept" if policy else "refused"
    return Finding(severity, "overlap", f"different readings in {names}", policy=kept, fix=fix)
