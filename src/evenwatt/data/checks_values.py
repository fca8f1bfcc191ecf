"""Checks of values: night sun, spikes, stuck meters, mistaken units, scaled copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Meters, Status
from evenwatt.core.units import WH_PER_KWH, kwh
from evenwatt.data.clock import local_labels
from evenwatt.data.finding import Finding, per_register
from evenwatt.data.solar import sun

NIGHT = 0.01  # share of a plant's energy that may fall into the night
ALL_NIGHT = 0.08  # above, the plant runs day and night: no PV (23-03 is 0.17 of a day)
DUSK = -6.0  # the sun's elevation at the end of civil twilight [degrees]
SPIKE = 20.0  # times the 99.9th percentile
STUCK, DEAD = 24 * 3600, 14 * 24 * 3600  # [s]
YIELD = (500.0, 2000.0)  # of PV [kWh per kW and year]
YEAR = 365.25 * 24 * 3600  # [s]
COPY = 0.9999  # correlation
SAMPLED = 3000  # rows that the first look for copies takes


def night(meters: Meters, coordinates: tuple[float, float] | None) -> list[Finding]:
    """PV that produces at night; plants that run day and night alike are only mentioned."""
    plants = _columns(meters, "generation")
    if not len(plants):
        return []
    if coordinates is None:
        label = local_labels(meters.start, meters.zone)
        hour = (label - label.astype("datetime64[D]")) // np.timedelta64(3600, "s")
        dark, when = (hour >= 23) | (hour < 3), f"between 23 and 3 h ({meters.zone})"
    else:
        middle = meters.start + np.timedelta64(meters.seconds // 2, "s")
        dark, when = (
            np.degrees(sun(middle, *coordinates)[0]) < DUSK,
            "with the sun 6 degrees below the horizon",
        )
    wh = meters.wh[:, plants]
    share = wh[dark].sum(axis=0) / np.maximum(wh.sum(axis=0), 1)
    findings = []
    for k in np.flatnonzero(share > NIGHT).tolist():
        lit = dark & (wh[:, k] > 0)
        always = share[k] > ALL_NIGHT
        what = "runs day and night, so it is no PV" if always else "PV at night: a wrong zone, sign or meter"
        message = f"{share[k]:.1%} of the energy comes {when}: {what}"
        found = Finding("info" if always else "warning", "night", message, policy="kept")
        rows = np.flatnonzero(lit)
        findings += per_register(found, rows, np.full(len(rows), plants[k]), meters.start, meters.registers)
    return findings


def capacity(meters: Meters, known: Mapping[str, float]) -> list[Finding]:
    """Readings above the capacity, and PV yields nobody believes, where the capacity is known [kW]."""
    findings = []
    hours = meters.seconds / 3600
    years = len(meters.start) * meters.seconds / YEAR
    for k, register in enumerate(meters.registers):
        kw = known.get(register.id, known.get(register.meter) if register.direction == "generation" else None)
        if not kw:
            continue
        rows = np.flatnonzero(meters.wh[:, k] > kw * WH_PER_KWH * hours * 1.1)
        if len(rows):
            found = Finding("warning", "capacity", f"readings above the capacity of {kw:g} kW", policy="kept")
            findings += per_register(found, rows, np.full(len(rows), k), meters.start, meters.registers)
        yearly = kwh(meters.wh[:, k].sum()) / kw / years
        if register.direction == "generation" and years > 0.9 and not YIELD[0] <= yearly <= YIELD[1]:
            message = f"{yearly:.0f} kWh per kW and year, expected {YIELD[0]:.0f} to {YIELD[1]:.0f}"
            findings.append(
                _whole_register(meters, k, "warning", "yield", message, "check the capacity and the unit")
            )
    return findings


def spikes(meters: Meters) -> list[Finding]:
    """Readings far above what the register usually shows at most."""
    there = ~meters.missing
    high = np.zeros(len(meters.registers))
    for k in range(len(high)):
        values = meters.wh[there[:, k], k]
        if len(values):
            place = int(0.999 * (len(values) - 1))
            high[k] = np.partition(values, place)[place]
    rows, columns = np.nonzero(there & (meters.wh > SPIKE * high) & (high > 0))
    found = Finding("warning", "spike", f"above {SPIKE:g} times the 99.9th percentile", policy="kept")
    return per_register(found, rows, columns, meters.start, meters.registers) if len(rows) else []


def stuck(meters: Meters) -> list[Finding]:
    """The same reading for a day, or no consumption for two weeks."""
    findings: list[Finding] = []
    day, fortnight = (length // meters.seconds for length in (STUCK, DEAD))
    values = np.where(meters.missing, -1, meters.wh)
    for k, register in enumerate(meters.registers):
        column = values[:, k]
        edges = np.concatenate([[0], np.flatnonzero(np.diff(column)) + 1, [len(column)]])
        length = np.diff(edges)
        value = column[edges[:-1]]
        frozen = (length >= day) & (value > 0)
        dead = (length >= fortnight) & (value == 0) & (register.direction == "consumption")
        for at in np.flatnonzero(frozen | dead).tolist():
            what = f"{value[at]} Wh in every interval" if value[at] else "no consumption"
            message = f"{what} for {length[at] * meters.seconds / 86400:.1f} days: a dead meter?"
            first, last = meters.start[edges[at]], meters.start[edges[at + 1] - 1]
            found = Finding(
                "warning", "stuck", message, register.meter, register.id, first, last, int(length[at]), "kept"
            )
            findings.append(found)
    return findings


def units(meters: Meters) -> list[Finding]:
    """A register a thousand times, or exactly four times, what its role usually shows."""
    findings = []
    for direction in ("consumption", "generation"):
        columns = _columns(meters, direction)
        medians = np.array([_median(meters, k) for k in columns])
        used = medians > 0
        if used.sum() < 3:
            continue
        usual = float(np.median(medians[used]))
        for k, ratio in zip(columns[used].tolist(), (medians[used] / usual).tolist(), strict=True):
            guess = _mistaken(ratio)
            if guess:
                message = (
                    f"the usual reading is {ratio:.3g} times that of other {direction} registers: {guess}?"
                )
                severity = "warning" if max(ratio, 1 / ratio) > 100 else "info"
                findings.append(
                    _whole_register(meters, k, severity, "unit", message, "check the file's unit")
                )
    return findings


def _mistaken(ratio: float) -> str:
    if ratio > 300:
        return "Wh taken for kWh"
    if ratio < 1 / 300:
        return "kWh or MWh taken for Wh or kWh"
    # Households differ by four often enough; only a ratio close to it deserves a word.
    if abs(ratio / 4 - 1) < 0.01:
        return "kW of quarter-hours taken for kWh"
    return "kWh divided by four" if abs(ratio * 4 - 1) < 0.01 else ""


def _median(meters: Meters, column: int) -> float:
    values = meters.wh[:, column]
    values = values[values > 0]
    return float(np.median(values)) if len(values) else 0.0


def copies(meters: Meters) -> list[Finding]:
    """Registers that are each other's multiples: synthetic profiles, or one meter read twice."""
    findings = []
    for direction in ("consumption", "generation"):
        columns = _columns(meters, direction)
        if len(columns) < 2:
            continue
        every = max(len(meters.start) // SAMPLED, 1)
        group = _groups(_alike(meters.wh[::every, columns]))
        sizes = np.bincount(group)
        alike = np.flatnonzero(sizes[group] > 1)
        if len(alike):
            first = meters.registers[columns[alike[0]]].id
            profiles = int((sizes > 1).sum())
            message = (
                f"{len(alike)} {direction} registers are scaled copies of {profiles} profiles, first {first}"
            )
            findings.append(
                Finding(
                    "info", "copies", message, count=len(alike), policy="kept; not independent households"
                )
            )
    return findings


def _alike(wh: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Pairs of columns whose correlation exceeds the threshold, (n, n)."""
    values = wh.astype(np.float64)
    values -= values.mean(axis=0)
    norm = np.sqrt((values**2).sum(axis=0))
    values /= np.where(norm > 0, norm, np.inf)
    return np.asarray(values.T @ values > COPY)


def _groups(alike: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Which connected group each column belongs to."""
    group = np.arange(len(alike))
    while True:
        # Each column takes the least name among those it is alike to, until none changes.
        least = np.where(alike, group, len(alike)).min(axis=1, initial=len(alike))
        least = np.minimum(least, group)
        if (least == group).all():
            return group
        group = least


def _columns(meters: Meters, direction: str) -> npt.NDArray[np.int64]:
    return np.array([k for k, r in enumerate(meters.registers) if r.direction == direction], dtype=np.int64)


def _whole_register(meters: Meters, k: int, severity: str, check: str, message: str, fix: str) -> Finding:
    register = meters.registers[k]
    count = int((meters.status[:, k] != Status.MISSING).sum())
    first, last = meters.start[0], meters.start[-1]
    return Finding(severity, check, message, register.meter, register.id, first, last, count, "kept", fix)  # type: ignore[arg-type]


CHECKS: tuple[Callable[[Meters], list[Finding]], ...] = (spikes, stuck, units, copies)
