"""Keys as France, Portugal and Spain want them, from files written here by hand."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.core import DataError
from evenwatt.core.meters import instants
from evenwatt.data import exports
from evenwatt.data.exports import coefficients, enedis, eredes, spain
from evenwatt.data.exports.export import Pairs

File = Callable[..., Path]

KEYS = "Horodate;14000000000001;14000000000002\n01/02/2025 00:00;50,0;12,3\n01/02/2025 00:30;0,0;100,0\n"


def test_french_keys_are_percentages(file: File) -> None:
    said = exports.read(file(KEYS, "plant.csv"))
    assert said.format == "enedis"
    assert said.producers == ("plant",)
    assert said.keys.tolist() == [[[500, 123]], [[0, 1000]]]
    assert (said.key_units, said.seconds, str(said.start[0])) == (1000, 1800, "2025-01-31T23:00:00")


def test_french_time_format_and_decimals_are_parameters(file: File) -> None:
    text = "Horodate;1\n2025-02-01T00:00:00+01:00;33,33\n2025-02-01T00:15:00+01:00;1\n"
    said = enedis.read(file(text), time_format="%Y-%m-%dT%H:%M:%S%z", decimals=2)
    assert said.keys.tolist() == [[[3333]], [[100]]]
    assert (said.key_units, said.seconds, str(said.start[0])) == (10_000, 900, "2025-01-31T23:00:00")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("100,0", "100,1", "line 3: column '14000000000002': 100.1 lies outside"),
        ("50,0", "90,0", "line 2: keys sum to 102.3 %"),
        ("12,3", "12,34", "12.34 has more than 1 decimals"),
        ("12,3", "", "is empty, expected a percentage"),
        ("12,3", "x", "'x' is not a number"),
        ("12,3", "9" * 400, "inf lies outside 0 to 100 %"),
        ("12,3", "-1,0", "-1 lies outside 0 to 100 %"),
        ("00:30", "0h30", "is not of the form"),
        ("00:30", "00:00", "line 3: 2025-02-01 00:00 comes twice"),
        ("02;", "01;", "has a header but no rows"),
        ("0002", "0001", "column '14000000000001' appears twice"),
    ],
)
def test_a_wrong_french_file_is_refused(file: File, old: str, new: str, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        exports.read(file(KEYS.replace(old, new) if old != "02;" else "Horodate;1\n"))


def test_french_producers_are_put_beside_each_other(file: File, tmp_path: Path) -> None:
    file(KEYS, "a.csv")
    file(KEYS.replace("14000000000002", "14000000000003"), "b.csv")
    said = exports.read(tmp_path)
    assert said.producers == ("a", "b")
    assert said.keys[0].tolist() == [[500, 123, 0], [500, 0, 123]]


def test_french_keys_come_back(file: File, tmp_path: Path) -> None:
    source = file(KEYS, "plant.csv")
    said = exports.read(source)
    made = exports.write(said, tmp_path / "out")
    assert [path.name for path in made.paths] == ["plant.csv"]
    assert made.paths[0].read_bytes() == source.read_bytes()
    assert exports.read(tmp_path / "out") == said


@pytest.mark.parametrize(("day", "steps"), [(date(2025, 3, 30), 46), (date(2025, 10, 26), 50)])
def test_french_keys_come_back_over_a_change_of_the_clock(tmp_path: Path, day: date, steps: int) -> None:
    start = instants(day, "Europe/Paris", 1800)
    keys = np.arange(steps)[:, None, None] * 10
    said = exports.Export(
        "x", "enedis", start, 1800, "Europe/Paris", ("p",), ("c",), keys=keys, key_units=1000
    )
    assert len(start) == steps
    assert exports.read(exports.write(said, tmp_path / "p.csv").paths[0]) == said


def test_finer_keys_are_rounded_down_and_told(tmp_path: Path) -> None:
    start = instants(date(2025, 6, 1), "Europe/Paris", 900)
    said = exports.Export(
        "x", "edc-all", start, 900, "Europe/Paris", ("p",), ("c", "d"), keys=np.array([[[3333, 6667]]])
    )
    made = exports.write(said, tmp_path / "p.csv", format="enedis")
    assert made.paths[0].read_text().splitlines()[1] == "01/06/2025 00:00;33,3;66,6"
    assert any("rounded down" in note for note in made.notes)


def archive(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, content in members.items():
            made.writestr(name, content)
    return path


def portuguese(
    consumer: str, values: list[str], day: str = "20250601", ends: list[str] | None = None, mark: str = ";"
) -> str:
    labels = ends or [f"{q * 15 // 60:02d}{q * 15 % 60:02d}" for q in range(1, 97)]
    return "".join(
        mark.join([day, end, consumer, "PT02", value]) + "\n"
        for end, value in zip(labels, values, strict=True)
    )


def test_portuguese_rows_are_told_by_their_ends(tmp_path: Path) -> None:
    values = [f"0.{k:03d}" for k in range(96)]
    path = archive(
        tmp_path / "a.zip",
        {"one.csv": portuguese("PT0A", values), "two.csv": portuguese("PT0B", ["0.500"] * 96)},
    )
    said = exports.read(path)
    assert said.format == "e-redes"
    assert (said.producers, said.consumers, said.key_units) == (("PT02",), ("PT0A", "PT0B"), 1000)
    assert said.keys[:, 0, 0].tolist() == list(range(96))
    assert str(said.start[0]) == "2025-05-31T23:00:00"  # Lisbon keeps summer time


@pytest.mark.parametrize(
    ("mark", "comma", "header"), [(",", ".", ""), (";", ",", ""), ("\t", ".", "a\tb\tc\td\te\n")]
)
def test_portuguese_separators_decimals_and_headers_may_differ(
    tmp_path: Path, mark: str, comma: str, header: str
) -> None:
    content = header + portuguese("PT0A", ["0.250"] * 96, mark=mark).replace(".", comma)
    assert (exports.read(archive(tmp_path / "a.zip", {"one.csv": content})).keys == 250).all()


def test_portuguese_autumn_counts_to_25_and_spring_leaves_an_hour_out(tmp_path: Path) -> None:
    autumn = [f"{q * 15 // 60:02d}{q * 15 % 60:02d}" for q in range(1, 101)]
    spring = [label for label in autumn[:96] if label not in ("0115", "0130", "0145", "0200")]
    for day, ends in (("20251026", autumn), ("20250330", spring)):
        content = portuguese("PT0A", [f"0.{k:03d}" for k in range(len(ends))], day, ends)
        said = exports.read(archive(tmp_path / f"{day}.zip", {"one.csv": content}))
        assert len(said.start) == len(ends)
        assert (np.diff(said.start) == np.timedelta64(900, "s")).all()
        assert said.keys[:, 0, 0].tolist() == list(range(len(ends)))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda text: text.replace("20250601;0030", "20250601;0031"), "0030 is missing"),
        (lambda text: "\n".join(text.splitlines()[:50]), "every quarter-hour must be there"),
        (lambda text: text.replace("0.600", "1.600", 1), "coefficient 1.6 lies outside 0 to 1"),
        (lambda text: text.replace("0.600", "0.60000000000000001", 1), "coefficients of 17 decimals"),
        (lambda text: text.replace("0.600", "9" * 400, 1), "coefficient inf lies outside 0 to 1"),
        (lambda text: text.replace("0.600", "o.600", 1), "'o.600' is not a number"),
        (lambda text: text.replace("PT0A", "PT0C", 1), "consumer 'PT0A', expected 'PT0C'"),
        (lambda text: text.replace("20250601;0030", "2025061;0030"), "is no date YYYYMMDD"),
        (lambda text: text.replace("20250601", "20250631"), "'20250631' is no date"),
        (lambda text: text.replace("0.600", "0.700", 1), "sum to 1.1, expected at most 1"),
        (lambda text: text.replace(";0.600\n", "\n", 1), "line 1: 4 cells, expected 5"),
    ],
)
def test_a_wrong_portuguese_file_is_refused(
    tmp_path: Path, change: Callable[[str], str], expected: str
) -> None:
    members = {
        "a.csv": change(portuguese("PT0A", ["0.600"] * 96)),
        "b.csv": portuguese("PT0B", ["0.400"] * 96),
    }
    with pytest.raises(DataError, match=expected):
        eredes.read(archive(tmp_path / "a.zip", members))


def test_a_folder_is_read_like_its_zip(tmp_path: Path, file: File) -> None:
    members = {"a.csv": portuguese("PT0A", ["0.600"] * 96), "b.csv": portuguese("PT0B", ["0.400"] * 96)}
    zipped = exports.read(archive(tmp_path / "all.zip", members))
    (tmp_path / "all.zip").unlink()
    for name, content in members.items():
        file(content, name)
    assert exports.read(tmp_path) == zipped


def test_a_quarter_hour_twice_is_shown(tmp_path: Path) -> None:
    content = portuguese("PT0A", ["0.600"] * 96)
    with pytest.raises(
        DataError, match="line 97: 20250601 2400 is out of order or comes twice\\n  first wrong row"
    ):
        exports.read(archive(tmp_path / "a.zip", {"a.csv": content + content.splitlines()[-1]}))


def test_portuguese_pairs_must_tell_the_same_quarter_hours(tmp_path: Path) -> None:
    members = {
        "a.csv": portuguese("PT0A", ["0.6"] * 96),
        "b.csv": portuguese("PT0B", ["0.4"] * 96, "20250602"),
    }
    with pytest.raises(DataError, match="quarter-hours that are not those of consumer PT0A"):
        exports.read(archive(tmp_path / "a.zip", members))


@pytest.mark.parametrize(
    "days",
    [(date(2025, 6, 1),), (date(2025, 3, 30),), (date(2025, 10, 26),), (date(2025, 1, 31), date(2025, 2, 1))],
)
@pytest.mark.parametrize("decimals", [3, 6])
def test_portuguese_coefficients_come_back(tmp_path: Path, days: tuple[date, ...], decimals: int) -> None:
    start = np.concatenate([instants(day, "Europe/Lisbon", 900) for day in days])
    keys = np.random.default_rng(1).integers(1, 10**decimals // 2, (len(start), 2, 2))
    said = exports.Export(
        "x",
        "e-redes",
        start,
        900,
        "Europe/Lisbon",
        ("P1", "P2"),
        ("C1", "C2"),
        keys=keys,
        key_units=10**decimals,
    )
    made = exports.write(said, tmp_path / "a.zip")
    assert exports.read(made.paths[0]) == said
    assert made.loss == 0.0


def test_portuguese_files_bear_the_names_of_their_pairs(tmp_path: Path) -> None:
    start = instants(date(2025, 6, 1), "Europe/Lisbon", 900)
    said = exports.Export(
        "x",
        "e-redes",
        start,
        900,
        "Europe/Lisbon",
        ("P",),
        ("C",),
        keys=np.full((96, 1, 1), 1000),
        key_units=1000,
    )
    made = eredes.write(said, tmp_path / "a.zip", generated=date(2025, 7, 5), sequence=2)
    with zipfile.ZipFile(made.paths[0]) as opened:
        assert opened.namelist() == ["Coeficiente_Partilha_C_P_202506_20250705_2.csv"]
        lines = opened.read(opened.namelist()[0]).decode().splitlines()
    assert lines[0] == "20250601;0015;C;P;1.000"
    assert lines[-1] == "20250601;2400;C;P;1.000"
    assert len(lines) == 96


def test_a_part_of_a_day_is_not_written(tmp_path: Path) -> None:
    start = instants(date(2025, 6, 1), "Europe/Lisbon", 900)[:95]
    said = exports.Export(
        "x", "e-redes", start, 900, "Europe/Lisbon", ("P",), ("C",), keys=np.full((95, 1, 1), 1000)
    )
    with pytest.raises(DataError, match="2025-06-01 has 95 of 96 quarter-hours"):
        exports.write(said, tmp_path / "a.zip")
    assert not list(tmp_path.iterdir())


@st.composite
def allocations(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, Pairs]:
    """Supply, demand and flows [Wh] of up to three producers and four consumers."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    givers, takers, steps = draw(st.integers(1, 3)), draw(st.integers(1, 4)), 6
    supply = rng.integers(0, 3000, (steps, givers)) * rng.integers(0, 2, (steps, givers))
    links = np.argwhere(rng.random((givers, takers)) < 0.8)
    wh = np.zeros((steps, len(links)), dtype=np.int64)
    left = supply.copy()
    for k, (i, _) in enumerate(links):
        wh[:, k] = rng.integers(0, left[:, i] + 1)
        left[:, i] -= wh[:, k]
    demand = np.zeros((steps, takers), dtype=np.int64)
    np.add.at(demand.T, links[:, 1], wh.T)
    return supply, demand + rng.integers(0, 3, demand.shape) * 50, Pairs(links, wh)


