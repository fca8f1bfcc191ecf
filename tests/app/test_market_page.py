"""The market's page asks for nothing, says what it shows, and stands whatever the report holds."""

from __future__ import annotations

import copy
import importlib.util
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evenwatt.app import faces, market_faces, pages
from evenwatt.app.market_findings import MarketFindings
from evenwatt.app.plots import (
    contract_bars,
    day_balance,
    effects,
    honesty,
    instrument_steps,
    language_health,
    measured,
    member_surplus,
    merit_order,
    money_flows,
    power_days,
    promise_grid,
    slot_prices,
    step_prices,
    storage_day,
    supply_demand,
    sweep_grid,
    time_axis,
    welfare_split,
)
from evenwatt.app.plots.drawing import NAMESPACE
from evenwatt.app.plots.quantities import THIN

_spec = importlib.util.spec_from_file_location(
    "sample_market_report", Path(__file__).with_name("sample_market_report.py")
)
assert _spec is not None
assert _spec.loader is not None
sample = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sample)

FULL = sample.report()
SMALL = sample.report(3, 2, 1)
SWEEP = sample.sweep()
HEAVY = ("steps", "slots", "storage", "mechanisms", "policies")
LIGHT = {**SMALL, "tables": {name: rows for name, rows in SMALL["tables"].items() if name not in HEAVY}}
EMPTY = {"study": "market", "summary": [], "measures": {}, "tables": {}, "notes": [], "provenance": {}}
HOSTILE = "<script>alert(\"x\")</script> & 'q' 🌞 " + "long" * 60
SECTIONS = [
    "prices", "clearing", "welfare", "surplus", "flows", "power", "instruments", "contracts", "storage", "energy",
    "mechanisms", "policies", "language", "agents", "notes",
]  # fmt: skip
NAMES = frozenset({
    "label", "producer", "source", "seller", "buyer", "agent", "party", "persona", "title", "note", "reason",
    "misreport_who", "status", "kind", "field", "example_asked", "example_used", "policy", "instrument", "mechanism",
})  # fmt: skip


def changed(report, **tables):
    """The report with some tables replaced."""
    made = copy.deepcopy(report)
    made["tables"] |= tables
    return made


def hostile():
    """A report in which every word is markup."""
    made = copy.deepcopy(SMALL)
    made["measures"] |= dict.fromkeys(
        ("case", "timezone", "local_mechanism", "wholesale_mechanism", "ration", "currency"), HOSTILE
    )
    made["summary"] = made["notes"] = [HOSTILE]
    made["provenance"]["config"][HOSTILE] = HOSTILE
    for rows in made["tables"].values():
        for row in rows:
            row |= {key: HOSTILE for key in row if key in NAMES}
    return made


def nulled():
    """A report in which every figure that may be undefined is null."""
    made = copy.deepcopy(SMALL)
    made["measures"] |= {key: None for key, v in made["measures"].items() if isinstance(v, float)}
    for rows in made["tables"].values():
        for row in rows:
            row |= {key: None for key, v in row.items() if isinstance(v, float)}
    return made


def zeroed():
    """A report of a market in which nothing happened: every figure is zero."""
    made = copy.deepcopy(SMALL)
    for holder in [made["measures"], *(row for rows in made["tables"].values() for row in rows)]:
        holder |= {
            key: v * 0
            for key, v in holder.items()
            if isinstance(v, int | float)
            and not isinstance(v, bool)
            and key not in ("slot", "seed", "steps_a_day")
        }
    return made


def negative():
    """A report in which every price and every amount of money is below zero."""
    made = copy.deepcopy(SMALL)
    for rows in made["tables"].values():
        for row in rows:
            ends = (
                "_per_mwh",
                "_micro",
                "micro",
                "low",
                "quarter",
                "median",
                "three_quarters",
                "high",
                "mean",
            )
            row |= {k: -abs(v) for k, v in row.items() if k.endswith(ends) and isinstance(v, int | float)}
    return made


