"""Examples run, links lead somewhere, generated pages are current, the lock names no host."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.py")), ids=lambda p: p.stem)
def test_example_runs_and_says_something(script, capsys):
    runpy.run_path(str(script), run_name="__main__")
    assert len(capsys.readouterr().out.splitlines()) > 2


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    lost = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert lost == []


def test_every_page_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = {p.relative_to(ROOT / "docs").as_posix() for p in PAGES if ROOT / "docs" in p.parents}
    assert {page for page in pages if page not in navigation} == set()


def test_the_page_of_rules_is_what_the_rules_say():
    from evenwatt.app.rulebook import markdown

    kept = (ROOT / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")
    assert kept == markdown(), "renew it: python -m evenwatt.app.rulebook > docs/reference/rules.md"


def test_the_pages_of_countries_are_what_their_configurations_say():
    from evenwatt.app.countrybook import pages

    folder = ROOT / "docs" / "reference" / "countries"
    kept = {page.name: page.read_text(encoding="utf-8") for page in folder.glob("*.md")}
    assert kept == pages(), "renew them: python -m evenwatt.app.countrybook docs/reference/countries"


def test_the_lock_names_no_host():
    lock = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in lock
    assert len(re.findall(r"^[a-z0-9._-]+==", lock, flags=re.MULTILINE)) > 50


def test_importing_evenwatt_is_light():
    program = (
        "import sys, evenwatt\nfrom evenwatt import claims, bargaining, audit, data, sharing\n"
        "heavy = {'numba', 'polars', 'scipy', 'plotly'} & set(sys.modules)\nassert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_ci_script_calls_make_test_and_nothing_else():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert script.rstrip().endswith("exec make test")
