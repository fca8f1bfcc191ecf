"""The microgrid's page asks for nothing, says what it shows, and stands whatever the report holds."""

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
from evenwatt.app.microgrid_findings import MicrogridFindings
from evenwatt.app.plots import (
    bills,
    internal_price,
    local_day,
    marks,
    objections,
    quantities,
    savings,
    trades,
)
from evenwatt.app.plots.drawing import NAMESPACE
from evenwatt.app.plots.quantities import THIN
from evenwatt.app.plots.savings import Gain
from evenwatt.app.plots.stories import MOST_CHIPS, stories_of

_spec = importlib.util.spec_from_file_location(
    "sample_microgrid_report", Path(__file__).with_name("sample_microgrid_report.py")
)
assert _spec is not None
assert _spec.loader is not None
sample = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sample)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FULL = sample.report()
SMALL = sample.report(5, 3)
MANY = sample.report(153, 10)
EMPTY = {"study": "microgrid", "summary": [], "measures": {}, "tables": {}, "notes": [], "provenance": {}}
HOSTILE = "<script>alert(\"x\")</script> & 'q' 🌞 " + "long" * 60
SECTIONS = ["trade", "savings", "bills", "stability", "prices", "explained", "members", "notes"]


def hostile():
    """A report in which every word is markup."""
    made = copy.deepcopy(SMALL)
    made["measures"] |= {"case": HOSTILE, "timezone": HOSTILE, "energy_rule": HOSTILE, "game_method": HOSTILE}
    made["summary"] = made["notes"] = [HOSTILE]
    made["provenance"]["config"][HOSTILE] = HOSTILE
    for row in made["tables"]["members"]:
        row["label"] = HOSTILE
    for row in made["tables"]["money"]:
        row |= {"title": HOSTILE, "source": HOSTILE, "change": HOSTILE, "method": HOSTILE}
    for row in made["tables"]["explained"]:
        row |= {"label": HOSTILE, "sentences": [HOSTILE], "orders": [{"order": [HOSTILE], "gain_micro": 5}]}
    return made


def losing():
    """A report in which the grid paid more than it asked, so that pooling lost money."""
    made = copy.deepcopy(SMALL)
    for row in made["tables"]["gains"]:
        row |= {key: -row[key] for key in ("gain_micro", "low_micro", "high_micro")}
    for row in made["tables"]["members"]:
        row["gain_micro"] = -row["gain_micro"]
        row["bill_micro"] = row["alone_micro"] - row["gain_micro"]
    for row in made["tables"]["prices"]:
        row["buy_per_mwh"], row["sell_per_mwh"] = -row["sell_per_mwh"], row["buy_per_mwh"]
    made["measures"] |= {
        "gain_micro": -made["measures"]["gain_micro"], "pooling_loss_micro": 4_000_000,
        "pooling_loss_intervals": 7,
    }  # fmt: skip
    return made


def equal():
    """A report in which every rule hands every member nothing."""
    made = copy.deepcopy(SMALL)
    for row in made["tables"]["gains"] + made["tables"]["members"]:
        row |= {key: 0 for key in ("gain_micro", "low_micro", "high_micro") if key in row}
    for row in made["tables"]["money"]:
        row |= {"core_excess_micro": 0, "core_bound_micro": 0, "budget_micro": 0, "leaving": []}
    return made