REPORTS = {
    "full": FULL,
    "small": SMALL,
    "empty": EMPTY,
    "only a summary": {"study": "market", "summary": ["Nothing."]},
    "tables without rows": {**EMPTY, "tables": {name: [] for name in FULL["tables"]}},
    "nobody": sample.report(0, 0, 1),
    "one consumer": sample.report(1, 0, 1),
    "one prosumer": sample.report(0, 1, 1),
    "no control, no language": sample.report(3, 2, 1, language=False, control=False),
    "hostile": hostile(),
    "undefined": nulled(),
    "all zero": zeroed(),
    "below zero": negative(),
}
PAGES = {name: pages.market(report) for name, report in REPORTS.items()}


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


def figures(page):
    """Each figure's drawing, parsed, with its caption."""
    for figure in re.findall(r"<figure>(.*?)</figure>", page, flags=re.DOTALL):
        drawing = re.search(r"<svg.*</svg>", figure, flags=re.DOTALL)[0]
        yield (
            ElementTree.fromstring(drawing),
            re.search(r"<figcaption>(.*?)</figcaption>", figure, flags=re.DOTALL)[1],
        )


@pytest.mark.parametrize("name", REPORTS)
def test_page_stands_and_asks_for_nothing(name) -> None:
    page = PAGES[name]
    parsed = outline(page)
    assert all(address.startswith(("#", "data:")) for address in parsed.addresses)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {address[1:] for address in parsed.addresses if address.startswith("#")} <= set(parsed.ids)
    assert not re.search(r"https?://|@import|url\(", page.replace("http://www.w3.org/2000/svg", ""))
    assert "<script>alert" not in page
    assert re.findall(r'<section id="(\w+)">', page) == SECTIONS


@pytest.mark.parametrize("name", REPORTS)
def test_every_figure_has_title_description_and_caption(name) -> None:
    held = list(figures(PAGES[name]))
    assert len(held) == outline(PAGES[name]).figures
    for svg, caption in held:
        assert len(caption) > 20
        assert svg.find(f"{{{NAMESPACE}}}title").text
        assert svg.find(f"{{{NAMESPACE}}}desc").text
        assert min([float(e.get("font-size")) for e in svg.iter() if e.get("font-size")]) >= 12


@pytest.mark.parametrize("name", REPORTS)
def test_no_figure_is_broken(name) -> None:
    words = told(PAGES[name])
    assert not re.search(r"\bnan\b|\binf\b|\bNone\b(?! was broken)", words.replace("None:", ""))
    assert not re.search(r'="-?(nan|inf)|[MLHVlhv ]-?(nan|inf)\b', PAGES[name])


@pytest.mark.parametrize("name", ["full", "small", "all zero", "below zero", "undefined"])
def test_words_stay_within_their_drawing(name) -> None:
    count = 0
    for svg, _ in figures(PAGES[name]):
        width, height = (float(part) for part in svg.get("viewBox").split()[2:])
        for element in svg.iter(f"{{{NAMESPACE}}}text"):
            x, y = float(element.get("x")), float(element.get("y"))
            assert -1 <= x <= width
            assert 0 <= y <= height
            count += 1
    assert count > 30


@pytest.mark.parametrize("table", list(FULL["tables"]))
def test_absent_table_leaves_a_sentence(table) -> None:
    report = {**FULL, "tables": {k: v for k, v in FULL["tables"].items() if k != table}}
    page = pages.market(report)
    if table != "language_clips":  # nothing to clip is nothing to say
        assert f"“{table}”" in page
    assert re.findall(r'<section id="(\w+)">', page) == SECTIONS
    outline(page)


@pytest.mark.parametrize("measure", list(FULL["measures"]))
def test_absent_or_null_measure_leaves_a_page(measure) -> None:
    without = {**LIGHT, "measures": {k: v for k, v in SMALL["measures"].items() if k != measure}}
    for report in (without, {**LIGHT, "measures": SMALL["measures"] | {measure: None}}):
        assert re.findall(r'<section id="(\w+)">', pages.market(report)) == SECTIONS


def test_page_is_the_same_every_time_and_leaves_the_report_as_it_was() -> None:
    before = copy.deepcopy(FULL)
    assert pages.market(FULL) == pages.market(before)
    assert before == FULL


def test_page_of_a_week_is_small() -> None:
    assert len(PAGES["full"].encode()) < 450_000


