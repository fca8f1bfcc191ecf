"""The two days a year on which the clock of a national file is changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from evenwatt.core import DataError
from evenwatt.data import exports

File = Callable[..., Path]

P, C = "859182400000000001", "859182400000000011"
HEAD = f"Datum;Cas od;Cas do;IN-{P}-D;OUT-{P}-D;IN-{C}-O;OUT-{C}-O;"
SPRING, AUTUMN = date(2025, 3, 30), date(2025, 10, 26)


def labels(day: date) -> list[str]:
    """Quarter-hours of a day as its clock shows them, told off by hand."""
    usual = [f"{q // 4:02d}:{q % 4 * 15:02d}" for q in range(96)]
    if day == SPRING:
        return usual[:8] + usual[12:]
    if day == AUTUMN:
        return usual[:12] + usual[8:12] + usual[12:]
    return usual


def csv(day: date, shown: list[str]) -> str:
    rows = []
    for k, label in enumerate(shown):
        end = (datetime.strptime(label, "%H:%M") + timedelta(minutes=15)).strftime("%H:%M")
        rows.append(f"{day:%d.%m.%Y};{label};{end};{k}0,0;{k}0,0;0,0;0,0;")
    return "\n".join([HEAD, *rows, ""])


@pytest.mark.parametrize(("day", "count"), [(SPRING, 92), (AUTUMN, 100), (date(2025, 6, 1), 96)])
def test_every_interval_of_the_day_is_there_once(file: File, day: date, count: int) -> None:
    said = exports.read(file(csv(day, labels(day))))
    assert len(said.start) == count
    assert (np.diff(said.start) == np.timedelta64(900, "s")).all()
    assert said.supply[:, 0].tolist() == [10_000 * k for k in range(count)]


def test_of_two_equal_labels_the_first_is_summer_time(file: File) -> None:
    said = exports.read(file(csv(AUTUMN, labels(AUTUMN))))
    first, second = (
        said.supply[np.flatnonzero(said.start == np.datetime64(at)), 0]
        for at in ("2025-10-26T00:00:00", "2025-10-26T01:00:00")
    )
    assert first.tolist() == [80_000]
    assert second.tolist() == [120_000]


def test_two_hours_that_interleave_are_told_apart(file: File) -> None:
    usual = labels(date(2025, 6, 1))
    shown = usual[:8] + [label for label in usual[8:12] for _ in range(2)] + usual[12:]
    said = exports.read(file(csv(AUTUMN, shown)))
    assert len(said.start) == 100
    assert said.supply[8:16, 0].tolist() == [10_000 * k for k in (8, 10, 12, 14, 9, 11, 13, 15)]


def test_an_autumn_day_of_96_rows_is_refused_with_its_repairs(file: File) -> None:
    with pytest.raises(
        DataError, match=r"2025-10-26: 4 labels .* once.*autumn-day = first \| second \| halves"
    ):
        exports.read(file(csv(AUTUMN, labels(date(2025, 6, 1)))))


@pytest.mark.parametrize(
    ("policy", "count", "at"),
    [("first", 96, "2025-10-26T00:00:00"), ("second", 96, "2025-10-26T01:00:00"), ("halves", 100, None)],
)
def test_a_named_repair_says_which_hour_it_is(file: File, policy: str, count: int, at: str | None) -> None:
    said = exports.read(file(csv(AUTUMN, labels(date(2025, 6, 1)))), repair={"autumn-day": policy})
    assert len(said.start) == count
    assert said.supply.sum() == sum(10_000 * k for k in range(96))
    if at:
        assert said.supply[said.start == np.datetime64(at), 0].tolist() == [80_000]
    else:
        assert said.supply[8:16, 0].tolist() == [40_000, 45_000, 50_000, 55_000] * 2


def test_halves_of_odd_energy_keep_the_sum(file: File) -> None:
    content = csv(AUTUMN, labels(date(2025, 6, 1))).replace(";80,0;80,0;", ";80,001;80,001;")
    said = exports.read(file(content), repair={"autumn-day": "halves"})
    assert sorted([int(said.supply[8, 0]), int(said.supply[12, 0])]) == [40_000, 40_001]


def test_the_hour_that_never_comes_is_refused(file: File) -> None:
    with pytest.raises(DataError, match="2025-03-30 02:00 to 02:45 does not exist"):
        exports.read(file(csv(SPRING, labels(date(2025, 6, 1)))))


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_the_end_of_a_row_may_be_written_by_either_clock(file: File, day: date) -> None:
    plain = csv(day, labels(day))
    other = (
        plain.replace(";01:45;02:00;", ";01:45;03:00;")
        if day == SPRING
        else plain.replace(";02:45;03:00;", ";02:45;02:00;", 1)
    )
    assert other != plain
    assert exports.read(file(other)) == exports.read(file(plain, "plain.csv"))
