"""A made-up but consistent report of a market, of any size, from a seed; and one of a sweep."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

ZONE = ZoneInfo("Europe/Berlin")
SLOTS = 96
# Label, source, whether renewable, cost [per MWh], emissions [t/MWh], capacity as a share of the peak.
PRODUCERS = (
    ("Windpark Nord", "wind", True, 2.0, 0.0, 0.35),
    ("Solarfeld Süd", "solar", True, 0.0, 0.0, 0.30),
    ("Laufwasser", "hydro", True, 6.0, 0.0, 0.15),
    ("Kernkraft West", "nuclear", False, 14.0, 0.0, 0.20),
    ("Kohle Ost", "coal", False, 38.0, 0.92, 0.25),
    ("Gaskraft Mitte", "gas", False, 62.0, 0.40, 0.30),
    ("Ölreserve", "oil", False, 118.0, 0.74, 0.20),
)
UTILITIES = ("Stadtwerke Grün", "Regionalstrom", "Profitstrom")
PERSONAS = ("balanced", "eco", "greedy", "profit-driven", "depressed")
# Title, welfare share, volume share, gain from misreporting [per MWh], operator [of the welfare], promises.
MECHANISMS: dict[str, tuple[str, float, float, float, float, tuple[str, ...]]] = {
    "uniform-price": ("Uniform price (k-double auction)", 1.0, 1.0, 2.5, 0.0,
                      ("single-price", "budget-balanced", "no-deficit", "rational", "efficient", "no-better-unserved")),
    "pay-as-bid": ("Pay as bid", 1.0, 1.0, 9.8, 0.31, ("no-deficit", "rational", "efficient", "no-better-unserved")),
    "mcafee": ("McAfee", 0.962, 0.91, 0.0, 0.02, ("no-deficit", "rational", "truthful-price")),
    "trade-reduction": ("Trade reduction", 0.931, 0.84, 0.0, 0.05, ("no-deficit", "rational", "truthful-price")),
    "vcg": ("Vickrey–Clarke–Groves", 1.0, 1.0, 0.0, -0.12, ("rational", "efficient", "truthful-price")),
    "huang": ("Huang et al.", 0.955, 0.9, 0.0, 0.03, ("no-deficit", "rational", "truthful-price")),
    "muda": ("MUDA, lottery", 0.88, 0.8, 0.0, 0.0, ("budget-balanced", "no-deficit", "rational", "truthful-price")),
    "sbba": ("Single price, strong budget balance", 0.968, 0.93, 0.0, 0.0,
             ("single-price", "budget-balanced", "no-deficit", "rational", "truthful-price")),
    "order-book": ("Continuous order book", 0.957, 1.06, 6.1, 0.0, ("budget-balanced", "no-deficit", "rational")),
    "bilateral": ("Bilateral by preference", 0.9, 0.86, 5.2, 0.0, ("budget-balanced", "no-deficit", "rational")),
}  # fmt: skip

CONTROL = "uniform-price, scripted"

Array = npt.NDArray[np.float64]
Row = dict[str, Any]


def report(
    consumers: int = 60, prosumers: int = 30, days: int = 7, *, language: bool = True, control: bool = True
) -> Row:
    """What ``Report.to_dict()`` would give for a week of quarter-hours in June."""
    rng = np.random.default_rng(7)
    first = datetime(2025, 6, 2, tzinfo=ZONE)
    steps = _steps(rng, consumers, prosumers, days, first)
    agents = _agents(rng, consumers, prosumers, steps)
    measures = _measures(steps, agents, consumers, prosumers, days, first)
    welfare = _welfare(agents, measures)
    measures["control"] = _control(measures) if control else None
    if not control:
        for row in welfare:
            row["control_micro"] = None
    curve = _curve(rng, measures, consumers, prosumers)
    measures["curve_price_per_mwh"] = {market: _crossing(curve, market) for market in ("local", "wholesale")}
    tables: dict[str, list[Row]] = {
        "steps": steps,
        "slots": _slots(steps),
        "curve": curve,
        "merit_order": _merit_order(steps),
        "agents": agents,
        "welfare": welfare,
        "concentration": _concentration(rng, steps, days),
        "contracts": _contracts(rng, steps, days),
        "storage": _storage(steps),
        "instruments": _instruments(first, days),
        "flows_money": _flows(agents, steps),
        "mechanisms": _mechanisms(measures),
        "policies": _policies(),
        "language": _language() if language else [],
        "language_clips": _clips() if language else [],
    }
    return {
        "schema": 1,
        "study": "market",
        "summary": _summary(measures),
        "notes": [
            "Ties at the margin are shared by equal awards.",
            "Value of lost load is 1 000 EUR/MWh (assumed).",
        ],
        "provenance": {"versions": {"evenwatt": "0.1.0"}, "seed": 7, "run_id": "2025-06-02-9a1f",
                       "config": {"study": "market", "rule": {"local": "uniform-price"}}},
        "measures": measures,
        "tables": tables,
    }  # fmt: skip


def _steps(rng: np.random.Generator, consumers: int, prosumers: int, days: int, first: datetime) -> list[Row]:
    """One row a quarter-hour; energies balance in each."""
    rows, stored = [], 0
    hour = np.arange(SLOTS) / 4
    shape = 0.35 + 0.45 * np.exp(-(((hour - 7.5) / 1.8) ** 2)) + 1.1 * np.exp(-(((hour - 19.5) / 2.6) ** 2))
    sun = np.clip(np.sin((hour - 5) / 16 * np.pi), 0, None) ** 1.6
    for k in range(days * SLOTS):
        day, slot = divmod(k, SLOTS)
        cloud = (0.9, 0.75, 0.3, 0.5, 0.95, 0.85, 0.6)[day % 7]
        load = round((consumers + prosumers) * 140 * shape[slot] * rng.uniform(0.92, 1.08))
        solar = round(prosumers * 1100 * cloud * sun[slot] * rng.uniform(0.9, 1.05))
        charged = min(round(0.35 * max(solar - load * 0.4, 0)), 40_000 * prosumers // 8 - stored)
        charged = max(charged, 0)
        discharged = min(stored // 12 if slot > 68 else 0, stored)
        stored += round(charged * 0.95) - discharged
        surplus = max(round(solar * 0.8) - charged, 0)
        need = max(load - round(solar * 0.2) - round(discharged * 0.95), 0)
        local = min(surplus, need)
        rest = need - local
        outside = 48 + 50 * shape[slot] - 45 * cloud * sun[slot] + rng.normal(0, 4)
        outside = outside if not (day == 4 and 48 <= slot < 60) else -12.0 - rng.uniform(0, 8)
        wholesale = float(max(outside * 0.9 + 10 * shape[slot] + rng.normal(0, 2), -20))
        unserved = round(rest * 0.05) if day == 2 and 76 <= slot < 84 else 0
        contracted = round((rest - unserved) * 0.45)
        imported = round((rest - unserved) * 0.12)
        produced = rest - unserved - imported
        price = 60 + 130 * (0.95 - 0.7 * surplus / (surplus + need)) if local else None
        retail = 182.0 + 4 * day
        curtailed = round(max(surplus - need, 0) * 0.3) if cloud > 0.9 else 0
        rows.append({
            "start": (first + timedelta(minutes=15 * k)).isoformat(),
            "local_per_mwh": price, "local_low_per_mwh": None if price is None else price - rng.uniform(2, 14),
            "local_high_per_mwh": None if price is None else price + rng.uniform(2, 14),
            "wholesale_per_mwh": wholesale if produced else None, "outside_per_mwh": outside,
            "retail_per_mwh": retail, "load_wh": load, "pv_wh": solar, "produced_wh": produced, "local_wh": local,
            "wholesale_wh": produced - contracted, "contracted_wh": contracted, "import_wh": imported,
            "export_wh": max(surplus - need, 0) - curtailed, "balancing_wh": round(rng.normal(0, 60)),
            "unserved_wh": unserved, "forgone_wh": round(load * 0.01) if outside > 110 else 0,
            "curtailed_wh": curtailed, "charged_wh": charged, "discharged_wh": discharged,
            "lost_wh": round(charged * 0.05) + round(local * 0.01), "stored_wh": stored,
            "emissions_t": produced * 1e-6 * max(0.0, 0.9 - sun[slot]) * 0.35,
            "welfare_micro": round(local * 110 + produced * 180 - unserved * 900),
            "carbon_per_t": 25.0 * 1.1 ** min(day, 4), "cap_per_mwh": 400.0 if day < 3 else 360.0,
        })  # fmt: skip
    return rows


def _agents(rng: np.random.Generator, consumers: int, prosumers: int, steps: list[Row]) -> list[Row]:
    """Everybody, households first; a few prosumers and utilities end below nothing."""
    load, solar = sum(r["load_wh"] for r in steps), sum(r["pv_wh"] for r in steps)
    size = rng.dirichlet(np.full(max(consumers + prosumers, 1), 6.0))
    rows = []
    for k in range(consumers + prosumers):
        is_prosumer = k >= consumers
        role = "prosumer" if is_prosumer else "consumer"
        own = round(load * size[k])
        made = round(solar / max(prosumers, 1)) if is_prosumer else 0
        surplus = round(own * 120 * rng.normal(0.8, 0.25) + made * rng.normal(20, 55))
        start = (2_000 if is_prosumer else 1_000) * 1_000_000
        paid = round(own * 150) - round(made * 70)
        rows.append({
            "id": f"{'p' if is_prosumer else 'c'}{k + 1:03d}", "label": f"{role.title()} {k + 1}",
            "role": role, "persona": PERSONAS[k % 5], "node": k % 2,
            "cash_start_micro": start, "cash_end_micro": start - paid, "profit_micro": -paid,
            "surplus_micro": surplus, "load_wh": own, "pv_wh": made, "bought_local_wh": round(own * 0.35),
            "sold_local_wh": round(made * 0.5), "bought_utility_wh": round(own * 0.6), "fed_in_wh": round(made * 0.2),
            "unserved_wh": round(own * 0.002), "generated_wh": None, "sold_wh": None, "bought_wh": None,
            "stored_wh": round(made * 0.05), "written_off_micro": 0, "upgrades": int(is_prosumer and k % 11 == 0),
        })  # fmt: skip
    produced = sum(r["produced_wh"] for r in steps)
    firms = [("producer", PRODUCERS[j][0], round(produced * share)) for j, share in
             enumerate((0.31, 0.22, 0.16, 0.17, 0.08, 0.05, 0.01))]  # fmt: skip
    firms += [("utility", name, round(produced / 3)) for name in UTILITIES]
    for k, (role, label, wh) in enumerate(firms):
        is_producer = role == "producer"
        profit = round(wh * (34 - 9 * (k % 4))) if is_producer else round(wh * (18, 4, -6)[k % 3])
        start = (10_000 if is_producer else 50_000) * 1_000_000
        rows.append({
            "id": f"{role[0]}{k + 1}", "label": label, "role": role, "persona": PERSONAS[k % 5], "node": None,
            "cash_start_micro": start, "cash_end_micro": start + profit, "profit_micro": profit,
            "surplus_micro": profit, "load_wh": None, "pv_wh": None, "bought_local_wh": None, "sold_local_wh": None,
            "bought_utility_wh": None, "fed_in_wh": None, "unserved_wh": None,
            "generated_wh": wh if is_producer else None, "sold_wh": wh, "bought_wh": None if is_producer else wh,
            "stored_wh": 0, "written_off_micro": 250_000 if k == 9 else 0, "upgrades": 0,
        })  # fmt: skip
    return rows


def _total(steps: list[Row], key: str) -> int:
    return sum(row[key] or 0 for row in steps)


def _mean(steps: list[Row], price: str, energy: str) -> float | None:
    held = [(row[price], row[energy]) for row in steps if row[price] is not None and row[energy]]
    return float(sum(p * e for p, e in held) / sum(e for _, e in held)) if held else None


def _measures(
    steps: list[Row], agents: list[Row], consumers: int, prosumers: int, days: int, first: datetime
) -> Row:
    sums = {key: _total(steps, key) for key in (
        "load_wh", "pv_wh", "local_wh", "wholesale_wh", "contracted_wh", "import_wh", "export_wh", "unserved_wh",
        "forgone_wh", "curtailed_wh", "lost_wh")}  # fmt: skip
    households = [r["surplus_micro"] for r in agents if r["role"] in ("consumer", "prosumer")]
    welfare = _total(steps, "welfare_micro")
    mean = sum(households) / len(households) if households else 0
    pairs = sum(abs(a - b) for a in households for b in households)
    at = min(len(steps) - 1, 2 * SLOTS + 50) if steps else 0
    shown = steps[at] if steps else {}
    return {
        "case": "Two streets and seven power stations", "study": "market", "currency": "EUR",
        "timezone": "Europe/Berlin", "scenario": 1, "local_mechanism": "uniform-price",
        "wholesale_mechanism": "uniform-price", "ration": "equal awards", "split": 0.5, "seed": 7,
        "steps": len(steps), "steps_a_day": SLOTS, "first": first.date().isoformat(),
        "last": (first + timedelta(days=days - 1)).date().isoformat(), "consumers": consumers, "prosumers": prosumers,
        "producers": 7, "utilities": 3, "nodes": 2, **sums,
        "generated_wh": _total(steps, "produced_wh") + _total(steps, "pv_wh"),
        "welfare_micro": welfare, "welfare_most_micro": round(welfare / 0.962), "welfare_share": 0.962,
        "emissions_t": sum(r["emissions_t"] for r in steps), "renewable_share": 0.683, "self_sufficiency": 0.412,
        "self_consumption": 0.774, "local_mean_per_mwh": _mean(steps, "local_per_mwh", "local_wh"),
        "wholesale_mean_per_mwh": _mean(steps, "wholesale_per_mwh", "wholesale_wh"), "hhi": 0.231, "lerner": 0.274,
        "rsi_least": 0.94, "pivotal_share": 0.083,
        "jain": 0.87, "gini": pairs / (2 * len(households) ** 2 * mean) if households and mean else None,
        "gini_defined": bool(households) and min(households) >= 0, "fund_micro": 8_140_000, "operator_micro": 0,
        "defaults": 1, "written_off_micro": 250_000, "violations_rational": 0, "intervention": True,
        "curve_start": shown.get("start"),
        "curve_price_per_mwh": {},
    }  # fmt: skip


def _welfare(agents: list[Row], measures: Row) -> list[Row]:
    of = {role: sum(r["surplus_micro"] for r in agents if r["role"] == role) for role in
          ("consumer", "prosumer", "producer", "utility")}  # fmt: skip
    rows = [("consumers", of["consumer"], 0.93), ("prosumers", of["prosumer"], 0.9),
            ("producers", of["producer"], 1.34), ("utilities", of["utility"], 1.12)]  # fmt: skip
    made = [{"party": p, "micro": m, "control_micro": round(m * f)} for p, m, f in rows]
    made.append({"party": "operator", "micro": 0, "control_micro": 0})
    made.append({"party": "fund", "micro": measures["fund_micro"], "control_micro": 0})
    made.append({"party": "network", "micro": 1_900_000, "control_micro": 1_850_000})
    return made


def _control(measures: Row) -> Row:
    kept = {k: v for k, v in measures.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    factor = {
        "emissions_t": 1.21,
        "wholesale_mean_per_mwh": 1.08,
        "unserved_wh": 1.15,
        "lerner": 1.4,
        "gini": 0.97,
    }
    return {**kept, **{k: (v * factor[k] if v is not None else None) for k, v in measures.items() if k in factor},
            "fund_micro": 0, "welfare_share": 0.941, "hhi": 0.262, "intervention": False}  # fmt: skip


def _slots(steps: list[Row]) -> list[Row]:
    rows = []
    for market in ("local", "wholesale"):
        for slot in range(SLOTS):
            held = [r[f"{market}_per_mwh"] for r in steps[slot::SLOTS] if r[f"{market}_per_mwh"] is not None]
            marks = np.quantile(held, [0.05, 0.25, 0.5, 0.75, 0.95]) if held else [None] * 5
            names = ("low", "quarter", "median", "three_quarters", "high")
            rows.append({"slot": slot, "market": market, "mean": float(np.mean(held)) if held else None,
                         **{n: None if v is None else float(v) for n, v in zip(names, marks,
                         strict=True)}})  # fmt: skip
    return rows


def _curve(rng: np.random.Generator, measures: Row, consumers: int, prosumers: int) -> list[Row]:
    """Orders of one quarter-hour; the price is that of the order which is partly filled."""
    rows: list[Row] = []
    local = [("buy", float(p), int(rng.integers(60, 260))) for p in rng.uniform(80, 190, consumers)]
    local += [("sell", float(p), int(rng.integers(150, 800))) for p in rng.uniform(62, 260, prosumers)]
    at = measures["curve_start"]
    rows += _filled("local", at, local)
    cost = [c for _, _, _, c, _, _ in PRODUCERS]
    sells = [
        ("sell", c * 1.1 + e * 25 + 2, int(9000 * s))
        for (_, _, _, _, e, s), c in zip(PRODUCERS, cost, strict=True)
    ]
    buys = [
        ("buy", p, w) for p, w in ((400.0, 4200), (400.0, 3100), (150.0, 1800), (55.0, 1500), (20.0, 1200))
    ]
    return rows + _filled("wholesale", at, buys + sells)


def _filled(market: str, start: str | None, orders: list[tuple[str, float, int]]) -> list[Row]:
    buys = sorted((o for o in orders if o[0] == "buy"), key=lambda o: -o[1])
    sells = sorted((o for o in orders if o[0] == "sell"), key=lambda o: o[1])
    volume, i, j, left_buy, left_sell = 0, 0, 0, 0, 0
    bought, sold = [0] * len(buys), [0] * len(sells)
    while i < len(buys) and j < len(sells) and buys[i][1] >= sells[j][1]:
        left_buy, left_sell = buys[i][2] - bought[i], sells[j][2] - sold[j]
        q = min(left_buy, left_sell)
        bought[i], sold[j], volume = bought[i] + q, sold[j] + q, volume + q
        i, j = i + (bought[i] == buys[i][2]), j + (sold[j] == sells[j][2])
    return [
        {"market": market, "start": start, "side": side, "agent": f"{side[0]}{k + 1}", "price_per_mwh": price,
         "quantity_wh": wh, "filled_wh": filled}
        for held, fills in ((buys, bought), (sells, sold))
        for k, ((side, price, wh), filled) in enumerate(zip(held, fills, strict=True))
    ]  # fmt: skip


def _crossing(curve: list[Row], market: str) -> float | None:
    """The middle of the prices at which nobody regrets; None where nothing was traded."""
    held = [row for row in curve if row["market"] == market]
    short = [
        row["price_per_mwh"] for row in held if row["side"] == "buy" and row["filled_wh"] < row["quantity_wh"]
    ]
    left = [
        row["price_per_mwh"]
        for row in held
        if row["side"] == "sell" and row["filled_wh"] < row["quantity_wh"]
    ]
    bought, sold = (
        [r["price_per_mwh"] for r in held if r["side"] == side and r["filled_wh"]] for side in ("buy", "sell")
    )
    return (max([*sold, *short]) + min([*bought, *left])) / 2 if bought else None


def _merit_order(steps: list[Row]) -> list[Row]:
    """Stations by cost: the cheap ones nearly full, the dear ones at times only."""
    produced, rows, left = _total(steps, "produced_wh"), [], _total(steps, "produced_wh")
    used = (0.55, 0.62, 0.9, 0.93, 0.6, 0.35, 0.03)
    capable = sum(u * p[5] for u, p in zip(used, PRODUCERS, strict=True))
    for k, (label, source, renewable, cost, emission, share) in enumerate(PRODUCERS):
        given = min(left, round(produced * share * used[k] / capable))
        left -= given
        rows.append({"producer": f"g{k + 1}", "label": label, "source": source, "renewable": renewable,
                     "cost_per_mwh": cost + emission * 36.6, "capacity_wh": round(produced * share / capable),
                     "dispatched_wh": given, "emission_t_per_mwh": emission})  # fmt: skip
    return rows


def _concentration(rng: np.random.Generator, steps: list[Row], days: int) -> list[Row]:
    return [
        {"day": steps[d * SLOTS]["start"][:10], "hhi": float(0.21 + 0.06 * np.sin(d) + rng.normal(0, 0.01)),
         "lerner": None if d == 4 else float(0.22 + 0.09 * np.sin(d + 1)),
         "rsi_least": float(1.15 - 0.2 * (d in (2, 3))),
         "pivotal_share": 0.11 if d in (2, 3) else 0.0,
         "wholesale_per_mwh": _mean(steps[d * SLOTS : (d + 1) * SLOTS], "wholesale_per_mwh", "wholesale_wh")}
        for d in range(days)
    ]  # fmt: skip


def _contracts(rng: np.random.Generator, steps: list[Row], days: int) -> list[Row]:
    rows = []
    sellers = [
        (0, 0, "ppa"),
        (1, 0, "ppa"),
        (2, 1, "forward"),
        (3, 1, "forward"),
        (4, 2, "forward"),
        (0, 2, "cfd"),
    ]
    for d in range(days):
        for seller, buyer, kind in sellers:
            price = 52 + 9 * seller % 23 + float(rng.normal(0, 3))
            agreed = round(sum(r["contracted_wh"] for r in steps[d * SLOTS : (d + 1) * SLOTS]) / len(sellers))
            share = 0.6 if (d, seller) == (2, 4) else 1.0
            state = "defaulted" if share < 1 else "running" if d == days - 1 else "fulfilled"
            end = steps[min((d + 1) * SLOTS, len(steps) - 1)]["start"]
            rows.append({
                "id": f"k{len(rows) + 1}", "kind": kind, "seller": PRODUCERS[seller][0], "buyer": UTILITIES[buyer],
                "start": steps[d * SLOTS]["start"], "end": end, "price_per_mwh": price, "contracted_wh": agreed,
                "delivered_wh": round(agreed * share), "paid_micro": round(agreed * share * price), "status": state,
            })  # fmt: skip
    return rows


def _storage(steps: list[Row]) -> list[Row]:
    most = max((r["stored_wh"] for r in steps), default=0) or 1
    days = max(len(steps) // SLOTS, 1)
    return [
        {"slot": s, "stored_share": sum(r["stored_wh"] for r in steps[s::SLOTS]) / days / most,
         "charged_wh": sum(r["charged_wh"] for r in steps[s::SLOTS]) / days,
         "discharged_wh": sum(r["discharged_wh"] for r in steps[s::SLOTS]) / days}
        for s in range(SLOTS)
    ]  # fmt: skip


def _instruments(first: datetime, days: int) -> list[Row]:
    rows: list[Row] = []
    carbon, cap, quota = 25.0, 400.0, 0.3
    for d in range(1, days):
        start = (first + timedelta(days=d)).isoformat()
        if d <= 4:
            rows.append({"start": start, "instrument": "carbon_per_t", "before": carbon, "after": carbon * 1.1,
                         "reason": "renewable share 0.44 below the target of 0.50"})  # fmt: skip
            carbon *= 1.1
        if d == 3:
            rows.append({"start": start, "instrument": "cap_per_mwh", "before": cap, "after": cap * 0.9,
                         "reason": "a pivotal supplier on 11 % of steps"})  # fmt: skip
        if d in (2, 5):
            rows.append({"start": start, "instrument": "quota", "before": quota, "after": quota + 0.02,
                         "reason": "renewable share below the target"})  # fmt: skip
            quota += 0.02
    return rows


def _flows(agents: list[Row], steps: list[Row]) -> list[Row]:
    local = round(sum(r["local_wh"] * (r["local_per_mwh"] or 0) for r in steps))
    retail = round(sum((r["load_wh"] - r["local_wh"]) * r["retail_per_mwh"] for r in steps) * 0.8)
    spot = round(sum(r["wholesale_wh"] * (r["wholesale_per_mwh"] or 0) for r in steps))
    agreed = round(sum(r["contracted_wh"] * 61 for r in steps))
    fuel = round(sum(r["produced_wh"] * 17 for r in steps))
    rows = [
        ("local trade", "consumers", "prosumers", round(local * 0.8)),
        ("local trade", "prosumers", "prosumers", round(local * 0.2)),
        ("tariff", "consumers", "utilities", round(retail * 0.72)), ("tariff", "prosumers", "utilities",
        round(retail * 0.28)),
        ("feed-in", "utilities", "prosumers", round(retail * 0.06)), ("wholesale", "utilities", "producers", spot),
        ("contract", "utilities", "producers", agreed), ("import", "utilities", "outside grid", round(spot * 0.2)),
        ("fuel", "producers", "fuel", fuel),
        ("carbon", "producers", "fund", round(fuel * 0.2)),
        ("fine", "producers", "fund", round(fuel * 0.02)),
        ("rebate", "fund", "consumers", round(fuel * 0.09)),
        ("rebate", "fund", "prosumers", round(fuel * 0.05)), ("maintenance", "prosumers", "maintenance",
        round(fuel * 0.07)),
        ("grid fee", "consumers", "network", 1_900_000),
    ]  # fmt: skip
    return [{"reason": r, "debit": a, "credit": b, "micro": m} for r, a, b, m in rows if m > 0]


def _mechanisms(measures: Row) -> list[Row]:
    rows = [
        {"mechanism": name, "title": title, "note": None, "welfare_share": welfare, "volume_share": volume,
         "price_per_mwh": 140 + 3 * k, "budget_micro": round(measures["welfare_micro"] * budget),
         "misreport_gain_per_mwh": gain, "misreport_gain_share": gain / 60 if gain else 0.0,
         "misreport_who": f"Prosumer {61 + k}" if gain else None, "promises": list(promises), "rational_violations": 0}
        for k, (name, (title, welfare, volume, gain, budget, promises)) in enumerate(MECHANISMS.items())
    ]  # fmt: skip
    nothing = dict.fromkeys(key for key in rows[0] if key not in ("mechanism", "title", "note", "promises"))
    return [*rows, {"mechanism": "zonal", "title": "Zonal clearing with line limits", **nothing,
    "promises": ["efficient"],
                    "note": "needs lines between the zones; the case has none"}]  # fmt: skip


def _policies() -> list[Row]:
    measures = {"welfare_share": (0.95, 0.004), "gini": (0.21, 0.012), "emissions_t": (1.42, 0.03),
                "local_mean_per_mwh": (148.0, 3.1)}  # fmt: skip
    rows: list[Row] = []
    for measure, (level, half) in measures.items():
        for k, (role, policy) in enumerate(
            (("household", "scripted"), ("household", "learned"), ("household", "language"))
        ):
            mean = level * (1 + 0.012 * k * (-1) ** k)
            row: Row = {"role": role, "policy": policy, "measure": measure, "mean": mean, "low": mean - half,
                        "high": mean + half, "seeds": 20, "against": None, "difference": None, "difference_low": None,
                        "difference_high": None, "verdict": None}  # fmt: skip
            if k:
                gap = mean - level
                row |= {"against": "scripted", "difference": gap, "difference_low": gap - half * 0.6,
                        "difference_high": gap + half * 0.6,
                        "verdict": "undecided" if abs(gap) < half * 0.6 else "higher" if gap > 0 else
                        "lower"}  # fmt: skip
            rows.append(row)
    return rows


def _language() -> list[Row]:
    rows = []
    for k, role in enumerate(("consumer", "prosumer", "producer", "utility", "regulator")):
        calls = (412, 386, 168, 84, 7)[k]
        reasked, fallbacks = calls // 17, calls // 40
        rows.append({"role": role, "persona": PERSONAS[k], "calls": calls,
                     "replayed": calls // 3, "joined": calls // 9, "valid": calls - reasked - fallbacks,
                     "reasked": reasked,
                     "fallbacks": fallbacks, "clips": calls // 12, "tokens_in": calls * 640, "tokens_out": calls * 58,
                     "cost_micro": calls * 410, "seconds": calls * 0.61})  # fmt: skip
    return rows


def _clips() -> list[Row]:
    return [
        {"role": "prosumer", "field": "min_price", "clips": 21, "example_asked": "9999", "example_used": "400.0"},
        {"role": "consumer", "field": "max_price", "clips": 13, "example_asked": "-5", "example_used": "0.0"},
        {"role": "utility", "field": "suppliers", "clips": 4, "example_asked": "[\"g9\"]", "example_used": "[]"},
    ]  # fmt: skip


def _summary(measures: Row) -> list[str]:
    return [
        "The market reached 96.2 % of the welfare that was there to be had; households gained most.",
        "Two evenings on 4 June went short because a pivotal supplier held back; the regulator lowered the cap.",
    ]


def sweep() -> Row:
    """What a sweep of mechanisms by policies over seeds would give."""
    rng = np.random.default_rng(11)
    measures = (
        "welfare_share",
        "local_mean_per_mwh",
        "wholesale_mean_per_mwh",
        "gini",
        "unserved_wh",
        "emissions_t",
        "hhi",
    )
    level = {"welfare_share": 0.95, "local_mean_per_mwh": 140.0, "wholesale_mean_per_mwh": 58.0, "gini": 0.2,
             "unserved_wh": 42_000.0, "emissions_t": 1.4, "hhi": 0.24}  # fmt: skip
    rows: list[Row] = []
    for m, mechanism in enumerate(("uniform-price", "pay-as-bid", "mcafee", "muda", "order-book")):
        for p, policy in enumerate(("scripted", "zero-intelligence", "learned")):
            for seed in range(20):
                shift = 1 - 0.01 * m - 0.006 * p
                rows.append({"mechanism": mechanism, "policy": policy, "seed": seed,
                             **{k: float(level[k] * shift * (1 + 0.01 * rng.normal())) for k in measures}})  # fmt: skip
    cells, paired = [], []
    of: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        of.setdefault((row["mechanism"], row["policy"]), []).append(row)
    base = of["uniform-price", "scripted"]
    for (mechanism, policy), held in of.items():
        for k in measures:
            values = np.array([row[k] for row in held])
            half = 2.09 * values.std(ddof=1) / len(values) ** 0.5
            cells.append({"mechanism": mechanism, "policy": policy, "measure": k, "mean": float(values.mean()),
                          "low": float(values.mean() - half), "high": float(values.mean() + half),
                          "seeds": 20})  # fmt: skip
            if held is not base:
                gap = values - np.array([row[k] for row in base])
                half = 2.09 * gap.std(ddof=1) / len(gap) ** 0.5
                low, high = float(gap.mean() - half), float(gap.mean() + half)
                paired.append({"mechanism": mechanism, "policy": policy, "against": CONTROL,
                               "measure": k,
                               "difference": float(gap.mean()), "low": low, "high": high,
                               "verdict": "higher" if low > 0 else "lower" if high < 0 else "undecided"})  # fmt: skip
    return {
        "schema": 1, "study": "market", "summary": ["Uniform price leaves least welfare on the table."],
        "notes": [], "provenance": {"seeds": 20},
        "measures": {"kind": "sweep", "case": "Two streets and seven power stations", "currency": "EUR",
        "study": "market"},
        "tables": {"sweep": rows, "cells": cells, "paired": paired},
    }  # fmt: skip