def test_a_year_is_gathered_before_it_is_drawn() -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    rows = [
        {
            "start": (start + timedelta(minutes=15 * k)).isoformat(),
            "local_per_mwh": 100.0 + k % 96,
            "load_wh": 5,
        }
        for k in range(35_040)
    ]
    drawn = step_prices.step_prices(rows, zone=None, currency="EUR")
    assert len(drawn) < 60_000
    gathered = step_prices.stretches(step_prices.timed(rows, None), "local_per_mwh")
    assert len(gathered) <= step_prices.MOST_POINTS
    assert min(s.low for s in gathered) == 100.0
    assert max(s.high for s in gathered) == 195.0


def test_front_tells_welfare_prices_and_who_gained() -> None:
    words = told(PAGES["full"])
    assert "96.2 %" in words
    assert "94.1 % without the regulator" in words
    assert "Gained most by the regulator" in words
    assert "60 consumers, 30 prosumers, 7 producers, 3 utilities" in words


def test_without_a_control_run_nothing_is_said_of_the_regulator() -> None:
    words = told(PAGES["no control, no language"])
    assert "no control run of the same seed" in words
    assert "without the regulator" not in words
    assert "Gained most by the regulator" not in words
    assert "What the regulator changed" not in words


def test_gini_is_not_given_where_it_is_not_defined() -> None:
    rows = [
        {**row, "surplus_micro": 10**6 * (k if k else -5)} for k, row in enumerate(SMALL["tables"]["agents"])
    ]
    losing = changed(SMALL, agents=rows)
    losing["measures"] |= {"gini_defined": False, "gini": 0.4}
    losing["measures"]["control"]["gini"] = 0.3
    words = told(pages.market(losing))
    assert "not defined" in words
    assert "Lorenz curve, Gini" not in words
    assert "0.400" not in words
    assert "1 household ended with a loss" in words


def test_lorenz_curve_ends_in_the_corner_and_tells_the_half() -> None:
    rows = [
        {"id": f"c{k}", "role": "consumer", "surplus_micro": m * 10**6}
        for k, m in enumerate((10, 20, 30, 40))
    ]
    words = member_surplus.surplus_told(rows, currency="EUR", gini=0.25, is_defined=True)
    assert "holds 30 % of it (Gini 0.250)" in words.replace(THIN, " ")
    drawn = member_surplus.member_surplus(rows, currency="EUR", gini=0.25, is_defined=True)
    assert "Lorenz curve, Gini 0.250" in drawn


def test_welfare_changes_are_told_for_both_sides() -> None:
    rows = [{"party": "consumers", "micro": 9_000_000, "control_micro": 7_000_000},
            {"party": "producers", "micro": 4_000_000, "control_micro": 5_000_000}]  # fmt: skip
    words = welfare_split.welfare_told(rows, currency="EUR").replace(THIN, " ")
    assert "sum changed by +1.00 EUR" in words
    assert "Better off: consumers (+2.00)" in words
    assert "Worse off: producers (−1.00)" in words


# Book C of Huang's and the call auction's examples: 450 Wh at 60, the tie at 60 shared in proportion.
BOOK_C = [
    {"market": "local", "side": "buy", "agent": "b1", "price_per_mwh": 70.0, "quantity_wh": 300, "filled_wh": 300},
    {"market": "local", "side": "buy", "agent": "b2", "price_per_mwh": 60.0, "quantity_wh": 200, "filled_wh": 100},
    {"market": "local", "side": "buy", "agent": "b3", "price_per_mwh": 60.0, "quantity_wh": 100, "filled_wh": 50},
    {"market": "local", "side": "buy", "agent": "b4", "price_per_mwh": 45.0, "quantity_wh": 400, "filled_wh": 0},
    {"market": "local", "side": "sell", "agent": "s1", "price_per_mwh": 20.0, "quantity_wh": 250, "filled_wh": 250},
    {"market": "local", "side": "sell", "agent": "s2", "price_per_mwh": 40.0, "quantity_wh": 200, "filled_wh": 200},
    {"market": "local", "side": "sell", "agent": "s3", "price_per_mwh": 80.0, "quantity_wh": 300, "filled_wh": 0},
]  # fmt: skip


def test_a_partly_filled_order_fixes_the_price() -> None:
    crossing = supply_demand.crossings(BOOK_C)["Local market"]
    assert (crossing.volume, crossing.low, crossing.high) == (450, 60.0, 60.0)
    assert sorted(order.agent for order in crossing.bids if order.is_cut) == ["b2", "b3"]
    words = supply_demand.curves_told(BOOK_C, prices={"local": 60.0}, currency="EUR").replace(THIN, " ")
    assert "450 Wh traded at 60.0 EUR per MWh; 2 orders filled in part" in words


