"""Pages of training, evaluation and simulation ask for nothing, hold the numbers, and say who really won."""

from __future__ import annotations

import copy
import importlib.util
import re
import shutil
from html.parser import HTMLParser
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evenwatt.app import learning_front, pages
from evenwatt.app.learning_findings import LearningFindings
from evenwatt.app.plots import (
    agent_grid,
    blocks,
    discounts,
    epochs,
    fairness_regret,
    importances,
    learning_curve,
    manipulation,
    paired,
    placing,
    regrets,
    scenario_bands,
    scenarios,
)
from evenwatt.app.plots.drawing import NAMESPACE, text_width
from evenwatt.app.plots.quantities import THIN

_spec = importlib.util.spec_from_file_location(
    "sample_learning_report", Path(__file__).with_name("sample_learning_report.py")
)
assert _spec is not None
assert _spec.loader is not None
sample = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sample)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = "<script>alert(\"x\")</script> & 'q' 🌞 " + "long" * 60
EMPTY = {"study": "cascade", "summary": [], "measures": {}, "tables": {}, "notes": [], "provenance": {}}
SECTIONS = {
    "training": ["identified", "weights", "discounts", "importance", "epochs", "models", "notes"],
    "evaluation": ["regret", "paired", "fairness", "honesty", "curve", "blocks", "weights", "notes"],
    "simulation": ["scenarios", "agents", "days", "draws", "notes"],
}
FULL = {"training": sample.training(), "evaluation": sample.evaluation(), "simulation": sample.simulation()}


def without_values(report):
    """The same report with every figure lost."""
    made = copy.deepcopy(report)
    for rows in made["tables"].values():
        for row in rows:
            row |= {key: None for key, held in row.items() if isinstance(held, float)}
    return made


def hostile(report):
    """The same report with every word markup."""
    made = copy.deepcopy(report)
    made["summary"] = made["notes"] = [HOSTILE]
    made["measures"] |= {"case": HOSTILE, "zone": HOSTILE}
    for rows in made["tables"].values():
        for row in rows:
            row |= {
                key: HOSTILE + held for key, held in row.items() if isinstance(held, str) and key != "measure"
            }
    return made


def reports():
    """Kind of page and report, by name."""
    for kind, full in FULL.items():
        yield f"{kind}: full", kind, full
        yield f"{kind}: empty", kind, EMPTY
        yield f"{kind}: hostile", kind, hostile(full)
        yield f"{kind}: no values", kind, without_values(full)
    yield "training: many", "training", sample.training(days=1, suppliers=10, agents=30)
    yield "training: one", "training", sample.training(days=1, suppliers=1, agents=1)
    yield "evaluation: many", "evaluation", sample.evaluation(suppliers=10, agents=30, blocks=12)
    yield "evaluation: one", "evaluation", sample.evaluation(days=1, suppliers=1, agents=1, rules=1, blocks=1)
    yield "simulation: one", "simulation", sample.simulation(days=1, scenarios=1, draws=1, rules=("pro",))
    yield (
        "simulation: many",
        "simulation",
        sample.simulation(days=365, rules=tuple(f"r{k}" for k in range(8))),
    )


CASES = {name: (kind, report) for name, kind, report in reports()}


class Outline(HTMLParser):
    """Tags that are open, addresses and ids."""

    VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self):
        super().__init__()
        self.open, self.addresses, self.ids = [], [], []

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        self.addresses += [held[key] for key in ("src", "href", "action", "data", "poster") if key in held]
        self.ids += [held["id"]] if "id" in held else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def drawn(name):
    kind, report = CASES[name]
    return getattr(pages, kind)(report)


def told(page):
    return re.sub(r"<[^>]+>", " ", page).replace(THIN, " ")


def words_of(svg):
    return "".join(ElementTree.fromstring(svg).itertext()).replace(THIN, " ")


def parts(svg, tag, kind):
    return [e for e in ElementTree.fromstring(svg).iter(f"{{{NAMESPACE}}}{tag}") if e.get("class") == kind]


def texts(svg):
    return [(e, e.text) for e in ElementTree.fromstring(svg).iter(f"{{{NAMESPACE}}}text")]


