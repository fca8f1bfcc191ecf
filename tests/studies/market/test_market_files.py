"""What stands beside the roles of a market is refused where it makes no sense, with file and line."""

from __future__ import annotations

import numpy as np
import pytest

import evenwatt
from evenwatt.core.errors import CaseError
from evenwatt.studies.market.signed import signed

CONTRACTS = "kind,seller,buyer,start,end,price_per_mwh,volume_kw,share\n"
DAYS = "2026-06-01,2026-06-03"


def refused(folder, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(CaseError) as told:
        _ = evenwatt.load(folder).community
    return str(told.value)


def test_a_price_beyond_reason_is_named(three_days):
    rows = "2026-06-01T00:00:00Z,50\n2026-06-01T01:00:00Z,1e300\n2026-06-01T02:00:00Z,-2e6\n"
    told = refused(three_days, "prices.csv", "interval_start,price_per_mwh\n" + rows)
    assert "prices.csv: 2 faults" in told
    assert "line 3, column 'price_per_mwh': 1e+300, expected at most 1e+06 either way" in told


def test_a_contract_of_more_power_or_price_than_there_can_be_is_named(three_days):
    rows = f"forward,gas,works,{DAYS},40,1e18,\nforward,gas,works,{DAYS},1e300,1,\n"
    told = refused(three_days, "contracts.csv", CONTRACTS + rows)
    assert "line 2, column 'volume_kw': 1e+18; a forward needs a number above 0 and at most 1e+09" in told
    assert "line 3, column 'price_per_mwh': 1e+300, expected at most 1e+06 either way" in told


def test_more_than_all_of_a_generation_is_sold_by_nobody(three_days):
    rows = f"ppa,gas,works,{DAYS},40,,0.6\nppa,gas,green,{DAYS},40,,0.6\n"
    (three_days / "contracts.csv").write_text(CONTRACTS + rows, encoding="utf-8")
    agreements = evenwatt.load(three_days).community.agreements
    start = np.datetime64("2026-06-01T00:00:00") + np.arange(96) * np.timedelta64(900, "s")
    with pytest.raises(CaseError, match=r"contracts.csv: line 3: .* sum to 1.2; expected at most 1"):
        signed(agreements, start, 900)


def test_a_border_wider_than_any_is_refused(three_days):
    case = (three_days / "case.toml").read_text(encoding="utf-8")
    case = "\n".join(line for line in case.splitlines() if not line.startswith("import_limit_mw"))
    told = refused(three_days, "case.toml", case.replace("[market]", "[market]\nimport_limit_mw = 1e300"))
    assert "market.import_limit_mw" in told


def test_mechanisms_are_not_compared_on_books_that_would_take_hours(market, monkeypatch):
    from evenwatt.studies.market import comparison

    monkeypatch.setattr(comparison, "MOST_ORDERS", 5)
    (market / "prices.csv").write_text(
        "interval_start,price_per_mwh\n2026-06-01T00:00:00Z,55\n", encoding="utf-8"
    )
    report = evenwatt.load(market).run().report
    assert {row["note"] for row in report.tables["mechanisms"]} == {
        "a book of 9 orders is more than 5, too many to try false prices on"
    }
    assert any("too many to try false prices on" in note for note in report.notes)
