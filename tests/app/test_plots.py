"""Every drawing is well-formed, asks for nothing, names its units, and survives odd problems."""

from __future__ import annotations

import importlib.util
import re
import zlib
from base64 import b64decode
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evenwatt.app import plots
from evenwatt.app.plots import (
    bars,
    calendar_maps,
    colours,
    findings,
    quantities,
    raster,
    strips,
)
from evenwatt.app.plots.axes import Scale, energy_ticks, round_ticks
from evenwatt.app.plots.drawing import NAMESPACE, escape, polyline, shortened, text_width
from evenwatt.app.plots.duration import duration_caption, points_of
from evenwatt.app.plots.heatmap import Legend, Side
from evenwatt.app.plots.lorenz import curves_of, lorenz_caption, widest
from evenwatt.app.plots.quantities import THIN
from evenwatt.app.plots.quarters import award_quarters, quarters_caption, quarters_of
from evenwatt.app.plots.sankey import BOUGHT, gathered, links_of

_spec = importlib.util.spec_from_file_location("sample_report", Path(__file__).with_name("sample_report.py"))
assert _spec is not None
assert _spec.loader is not None
sample_report = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sample_report)

AWKWARD = "<b>\"Ada\" & 'Bob'</b> 🌞 " + "x" * 200 + "\x00\x1b"
SMALL = findings.Findings(sample_report.report(members=20, suppliers=12, agents=2, rules=4, days=5))
FLOWS = [
    {"source": "supplier:s", "target": "agent:a", "wh": 900},
    {"source": "agent:a", "target": "member:m", "wh": 900},
    {"source": "supplier:s", "target": "grid", "wh": 100},
]
CURVES = [
    {"rule": "cea", "population": [0, 0.5, 1], "share": [0, 0.45, 1]},
    {"rule": "cel", "population": [0, 0.5, 1], "share": [0, 0.40, 1]},
]
DRAWINGS = {
    "sankey": lambda: plots.sankey(
        FLOWS, labels={"member:m": AWKWARD}, agents=["a"], unserved={"member:m": 50}
    ),
    "lorenz": lambda: plots.lorenz(
        [*CURVES, {"rule": AWKWARD, "population": [0, 1], "share": [0, 1]}], chosen="cea"
    ),
    "strips": lambda: plots.coverage_strips({"cea": [0.4, 0.6, None], AWKWARD: [0.2, 1.0]}, chosen="cea"),
    "bars": lambda: plots.award_bars({"cea": {"m": 5}}, claims={"m": 9, "n": 0}, labels={"m": AWKWARD}),
    "duration": lambda: plots.duration([900, 300, 0, 0], minutes=15),
    "coverage map": lambda: calendar_maps.coverage_map(SMALL).svg,
    "shortage map": lambda: calendar_maps.shortage_map(SMALL).svg,
    "no flows": lambda: plots.sankey([], labels={}, agents=[]),
    "no curves": lambda: plots.lorenz([]),
    "no coverage": lambda: plots.coverage_strips({"cea": [None]}),
    "no claims": lambda: plots.award_bars({"cea": {}}, claims={"m": 0}),
    "no shortage": lambda: plots.duration([0, 0]),
}


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_drawing_is_well_formed_and_asks_for_nothing(draw) -> None:
    svg = draw()
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{{{NAMESPACE}}}svg"
    assert root.find(f"{{{NAMESPACE}}}title").text
    assert root.find(f"{{{NAMESPACE}}}desc").text
    assert root.get("aria-label")
    assert not re.search(r"https?://", svg.replace(NAMESPACE, ""))
    assert all(address.startswith("data:") for address in re.findall(r'href="([^"]*)"', svg))
    assert svg == draw()


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_no_text_is_smaller_than_twelve(draw) -> None:
    assert min(float(size) for size in re.findall(r'font-size="([\d.]+)"', draw())) >= 12