@given(problem=allocations(), decimals=st.sampled_from([3, 4, 5, 6]))
def test_coefficients_never_exceed_what_is_drawn_or_offered(
    problem: tuple[np.ndarray, np.ndarray, Pairs], decimals: int
) -> None:
    supply, demand, pairs = problem
    units = 10**decimals
    found, loss = coefficients.fitted(supply, demand, pairs, units)
    got, offered = np.zeros_like(demand), np.zeros_like(supply)
    np.add.at(got.T, pairs.links[:, 1], (found * supply[:, pairs.links[:, 0]]).T)
    np.add.at(offered.T, pairs.links[:, 0], found.T)
    assert (got <= demand * units).all()
    assert (offered <= units).all()
    ideal = np.divide(
        pairs.wh * units, supply[:, pairs.links[:, 0]], out=np.zeros(found.shape), where=pairs.wh > 0
    )
    assert (np.abs(found - ideal) < 1 + 1e-9).all()
    assert loss >= -1e-12
    assert loss <= (found.size * supply.max(initial=0) / units) / max(pairs.wh.sum(), 1) + 1e-12


def test_freed_units_go_to_the_largest_remainder_that_has_room() -> None:
    pairs = Pairs(np.array([[0, 0], [0, 1], [0, 2]]), np.array([[337, 336, 327]]))
    supply = np.array([[1000]])
    roomy, _ = coefficients.fitted(supply, np.array([[400, 400, 400]]), pairs, 100)
    full, _ = coefficients.fitted(supply, np.array([[337, 400, 400]]), pairs, 100)
    assert roomy.tolist() == [[34, 33, 33]]  # remainders .7, .6, .7: the first and the third
    assert full.tolist() == [[33, 34, 33]]


