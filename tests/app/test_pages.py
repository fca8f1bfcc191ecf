"""The page asks for nothing, says what it shows, and stands whatever the report holds."""

from __future__ import annotations

import copy
import importlib.util
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evenwatt.app import pages

_spec = importlib.util.spec_from_file_location("sample_report", Path(__file__).with_name("sample_report.py"))
assert _spec is not None
assert _spec.loader is not None
sample_report = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sample_report)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FULL = sample_report.report()
SMALL = sample_report.report(members=20, suppliers=4, agents=2, rules=4, days=5)
EMPTY = {"study": "cascade", "summary": [], "measures": {}, "tables": {}, "notes": [], "provenance": {}}
HOSTILE = "<script>alert(\"x\")</script> & 'q' 🌞 " + "long" * 60


def hostile():
    """A report in which every word is markup."""
    made = copy.deepcopy(SMALL)
    made["measures"] |= {"case": HOSTILE, "zone": HOSTILE}
    made["summary"] = made["notes"] = [HOSTILE]
    made["provenance"]["config"][HOSTILE] = HOSTILE
    for table in ("members", "agents", "suppliers"):
        for row in made["tables"][table]:
            row["label"] = HOSTILE
    for row in made["tables"]["axioms"]:
        row |= {"title": HOSTILE, "witness": HOSTILE, "holds": False}
    for row in made["tables"]["rules"]:
        row["title"] = HOSTILE
    return made


def without_supply():
    """A report in which there was nothing to share."""
    made = copy.deepcopy(SMALL)
    for row in made["tables"]["members"] + made["tables"]["awards"]:
        row |= {"awarded_wh": 0, "coverage": 0.0}
    for row in made["tables"]["lorenz"]:
        row["share"] = [None for _ in row["share"]]
    made["tables"] |= {"flows": [], "suppliers": []}
    made["measures"] |= {
        "pool_wh": 0,
        "served_wh": 0,
        "surplus_wh": 0,
        "unserved_wh": made["measures"]["claimed_wh"],
    }
    return made


REPORTS = {
    "full": FULL,
    "empty": EMPTY,
    "only a summary": {"study": "cascade", "summary": ["Nothing."]},
    "calm": sample_report.calm(members=20, suppliers=4, agents=2, rules=4, days=5),
    "one of each": sample_report.report(members=1, suppliers=1, agents=1, rules=1, days=1),
    "few members": sample_report.report(members=6, suppliers=3, agents=2, rules=7, days=3),
    "hostile": hostile(),
    "no supply": without_supply(),
}


class Outline(HTMLParser):
    """Tags that are open, addresses, and figures with what belongs to them."""

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


@pytest.mark.parametrize("make", [pages.cascade, pages.comparison])
@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_page_stands_and_asks_for_nothing(report, make) -> None:
    page = make(report)
    parsed = outline(page)
    assert all(address.startswith(("#", "data:")) for address in parsed.addresses)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {address[1:] for address in parsed.addresses if address.startswith("#")} <= set(parsed.ids)
    assert not re.search(r"https?://|@import|url\(", page.replace("http://www.w3.org/2000/svg", ""))
    assert "<script>alert" not in page


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_every_figure_has_title_drawing_and_caption(report) -> None:
    page = pages.cascade(report)
    figures = re.findall(r"<figure>(.*?)</figure>", page, flags=re.DOTALL)
    assert len(figures) == outline(page).figures
    for figure in figures:
        assert re.search(r"<h3>[^<]+</h3>", figure)
        assert len(re.search(r"<figcaption>(.*?)</figcaption>", figure, flags=re.DOTALL)[1]) > 20
        ElementTree.fromstring(re.search(r"<svg.*</svg>", figure, flags=re.DOTALL)[0])


def test_page_is_the_same_every_time() -> None:
    assert pages.cascade(copy.deepcopy(FULL)) == pages.cascade(FULL)


def test_page_leaves_the_report_as_it_was() -> None:
    before = copy.deepcopy(SMALL)
    pages.cascade(SMALL)
    assert before == SMALL


def test_page_is_small() -> None:
    more = copy.deepcopy(sample_report.report(members=120))
    for k in range(5):
        for table in ("rules", "lorenz", "awards", "axioms"):
            rows = [r for r in more["tables"][table] if r["rule"] == "pro"]
            more["tables"][table] += [{**row, "rule": f"cea:weights=w{k}"} for row in rows]
    assert len(pages.cascade(more).encode()) <= 400_000


def test_a_thousand_members_are_a_page_too() -> None:
    page = pages.cascade(sample_report.report(members=1000, suppliers=30, agents=5, rules=3, days=2))
    assert page.count("<tr>") > 1000
    assert len(page.encode()) < 1_000_000