def test_the_prices_nobody_regrets_lie_between_the_best_unserved_orders() -> None:
    bids, asks = (74, 66, 58, 49, 41), (33, 40, 52, 57, 63)
    rows = [
        {"market": "local", "side": side, "agent": f"{side}{k}", "price_per_mwh": float(p), "quantity_wh": 100,
         "filled_wh": 100 * (k < 3)}
        for side, prices in (("buy", bids), ("sell", asks)) for k, p in enumerate(prices)
    ]  # fmt: skip
    crossing = supply_demand.crossings(rows)["Local market"]
    assert (crossing.low, crossing.high) == (52.0, 57.0)
    words = supply_demand.curves_told(rows, prices={"local": 54.5}, currency="EUR").replace(THIN, " ")
    assert "nobody would regret any price from 52.0 to 57.0; no order was cut" in words


def test_local_grids_are_markets_of_their_own() -> None:
    rows = [{**row, "node": node} for node in (0, 1) for row in BOOK_C]
    assert list(supply_demand.crossings(rows)) == ["Local market, node 0", "Local market, node 1"]
    # The mean price of both is the price of neither: a cut order tells the price of its own market.
    told = supply_demand.curves_told(rows, prices={"local": 77.0}, currency="EUR")
    assert "77" not in told
    assert told.count("at 60.0") == 2


def test_demand_at_any_price_does_not_flatten_the_rest() -> None:
    rows = [*BOOK_C, {**BOOK_C[0], "price_per_mwh": 4_000.0, "agent": "b0"}]
    drawn = supply_demand.supply_demand(rows, prices={"local": 60.0}, currency="EUR", labels={})
    assert "limits beyond are cut off" in drawn
    assert "1\u202f000" not in drawn
    assert "cut off" not in supply_demand.supply_demand(BOOK_C, prices={}, currency="EUR", labels={})


def test_no_trade_is_said_and_not_drawn_as_one() -> None:
    order = {"market": "local", "quantity_wh": 100, "filled_wh": 0}
    rows = [
        {**order, "side": "buy", "agent": "b", "price_per_mwh": 30.0},
        {**order, "side": "sell", "agent": "s", "price_per_mwh": 45.0},
    ]
    assert "nothing was traded" in supply_demand.curves_told(rows, prices={}, currency="EUR")
    assert (
        "#1d9a6c"
        not in supply_demand.supply_demand(rows, prices={}, currency="EUR", labels={}).split("regrets")[1]
    )


def test_merit_order_names_the_dearest_station_called_upon() -> None:
    stations = (("wind", 0.0, 30, 30), ("hydro", 12.0, 40, 40), ("gas", 64.0, 50, 15), ("oil", 110.0, 20, 0))
    rows = [
        {
            "producer": n,
            "source": n,
            "renewable": n != "gas",
            "cost_per_mwh": c,
            "capacity_wh": q,
            "dispatched_wh": d,
        }
        for n, c, q, d in stations
    ]
    words = merit_order.merit_told(rows[::-1], currency="EUR").replace(THIN, " ")
    assert "gas at 64.0 EUR per MWh" in words
    assert "gave 85.0 Wh, 61 %" in words
    assert "82 % of it was renewable" in words


def test_money_flows_sum_to_nothing() -> None:
    held = money_flows.balances(FULL["tables"]["flows_money"])
    total = sum(row["micro"] for row in FULL["tables"]["flows_money"])
    assert sum(paid for paid, _ in held.values()) == sum(got for _, got in held.values()) == total
    assert "comes to 0.00 EUR" in told(PAGES["full"])


def test_a_negative_posting_is_drawn_the_other_way() -> None:
    rows = [{"reason": "balancing", "debit": "utilities", "credit": "outside grid", "micro": -7}]
    assert money_flows.postings(rows) == {("outside grid", "balancing", "utilities"): 7}


