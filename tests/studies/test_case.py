"""Every error of a case names its file and key, all of them at once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

import evenwatt
from evenwatt.core.errors import CaseError, EvenwattError
from evenwatt.studies.template import create, natural


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            'study = "cascade"',
            'study = "casino"',
            r"case\.toml: study: 'casino' is not a study; there are cascade",
        ),
        ('study = "cascade"', "", r"case\.toml: study: missing"),
        ('study = "cascade"', "study = 7", r"case\.toml: study: .*found 7"),
        (
            'timezone = "UTC"',
            'timezone = "Mars/Olympus"',
            "timezone: 'Mars/Olympus' is not an IANA time zone",
        ),
        ("seed = 0", "seed = -1", "seed: .*found -1"),
        ("[money]", "[honey]", r"honey: unknown key"),
        (
            'members = "talmud"',
            'members = "talmut"',
            r"rule\.members: unknown rule 'talmut'; did you mean 'talmud'",
        ),
        ("[rule]", "[rule", "not valid TOML"),
    ],
)
def test_a_fault_in_case_toml_names_its_key(hamlet, old, new, complaint):
    edit(hamlet / "case.toml", old, new)
    with pytest.raises(CaseError, match=complaint):
        evenwatt.load(hamlet)


def test_all_faults_of_case_toml_come_together(hamlet):
    edit(hamlet / "case.toml", "seed = 0", 'seed = "x"\ncolour = "red"')
    with pytest.raises(CaseError, match=r"2 faults[\s\S]*seed[\s\S]*colour"):
        evenwatt.load(hamlet)


@pytest.mark.parametrize(
    ("table", "old", "new", "complaint"),
    [
        (
            "members.csv",
            "home1,home1,consumer,a1",
            "home1,home1,consumer,a9",
            "agent 'a9' is not in agents.csv",
        ),
        ("members.csv", "home2,home2", "home1,home2", "id 'home1' appears twice on the same days"),
        ("members.csv", "a1,home1,1", "a1,home1,x", "members.csv"),
        ("members.csv", "a1,home1,1", "a1,home1,0", "weight 0.0 is not a number above 0"),
        ("members.csv", "a1,home1,1", "a1,house1,1", "meter 'house1' has no readings"),
        ("agents.csv", "a2", "a1", "agents.csv: id 'a1' appears twice"),
        ("suppliers.csv", "mill,mill", "mill,milly", "meter 'milly' has no readings"),
        ("prices.csv", "2026-06-01", "2026-06-02", "the readings begin"),
        ("prices.csv", "grid_sell_per_mwh", "grid_sale", "grid_sell_per_mwh"),
    ],
)
def test_a_fault_in_a_table_names_file_and_row(hamlet, table, old, new, complaint):
    edit(hamlet / table, old, new)
    with pytest.raises(EvenwattError, match=complaint):
        evenwatt.load(hamlet).run()


def test_a_missing_table_is_named(hamlet):
    (hamlet / "agents.csv").unlink()
    with pytest.raises(EvenwattError, match=r"agents\.csv"):
        evenwatt.load(hamlet).run()


def test_a_folder_that_is_no_case_says_how_to_make_one(tmp_path):
    with pytest.raises(CaseError, match="evenwatt init"):
        evenwatt.load(tmp_path / "nowhere")
    with pytest.raises(CaseError, match=r"case\.toml: there is no such file"):
        evenwatt.load(tmp_path)


def test_init_refuses_what_exists_and_leaves_no_half_case(hamlet, hamlet_csv, tmp_path):
    with pytest.raises(CaseError, match="exists already"):
        create(hamlet, hamlet_csv)
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n")
    with pytest.raises(EvenwattError, match=r"bad\.csv"):
        create(tmp_path / "new", bad)
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".new*"))


def test_members_are_dealt_in_turn_and_in_natural_order(hamlet):
    c = evenwatt.load(hamlet).community
    assert [spell.agent for spell in c.memberships] == ["a1", "a2", "a1", "a2", "a1"]
    assert sorted(["bus10", "bus9", "bus1"], key=natural) == ["bus1", "bus9", "bus10"]


def test_a_repair_named_at_the_start_is_written_down(tmp_path):
    start, rows = datetime(2026, 10, 25), ["interval_start,meter,role,kwh"]
    for step in range(96):  # a day of the autumn change that has lost an hour
        stamp = (start + timedelta(minutes=15 * step)).strftime("%Y-%m-%dT%H:%M")
        rows += [f"{stamp},a,consumption,0.2", f"{stamp},b,generation,0.1"]
    export = tmp_path / "autumn.csv"
    export.write_text("\n".join(rows) + "\n")
    with pytest.raises(EvenwattError, match="autumn-day = first"):
        create(tmp_path / "refused", export, timezone="Europe/Prague", agents=1)
    named = {"autumn-day": "first", "missing": "zero"}
    case = create(tmp_path / "mended", export, timezone="Europe/Prague", agents=1, repair=named)
    assert case.config.data.repair == named
    report = case.run().report
    assert report.measures["intervals"] == 100
    assert any("autumn" in note or "2026-10-25" in note for note in report.notes)
