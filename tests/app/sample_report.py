"""A made-up but consistent report of a cascade study, of any size, from a seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

RULES = ["talmud", "pro", "apro", "cea", "cel", "av", "rtalmud", "piniles", "ce", "ra", "mo", "dt", "aa",
         "tal:theta=0.25", "tal:theta=0.75"]  # fmt: skip
AXIOMS = ["Efficiency", "Claims-bounded", "Equal treatment of equals", "Order of awards", "Order of losses",
          "Resource monotonicity", "Population monotonicity", "Consistency", "Self-duality", "Midpoint",
          "Composition down", "Composition up", "Claims truncation invariance", "Minimal rights first",
          "Lower bound on awards", "Lower bound on losses", "No advantageous merging"]  # fmt: skip
Array = npt.NDArray[np.float64]


def report(
    members: int = 118, suppliers: int = 27, agents: int = 3, rules: int = 15, days: int = 30
) -> dict[str, Any]:
    """What ``Report.to_dict()`` would give for a sunny community short of evening energy."""
    rng = np.random.default_rng(7)
    claims, stock, owner = _month(rng, members, agents, days)
    names = RULES[:rules]
    awards = {name: _awards(name, stock, claims, owner) for name in names}
    chosen = awards[names[0]]
    asked, got = claims.sum((0, 1)), {name: a.sum((0, 1)) for name, a in awards.items()}
    shortage = np.rint((claims - chosen).sum(-1)).astype(int)
    ids = [f"m{k + 1}" for k in range(members)]
    claimed, given = _whole(asked), _whole(got[names[0]])
    own = _whole(asked * rng.uniform(0, 0.4, members) * (rng.random(members) < 0.25))
    member_rows = [
        {"id": m, "label": _label(k), "agent": f"a{owner[k] + 1}", "load_wh": claimed[k] + own[k],
         "own_use_wh": own[k], "claimed_wh": claimed[k], "awarded_wh": given[k],
         "contested_claim_wh": int(claimed[k] * 0.6), "contested_award_wh": int(given[k] * 0.4),
         "shortfall_wh": claimed[k] - given[k], "coverage": _ratio(given[k], claimed[k]),
         "contested_coverage": 0.5, "cost_micro": given[k] * 150 + (claimed[k] - given[k]) * 310,
         "price_saved_micro": given[k] * 160}
        for k, m in enumerate(ids)
    ]  # fmt: skip
    pool, supplier_rows, flows = _supply(rng, suppliers, agents, owner, given)
    flows += [
        {"source": f"agent:a{owner[k] + 1}", "target": f"member:{m}", "wh": given[k]}
        for k, m in enumerate(ids)
    ]
    contested, intervals = int((shortage > 0).sum()), days * 96
    measures = {
        "case": "Rural community, June", "currency": "EUR", "zone": "Europe/Berlin", "first": "2016-06-01",
        "last": f"2016-06-{days:02d}", "interval_seconds": 900, "rule": names[0], "intervals": intervals,
        "intervals_incomplete": 0, "intervals_contested": contested, "contested_wh": int(sum(claimed) * 0.6),
        "movable_wh": 3_100_000, "pool_wh": pool, "own_use_wh": sum(own), "load_wh": sum(claimed) + sum(own),
        "claimed_wh": sum(claimed), "served_wh": sum(given), "unserved_wh": sum(claimed) - sum(given),
        "surplus_wh": pool - sum(given), "members": members, "suppliers": suppliers, "agents": agents,
    }  # fmt: skip
    day_names = [f"2016-06-{d + 1:02d}" for d in range(days)]
    by_day = _ratios(chosen.sum(1), claims.sum(1))
    return {
        "schema": 1,
        "study": "cascade",
        "summary": _summary(measures, names, got, asked),
        "notes": ["Time stamps are read at the fixed offset UTC+00:00 (assumed).",
                  "3 missing readings of Farm 12 on 2016-06-09 were estimated from the day before."],
        "provenance": {"versions": {"evenwatt": "0.1.0", "numpy": "2.4.6"}, "seed": 7,
                       "run_id": "2016-06-01-9f3a",
                       "inputs": {"meters/load.csv": "3f" * 32, "members.csv": "a9" * 32},
                       "config": {"study": "cascade", "rule": {"members": names[0]}}},
        "measures": measures,
        "tables": {
            "members": member_rows,
            "agents": _agents(member_rows, agents),
            "suppliers": supplier_rows,
            "rules": [_rule_row(name, got, asked, names[0]) for name in names]
            + [{"rule": "cd", "title": "Concede and divide", "chosen": False,
               "skipped": "needs two members"}],
            "awards": [{"rule": name, "member": m, "awarded_wh": int(got[name][k]),
                        "coverage": _ratio(got[name][k], asked[k])}
                       for name in names for k, m in enumerate(ids)],
            "lorenz": [_lorenz(name, got[name]) for name in names],
            "flows": flows,
            "coverage_by_day": [{"member": m, "day": day, "coverage": by_day[d][k]}
                                for d, day in enumerate(day_names) for k, m in enumerate(ids)],
            "shortage_by_slot": [{"day": day, "slot": s, "shortage_wh": int(shortage[d, s])}
                                 for d, day in enumerate(day_names) for s in range(96)],
            "shortage_duration": sorted(shortage.ravel().tolist(), reverse=True),
            "axioms": _axioms(rng, names),
        },
    }  # fmt: skip


def calm(**size: int) -> dict[str, Any]:
    """The same community with more energy than anybody claims."""
    made = report(**size)
    for row in made["tables"]["shortage_by_slot"]:
        row["shortage_wh"] = 0
    for row in made["tables"]["coverage_by_day"]:
        row["coverage"] = 1.0
    for row in made["tables"]["members"]:
        row |= {"awarded_wh": row["claimed_wh"], "shortfall_wh": 0, "coverage": 1.0}
    made["tables"]["shortage_duration"] = [0] * 2880
    made["measures"] |= {
        "intervals_contested": 0,
        "served_wh": made["measures"]["claimed_wh"],
        "unserved_wh": 0,
    }
    return made


def _month(
    rng: np.random.Generator, members: int, agents: int, days: int
) -> tuple[Array, Array, npt.NDArray[np.int64]]:
    """Claims (day, slot, member), stock (day, slot, agent) [Wh], and the agent of each member."""
    hour = np.arange(96) / 4
    shape = 0.4 + 0.5 * np.exp(-(((hour - 7.5) / 1.6) ** 2)) + 1.1 * np.exp(-(((hour - 19.5) / 2.4) ** 2))
    size = rng.lognormal(4.6, 0.8, members)
    claims = size * shape[:, None] * rng.gamma(6, 1 / 6, (days, 96, members))
    owner = np.sort(rng.choice(agents, members, p=_weights(agents)))
    sun = np.clip(np.sin((hour - 5) / 16 * np.pi), 0, None) ** 1.6
    cloud = rng.uniform(0.25, 1.0, days)
    demand = np.stack([size[owner == a].sum() for a in range(agents)])
    lean = np.linspace(1.0, 0.6, agents)
    stock = demand * lean * (0.12 + 2.1 * sun[:, None] * cloud[:, None, None])
    return claims, stock, owner


def _weights(agents: int) -> Array:
    weights = 1.0 / np.arange(1, agents + 1)
    return weights / weights.sum()


def _awards(name: str, stock: Array, claims: Array, owner: npt.NDArray[np.int64]) -> Array:
    """Awards under a rule, or something between known rules for those not worth computing in a sample."""
    awards = np.zeros_like(claims)
    for agent in np.unique(owner):
        mine = owner == agent
        awards[..., mine] = _divide(name, stock[..., agent], claims[..., mine])
    return awards


def _divide(name: str, stock: Array, claims: Array) -> Array:
    total = claims.sum(-1)
    stock = np.minimum(stock, total)
    pro = claims * (stock / np.where(total > 0, total, 1))[..., None]
    cea, cel = _equal(stock, claims), claims - _equal(total - stock, claims)
    half = np.minimum(stock, total / 2)
    talmud = _equal(half, claims / 2) + claims / 2 - _equal(total / 2 - (stock - half), claims / 2)
    mix = {"pro": pro, "cea": cea, "cel": cel, "talmud": talmud, "apro": 0.7 * pro + 0.3 * talmud,
           "av": (cea + cel) / 2, "rtalmud": 0.5 * cel + 0.5 * pro, "piniles": 0.8 * cea + 0.2 * talmud,
           "ce": 0.9 * cea + 0.1 * talmud, "ra": 0.8 * talmud + 0.2 * pro, "mo": 0.6 * cel + 0.4 * talmud,
           "dt": 0.5 * cea + 0.5 * pro, "aa": 0.9 * talmud + 0.1 * pro}  # fmt: skip
    return mix.get(name, 0.5 * talmud + 0.5 * (cea if "0.75" in name else cel))


def _equal(endowment: Array, claims: Array) -> Array:
    """Constrained equal awards by bisection on the level."""
    low, high = np.zeros(claims.shape[:-1]), claims.max(-1)
    for _ in range(30):
        level = (low + high) / 2
        short = np.minimum(claims, level[..., None]).sum(-1) < endowment
        low, high = np.where(short, level, low), np.where(short, high, level)
    return np.minimum(claims, high[..., None])


def _supply(
    rng: np.random.Generator, suppliers: int, agents: int, owner: npt.NDArray[np.int64], given: list[int]
) -> tuple[int, list[dict[str, Any]], list[dict[str, Any]]]:
    """The pool, the suppliers' table, and flows whose sums are what the agents gave."""
    size = rng.lognormal(0, 0.7, suppliers)
    size /= size.sum()
    through = [sum(g for g, o in zip(given, owner, strict=True) if o == a) for a in range(agents)]
    rows, flows = [], []
    for k in range(suppliers):
        parts = [int(t * size[k]) for t in through]
        surplus, own = int(sum(parts) * rng.uniform(0.1, 0.5)), int(sum(parts) * 0.3)
        sid = f"pv{k + 1}"
        rows.append({"id": sid, "label": f"Roof {k + 1}", "own_use_wh": own,
                     "generated_wh": sum(parts) + surplus + own,
                     "pool_wh": sum(parts) + surplus, "delivered_wh": sum(parts), "surplus_wh": surplus,
                     "earned_micro": sum(parts) * 150 + surplus * 60})  # fmt: skip
        flows += [
            {"source": f"supplier:{sid}", "target": f"agent:a{a + 1}", "wh": wh} for a, wh in enumerate(parts)
        ]
        flows.append({"source": f"supplier:{sid}", "target": "grid", "wh": surplus})
    return sum(row["pool_wh"] for row in rows), rows, flows


