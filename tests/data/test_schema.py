"""Tables of a case: typed cells, and every fault of a file at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from evenwatt.core import DataError
from evenwatt.data import read_table, schema

File = Callable[..., Path]


def test_members_are_typed(file: File) -> None:
    text = "id,label,role,agent,meter,weight,valid_from,valid_to\nm1,Dům,consumer,a,h1,1.5,2026-01-01,\n"
    [row] = read_table(file(text), schema.MEMBERS, required=["id", "meter"])
    assert (row["label"], row["weight"], row["valid_from"], row["valid_to"]) == (
        "Dům",
        1.5,
        date(2026, 1, 1),
        None,
    )


def test_spreadsheet_dress(file: File) -> None:
    text = "\ufeffID;Meter;cost;offer\r\np1;pv 1;45,5;90\r\n"
    assert read_table(file(text), schema.SUPPLIERS) == [
        {"id": "p1", "meter": "pv 1", "cost": 45.5, "offer": 90.0}
    ]


def test_cp1250_label(file: File) -> None:
    [row] = read_table(file("id,label\n1,Žižkov\n".encode("cp1250")), {"id": str, "label": str})
    assert row["label"] == "Žižkov"
    assert "cp1250" in schema.table_notes(file("id,label\n1,Žižkov\n".encode("cp1250")))[0]


def test_every_fault_is_named(file: File) -> None:
    text = "id,weight,valid_from\nm1,many,2026-01-01\n,2,yesterday\nm1,inf,2026-01-01\n"
    wanted = {"id": str, "weight": float, "valid_from": date, "agent": str}
    with pytest.raises(DataError, match="6 faults") as told:
        read_table(file(text, "members.csv"), wanted, unique="id")
    for part in (
        "members.csv",
        "column 'agent' is missing; found id, weight, valid_from",
        "line 2, column 'weight': 'many', expected a number such as 0.25",
        "line 3, column 'id': is empty",
        "line 3, column 'valid_from': 'yesterday', expected a date",
        "line 4, column 'weight': 'inf'",
        "line 4, column 'id': 'm1' stands on line 2 already",
    ):
        assert part in str(told.value)


def test_stamps_flags_and_whole_numbers(file: File) -> None:
    text = "at,on,n\n2026-06-01T00:00:00Z,yes,3\n2026-06-01T02:00:00+02:00,false,4\n2026-06-01 00:00,0,5\n"
    rows = read_table(file(text), {"at": datetime, "on": bool, "n": int})
    assert rows[0]["at"] == rows[1]["at"] == datetime(2026, 6, 1, tzinfo=UTC)
    assert rows[2]["at"].tzinfo is None
    assert [(row["on"], row["n"]) for row in rows] == [(True, 3), (False, 4), (False, 5)]


def test_names_keep_the_case_they_were_asked_in(file: File) -> None:
    assert read_table(file("id,Persons\n1,4\n"), {"id": str, "Persons": int}) == [{"id": "1", "Persons": 4}]


def test_optional_column_may_be_absent(file: File) -> None:
    assert read_table(file("id\n1\n"), {"id": str, "note": str}, required=["id"]) == [
        {"id": "1", "note": None}
    ]
