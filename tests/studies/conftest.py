"""Microgrids to test with: the hamlet, and hourly days made to measure."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from evenwatt.studies.template import create


@pytest.fixture(scope="session")
def grid_made(hamlet_csv, tmp_path_factory):
    """The hamlet as a microgrid, run once by the Shapley value; not to be changed."""
    case = create(tmp_path_factory.mktemp("grids") / "grid", hamlet_csv, study="microgrid")
    case.run()
    return case.folder


@pytest.fixture
def grid(grid_made, tmp_path):
    """A copy of it to do with as a test pleases."""
    return shutil.copytree(grid_made, tmp_path / "grid")


@pytest.fixture
def make(tmp_path):
    """Makes a case of hourly days of load and generation by member, (T, n) kWh; members are h1, h2 ..."""
    return lambda load, generated: _made(tmp_path, load, generated)


def _made(folder, load, generated):
    start, lines = datetime(2026, 6, 1, tzinfo=UTC), ["interval_start,meter,role,kwh"]
    for t, (used, given) in enumerate(zip(load, generated, strict=True)):
        stamp = (start + timedelta(hours=t)).strftime("%Y-%m-%dT%H:%M:%SZ")
        for k, (a, b) in enumerate(zip(used, given, strict=True)):
            lines += [f"{stamp},h{k + 1},consumption,{a}", f"{stamp},h{k + 1},generation,{b}"]
    export = folder / "hours.csv"
    export.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return create(folder / "case", export, study="microgrid")


@pytest.fixture
def some():
    """Draws loads and generation of so many members, whole Wh in kWh; the sun shines before noon."""
    return _drawn


def _drawn(seed, members, days=1):
    rng = np.random.default_rng(seed)
    load = rng.integers(100, 900, (24 * days, members)) / 1000
    made = rng.integers(0, 2500, (24 * days, members)) / 1000 * (rng.random(members) < 0.6)
    return load, np.where(np.arange(24 * days)[:, None] % 24 < 12, made, 0.0)
