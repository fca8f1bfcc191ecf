"""Damaged answers: whatever the bytes are, a parser gives values or names a fault, and never anything else."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from evenwatt.data.series import laid
from evenwatt.data.sources import EnergyCharts, Entsoe, OpenMeteo, Pvgis, SourceError
from evenwatt.data.sources.chunk import asked

FIRST, LAST = np.datetime64("2026-01-01", "s"), np.datetime64("2026-01-02", "s")
JUNK = (
    b"null",
    b"1e999",
    b"-1",
    b"[]",
    b"{}",
    b'"x"',
    b"true",
    b"NaN",
    b"9" * 21,
    b"Infinity",
    b"<",
    b"&",
    b"\x00",
)


@pytest.fixture(params=["prices", "archive", "acknowledgement", "charts", "weather", "solar"])
def answered(request, formats):
    """A source and a good answer of it."""
    query = {"periodStart": "202601010000", "periodEnd": "202601020000"}
    hourly = {
        "start_date": "2026-01-01",
        "end_date": "2026-01-01",
        "hourly": "temperature_2m,shortwave_radiation",
    }
    sun = json.loads(formats.solar({"startyear": "2026", "endyear": "2026"}))
    sun["outputs"]["hourly"] = sun["outputs"]["hourly"][:24]
    place = {"latitude": 50.0, "longitude": 14.0}
    return {
        "prices": (Entsoe("", zone="CZ"), formats.prices(query)),
        "archive": (Entsoe("", zone="CZ"), formats.zipped(formats.prices(query))),
        "acknowledgement": (Entsoe("", zone="CZ"), formats.acknowledgement()),
        "charts": (EnergyCharts(""), formats.charts({"start": "1767222000", "end": "1767300000"})),
        "weather": (
            OpenMeteo("", variables=("temperature_2m", "shortwave_radiation"), **place), formats.weather(hourly),
        ),
        "solar": (Pvgis("", **place), json.dumps(sun).encode()),
    }[request.param]  # fmt: skip


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Cut short, a byte turned, a word put in, or a piece moved."""
    kind = chance.randrange(4)
    if kind == 0:
        return content[: chance.randrange(len(content))]
    held = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5])):
        place, other = chance.randrange(len(held)), chance.randrange(len(held))
        if kind == 1:
            held[place] = chance.randrange(256)
        elif kind == 2:
            held[place : place + chance.randrange(1, 12)] = chance.choice(JUNK)
        else:
            held[place : place + chance.randrange(1, 40)] = held[other : other + chance.randrange(1, 40)]
    return bytes(held)


def test_damage_is_a_named_fault_or_no_harm(answered):
    source, content = answered
    chance, chunk, refused = random.Random(5), asked("", {}, FIRST, LAST), 0
    for _ in range(600):
        broken = damaged(content, chance)
        try:
            laid(source.parse(broken, chunk, LAST).tracks, FIRST, LAST)
        except SourceError:
            refused += 1
        source.reason(broken)
    assert refused > 100


def test_a_truncated_answer_is_never_taken_for_a_whole_one(answered):
    source, content = answered
    chunk = asked("", {}, FIRST, LAST)
    for end in range(0, len(content) - 1, max(1, len(content) // 100)):
        with pytest.raises(SourceError):
            source.parse(content[:end], chunk, LAST)