def test_what_accounts_began_with_is_no_payment() -> None:
    rows = [
        {"reason": "opening", "debit": "opening", "credit": "consumers", "micro": 10**9},
        {"reason": "retail", "debit": "consumers", "credit": "utilities", "micro": 5_000_000},
    ]
    assert money_flows.balances(rows) == {"utilities": (0, 5_000_000), "consumers": (5_000_000, 0)}
    assert "5.00 EUR changed hands" in money_flows.flows_told(rows, currency="EUR").replace(THIN, " ")


def test_money_that_passes_through_the_operator_is_counted_once() -> None:
    rows = [
        {"reason": "local trade", "debit": "consumers", "credit": "operator", "micro": 9_000_000},
        {"reason": "local trade", "debit": "operator", "credit": "prosumers", "micro": 7_000_000},
    ]
    assert money_flows.links_of(money_flows.postings(rows)) == {
        ("pays:consumers", "agent:local trade"): 9_000_000,
        ("agent:local trade", "gets:prosumers"): 7_000_000,
        ("agent:local trade", "gets:operator"): 2_000_000,
    }
    assert "9.00 EUR changed hands" in money_flows.flows_told(rows, currency="EUR").replace(THIN, " ")


def test_a_share_of_next_to_no_surplus_is_not_written_out() -> None:
    rows = [{**row, "misreport_gain_share": 367_332.0} for row in SMALL["tables"]["mechanisms"]]
    words = told(pages.market(changed(SMALL, mechanisms=rows)))
    assert "&gt; 1 000 %" in words
    assert "36 733" not in words


def test_the_fund_is_nobody_who_gains() -> None:
    rows = [
        {"party": "consumers", "micro": 5_000_000, "control_micro": 6_000_000},
        {"party": "fund", "micro": 1_000_000, "control_micro": 0},
    ]
    words = told(pages.market(changed(SMALL, welfare=rows)))
    assert re.search(r"Gained by the regulator’s acts\s+Nobody", words)


def test_a_contract_that_begins_after_the_run_is_left_to_the_table() -> None:
    rows = [{"start": f"2025-06-0{day}", "end": f"2025-06-0{day + 1}"} for day in (2, 3, 4)]
    steps = [{"start": f"2025-06-0{day}", "wholesale_per_mwh": 50.0} for day in (2, 3)]
    spot = contract_bars.spot_means(step_prices.timed(steps, None))
    assert len(contract_bars.contracts_of(rows, spot, None)) == 2
    assert len(contract_bars.contracts_of(rows, [], None)) == 3


def test_market_power_counts_days_beyond_thresholds() -> None:
    rows = [{"day": "2025-06-02", "hhi": 0.30, "lerner": None, "rsi_least": 0.833},
            {"day": "2025-06-03", "hhi": 0.25, "lerner": 0.0459, "rsi_least": 1.333}]  # fmt: skip
    words = power_days.power_told(rows)
    assert "Concentration alarms on 1 of 2 days" in words
    assert "the margin over cost alarms on no day" in words
    assert "residual supply alarms on 1 of 2 days" in words


def test_instruments_keep_their_units_and_local_time() -> None:
    rows = [
        {
            "start": "2025-06-02T22:00:00Z",
            "instrument": "carbon_per_t",
            "before": 20.0,
            "after": 22.0,
            "reason": "why",
        }
    ]
    zone = time_axis.zone_of("Europe/Berlin")
    drawn = instrument_steps.instrument_steps(
        rows, ends=("2025-06-01", "2025-06-07"), zone=zone, currency="EUR"
    )
    assert "Tue 3 Jun, 0:00: 20.0\u202fEUR per t to 22.0\u202fEUR per t; why" in drawn
    assert instrument_steps.figure("quota", 0.32, "EUR") == "32.0\u202f%"


def test_contracts_are_set_against_the_market_of_their_time() -> None:
    row = {
        "id": 1,
        "kind": "forward",
        "seller": "g",
        "buyer": "u",
        "start": "2025-06-02",
        "end": "2025-06-03",
    }
    row |= {"price_per_mwh": 60.0, "contracted_wh": 500, "delivered_wh": 420, "status": "defaulted"}
    rows, days = [row], ((2, 95.0), (3, 5.0))
    steps = [{"start": f"2025-06-0{day}", "wholesale_per_mwh": p, "outside_per_mwh": 1.0} for day, p in days]
    held = contract_bars.contracts_of(rows, contract_bars.spot_means(step_prices.timed(steps, None)), None)
    assert held[0].spot == 95.0
    words = contract_bars.contracts_told(held, currency="EUR").replace(THIN, " ")
    assert "84 % of it delivered" in words
    assert "60.0 EUR per MWh by contract against 95.0 EUR per MWh at the market. 1 contract broken" in words


