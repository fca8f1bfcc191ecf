"""The sample community: same seed, same bytes; scarce and plentiful by turns; shaped like homes."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from evenwatt.core import DataError, Meters
from evenwatt.data import Sample, community, read


def _hourly(load: np.ndarray) -> np.ndarray:
    return load.reshape(-1, 4, load.shape[1]).sum(axis=1)


def _surplus(meters: Meters) -> tuple[np.ndarray, np.ndarray]:
    load, made = (meters.energy(meters.meters, way) for way in ("consumption", "generation"))
    return np.maximum(made - load, 0).sum(axis=1), np.maximum(load - made, 0).sum(axis=1)


def _homes(sample: Sample) -> np.ndarray:
    ids = [str(row["meter"]) for row in sample.members]
    return sample.meters.energy(ids, "consumption")


def test_same_seed_same_bytes() -> None:
    one, two = (sha256(community(seed=5).meters.wh.tobytes()).hexdigest() for _ in range(2))
    assert one == two
    assert one != sha256(community(seed=6).meters.wh.tobytes()).hexdigest()
    assert community(seed=5).prices == community(seed=5).prices


@pytest.mark.parametrize("seed", range(1, 6))
def test_scarce_and_plentiful_by_turns(seed: int) -> None:
    surplus, claims = _surplus(community(seed=seed).meters)
    assert ((surplus > 0) & (surplus < claims)).mean() >= 0.4
    assert (surplus > claims).mean() >= 0.1


@pytest.mark.parametrize(("month", "steps"), [("2026-03", 2972), ("2026-10", 2980), ("2024-02", 2784)])
def test_months_have_their_quarter_hours(month: str, steps: int) -> None:
    assert community(month=month, households=3, plants=2).meters.wh.shape[0] == steps


def test_village_is_as_described() -> None:
    sample = community()
    assert (len(sample.members), len(sample.suppliers), len(sample.agents)) == (40, 9, 3)
    homes = {row["meter"] for row in sample.members}
    assert sum(row["meter"] in homes for row in sample.suppliers) == 3
    assert {row["agent"] for row in sample.members} == {row["id"] for row in sample.agents}
    assert len(sample.prices) == 720
    assert all(
        row["grid_sell_per_mwh"] < row["local_per_mwh"] < row["grid_buy_per_mwh"] for row in sample.prices
    )
    assert {str(row["meter"]) for row in (*sample.members, *sample.suppliers)} == set(sample.meters.meters)


@pytest.mark.parametrize(("households", "plants", "agents"), [(1, 0, 1), (2, 1, 1), (3, 16, 2), (200, 3, 7)])
def test_any_size(households: int, plants: int, agents: int) -> None:
    sample = community(households=households, plants=plants, agents=agents)
    assert len(sample.suppliers) == plants + 1
    assert len(sample.members) == households


def test_impossible_wishes_are_named() -> None:
    with pytest.raises(DataError, match="month 'June'"):
        community(month="June")
    with pytest.raises(DataError, match="0 households"):
        community(households=0)


def test_june_sun_gives_what_june_gives() -> None:
    """Prague, June: PVGIS puts a good roof near 130 kWh per kW; a range of roofs and years around it."""
    meters = community(plants=60, households=1, seed=3).meters
    plants = [r.meter for r in meters.registers if r.meter.startswith("pv")]
    made = meters.energy(plants, "generation").sum(axis=0) / 1000
    power = meters.energy(plants, "generation").max(axis=0) * 4 / 1000
    assert 80 <= np.median(made / (power / 0.86)) <= 190


def test_homes_are_shaped_like_the_published_ones(real_data: Path) -> None:
    """Evening peak, memory from hour to hour, and spread, with honest room: another climate, other habits."""
    known = read(real_data / "citylearn2022")
    theirs = known.energy(known.meters, "consumption")[1:8737]
    ours = _hourly(_homes(community()))
    assert 16 <= np.argmax(ours.reshape(-1, 24, 40).mean(axis=(0, 2))) + 2 <= 22
    for measure, room in ((_memory, 0.25), (_spread, 0.25), (_unevenness, 0.4)):
        assert abs(measure(ours) - measure(theirs)) <= room


def _memory(load: np.ndarray) -> float:
    return float(np.median([np.corrcoef(one[:-1], one[1:])[0, 1] for one in load.T]))


def _spread(load: np.ndarray) -> float:
    total = load.sum(axis=0)
    return float(total.std() / total.mean())


def _unevenness(load: np.ndarray) -> float:
    return float(np.median(load.std(axis=0) / load.mean(axis=0)))