def test_more_decimals_lose_less(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    start = instants(date(2025, 6, 1), "Europe/Lisbon", 900)
    demand = rng.integers(0, 500, (96, 20))
    supply = rng.integers(1, 8000, (96, 1))
    wh = demand * np.minimum(1, supply / np.maximum(demand.sum(axis=1, keepdims=True), 1))
    pairs = Pairs(np.array([[0, j] for j in range(20)]), np.floor(wh).astype(np.int64))
    said = exports.Export(
        "x",
        "edc-all",
        start,
        900,
        "Europe/Lisbon",
        ("P",),
        tuple(f"C{j}" for j in range(20)),
        supply=supply,
        demand=demand,
        pairs=pairs,
    )
    losses = [eredes.write(said, tmp_path / f"{d}.zip", decimals=d).loss for d in (3, 4, 5, 6)]
    assert losses == sorted(losses, reverse=True)
    assert 0 < losses[0] < 0.02
    assert losses[2] < 2e-4


def test_missing_shares_are_not_turned_into_coefficients(tmp_path: Path) -> None:
    start = instants(date(2025, 6, 1), "Europe/Lisbon", 900)
    wh = np.zeros((96, 1), dtype=np.int64)
    said = exports.Export(
        "x",
        "edc-all",
        start,
        900,
        "Europe/Lisbon",
        ("P",),
        ("C",),
        supply=wh,
        demand=wh,
        pairs=Pairs(np.array([[0, 0]]), np.where(np.arange(96) == 5, -1, 0)[:, None]),
    )
    with pytest.raises(DataError, match="pairs has missing values"):
        exports.write(said, tmp_path / "a.zip", format="e-redes")


CUPS = ("ES0021000000000001AA", "ES0021000000000002BB")


def test_spanish_constant_coefficients_hold_at_all_times(file: File) -> None:
    said = exports.read(file(f"{CUPS[0]};0,400000\r\n{CUPS[1]};0,600000\r\n", "plant_2025.txt"))
    assert said.format == "spain"
    assert (said.producers, said.consumers) == (("plant",), CUPS)
    assert said.keys.tolist() == [[[400_000, 600_000]]]
    assert (said.key_units, len(said.start)) == (1_000_000, 0)
    assert any("not taken from a norm" in note for note in said.notes)


def hourly(hours: int, first: int = 1) -> str:
    return "".join(
        f"{name};{h:04d};{part}\r\n"
        for h in range(first, first + hours)
        for name, part in zip(CUPS, ("0,250000", "0,750000"), strict=True)
    )


def test_spanish_hours_are_counted_from_new_year(file: File) -> None:
    said = exports.read(file(hourly(8760), "plant_2025.txt"))
    assert said.keys.shape == (8760, 1, 2)
    assert str(said.start[0]) == "2024-12-31T23:00:00"
    assert str(said.start[-1]) == "2025-12-31T22:00:00"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"{CUPS[0]};0,400000\n{CUPS[1]};0,600001\n", "sum to 1.000001, expected 1"),
        (f"{CUPS[0]};0,400000\n{CUPS[0]};0,600000\n", "line 2: CUPS .* has two coefficients"),
        (f"{CUPS[0]};0,4000001\n{CUPS[1]};0,5999999\n", "more than 6 decimals"),
        (f"{CUPS[0]};0,400000\n{CUPS[1]};x\n", "line 2: .*'x' is not a number"),
        (f"{CUPS[0]};0001;1,000000\n{CUPS[0]};9999;1,000000\n", "line 2: hour '9999' is no hour of a year"),
        (f"{CUPS[0]};0001;1,000000\n{CUPS[0]};0003;1,000000\n", "1 hours are left out, the first is 2"),
        (f"{CUPS[0]};0001;1,000000\n{CUPS[1]};0002;1,000000\n", "has no coefficient in hour"),
        (f"{CUPS[0]};8784;1,000000\n", "hour 8784 lies beyond the year 2025"),
    ],
)
def test_a_wrong_spanish_file_is_refused(file: File, content: str, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        exports.read(file(content, "plant_2025.txt"))


def test_spanish_hours_need_a_year(file: File) -> None:
    path = file(hourly(24), "coefficients.txt")
    with pytest.raises(DataError, match="say of which, year="):
        exports.read(path)
    assert len(spain.read(path, year=2025).start) == 24


def test_spanish_files_come_back(file: File, tmp_path: Path) -> None:
    for content in (f"{CUPS[0]};0,400000\r\n{CUPS[1]};0,600000\r\n", hourly(48, 2100)):
        source = file(content, "plant_2025.txt")
        said = exports.read(source)
        made = exports.write(said, tmp_path / "out" / "plant_2025.txt")
        assert made.paths[0].read_bytes() == source.read_bytes()
        assert exports.read(made.paths[0]) == said


def test_spanish_coefficients_sum_to_one_after_rounding(tmp_path: Path) -> None:
    keys = np.array([[[3333, 3333, 3334]]])
    said = exports.Export(
        "x", "edc-all", np.empty(0, "datetime64[s]"), 900, "Europe/Madrid", ("P",), ("A", "B", "C"), keys=keys
    )
    form = replace(spain.template(), decimals=2)
    made = spain.write(said, tmp_path / "p.txt", layout=form)
    parts = [int(line.split(",")[1]) for line in made.paths[0].read_text().split()]
    assert sum(parts) == 100


def test_spain_takes_no_plant_in_part(tmp_path: Path) -> None:
    said = exports.Export(
        "x",
        "edc-all",
        np.empty(0, "datetime64[s]"),
        900,
        "Europe/Madrid",
        ("P",),
        ("A",),
        keys=np.array([[[9000]]]),
    )
    with pytest.raises(DataError, match=r"keys of P sum to 0\.9; Spain shares the whole"):
        exports.write(said, tmp_path / "p.txt", format="spain")


def test_a_template_of_ones_own_is_followed(file: File, tmp_path: Path) -> None:
    own = Path(spain.__file__).with_name("spain.toml").read_text()
    own = own.replace('separator = ";"', 'separator = "|"').replace('decimal = ","', 'decimal = "."')
    form = spain.template(file(own, "own.toml"))
    said = exports.read(file(f"{CUPS[0]};0,400000\n{CUPS[1]};0,600000\n", "plant_2025.txt"))
    made = spain.write(said, tmp_path / "p.txt", layout=form)
    assert made.paths[0].read_text().split() == [f"{CUPS[0]}|0.400000", f"{CUPS[1]}|0.600000"]
    assert spain.read(made.paths[0], layout=form, plant="plant") == said


def test_a_template_with_a_wrong_key_is_refused(file: File) -> None:
    own = Path(spain.__file__).with_name("spain.toml").read_text().replace("decimals =", "digits =")
    with pytest.raises(DataError, match=r"key 'decimals' is missing\n.*key 'digits' is unknown"):
        spain.template(file(own, "own.toml"))
