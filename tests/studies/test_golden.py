"""The studies' reports, kept: ``pytest --renew`` writes them again; read the diff."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import evenwatt
from evenwatt.studies.template import create

GOLDEN = Path(__file__).parents[1] / "golden"


def _near(found, kept):
    if isinstance(kept, dict):
        return found.keys() == kept.keys() and all(_near(found[k], kept[k]) for k in kept)
    if isinstance(kept, list):
        return len(found) == len(kept) and all(map(_near, found, kept))
    return found == pytest.approx(kept, rel=1e-9) if isinstance(kept, float) else found == kept


def test_the_report_of_the_hamlet_is_the_one_kept(hamlet, renew):
    report = evenwatt.load(hamlet).run().report.to_dict()
    found = {
        "keys": sorted(report),
        "summary": report["summary"],
        "measures": report["measures"],
        "members": report["tables"]["members"],
        "rules": [{k: v for k, v in row.items() if k != "source"} for row in report["tables"]["rules"]],
        "flows": report["tables"]["flows"],
    }
    _compare(found, GOLDEN / "cascade.json", renew)


def test_the_report_of_the_hamlet_as_a_microgrid_is_the_one_kept(hamlet_csv, tmp_path, renew):
    report = create(tmp_path / "grid", hamlet_csv, study="microgrid").run().report.to_dict()
    tables = report["tables"]
    found = {
        "keys": sorted(report),
        "tables": sorted(tables),
        "summary": report["summary"],
        "measures": report["measures"],
        **{name: tables[name] for name in ("members", "flows", "gains", "prices", "explained")},
        "money": [{k: v for k, v in row.items() if k != "source"} for row in tables["money"]],
        "hours": tables["hours"][::12],
    }
    _compare(found, GOLDEN / "microgrid.json", renew)


def test_the_report_of_the_hamlet_as_a_sharing_group_is_the_one_kept(hamlet_csv, tmp_path, renew):
    report = create(tmp_path / "group", hamlet_csv, study="sharing").run().report.to_dict()
    tables = report["tables"]
    found = {
        "keys": sorted(report),
        "tables": sorted(tables),
        "summary": report["summary"],
        "measures": report["measures"],
        **{f"table {name}": rows for name, rows in tables.items() if name not in ("hours", "map")},
        "hours": tables["hours"][::12],
        "map": tables["map"][::7],
    }
    _compare(found, GOLDEN / "sharing.json", renew)


def test_the_report_of_the_hamlet_as_a_market_is_the_one_kept(hamlet_csv, tmp_path, renew):
    report = create(tmp_path / "market", hamlet_csv, study="market").run().report.to_dict()
    tables = report["tables"]
    whole = ("agents", "welfare", "flows_money", "contracts", "merit_order", "instruments", "concentration")
    found = {
        "keys": sorted(report),
        "tables": sorted(tables),
        "summary": report["summary"],
        "measures": report["measures"],
        **{name: tables[name] for name in whole},
        "mechanisms": [{k: v for k, v in row.items() if k != "promises"} for row in tables["mechanisms"]],
        "steps": tables["steps"][::12],
        "slots": tables["slots"][::16],
    }
    _compare(found, GOLDEN / "market.json", renew)


def _compare(found, place, renew):
    if renew:
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    kept = json.loads(place.read_text(encoding="utf-8"))
    assert kept.keys() == found.keys()
    for part, value in kept.items():
        assert _near(found[part], value), part
