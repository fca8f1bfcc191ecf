"""What is written is what is read, for exports nobody chose, and what is unknown is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt.core import DataError
from evenwatt.core.meters import instants
from evenwatt.data import exports
from evenwatt.data.exports import edc_all, edc_pair, enedis
from evenwatt.data.exports.export import MISSING, TOLERANCE_WH, Export, Pairs

PRAGUE = "Europe/Prague"
# Ordinary days, both changes of the clock, and the turn of a year.
FIRSTS = [date(2025, 2, 27), date(2025, 3, 29), date(2025, 10, 25), date(2024, 12, 31)]


@st.composite
def communities(draw: st.DrawFn, pairs: bool = False) -> Export:
    """Draw an export of one to three days in EDC's terms, some of it not yet evaluated."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    first, days = draw(st.sampled_from(FIRSTS)), draw(st.integers(1, 3))
    start = np.concatenate([instants(first + timedelta(days=k), PRAGUE, 900) for k in range(days)])
    step = draw(st.sampled_from([1, 10]))
    givers, takers = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    producers = tuple(f"{859182400000000000 + k}" for k in rng.permutation(givers))
    consumers = tuple(f"{859182400000000000 + k}" for k in rng.permutation(takers))

    def table(members: int) -> np.ndarray:
        size = 10 ** int(rng.integers(1, 7))
        return rng.integers(0, size, (len(start), members)) * step

    if pairs:
        every = [(i, j) for i in range(givers) for j in range(takers) if producers[i] != consumers[j]]
        links = np.array(every, dtype=np.int64).reshape(-1, 2)
        # A reader numbers meters as they appear, so only those that have a pair can come back.
        used = [list(dict.fromkeys(links[:, side].tolist())) for side in (0, 1)]
        named = tuple(producers[k] for k in used[0]), tuple(consumers[k] for k in used[1])
        places = np.array(
            [[used[side].index(link[side]) for side in (0, 1)] for link in every], dtype=np.int64
        )
        wh = np.where(rng.random((len(start), len(links))) < 0.1, MISSING, table(len(links)))
        return Export("x", "edc-pair", start, 900, PRAGUE, *named, pairs=Pairs(places.reshape(-1, 2), wh))
    unused, unmet = table(givers), table(takers)
    supply, demand = unused + table(givers), unmet + table(takers)
    unused[rng.random(unused.shape) < 0.02] = MISSING
    unmet[rng.random(len(unmet)) < 0.1] = MISSING
    known = ~((unused == MISSING).any(axis=1) | (unmet == MISSING).any(axis=1))
    off = np.abs((supply - unused).sum(axis=1) - (demand - unmet).sum(axis=1)) > TOLERANCE_WH
    return Export(
        "x",
        "edc-all",
        start,
        900,
        PRAGUE,
        producers,
        consumers,
        supply=supply,
        unused=unused,
        demand=demand,
        unmet=unmet,
        unbalanced=tuple(np.flatnonzero(known & off).tolist()),
    )


