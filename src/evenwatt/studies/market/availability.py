"""How much of a power station can be used, and what an outside price may look like: small generators of weather."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import stream
from evenwatt.core.meters import Times
from evenwatt.data.clock import local_labels
from evenwatt.data.household import wander
from evenwatt.data.solar import REFERENCE, on_panel, sun

Array = npt.NDArray[np.float64]

QUARTER = 900  # step that `wander` counts in [s]
LOSSES = 0.86  # inverter, wiring, warm cells; PVWatts' default, NREL/TP-6A20-62641
CUT_IN, RATED, CUT_OUT = 3.0, 12.0, 25.0  # of a usual turbine [m/s], IEC 61400-1 class II


def wind(start: Times, seconds: int, turbines: int, seed: int) -> Array:
    """Share of capacity of wind farms in one region, (T, turbines): fronts that pass within days, gusts of one's own.

    The power is that of the wind's third power between cut-in and rated speed.
    """
    region = _wander(stream(seed, "wind"), len(start), 1, seconds, hours=22.0)
    own = _wander(stream(seed, "wind of each farm"), len(start), turbines, seconds, hours=2.0)
    speed = 7.0 * np.exp(0.38 * region + 0.12 * own)  # [m/s]
    share = (speed**3 - CUT_IN**3) / (RATED**3 - CUT_IN**3)
    return np.asarray(np.where(speed > CUT_OUT, 0.0, np.clip(share, 0.0, 1.0)))


def river(start: Times, seconds: int, plants: int, seed: int) -> Array:
    """Share of capacity of run-of-river plants, (T, plants): high in spring, slow to change."""
    month = start.astype("datetime64[M]").astype(np.int64) % 12
    season = 0.6 + 0.2 * np.cos(2 * np.pi * (month - 3) / 12)
    level = _wander(stream(seed, "rivers"), len(start), plants, seconds, hours=96.0)
    return np.asarray(np.clip(season[:, None] * np.exp(0.15 * level), 0.05, 1.0))


def sunshine(start: Times, seconds: int, seed: int, *, latitude: float, longitude: float) -> Array:
    """Share of capacity of solar parks, (T,): panels facing the equator under a region's clouds.

    Examples
    --------
    >>> day = np.arange("2026-06-21", "2026-06-22", np.timedelta64(3600, "s"), dtype="datetime64[s]")
    >>> share = sunshine(day, 3600, 1, latitude=50.0, longitude=10.0)
    >>> share[[0, 23]].tolist(), bool(share.max() > 0.2)
    ([0.0, 0.0], True)
    """
    chance = stream(seed, "clouds over solar parks")
    clouds = _wander(chance, len(start), 1, seconds, hours=30.0) + 0.5 * _wander(
        chance, len(start), 1, seconds, hours=2.0
    )
    clearness = 1 - 0.75 / (1 + np.exp(-1.5 * (clouds - 0.4)))
    elevation, azimuth = sun(start + np.timedelta64(seconds // 2, "s"), latitude, longitude)
    south = 180.0 if latitude >= 0 else 0.0
    light = on_panel(elevation, azimuth, clearness, tilt=np.radians([30.0]), facing=np.radians([south]))
    return np.asarray(np.minimum(light[:, 0] / REFERENCE * LOSSES, 1.0))


def outside_prices(start: Times, zone: str, seed: int, *, sun_share: Array, wind_share: Array) -> Array:
    """An hourly price of the outside grid, (T,) [currency per MWh]: evenings dear, sunny and windy hours cheap.

    Parameters
    ----------
    start : (T,)
        Starts of hours, UTC.
    zone : str
        Whose clock people live by.
    seed : int
        The case's seed.
    sun_share, wind_share : (T,)
        Share of capacity that sun and wind give in the region.

    Notes
    -----
    Its shape is ours, after what Central European day-ahead markets showed in the mid-2020s: about 80 in the
    mean, peaks before work and after sunset, negative hours around noon of sunny weekends.
    """
    clock = local_labels(start, zone)
    day = clock.astype("datetime64[D]")
    hour = (clock - day) / np.timedelta64(3600, "s")
    free = (day.astype(np.int64) + 3) % 7 >= 5  # 1970-01-01 was a Thursday
    morning = np.exp(-0.5 * ((hour - 7.5) / 1.6) ** 2)
    evening = np.exp(-0.5 * ((hour - 19.5) / 2.0) ** 2)
    night = np.exp(-0.5 * ((((hour + 12) % 24) - 15) / 2.5) ** 2)
    mood = _wander(stream(seed, "outside price"), len(start), 1, 3600, hours=12.0)[:, 0]
    price = (
        102 + 26 * morning * ~free + 52 * evening - 18 * night - 22 * free
        - 105 * sun_share - 70 * (wind_share - 0.3) + 9 * mood
    )  # fmt: skip
    return np.asarray(price.round(2))


def available(sources: Sequence[str], start: Times, seconds: int, seed: int, *, sun_share: Array) -> Array:
    """Share of capacity that power stations can use, (T, P).

    Parameters
    ----------
    sources : sequence of P str
        What each follows: ``sun``, ``wind``, ``river`` or ``none``.
    start : (T,)
        Starts of the steps, UTC.
    seconds : int
        Length of a step [s].
    seed : int
        The case's seed.
    sun_share : (T,)
        What solar parks can use.
    """
    share = np.ones((len(start), len(sources)))
    for weather, made in (("wind", wind), ("river", river)):
        columns = [k for k, source in enumerate(sources) if source == weather]
        if columns and len(start):
            share[:, columns] = made(start, seconds, len(columns), seed)
    share[:, [k for k, source in enumerate(sources) if source == "sun"]] = sun_share[:, None]
    return share


def _wander(chance: np.random.Generator, steps: int, columns: int, seconds: int, *, hours: float) -> Array:
    """``household.wander`` in steps of any length."""
    if steps == 0:
        return np.zeros((0, columns))
    return wander(chance, steps, columns, hours=hours * QUARTER / seconds)
