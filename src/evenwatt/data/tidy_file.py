"""Readings as the plainest file there is: one row an interval and register."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evenwatt.core.meters import Meters, Status
from evenwatt.core.units import WH_PER_KWH
from evenwatt.data.schema import INTERVAL_START, KWH, METER, ROLE, STATUS


def write_tidy(meters: Meters, path: Path | str) -> None:
    """Write readings as tidy CSV, to be read like any other: interval_start (UTC), meter, role, kwh.

    Missing readings have no row. A column ``status`` says which were estimated or corrected, if any were.

    Parameters
    ----------
    meters : Meters
        Whole Wh, so that three decimals of a kWh are exact.
    path : path
        Written under another name first, so that it is whole or not there.
    """
    import polars as pl

    steps, place = len(meters.start), Path(path)
    stamps = np.datetime_as_string(meters.start, unit="s", timezone="UTC")
    kwh = [f"{whole // WH_PER_KWH}.{whole % WH_PER_KWH:03d}" for whole in meters.wh.T.ravel().tolist()]
    status = meters.status.T.ravel()
    columns = {
        INTERVAL_START: np.tile(stamps, len(meters.registers)),
        METER: np.repeat([r.meter for r in meters.registers], steps),
        ROLE: np.repeat([r.direction for r in meters.registers], steps),
        KWH: kwh,
    }
    if np.isin(status, (Status.ESTIMATED, Status.CORRECTED)).any():
        columns[STATUS] = [Status(code).name.lower() for code in status.tolist()]
    part = place.with_name(f".{place.name}.part")
    pl.DataFrame(columns).filter(pl.Series(status != Status.MISSING)).write_csv(part)
    part.replace(place)
