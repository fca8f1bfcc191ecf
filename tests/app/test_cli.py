"""The command line: instant help, clear messages, exit codes that mean something."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from evenwatt.app.cli import app

VERBS = (
    "demo init check run compare explain rules schema verify diff optimise infer-keys train evaluate simulate"
).split()
NESTED = [["data", "fetch"], ["data", "import"], ["data", "sample"]]


def call(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        *([verb, "--help"] for verb in VERBS),
        *([*words, "--help"] for words in NESTED),
    ],
)
def test_help_imports_nothing_heavy(words):
    program = (
        "import sys\nfrom evenwatt.app.cli import app\n"
        f"try:\n    app({words!r})\nexcept SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "heavy = {'numba', 'polars', 'scipy', 'plotly', 'highspy', 'clarabel', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip()


def test_run_prints_where_the_report_is(hamlet):
    answer = call("run", hamlet, "--rule", "cea")
    assert answer.exit_code == 0, answer.output
    assert "The rule mattered in" in answer.output
    folder = answer.output.split("report: ")[1].strip().replace("\n", "")
    assert folder.endswith("report.html")


def test_json_is_one_document(hamlet):
    report = json.loads(call("run", hamlet, "--json").stdout)
    assert report["schema"] == 1
    compared = json.loads(call("compare", hamlet, "--json").stdout)
    names = {row["rule"] for row in compared["tables"]["rules"] if row["skipped"] is None}
    assert {"ra", "aa", "talmud", "nash-equal", "mo", "dt"} <= names
    assert all(
        row["change"] for row in compared["tables"]["rules"] if not row["chosen"] and not row["skipped"]
    )


def test_compare_draws_a_page(hamlet, tmp_path):
    page = tmp_path / "compare.html"
    answer = call("compare", hamlet, "--out", page)
    assert answer.exit_code == 0, answer.output
    assert "instead of talmud" in answer.output
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_explain_answers_in_sentences(hamlet):
    answer = call("explain", hamlet, "--member", "home3", "--time", "2026-06-01T03:00")
    assert answer.exit_code == 0, answer.output
    assert "asked agent a1" in answer.output


def test_verify_and_diff(hamlet):
    assert call("verify", hamlet).exit_code == 0
    assert "byte for byte" in call("verify", hamlet).output
    call("run", hamlet, "--rule", "cel")
    one, two = sorted((hamlet / "runs").iterdir())
    assert "members differ" in call("diff", one, two).output
    (one / "report.json").write_text("{}")
    fallen = call("verify", one)
    assert fallen.exit_code == 1
    assert "report.json: differs from what its inputs give" in fallen.output


def test_schema_and_rules(hamlet):
    schema = json.loads(call("schema").stdout)
    assert "properties" in schema["$defs"]["CascadeConfig"]
    assert "money" in schema["$defs"]["MicrogridConfig"]["properties"]
    assert schema["discriminator"]["mapping"]["cascade"] == "#/$defs/CascadeConfig"
    rules = json.loads(call("rules", "--json").stdout)
    assert len([r for r in rules if r["kind"] == "claims"]) == 15
    assert "Aumann" in call("rules", "talmud").output
    assert call("rules").exit_code == 0


def test_check_follows_the_worst_severity(hamlet):
    assert call("check", hamlet).exit_code == 0
    meters = next((hamlet / "meters").iterdir())
    lines = meters.read_text().splitlines()
    meters.write_text("\n".join(line for k, line in enumerate(lines) if "home2" not in line or k % 5) + "\n")
    held = sorted(p.name for p in hamlet.iterdir())
    answer = call("check", hamlet)
    assert answer.exit_code == 1, answer.output
    assert "home2" in answer.output
    assert sorted(p.name for p in hamlet.iterdir()) == held
    refused = call("run", hamlet, "--rule", "pro")
    assert refused.exit_code == 2
    assert "home2" in refused.output


@pytest.fixture(scope="module")
def grid_made(hamlet_csv, tmp_path_factory):
    """The hamlet as a microgrid, made and run from the command line."""
    folder = tmp_path_factory.mktemp("grids") / "grid"
    made = call("init", folder, "--meters", hamlet_csv, "--template", "microgrid")
    assert made.exit_code == 0, made.output
    assert "6 members" in made.output
    ran = call("run", folder)
    assert ran.exit_code == 0, ran.output
    return folder


@pytest.fixture
def grid(grid_made, tmp_path):
    return shutil.copytree(grid_made, tmp_path / "grid")


def test_a_microgrid_runs_and_shows_money_rules_by_measures(grid):
    answer = call("run", grid, "--rule", "nucleolus")
    assert answer.exit_code == 0, answer.output
    assert "the microgrid gains" in answer.output
    assert "* nucleolus" in answer.output
    assert "who would leave" in answer.output
    report = json.loads(call("run", grid, "--json").stdout)
    assert (report["study"], report["measures"]["money_rule"]) == ("microgrid", "shapley")
    assert call("verify", grid).exit_code == 0


def test_a_microgrid_draws_its_page(grid, tmp_path):
    page = tmp_path / "compare.html"
    answer = call("compare", grid, "--out", page)
    assert answer.exit_code == 0, answer.output
    assert "instead of shapley" in answer.output
    assert "energy rule by money rule" in answer.output
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    (drawn,) = grid.glob("runs/*/report.html")
    assert drawn.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_microgrid_explains_and_differs(grid):
    answer = call("explain", grid, "--member", "home5", "--time", "2026-06-01T12:00")
    assert answer.exit_code == 0, answer.output
    assert "its Shapley value" in answer.output
    assert "nucleolus" in answer.output
    call("run", grid, "--rule", "equal")
    told = call("diff", *sorted((grid / "runs").iterdir(), key=lambda p: p.stat().st_mtime_ns))
    assert "members differ (shapley -> equal)" in told.output


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["run", "nowhere"], "there is no such folder"),
        (["init", "new", "--meters", "nowhere.csv"], "no such file"),
        (["init", "new", "--meters", "{bad}"], "bad.csv"),
        (["init", "new", "--meters", "{bad}", "--template", "casino"], "template 'casino'"),
        (["init", "new", "--meters", "{good}", "--rule", "talmut"], "did you mean 'talmud'"),
        (["init", "new", "--meters", "{good}", "--timezone", "Mars"], "'Mars' is not an IANA time zone"),
        (["run", "{hamlet}", "--rule", "cd"], "'cd' divides among 2 members"),
        (["run", "{hamlet}", "--rule", "cea:weights=age"], "no numeric column 'age'"),
        (["compare", "{hamlet}", "--rule", "tal:theta=x"], "theta 'x' is not a number"),
        (["explain", "{hamlet}", "--member", "x", "--time", "2026-06-01"], "member 'x'"),
        (
            ["init", "new", "--meters", "{good}", "--template", "microgrid", "--agents", "2"],
            "a microgrid has none",
        ),
        (
            ["init", "new", "--meters", "{good}", "--template", "microgrid", "--rule", "talmud"],
            "unknown money rule",
        ),
        (["rules", "talmut"], "did you mean 'talmud'"),
        (["verify", "nowhere"], "neither a run"),
        (["diff", "nowhere", "nowhere"], "neither a run"),
    ],
)
def test_bad_input_gets_one_clear_message_and_code_2(
    words, complaint, hamlet, hamlet_csv, tmp_path, monkeypatch
):
    bad = tmp_path / "bad.csv"
    bad.write_bytes(b"\x00\x01nonsense")
    monkeypatch.chdir(tmp_path)
    before = sorted(p.as_posix() for p in tmp_path.rglob("*"))
    answer = call(*(w.format(bad=bad, good=hamlet_csv, hamlet=hamlet) for w in words))
    assert answer.exit_code == 2, answer.output
    assert complaint in answer.output.replace("\n", " ")
    assert "Traceback" not in answer.output
    assert sorted(p.as_posix() for p in tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("prices.csv", "2026-06-01", "2026-06-02", "prices.csv: no price before"),
        ("members.csv", "a1,home1,1", "a1,house1,1", "house1"),
        ("members.csv", "a1,home1,1", "a9,home1,1", "agent 'a9' is not in agents.csv"),
        ("case.toml", 'members = "talmud"', 'members = "cd"', "rule.members: 'cd' divides among 2 members"),
        ("case.toml", 'members = "talmud"', 'members = "cea:weights=age"', "no numeric column 'age'"),
        ("case.toml", 'agents = "pro"', 'agents = "pro:weights=weight"', "agents have none"),
    ],
)
@pytest.mark.parametrize("verb", ["run", "compare"])
def test_a_case_refused_before_its_first_run_stays_as_it_was(verb, file, old, new, complaint, hamlet):
    for written in ("runs", "store"):
        shutil.rmtree(hamlet / written)
    text = (hamlet / file).read_text()
    assert old in text
    (hamlet / file).write_text(text.replace(old, new, 1))
    before = sorted(p.as_posix() for p in hamlet.rglob("*"))
    answer = call(verb, hamlet)
    assert answer.exit_code == 2, answer.output
    assert complaint in answer.output.replace("\n", " ")
    assert sorted(p.as_posix() for p in hamlet.rglob("*")) == before


def test_an_internal_fault_is_code_3(hamlet, monkeypatch):
    monkeypatch.setattr("evenwatt.studies.runs.compare", lambda *a, **k: 1 / 0)
    answer = call("compare", hamlet)
    assert answer.exit_code == 3
    assert "fault of evenwatt" in answer.output