@pytest.mark.parametrize("name", CASES)
def test_page_stands_and_asks_for_nothing(name):
    page = drawn(name)
    parsed = Outline()
    parsed.feed(page)
    assert parsed.open == []
    assert all(address.startswith(("#", "data:")) for address in parsed.addresses)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {address[1:] for address in parsed.addresses if address.startswith("#")} <= set(parsed.ids)
    assert not re.search(r"https?://|@import|url\(", page.replace("http://www.w3.org/2000/svg", ""))
    assert "<script>alert" not in page
    assert not re.search(r"\bnan\b|\binf\b|\bNone\b(?! of)", told(page))


@pytest.mark.parametrize("name", CASES)
def test_every_figure_has_title_description_and_caption(name):
    for figure in re.findall(r"<figure>(.*?)</figure>", drawn(name), flags=re.DOTALL):
        assert re.search(r"<h3>[^<]+</h3>", figure)
        assert len(re.search(r"<figcaption>(.*?)</figcaption>", figure, flags=re.DOTALL)[1]) > 20
        svg = ElementTree.fromstring(re.search(r"<svg.*</svg>", figure, flags=re.DOTALL)[0])
        assert svg.find(f"{{{NAMESPACE}}}title").text
        assert svg.find(f"{{{NAMESPACE}}}desc").text
        assert min(float(e.get("font-size")) for e in svg.iter() if e.get("font-size")) >= 12


@pytest.mark.parametrize("kind", SECTIONS)
def test_sections_come_in_order(kind):
    assert re.findall(r'<section id="(\w+)">', getattr(pages, kind)(FULL[kind])) == SECTIONS[kind]


@pytest.mark.parametrize(
    ("kind", "table"),
    [(kind, table) for kind, report in FULL.items() for table in report["tables"] if table != "agents"],
)
def test_absent_table_leaves_a_sentence(kind, table):
    report = {**FULL[kind], "tables": {k: v for k, v in FULL[kind]["tables"].items() if k != table}}
    page = getattr(pages, kind)(report)
    assert f"“{table}”" in page
    assert re.findall(r'<section id="(\w+)">', page) == SECTIONS[kind]


@pytest.mark.parametrize("kind", SECTIONS)
def test_page_is_the_same_every_time_and_leaves_the_report_as_it_was(kind):
    before = copy.deepcopy(FULL[kind])
    assert getattr(pages, kind)(FULL[kind]) == getattr(pages, kind)(before)
    assert before == FULL[kind]


def test_that_a_baseline_wins_stands_before_all_other_sentences():
    report = copy.deepcopy(FULL["evaluation"])
    report["summary"] = ["Over 96 intervals 'a' is best.", "The simple baseline wins: 'b' is as good."]
    first = re.search(r'<p class="lead">(.*?)</p>', pages.evaluation(report))[1]
    assert first.startswith("The simple baseline wins")
    report["summary"] = ["'a' is better than every baseline.", "More."]
    assert "&#39;a&#39; is better" in re.search(r'<p class="lead">(.*?)</p>', pages.evaluation(report))[1]


def test_without_a_summary_the_page_says_itself_who_won():
    report = {**FULL["evaluation"], "summary": []}
    assert re.search(r'<p class="calm plain">The simple baseline wins', pages.evaluation(report))
    report = {**sample.evaluation(wins=True), "summary": []}
    assert "The simple baseline wins" not in pages.evaluation(report)


REGRET = [
    {"rule": "own", "title": "own rule", "regret": 0.02, "regret_low": 0.01, "regret_high": 0.03, "gini": 0.05,
     "is_baseline": False},
    {"rule": "pro", "title": "plain", "regret": 0.04, "regret_low": 0.035, "regret_high": 0.045, "gini": 0.03,
     "is_baseline": True},
    {"rule": "cea", "title": "equal", "regret": 0.08, "regret_low": 0.07, "regret_high": 0.09, "gini": 0.06,
     "is_baseline": True},
    {"rule": "foresight", "title": "foresight", "regret": 0.0, "regret_low": None, "regret_high": None, "gini": 0.01,
     "is_baseline": True},
]  # fmt: skip


