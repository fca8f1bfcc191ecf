"""`evenwatt clear` holds an auction on a file of orders."""

from __future__ import annotations

import json

import polars as pl
import pytest
from typer.testing import CliRunner

from evenwatt.app.cli import app

BOOK = (
    "period,node,agent,side,price_per_mwh,quantity_wh\n1,a,Ann,buy,60,100\n1,a,Bob,buy,50,100\n"
    "1,a,Sun,sell,20,150\n1,a,Gas,sell,55,100\n"
)


@pytest.fixture
def orders(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(BOOK, encoding="utf-8")
    return path


def asked(*words):
    return CliRunner().invoke(app, ["clear", *map(str, words)])


def test_prices_and_fills_are_told_and_written(orders, tmp_path):
    out = tmp_path / "out"
    done = asked(orders, "--out", out)
    assert done.exit_code == 0, done.output
    assert "50.0" in done.output
    assert pl.read_csv(out / "orders.csv")["filled_wh"].to_list() == [100, 50, 150, 0]
    assert pl.read_csv(out / "markets.csv")["volume_wh"].to_list() == [150]
    assert not (out / "trades.csv").exists()


def test_a_mechanism_a_rule_and_a_lot_may_be_chosen(orders):
    done = asked(orders, "--mechanism", "trade-reduction", "--lot-wh", 50, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["orders"][0]["filled_wh"] in (0, 50)
    assert asked(orders, "--ration", "talmud").exit_code == 0


def test_demand_that_takes_any_price_is_dispatched(tmp_path):
    path = tmp_path / "stations.csv"
    path.write_text(
        "agent,side,price_per_mwh,quantity_wh\nwind,sell,0,30\nhydro,sell,12,40\ngas,sell,64,50\noil,sell,110,20\n"
    )
    done = asked(path, "--mechanism", "merit-order", "--demand-wh", 85, "--json")
    held = json.loads(done.output)
    assert held["markets"][0]["price_per_mwh"] == 64.0
    assert [row["filled_wh"] for row in held["orders"]] == [30, 40, 15, 0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--mechanism", "uniform"), "unknown rule 'uniform'; did you mean 'uniform-price'"),
        (("--ration", "talmut"), "talmud"),
        (("--mechanism", "mcafee"), "one lot of the same size"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(orders, tmp_path, words, told):
    done = asked(orders, *words, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert told in done.output
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_there_is_not_written_into(orders, tmp_path):
    done = asked(orders, "--out", tmp_path)
    assert done.exit_code == 2
    assert "exists already" in done.output
