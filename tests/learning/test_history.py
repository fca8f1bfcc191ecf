"""A history tells what was known when, keeps every vintage, and refuses what cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evenwatt.core.errors import DataError
from evenwatt.learning.columns import Column, LeakError
from evenwatt.learning.history import History
from evenwatt.learning.worlds import world

HOUR = np.timedelta64(3600, "s")
START = np.datetime64("2026-06-01T00:00:00", "s") + np.arange(4) * HOUR
NEVER = np.datetime64("NaT", "s")


def small(**changed: Column) -> History:
    """Four hours of two agents and one supplier; meters known 25 hours after each start."""
    columns = {
        "capacity": Column([[9.0]] * 4, "supplier", START),
        "cost": Column([[10.0]] * 4, "supplier", START),
        "offer": Column([[20.0]] * 4, "supplier", START),
        "claim": Column([[4, 2], [5, 1], [6, 3], [7, 2]], "agent", START),
        "willingness": Column([[90, 80.0]] * 4, "agent", START),
        "metered": Column([[3, 2], [4, 1], [5, 3], [6, 2]], "agent", START + 25 * HOUR),
    }
    return History(START, 3600, ["hydro"], ["north", "south"], START, {**columns, **changed})


def revised() -> History:
    """The second hour's meters are corrected two days later."""
    known = np.full(4, NEVER)
    known[1] = START[1] + 48 * HOUR
    values = np.full((4, 2), np.nan)
    values[1] = [4.5, 1.5]
    meters = small().columns["metered"]
    return small(metered=Column(meters.values, "agent", meters.known, [Column(values, "agent", known)]))


def same(one: History, other: History) -> bool:
    """Whether two histories agree in every vintage of every column."""
    return set(one.columns) == set(other.columns) and all(
        len(a.revisions) == len(b.revisions)
        and all(
            np.array_equal(x.values, y.values, equal_nan=True)
            and np.array_equal(x.known.astype(int), y.known.astype(int))
            for x, y in zip(a.vintages, b.vintages, strict=True)
        )
        for a, b in ((one.columns[name], other.columns[name]) for name in one.columns)
    )


def test_a_bargain_is_made_of_what_was_stated() -> None:
    problem = small().bargain()
    assert problem.demand.tolist() == [[4, 2], [5, 1], [6, 3], [7, 2]]
    assert problem.margin.tolist() == [[10.0]] * 4


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(DataError) as caught:
        small(
            metered=Column([[3, 2]] * 4, "agent", START),
            claim=Column([[-1.0, 2]] + [[1, 1]] * 3, "agent", START + HOUR),
        )
    told = str(caught.value)
    assert "'metered' of 2026-06-01T00:00:00 is known before its interval has ended" in told
    assert "'claim' of 2026-06-01T00:00:00 is below 0" in told
    assert "'claim' of 2026-06-01T00:00:00 is not known at its gate" in told


def test_times_out_of_order_are_named() -> None:
    with pytest.raises(DataError, match=r"row 1: starts at .* less than 3600 s after the row before"):
        History(START[[0, 0]], 3600, ["s"], ["a"], START[[0, 0]], {})


def test_a_value_without_its_time_is_named() -> None:
    with pytest.raises(DataError, match=r"'temperature' of .* does not say when it became known"):
        small(temperature=Column([1.0, 2, 3, 4], "interval", NEVER))


def test_a_history_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        small()["claim"][0, 0] = 1.0


def test_what_was_not_known_is_hidden() -> None:
    seen = small().until(START[3])
    assert len(seen) == 3
    assert np.isnan(seen.target("metered")).all()
    assert not np.isnan(seen["claim"]).any()


def test_rows_to_be_decided_hold_nothing_after_the_fact() -> None:
    now = small().at_gate(slice(1, 3))
    assert "metered" not in now.columns
    assert "claim" in now.columns
    with pytest.raises(
        LeakError, match="'metered' of 2026-06-01T01:00:00 is available 25 h after the decision"
    ):
        now["metered"]
    with pytest.raises(LeakError, match="target"):
        now.target("metered")


