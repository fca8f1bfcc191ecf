"""Checks of names: members without readings, meters without members, malformed numbers."""

from __future__ import annotations

import re
from collections.abc import Collection

from evenwatt.core.meters import Meters
from evenwatt.data.finding import Finding


def members(meters: Meters, referred: Collection[str]) -> list[Finding]:
    """Meters that the case refers to and that have no data, and meters nobody refers to."""
    there, wanted = set(meters.meters), set(referred)
    findings = [
        Finding("error", "unknown-meter", f"meter {m!r} of the case has no readings", m, policy="refused",
                fix="correct members.csv or import the meter's file")
        for m in sorted(wanted - there)
    ]  # fmt: skip
    findings += [
        Finding("warning", "unused-meter", f"meter {m!r} belongs to nobody in the case", m, policy="left out",
                fix="add it to members.csv or suppliers.csv")
        for m in meters.meters if m not in wanted
    ]  # fmt: skip
    return findings


def ean(meters: Meters) -> list[Finding]:
    """Metering points of 18 digits whose check digit is wrong."""
    return [
        Finding("error", "ean", f"{m} is no EAN-18: its check digit should be {digit}", m, policy="refused")
        for m in meters.meters
        if re.fullmatch(r"\d{18}", m) and (digit := check_digit(m[:-1])) != int(m[-1])
    ]


def check_digit(digits: str) -> int:
    """Last digit of an EAN: weights 3, 1, 3 ... from the right bring the sum to a multiple of ten.

    Examples
    --------
    >>> check_digit("400638133393")  # the EAN-13 of a well-known pen
    1

    Source: GS1 General Specifications, section 7.9.
    """
    return -sum(int(d) * (3 if k % 2 == 0 else 1) for k, d in enumerate(reversed(digits))) % 10