def test_days_of_energy_add_up_to_the_measures() -> None:
    found = MarketFindings(FULL)
    days = day_balance.by_day(found.table("steps"), found.day_of, (*day_balance.TRADED, *day_balance.LOST))
    assert len(days) == 7
    for key in ("local_wh", "import_wh", "unserved_wh", "curtailed_wh"):
        assert sum(held[key] for held in days.values()) == FULL["measures"][key]


def test_days_are_those_of_the_case() -> None:
    found = MarketFindings({**EMPTY, "measures": {"timezone": "Europe/Berlin"}})
    assert found.day_of({"start": "2025-06-02T22:15:00Z"}) == "2025-06-03"
    assert MarketFindings(EMPTY).day_of({"start": "2025-06-02T22:15:00"}) == "2025-06-02"


def test_storage_tells_when_batteries_work() -> None:
    rows = [{"slot": 0, "stored_share": 0.1, "charged_wh": 0, "discharged_wh": 0},
            {"slot": 48, "stored_share": 0.9, "charged_wh": 500, "discharged_wh": 0},
            {"slot": 76, "stored_share": 0.3, "charged_wh": 0, "discharged_wh": 400}]  # fmt: skip
    assert storage_day.storage_told(rows, minutes=15).replace(THIN, " ") == (
        "Most is charged at 12:00; most is discharged at 19:00; batteries are fullest at 12:00, 90 %."
    )


def test_slots_say_when_a_market_is_dearest() -> None:
    words = slot_prices.slots_told(FULL["tables"]["slots"], minutes=15, currency="EUR")
    assert re.search(r"Local market: dearest at \d+:\d\d", words)
    assert slot_prices.slots_told([], minutes=15, currency="EUR") == slot_prices.NOTHING


def test_honesty_is_never_read_off_a_promise_alone() -> None:
    rows = [{"mechanism": "m", "title": "Broken", "welfare_share": 0.9, "misreport_gain_per_mwh": 3.0,
             "promises": ["truthful-price"]}]  # fmt: skip
    words = honesty.honesty_told(rows, currency="EUR").replace(THIN, " ")
    assert "lying pays most under Broken, 3.00 EUR per MWh".lower() in words.lower()
    assert "no misreport" not in words.lower()


def test_a_deficit_is_named_where_honesty_costs_one() -> None:
    assert "somebody must pay its deficit" in told(PAGES["full"])


def test_promises_are_ticks_where_they_are_made() -> None:
    rows = [
        {"mechanism": "a", "promises": ["rational"]},
        {"mechanism": "b", "promises": ["rational", "efficient"]},
    ]
    assert promise_grid.promised(rows) == ["rational", "efficient"]
    assert "B promises all of it" in promise_grid.promises_told(rows)
    assert promise_grid.promise_grid(rows, chosen="a").count(": promised") == 3


def test_left_out_mechanisms_give_their_reason() -> None:
    words = told(PAGES["full"])
    assert "needs lines between the zones" in words
    assert "Mechanisms that were left out" not in told(PAGES["empty"])


def test_differences_within_chance_are_not_called_differences() -> None:
    rows = [
        {
            "measure": "gini",
            "policy": "a",
            "against": "b",
            "difference": -0.01,
            "low": -0.02,
            "high": 0.01,
            "seeds": 20,
        }
    ]
    words = effects.effects_told(
        rows, "gini", name=lambda row: row["policy"], currency="EUR", keys=effects.SWEEP_KEYS
    )
    assert "No difference is more than chance could make" in words
    assert not effects.is_sure(rows[0], effects.SWEEP_KEYS)


def test_a_small_difference_is_not_written_as_none() -> None:
    rows = [
        {
            "measure": "welfare_share",
            "policy": p,
            "against": "c",
            "difference": d,
            "low": d - 1e-4,
            "high": d + 1e-4,
        }
        for p, d in (("a", 0.02), ("b", 0.0005))
    ]
    drawn = effects.effects(
        rows, "welfare_share", name=lambda row: row["policy"], currency="EUR", keys=effects.SWEEP_KEYS
    )
    assert ">+0.05<" in drawn