def test_bars_are_as_long_as_the_regrets():
    svg = regrets.regret_bars(REGRET)
    bars = {e[0].text.partition(":")[0]: float(e.get("width"))
            for e in ElementTree.fromstring(svg).iter(f"{{{NAMESPACE}}}rect") if len(e)}  # fmt: skip
    assert bars["Equal"] == pytest.approx(2 * bars["Plain"], rel=0.01)
    assert bars["Plain"] == pytest.approx(2 * bars["Own rule"], rel=0.01)
    assert "2.00 %" in words_of(svg)
    assert len(parts(svg, "path", "rule")) == 3  # whiskers; what has no interval has none


def test_the_caption_names_the_winner_whoever_it_is():
    words = regrets.regrets_told(REGRET).replace(THIN, " ")
    assert words.startswith(
        "Own rule loses least, 2.00 % (1.00 % to 3.00 %); the best baseline, plain, loses 4.00 %"
    )
    assert "50 % less" in words
    worse = [{**REGRET[0], "regret": 0.04}, *REGRET[1:]]
    assert regrets.regrets_told(worse).startswith("The simple baseline wins: plain loses")
    assert "No rule was learned" in regrets.regrets_told(REGRET[1:])
    assert regrets.regrets_told([]) == regrets.NO_REGRET


def test_foresight_is_no_baseline_and_wins_nothing():
    assert regrets.best(REGRET, regrets.BASELINE)["rule"] == "pro"
    assert "foresight" not in fairness_regret.front(REGRET)
    assert [str(row["rule"]) for row in regrets.ranked(REGRET)][-1] == "foresight"


def test_the_front_is_what_no_other_rule_beats_on_both():
    assert fairness_regret.front(REGRET) == ["own", "pro"]
    told_of = fairness_regret.fairness_told(REGRET).replace(THIN, " ")
    assert told_of.startswith("Own rule and plain lie on the front")
    assert "regret rises by 2.00 %" in told_of
    ties = [{**REGRET[0], "rule": name} for name in ("a", "b")]
    assert fairness_regret.front(ties) == ["a", "b"]


def test_names_in_the_scatter_meet_neither_each_other_nor_a_point():
    crowded = [{**REGRET[0], "rule": f"r{k}", "title": f"a rule with a long name {k}", "regret": 0.02 + 1e-4 * k,
                "gini": 0.05 + 1e-4 * (k % 3)} for k in range(12)] + [{**REGRET[2], "regret": 0.9}]  # fmt: skip
    svg = fairness_regret.fairness_regret(crowded)
    named = [(e, words) for e, words in texts(svg) if (words or "").startswith("A rule with")]
    assert len(named) == 12
    boxes = []
    for e, words in named:
        wide, x, y = text_width(words), float(e.get("x")), float(e.get("y"))
        left = x - {"end": wide, "middle": wide / 2}.get(e.get("text-anchor"), 0)
        boxes.append((left, y - 11, left + wide, y + 4))
    assert not any(
        a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for a, b in combinations(boxes, 2)
    )
    assert all(box[0] >= 0 and box[2] <= 960 for box in boxes)


def test_labels_without_room_are_left_out_instead_of_laid_over_others():
    crowd = [(50.0, 50.0)] * 40
    found = placing.placed(crowd, ["some long words"] * 40, (0, 0, 300, 100))
    assert any(label is None for label in found)
    assert any(label is not None for label in found)


def test_spread_labels_keep_their_distance_and_their_order():
    wanted = [5.0, 6.0, 7.0, 80.0, 81.0]
    places = placing.spread(wanted, 17, 0, 90)
    assert all(b - a >= 17 - 1e-9 for a, b in pairwise(places))
    assert places[-1] <= 90


PAIRED = [
    {"rule": "own", "against": "pro", "difference": 0.02, "low": 0.01, "high": 0.03, "verdict": "better"},
    {"rule": "own", "against": "cea", "difference": 0.01, "low": -0.01, "high": 0.03, "verdict": "undecided"},
    {"rule": "old", "against": "pro", "difference": -0.05, "low": -0.06, "high": -0.04, "verdict": "worse"},
]


