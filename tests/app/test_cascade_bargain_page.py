"""Where suppliers and agents bargain the cascade's page tells of it; where they do not it is as it was."""

from __future__ import annotations

import copy
import importlib.util
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evenwatt.app import pages
from evenwatt.app.plots import bargain_links, hatching, party_gains, weights
from evenwatt.app.plots.drawing import NAMESPACE
from evenwatt.app.plots.quantities import THIN


def _sample(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    held = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(held)
    return held


cascade, learning = _sample("sample_report"), _sample("sample_learning_report")
HOSTILE = "<script>alert(\"x\")</script> & 'q' 🌞 " + "long" * 60
BEFORE = ["flows", "scarcity", "equality", "awards", "duration", "fairness", "members", "parties", "notes"]
WITH = ["flows", "links", "gains", "weights", *BEFORE[1:]]


def report(suppliers=3, agents=3, days=5, *, fixed=False):
    made = cascade.report(members=20, suppliers=suppliers, agents=agents, rules=4, days=5)
    made["tables"] |= learning.bargain(suppliers, agents, days, fixed=fixed)
    made["measures"] |= {
        "stage_one": "bargain", "certificate_worst": 3.2e-10, "stated_wh": 12_000_000, "returned_wh": 1_200_000,
    }  # fmt: skip
    return made


FULL = report()


def told(page):
    return re.sub(r"<[^>]+>", " ", page).replace(THIN, " ")


def words_of(svg):
    return "".join(ElementTree.fromstring(svg).itertext()).replace(THIN, " ")


def parts(svg, tag, kind):
    return [e for e in ElementTree.fromstring(svg).iter(f"{{{NAMESPACE}}}{tag}") if e.get("class") == kind]


def sections(page):
    return re.findall(r'<section id="(\w+)">', page)


def test_a_run_without_a_bargain_says_nothing_of_one():
    plain = cascade.report(members=20, suppliers=3, agents=3, rules=4, days=5)
    page = pages.cascade(plain)
    assert sections(page) == BEFORE
    assert not re.search(r"bargain|Handed back|Proven gap", told(page))


def test_a_bargain_stands_after_the_flows():
    page = pages.cascade(FULL)
    assert sections(page) == WITH
    assert "Handed back" in page
    assert "10.0 % of what agents stated was not needed" in told(page)
    assert "3 · 10⁻¹⁰" in page


@pytest.mark.parametrize(("table", "section"), [("bargain_links", "links"), ("bargain_weights", "weights")])
def test_a_section_without_its_table_is_left_out(table, section):
    made = {**FULL, "tables": {k: v for k, v in FULL["tables"].items() if k != table}}
    assert sections(pages.cascade(made)) == [name for name in WITH if name != section]


@pytest.mark.parametrize(
    "size", [(1, 1, 1), (12, 30, 3), (1, 30, 1)], ids=["one of each", "many", "one supplier"]
)
def test_any_number_of_parties_is_drawn(size):
    page = pages.cascade(report(*size))
    assert sections(page) == WITH
    assert not re.search(r"\bnan\b|\binf\b|None\b", told(page))
    for svg in re.findall(r"<svg.*?</svg>(?=</div>)", page, flags=re.DOTALL):
        ElementTree.fromstring(svg)


def test_every_word_of_a_party_is_escaped():
    made = copy.deepcopy(FULL)
    for table in ("suppliers", "agents"):
        for row in made["tables"][table]:
            row["label"] = HOSTILE
    for row in made["tables"]["bargain_status"]:
        row["status"] = HOSTILE
    page = pages.cascade(made)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_cells_hold_energy_and_price():
    rows = [
        {"supplier": "s", "agent": "a", "wh": 4_000_000, "price_per_mwh": 120.0, "limit_reached_share": 0.0},
        {"supplier": "s", "agent": "b", "wh": 1_000_000, "price_per_mwh": 80.0, "limit_reached_share": 0.3},
        {"supplier": "t", "agent": "a", "wh": 0, "price_per_mwh": None, "limit_reached_share": None},
    ]
    svg = bargain_links.bargain_links(rows, suppliers={"s": "Mill"}, agents={"a": "North"}, currency="EUR")
    words = words_of(svg)
    assert all(figure in words for figure in ("4 000", "0.1200", "1 000", "0.0800", "5 000"))
    assert "Mill → North: 4 000 kWh at 0.1200 EUR per kWh" in words
    assert len(parts(svg, "rect", "framed")) == 2  # the full link and the sample in the legend
    caption = bargain_links.links_told(rows, suppliers={"s": "Mill"}, agents={"a": "North"}, currency="EUR")
    assert caption.replace(THIN, " ") == (
        "2 links carried 5 000 kWh; Mill to North carried most, 4 000 kWh or 80 %. A kWh cost 0.0800 EUR at least"
        " (Mill to b) and 0.1200 at most (Mill to North). 1 link has reached the limit 5 % of the time or more."
    )


def test_without_any_sale_a_sentence_is_left():
    rows = [{"supplier": "s", "agent": "a", "wh": 0, "price_per_mwh": None}]
    assert bargain_links.NOTHING in words_of(
        bargain_links.bargain_links(rows, suppliers={}, agents={}, currency="EUR")
    )


def test_a_bar_runs_from_the_disagreement_to_what_the_bargain_gives():
    rows = [
        {"party": "supplier:s", "gain_micro": 30_000_000, "disagreement_micro": 10_000_000},
        {"party": "agent:a", "gain_micro": 10_000_000, "disagreement_micro": -20_000_000},
        {"party": "agent:b", "gain_micro": 0, "disagreement_micro": 0},
    ]
    svg = party_gains.party_gains(rows, labels={"agent:a": "North"}, currency="EUR")
    bars = [e for e in ElementTree.fromstring(svg).iter(f"{{{NAMESPACE}}}rect") if len(e)]
    wide = [float(bar.get("width")) for bar in bars]
    assert wide[0] == pytest.approx(3 * wide[1], abs=0.4)
    assert wide[2] == 0
    words = party_gains.gains_told(rows, {"agent:a": "North"}, "EUR").replace(THIN, " ")
    assert words == (
        "The bargain is worth 40.00 EUR more than no agreement; suppliers have 75 % of that, s gains most, 30.00 EUR."
        " b gains nothing."
    )


def test_an_unidentified_weight_is_hatched_and_has_no_line():
    rows = [
        {"day": f"2016-06-0{d}", "party": party, "weight": w, "low": low, "high": high, "verdict": verdict}
        for d in (1, 2, 3)
        for party, w, low, high, verdict in (
            ("supplier:s", None, 0.1, 0.4, "not identified"),
            ("agent:a", 0.3, 0.28, 0.32, "identified"),
        )
    ]
    svg = weights.weights_over_time(rows, labels={})
    assert len(parts(svg, "path", "line")) == 1
    assert len(parts(svg, "rect", "hatched")) == 2  # three days as one, and the sample in the legend
    assert len(parts(svg, "path", "band")) == 1
    assert "The weight of s is not identified" in weights.weights_told(rows, {})


def test_a_weight_that_is_said_to_be_known_without_a_value_is_hatched_all_the_same():
    rows = [{"day": "2016-06-01", "party": "agent:a", "weight": None, "low": None, "high": None,
             "verdict": "identified"}]  # fmt: skip
    svg = weights.weights_over_time([*rows, {**rows[0], "day": "2016-06-02"}], labels={})
    assert parts(svg, "path", "line") == []
    assert len(parts(svg, "rect", "hatched")) == 2


def test_a_number_that_came_with_an_unidentified_weight_is_not_printed():
    rows = [
        {
            "day": day,
            "party": "supplier:s",
            "weight": 0.777,
            "low": 0.0,
            "high": 0.9,
            "verdict": "not identified",
        }
        for day in ("2016-06-01", "2016-06-02")
    ]
    made = copy.deepcopy(FULL)
    made["tables"]["bargain_weights"] = rows
    assert "0.777" not in pages.cascade(made)


def test_an_unknown_interval_does_not_flatten_what_is_known():
    known = [{"day": d, "party": "agent:a", "weight": 0.1, "low": 0.09, "high": 0.11, "verdict": "identified"}
             for d in ("2016-06-01", "2016-06-02")]  # fmt: skip
    lost = [{**row, "party": "agent:b", "weight": None, "low": 0.0, "high": 1.0, "verdict": "not identified"}
            for row in known]  # fmt: skip
    svg = weights.weights_over_time([*known, *lost], labels={})
    highs = [float(rect.get("height")) for rect in parts(svg, "rect", "hatched")]
    assert max(highs) == pytest.approx(92, abs=0.2)
    assert "0.10" in words_of(svg)


def test_fixed_weights_are_lines_without_a_band():
    rows = learning.weights(4, 1, 2, fixed=True)
    svg = weights.weights_over_time(rows, labels={})
    assert len(parts(svg, "path", "line")) == 3
    assert parts(svg, "path", "band") == []
    assert "fixed by the case" in words_of(svg)


def test_weights_of_a_learned_policy_are_not_called_fixed():
    rows = [{"day": f"2016-06-0{d}", "party": "agent:a", "weight": 0.2 + d / 100, "low": None, "high": None,
             "verdict": "learned"} for d in (1, 2)]  # fmt: skip
    for svg in (weights.weights_over_time(rows, labels={}), weights.weight_rows(rows[:1], labels={})):
        assert "set by the learned policy" in words_of(svg)
        assert "fixed" not in words_of(svg)


def test_a_day_without_weights_breaks_the_line():
    rows = [{"day": f"2016-06-0{d}", "party": "agent:a", "weight": 0.2, "low": None, "high": None, "verdict": "fixed"}
            for d in (1, 2, 4, 5)]  # fmt: skip
    rows.append({**rows[0], "day": "2016-06-03", "party": "agent:b"})
    assert len(parts(weights.weights_over_time(rows, labels={}), "path", "line")) == 2


def test_hatches_stay_inside_their_rectangle():
    data = hatching.strokes(13.0, 40.0, 61.0, 22.0)
    points = [tuple(map(float, pair.split())) for pair in re.findall(r"[ML]([\d.]+ [\d.]+)", data)]
    assert len(points) > 10
    assert all(12.9 <= x <= 74.1 and 39.9 <= y <= 62.1 for x, y in points)
