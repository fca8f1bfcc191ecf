"""Files and meters that the tests of the data layer share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from evenwatt.core.meters import Meters, Register, instants
from evenwatt.data.clock import local_labels

PRAGUE = "Europe/Prague"


@pytest.fixture
def make() -> Callable[..., Meters]:
    """Meters of random whole Wh: make(first day, days, registers)."""

    def meters(
        first: date = date(2026, 6, 1),
        days: int = 3,
        registers: int = 3,
        zone: str = PRAGUE,
        seconds: int = 900,
    ) -> Meters:
        start = np.concatenate([instants(first + timedelta(days=k), zone, seconds) for k in range(days)])
        wh = np.random.default_rng(7).integers(1, 900, (len(start), registers))
        named = tuple(Register(f"h{k}:consumption", f"h{k}", "consumption") for k in range(registers))
        return Meters(start, wh, np.zeros(wh.shape, np.uint8), named, seconds, zone)

    return meters


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """Write text or bytes to a file: file(content, name)."""

    def written(content: str | bytes, name: str = "meters.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.fixture
def local_rows() -> Callable[..., list[str]]:
    """Naive tidy rows of one local day, value k Wh in its k-th interval: local_rows(day)."""

    def rows(day: date, meter: str = "h1", zone: str = PRAGUE) -> list[str]:
        labels = local_labels(instants(day, zone, 900), zone)
        return [f"{label},{meter},consumption,{k / 1000:.3f}" for k, label in enumerate(labels)]

    return rows