@pytest.mark.parametrize(
    ("name", "unit"),
    [("sankey", "Wh"), ("lorenz", "[%]"), ("strips", "[%]"), ("bars", "[Wh]"), ("duration", "[Wh]"),
     ("coverage map", "[%]"), ("shortage map", "Wh")],
)  # fmt: skip
def test_axes_name_their_units(name, unit) -> None:
    assert unit in "".join(ElementTree.fromstring(DRAWINGS[name]()).itertext())


def test_a_large_network_is_gathered_and_loses_nothing() -> None:
    flows = SMALL.table("flows")
    links = links_of(flows, {})
    network = gathered(links, {}, SMALL.agents, 5, 6)
    assert len(network.columns[0]) == 6
    assert "7 other suppliers" in network.labels.values()
    assert sum(network.links.values()) == sum(row["wh"] for row in flows)


def test_shortfall_is_not_drawn_twice_where_flows_hold_it() -> None:
    flows = [*FLOWS, {"source": "grid", "target": "member:m", "wh": 40}]
    assert links_of(flows, {"member:m": 40})[BOUGHT, "member:m"] == 40


def test_a_member_that_only_buys_is_drawn() -> None:
    svg = plots.sankey([], labels={}, agents=["a"], unserved={"member:m": 1000})
    assert "Bought from the grid" in svg


def test_picture_holds_its_pixels() -> None:
    picture = raster.png([b"\0\1", b"\1\0"], [(0, 0, 0), (255, 255, 255)])
    data = picture[picture.index(b"IDAT") + 4 :]
    assert zlib.decompressobj().decompress(data) == b"\0\0\1\0\1\0"
    assert b64decode(raster.data_uri(picture).partition(",")[2]) == picture


def test_cells_without_value_say_so() -> None:
    legend = Legend("Coverage [%]", 0, 1, quantities.percent, "nothing claimed")
    side = Side("Day", [(0.5, "1 Jun")])

    def draw(cell):
        return plots.heatmap(
            [[0.2, cell]], title="t", description="d", across=side, down=side,
            ramp=colours.COVERAGE, legend=legend, height=20,
        )  # fmt: skip

    assert "nothing claimed" in draw(None)
    assert "nothing claimed" not in draw(0.4)


def test_many_members_share_rows_of_the_map() -> None:
    many = findings.Findings(sample_report.report(members=400, suppliers=2, agents=2, rules=1, days=2))
    assert "mean of up to 2 members" in calendar_maps.coverage_map(many).caption


def test_a_long_day_and_a_year_of_days_fit() -> None:
    rows = [
        {"day": f"2016-{m:02d}-{d:02d}", "slot": 99, "shortage_wh": 5}
        for m in range(1, 13)
        for d in range(1, 29)
    ]
    svg = calendar_maps.shortage_map(findings.Findings({"tables": {"shortage_by_slot": rows}})).svg
    assert float(ElementTree.fromstring(svg).get("height")) < 800


def test_close_curves_are_magnified_and_equal_ones_are_not() -> None:
    assert "Magnified" in plots.lorenz(CURVES)
    assert "Magnified" not in plots.lorenz([CURVES[0], {**CURVES[0], "rule": "ce"}])
    assert widest(curves_of(CURVES))[0] == pytest.approx(0.5)


def test_captions_are_computed() -> None:
    told = strips.strips_caption({"talmud": [0.41, 0.9], "cea": [0.63, 0.7], "cel": [0.1, 1.0]}, "talmud")
    assert told.replace(THIN, " ").startswith(
        "cea lifts the worst-served member from 41 % (under talmud) to 63 %; cel leaves it at 10 %."
    )
    assert "45 %" in lorenz_caption(CURVES, "cel").replace(THIN, " ")
    assert "The case’s rule, cel, stands 2nd of 2." in lorenz_caption(CURVES, "cel")
    assert "2 of 4 intervals" in duration_caption([900, 300, 0, 0], 4, 2, 15)


