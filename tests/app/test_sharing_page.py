"""The sharing group's page asks for nothing, says what it shows, and stands whatever the report holds."""

from __future__ import annotations

import copy
import importlib.util
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evenwatt.app import pages
from evenwatt.app.plots import convergence, daily, forward_bars, mean_day, served, sweep, trades, waterfall
from evenwatt.app.plots.drawing import NAMESPACE
from evenwatt.app.plots.quantities import THIN

_spec = importlib.util.spec_from_file_location(
    "sample_sharing_report", Path(__file__).with_name("sample_sharing_report.py")
)
assert _spec is not None
assert _spec.loader is not None
sample = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sample)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FULL = sample.report()
PLAIN = sample.report(searched=False, complete=False)
EMPTY = {"study": "sharing", "summary": [], "measures": {}, "tables": {}, "notes": [], "provenance": {}}
HOSTILE = "<script>alert(\"x\")</script> & 'q' 🌞 " + "long" * 60
SECTIONS = ["flows", "losses", "choices", "time", "members", "producers", "notes"]
SEARCHED = ["flows", "search", "forward", *SECTIONS[1:]]


def hostile():
    """A report in which every word is markup."""
    made = copy.deepcopy(FULL)
    made["measures"] |= {"case": HOSTILE, "timezone": HOSTILE, "rule": HOSTILE, "rule_title": HOSTILE}
    made["summary"] = made["notes"] = [HOSTILE]
    made["provenance"]["config"][HOSTILE] = HOSTILE
    for table in ("members", "producers"):
        for row in made["tables"][table]:
            row["label"] = HOSTILE
    for table in ("waterfall", "variants"):
        for row in made["tables"][table]:
            row["title"] = HOSTILE
    for row in made["tables"]["forward"]:
        row["window"] = HOSTILE
    return made


REPORTS = {
    "searched": FULL,
    "plain": PLAIN,
    "many members": sample.report(180, 30, 30, searched=False),
    "empty": EMPTY,
    "only a summary": {"study": "sharing", "summary": ["Nothing."]},
    "nothing shared": sample.report(5, 2, 3, sharing=False, searched=False),
    "one of each, one day": sample.report(1, 1, 1),
    "a year": sample.report(6, 2, 365, searched=False),
    "hostile": hostile(),
}


class Outline(HTMLParser):
    """Tags that are open, addresses and ids."""

    VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self):
        super().__init__()
        self.open, self.addresses, self.ids, self.figures = [], [], [], 0

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        self.addresses += [held[key] for key in ("src", "href", "action", "data", "poster") if key in held]
        self.ids += [held["id"]] if "id" in held else []
        self.figures += tag == "figure"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def outline(page):
    parsed = Outline()
    parsed.feed(page)
    assert parsed.open == []
    return parsed


def told(page):
    """The page's words without markup."""
    return re.sub(r"<[^>]+>", " ", page).replace(THIN, " ")


def words_of(svg):
    return "".join(ElementTree.fromstring(svg).itertext()).replace(THIN, " ")


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_page_stands_and_asks_for_nothing(report):
    page = pages.sharing(report)
    parsed = outline(page)
    assert all(address.startswith(("#", "data:")) for address in parsed.addresses)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {address[1:] for address in parsed.addresses if address.startswith("#")} <= set(parsed.ids)
    assert not re.search(r"https?://|@import|url\(", page.replace("http://www.w3.org/2000/svg", ""))
    assert "<script>alert" not in page
    searched = "history" in report.get("tables", {})
    assert re.findall(r'<section id="(\w+)">', page) == (SEARCHED if searched else SECTIONS)


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_every_figure_has_title_drawing_description_and_caption(report):
    page = pages.sharing(report)
    figures = re.findall(r"<figure>(.*?)</figure>", page, flags=re.DOTALL)
    assert len(figures) == outline(page).figures
    for figure in figures:
        assert re.search(r"<h3>[^<]+</h3>", figure)
        assert len(re.search(r"<figcaption>(.*?)</figcaption>", figure, flags=re.DOTALL)[1]) > 20
        svg = ElementTree.fromstring(re.search(r"<svg.*</svg>", figure, flags=re.DOTALL)[0])
        assert svg.find(f"{{{NAMESPACE}}}title").text
        assert svg.find(f"{{{NAMESPACE}}}desc").text
        sizes = [float(e.get("font-size")) for e in svg.iter() if e.get("font-size")]
        assert min(sizes) >= 12


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_no_number_is_broken(report):
    assert not re.search(r"\bnan\b|\binf\b|None\b", told(pages.sharing(report)))


@pytest.mark.parametrize("table", list(PLAIN["tables"]))
def test_absent_table_leaves_a_sentence(table):
    report = {**PLAIN, "tables": {k: v for k, v in PLAIN["tables"].items() if k != table}}
    page = pages.sharing(report)
    assert f"“{table}”" in page
    assert re.findall(r'<section id="(\w+)">', page) == SECTIONS


def test_page_is_the_same_every_time_and_leaves_the_report_as_it_was():
    before = copy.deepcopy(FULL)
    assert pages.sharing(FULL) == pages.sharing(before)
    assert before == FULL


def test_pages_of_many_members_and_of_a_year_are_small():
    assert len(pages.sharing(REPORTS["many members"]).encode()) < 900_000
    assert len(pages.sharing(REPORTS["a year"]).encode()) < 900_000


