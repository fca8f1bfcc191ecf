"""A hamlet's market to test with: six consumers, three prosumers, two stations, two utilities, a regulator."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from evenwatt.studies.template import create

HOMES, ROOFS = 9, 3
ROLES = """\
id,label,role,persona,meter,distance_km,value_per_mwh,cash,battery_kwh,source,capacity_kw,retail_per_mwh
h1,Home 1,consumer,balanced,home1,0.3,400,500,,,,
h2,Home 2,consumer,eco,home2,0.5,380,500,,,,
h3,Home 3,consumer,greedy,home3,0.7,350,500,,,,
h4,Home 4,consumer,depressed,home4,0.9,300,500,,,,
h5,Home 5,consumer,balanced,home5,1.1,420,500,,,,
h6,Home 6,consumer,profit-driven,home6,0.2,390,500,,,,
h7,Home 7,prosumer,balanced,home7,0.4,400,800,5,,,
h8,Home 8,prosumer,greedy,home8,0.6,400,800,,,,
h9,Home 9,prosumer,eco,home9,0.8,400,800,,,,
wind,Wind farm,producer,,,,,,,wind,6,
gas,Gas plant,producer,,,,,,,gas,8,
green,Green Power,utility,environmentally conscious,,,,,,,,152
works,City Works,utility,greedy,,,,,20,,,148
regulator,,regulator,,,,,,,,,
"""


def readings(path: Path, steps: int, *, first: str = "2026-06-01T00:00", seed: int = 5) -> Path:
    """Quarter-hours of nine homes, the last three with a roof; the sun shines from six to six."""
    rng = np.random.default_rng(seed)
    lines = ["interval_start,meter,role,kwh"]
    start = datetime.fromisoformat(first).replace(tzinfo=UTC)
    for step in range(steps):
        stamp = (start + timedelta(minutes=15 * step)).strftime("%Y-%m-%dT%H:%M:%SZ")
        sun = max(0.0, np.sin((step % 96 - 24) / 48 * np.pi)) * rng.uniform(0.6, 1.0)
        for home in range(1, HOMES + 1):
            lines.append(f"{stamp},home{home},consumption,{rng.integers(60, 260) / 1000}")
            if home > HOMES - ROOFS:
                lines.append(f"{stamp},home{home},generation,{round(sun * 900) / 1000}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def hamlet(folder: Path, days: int = 1) -> Path:
    """A case of so many days, with the roles above."""
    export = readings(folder.parent / f"{folder.name}.csv", 96 * days)
    create(folder, export, study="market")
    (folder / "roles.csv").write_text(ROLES, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def market_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One day of the hamlet, run; not to be changed."""
    import evenwatt

    folder = hamlet(tmp_path_factory.mktemp("markets") / "hamlet")
    evenwatt.load(folder).run()
    return folder


@pytest.fixture
def market(market_made: Path, tmp_path: Path) -> Path:
    """A copy of it to do with as a test pleases."""
    return Path(shutil.copytree(market_made, tmp_path / "hamlet"))


@pytest.fixture(scope="session")
def three_days_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of the hamlet, not yet run; not to be changed."""
    return hamlet(tmp_path_factory.mktemp("markets") / "days", days=3)


@pytest.fixture
def three_days(three_days_made: Path, tmp_path: Path) -> Path:
    """A copy of it to do with as a test pleases."""
    return Path(shutil.copytree(three_days_made, tmp_path / "days"))


@pytest.fixture
def march(tmp_path: Path) -> Path:
    """Three local days of Prague, the middle one an hour short."""
    export = readings(tmp_path / "march.csv", 284, first="2026-03-27T23:00")
    create(tmp_path / "march", export, study="market", timezone="Europe/Prague")
    (tmp_path / "march" / "roles.csv").write_text(ROLES, encoding="utf-8")
    return tmp_path / "march"