def test_sections_come_in_order() -> None:
    page = pages.cascade(FULL)
    wanted = [
        "flows",
        "scarcity",
        "equality",
        "awards",
        "duration",
        "fairness",
        "members",
        "parties",
        "notes",
    ]
    assert re.findall(r'<section id="(\w+)">', page) == wanted
    assert re.findall(r'<section id="(\w+)">', pages.comparison(FULL)) == [
        "equality",
        "awards",
        "fairness",
        "notes",
    ]


@pytest.mark.parametrize("table", sorted(FULL["tables"]))
def test_an_absent_table_is_named_or_missed_by_nobody(table) -> None:
    report = {**SMALL, "tables": {k: rows for k, rows in SMALL["tables"].items() if k != table}}
    page = pages.cascade(report)
    if table in ("flows", "lorenz", "awards", "shortage_duration", "members"):
        assert "The report holds no rows of" in page or table == "flows"
    outline(page)


def test_calm_is_said_first() -> None:
    page = pages.cascade(REPORTS["calm"])
    assert page.index("Nothing was scarce") < page.index(REPORTS["calm"]["summary"][0].split(";")[0])
    assert page.count("Nothing was scarce") > 4


def test_an_empty_report_does_not_claim_that_all_was_well() -> None:
    assert "Nothing was scarce" not in pages.cascade(EMPTY)


def test_counter_examples_are_listed_and_hovered() -> None:
    page = pages.cascade(FULL)
    failures = [row for row in FULL["tables"]["axioms"] if row["holds"] is False]
    assert len(re.findall(r'<li id="witness-\d+">', page)) == len(failures)
    assert f'fails. {failures[0]["witness"]}"' in page


def test_skipped_rules_give_their_reason() -> None:
    assert "needs two members" in pages.cascade(FULL)


def test_who_claimed_nothing_has_no_coverage() -> None:
    report = copy.deepcopy(SMALL)
    report["tables"]["members"][0] |= {"claimed_wh": 0, "awarded_wh": 0, "coverage": None}
    assert "–" in pages.cascade(report)


def test_contested_energy_is_called_so() -> None:
    report = copy.deepcopy(SMALL)
    for row in report["tables"]["awards"]:
        row["contested_award_wh"] = row["awarded_wh"]
    page = pages.cascade(report)
    assert "Coverage in contested intervals" in page
    assert "Share of contested energy" in page


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["full", "few members", "hostile", "calm", "empty"])
def test_browser_finds_nothing_to_fetch_and_nothing_wrong(name, width, tmp_path) -> None:
    from playwright.sync_api import sync_playwright

    path = tmp_path / "report.html"
    path.write_text(pages.cascade(REPORTS[name]), encoding="utf-8")
    asked, said = [], []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path.as_uri())
        wide = page.evaluate("document.documentElement.scrollWidth")
        overlaps = page.evaluate(OVERLAPS)
        browser.close()
    assert [url for url in asked if url != path.as_uri() and not url.startswith("data:")] == []
    assert said == []
    assert wide <= width
    assert overlaps == []


# Pairs of words in one drawing that cover each other by more than two pixels both ways, or leave the drawing.
OVERLAPS = """() => [...document.querySelectorAll('svg.plot')].flatMap(svg => {
  const frame = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
  const outside = texts.filter(([, r]) => r.left < frame.left - 1 || r.right > frame.right + 1);
  const pairs = texts.flatMap(([a, r], i) => texts.slice(i + 1).filter(([, s]) =>
    Math.min(r.right, s.right) - Math.max(r.left, s.left) > 2
    && Math.min(r.bottom, s.bottom) - Math.max(r.top, s.top) > 3).map(([b]) => a + ' | ' + b));
  return [...outside.map(([a]) => 'outside: ' + a), ...pairs];
})"""


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_members_sort_and_filter(tmp_path) -> None:
    from playwright.sync_api import sync_playwright

    path = tmp_path / "report.html"
    path.write_text(pages.cascade(SMALL), encoding="utf-8")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(path.as_uri())
        page.click("#members-table th:nth-child(5) button")
        claimed = [
            float(t.replace("\u202f", ""))
            for t in page.locator("#members-table td:nth-child(5)").all_inner_texts()
        ]
        page.get_by_label("Filter rows").fill("farm")
        shown = page.locator("#members-table tbody tr:visible").count()
        browser.close()
    assert claimed == sorted(claimed)
    assert shown == sum("Farm" in row["label"] for row in SMALL["tables"]["members"])
