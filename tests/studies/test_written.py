"""A report's folder is there whole, or not at all."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from evenwatt.studies.written import write_report

TOLD = {
    "study": "cascade",
    "measures": {"share": np.float64(0.5)},
    "tables": {"draws": [{"draw": 1}], "agents": []},
}
TABLES = {"draws": ("draw",), "agents": ("agent", "share")}


def refuse(*_):
    raise KeyboardInterrupt


def test_a_folder_holds_report_tables_page_and_what_is_added(tmp_path):
    folder = tmp_path / "deep" / "made"
    write_report(
        folder, TOLD, TABLES, page=lambda told: told["study"], also=lambda part: (part / "more").touch()
    )
    assert sorted(path.name for path in folder.iterdir()) == [
        "agents.csv", "agents.parquet", "draws.csv", "draws.parquet", "more", "report.html", "report.json",
    ]  # fmt: skip
    assert json.loads((folder / "report.json").read_text())["measures"] == {"share": 0.5}
    assert (folder / "report.html").read_text() == "cascade"


def test_an_empty_table_keeps_its_columns(tmp_path):
    write_report(tmp_path / "made", TOLD, TABLES)
    assert pl.read_parquet(tmp_path / "made" / "agents.parquet").columns == ["agent", "share"]
    assert (tmp_path / "made" / "agents.csv").read_text().strip() == "agent,share"


@pytest.mark.parametrize("broken", ["page", "also"])
def test_what_breaks_in_the_middle_leaves_nothing(broken, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write_report(tmp_path / "made", TOLD, TABLES, **{broken: refuse})
    assert list(tmp_path.iterdir()) == []


def test_a_figure_that_is_no_number_is_written_as_nothing(tmp_path):
    write_report(tmp_path / "made", {**TOLD, "measures": {"share": float("inf")}}, TABLES)
    assert json.loads((tmp_path / "made" / "report.json").read_text())["measures"] == {"share": None}