def test_the_sign_of_a_difference_is_on_the_right_side_of_zero():
    svg = paired.paired(PAIRED, titles={"own": "own rule"})
    zero = float(next(e for e in parts(svg, "line", "rule")).get("x1"))
    places = {
        e[0].text: float(e.get("cx"))
        for e in ElementTree.fromstring(svg).iter(f"{{{NAMESPACE}}}circle")
        if len(e)
    }
    by = {words.replace(THIN, " "): x for words, x in places.items()}
    assert by["against pro: +2.00 %"] > zero
    assert by["against pro: −5.00 %"] < zero


def test_what_is_undecided_is_said_to_be():
    words = paired.paired_told(PAIRED, {}).replace(THIN, " ")
    assert words == (
        "Of 3 comparisons 1 is decided for the rule, 1 is decided against it, 1 is open. Worse: old against pro."
        " Undecided, as the interval holds zero: own against cea. The largest gain is own against pro,"
        " +2.00 % (1.00 % to 3.00 %)."
    )
    assert paired.paired_told([], {}) == paired.NOTHING


def test_the_figure_compares_what_was_learned_and_the_table_holds_all():
    report = copy.deepcopy(FULL["evaluation"])
    report["tables"]["paired"].append(
        {
            "rule": "nash-equal",
            "against": "cea",
            "difference": 0.01,
            "low": 0.0,
            "high": 0.02,
            "verdict": "undecided",
        }
    )
    page = pages.evaluation(report)
    figure = re.search(r"<h3>Rule against rule</h3>(.*?)</figure>", page, flags=re.DOTALL)[1]
    assert "equal awards" not in told(figure)
    assert "Nash, equal weights" in re.search(r'id="paired-table">(.*?)</table>', page, flags=re.DOTALL)[1]


def test_the_curve_says_when_more_of_the_past_would_hardly_help():
    flat = [{"rule": "own", "rows": n, "regret": r, "low": r - 0.01, "high": r + 0.01}
            for n, r in ((100, 0.2), (200, 0.1), (400, 0.099))]  # fmt: skip
    assert "hardly help" in learning_curve.curve_told(flat, {})
    falling = [*flat[:2], {**flat[2], "regret": 0.05}]
    assert "still took off 5.00 %" in learning_curve.curve_told(falling, {}).replace(THIN, " ")
    svg = learning_curve.learning_curve(flat, titles={"own": "own rule"})
    assert len(parts(svg, "path", "band")) == 1
    assert "Only one length" in learning_curve.curve_told(flat[:1], {})
    assert learning_curve.NOTHING in words_of(learning_curve.learning_curve([], titles={}))


def test_a_rule_that_rewards_no_false_claim_is_named():
    rows = [
        {"rule": "pro", "agent": "a", "factor": 1.67, "gain_share": 0.5, "long_run_gain_share": None},
        {"rule": "cea", "agent": "a", "factor": 1.0, "gain_share": 0.0, "long_run_gain_share": None},
        {"rule": "own", "agent": "a", "factor": 2.0, "gain_share": 0.3, "long_run_gain_share": 0.1},
    ]
    words = manipulation.manipulation_told(rows, titles={"cea": "equal awards"}, agents={"a": "North"})
    assert words.replace(THIN, " ") == (
        "Most is to be gained under pro: North would have +50.0 % by stating 1.67 times its claim, all others stating"
        " theirs as they are. Equal awards rewards no such statement. Once the rules have learned from such statements"
        " at most +10.0 % is left."
    )
    svg = manipulation.manipulation(rows, titles={}, agents={"a": "North"})
    assert all(figure in words_of(svg) for figure in ("+50 %", "× 1.67", "+30 %"))
    honest = [{**row, "gain_share": 0.0} for row in rows]
    assert "Under no rule" in manipulation.manipulation_told(honest, titles={}, agents={})


