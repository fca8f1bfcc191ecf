"""A made-up but consistent report of a microgrid study, of any size, from a seed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

TITLES = {
    "shapley": ("Shapley value", "value", "Shapley 1953, doi:10.1515/9781400881970-018"),
    "nucleolus": ("Nucleolus", "value", "Schmeidler 1969, doi:10.1137/0117107"),
    "tau": ("Tau value", "value", "Tijs 1981"),
    "proportional": ("Proportional to energy traded inside", "tariff", "common practice"),
    "equal": ("Equal shares", "tariff", "common practice"),
    "mid-market": ("Mid-market rate", "tariff", "Long et al. 2017"),
    "bill-sharing": ("Bill sharing", "tariff", "Long et al. 2017"),
    "seed001": ("Profit rule as published", "published script", "seed 001"),
}
SLOTS = 24
Array = npt.NDArray[np.float64]


def report(
    members: int = 17, days: int = 30, *, chosen: str = "shapley", trading: bool = True
) -> dict[str, Any]:
    """What ``Report.to_dict()`` would give for sunny homes in June, hour by hour."""
    rng = np.random.default_rng(3)
    load, made = _month(rng, members, days, trading)
    net = load * 0 + made - load
    surplus, deficit = np.maximum(net, 0), np.maximum(-net, 0)
    hours = np.arange(days * SLOTS) % SLOTS
    buy, sell = np.where((hours >= 17) & (hours < 21), 380.0, 310.0), np.full(days * SLOTS, 80.0)
    up, down = surplus.sum(1), deficit.sum(1)
    traded = np.minimum(up, down)
    sold = surplus * _ratio(traded, up)[:, None]
    bought = deficit * _ratio(traded, down)[:, None]
    pairs = np.einsum("ti,tj->ij", sold, bought * _ratio(np.ones_like(traded), traded)[:, None])
    alone = (deficit * buy[:, None] - surplus * sell[:, None]).sum(0)
    total = float(((buy - sell) * traded).sum())
    shapley, error = _shapley(rng, net, buy - sell)
    gains = _gains(total, shapley, sold, bought, alone, buy, sell, net)
    ids = [f"h{k + 1}" for k in range(members)]
    sampled = members > 20
    std = error * sampled
    money = [
        _money(rule, g, total, chosen, ids, gains, net, buy - sell, sampled) for rule, g in gains.items()
    ]
    if sampled:
        money[2] = {
            "rule": "tau",
            "title": "Tau value",
            "source": "Tijs 1981",
            "chosen": False,
            "kind_of": "value",
            "skipped": f"needs at most 24 members, found {members}",
        }
        del gains["tau"]
    case = gains[chosen]
    rows = [
        {"id": m, "label": _label(k), "load_wh": int(load[:, k].sum()), "generated_wh": int(made[:, k].sum()),
         "own_use_wh": int(np.minimum(load, made)[:, k].sum()), "surplus_wh": int(surplus[:, k].sum()),
         "deficit_wh": int(deficit[:, k].sum()), "sold_inside_wh": int(sold[:, k].sum()),
         "bought_inside_wh": int(bought[:, k].sum()), "imported_wh": int((deficit - bought)[:, k].sum()),
         "exported_wh": int((surplus - sold)[:, k].sum()), "alone_micro": int(alone[k]),
         "gain_micro": int(case[k]), "bill_micro": int(alone[k]) - int(case[k]),
         "std_err_micro": int(std[k]) if chosen == "shapley" else 0}
        for k, m in enumerate(ids)
    ]  # fmt: skip
    first = date(2022, 6, 1)
    measures = {
        "case": "Seventeen homes, June", "first": str(first), "last": str(first + timedelta(days - 1)), "days": days,
        "interval_seconds": 3600, "intervals": days * SLOTS, "incomplete": 0, "members": members,
        "prosumers": int((made.sum(0) > 0).sum()), "currency": "EUR", "timezone": "Europe/Berlin",
        "energy_rule": "pro", "money_rule": chosen,
        "load_wh": int(load.sum()), "generated_wh": int(made.sum()), "own_use_wh": int(np.minimum(load, made).sum()),
        "surplus_wh": int(surplus.sum()), "deficit_wh": int(deficit.sum()), "traded_wh": int(traded.sum()),
        "imported_wh": int((down - traded).sum()), "exported_wh": int((up - traded).sum()),
        "traded_intervals": int((traded > 0).sum()), "alone_micro": int(alone.sum()),
        "pooled_micro": int(alone.sum()) - int(total), "gain_micro": int(total),
        "self_sufficiency": float(1 - (down - traded).sum() / load.sum()),
        "self_consumption": float(1 - (up - traded).sum() / max(made.sum(), 1)),
        "pooling_loss_micro": 0, "pooling_loss_intervals": 0, "batteries": 0, "battery_capacity_wh": 0,
        "game_method": "antithetic permutation sampling, 4,096 pairs" if sampled else "exact, by the law of the sum",
        "game_exact": not sampled, "game_evaluations": 8192 * members if sampled else 720,
    }  # fmt: skip
    return {
        "schema": 1,
        "study": "microgrid",
        "summary": _summary(measures, rows),
        "notes": ["Time stamps are read at the fixed offset UTC+01:00 (assumed).",
                  "The grid buys at 80.00 EUR/MWh in every interval (one row of prices.csv)."],
        "provenance": {"versions": {"evenwatt": "0.1.0"}, "seed": 3, "run_id": "2022-06-01-4c1d",
                       "inputs": {"meters/homes.csv": "3f" * 32},
                       "config": {"study": "microgrid", "rule": {"energy": "pro", "money": chosen}}},
        "measures": measures,
        "tables": {
            "members": rows,
            "flows": [{"seller": ids[i], "buyer": ids[j], "wh": round(wh)}
                      for (i, j), wh in np.ndenumerate(pairs) if round(wh) > 0],
            "money": money,
            "gains": _gain_rows(gains, ids, std),
            "prices": _prices(first, traded, up, down, buy, sell),
            "hours": _hours(surplus, deficit, traded, buy, sell, days),
            "explained": _explained(rng, rows, net, buy - sell),
        },
    }  # fmt: skip


def _month(rng: np.random.Generator, members: int, days: int, trading: bool) -> tuple[Array, Array]:
    """Load and generation of every hour and member [Wh]; without trading, nobody has a roof."""
    hour = np.arange(SLOTS) + 0.5
    shape = 0.35 + 0.5 * np.exp(-(((hour - 7.5) / 1.8) ** 2)) + 1.2 * np.exp(-(((hour - 19.5) / 2.6) ** 2))
    size = rng.lognormal(6.3, 0.5, members)
    load = size * shape[:, None] * rng.gamma(4, 0.25, (days, SLOTS, members))
    sun = np.clip(np.sin((hour - 5) / 16 * np.pi), 0, None) ** 1.5
    roof = np.where(rng.random(members) < 0.6, rng.uniform(600, 3600, members), 0) * trading
    cloud = rng.uniform(0.15, 1.0, days)
    made = cloud[:, None, None] * sun[:, None] * roof * rng.uniform(0.9, 1.1, (days, SLOTS, members))
    return load.reshape(-1, members).round(), made.reshape(-1, members).round()


def _shapley(rng: np.random.Generator, net: Array, spread: Array, orders: int = 64) -> tuple[Array, Array]:
    """Mean added savings over random orders and their reverses [micro], and the standard error."""
    seen = []
    for _ in range(orders):
        order = rng.permutation(net.shape[1])
        seen.append((_added(net, spread, order) + _added(net, spread, order[::-1])) / 2)
    return np.mean(seen, axis=0), np.std(seen, axis=0) / np.sqrt(orders)


def _added(net: Array, spread: Array, order: npt.NDArray[np.int64]) -> Array:
    """What each member adds to the savings of those before it in the order [micro]."""
    joined = net[:, order]
    worth = spread @ np.minimum(np.maximum(joined, 0).cumsum(1), np.maximum(-joined, 0).cumsum(1))
    added = np.empty(len(order))
    added[order] = np.diff(worth, prepend=0.0)
    return added


def _worth(net: Array, spread: Array, coalition: npt.NDArray[np.bool_]) -> float:
    """What a coalition saves by itself [micro]."""
    own = net[:, coalition]
    return float(spread @ np.minimum(np.maximum(own, 0).sum(1), np.maximum(-own, 0).sum(1)))


def _gains(
    total: float,
    shapley: Array,
    sold: Array,
    bought: Array,
    alone: Array,
    buy: Array,
    sell: Array,
    net: Array,
) -> dict[str, Array]:
    """Rule -> gain of each member [micro]; nucleolus and tau are only something like them."""
    energy = (sold + bought).sum(0)
    mid = ((buy - sell)[:, None] / 2 * (sold + bought)).sum(0)
    n, used, made = len(alone), np.maximum(-net, 0).sum(0), np.maximum(net, 0).sum(0)
    bill, income = np.maximum(-net.sum(1), 0) @ buy, np.maximum(net.sum(1), 0) @ sell
    shares = bill * _ratio(used, np.full(n, used.sum())) - income * _ratio(made, np.full(n, made.sum()))
    last = np.array([total - _worth(net, buy - sell, np.arange(n) != k) for k in range(n)])
    nucleolus = total * _ratio(last, np.full(n, last.sum()))
    made_up = {
        "shapley": shapley,
        "nucleolus": nucleolus,
        "tau": 0.7 * shapley + 0.3 * mid,
        "proportional": total * _ratio(energy, np.full(n, energy.sum())),
        "equal": np.full(n, total / n),
        "mid-market": mid,
        "bill-sharing": alone - shares,
        "seed001": 2.5 * (shapley - shapley.min()) + 0.1 * np.abs(alone) * (total > 0),
    }
    whole = {rule: np.rint(gain) for rule, gain in made_up.items()}
    for rule in whole.keys() - {"seed001"}:
        whole[rule][0] += int(total) - whole[rule].sum()
    return whole


def _money(
    rule: str, gain: Array, total: float, chosen: str, ids: list[str], gains: dict[str, Array], net: Array,
    spread: Array, sampled: bool,
) -> dict[str, Any]:  # fmt: skip
    """The row of a rule: its worst objection is looked for among simple coalitions only."""
    title, kind, source = TITLES[rule]
    n = len(ids)
    masks = [np.arange(n) != k for k in range(n)] if n > 1 else []
    masks += [np.argsort(gain).argsort() < k for k in range(2, n)]
    masks += [np.arange(n) == k for k in range(n)] if n > 1 else []
    excess = [_worth(net, spread, mask) - float(gain[mask].sum()) for mask in masks]
    worst = int(np.argmax(excess)) if excess else -1
    leaving = [m for m, out in zip(ids, masks[worst], strict=True) if out] if excess else []
    found = int(max(excess, default=0))
    moved = gain - gains["shapley"]
    ordered = np.sort(gain - min(gain.min(), 0))
    return {"rule": rule, "title": title, "source": source, "chosen": rule == chosen, "kind_of": kind,
            "total_micro": int(gain.sum()), "budget_micro": int(gain.sum()) - int(total),
            "exact": not (sampled and rule == "shapley"), "method": "sampling" if sampled else "enumeration",
            "core_excess_micro": found, "core_bound_micro": int(found + 0.02 * total) if sampled else found,
            "core_exact": not sampled, "leaving": leaving if found > 0 else [], "leaving_gain_micro": max(found, 0),
            "worse_than_alone": [m for m, g in zip(ids, gain, strict=True) if g < 0],
            "gini": float(1 - 2 * ordered.cumsum().sum() / max(n * ordered.sum(), 1e-9) + 1 / n),
            "gainers": int((moved > 0).sum()), "losers": int((moved < 0).sum()),
            "most_gaining": ids[int(moved.argmax())], "most_losing": ids[int(moved.argmin())],
            "change": None if rule == chosen else f"{title} moves {np.abs(moved).sum() / 2e6:.2f} EUR; "
            f"{_label(int(moved.argmax()))} gains most, {_label(int(moved.argmin()))} loses most.",
            "skipped": None}  # fmt: skip


def _gain_rows(gains: dict[str, Array], ids: list[str], std: Array) -> list[dict[str, Any]]:
    rows = []
    for rule, gain in gains.items():
        for k, member in enumerate(ids):
            error = int(std[k]) if rule == "shapley" else 0
            rows.append({"rule": rule, "member": member, "gain_micro": int(gain[k]), "std_err_micro": error,
                         "low_micro": int(gain[k]) - 2 * error, "high_micro": int(gain[k]) + 2 * error})  # fmt: skip
    return rows


def _prices(
    first: date, traded: Array, up: Array, down: Array, buy: Array, sell: Array
) -> list[dict[str, Any]]:
    marginal = np.where(up < down, buy, sell)
    implied = sell + (buy - sell) * (0.5 + 0.3 * np.tanh((down - up) / 4000))
    rows = []
    for day, slots in enumerate(np.arange(len(traded)).reshape(-1, SLOTS)):
        weight = traded[slots]
        mean = weight / weight.sum() if weight.sum() else None
        b, s = float((buy[slots]).mean()), float(sell[slots].mean())
        rows.append({"date": str(first + timedelta(day)), "buy_per_mwh": b, "sell_per_mwh": s,
                     "mid_per_mwh": (b + s) / 2,
                     "marginal_per_mwh": None if mean is None else float(mean @ marginal[slots]),
                     "shapley_per_mwh": None if mean is None else float(mean @ implied[slots]),
                     "traded_wh": int(weight.sum())})  # fmt: skip
    return rows


def _hours(
    surplus: Array, deficit: Array, traded: Array, buy: Array, sell: Array, days: int
) -> list[dict[str, Any]]:
    up, down = surplus.sum(1).reshape(days, SLOTS), deficit.sum(1).reshape(days, SLOTS)
    inside = traded.reshape(days, SLOTS)
    marginal = np.where(up < down, buy.reshape(days, SLOTS), sell.reshape(days, SLOTS))
    rows = []
    for slot in range(SLOTS):
        weight = inside[:, slot]
        price = float(weight @ marginal[:, slot] / weight.sum()) if weight.sum() else None
        rows.append({"slot": slot, "minute": slot * 60, "traded_wh": int(weight.mean()),
                     "surplus_wh": int(up[:, slot].mean()), "deficit_wh": int(down[:, slot].mean()),
                     "marginal_per_mwh": price,
                     "shapley_per_mwh": None if price is None else 0.6 * price + 0.4 * 195})  # fmt: skip
    return rows


def _explained(
    rng: np.random.Generator, rows: list[dict[str, Any]], net: Array, spread: Array
) -> list[dict[str, Any]]:
    told = []
    ranked = sorted(rows, key=lambda row: -row["gain_micro"])
    for row in {r["id"]: r for r in (ranked[0], ranked[len(ranked) // 2], ranked[-1])}.values():
        k = int(row["id"][1:]) - 1
        orders = []
        for _ in range(3):
            order = rng.permutation(len(rows))
            orders.append({"order": [rows[j]["label"] for j in order],
                           "gain_micro": int(_added(net, spread, order)[k])})  # fmt: skip
        alone, gain, bill = (row[f"{key}_micro"] / 1e6 for key in ("alone", "gain", "bill"))
        told.append({"member": row["id"], "label": row["label"], "gain_micro": row["gain_micro"], "orders": orders,
                     "sentences": [
                         f"On your own you would pay the grid {alone:.2f} EUR for this month.",
                         f"With your neighbours you pay {bill:.2f} EUR: {gain:.2f} EUR less.",
                         f"You sold {row['sold_inside_wh'] / 1e3:.1f} kWh to neighbours and bought "
                         f"{row['bought_inside_wh'] / 1e3:.1f} kWh from them.",
                         "Your share is what your joining adds to everybody's savings, averaged over all orders in "
                         "which the homes could have joined one after the other."]})  # fmt: skip
    return told


def _summary(measures: dict[str, Any], rows: list[dict[str, Any]]) -> list[str]:
    gain = measures["gain_micro"] / 1e6
    best = max(rows, key=lambda row: row["gain_micro"])
    return [
        f"Together {len(rows)} members paid the grid {gain:.2f} EUR less than each alone.",
        f"Under the rule {measures['money_rule']}, {best['label']} gains most: {best['gain_micro'] / 1e6:.2f} EUR.",
    ]


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _label(k: int) -> str:
    return f"{('House', 'Terrace', 'Flat', 'Bakery')[k % 4]} {k + 1}"
