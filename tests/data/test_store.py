"""What goes into the store comes out of it, once, whatever was interrupted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt.core import DataError, Meters, Status
from evenwatt.data import Store, digest
from evenwatt.data import store as module

Make = Callable[..., Meters]


def _same(one: Meters, other: Meters) -> bool:
    return (
        one.registers == other.registers
        and (one.seconds, one.zone) == (other.seconds, other.zone)
        and all(
            np.array_equal(a, b)
            for a, b in ((one.start, other.start), (one.wh, other.wh), (one.status, other.status))
        )
    )


@pytest.mark.parametrize("first", [date(2026, 3, 28), date(2026, 10, 24), date(2026, 6, 1)])
@pytest.mark.parametrize("seconds", [900, 3600])
def test_days_of_every_length_come_back(make: Make, tmp_path: Path, first: date, seconds: int) -> None:
    meters = make(first, seconds=seconds, registers=12)
    store = Store(tmp_path)
    assert store.write(meters, "a")
    assert _same(store.meters(), meters)
    assert store.days == tuple(day.date for day in meters.days)
    assert _same(store.day(first), meters.rows(meters.days[0].rows))


@given(marks=st.lists(st.sampled_from(list(Status)), min_size=288 * 2, max_size=288 * 2))
@settings(deadline=None, max_examples=10)
def test_status_comes_back(tmp_path_factory: pytest.TempPathFactory, marks: list[Status]) -> None:
    from evenwatt.data import community

    meters = community(households=1, plants=0, month="2026-06").meters.rows(slice(0, 288))
    status = np.array(marks, dtype=np.uint8).reshape(288, 2)
    meters = replace(meters, status=status, wh=np.where(status == Status.MISSING, 0, meters.wh))
    store = Store(tmp_path_factory.mktemp("store"))
    store.write(meters, "a")
    assert _same(store.meters(), meters)


def test_second_import_changes_nothing(make: Make, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(make(), "a")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*.parquet")}
    assert not store.write(make(), "a")
    assert {p: p.read_bytes() for p in tmp_path.rglob("*.parquet")} == before


def test_same_readings_from_another_file_make_no_version(make: Make, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(make(), "a")
    assert store.write(make(), "b")
    assert set(pl.read_parquet(tmp_path / "day=2026-06-01" / "part.parquet")["version"]) == {1}
    assert store.catalogue.sources() == ("a", "b")


def test_correction_appends_a_version(make: Make, tmp_path: Path) -> None:
    meters = make()
    wh = meters.wh.copy()
    wh[5, 1] += 7
    corrected = replace(meters, wh=wh)
    store = Store(tmp_path)
    store.write(meters, "a")
    store.write(corrected, "b")
    rows = pl.read_parquet(tmp_path / "day=2026-06-01" / "part.parquet")
    assert rows.filter(pl.col("version") == 2)["register"].to_list() == ["h1:consumption"]
    assert len(rows) == 4
    assert _same(store.meters(), corrected)


def test_later_file_does_not_erase_with_its_gaps(make: Make, tmp_path: Path) -> None:
    meters = make()
    gap = replace(meters, wh=np.zeros_like(meters.wh), status=np.full_like(meters.status, Status.MISSING))
    store = Store(tmp_path)
    store.write(meters, "a")
    store.write(gap, "b")
    assert _same(store.meters(), meters)


def test_day_shared_by_two_files(make: Make, tmp_path: Path) -> None:
    meters = make()
    store = Store(tmp_path)
    store.write(meters.rows(slice(150, 288)), "late")
    store.write(meters.rows(slice(0, 150)), "early")
    assert _same(store.meters(), meters)


def test_register_that_joins_later_is_missing_before(make: Make, tmp_path: Path) -> None:
    meters = make(days=2)
    late = meters.rows(slice(96, 192))
    store = Store(tmp_path)
    early = replace(
        meters,
        wh=meters.wh[:96, :2],
        status=meters.status[:96, :2],
        start=meters.start[:96],
        registers=meters.registers[:2],
    )
    store.write(early, "a")
    store.write(late, "b")
    back = store.meters()
    assert back.missing[:96, 2].all()
    assert (back.wh[96:] == meters.wh[96:]).all()
    assert store.meters(date(2026, 6, 2)).registers == meters.registers


def test_interrupted_write_leaves_the_day_whole(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meters = make()
    store = Store(tmp_path)
    real, calls = module.os.replace, []

    def cut(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "replace", cut)
        with pytest.raises(KeyboardInterrupt):
            store.write(meters, "a")
    assert [p.parent.name for p in tmp_path.rglob("part.parquet")] == ["day=2026-06-01"]
    assert store.days == ()
    assert store.write(meters, "a")
    assert _same(store.meters(), meters)
    assert set(pl.scan_parquet(tmp_path / "*" / "part.parquet").collect()["version"]) == {1}


def test_days_of_all_lengths_scan_together(make: Make, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(make(date(2026, 3, 29), days=1), "a")
    store.write(make(date(2026, 10, 25), days=1), "b")
    lengths = pl.scan_parquet(tmp_path / "day=*/part.parquet").select(pl.col("wh").list.len()).collect()
    assert set(lengths["wh"]) == {92, 100}


def test_refusals_say_what_the_store_holds(make: Make, tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(DataError, match="it is empty"):
        store.meters()
    store.write(make(), "a")
    with pytest.raises(DataError, match="no day 2026-07-01; it holds 3 days from 2026-06-01 to 2026-06-03"):
        store.day(date(2026, 7, 1))
    with pytest.raises(DataError, match="900 s in Europe/Prague; found 900 s in UTC"):
        store.write(make(zone="UTC"), "b")
    large = replace(make(), wh=np.full((288, 3), 2**31))
    with pytest.raises(DataError, match="expected at most 2147483647 Wh"):
        store.write(large, "c")


def test_notes_are_kept(make: Make, tmp_path: Path) -> None:
    Store(tmp_path).write(replace(make(), notes=("rounded",)), "a")
    assert Store(tmp_path).meters().notes == ("rounded",)


def test_digest_sees_content_and_names(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    one = digest(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert digest(tmp_path) != one
    assert digest(tmp_path / "b") != digest(tmp_path)
