"""Orders from a file are those that stand in it, whatever they are called; what is wrong is told all at once."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from evenwatt.core.errors import DataError
from evenwatt.markets import clear, found
from evenwatt.markets.order_files import market_rows, order_rows, read_orders, trade_rows

HEAD = "period,node,agent,side,price_per_mwh,quantity_wh\n"
BOOK = HEAD + (
    "2,a,Ann,buy,60,100\n2,a,Bob,buy,50,100\n2,a,Sun,sell,20,150\n2,a,Gas,sell,55,100\n"
    "10,a,Ann,buy,30,100\n10,a,Gas,sell,45,100\n"
)


@pytest.fixture
def write(tmp_path):
    def made(text, name="orders.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return made


def test_a_file_is_cleared_like_the_arrays_in_it(write):
    read = read_orders(write(BOOK))
    answer = clear(read.orders)
    assert read.agents == ("Ann", "Bob", "Gas", "Sun")
    assert read.periods == ("2", "10")  # as numbers: text would put 10 before 2
    assert market_rows(read, answer).to_dicts()[0]["price_per_mwh"] == 50.0
    assert market_rows(read, answer)["status"].to_list() == ["ok", "no-cross"]
    rows = order_rows(read, answer)
    assert rows["filled_wh"].to_list() == [100, 50, 150, 0, 0, 0]
    assert rows["pays_micro"].sum() == 0


def test_other_spellings_semicolons_and_decimal_commas_are_read(write):
    text = "agent;side;price_eur_per_mwh;qty_wh;product\nAnn;BID;60,5;100;green\nSun;ask;20,25;80;\n"
    read = read_orders(write(text))
    assert read.orders.price.tolist() == [60.5, 20.25]
    assert read.orders.side.tolist() == [1, -1]
    assert clear(read.orders).volume.tolist() == [80]


def test_parquet_is_read_too(write, tmp_path):
    text = read_orders(write(BOOK))
    frame = pl.read_csv(write(BOOK, "again.csv"))
    frame.write_parquet(tmp_path / "orders.parquet")
    held = read_orders(tmp_path / "orders.parquet")
    assert held.agents == text.agents
    assert (held.orders.price == text.orders.price).all()


def test_a_mechanism_that_pairs_names_who_traded_with_whom(write):
    read = read_orders(write(BOOK))
    assert trade_rows(read, clear(read.orders)) is None
    trades = trade_rows(read, clear(read.orders, found("bilateral")))
    assert set(trades["buyer"]) == {"Ann", "Bob"}
    assert trades["quantity_wh"].sum() == 200  # Ann buys of Gas too: pairs need only please each other


def test_every_fault_is_told_at_once(write):
    rows = "1,a,Ann,bu,60,100\n1,a,,sell,x,-1.5\n1,a,Bob,buy,nan,7\n"
    with pytest.raises(DataError) as caught:
        read_orders(write(HEAD + rows))
    told = str(caught.value)
    assert "orders.csv: 5 faults" in told
    for part in (
        "line 2, column 'side': 'bu', expected buy or sell",
        "line 3, column 'agent': is empty",
        "line 3, column 'price_per_mwh': 'x' is not a number",
        "line 3, column 'quantity_wh': -1.5, expected whole Wh of at least 0",
        "line 4, column 'price_per_mwh': is empty, expected a number",
    ):
        assert part in told


def test_missing_and_unknown_columns_are_named(write):
    with pytest.raises(DataError, match="column 'price' is unknown") as caught:
        read_orders(write("agent,side,price,quantity_wh\nAnn,buy,60,100\n"))
    assert "column 'price_per_mwh' is missing" in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="there is no such file"):
        read_orders(tmp_path / "none.csv")


def test_a_file_without_orders_is_refused(write):
    with pytest.raises(DataError, match=r"orders\.csv"):
        read_orders(write(HEAD))


def test_an_order_of_nothing_needs_no_price(write):
    read = read_orders(write(HEAD + "1,a,Ann,buy,,0\n1,a,Bob,buy,50,10\n1,a,Sun,sell,20,10\n"))
    assert np.isfinite(clear(read.orders).price).all()
