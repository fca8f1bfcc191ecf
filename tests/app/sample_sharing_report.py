"""A sharing group's report drawn by chance, as large or as small as a test wants."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

PLANTS = ("roof", "mill", "field", "barn", "school")


def report(members=12, plants=3, days=10, *, sharing=True, searched=True, complete=True, seed=2):
    """A dictionary as ``Report.to_dict()`` gives it."""
    rng = np.random.default_rng(seed)
    homes = [f"home{k}" for k in range(members)]
    makers = [f"{PLANTS[k % 5]}{k}" for k in range(plants)]
    wh = (rng.integers(0, 40_000, (plants, members)) * (rng.random((plants, members)) < 0.5)) * int(sharing)
    got, given = wh.sum(axis=0), wh.sum(axis=1)
    wanted, surplus = got + rng.integers(1_000, 90_000, members), given + rng.integers(0, 50_000, plants)
    people = [_member(name, int(wanted[k]), int(got[k]), 0, 0) for k, name in enumerate(homes)] + [
        _member(name, 0, 0, int(surplus[k]), int(given[k])) for k, name in enumerate(makers)
    ]
    shared, ideal = int(wh.sum()), int(wh.sum() * 1.3) + 5_000
    tables = {
        "members": people,
        "producers": [
            {"id": name, "label": name.title(), "surplus_wh": int(surplus[k]), "given_wh": int(given[k]),
             "unused_wh": int(surplus[k] - given[k]), "sold": float(given[k] / max(surplus[k], 1)),
             "consumers": int((wh[k] > 0).sum()), "earned_micro": int(given[k] * 140)}
            for k, name in enumerate(makers)
        ],
        "flows": [
            {"producer": makers[i], "consumer": homes[j], "wh": int(wh[i, j])}
            for i, j in zip(*np.nonzero(wh), strict=True)
        ],
        "keys": [
            {"consumer": homes[j], "producer": makers[i], "key": round(1 / members, 4), "priority": i + 1,
             "valid_from": "2026-06-01" if j == 0 else "", "valid_to": ""}
            for i in range(plants) for j in range(members)
        ],
        "waterfall": _waterfall(ideal, shared, searched),
        "variants": _variants(ideal, shared, complete),
        "days": [_day(date(2026, 6, 1) + timedelta(days=k), rng, sharing) for k in range(days)],
        "hours": [
            {"slot": k, "minute": 60 * k, "supply_wh": int(9_000 * max(0, np.sin((k - 6) / 12 * np.pi))),
             "demand_wh": 4_000 + 2_000 * (k > 17), "shared_wh": 800 * int(sharing), "could_wh": 100 * (k % 3)}
            for k in range(24)
        ],
        "map": [
            {"day": str(date(2026, 6, 1) + timedelta(days=d)), "hour": h, "could_wh": int(rng.integers(0, 500)),
             "shared_wh": 10}
            for d in range(days) for h in range(24)
        ],
    }  # fmt: skip
    if searched:
        tables["history"] = [
            {"seconds": 0.5 * k, "shared_wh": shared * (0.8 + 0.02 * k), "bound_wh": None if k == 0 else ideal * 1.01,
             "gap": None if k == 0 else 0.2 - 0.01 * k}
            for k in range(10)
        ]  # fmt: skip
        tables["forward"] = [
            {"window": f"2026-06-0{w} to 2026-06-0{w + 1}", "keys": keys, "share": 0.6 + 0.05 * k + 0.01 * w}
            for w in (3, 5, 7)
            for k, keys in enumerate(("current", "equal", "demand", "optimised", "hindsight"))
        ]
    return {
        "schema": 1,
        "study": "sharing",
        "summary": [f"{shared} Wh were shared."],
        "measures": _measures(members, plants, days, shared, ideal, surplus, wanted, searched),
        "tables": tables,
        "notes": ["drawn by chance"],
        "provenance": {"seed": seed, "config": {"study": "sharing"}},
    }


def _member(name, wanted, got, surplus, given):
    before = wanted * 250 - surplus * 60
    after = (wanted - got) * 250 + got * 140 - given * 140 - (surplus - given) * 60
    return {
        "id": name, "label": name.title(), "role": "consumer", "load_wh": wanted, "generated_wh": surplus,
        "own_use_wh": 0, "deficit_wh": wanted, "received_wh": got, "unmet_wh": wanted - got, "surplus_wh": surplus,
        "given_wh": given, "unused_wh": surplus - given, "before_micro": before, "after_micro": after,
        "saved_micro": before - after, "coverage": got / wanted if wanted else None,
    }  # fmt: skip


def _waterfall(ideal, shared, searched):
    parts = [1.0, 0.98, 0.95, 0.9]
    rows = [
        {"stage": name, "title": name.title(), "wh": round(ideal * part), "loss_wh": 0,
         "proof": "heuristic" if searched and k > 1 else "certified"}
        for k, (name, part) in enumerate(zip(("ideal", "links", "keys", "rounds"), parts, strict=True))
    ]  # fmt: skip
    rows.append({"stage": "shared", "title": "Shared", "wh": shared, "loss_wh": 0, "proof": "certified"})
    for k in range(1, len(rows)):
        rows[k]["loss_wh"] = rows[k - 1]["wh"] - rows[k]["wh"]
    return rows


def _variants(ideal, shared, complete):
    names = [("rounds", str(r)) for r in (1, 2, 5, "unlimited")] + [("keys", "current"), ("keys", "equal")]
    names += (
        [("country", "at-static"), ("country", "pt-hierarchical"), ("formula", "cea")] if complete else []
    )
    return [
        {
            "kind": kind, "name": name, "title": f"the {name}", "rule": "keys of each producer",
            "chosen": name in ("5", "current"), "skipped": "it needs levels" if name == "pt-hierarchical" else None,
            **(dict.fromkeys(("shared_wh", "share_of_ideal", "worst_coverage", "mean_coverage", "best_coverage",
                              "jain_coverage", "moved_wh", "change")) if name == "pt-hierarchical" else
               {"shared_wh": shared + 10 * k, "share_of_ideal": (shared + 10 * k) / ideal, "worst_coverage": 0.1,
                "mean_coverage": 0.3, "best_coverage": 0.6, "jain_coverage": 0.9, "moved_wh": 10 * k,
                "change": None if name in ("5", "current") else f"the {name}: nobody's energy changes by a kWh."}),
        }
        for k, (kind, name) in enumerate(names)
    ]  # fmt: skip


def _day(day, rng, sharing):
    supply, shared = int(rng.integers(20_000, 90_000)), 9_000 * int(sharing)
    return {
        "date": str(day), "supply_wh": supply, "demand_wh": 50_000, "shared_wh": shared,
        "unused_wh": supply - shared, "unmet_wh": 50_000 - shared, "could_wh": 5_000,
    }  # fmt: skip


def _measures(members, plants, days, shared, ideal, surplus, wanted, searched):
    held = {
        "case": "sample", "first": "2026-06-01", "last": str(date(2026, 6, 1) + timedelta(days=days - 1)),
        "days": days, "interval_seconds": 3600, "intervals": 24 * days, "incomplete": 0, "members": members + plants,
        "producers": plants, "consumers": members, "links": members * plants, "currency": "EUR",
        "timezone": "Europe/Prague", "country": "cz", "rule": "keys of each producer, 5 rounds",
        "rule_title": "the Czech rule in rounds", "supply_wh": int(surplus.sum()), "demand_wh": int(wanted.sum()),
        "shared_wh": shared, "unused_wh": int(surplus.sum()) - shared, "unmet_wh": int(wanted.sum()) - shared,
        "could_wh": ideal - shared, "ideal_wh": ideal, "share_of_ideal": shared / ideal, "self_sufficiency": 0.4,
        "before_micro": 900_000_000, "after_micro": 700_000_000, "saved_micro": 200_000_000,
    }  # fmt: skip
    if searched:
        held |= {"before_wh": shared // 2, "found_wh": shared, "bound_wh": ideal * 1.01, "gap": 0.11}
    return held