@settings(max_examples=40)
@given(
    said=communities(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1250"]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_meters_come_back(said: Export, encoding: str, newline: str) -> None:
    with TemporaryDirectory() as folder:
        made = edc_all.write(said, Path(folder) / "a.csv", encoding=encoding, newline=newline).paths[0]
        assert exports.read(made) == said


@settings(max_examples=40)
@given(said=communities(pairs=True).filter(lambda said: len(said.pairs.links) > 0))
def test_pairs_come_back(said: Export) -> None:
    with TemporaryDirectory() as folder:
        made = edc_pair.write(said, Path(folder) / "a.csv").paths[0]
        assert exports.read(made) == said


@settings(max_examples=30)
@given(said=communities())
def test_tidy_files_come_back(said: Export) -> None:
    with TemporaryDirectory() as folder:
        made = exports.write(said, Path(folder) / "a.csv", format="tidy").paths[0]
        back = exports.read(made, zone=PRAGUE)
        for name in ("supply", "unused", "demand", "unmet", "start"):
            assert (getattr(back, name) == getattr(said, name)).all()
        assert (back.producers, back.consumers, back.unbalanced) == (
            said.producers,
            said.consumers,
            said.unbalanced,
        )


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    first=st.sampled_from(FIRSTS),
    seconds=st.sampled_from([900, 1800]),
    members=st.integers(1, 5),
    decimals=st.integers(0, 3),
)
def test_french_keys_come_back(seed: int, first: date, seconds: int, members: int, decimals: int) -> None:
    rng = np.random.default_rng(seed)
    start = np.concatenate([instants(first + timedelta(days=k), "Europe/Paris", seconds) for k in range(2)])
    keys = rng.integers(0, 100 * 10**decimals // members + 1, (len(start), 1, members))
    said = Export(
        "x",
        "enedis",
        start,
        seconds,
        "Europe/Paris",
        ("p",),
        tuple(f"{k:014d}" for k in range(members)),
        keys=keys,
        key_units=100 * 10**decimals,
    )
    with TemporaryDirectory() as folder:
        made = enedis.write(said, Path(folder) / "p.csv", decimals=decimals).paths[0]
        assert enedis.read(made, decimals=decimals) == said


def test_a_month_with_a_change_of_the_clock_has_the_rows_of_its_month() -> None:
    for first, rows in ((date(2025, 3, 1), 2972), (date(2025, 10, 1), 2980)):
        start = np.concatenate([instants(first + timedelta(days=k), PRAGUE, 900) for k in range(31)])
        wh = np.arange(len(start))[:, None] * 10
        said = Export(
            "x",
            "edc-all",
            start,
            900,
            PRAGUE,
            ("8" * 18,),
            ("9" * 18,),
            supply=wh,
            unused=wh,
            demand=wh,
            unmet=wh,
        )
        with TemporaryDirectory() as folder:
            made = exports.write(said, Path(folder) / "a.csv").paths[0]
            assert len(made.read_text().splitlines()) == rows + 1
            assert exports.read(made) == said


def test_the_name_of_a_file_says_nothing(file: Callable[..., Path]) -> None:
    content = "interval_start_utc,meter_id,role,measured_wh\n2025-03-01T00:00:00Z,a,consumer,1\n"
    assert exports.sniff(file(content, "Export-dat-2025-02-report-1.xlsx")) == "tidy"


@pytest.mark.parametrize(
    "content",
    ["a;b;c\n1;2;3\n", "Datum;Cas od;Cas do;\n01.02.2025;00:00;00:15;\n", "words\n", b"\x00\x01\x02"],
)
def test_an_unknown_file_is_refused(file: Callable[..., Path], content: str | bytes) -> None:
    with pytest.raises(DataError, match=r"of no known format|is not text"):
        exports.read(file(content))


def test_a_refusal_shows_the_columns_the_first_row_and_the_formats(file: Callable[..., Path]) -> None:
    with pytest.raises(DataError) as refused:
        exports.read(file("name;kwh\nhome;12\n"))
    told = str(refused.value)
    assert "columns: name, kwh" in told
    assert "first row: home;12" in told
    assert all(f"{name}: " in told for name in exports.FORMATS)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv: cannot be read"):
        exports.read(tmp_path / "nowhere.csv")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no files"):
        exports.read(tmp_path)


def test_an_unknown_format_is_named(tmp_path: Path) -> None:
    start = np.array(["2025-02-01"], dtype="datetime64[s]")
    with pytest.raises(DataError, match="format 'xml' is unknown, expected one of edc-all"):
        exports.write(Export("x", "edc-all", start, 900, PRAGUE, (), ()), tmp_path / "a", format="xml")


def test_an_unknown_zone_is_named(file: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match="'Prague' is no IANA time zone"):
        exports.read(
            file("interval_start_utc,meter_id,role,measured_wh\n2025-03-01T00:00:00Z,a,consumer,1\n"),
            zone="Prague",
        )


def test_tables_of_the_wrong_shape_are_named_together() -> None:
    start = np.array(["2025-02-01"], dtype="datetime64[s]")
    with pytest.raises(
        DataError, match=r"(?s)supply has shape \(2, 1\), expected \(1, 1\).*demand holds -5 Wh"
    ):
        Export(
            "x",
            "edc-all",
            start,
            900,
            PRAGUE,
            ("p",),
            ("c",),
            supply=np.zeros((2, 1), np.int64),
            demand=np.full((1, 1), -5),
        )


def test_exports_that_say_something_else_differ() -> None:
    start = np.array(["2025-02-01"], dtype="datetime64[s]")
    one, other = (
        Export("x", "edc-all", start, 900, PRAGUE, ("p",), ("c",), supply=np.array([[wh]])) for wh in (1, 2)
    )
    assert one != other
    assert one != Export("x", "edc-all", start, 900, PRAGUE, ("p",), ("c",))
    assert one == Export("y", "edc-all", start, 900, PRAGUE, ("p",), ("c",), supply=np.array([[1]]))
