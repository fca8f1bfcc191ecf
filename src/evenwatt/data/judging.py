"""What a reader must not swallow: stamps off the grid, negative readings, two readings for one slot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evenwatt.core.meters import Register, Status, Times, instants
from evenwatt.core.units import MICRO_WH_PER_WH
from evenwatt.data.clock import local_labels
from evenwatt.data.finding import Finding, per_register
from evenwatt.data.placing import AUTUMN_POLICIES
from evenwatt.data.sheet import Index, Sheet

POLICIES: dict[str, tuple[str, ...]] = {
    "autumn-day": AUTUMN_POLICIES,
    "duplicates": ("first", "last"),
    "negative": ("zero", "missing", "flip"),
    "interval-end": ("shift",),
}


def drop_off_grid(sheet: Sheet, seconds: int, zone: str) -> None:
    """Drop stamps beside the grid that most stamps lie on, and say when that grid misses local midnight."""
    phase = sheet.start.astype(np.int64) % seconds
    values, counts = np.unique(phase, return_counts=True)
    usual = int(values[np.argmax(counts)])
    wrong = phase != usual
    day = local_labels(sheet.start[:1], zone).astype("datetime64[D]")[0].astype(object)
    midnight = int(instants(day, zone, seconds)[0].astype(np.int64)) % seconds
    if usual != midnight:
        message = f"every stamp lies {(usual - midnight) % seconds} s beside the grid of {seconds} s"
        found = Finding(
            "error", "off-grid", message, first=sheet.start.min(), last=sheet.start.max(), policy="refused"
        )
        sheet.findings.append(
            replace(found, count=len(phase), fix="shift the stamps to the start of the interval")
        )
    for instant in np.unique(sheet.start[wrong])[:20]:
        place = int(sheet.places[np.flatnonzero(sheet.start == instant)[0]])
        count = int((sheet.start == instant).sum())
        message = f"row {place}: the stamp is off the grid of {seconds} s; the reading has no interval"
        fix = "correct the stamp"
        sheet.findings.append(
            Finding(
                "error",
                "off-grid",
                message,
                first=instant,
                last=instant,
                count=count,
                policy="refused",
                fix=fix,
            )
        )
    if wrong.any():
        sheet.take(~wrong)


def judge_signs(sheet: Sheet, registers: tuple[Register, ...], policy: str | None) -> None:
    """Judge negative readings: a few in a register, or its whole sign convention."""
    if sheet.micro.min(initial=0) >= 0:
        return
    negative = sheet.micro < 0
    rows, columns = np.nonzero(negative)
    columns = columns if sheet.series is None else sheet.series[rows]
    owner = np.broadcast_to(np.arange(sheet.micro.shape[1]), sheet.micro.shape)
    owner = owner if sheet.series is None else sheet.series[:, None]
    used = np.bincount(owner[sheet.micro != 0], minlength=len(registers))
    flipped = np.bincount(columns, minlength=len(registers)) >= np.maximum(0.9 * used, 1)
    severity, done = ("warning", policy) if policy else ("error", "refused")
    choices = " | ".join(POLICIES["negative"])
    for is_sign in (False, True):
        of = flipped[columns] == is_sign
        what = "nearly all readings are negative: the sign is flipped" if is_sign else _least(sheet, rows[of])
        check = "sign" if is_sign else "negative"
        fix = (
            ""
            if policy
            else f"correct the file, or name a repair: negative = {'flip' if is_sign else choices}"
        )
        # Instants may repeat here, so each row stands for itself.
        finding = Finding(severity, check, what, policy=done, fix=fix)  # type: ignore[arg-type]
        if of.any():
            in_time = np.argsort(np.argsort(sheet.start, kind="stable"), kind="stable")
            sheet.findings += per_register(
                finding, in_time[rows[of]], columns[of], np.sort(sheet.start), registers
            )
    status = sheet.marked()
    sheet.micro = sheet.micro.copy()
    sheet.present = sheet.present.copy()
    if policy == "flip":
        sheet.micro[negative] *= -1
    else:
        sheet.micro[negative] = 0
    status[negative] = Status.CORRECTED if policy in {"zero", "flip"} else Status.MISSING
    sheet.present[negative] = policy in {"zero", "flip"}


def _least(sheet: Sheet, rows: Index) -> str:
    if not len(rows):
        return ""
    values = sheet.micro[rows].min(axis=1)
    least = int(np.argmin(values))
    where = sheet.places[rows[least]]
    return f"below 0, at worst {values[least] / MICRO_WH_PER_WH:g} Wh in row {where}; a register counts up"


def drop_duplicates(
    sheet: Sheet, slot: Index, start: Times, registers: tuple[Register, ...], policy: str | None
) -> Index:
    """Keep one row for each slot (and register); say whether the others agree with it."""
    key = slot if sheet.series is None else sheet.series * len(start) + slot
    if (np.diff(key) > 0).all():
        return slot
    order = np.argsort(key, kind="stable")
    again = np.append(False, key[order][1:] == key[order][:-1])
    if not again.any():
        return slot
    opening = np.maximum.accumulate(np.where(again, 0, np.arange(len(key))))
    extra, first = order[again], order[opening[again]]
    differs = (sheet.micro[extra] != sheet.micro[first]) | (sheet.present[extra] != sheet.present[first])
    for same in (True, False):
        rows, columns = np.nonzero(differs != same)
        columns = columns if sheet.series is None else sheet.series[extra[rows]]
        if same and sheet.series is None:
            rows, columns = (part[~differs[rows].any(axis=1)] for part in (rows, columns))
        if len(rows):
            found = _duplicate(same, policy, sheet.places[first[rows[0]]], sheet.places[extra[rows[0]]])
            sheet.findings += per_register(found, slot[extra[rows]], columns, start, registers)
    keep = order[np.append(~again[1:], True)] if policy == "last" else order[~again]
    if policy is None:
        # Which of two different readings is true is not for a reader to say.
        rows, columns = np.nonzero(differs)
        sheet.present, sheet.micro = sheet.present.copy(), sheet.micro.copy()
        sheet.marked()[first[rows], columns] = Status.MISSING
        sheet.present[first[rows], columns] = False
        sheet.micro[first[rows], columns] = 0
    sheet.take(keep)
    kept: Index = slot[keep]
    return kept


def _duplicate(same: bool, policy: str | None, first: int, again: int) -> Finding:
    where = f"rows {first} and {again}"
    if same:
        return Finding("info", "duplicate", f"the same reading twice, {where}", policy="one is kept")
    if policy:
        return Finding(
            "warning", "duplicate", f"two different readings, {where}", policy=f"the {policy} is kept"
        )
    fix = f"keep one, or name a repair: duplicates = {' | '.join(POLICIES['duplicates'])}"
    return Finding("error", "duplicate", f"two different readings, {where}", policy="refused", fix=fix)
