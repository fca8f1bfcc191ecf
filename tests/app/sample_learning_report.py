"""Made-up but consistent reports of a training, an evaluation, a simulation and a bargained cascade, from a seed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

RULES = [
    ("demand-learned", "learned demand, then learned weights and discount", 0.0127, 0.048, 0.722, False),
    ("learned-discount", "learned weights and discount", 0.0249, 0.041, 0.741, False),
    ("demand-nash", "learned demand, then Nash by prediction", 0.0154, 0.035, 0.749, True),
    ("demand-pro", "learned demand, then proportional", 0.0172, 0.029, 0.758, True),
    ("learned-weights", "learned weights on claims", 0.0457, 0.062, 0.690, False),
    ("surrogate", "outcomes predicted directly", 0.0395, 0.057, 0.701, False),
    ("nash-claims", "Nash, weights by claims", 0.0893, 0.081, 0.640, True),
    ("pro", "proportional on claims", 0.1026, 0.092, 0.622, True),
    ("nash-equal", "Nash, equal weights", 0.1117, 0.104, 0.601, True),
    ("cea", "constrained equal awards on claims", 0.1246, 0.111, 0.588, True),
    ("demand-nash-equal", "learned demand, then Nash with equal weights", 0.0686, 0.071, 0.655, True),
    ("foresight", "perfect foresight", 0.0, 0.021, 0.790, True),
]
VERDICTS = ["identified", "identified", "weak", "not identified", "not identified"]
SCENARIOS = {"base": "as it was", "drought": "a dry year", "outage": "a supplier fails", "spike": "prices spike",
             "overclaim": "two agents claim too much", "growth": "a fifth more households"}  # fmt: skip


def _days(number: int) -> list[str]:
    return [str(date(2016, 6, 1) + timedelta(days=k)) for k in range(number)]


def _shell(kind: str, summary: list[str], tables: dict[str, Any], **measures: Any) -> dict[str, Any]:
    return {
        "schema": 1, "study": "cascade", "summary": summary, "notes": ["Statements are made up from meters."],
        "provenance": {"versions": {"evenwatt": "0.1.0"}, "seed": 7},
        "measures": {"case": "Rural community", "kind": kind, "currency": "EUR", "zone": "Europe/Berlin",
                     "first": "2016-01-01", "last": "2016-12-31", **measures},
        "tables": tables,
    }  # fmt: skip


def weights(
    days: int = 30, suppliers: int = 3, agents: int = 6, *, fixed: bool = False
) -> list[dict[str, Any]]:
    """Weights by day; the first suppliers are sold out, so that theirs cannot be known."""
    rng = np.random.default_rng(3)
    parties = [f"supplier:s{k + 1}" for k in range(suppliers)] + [f"agent:a{k + 1}" for k in range(agents)]
    base = rng.dirichlet(np.full(len(parties), 3.0))
    rows = []
    for day in _days(days):
        base = np.abs(base + rng.normal(0, 0.004, len(parties)))
        base /= base.sum()
        for k, party in enumerate(parties):
            verdict = "fixed" if fixed else VERDICTS[-1] if k < suppliers - 1 else VERDICTS[k % 3]
            wide = {"identified": 0.08, "weak": 0.3}.get(verdict, 0.0) * base[k]
            row: dict[str, Any] = {"day": day, "party": party, "weight": float(base[k]), "verdict": verdict,
                                   "low": float(base[k] - wide), "high": float(base[k] + wide)}  # fmt: skip
            if verdict == "fixed":
                row |= {"low": None, "high": None}
            if verdict == "not identified":
                row |= {"weight": None, "low": 0.0 if k else None, "high": 0.21 if k else None}
            rows.append(row)
    return rows


def bargain(suppliers: int = 3, agents: int = 3, days: int = 30, *, fixed: bool = False) -> dict[str, Any]:
    """The tables that a run holds beside its others where its first stage bargains."""
    rng = np.random.default_rng(5)
    links = [
        {"supplier": f"s{i + 1}", "agent": f"a{j + 1}", "wh": int(rng.gamma(2, 900_000)),
         "price_per_mwh": float(rng.uniform(60, 140)), "charge_per_mwh": float(rng.uniform(0, 8)),
         "limit_reached_share": float(max(rng.normal(0, 0.08), 0))}
        for i in range(suppliers) for j in range(agents) if rng.random() < 0.9
    ] or [{"supplier": "s1", "agent": "a1", "wh": 900_000, "price_per_mwh": 100.0, "charge_per_mwh": 0.0,
           "limit_reached_share": 0.0}]  # fmt: skip
    parties = [f"supplier:s{i + 1}" for i in range(suppliers)] + [f"agent:a{j + 1}" for j in range(agents)]
    return {
        "bargain_links": links,
        "bargain_weights": weights(days, suppliers, agents, fixed=fixed),
        "bargain_status": [{"status": "optimal", "intervals": 2_512}, {"status": "no_gain", "intervals": 41},
                           {"status": "nothing_to_trade", "intervals": 327}],
        "bargain_parties": [{"party": party, "gain_micro": int(rng.gamma(2, 40_000_000)) if k != 1 else 0,
                             "disagreement_micro": int(rng.gamma(2, 20_000_000))} for k, party in enumerate(parties)],
    }  # fmt: skip


def training(days: int = 30, suppliers: int = 3, agents: int = 6) -> dict[str, Any]:
    """A training of three models."""
    rng = np.random.default_rng(11)
    parties = [f"supplier:s{k + 1}" for k in range(suppliers)] + [f"agent:a{k + 1}" for k in range(agents)]
    known = []
    for k, party in enumerate(parties):
        verdict = "not identified" if k < suppliers else VERDICTS[k % 3]
        weight, se = 1 / len(parties) * rng.uniform(0.5, 1.5), {"identified": 0.03, "weak": 0.3}.get(verdict)
        known.append(
            {"party": party, "weight": weight if se else None, "low": weight * (1 - 2 * se) if se else None,
             "high": weight * (1 + 2 * se) if se else None, "se": se,
             "information": rng.uniform(80, 140) if se else 0.2, "sensitive_share": 0.7 if se else 0.0,
             "verdict": verdict}
        )  # fmt: skip
    features = ["claim", "last metered demand", "claim / (1 + past error)", "scarcity", "hour of the day",
                "day of the week", "mean cost", "temperature", "wind", "price of yesterday",
                "holiday", "season"]  # fmt: skip
    shape = np.exp(-np.arange(14) / 3.0)
    return _shell(
        "training",
        ["Three models were learned from 26 280 intervals of 2016.",
         "Three of nine weights cannot be told from these data."],
        {
            "agents": [{"id": f"a{k + 1}", "label": f"Quarter {k + 1}"} for k in range(agents)],
            "models": [{"model": model, "version": "1", "first": "2016-01-01", "last": "2016-09-30", "rows": 26_280,
                        "hash": "3f" * 32, "seconds": seconds}
                       for model, seconds in (("demand", 21.5), ("policy", 17.3), ("inverse", 3.1))],
            "importance": [{"model": model, "feature": name, "importance": float(v)}
                           for model in ("demand", "policy")
                           for name, v in zip(features, rng.dirichlet(np.linspace(6, 0.4, 12)), strict=True)],
            "loss": [{"model": model, "epoch": k + 1, "train": scale + size * float(v),
                      "validation": scale + size * (0.1 + float(v) + 0.02 * max(k - 7, 0))}
                     for model, scale, size in (("policy", -812.0, 60.0), ("surrogate", 0.043, 0.03))
                     for k, v in enumerate(shape)],
            "bargain_weights": weights(days, suppliers, agents),
            "identifiability": known,
            "discount": [{"agent": f"a{k + 1}", "discount_mean": float(m),
                          "low": float(m - 0.06), "high": float(m + 0.05)}
                         for k, m in enumerate(rng.uniform(0.66, 1.08, agents))],
        },
        intervals=26_280,
    )  # fmt: skip


def evaluation(
    days: int = 30,
    suppliers: int = 3,
    agents: int = 6,
    rules: int = 12,
    blocks: int = 6,
    *,
    wins: bool = False,
) -> dict[str, Any]:
    """An evaluation; ``wins`` says whether a learned rule beats every baseline."""
    rng = np.random.default_rng(13)
    kept = RULES[:rules]
    lift = 0.0 if wins else 0.02
    regret = []
    for rule, title, loss, gini, worst, is_baseline in kept:
        own = loss + (0.0 if is_baseline else lift)
        regret.append(
            {"rule": rule, "title": title, "objective": 812.4 * (1 - own), "regret": own,
             "regret_low": max(own - 0.2 * own, 0), "regret_high": own + 0.22 * own, "satisfaction_mean": 0.93 - own,
             "satisfaction_worst": worst, "gini": gini, "wasted_wh": int(4e6 * own),
             "seconds": 0.4 + 40 * (not is_baseline),
             "manipulation_gain": 0.0 if rule == "cea" else 3 * own, "is_baseline": is_baseline}
        )  # fmt: skip
    of = {row["rule"]: row["regret"] for row in regret}
    learned = [row["rule"] for row in regret if not row["is_baseline"]]
    paired = []
    for rule in learned:
        for other in ("pro", "demand-pro"):
            if other in of:
                gap = of[other] - of[rule]
                low, high = gap - 0.008, gap + 0.008
                verdict = "better" if low > 0 else "worse" if high < 0 else "undecided"
                paired.append({"rule": rule, "against": other, "difference": gap, "low": low, "high": high,
                               "verdict": verdict})  # fmt: skip
    first = (
        "learned demand, then learned weights and discount beats every baseline."
        if wins
        else ("The simple baseline wins: learned demand, then Nash by prediction regrets least, 1.5 %.")
    )
    return _shell(
        "evaluation",
        [first[:1].upper() + first[1:], "8 760 intervals were judged, each by what was known when it was decided."],
        {
            "regret": regret,
            "agents": [{"id": f"a{k + 1}", "label": f"Quarter {k + 1}"} for k in range(agents)],
            "paired": paired,
            "learning_curve": [{"rule": rule, "rows": n, "regret": of[rule] * (1 + 900 / n),
                                "low": of[rule] * (1 + 900 / n) * 0.8, "high": of[rule] * (1 + 900 / n) * 1.2}
                               for rule in (*learned, "demand-pro", "demand-nash") if rule in of
                               for n in (500, 1000, 2000, 4000, 8000)],
            "manipulation": [{"rule": rule, "agent": f"a{k + 1}", "factor": 1.0 if rule == "cea" else 1 + g,
                              "gain_share": 0.0 if rule == "cea" else g * of[rule] * 8,
                              "long_run_gain_share": g * of[rule] if rule in learned else None}
                             for rule in of for k, g in enumerate(rng.uniform(0.1, 1.2, agents))],
            "blocks": [{"first": f"2016-{6 + k % 6:02d}-01", "last": f"2016-{6 + k % 6:02d}-28", "rule": rule,
                        "regret": float(max(v * rng.normal(1, 0.25), 0))}
                       for k in range(blocks) for rule, v in of.items()],
            "bargain_weights": weights(days, suppliers, agents),
        },
        intervals=29_200,
        test_intervals=8_760,
    )  # fmt: skip


def simulation(
    days: int = 30, scenarios: int = 6, draws: int = 20, rules: tuple[str, ...] = ("talmud", "cea", "pro")
) -> dict[str, Any]:
    """A simulation of some scenarios under some rules."""
    rng = np.random.default_rng(17)
    names = list(SCENARIOS)[:scenarios]
    means = {name: 0.78 - 0.09 * k for k, name in enumerate(names)}
    rows, bands, drawn = [], [], []
    for name in names:
        for j, rule in enumerate(rules):
            m = means[name] + 0.01 * j
            for measure, mean, wide in (
                ("served_share", m, 0.04),
                ("gini", 0.4 - 0.2 * m, 0.02),
                ("cost_micro", (2 - m) * 9e8, 4e7),
            ):
                rows.append({"scenario": name, "title": SCENARIOS[name], "rule": rule, "measure": measure, "mean": mean,
                             "low": mean - wide, "high": mean + wide, "draws": draws})  # fmt: skip
            for k, day in enumerate(_days(days)):
                share = min(max(m + 0.12 * np.sin(k / 4) + rng.normal(0, 0.03), 0), 1)
                bands.append({"scenario": name, "rule": rule, "day": day, "served_share": float(share),
                              "low": float(max(share - 0.07, 0)), "high": float(min(share + 0.06, 1))})  # fmt: skip
            for k in range(draws):
                drawn.append({"scenario": name, "rule": rule, "draw": k, "seed": 1000 + k, "gini": 0.3,
                              "served_share": float(m + rng.normal(0, 0.02)), "cost_micro": 9e8})  # fmt: skip
    return _shell("simulation", ["A dry year would cost the members a tenth of what they are served."],
                  {"scenarios": rows, "bands": bands, "draws": drawn,
                   "agents": [{"scenario": name, "rule": rule, "agent": f"a{k + 1}", "low": 0.3, "high": 0.7,
                               "served_share": means[name] - 0.02 * k}
                              for name in names for rule in rules for k in range(4)]}, rule="talmud")  # fmt: skip
