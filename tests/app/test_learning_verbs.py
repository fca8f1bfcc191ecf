"""The verbs that learn, judge and simulate: what they print, write and refuse."""

from __future__ import annotations

import json
import shutil

import pytest
from typer.testing import CliRunner

from evenwatt.app.cli import app
from evenwatt.studies.cascade import evaluation, training


def call(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def taught(village_made, tmp_path_factory):
    """The village, taught and judged from the command line; what was printed."""
    folder = shutil.copytree(village_made, tmp_path_factory.mktemp("verbs") / "village")
    return folder, call("train", folder, "--refits", 2), call("evaluate", folder, "--blocks", 1)


def test_train_says_what_was_fitted_and_how_to_use_it(taught):
    folder, answer, _ = taught
    assert answer.exit_code == 0, answer.output
    assert "policies compared on the end of the period" in answer.output
    (made,) = (folder / "models").iterdir()
    assert (made / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert f'  model = "models/{made.name}"' in answer.output.splitlines()


def test_what_train_prints_can_be_written_into_the_case(taught, tmp_path):
    folder = shutil.copytree(taught[0], tmp_path / "village")
    printed = taught[1].output.splitlines()
    weights, model = (
        next(line.strip() for line in printed if f"  {key} = " in line) for key in ("weights", "model")
    )
    toml = (folder / "case.toml").read_text().replace('agents = "pro"', 'agents = "bargain"')
    (folder / "case.toml").write_text(f"{toml}{weights}\n{model}\n")
    ran = call("run", folder)
    assert ran.exit_code == 0, ran.output
    assert call("verify", folder).exit_code == 0
    drawn = call("simulate", folder, "--draws", 1)
    assert drawn.exit_code == 0, drawn.output
    assert "bargain / pro" in drawn.output


def test_evaluate_says_first_whether_it_helped(taught):
    folder, _, answer = taught
    assert answer.exit_code == 0, answer.output
    assert answer.output.startswith("Over 151 unseen intervals")
    assert "The simple baseline wins" in answer.output or "Better than" in answer.output
    assert "Perfect foresight" in answer.output
    (made,) = (folder / "evaluated").iterdir()
    assert (made / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["train", "{case}", "--refits", "2"], "training"),
        (["evaluate", "{case}", "--blocks", "1"], "evaluation"),
        (["simulate", "{case}", "--draws", "1", "--scenario", "drought"], "simulation"),
    ],
)
def test_json_is_one_document_and_the_same_the_second_time(words, kind, taught):
    words = [*(word.format(case=taught[0]) for word in words), "--json"]
    first, second = (json.loads(call(*words).stdout) for _ in range(2))
    assert first == second
    assert first["measures"]["kind"] == kind
    assert first["study"] == "cascade"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["train", "nowhere"], "there is no such folder"),
        (["train", "{hamlet}"], "2 days of readings; learning needs at least 14"),
        (["train", "{village}", "--refits", "1"], "refits 1; expected 0, or at least 2"),
        (["train", "{village}", "--refits", "-1"], "--refits"),
        (["train", "{village}", "--out", "{village}/meters"], "meters: exists already"),
        (["evaluate", "{hamlet}"], "2 days of readings"),
        (["evaluate", "{village}", "--blocks", "0"], "--blocks"),
        (["evaluate", "{village}", "--out", "{village}/meters"], "meters: exists already"),
        (["simulate", "{hamlet}", "--scenario", "flood"], "'flood' is not a scenario"),
        (["simulate", "{hamlet}", "--draws", "0"], "--draws"),
        (["simulate", "{hamlet}", "--agents", "talmut"], "did you mean 'talmud'"),
        (["simulate", "{hamlet}", "--out", "{hamlet}/meters"], "meters: exists already"),
        (["data", "fetch", "entsoo", "--from", "2026-01-01", "--to", "2026-01-02"], "did you mean entsoe"),
        (["data", "fetch", "energy-charts", "--zone", "DE-LU"], "needs --from and --to"),
        (["data", "fetch", "pvgis", "--from", "2020-01-01", "--to", "2020-01-02"], "needs --latitude"),
        (
            ["data", "fetch", "energy-charts", "--zone", "DE-LU", "--from", "2026-01-01", "--to", "2026-01-02",
             "--offline", "--cache", "{cache}"],
            "offline",
        ),
    ],
)  # fmt: skip
def test_bad_input_gets_one_clear_message_and_code_2(
    words, complaint, hamlet, village, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    before = files(tmp_path)
    answer = call(*(w.format(hamlet=hamlet, village=village, cache=tmp_path / "cache") for w in words))
    assert answer.exit_code == 2, answer.output
    assert complaint in answer.output.replace("\n", " ")
    assert "Traceback" not in answer.output
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("verb", "module", "step"), [("train", training, "_policy"), ("evaluate", evaluation, "_judged")]
)
def test_an_interruption_is_code_130_and_leaves_nothing(verb, module, step, village, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, step, interrupt)
    before = files(village)
    answer = call(verb, village)
    assert answer.exit_code == 130
    assert "interrupted; nothing is left half done" in answer.output
    assert files(village) == before


def test_another_seed_is_another_folder_and_one_outside_is_told_by_its_whole_path(
    village, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for words in (["--seed", 1], ["--seed", 2], ["--seed", 2, "--out", "kept/model"]):
        answer = call("train", "village", "--refits", 0, *words)
        assert answer.exit_code == 0, answer.output
    assert len(list((village / "models").iterdir())) == 2
    assert f'  model = "{(tmp_path / "kept" / "model").resolve().as_posix()}"' in answer.output.splitlines()
