"""The cascade's report, kept: ``pytest --renew`` writes it again; read the diff."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import evenwatt

KEPT = Path(__file__).parents[1] / "golden" / "cascade.json"


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
    if renew:
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    for part, value in kept.items():
        assert _near(found[part], value), part
