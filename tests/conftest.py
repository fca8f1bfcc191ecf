"""What every test shares: real data where it is, and hypothesis without a clock."""

from __future__ import annotations

import importlib.util
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# No deadline: the first call of a kernel compiles it. Derandomised: a run today equals a run tomorrow.
settings.register_profile(
    "evenwatt", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("evenwatt")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets named by EVENWATT_DATA."""
    place = os.environ.get("EVENWATT_DATA", "")
    if not place or not Path(place).is_dir():
        pytest.skip("EVENWATT_DATA names no folder of real data")
    return Path(place)


@pytest.fixture(scope="session")
def hamlet_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two June days of quarter-hours: five homes, one of them with a roof, and a mill."""
    rng = np.random.default_rng(11)
    lines = ["interval_start,meter,role,kwh"]
    start = datetime(2026, 6, 1, tzinfo=UTC)
    for step in range(192):
        stamp = (start + timedelta(minutes=15 * step)).strftime("%Y-%m-%dT%H:%M:%SZ")
        sun = max(0.0, np.sin((step % 96 - 20) / 56 * np.pi))
        for home in range(1, 6):
            lines.append(f"{stamp},home{home},consumption,{(20 + 15 * home + rng.integers(0, 60)) / 1000}")
        lines.append(f"{stamp},home5,generation,{round(sun * 400) / 1000}")
        lines.append(f"{stamp},mill,generation,{(90 + rng.integers(0, 20)) / 1000}")
    path = tmp_path_factory.mktemp("hamlet") / "hamlet.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def hamlet_made(hamlet_csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hamlet as a case with two agents, run once by the Talmud rule; not to be changed."""
    from evenwatt.app import pages
    from evenwatt.studies.template import create

    case = create(tmp_path_factory.mktemp("cases") / "hamlet", hamlet_csv, agents=2, rule="talmud")
    case.run(page=pages.cascade)
    return case.folder


@pytest.fixture
def hamlet(hamlet_made: Path, tmp_path: Path) -> Path:
    """A copy of the hamlet's case to do with as a test pleases."""
    return Path(shutil.copytree(hamlet_made, tmp_path / "hamlet"))


@pytest.fixture(scope="session")
def cases() -> ModuleType:
    """Makers of cases to learn from: ``tests/studies/learning_cases.py``."""
    spec = importlib.util.spec_from_file_location(
        "learning_cases", Path(__file__).parent / "studies" / "learning_cases.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def village_made(cases: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three weeks of five homes whose two agents overstate, not yet learned from; not to be changed."""
    folder: Path = cases.overstating(tmp_path_factory.mktemp("villages") / "village").folder
    return folder


@pytest.fixture
def village(village_made: Path, tmp_path: Path) -> Path:
    """A copy of the village to do with as a test pleases."""
    return Path(shutil.copytree(village_made, tmp_path / "village"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--renew`` writes golden files again."""
    parser.addoption("--renew", action="store_true", help="write golden files again; read the diff")


@pytest.fixture
def renew(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written again."""
    return bool(request.config.getoption("--renew"))
