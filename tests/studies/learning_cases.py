"""Cases to learn from: three weeks of hourly readings in spring, with agents that overstate what they need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

import evenwatt
from evenwatt import bargaining
from evenwatt.studies.cascade.period import BargainPeriod, bargain_period
from evenwatt.studies.case import Case
from evenwatt.studies.template import create

ZONE = "Europe/Prague"
MIDNIGHT = datetime(2026, 3, 15, 23, tzinfo=UTC)  # of 16 March in Prague, two weeks before the clocks change
OVERSTATED = (1.6, 1.1)  # times the needs of the two agents


def village(folder: Path, *, days: int = 21, seed: int = 3, missing: Sequence[int] = ()) -> Case:
    """Five homes of two agents, a water wheel and a roof, seldom enough; hours in ``missing`` have no row."""
    rng, hours = np.random.default_rng(seed), np.arange(24 * days)
    weather = np.exp(0.3 * rng.standard_normal((days, 5))).repeat(24, axis=0)
    habit = rng.uniform(0.2, 0.9, 5) * (1 + 0.7 * np.sin((hours[:, None] % 24 - 9) / 12 * np.pi))
    load = habit * weather * np.exp(0.15 * rng.standard_normal((24 * days, 5)))
    sun = np.maximum(0, np.sin((hours % 24 - 6) / 12 * np.pi)) * rng.uniform(0.3, 1, days).repeat(24)
    wheel = np.maximum(1.2 + 0.1 * rng.standard_normal(24 * days), 0)
    lines = ["interval_start,meter,role,kwh"]
    for t in sorted({*hours.tolist()} - {*missing}):
        stamp = (MIDNIGHT + timedelta(hours=t)).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines += [f"{stamp},home{k + 1},consumption,{load[t, k]:.3f}" for k in range(5)]
        lines += [f"{stamp},roof,generation,{3.5 * sun[t]:.3f}", f"{stamp},wheel,generation,{wheel[t]:.3f}"]
    source = folder.with_suffix(".csv")
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return create(folder, source, agents=2, timezone=ZONE)


def overstating(folder: Path, *, spread: float = 0.2, shuffled: bool = False) -> Case:
    """The village whose agents state too much, or what they would state at any other hour where ``shuffled``."""
    case = village(folder)
    period, rng = period_of(case), np.random.default_rng(1)
    claims = period.needs * OVERSTATED * np.exp(spread * rng.standard_normal(period.needs.shape))
    if shuffled:
        claims = rng.permuted(claims, axis=0)
    state(folder, period, claims)
    toml = folder / "case.toml"
    toml.write_text(f'{toml.read_text()}\n[bargain]\nstatements = "file"\n', encoding="utf-8")
    return evenwatt.load(folder)


def state(folder: Path, period: BargainPeriod, claims: np.ndarray) -> None:
    """Write ``statements.csv``."""
    rows = ["interval_start,agent,claim_wh"]
    for start, told in zip(period.start, claims.round().astype(int), strict=True):
        rows += [f"{start}Z,{agent},{wh}" for agent, wh in zip(period.agents, told.tolist(), strict=True)]
    (folder / "statements.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def agree(case: Case, weights: Sequence[float], *, noise: float = 0.0) -> None:
    """Write ``outcomes.csv``: what parties of these weights agree on, each flow off by ``noise`` in the log."""
    period, rng = period_of(case), np.random.default_rng(2)
    told = period.problem.changed(weights=np.tile(weights, (len(period.start), 1)))
    flows = bargaining.solve(told).flows
    flows = flows * np.exp(noise * rng.standard_normal(flows.shape))
    rows = ["interval_start,supplier,agent,wh"]
    for start, table in zip(period.start, flows, strict=True):
        rows += [
            f"{start}Z,{supplier},{agent},{wh:.4f}"
            for supplier, line in zip(period.suppliers, table.tolist(), strict=True)
            for agent, wh in zip(period.agents, line, strict=True)
        ]
    (case.folder / "outcomes.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def period_of(case: Case) -> BargainPeriod:
    """Stage one of a case's period."""
    return bargain_period(case, case.store())