def test_duration_accepts_both_forms_and_thins_long_ones() -> None:
    assert points_of([1, 3]) == [(0.25, 3.0), (0.75, 1.0)]
    assert points_of([{"rank": 0.5, "shortage_wh": 1}, {"rank": 0.0, "shortage_wh": 7}]) == [
        (0.0, 7.0),
        (0.5, 1.0),
    ]
    assert len(points_of(list(range(35_000)))) <= 501
    assert points_of([]) == []


def test_bars_never_outgrow_their_claim() -> None:
    svg = plots.award_bars({"cea": {"m": 9}}, claims={"m": 9})
    widths = {float(rect.get("width")) for rect in ElementTree.fromstring(svg).iter(f"{{{NAMESPACE}}}rect")}
    assert len(widths) == 1
    assert bars.MOST_MEMBERS == 12


def test_quantiles_stand_for_many_members() -> None:
    assert len(strips.dots([k / 1000 for k in range(1000)])) == 100
    assert strips.dots([0.1, 0.2]) == [0.1, 0.2]


def test_a_rule_keeps_its_colour() -> None:
    assert colours.rule_ink("tal:theta=0.25") == colours.rule_ink("tal:theta=0.75")
    assert colours.rule_ink("nash:share=0.5") == colours.rule_ink("nash")
    assert len({(ink.colour, ink.dash) for ink in colours.RULES.values()}) == len(colours.RULES)


@pytest.mark.parametrize("ramp", [colours.COVERAGE, colours.SHORTAGE])
def test_ramps_read_in_grey(ramp) -> None:
    light = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in ramp.palette(64)]
    assert light in (sorted(light), sorted(light, reverse=True))


def test_units_fit_the_figures() -> None:
    told = [quantities.energy(wh).replace(THIN, " ") for wh in (0, 740, 4_200, 9_999_000, 41_230_000, 12e9)]
    assert told == ["0 kWh", "740 Wh", "4.20 kWh", "9 999 kWh", "41.2 MWh", "12.0 GWh"]
    assert quantities.money(-1_500_000, "EUR").replace(THIN, " ") == "−1.50 EUR"
    assert quantities.grouped(-0.001, 1) == "0.0"


def test_almost_all_is_not_all() -> None:
    assert quantities.percent(0.9999).startswith("99.9")
    assert quantities.percent(0.0001).startswith("0.1")
    assert quantities.percent(1.0).startswith("100")


def test_ticks_are_round_and_within() -> None:
    assert round_ticks(0, 0.37, 4) == [0.0, 0.1, 0.2, 0.3]
    assert round_ticks(3, 3) == [3]
    words = [words for _, words in energy_ticks(2_600, quantities.unit_for([2_600]))]
    assert words == ["0", "1", "2"]
    assert Scale(5, 5, 10, 90)(5) == 10


def test_words_are_shortened_to_their_room() -> None:
    assert text_width(shortened(AWKWARD, 100)) <= 100
    assert shortened("Ada", 100) == "Ada"


def test_forbidden_characters_are_replaced() -> None:
    assert escape('a\x00<"') == "a\ufffd&lt;&quot;"


def test_paths_do_not_drift() -> None:
    points = [(k * 0.333, 0.0) for k in range(100)]
    steps = [float(step.split(" ")[0]) for step in polyline(points)[1:].split("l")]
    assert sum(steps) == pytest.approx(points[-1][0], abs=0.06)


def test_quarters_keep_every_watt_hour_and_say_who_gains():
    claims = {f"m{k}": 100 * (k + 1) for k in range(40)}
    awards = {"pro": {m: wh // 2 for m, wh in claims.items()}, "cea": dict.fromkeys(claims, 1025)}
    parts = quarters_of(awards, claims)
    assert {rule: sum(p) for rule, p in parts.items()} == {
        rule: sum(g.values()) for rule, g in awards.items()
    }
    drawn = award_quarters(awards, claims=claims, chosen="pro")
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert "Award [kWh]" in drawn
    caption = quarters_caption(awards, claims, "pro")
    assert "under cea" in caption.replace("\u202f", " ")
    assert "No rule awarded anything" in award_quarters({}, claims={})
    assert "No rule awarded anything" in award_quarters({"pro": {}}, claims=claims)