def test_the_best_rule_of_each_stretch_is_framed():
    rows = [{"first": f"2016-0{m}-01", "last": f"2016-0{m}-28", "rule": rule, "regret": r}
            for m in (1, 2) for rule, r in (("own", 0.03 * m), ("pro", 0.04), ("foresight", 0.0))]  # fmt: skip
    svg = blocks.block_grid(rows, titles={})
    framed = [e[0].text.replace(THIN, " ") for e in parts(svg, "rect", "framed") if len(e)]
    assert framed == ["Own, 1–28 Jan: 3.00 %", "Pro, 1–28 Feb: 4.00 %"]
    assert "A single stretch" in blocks.blocks_told(rows[:3], {})


def test_weights_without_identification_are_hatched_in_the_training():
    page = pages.training(FULL["training"])
    figure = re.search(
        r"<h3>Weights and their intervals</h3>.*?(<svg.*?</svg>)</div>", page, flags=re.DOTALL
    )[1]
    assert len(parts(figure, "rect", "hatched")) == 4  # three suppliers, and the sample in the legend
    assert words_of(figure).count("not identified") >= 4
    row = re.search(r"<tr>\s*<td[^>]*>s1</td>(.*?)</tr>", page, flags=re.DOTALL)[1]
    assert row.count(">–<") == 4


def test_training_that_learned_by_heart_says_so():
    rows = [{"model": "policy", "epoch": k, "train": 1.0 - 0.1 * k, "validation": v}
            for k, v in ((1, 1.0), (2, 0.8), (3, 0.9))]  # fmt: skip
    assert epochs.epochs_told(rows) == (
        "Policy did best on held-back days at epoch 2 of 3; what it learned after that holds only for the days it"
        " had seen."
    )
    assert "still learning at the end" in epochs.epochs_told(rows[:2])
    assert "judged on no held-back day" in epochs.epochs_told([{**row, "validation": None} for row in rows])
    svg = epochs.epochs(rows)
    assert len(parts(svg, "path", "line")) == 2


def test_importances_are_shares_of_their_model():
    rows = [{"model": "m", "feature": name, "importance": v} for name, v in (("claim", 30.0), ("hour", 10.0))]
    assert importances.importances_told(rows).replace(THIN, " ") == "M rests most on claim, 75 %."
    assert importances.NOTHING in words_of(importances.importances([{**rows[0], "importance": 0.0}]))


def test_a_discounted_agent_is_named():
    rows = [{"agent": "a", "discount_mean": 0.7, "low": 0.6, "high": 0.8},
            {"agent": "b", "discount_mean": 1.0, "low": 1.0, "high": 1.0}]  # fmt: skip
    words = discounts.discounts_told(rows, {"a": "North"}).replace(THIN, " ")
    assert words.startswith(
        "Of the claim of North the rule takes 70.0 %, the least of all. For 1 agent of 2 the claim is taken as it is."
    )
    assert "cuts nobody" in discounts.discounts_told(rows[1:], {})


def test_a_factor_above_one_is_never_called_a_cut():
    rows = [{"agent": "a", "discount_mean": 1.3, "low": 1.1, "high": 1.5},
            {"agent": "b", "discount_mean": 1.1, "low": 1.0, "high": 1.2}]  # fmt: skip
    for asked in (discounts.CLAIM, discounts.NEED):
        words = discounts.discounts_told(rows, {"a": "North"}, asked).replace(THIN, " ")
        assert f"cuts nobody’s {asked}. That of North is raised most, to 130.0 %." in words
        assert f"part of the {asked}" in words_of(discounts.discounts(rows, labels={}, asked=asked))


@pytest.mark.parametrize(
    ("rule", "factor", "key"),
    [
        ("weights-discount", 0.7, ("Cut most, to", "70 %", "of the claim of Quarter 1")),
        ("demand-learned", 1.3, ("Raised most, to", "130 %", "of the predicted need of Quarter 1")),
        ("weights", 1.0, ("Each claim", "as it is", "the rule takes it unchanged")),
    ],
)
def test_the_front_says_what_is_multiplied_and_which_way(rule, factor, key):
    report = sample.training()
    report["measures"]["rule"] = rule
    report["tables"]["discount"] = [{"agent": "a1", "discount_mean": factor, "low": factor, "high": factor}]
    told = learning_front.training(LearningFindings(report)).key_figures
    assert key in [tuple(word.replace(THIN, " ") for word in one) for one in told]