REPORTS = {
    "full": FULL,
    "many members": MANY,
    "empty": EMPTY,
    "only a summary": {"study": "microgrid", "summary": ["Nothing."]},
    "no trade": sample.report(5, 3, trading=False),
    "one member": sample.report(1, 2),
    "two members, one day": sample.report(2, 1),
    "another rule": sample.report(22, 4, chosen="mid-market"),
    "hostile": hostile(),
    "pooling loses": losing(),
    "nothing to divide": equal(),
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


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_page_stands_and_asks_for_nothing(report) -> None:
    page = pages.microgrid(report)
    parsed = outline(page)
    assert all(address.startswith(("#", "data:")) for address in parsed.addresses)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {address[1:] for address in parsed.addresses if address.startswith("#")} <= set(parsed.ids)
    assert not re.search(r"https?://|@import|url\(", page.replace("http://www.w3.org/2000/svg", ""))
    assert "<script>alert" not in page
    assert re.findall(r'<section id="(\w+)">', page) == SECTIONS


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_every_figure_has_title_drawing_description_and_caption(report) -> None:
    page = pages.microgrid(report)
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
def test_no_number_is_broken(report) -> None:
    assert not re.search(r"\bnan\b|\binf\b|None\b", told(pages.microgrid(report)))


@pytest.mark.parametrize("table", list(FULL["tables"]))
def test_absent_table_leaves_a_sentence(table) -> None:
    report = {**FULL, "tables": {k: v for k, v in FULL["tables"].items() if k != table}}
    page = pages.microgrid(report)
    assert f"The report holds no rows of “{table}”" in page
    assert re.findall(r'<section id="(\w+)">', page) == SECTIONS
    outline(page)


def test_page_is_the_same_every_time_and_leaves_the_report_as_it_was() -> None:
    before = copy.deepcopy(FULL)
    assert pages.microgrid(FULL) == pages.microgrid(before)
    assert before == FULL


def test_page_of_many_members_is_small() -> None:
    assert len(pages.microgrid(FULL).encode()) < 300_000
    assert len(pages.microgrid(MANY).encode()) < 600_000


def test_front_tells_the_gain_and_how_it_was_divided() -> None:
    words = told(pages.microgrid(FULL))
    gain = quantities.grouped(FULL["measures"]["gain_micro"] / 1e6, 2).replace(THIN, " ")
    assert f"{gain} EUR" in words
    assert "exact; over every group" in words
    assert "with 95 % intervals; from sampled orders of joining" in told(pages.microgrid(MANY))


def test_an_empty_report_does_not_claim_that_nothing_was_traded() -> None:
    assert "Nothing was traded inside" not in pages.microgrid(EMPTY)
    assert "Nothing was traded inside" in pages.microgrid(REPORTS["no trade"])


def test_skipped_rules_give_their_reason() -> None:
    assert "needs at most 24 members, found 153" in pages.microgrid(MANY)


def test_published_script_is_called_what_it_is() -> None:
    assert "published script, not a value" in pages.microgrid(FULL)


def test_a_rule_that_overspends_is_not_called_stable() -> None:
    rows = [
        {"rule": "seed001", "title": "Script", "core_excess_micro": -5, "core_exact": True, "budget_micro": 9_000_000},
        {"rule": "nucleolus", "title": "Nucleolus", "core_excess_micro": -5, "core_exact": True, "budget_micro": 0},
    ]  # fmt: skip
    found = objections.objections_of(rows, {})
    assert [objection.is_safe for objection in found] == [False, True]
    assert "hands out 9.00 EUR more than was gained; nobody leaves" in found[0].told("EUR").replace(THIN, " ")
    assert "under Nucleolus" in objections.objections_told(found, "EUR")
    assert "Script" not in objections.objections_told(found, "EUR")


def test_a_search_is_not_called_a_proof() -> None:
    row = {
        "rule": "x",
        "core_excess_micro": -5,
        "core_bound_micro": 40,
        "core_exact": False,
        "budget_micro": 0,
    }
    found = objections.objections_of([row], {})
    assert found[0].told("EUR") == "no group was found that would leave"
    words = objections.objections_told(found, "EUR")
    assert "was found" in words
    assert "searched for, not proven" in words
    assert "proven upper bound" in objections.objection_bars(found, currency="EUR", chosen="x")


def test_groups_are_named_shortly() -> None:
    labels = {f"h{k}": f"H{k}" for k in range(8)}
    assert objections.group_words([f"h{k}" for k in range(7)], labels) == "everybody but H7"
    assert objections.group_words(["h1", "h2"], labels) == "H1 and H2"
    assert objections.group_words([], labels) == "nobody"
    more = {f"h{k}": f"H{k}" for k in range(80)}
    assert objections.group_words([f"h{k}" for k in range(20)], more) == "H0, H1, H2, H3 and 16 more"


def test_gathering_loses_no_energy() -> None:
    pairs = MicrogridFindings(MANY).pairs
    met = trades.exchange(pairs, (7, 12))
    assert sum(met.pairs.values()) == sum(pairs.values()) == sum(row["wh"] for row in MANY["tables"]["flows"])
    assert len(met.sellers) == 8
    assert len(met.buyers) == 13
    assert met.sellers[-1] == trades.OTHER
    assert met.hidden == (len({a for a, _ in pairs}) - 7, len({b for _, b in pairs}) - 12)


def test_summed_cells_do_not_set_the_scale() -> None:
    pairs = {(f"s{i}", f"b{j}"): 100 + i + j for i in range(40) for j in range(40)}
    met = trades.exchange(pairs, (30, 30))
    assert met.largest == max(wh for (a, b), wh in met.pairs.items() if trades.OTHER not in (a, b))
    assert "sums the 10 sellers and the 10 buyers" in trades.matrix_caption(pairs)


def test_every_pair_of_a_small_microgrid_is_written() -> None:
    svg = trades.pair_matrix({("a", "b"): 1500, ("c", "b"): 2500}, labels={"a": "Ada"})
    words = "".join(ElementTree.fromstring(svg).itertext())
    assert "Ada → b: 1.50" in words.replace(THIN, " ")
    assert "[kWh]" in words


def test_one_wild_rule_does_not_squeeze_the_axis() -> None:
    gains = {
        "shapley": {"a": Gain(5e6, 5e6, 5e6), "b": Gain(1e6, 1e6, 1e6)},
        "seed001": {"a": Gain(900e6, 900e6, 900e6), "b": Gain(-900e6, -900e6, -900e6)},
    }
    assert savings.limits(gains, ["shapley"]) == (-5e6, 10e6)
    svg = savings.saving_dots(
        gains, labels={}, titles={}, chosen="shapley", currency="EUR", reference=["shapley"]
    )
    assert svg.count("(beyond the axis)") == 2


def test_intervals_are_drawn_and_told() -> None:
    gains = {"shapley": {"a": Gain(5e6, 4e6, 6e6), "b": Gain(1e6, 1e6, 1e6)}}
    svg = savings.saving_dots(
        gains, labels={"a": "Ada"}, titles={}, chosen="shapley", currency="EUR", reference=[]
    )
    assert "Ada, shapley: 5.00 EUR (4.00 EUR to 6.00 EUR)" in svg.replace(THIN, " ")
    assert "95 % interval" in told(pages.microgrid(MANY))


def test_an_approximation_without_an_interval_is_not_said_to_have_one() -> None:
    report = copy.deepcopy(SMALL)
    next(row for row in report["tables"]["money"] if row["rule"] == "nucleolus")["exact"] = False
    found = MicrogridFindings(report)
    sure = {str(row["rule"]): found.sureness(row) for row in found.rules}
    assert (sure["nucleolus"], sure["shapley"]) == ("approximate", "exact")
    many = MicrogridFindings(MANY)
    assert many.sureness(many.case_rule) == "with 95 % intervals"


def test_chosen_rule_leads_and_its_order_is_the_rows_order() -> None:
    found = MicrogridFindings(sample.report(6, 2, chosen="equal"))
    assert next(iter(found.gains)) == "equal"
    assert found.rules[0]["rule"] == "equal"


def test_marks_of_the_known_rules_differ_in_colour_and_in_shape() -> None:
    known = list(marks.MONEY.values())
    assert len({mark.colour for mark in known}) == len({mark.shape for mark in known}) == len(known)
    assert marks.money_mark("seed001:delta=1") == marks.MONEY["seed001"]
    assert marks.money_mark("never heard of") in marks.OTHERS


def test_days_without_trade_break_the_line() -> None:
    assert internal_price.runs_of([(0, 1), None, (2, 3), (4, 5)]) == [[(0, 1)], [(2, 3), (4, 5)]]
    rows = [
        {"date": f"2022-06-0{k}", "buy_per_mwh": 300.0, "sell_per_mwh": 80.0, "mid_per_mwh": 190.0,
         "marginal_per_mwh": None if k == 2 else 100.0 * k, "shapley_per_mwh": None, "traded_wh": 0 if k == 2 else 9}
        for k in (1, 2, 3)
    ]  # fmt: skip
    words = internal_price.price_told(rows, "EUR")
    assert "between 0.100 (1 Jun) and 0.300 EUR (3 Jun)" in words
    assert "Nothing was traded on 1 of 3 days" in words
    assert "[EUR per kWh]" in internal_price.internal_price(rows, currency="EUR")


def test_a_year_and_a_25_hour_day_fit() -> None:
    year = [
        {"date": f"2022-{m:02d}-{d:02d}", "buy_per_mwh": 300, "sell_per_mwh": 80, "marginal_per_mwh": 100 + d,
         "traded_wh": d}
        for m in range(1, 13) for d in range(1, 29)
    ]  # fmt: skip
    assert len(internal_price.internal_price(year, currency="EUR")) < 100_000
    hours = [
        {"slot": k, "minute": k * 15, "surplus_wh": 5, "deficit_wh": 9, "traded_wh": 5} for k in range(100)
    ]
    svg = local_day.local_day(hours, minutes=15, currency="EUR")
    assert svg == local_day.local_day(hours[:96], minutes=15, currency="EUR")


def test_bills_count_who_is_better_off() -> None:
    rows = [
        {"id": "a", "alone_micro": 2_000_000, "bill_micro": -1_000_000, "gain_micro": 3_000_000},
        {"id": "b", "alone_micro": 5_000_000, "bill_micro": 6_000_000, "gain_micro": -1_000_000},
    ]
    words = bills.bills_told(rows, "EUR").replace(THIN, " ")
    assert words == (
        "1 of 2 members are better off than alone, 1 worse off; 1 earn where they would have paid."
        " Together they save 2.00 EUR."
    )


def test_story_shows_who_was_there_before() -> None:
    names = [f"H{k}" for k in range(30)]
    row = {"member": "h20", "label": "H20", "sentences": ["Yours."], "gain_micro": 12_345_678,
           "orders": [{"order": names, "gain_micro": 2_000_000}, {"order": names[20:], "gain_micro": 0}]}  # fmt: skip
    (story,) = stories_of([row], "EUR")
    first, second = story.joinings
    assert story.gain.replace(THIN, " ") == "12.35 EUR"
    assert list(first.before) == names[20 - MOST_CHIPS : 20]
    assert (first.more, first.place) == (20 - MOST_CHIPS, "21 of 30")
    assert (list(second.before), second.more, second.place) == ([], 0, "1 of 10")


def test_two_homes_of_one_name_keep_their_places() -> None:
    row = {"member": "b", "label": "Home", "gain_micro": 1, "sentences": [],
           "orders": [{"order": ["Home", "Mill", "Home"], "place": 3, "gain_micro": 1}]}  # fmt: skip
    (joining,) = stories_of([row], "EUR")[0].joinings
    assert list(joining.before) == ["Home", "Mill"]


def test_comparisons_are_shown_where_the_report_holds_them() -> None:
    report = copy.deepcopy(SMALL)
    report["tables"]["energy"] = [
        {"rule": "pro", "title": "proportional", "chosen": True, "skipped": None, "worst_bought": 0.1, "moved_wh": 0},
        {"rule": "cea", "title": "equal awards", "chosen": False, "skipped": None, "worst_bought": 0.4, "moved_wh": 9},
        {"rule": "cd", "title": "concede", "chosen": False, "skipped": "needs two members"},
    ]  # fmt: skip
    report["tables"]["combinations"] = [
        {"energy": "pro", "money": "shapley", "skipped": None, "budget_micro": 0, "gini": 0.2, "worse_than_alone": 0,
         "moved_micro": 0},
        {"energy": "cea", "money": "tau", "skipped": "too many", "budget_micro": None, "gini": None,
         "worse_than_alone": None, "moved_micro": None},
    ]  # fmt: skip
    page = pages.microgrid(report)
    outline(page)
    assert "What another energy rule would change" in page
    assert "Energy rules with money rules" in page
    assert "needs two members" in page
    assert "too many" in page
    assert "What another energy rule would change" not in pages.microgrid(SMALL)


def test_small_money_is_not_rounded_away() -> None:
    assert quantities.money_decimals([34_000]) == 3
    assert quantities.money_decimals([0, None]) == 2
    assert "0.034 EUR" in quantities.money(34_000, "EUR", quantities.money_decimals([34_000])).replace(
        THIN, " "
    )
    assert quantities.per_kwh(310.0) == pytest.approx(0.31)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["full", "many members", "hostile", "no trade", "pooling loses", "empty"])
def test_browser_finds_nothing_to_fetch_and_nothing_wrong(name, width, tmp_path) -> None:
    from playwright.sync_api import sync_playwright

    path = tmp_path / "report.html"
    path.write_text(pages.microgrid(REPORTS[name]), encoding="utf-8")
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
def test_members_sort_by_saving_and_filter(tmp_path) -> None:
    from playwright.sync_api import sync_playwright

    path = tmp_path / "report.html"
    path.write_text(pages.microgrid(FULL), encoding="utf-8")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(path.as_uri())
        page.click("#members-table th:last-child button")
        saved = [
            float(t.replace(THIN, "").replace("\u2212", "-"))
            for t in page.locator("#members-table td:last-child").all_inner_texts()
        ]
        page.locator("#members-table-filter").fill("bakery")
        shown = page.locator("#members-table tbody tr:visible").count()
        browser.close()
    assert saved == sorted(saved)
    assert shown == sum("Bakery" in row["label"] for row in FULL["tables"]["members"])