def _agents(members: list[dict[str, Any]], agents: int) -> list[dict[str, Any]]:
    rows = []
    for a in range(agents):
        mine = [m for m in members if m["agent"] == f"a{a + 1}"]
        claimed, served = sum(m["claimed_wh"] for m in mine), sum(m["awarded_wh"] for m in mine)
        rows.append({"id": f"a{a + 1}", "label": f"{('Village', 'Valley', 'Hillside')[a % 3]} co-operative",
                     "members": len(mine),
                     "claimed_wh": claimed, "stock_wh": served, "served_wh": served,
                     "unserved_wh": claimed - served})  # fmt: skip
    return rows


def _rule_row(name: str, got: dict[str, Array], asked: Array, chosen: str) -> dict[str, Any]:
    award = got[name]
    coverage = award[asked > 0] / asked[asked > 0]
    curve = _lorenz(name, award)
    area = sum((a + b) / 2 for a, b in zip(curve["share"], curve["share"][1:], strict=False)) / len(award)
    return {"rule": name, "title": f"The rule {name}", "chosen": name == chosen,
            "served_wh": int(award.sum()),
            "unserved_wh": int(asked.sum() - award.sum()), "gini": 1 - 2 * area,
            "jain": float(award.sum() ** 2 / max(len(award) * (award**2).sum(), 1e-9)),
            "worst_coverage": float(coverage.min()), "mean_coverage": float(coverage.mean()),
            "moved_wh": int(np.abs(award - got[chosen]).sum() / 2),
            "cost_micro": int(award.sum() * 150), "skipped": None}  # fmt: skip


