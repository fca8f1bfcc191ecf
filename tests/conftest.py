"""What every test shares: real data where it is, and hypothesis without a clock."""

from __future__ import annotations

import os
from pathlib import Path

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