def test_the_front_counts_the_intervals_that_were_judged_not_those_learned_from():
    told = dict(
        one[:2] for one in learning_front.evaluation(LearningFindings(sample.evaluation())).key_figures
    )
    assert told["Intervals judged"].replace(THIN, "") == "8760"


SCENARIO = [
    {"scenario": s, "title": s, "rule": rule, "measure": "served_share", "mean": m, "low": m - 0.1, "high": m + 0.1,
     "draws": 20} for s, rule, m in (("base", "pro", 0.9), ("dry", "pro", 0.4), ("dry", "cea", 0.5))
]  # fmt: skip


def test_the_hardest_scenario_and_the_rule_that_does_best_in_it_are_named():
    share = scenarios.Measure("served_share")
    assert scenarios.scenarios_told(SCENARIO, share).replace(THIN, " ") == (
        "“Dry” is hardest: share of claims served is 45.0 % in the mean of the rules, 50.0 % under cea, which does best"
        " there. Each figure is over 20 draws."
    )
    cost = [{**row, "measure": "cost_micro", "mean": row["mean"] * 1e9} for row in SCENARIO]
    assert scenarios.scenarios_told(cost, scenarios.Measure("cost_micro", "EUR")).startswith(
        "“Base” is hardest"
    )
    same = [*SCENARIO[:2], {**SCENARIO[2], "mean": 0.4}]
    assert "all give the same in every scenario" in scenarios.scenarios_told(same, share)
    one = [{**row, "draws": 1} for row in SCENARIO]
    assert "too few for an interval" in scenarios.scenarios_told(one, share)


def test_a_scenario_has_a_panel_and_a_rule_a_line_with_its_band():
    rows = [{"scenario": s, "rule": rule, "day": f"2016-06-0{d}", "served_share": 0.5, "low": 0.4, "high": 0.6}
            for s in ("base", "dry") for rule in ("pro", "cea") for d in (1, 2, 3)]  # fmt: skip
    svg = scenario_bands.scenario_bands(rows, titles={"dry": "a dry year"})
    assert len(parts(svg, "path", "line")) == len(parts(svg, "path", "band")) == 4
    assert "A dry year" in words_of(svg)
    gap = [row for row in rows if row["day"] != "2016-06-02" or row["rule"] != "pro"]
    assert len(parts(scenario_bands.scenario_bands(gap, titles={}), "path", "line")) == 2
    assert "the axis begins at 30 %" in words_of(svg)


def test_the_agent_that_is_hit_hardest_is_named():
    rows = [{"scenario": "dry", "rule": "pro", "agent": a, "served_share": v, "low": v, "high": v}
            for a, v in (("a", 0.5), ("b", 0.3))]  # fmt: skip
    assert (
        agent_grid.agents_told(rows, {}).replace(THIN, " ")
        == "b is served least, 30 % of its claims in “Dry”."
    )
    assert agent_grid.NOTHING in words_of(agent_grid.agent_grid([], titles={}))


def test_pages_of_many_rules_agents_and_days_are_small():
    assert len(drawn("evaluation: many").encode()) < 600_000
    assert len(drawn("simulation: many").encode()) < 1_500_000


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
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("name", [name for name in CASES if not name.endswith(("empty", "no values"))])
def test_browser_finds_nothing_to_fetch_and_no_words_over_each_other(name, width, tmp_path):
    from playwright.sync_api import sync_playwright

    path = tmp_path / "report.html"
    path.write_text(drawn(name), encoding="utf-8")
    asked, said = [], []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(path.as_uri())
        wide, overlaps = page.evaluate("document.documentElement.scrollWidth"), page.evaluate(OVERLAPS)
        browser.close()
    assert [url for url in asked if url != path.as_uri() and not url.startswith("data:")] == []
    assert said == []
    assert wide <= width
    assert overlaps == []
