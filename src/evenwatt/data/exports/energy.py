"""Energy of a national file: kWh in decimals as whole Wh, a whole being the sum of its rounded parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Whole
from evenwatt.core.units import MICRO_WH_PER_KWH, MICRO_WH_PER_WH, WH_PER_KWH
from evenwatt.data import whole
from evenwatt.data.exports.export import MISSING, TOLERANCE_WH, Flags
from evenwatt.data.exports.lines import Array, Lines
from evenwatt.data.exports.times import Clock, label

DENSE = 1_000_000  # [Wh]; up to here a dictionary of all values is small beside the file


@dataclass(frozen=True)
class Energy:
    """Values of a file before they are rounded.

    Attributes
    ----------
    micro : (R, n) int64
        Energy, 0 where there is none [micro-Wh].
    present : (R, n) bool
        Where there is a value.
    """

    micro: Whole
    present: Flags

    @property
    def is_fine(self) -> bool:
        """Whether some values are no whole Wh."""
        return bool((self.micro % MICRO_WH_PER_WH).any())


def read(lines: Lines, values: Array, names: list[str], sign: int) -> Energy:
    """Energy of columns of kWh, exactly; values of the wrong sign or size become faults.

    Parameters
    ----------
    values : (R, n)
        Numbers of the file, NaN where empty [kWh].
    names : list of str
        The columns, for messages.
    sign : 1 or -1
        The sign in which the file writes energy.
    """
    micro, present = whole.micro_wh(values * sign, MICRO_WH_PER_KWH)
    large = ~present & ~np.isnan(values)
    for row, column in np.argwhere(micro < 0).tolist():
        expected = "at least" if sign > 0 else "at most"
        what = f"{values[row, column]:g} kWh, expected {expected} 0"
        lines.wrong(row, f"column {names[column]!r}: {what}")
    for row, column in np.argwhere(large).tolist():
        what = f"{values[row, column]:g} kWh is too large for one interval"
        lines.wrong(row, f"column {names[column]!r}: {what}")
    return Energy(micro, present)


def split(
    lines: Lines, measured: Energy, after: Energy, names: list[str], clock: Clock
) -> tuple[Whole, Whole]:
    """Whole Wh of what was measured and of what is left after sharing, by interval.

    Where values are finer than 1 Wh, what is left and what was shared are rounded by largest remainder
    per meter and local day, and their sum is what was measured: nothing arises and nothing is lost.
    """
    shared = measured.micro - after.micro
    both = measured.present & after.present
    for row, column in np.argwhere(both & (shared < 0)).tolist():
        found = [table.micro[row, column] / MICRO_WH_PER_KWH for table in (after, measured)]
        lines.wrong(
            row, f"column {names[column]!r}: {found[0]:g} kWh after sharing, above {found[1]:g} measured"
        )
    for row, column in np.argwhere(both & (after.micro < 0)).tolist():
        found = [table[row, column] / MICRO_WH_PER_KWH for table in (shared, measured.micro)]
        lines.wrong(row, f"column {names[column]!r}: {found[0]:g} kWh shared, above {found[1]:g} measured")
    for row, column in np.argwhere(after.present & ~measured.present).tolist():
        lines.wrong(row, f"column {names[column]!r}: has a value after sharing, but none measured")
    lines.refuse()
    moved = 0
    parts = []
    for micro, known in ((after.micro, both), (shared, both), (measured.micro, measured.present & ~both)):
        wh, most = whole.rounded(np.where(known, micro, 0), known, clock.dates)
        moved = max(moved, most)
        parts.append(wh)
    _tell_rounding(lines, moved)
    rest, given, alone = parts
    left = np.where(both, rest, MISSING)
    total = np.where(both, rest + given, np.where(measured.present, alone, MISSING))
    return clock.spread(total), clock.spread(left)


def plain(lines: Lines, energy: Energy, clock: Clock) -> Whole:
    """Whole Wh of one kind of energy, by interval."""
    wh, moved = whole.rounded(energy.micro, energy.present, clock.dates)
    _tell_rounding(lines, moved)
    return clock.spread(np.where(energy.present, wh, MISSING))


def counted(lines: Lines, what: str, absent: Flags) -> None:
    """Say how many values a file leaves out."""
    if absent.any():
        told = f"{np.count_nonzero(absent)} values in {np.count_nonzero(absent.any(axis=1))} rows"
        lines.notes.append(f"{lines.source}: {what}: {told}; kept as missing, not as zero")


def balance(
    lines: Lines, got: tuple[Energy, Energy], gave: tuple[Energy, Energy], clock: Clock, zone: str
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Rows in which consumers got something else than producers gave, and the same in words.

    Rows with a missing value are left out. Each argument is what was measured and what was left.
    A file that tells of one side only cannot be weighed.
    """
    if not got[0].micro.size or not gave[0].micro.size:
        return (), ()
    sums = [(whole.micro - rest.micro).sum(axis=1) for whole, rest in (got, gave)]
    full = np.ones(len(lines.numbers), dtype=bool)
    for energy in (*got, *gave):
        full &= energy.present.all(axis=1)
    off = full & (np.abs(sums[0] - sums[1]) > TOLERANCE_WH * MICRO_WH_PER_WH)
    rows = [row for row in np.flatnonzero(off).tolist() if (clock.rows == row).any()]
    words = tuple(
        f"line {lines.numbers[row]}, {label(clock.start[clock.place(row)], zone)}: consumers got "
        f"{sums[0][row] / MICRO_WH_PER_KWH:.3f} kWh, producers gave {sums[1][row] / MICRO_WH_PER_KWH:.3f} kWh"
        for row in rows
    )
    if rows:
        lines.notes.append(
            f"{lines.source}: in {len(rows)} rows what was got is not what was given; see doubts"
        )
    return tuple(clock.place(row) for row in rows), words


def words(wh: Whole, *, sign: int = 1, comma: str = ",", missing: str = "") -> npt.NDArray[np.object_]:
    """Energy [Wh] as kWh in the fewest decimals, at least one; an object array of the same shape.

    Examples
    --------
    >>> words(np.array([560, 0, 10, -1]), sign=-1).tolist()
    ['-0,56', '0,0', '-0,01', '']
    """
    if wh.max(initial=0) > DENSE + 2 * wh.size:
        known, found = np.unique(wh, return_inverse=True)
        told = np.array([_word(int(value), sign, comma, missing) for value in known], dtype=object)
        return np.asarray(told[found].reshape(wh.shape))
    # Few values occur often: each is put in words once, then looked up by itself.
    occurs = np.zeros(wh.max(initial=0) - MISSING + 1, dtype=bool)
    occurs[wh - MISSING] = True
    dictionary = np.full(len(occurs), None, dtype=object)
    for place in np.flatnonzero(occurs).tolist():
        dictionary[place] = _word(place + MISSING, sign, comma, missing)
    return np.asarray(dictionary[wh - MISSING])


def _word(wh: int, sign: int, comma: str, missing: str) -> str:
    if wh == MISSING:
        return missing
    kwh, rest = divmod(wh, WH_PER_KWH)
    decimals = f"{rest:03d}".rstrip("0") or "0"
    return f"{'-' if sign < 0 and wh else ''}{kwh}{comma}{decimals}"


def _tell_rounding(lines: Lines, moved: int) -> None:
    if moved:
        most = moved / MICRO_WH_PER_WH
        lines.notes.append(
            f"{lines.source}: rounded to whole Wh per meter and local day; no value moved more than {most:.3f} Wh"
        )