def test_an_empty_report_does_not_claim_that_nothing_was_shared():
    assert "Nothing was shared" not in pages.sharing(EMPTY)
    assert "Nothing was shared" in pages.sharing(REPORTS["nothing shared"])


def test_front_tells_the_proven_gap():
    words = told(pages.sharing(FULL))
    assert "Proven gap" in words
    assert "11.00 %" in words
    assert "Proven gap" not in told(pages.sharing(PLAIN))


def test_variants_that_were_left_out_say_why():
    assert "Left out: it needs levels." in told(pages.sharing(FULL))


def test_what_was_searched_is_not_called_certified():
    rows = [
        {"title": "Ideal", "wh": 100_000, "loss_wh": 0, "proof": "certified"},
        {"title": "Keys", "wh": 90_000, "loss_wh": 10_000, "proof": "heuristic"},
    ]
    assert "better keys may exist" in waterfall.waterfall_told(rows)
    svg = waterfall.waterfall(rows)
    assert "heuristic" in words_of(svg)
    assert "lost: 10.0 kWh, 10.0 % of the ideal" in words_of(svg)
    assert "may exist" not in waterfall.waterfall_told(rows[:1])


def test_a_stage_that_loses_nothing_has_no_red_bar():
    rows = [{"title": f"s{k}", "wh": 5_000, "loss_wh": 0, "proof": "certified"} for k in range(3)]
    assert "lost:" not in words_of(waterfall.waterfall(rows))


def test_the_sweep_says_what_more_rounds_would_bring():
    rows = [
        {"name": "1", "title": "1 round", "shared_wh": 700, "share_of_ideal": 0.7, "chosen": False},
        {"name": "5", "title": "5 rounds", "shared_wh": 800, "share_of_ideal": 0.8, "chosen": True},
        {"name": "unlimited", "title": "endless", "shared_wh": 850, "share_of_ideal": 0.85, "chosen": False},
    ]  # fmt: skip
    words = sweep.sweep_told(rows).replace(THIN, " ")
    assert words == (
        "With 5 rounds 80.0 % of the ideal are shared, in a single round 70.0 %; rounds without end would come "
        "to 85.0 %."
    )
    assert "more rounds would share nothing more" in sweep.sweep_told(rows[:2])
    assert "∞" in words_of(sweep.rounds_sweep(rows))


def test_convergence_draws_a_band_only_where_both_are_known():
    rows = [
        {"seconds": 0, "shared_wh": 80, "bound_wh": None},
        {"seconds": 1, "shared_wh": 90, "bound_wh": 100},
        {"seconds": 2, "shared_wh": 95, "bound_wh": 98},
    ]
    words = words_of(convergence.convergence(rows, ideal_wh=110))
    assert "proven bound: 89.1 %" in words
    assert "best found: 86.4 %" in words
    assert "all but 3.06 %" in convergence.convergence_told(rows).replace(THIN, " ")
    unproved = [{"seconds": 0, "shared_wh": 80, "bound_wh": None}]
    assert "No bound was proved" in words_of(convergence.convergence(unproved, ideal_wh=110))


def test_a_search_of_no_time_is_drawn_all_the_same():
    rows = [{"seconds": 0.0, "shared_wh": 80, "bound_wh": 80}]
    assert "best found: 100.0 %" in words_of(convergence.convergence(rows, ideal_wh=80))


def test_bars_that_do_not_begin_at_nothing_say_so():
    rows = [
        {"window": "a", "keys": "optimised", "share": 0.93},
        {"window": "a", "keys": "current", "share": 0.88},
    ]
    assert "the axis begins at 70 %" in words_of(forward_bars.forward_bars(rows))
    low = [{"window": "a", "keys": "optimised", "share": 0.05}]
    assert "the axis begins" not in words_of(forward_bars.forward_bars(low))


def test_the_best_and_the_worst_served_are_named_and_the_rest_counted():
    rows = [
        {"id": f"m{k}", "label": f"M{k}", "deficit_wh": 1_000 + k, "received_wh": 10 * k} for k in range(60)
    ] + [{"id": "plant", "deficit_wh": 0, "received_wh": 0}]
    words = served.served_told(rows)
    assert words.startswith("M59 had")
    assert "M0 0" in words
    assert "20 members with smaller demand" in words
    assert "plant" not in words_of(served.served(rows))


def test_days_and_hours_without_surplus_say_so():
    assert "On no day" in words_of(daily.daily([{"date": "2026-06-01", "supply_wh": 0}]))
    assert "At no time of day" in words_of(mean_day.mean_day([{"minute": 0}], minutes=60))


def test_shared_energy_is_not_called_trade():
    pairs = {("mill", "ada"): 1_500}
    for svg in (
        trades.trades(pairs, labels={}, words=trades.SHARE),
        trades.pair_matrix(pairs, labels={}, words=trades.SHARE),
    ):
        assert not re.search(r"sell|sold|buy|trade", words_of(svg).lower())
    assert not re.search(r"sell|sold|buy|trade", trades.matrix_caption(pairs, words=trades.SHARE))


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [380, 1200])
def test_a_browser_draws_the_page(tmp_path, width):
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    page.write_text(pages.sharing(FULL), encoding="utf-8")
    subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},2000", f"--screenshot={picture}", page.as_uri(),
        ],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    assert picture.stat().st_size > 20_000
