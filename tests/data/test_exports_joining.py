"""Files of one community put together, and the contradictions between them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evenwatt.core import DataError
from evenwatt.data import exports

File = Callable[..., Path]

P1, P2 = "859182400000000001", "859182400000000002"
C1, C2 = "859182400000000011", "859182400000000012"
TIMES = ("01.02.2025;00:00;00:15", "01.02.2025;00:15;00:30")
ALL = f"Datum;Cas od;Cas do;IN-{C1}-O;OUT-{C1}-O;IN-{C2}-O;OUT-{C2}-O;IN-{P1}-D;OUT-{P1}-D;IN-{P2}-D;OUT-{P2}-D;"
PAIR = f"Datum;Cas od;Cas do;{P2}-{C1};{P1}-{C1};{P1}-{C2};"
METERS = (
    f"{ALL}\n{TIMES[0]};-1,0;-0,5;-0,4;-0,2;1,0;0,5;0,3;0,1;\n{TIMES[1]};-1,0;-1,0;0,0;0,0;0,0;0,0;0,0;0,0;\n"
)
FLOWS = f"{PAIR}\n{TIMES[0]};0,2;0,3;0,2;\n{TIMES[1]};0,0;0,0;0,0;\n"


def month(first: str, meter: str = C1, *, supply: str = "1,0") -> str:
    head = f"Datum;Cas od;Cas do;IN-{P1}-D;OUT-{P1}-D;IN-{meter}-O;OUT-{meter}-O;"
    return f"{head}\n{first};00:00;00:15;{supply};{supply};-0,1;-0,1;\n"


def test_pairs_are_placed_among_the_meters_of_the_other_file(file: File) -> None:
    said = exports.join(exports.read(file(METERS, "all.csv")), exports.read(file(FLOWS, "pair.csv")))
    assert said.unbalanced == ()
    assert said.doubts == ()
    flows = said.pairs.dense(2, 2)
    assert flows[0].tolist() == [[300, 200], [200, 0]]
    assert (flows.sum(axis=1) == said.shared).all()
    assert (flows.sum(axis=2) == said.given).all()


def test_sums_that_contradict_the_meters_are_listed(file: File) -> None:
    wrong = FLOWS.replace("0,2;0,3;0,2", "0,2;0,32;0,2")
    said = exports.join(exports.read(file(METERS, "all.csv")), exports.read(file(wrong, "pair.csv")))
    assert said.unbalanced == (0,)
    assert said.doubts == (
        f"2025-02-01 00:00: {P1} gave 0.500 kWh, its pairs say 0.520 kWh",
        f"2025-02-01 00:00: {C1} got 0.500 kWh, its pairs say 0.520 kWh",
    )


def test_a_cent_of_a_kwh_is_no_contradiction(file: File) -> None:
    close = FLOWS.replace("0,2;0,3;0,2", "0,2;0,31;0,2")
    said = exports.join(exports.read(file(METERS, "all.csv")), exports.read(file(close, "pair.csv")))
    assert said.unbalanced == ()


def test_a_missing_pair_is_no_contradiction(file: File) -> None:
    gap = FLOWS.replace("0,2;0,3;0,2", ";0,3;0,2")
    said = exports.join(exports.read(file(METERS, "all.csv")), exports.read(file(gap, "pair.csv")))
    assert said.doubts == ()
    assert said.pairs.wh[0, 0] == exports.MISSING


def test_another_period_is_refused(file: File) -> None:
    late = FLOWS.replace("01.02.2025", "02.02.2025")
    with pytest.raises(DataError, match="the periods differ"):
        exports.join(exports.read(file(METERS, "all.csv")), exports.read(file(late, "pair.csv")))


def test_a_stranger_among_the_pairs_is_named(file: File) -> None:
    odd = FLOWS.replace(C2, "859182400000000099")
    with pytest.raises(DataError, match="859182400000000099 is none of the consumers"):
        exports.join(exports.read(file(METERS, "all.csv")), exports.read(file(odd, "pair.csv")))


def test_files_in_the_wrong_places_are_refused(file: File) -> None:
    with pytest.raises(DataError, match="expected first what was measured"):
        exports.join(exports.read(file(FLOWS, "pair.csv")), exports.read(file(METERS, "all.csv")))


def test_a_folder_of_both_kinds_is_joined(file: File, tmp_path: Path) -> None:
    file(METERS, "all.csv")
    file(FLOWS, "pair.csv")
    assert exports.read(tmp_path).pairs.dense(2, 2)[0].tolist() == [[300, 200], [200, 0]]


def test_months_follow_each_other_whatever_their_order(file: File) -> None:
    second, first = file(month("01.03.2025"), "b.csv"), file(month("01.02.2025", supply="2,0"), "a.csv")
    said = exports.read([second, first])
    assert said.supply.tolist() == [[2000], [1000]]
    assert any("nothing is known in between" in note for note in said.notes)


def test_who_joins_later_is_missing_before(file: File) -> None:
    said = exports.read([file(month("01.02.2025"), "a.csv"), file(month("02.02.2025", C2), "b.csv")])
    assert said.consumers == (C1, C2)
    assert said.demand.tolist() == [[100, exports.MISSING], [exports.MISSING, 100]]


def test_files_that_overlap_are_refused(file: File) -> None:
    with pytest.raises(DataError, match=r"a.csv .* and b.csv .* overlap"):
        exports.read([file(month("01.02.2025"), "a.csv"), file(month("01.02.2025"), "b.csv")])


def test_doubts_keep_their_rows_in_a_longer_series(file: File) -> None:
    odd = month("02.02.2025").replace("1,0;1,0", "1,0;0,5")
    said = exports.read([file(month("01.02.2025"), "a.csv"), file(odd, "b.csv")])
    assert said.unbalanced == (1,)
    assert said.doubts[0].startswith("b.csv: line 2")


def test_pairs_of_two_months_are_joined_by_name(file: File) -> None:
    first = f"Datum;Cas od;Cas do;{P1}-{C1};\n01.02.2025;00:00;00:15;0,1;\n"
    second = f"Datum;Cas od;Cas do;{P2}-{C1};{P1}-{C1};\n01.02.2025;00:15;00:30;0,2;0,3;\n"
    said = exports.read([file(first, "a.csv"), file(second, "b.csv")])
    assert said.pairs.links.tolist() == [[0, 0], [1, 0]]
    assert said.pairs.wh.tolist() == [[100, exports.MISSING], [300, 200]]


def test_files_of_two_kinds_are_not_strung_together(file: File) -> None:
    tidy = "interval_start_utc,meter_id,role,measured_wh\n2025-03-01T00:00:00Z,a,consumer,1\n"
    with pytest.raises(DataError, match="format is 'tidy'"):
        exports.read([file(month("01.02.2025"), "a.csv"), file(tidy, "b.csv")])