def _lorenz(name: str, award: Array) -> dict[str, Any]:
    held = np.concatenate([[0.0], np.cumsum(np.sort(award)) / max(award.sum(), 1e-9)])
    return {"rule": name, "population": np.linspace(0, 1, len(award) + 1).tolist(), "share": held.tolist()}


def _axioms(rng: np.random.Generator, names: list[str]) -> list[dict[str, Any]]:
    rows = []
    for name in names:
        for k, title in enumerate(AXIOMS):
            holds = True if k < 4 else [True, False, None][rng.choice(3, p=[0.55, 0.4, 0.05])]
            witness = f"10.0 kWh for claims of 4.0, 7.0 and {rng.integers(8, 20)}.0 kWh: gap 0.12."
            rows.append({"rule": name, "axiom": title.lower().replace(" ", "-"), "title": title,
                         "holds": holds,
                         "witness": witness if holds is False else None})  # fmt: skip
    return rows


def _summary(measures: dict[str, Any], names: list[str], got: dict[str, Array], asked: Array) -> list[str]:
    worst = {name: float((a / np.where(asked > 0, asked, 1)).min()) for name, a in got.items()}
    best = max(worst, key=lambda name: worst[name])
    met = measures["served_wh"] / measures["claimed_wh"]
    return [f"The pool met {met:.0%} of what {len(asked)} members claimed; for the worst-served member "
            f"it was {worst[names[0]]:.0%}.",
            f"{best} would have lifted the worst-served member to {worst[best]:.0%}.",
            "Energy was contested in the evening; no rule could have served more, only others."]  # fmt: skip


def _ratios(part: Array, whole: Array) -> list[list[float | None]]:
    return [[_ratio(a, b) for a, b in zip(p, w, strict=True)] for p, w in zip(part, whole, strict=True)]


def _ratio(part: float, whole: float) -> float | None:
    return min(float(part / whole), 1.0) if whole > 0 else None


def _whole(values: Array) -> list[int]:
    return [int(v) for v in values]


def _label(k: int) -> str:
    return f"{('House', 'Farm', 'Flat', 'Workshop')[k % 4]} {k + 1}"