def test_some_rows_of_a_view_are_a_view() -> None:
    history = world(3, intervals=60).history
    part = history.at_gate(slice(40, 50)).rows(slice(2, 4))
    assert part.start.tolist() == history.start[42:44].tolist()
    assert np.array_equal(part.information().lagged("metered", 26), history["metered"][16:18])
    with pytest.raises(LeakError):
        part["metered"]


def test_a_correction_counts_from_when_it_was_known() -> None:
    history = revised()
    assert history.target("metered")[1].tolist() == [4.5, 1.5]
    early, late = START[1] + 30 * HOUR, START[1] + 50 * HOUR
    assert history.columns["metered"].as_of(np.full(4, early))[1].tolist() == [4, 1]
    assert history.columns["metered"].as_of(np.full(4, late))[1].tolist() == [4.5, 1.5]


def test_parquet_keeps_every_vintage(tmp_path: Path) -> None:
    history = revised()
    history.to_parquet(tmp_path / "kept")
    found = History.from_parquet(tmp_path / "kept")
    assert same(found, history)
    assert found.suppliers == ("hydro",)
    assert found.seconds == 3600


def test_a_large_world_comes_back_to_the_bit(tmp_path: Path) -> None:
    history = world(2, intervals=100, variant="disagreement").history
    history.to_parquet(tmp_path / "kept")
    assert same(History.from_parquet(tmp_path / "kept"), history)


def test_a_revision_is_appended_not_written_over(tmp_path: Path) -> None:
    small().to_parquet(tmp_path / "kept")
    before = (tmp_path / "kept" / "part-000001.parquet").read_bytes()
    assert revised().append(tmp_path / "kept") == 1
    assert (tmp_path / "kept" / "part-000001.parquet").read_bytes() == before
    assert same(History.from_parquet(tmp_path / "kept"), revised())


def test_appending_the_same_twice_adds_nothing(tmp_path: Path) -> None:
    revised().to_parquet(tmp_path / "kept")
    assert revised().append(tmp_path / "kept") == 0


def test_rows_arrive_as_time_goes_by(tmp_path: Path) -> None:
    history = world(4, intervals=80).history
    for rows in (30, 50, 79):
        history.until(history.gate[rows]).append(tmp_path / "kept")
    history.append(tmp_path / "kept")
    assert same(History.from_parquet(tmp_path / "kept"), history)


def test_a_value_changed_behind_our_back_is_refused(tmp_path: Path) -> None:
    small().to_parquet(tmp_path / "kept")
    other = small(claim=Column([[4, 2], [5, 1], [6, 3], [7, 9]], "agent", START))
    with pytest.raises(DataError, match="'claim' of 2026-06-01T03:00:00: another value known at"):
        other.append(tmp_path / "kept")


def test_another_community_is_refused(tmp_path: Path) -> None:
    small().to_parquet(tmp_path / "kept")
    with pytest.raises(DataError, match="the folder's agents are"):
        world(1, intervals=4).history.append(tmp_path / "kept")


def test_failed_rounds_and_their_reasons_stay(tmp_path: Path) -> None:
    held = small()
    history = History(
        held.start, 3600, held.suppliers, held.agents, held.gate, held.columns,
        {"status": ["optimal", "no_agreement", "optimal", "optimal"]},
    )  # fmt: skip
    history.to_parquet(tmp_path / "kept")
    assert History.from_parquet(tmp_path / "kept").status.tolist()[1] == "no_agreement"


def test_a_history_of_no_rows_works(tmp_path: Path) -> None:
    empty = small().rows(slice(0, 0))
    empty.to_parquet(tmp_path / "kept")
    assert len(History.from_parquet(tmp_path / "kept")) == 0
    assert empty.at_gate(slice(0, 0)).information().current("claim").shape == (0, 2)


def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    small().to_parquet(tmp_path / "kept")
    (tmp_path / "kept" / "part-000001.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(DataError, match=r"part-000001\.parquet: cannot be read"):
        History.from_parquet(tmp_path / "kept")