def test_few_seeds_are_warned_of() -> None:
    few = {**SWEEP, "measures": SWEEP["measures"] | {"seeds": 3}}
    assert "3 seeds are few" in told(pages.sweep(few))
    assert "are few" not in told(pages.sweep({**SWEEP, "measures": SWEEP["measures"] | {"seeds": 20}}))


def test_less_unserved_is_better_and_more_welfare_is() -> None:
    assert measured.measure("welfare_share").more_is_good is True
    assert measured.measure("unserved_wh").more_is_good is False
    assert measured.measure("local_mean_per_mwh").more_is_good is None
    assert measured.written("welfare_share", [0.5], "").full(0.021, signed=True) == "+2.1\u202fpoints"


def test_language_health_counts_situations_once() -> None:
    row = {
        "role": "consumer",
        "persona": "eco",
        "calls": 120,
        "replayed": 0,
        "valid": 90,
        "reasked": 20,
        "fallbacks": 10,
    }
    assert language_health.situations(row) == (90, 10, 20)
    words = language_health.language_told([row]).replace(THIN, " ")
    assert "100 situations were put to a model in 120 calls" in words
    assert "20 % were asked about twice, 10 % were left to the scripted rule" in words


def test_language_section_warns_of_personas_without_control() -> None:
    assert "needs a control: the same seeds with and without it" in told(PAGES["full"])
    assert "No language model decided anything" in told(PAGES["no control, no language"])


def test_time_axis_names_days_within_the_frame_only() -> None:
    start = time_axis.seconds(datetime(2025, 6, 2))
    marks = time_axis.day_marks(start, start + 7 * 86_400, 890)
    assert [name for _, name in marks][:2] == ["Mon 2 Jun", "Tue 3 Jun"]
    drawn = time_axis.time_axis(
        lambda at: 54 + (at - start) / (7 * 86_400) * 890, marks, left=54, right=944, top=0, bottom=100
    )
    assert "Sun 8 Jun" in drawn
    assert "Mon 9 Jun" not in drawn


@pytest.mark.parametrize(
    "report", [SWEEP, EMPTY, {**EMPTY, "tables": {"cells": [], "paired": [], "sweep": []}}]
)
def test_sweep_page_stands(report) -> None:
    page = pages.sweep(report)
    parsed = outline(page)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert re.findall(r'<section id="(\w+)">', page) == ["cells", "differences", "runs", "notes"]
    assert not re.search(r"\bnan\b|\bNone\b", told(page))


def test_sweep_names_the_best_cell_and_what_is_more_than_chance() -> None:
    words = told(pages.sweep(SWEEP))
    assert "highest" in words
    assert "differences are more than chance" in words
    cells = [
        {"mechanism": "m", "policy": p, "measure": "gini", "mean": v} for p, v in (("a", 0.2), ("b", 0.1))
    ]
    assert (
        "highest 0.200 under m with a policies, lowest 0.100 under m with b policies"
        in sweep_grid.grid_told(cells, "gini", titles={}, currency="EUR")
    )


def test_sweep_of_one_seed_has_no_intervals() -> None:
    rows = [
        {
            "mechanism": "m",
            "policy": "p",
            "measure": "hhi",
            "mean": 0.3,
            "low": None,
            "high": None,
            "seeds": 1,
        }
    ]
    drawn = sweep_grid.sweep_grid(rows, "hhi", titles={}, currency="EUR")
    assert "0.300" in drawn
    assert "±" not in re.sub(r"<desc>.*?</desc>", "", drawn)


@pytest.mark.parametrize("name", ["full", "nobody", "undefined", "all zero", "tables without rows"])
def test_terminal_tells_every_report(name, capsys) -> None:
    report = REPORTS[name]
    faces.tell_run({**report, "study": "market"})
    market_faces.changes(report)
    assert "nan" not in capsys.readouterr().out


def test_terminal_marks_the_case_and_names_what_lying_gains(capsys) -> None:
    market_faces.run(FULL)
    out = capsys.readouterr().out
    assert re.search(r"\* uniform-price .* 2\.50 ", out)
    assert "left out: zonal: needs lines between the zones" in out
