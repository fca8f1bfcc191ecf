"""Austrian workbooks, made here cell by cell, and read back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenwatt.core import DataError
from evenwatt.core.meters import instants
from evenwatt.data import exports
from evenwatt.data.exports.eda_codes import meaning

xlsxwriter = pytest.importorskip("xlsxwriter")
pytest.importorskip("fastexcel")

C, P = "AT0010000000000000000000000000001", "AT0010000000000000000000000000002"
USED = "Gesamtverbrauch lt. Messung (bei Teilnahme gem. Erzeugung) [KWH]"
COVER = "Eigendeckung gemeinschaftliche Erzeugung [KWH]"
MADE = "Gesamte gemeinschaftliche Erzeugung [KWH]"
LEFT = "Gesamt/Überschusserzeugung, Gemeinschaftsüberschuss [KWH]"
HEADING: list[list[Any]] = [
    ["Energiedaten der Gemeinschaft"],
    ["MeteringpointID", C, C, C, P, P, "TOTAL"],
    ["Name", "Home", "Home", "Home", "Sun", "Sun", ""],
    ["Energy direction", *["CONSUMPTION"] * 3, *["GENERATION"] * 2, ""],
    ["Period start", *["01.02.2025 00:00:00"] * 5, ""],
    ["Metering Interval", *["QH"] * 5, ""],
    ["Metercode", USED, "Anteil gemeinschaftliche Erzeugung [KWH]", COVER, MADE, LEFT, ""],
    ["Spaltensumme", 1.5, 1, 1, 3, 2, ""],
]
ROWS: list[list[Any]] = [
    ["01.02.2025 00:00:00", 1.0, 0.8, 0.6, 1.0, 0.4, 9],
    ["01.02.2025 00:15:00", 0.5, 0.4, 0.4, 2.0, 1.6, 9],
]


def workbook(
    path: Path, heading: list[list[Any]] = HEADING, rows: list[list[Any]] = ROWS, sheet: str = "A"
) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        if sheet != "A":
            book.add_worksheet("Info").write_row(0, 0, ["about"])
        page = book.add_worksheet(sheet)
        for k, row in enumerate([*heading, *rows]):
            page.write_row(k, 0, row)
    return path


def test_quantities_are_told_apart_by_their_metercodes(tmp_path: Path) -> None:
    said = exports.read(workbook(tmp_path / "a.xlsx"))
    assert said.format == "eda"
    assert (said.producers, said.consumers, said.zone) == ((P,), (C,), "Europe/Vienna")
    assert said.demand.tolist() == [[1000], [500]]
    assert said.shared.tolist() == [[600], [400]]
    assert said.supply.tolist() == [[1000], [2000]]
    assert said.unused.tolist() == [[400], [1600]]
    assert str(said.start[0]) == "2025-01-31T23:00:00"
    assert any("Anteil" in note and "not needed" in note for note in said.notes)


def test_spreadsheet_days_are_brought_to_the_quarter_hour(tmp_path: Path) -> None:
    rows = [[45689 + k / 96 + 1e-7, *row[1:]] for k, row in enumerate(ROWS)]  # 45689 = 2025-02-01
    assert exports.read(workbook(tmp_path / "a.xlsx", rows=rows)) == exports.read(
        workbook(tmp_path / "b.xlsx")
    )


def test_the_page_is_found_wherever_it_stands(tmp_path: Path) -> None:
    assert exports.read(workbook(tmp_path / "a.xlsx", sheet="Energie")).demand.tolist() == [[1000], [500]]


def test_the_participation_factor_is_in_what_was_shared(tmp_path: Path) -> None:
    heading = [list(row) for row in HEADING]
    heading[6][2] = "Gesamtverbrauch lt. Messung entsprechend dem Teilnahmefaktor [KWH]"
    assert exports.read(workbook(tmp_path / "a.xlsx", heading)).demand.tolist() == [[800], [400]]


@pytest.mark.parametrize(
    ("code", "direction", "table", "partial"),
    [
        (USED, "CONSUMPTION", "demand", False),
        (COVER, "CONSUMPTION", "shared", False),
        (MADE, "GENERATION", "supply", False),
        (LEFT, "GENERATION", "unused", False),
        ("Restüberschuss bei EG und je ZP [KWH]", "GENERATION", "unused", True),
        ("Überschusserzeugung lt. Messung entsprechend dem Teilnahmefaktor", "GENERATION", "supply", True),
        ("Eigendeckung aus erneuerbarer Energie", "CONSUMPTION", "", False),
    ],
)
def test_a_metercode_has_its_meaning(code: str, direction: str, table: str, partial: bool) -> None:
    kind, part = meaning(code, direction)
    assert kind is not None
    assert (kind.table, part) == (table, partial)


def test_coverage_not_yet_told_is_missing(tmp_path: Path) -> None:
    rows = [ROWS[0], ["01.02.2025 00:15:00", 0.5, None, None, 2.0, None, 9]]
    said = exports.read(workbook(tmp_path / "a.xlsx", rows=rows))
    assert said.shared.tolist() == [[600], [exports.MISSING]]
    assert said.unused.tolist() == [[400], [exports.MISSING]]


def test_values_finer_than_a_watt_hour_keep_their_sum(tmp_path: Path) -> None:
    rows = [[f"01.02.2025 00:{q * 15:02d}:00", 0.0004, 0, 0.0002, 0.0004, 0.0002, 0] for q in range(4)]
    said = exports.read(workbook(tmp_path / "a.xlsx", rows=rows))
    assert said.shared.sum() == said.unmet.sum() == 1
    assert said.unbalanced == ()


@pytest.mark.parametrize(
    ("row", "column", "value", "expected"),
    [
        (1, 0, "noon", "line 10: 'noon' is no time"),
        (1, 1, "much", "line 10: column '2': 'much' is not a number"),
        (0, 1, -1.0, "line 9: column '2': -1 kWh, expected at least 0"),
        (1, 3, 0.7, "above 0.5 measured"),
        (1, 0, "01.02.2025 00:45:00", "2 intervals are left out"),
        (1, 0, "01.02.2025 00:00:00", "comes twice"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, row: int, column: int, value: Any, expected: str) -> None:
    rows = [list(cells) for cells in ROWS]
    rows[row][column] = value
    with pytest.raises(DataError, match=expected):
        exports.read(workbook(tmp_path / "a.xlsx", rows=rows))


def test_a_workbook_without_metercodes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="row Metercode is missing"):
        exports.read(workbook(tmp_path / "a.xlsx", [row for row in HEADING if row[0] != "Metercode"]))


def test_one_quantity_twice_is_refused(tmp_path: Path) -> None:
    heading = [list(row) for row in HEADING]
    heading[6][2] = USED
    with pytest.raises(DataError, match=f"meter '{C}' has two columns"):
        exports.read(workbook(tmp_path / "a.xlsx", heading))


@pytest.mark.parametrize("day", [date(2025, 3, 30), date(2025, 10, 26), date(2025, 6, 1)])
def test_what_is_written_comes_back(tmp_path: Path, day: date) -> None:
    start = instants(day, "Europe/Vienna", 900)
    rng = np.random.default_rng(2)
    shared = rng.integers(0, 400, (len(start), 1))
    unmet, unused = rng.integers(0, 400, (len(start), 1)), rng.integers(0, 400, (len(start), 1))
    said = exports.Export(
        "x",
        "eda",
        start,
        900,
        "Europe/Vienna",
        (P,),
        (C,),
        supply=shared + unused,
        unused=unused,
        demand=shared + unmet,
        unmet=unmet,
    )
    made = exports.write(said, tmp_path / "a.xlsx")
    assert exports.read(made.paths[0]) == said


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    path = workbook(tmp_path / "a.xlsx")
    said = exports.read(path)
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    for act in (lambda: exports.read(path), lambda: exports.write(said, tmp_path / "b.xlsx")):
        with pytest.raises(DataError, match=r'pip install "evenwatt\[report\]"'):
            act()


def test_an_ordinary_zip_is_no_workbook(file: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match="zip archive or a workbook"):
        exports.read(file(b"PK\x03\x04nothing", "a.xlsx"))
