"""Files of the Czech data centre, written here by hand, say what they say and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evenwatt.core import DataError
from evenwatt.data import exports

File = Callable[..., Path]

P1, P2 = "859182400000000001", "859182400000000002"
C1, C2 = "859182400000000011", "859182400000000012"
HEAD = f"Datum;Cas od;Cas do;IN-{P1}-D;OUT-{P1}-D;IN-{C1}-O;OUT-{C1}-O;IN-{C2}-O;OUT-{C2}-O;"
ROWS = (
    "01.02.2025;00:00;00:15;1,0;0,26;-0,56;-0,06;-0,3;-0,06;",
    "01.02.2025;00:15;00:30;0,5;0,0;-0,56;-0,06;-0,3;-0,3;",
    "01.02.2025;00:30;00:45;0,0;0,0;-0,56;-0,56;0,0;0,0;",
)


def plain(rows: tuple[str, ...] = ROWS, head: str = HEAD, end: str = "\n") -> str:
    return end.join([head, *rows, ""])


def test_consumption_is_negative_in_the_file_and_positive_here(file: File) -> None:
    said = exports.read(file(plain()))
    assert said.producers == (P1,)
    assert said.consumers == (C1, C2)
    assert said.supply.tolist() == [[1000], [500], [0]]
    assert said.unused.tolist() == [[260], [0], [0]]
    assert said.demand.tolist() == [[560, 300], [560, 300], [560, 0]]
    assert said.unmet.tolist() == [[60, 60], [60, 300], [560, 0]]
    assert said.shared.tolist() == [[500, 240], [500, 0], [0, 0]]
    assert said.given.tolist() == [[740], [500], [0]]


def test_the_local_clock_becomes_utc(file: File) -> None:
    said = exports.read(file(plain()))
    assert said.zone == "Europe/Prague"
    assert str(said.start[0]) == "2025-01-31T23:00:00"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_is_read(file: File, end: str) -> None:
    assert exports.read(file(plain(end=end))) == exports.read(file(plain(), "other.csv"))


def test_line_ends_may_be_mixed(file: File) -> None:
    mixed = f"{HEAD}\r\n{ROWS[0]}\r{ROWS[1]}\n\r\n{ROWS[2]}"
    assert exports.read(file(mixed)) == exports.read(file(plain(), "other.csv"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1250"])
def test_accents_are_read_in_every_encoding(file: File, encoding: str) -> None:
    words = plain(head=HEAD.replace("Cas", "Čas"))
    assert exports.read(file(words.encode(encoding))) == exports.read(file(plain(), "other.csv"))


def test_a_fallback_encoding_is_told(file: File) -> None:
    said = exports.read(file(plain(head=HEAD.replace("Cas", "Čas")).encode("cp1250")))
    assert any("read as cp1250" in note for note in said.notes)


def test_trailing_separators_may_stand_anywhere_or_nowhere(file: File) -> None:
    expected = exports.read(file(plain()))
    bare = tuple(row.rstrip(";") for row in ROWS)
    variants = ((HEAD.rstrip(";"), bare), (HEAD.rstrip(";"), ROWS), (HEAD, bare), (HEAD + ";;", ROWS))
    for k, (head, rows) in enumerate(variants):
        assert exports.read(file(plain(rows, head), f"{k}.csv")) == expected


def test_columns_may_come_in_any_order(file: File) -> None:
    head = f"Datum;Cas od;Cas do;OUT-{C1}-O;IN-{P1}-D;IN-{C1}-O;IN-{P2}-D;OUT-{P2}-D;OUT-{P1}-D;"
    said = exports.read(file(f"{head}\n01.02.2025;00:00;00:15;-0,1;1,0;-0,5;2,0;1,9;0,7;\n"))
    assert said.producers == (P1, P2)
    assert said.supply.tolist() == [[1000, 2000]]
    assert said.unused.tolist() == [[700, 1900]]
    assert said.shared.tolist() == [[400]]


def test_a_meter_may_hold_both_roles(file: File) -> None:
    head = f"Datum;Cas od;Cas do;IN-{P1}-D;OUT-{P1}-D;IN-{P1}-O;OUT-{P1}-O;"
    said = exports.read(file(f"{head}\n01.02.2025;00:00;00:15;1,0;1,0;-0,5;-0,5;\n"))
    assert said.producers == said.consumers == (P1,)


def test_negative_zero_is_zero(file: File) -> None:
    rows = (f"01.02.2025;00:00;00:15;{';'.join(['-0,0'] * 6)};",)
    said = exports.read(file(plain(rows)))
    assert not said.supply.any()
    assert not said.demand.any()


def test_decimals_are_exact_where_floats_drift(file: File) -> None:
    kwh = [(1000 + k) / 1000 for k in range(1, 96)]
    rows = tuple(
        f"01.02.2025;{q // 4:02d}:{q % 4 * 15:02d};{(q + 1) // 4 % 24:02d}:{(q + 1) % 4 * 15:02d};"
        f"{str(x).replace('.', ',')};{str(x).replace('.', ',')};0,0;0,0;0,0;0,0;"
        for q, x in enumerate(kwh)
    )
    assert any(int(x * 1000) != round(x * 1000) for x in kwh)  # truncation would show
    said = exports.read(file(plain(rows)))
    assert said.supply[:, 0].tolist() == [1000 + k for k in range(1, 96)]


def test_a_decimal_point_is_read_as_well(file: File) -> None:
    rows = (ROWS[0], ROWS[1].replace(",", "."), ROWS[2])
    assert exports.read(file(plain(rows))) == exports.read(file(plain(), "other.csv"))


def test_finer_values_keep_their_sum_and_their_split(file: File) -> None:
    rows = tuple(
        f"01.02.2025;00:{q * 15:02d};{(q + 1) // 4:02d}:{(q + 1) % 4 * 15:02d};0,0004;0,0002;-0,0004;-0,0002;0,0;0,0;"
        for q in range(4)
    )
    said = exports.read(file(plain(rows)))
    assert said.unused.sum() == 1  # 0.8 Wh
    assert said.shared.sum() == 1
    assert (said.demand == said.shared + said.unmet).all()
    assert any("rounded to whole Wh" in note for note in said.notes)


def test_what_is_not_yet_evaluated_is_missing_and_counted(file: File) -> None:
    rows = (ROWS[0], "01.02.2025;00:15;00:30;0,5;;-0,56;;-0,3;;")
    said = exports.read(file(plain(rows)))
    assert said.demand.tolist() == [[560, 300], [560, 300]]
    assert said.unmet.tolist() == [[60, 60], [exports.MISSING] * 2]
    assert said.shared.tolist() == [[500, 240], [exports.MISSING] * 2]
    assert said.complete.tolist() == [True, False]
    assert any("consumption not yet evaluated: 2 values in 1 rows" in note for note in said.notes)
    assert said.take(said.complete).shared.tolist() == [[500, 240]]


def test_rows_that_do_not_add_up_are_listed_not_refused(file: File) -> None:
    rows = (ROWS[0], "01.02.2025;00:15;00:30;0,5;0,0;-0,56;-0,06;-0,3;-0,28;", ROWS[2])
    said = exports.read(file(plain(rows)))
    assert said.unbalanced == (1,)
    assert said.doubts == ("line 3, 2025-02-01 00:15: consumers got 0.520 kWh, producers gave 0.500 kWh",)


def test_a_file_of_one_side_only_contradicts_nothing(file: File) -> None:
    said = exports.read(
        file(f"Datum;Cas od;Cas do;IN-{C1}-O;OUT-{C1}-O;\n01.02.2025;00:00;00:15;-1,0;-0,5;\n")
    )
    assert said.supply.shape == (1, 0)
    assert said.shared.tolist() == [[500]]
    assert said.unbalanced == ()


def test_a_header_further_down_is_named_by_its_own_line(file: File) -> None:
    with pytest.raises(DataError, match=f"line 3: column 'OUT-{C1}-O' is missing\n  first wrong row, line 3"):
        exports.read(file(f"\n\nDatum;Cas od;Cas do;IN-{C1}-O;\n01.02.2025;00:00;00:15;-1,0;\n"))


def test_a_cent_of_a_kwh_is_no_contradiction(file: File) -> None:
    rows = (ROWS[0], "01.02.2025;00:15;00:30;0,5;0,0;-0,56;-0,06;-0,3;-0,29;")
    assert exports.read(file(plain(rows))).unbalanced == ()


def test_an_incomplete_last_day_is_told(file: File) -> None:
    assert any("ends inside a day, at 2025-02-01 00:45" in n for n in exports.read(file(plain())).notes)


def test_the_last_row_of_a_day_ends_at_midnight(file: File) -> None:
    said = exports.read(file(plain(("01.02.2025;23:45;00:00;1,0;1,0;0,0;0,0;0,0;0,0;",))))
    assert str(said.start[0]) == "2025-02-01T22:45:00"


def test_pairs_come_with_their_meters(file: File) -> None:
    head = f"Datum;Cas od;Cas do;{P1}-{C2};{P2}-{C1};{P1}-{C1};"
    said = exports.read(
        file(f"{head}\n01.02.2025;00:00;00:15;0,1;0,0;0,25;\n01.02.2025;00:15;00:30;;0,2;0,0;\n")
    )
    assert said.format == "edc-pair"
    assert said.producers == (P1, P2)
    assert said.consumers == (C2, C1)
    assert said.pairs.links.tolist() == [[0, 0], [1, 1], [0, 1]]
    assert said.pairs.wh.tolist() == [[100, 0, 250], [exports.MISSING, 200, 0]]
    assert said.supply is None


BAD = {
    "truncated inside a row": (plain((*ROWS[:2], ROWS[2][:40]))[:-1], "line 4: .* cells, expected 9"),
    "truncated inside the last number": (plain()[:-3], "line 4: ends without ';'"),
    "a missing column": (
        plain(head=HEAD.replace(f"OUT-{C1}-O", f"OUT-{P2}-O")),
        f"column 'OUT-{C1}-O' is missing",
    ),
    "letters in a number": (
        plain((ROWS[0], ROWS[1].replace("0,5;", "O,5;"))),
        f"line 3: column 'IN-{P1}-D': 'O,5' is not a number",
    ),
    "not a number in words": (plain((ROWS[0], ROWS[1].replace("0,5;", "nan;"))), "'nan' is not a number"),
    "a column twice": (plain(head=HEAD.replace(f"IN-{C2}", f"IN-{C1}")), f"column 'IN-{C1}-O' appears twice"),
    "an unknown column": (
        plain(head=HEAD.replace(f"IN-{C2}", f"IM-{C2}")),
        f"'IM-{C2}-O' is not of the form",
    ),
    "rows out of order": (
        plain((ROWS[1], ROWS[0])),
        "line 3: 2025-02-01 00:00 stands after 2025-02-01 00:15",
    ),
    "a row twice": (plain((ROWS[0], ROWS[0])), "line 3: 2025-02-01 00:00 comes twice"),
    "a row left out": (plain((ROWS[0], ROWS[2])), "line 3: 1 intervals are left out .* missing-rows = keep"),
    "seconds": (
        plain((ROWS[0].replace("00:00;", "00:00:00;"),)),
        "line 2: column 'Cas od': '00:00:00' is no time",
    ),
    "another order of the date": (
        plain((ROWS[0].replace("01.02.2025", "2025-02-01"),)),
        "'2025-02-01' is no date",
    ),
    "a day that does not exist": (
        plain((ROWS[0].replace("01.02.2025", "30.02.2025"),)),
        "'30.02.2025' is no date",
    ),
    "an empty date": (plain((ROWS[0].replace("01.02.2025", ""),)), "line 2: column 'Datum'"),
    "another length": (
        plain((ROWS[0].replace("00:15;", "00:30;"),)),
        "line 2: from 00:00 to 00:30 is not 15 minutes",
    ),
    "a header only": (HEAD + "\n", "has a header but no rows"),
    "positive consumption": (
        plain((ROWS[0].replace("-0,56", "0,56"),)),
        r"line 2: column 'IN-\d+-O': 0.56 kWh, expected at most 0",
    ),
    "negative production": (plain((ROWS[0].replace(";1,0;", ";-1,0;"),)), "-1 kWh, expected at least 0"),
    "more after than before": (
        plain((ROWS[0].replace("-0,06;-0,3", "-0,6;-0,3"),)),
        "0.6 kWh after sharing, above 0.56 measured",
    ),
    "after sharing only": (
        plain((ROWS[0].replace("-0,56", ""),)),
        "has a value after sharing, but none measured",
    ),
    "an energy beyond reason": (
        plain((ROWS[0].replace(";1,0;", ";99999999999,0;"),)),
        "too large for one interval",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_file_is_refused_where_it_is_wrong(file: File, name: str) -> None:
    content, expected = BAD[name]
    with pytest.raises(DataError, match=expected):
        exports.read(file(content))


def test_the_first_wrong_row_is_shown_as_it_stands(file: File) -> None:
    wrong = ROWS[1].replace("0,5;", "x;")
    with pytest.raises(DataError) as refused:
        exports.read(file(plain((ROWS[0], wrong, ROWS[2].replace("00:30;", "00:31;")))))
    told = str(refused.value)
    assert told.endswith(f"first wrong row, line 3: {wrong}")


def test_all_faults_are_told_together(file: File) -> None:
    rows = (ROWS[0].replace("1,0", "a"), ROWS[1].replace("00:15;", "0015;"), ROWS[2].replace("01.02", "1-2"))
    with pytest.raises(DataError) as refused:
        exports.read(file(plain(rows)))
    for part in ("3 faults", "line 2: column 'IN-", "line 3: column 'Cas od'", "line 4: column 'Datum'"):
        assert part in str(refused.value)


def test_an_empty_file_is_refused(file: File) -> None:
    with pytest.raises(DataError, match="is empty"):
        exports.read(file(""))


def test_a_gap_is_kept_when_asked(file: File) -> None:
    said = exports.read(file(plain((ROWS[0], ROWS[2]))), repair={"missing-rows": "keep"})
    assert len(said.start) == 2
    assert any("1 intervals are left out" in note for note in said.notes)


def test_an_unknown_repair_is_named(file: File) -> None:
    with pytest.raises(DataError, match=r"autumn-day = first \| second \| halves"):
        exports.read(file(plain()), repair={"autumn-day": "guess"})


def test_a_pair_of_one_meter_with_itself_is_refused(file: File) -> None:
    with pytest.raises(DataError, match="cannot give to itself"):
        exports.read(file(f"Datum;Cas od;Cas do;{P1}-{P1};\n01.02.2025;00:00;00:15;0,1;\n"))


def test_a_canonical_file_comes_back_to_the_byte(file: File, tmp_path: Path) -> None:
    for content in (
        plain(),
        plain(("01.02.2025;23:45;00:00;12,0;0,26;-0,56;-0,06;-0,3;;",)),
        f"Datum;Cas od;Cas do;{P1}-{C2};{P2}-{C1};\n01.02.2025;00:00;00:15;0,1;;\n",
    ):
        source = file(content)
        made = exports.write(exports.read(source), tmp_path / "again.csv")
        assert made.paths[0].read_bytes() == source.read_bytes()


def test_the_writer_says_what_the_format_cannot_hold(file: File, tmp_path: Path) -> None:
    said = exports.read(file(plain()))
    pairs = exports.Pairs(np.array([[0, 0]]), np.zeros((3, 1), dtype=np.int64))
    from dataclasses import replace

    made = exports.write(replace(said, pairs=pairs), tmp_path / "again.csv")
    assert any("pairs are not written" in note for note in made.notes)


def test_a_writer_that_fails_leaves_nothing(file: File, tmp_path: Path) -> None:
    said = exports.read(file(f"Datum;Cas od;Cas do;{P1}-{C1};\n01.02.2025;00:00;00:15;0,1;\n"))
    with pytest.raises(DataError, match="has no supply"):
        exports.write(said, tmp_path / "all.csv", format="edc-all")
    assert not list(tmp_path.glob("*all*"))
    assert not list(tmp_path.glob(".*part"))
