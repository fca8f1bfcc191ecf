"""A file that cannot be read says where, what was found, what was expected, and what to do."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from evenwatt.core import DataError
from evenwatt.data import read

File = Callable[..., Path]
HEADER = "interval_start,meter,role,kwh\n"
GOOD = "2026-06-01T00:00Z,a,consumption,0.02\n2026-06-01T00:15Z,a,consumption,0.03\n"

BAD = {
    "empty": (b"", "is empty, expected a header"),
    "blank": (b"\n\n", "is empty, expected a header"),
    "header only": (HEADER.encode(), "has a header but no rows"),
    "unknown": (b"x,y\n1,2\n", "no known format(?s:.*)x, y(?s:.*)1,2(?s:.*)tidy: interval_start"),
    "no role": (
        b"interval_start,meter,kwh\n2026-06-01T00:00Z,a,1\n",
        "column 'role' is missing; found interval_start",
    ),
    "two units": ((HEADER.replace("kwh", "kwh,wh") + "2026-06-01T00:00Z,a,pv,1,2\n").encode(), "has both"),
    "twice": (
        (HEADER.replace("role", "role,role")).encode() + b"x,a,pv,pv,1\n",
        "column 'role' appears twice",
    ),
    "not a number": (
        (HEADER + GOOD + "2026-06-01T00:30Z,a,pv,abc\n").encode(),
        "line 4, column 'kwh': 'abc' is not a",
    ),
    "infinite": (
        (HEADER + GOOD + "2026-06-01T00:30Z,a,pv,inf\n").encode(),
        "line 4, column 'kwh': inf is too large",
    ),
    "a stray quotation mark": (
        (HEADER + '""' + GOOD).encode(),
        "cannot be parsed as a table(?s:.*)quotation mark",
    ),
    "huge": (
        (HEADER + GOOD + "2026-06-01T00:30Z,a,pv,1e12\n").encode(),
        r"line 4, column 'kwh': 1e\+12 is too large",
    ),
    "no stamp": (
        (HEADER + GOOD + "tomorrow,a,pv,1\n").encode(),
        "line 4, column 'interval_start': 'tomorrow' is not",
    ),
    "9999": ((HEADER + GOOD + "9999-12-31T23:45Z,a,pv,1\n").encode(), "line 4, .*lies outside 1900 to 2200"),
    "31 June": (
        (HEADER + GOOD + "2026-06-31T00:00Z,a,pv,1\n").encode(),
        "line 4, .*'2026-06-31T00:00Z' is not",
    ),
    "mixed": ((HEADER + GOOD + "2026-06-01T00:30,a,pv,1\n").encode(), "line 4, .*has no offset while other"),
    "role": (
        (HEADER + GOOD + "2026-06-01T00:30Z,a,both,1\n").encode(),
        "line 4, column 'role': 'both', expected",
    ),
    "no meter": ((HEADER + GOOD + "2026-06-01T00:30Z,,pv,1\n").encode(), "line 4, column 'meter': is empty"),
    "ragged": ((HEADER + GOOD + "2026-06-01T00:30Z,a\n").encode(), "line 4: 2 cells, expected 4"),
    "long": ((HEADER + GOOD + "2026-06-01T00:30Z,a,pv,1,9\n").encode(), "line 4: 5 cells, expected 4"),
    "negative": (
        (HEADER + GOOD + "2026-06-01T00:30Z,a,consumption,-0.004\n").encode(),
        "00:30 UTC: below 0.*-4 Wh",
    ),
    "duplicate": (
        (HEADER + GOOD + "2026-06-01T00:15Z,a,consumption,9\n").encode(),
        "00:15 UTC: two different readings",
    ),
    "off grid": (
        (HEADER + GOOD + "2026-06-01T00:31Z,a,consumption,9\n").encode(),
        "00:31 UTC: .*off the grid",
    ),
    "length": ((HEADER + GOOD.replace("00:15", "00:07")).encode(), "420 s long, expected 900, 1800 or 3600"),
    "one row": ((HEADER + GOOD.splitlines()[0]).encode(), "one interval only"),
    "years": (
        (HEADER + GOOD + "2126-06-01T00:30Z,a,consumption,9\n").encode(),
        "a gap of years after 2026-06-01",
    ),
    "gzip": (gzip.compress((HEADER + GOOD).encode())[:-9], "gzip compression is broken"),
    "binary": (b"\x00\x01\x02\x03" * 10, "is not text"),
    "encoding": (
        HEADER.encode() + b"2026-06-01T00:00Z,\x81\x8d\x83\x98\x90,pv,1\n",
        "neither UTF-8 nor cp1250",
    ),
    "parquet": (b"PAR1" + b"\x00" * 20, "Parquet file is broken"),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_bad_file_is_named(file: File, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as told:
        read(file(content))
    assert "meters.csv" in str(told.value)


def test_all_faults_of_a_file_come_together(file: File) -> None:
    rows = "2026-06-01T00:30Z,a\n,a,pv,1\n2026-06-01T00:30Z,a,pv,x\n2026-06-01T00:30Z,a,nobody,1\n"
    with pytest.raises(DataError, match="4 faults") as told:
        read(file(HEADER + GOOD + rows))
    assert [f"line {k}" in str(told.value) for k in (4, 5, 6, 7)] == [True] * 4


def test_line_numbers_count_blank_lines(file: File) -> None:
    with pytest.raises(DataError, match="line 6, column 'kwh': 'x'"):
        read(file("\n\n" + HEADER + "\n" + GOOD.replace("0.03", "x")))


def test_folder_and_absent_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder without files"):
        read(tmp_path)
    with pytest.raises(DataError, match=r"absent\.csv: cannot be read"):
        read(tmp_path / "absent.csv")


def test_unknown_zone_and_repair_are_named(file: File) -> None:
    with pytest.raises(DataError, match="zone 'Mars/Olympus'"):
        read(file(HEADER + GOOD), zone="Mars/Olympus")
    with pytest.raises(DataError, match="unknown repair 'wish'"):
        read(file(HEADER + GOOD), repair={"wish": "granted"})
    with pytest.raises(DataError, match="negative = 'hide', expected zero"):
        read(file(HEADER + GOOD), repair={"negative": "hide"})


def test_citylearn_folder_faults_come_together(tmp_path: Path) -> None:
    header = "month,hour,non_shiftable_load,solar_generation\n"
    (tmp_path / "schema.json").write_text(
        '{"buildings": {"Building_1": {"pv": {"attributes": {"nominal_power": 4}}}}}'
    )
    (tmp_path / "Building_1.csv").write_text(header + "7,24,1,0\n8,1,x,0\n")
    (tmp_path / "Building_2.csv").write_text("month,hour,solar_generation\n7,24,0\n")
    with pytest.raises(
        DataError, match=r"3 faults(?s:.*)line 3.*'x'(?s:.*)Building_2.csv: column 'non_shiftable_load'"
    ):
        read(tmp_path)
