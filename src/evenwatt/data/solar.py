"""Where the sun stands and what a clear sky gives: enough astronomy for a sample of PV plants."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Times

Array = npt.NDArray[np.float64]

REFERENCE = 1000.0  # irradiance at which a panel gives its nominal power [W/m2], IEC 60904-3


def sun(start: Times, latitude: float, longitude: float) -> tuple[Array, Array]:
    """Elevation and azimuth of the sun at each instant, (T,) and (T,) [rad]; azimuth from north, clockwise.

    Source: Spencer 1971, Fourier series representation of the position of the sun, Search 2(5):172.

    Examples
    --------
    >>> noon = np.array(["2026-06-21T11:00"], dtype="datetime64[s]")
    >>> [round(float(np.degrees(angle[0]))) for angle in sun(noon, 50.0, 15.0)]
    [63, 179]
    """
    day_start = start.astype("datetime64[D]")
    year_start = start.astype("datetime64[Y]").astype("datetime64[D]")
    minutes = (start - day_start) / np.timedelta64(60, "s")
    angle = 2 * np.pi * ((day_start - year_start) / np.timedelta64(1, "D") + minutes / 1440) / 365.25
    declination = (
        0.006918 - 0.399912 * np.cos(angle) + 0.070257 * np.sin(angle)
        - 0.006758 * np.cos(2 * angle) + 0.000907 * np.sin(2 * angle)
        - 0.002697 * np.cos(3 * angle) + 0.00148 * np.sin(3 * angle)
    )  # fmt: skip
    equation_of_time = 229.18 * (
        0.000075 + 0.001868 * np.cos(angle) - 0.032077 * np.sin(angle)
        - 0.014615 * np.cos(2 * angle) - 0.040849 * np.sin(2 * angle)
    )  # [minutes]  # fmt: skip
    hour = np.radians((minutes + equation_of_time + 4 * longitude) / 4 - 180)
    north = np.radians(latitude)
    sine = np.sin(north) * np.sin(declination) + np.cos(north) * np.cos(declination) * np.cos(hour)
    elevation = np.arcsin(np.clip(sine, -1, 1))
    east = -np.cos(declination) * np.sin(hour)
    along = np.sin(declination) * np.cos(north) - np.cos(declination) * np.sin(north) * np.cos(hour)
    return elevation, np.mod(np.arctan2(east, along), 2 * np.pi)


def on_panel(elevation: Array, azimuth: Array, clearness: Array, *, tilt: Array, facing: Array) -> Array:
    """Irradiance on tilted panels under passing clouds, (T, n) [W/m2].

    A clear sky after Haurwitz, split into beam and diffuse light by how clear it is.

    Parameters
    ----------
    elevation, azimuth : (T,)
        The sun [rad].
    clearness : (T, n)
        Share of the clear sky's light that comes through at each panel, 0..1.
    tilt, facing : (n,)
        Of the panels, from horizontal and from north [rad].

    Source: Haurwitz 1945, doi:10.1175/1520-0469(1945)002<0154:IIRTCD>2.0.CO;2.
    """
    height = np.maximum(np.sin(elevation), 0.0)[:, None]
    clear = 1098 * height * np.exp(-0.057 / np.maximum(height, 0.01))
    light = clear * clearness
    diffuse = light * np.clip(1.15 - 0.95 * clearness, 0.15, 1.0)
    cosine = np.sin(elevation)[:, None] * np.cos(tilt) + np.cos(elevation)[:, None] * np.sin(tilt) * np.cos(
        azimuth[:, None] - facing
    )
    # Near the horizon the beam on a facing panel would grow without bound.
    beam = (light - diffuse) * np.clip(cosine, 0, None) / np.maximum(height, 0.08)
    return np.where(height > 0, beam + diffuse * (1 + np.cos(tilt)) / 2, 0.0)
