"""What a case takes: ``prices.csv`` from wholesale prices, ``meters.csv`` from a series of generation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError, gather
from evenwatt.data.exports import files
from evenwatt.data.imports.reading import Wholesale
from evenwatt.data.series import STEPS, ranges

Array = npt.NDArray[np.float64]

PRICES, METERS = "prices.csv", "meters.csv"


@dataclass(frozen=True)
class Markup:
    """How a household's prices follow from the wholesale price [currency per MWh].

    Attributes
    ----------
    buy_add : float
        Grid fees, taxes and margin on what is bought from the grid.
    sell_add : float
        What a feed-in earns beyond the wholesale price; a deduction is below 0.
    local_split : float
        Where the local price stands between selling to the grid (0) and buying from it (1).
    """

    buy_add: float = 150.0
    sell_add: float = 0.0
    local_split: float = 0.5

    def __post_init__(self) -> None:
        with gather("markup", DataError) as faults:
            if not np.isfinite([self.buy_add, self.sell_add]).all():
                faults.append("--buy-add and --sell-add must be numbers")
            elif self.buy_add < self.sell_add:
                faults.append(
                    f"--buy-add {self.buy_add:g} lies below --sell-add {self.sell_add:g}: "
                    "buying from the grid and selling back would earn money"
                )
            if not 0 <= self.local_split <= 1:
                faults.append(f"--local-split {self.local_split:g} is not between 0 and 1")

    def columns(self, wholesale: Array) -> dict[str, Array]:
        """Prices of a case, by the names of its columns.

        Examples
        --------
        >>> Markup(100.0, -10.0, 0.5).columns(np.array([40.0]))["local_per_mwh"].tolist()
        [85.0]
        """
        buy, sell = wholesale + self.buy_add, wholesale + self.sell_add
        return {
            "grid_buy_per_mwh": buy.round(6),
            "grid_sell_per_mwh": sell.round(6),
            "local_per_mwh": (sell + self.local_split * (buy - sell)).round(6),
        }

    def __str__(self) -> str:
        """In a sentence."""
        return (
            f"grid_buy = wholesale + {self.buy_add:g}, grid_sell = wholesale {self.sell_add:+g}, "
            f"local = {self.local_split:g} of the way from selling to buying [per MWh]"
        )


def write_prices(said: Wholesale, folder: Path, markup: Markup) -> tuple[Path, tuple[str, ...]]:
    """Write ``prices.csv``: a row holds until the next, so an hour's price holds for its quarters.

    Raises
    ------
    DataError
        If the folder holds one already.
    """
    import polars as pl

    path = _free(folder, PRICES)
    columns = {"interval_start": _stamps(said.series.start), **markup.columns(said.value)}
    files.written(path, lambda part: pl.DataFrame(columns).write_csv(part))
    end = f"{said.series.end[-1]}Z"
    return path, (f"markup: {markup}", f"the last price would also hold after {end}, where the file ends")


def write_meter(
    said: Wholesale, folder: Path, *, meter: str, peak_kw: float, minutes: int | None = None
) -> tuple[Path, tuple[str, ...]]:
    """Write ``meters.csv``: one generating meter of so many kilowatt at its highest.

    Parameters
    ----------
    said : Wholesale
        Power; in W per kW (``pv_w_per_kw``) it is multiplied, else scaled so that the highest value is
        the peak.
    folder : Path
        Where to write.
    meter : str
        Id of the meter.
    peak_kw : float
        Installed, or highest, power [kW].
    minutes : int, optional
        Length of the readings; the shortest interval of the series if not said. Power is held within an
        interval, so an hour's quarters are equal.

    Raises
    ------
    DataError
        If a value is below 0, nothing is generated, or the readings would be longer than the intervals.
    """
    import polars as pl

    with gather(said.source, DataError) as faults:
        factor = _factor(said, peak_kw, faults)
        step = _step(said, minutes, faults)
    series = said.series
    row, of = ranges(np.zeros(len(series.start), dtype=np.int64), series.seconds // step)
    start = series.start[of] + row * np.timedelta64(step, "s")
    energy = said.value[of] * factor * step / 3600
    # Rounded on the running sum, so that any stretch is right to the watt-hour.
    wh = np.diff(np.rint(np.cumsum(energy)), prepend=0.0).astype(np.int64)
    path = _free(folder, METERS)
    table = {"interval_start": _stamps(start), "meter": meter, "role": "generation", "wh": wh}
    files.written(path, lambda part: pl.DataFrame(table).write_csv(part))
    notes = [f"scaled to a plant of {peak_kw:g} kW: {wh.sum() / 1000:,.0f} kWh in all"]
    if (series.seconds > step).any():
        held = " and ".join(f"{n / 60:g}" for n in sorted({n for n in series.seconds.tolist() if n > step}))
        notes.append(
            f"intervals of {held} minutes are cut into equal parts of {step / 60:g} minutes; nobody measured those"
        )
    return path, tuple(notes)


def _factor(said: Wholesale, peak_kw: float, faults: list[str]) -> float:
    """What makes the series watts of the plant."""
    below = np.flatnonzero(said.value < 0)
    if len(below):
        faults.append(
            f"{len(below)} values of generation lie below 0, the first at {said.series.start[below[0]]}Z"
        )
    if not (np.isfinite(peak_kw) and peak_kw > 0):
        faults.append(f"--peak-kw {peak_kw:g} is not above 0")
    if "w_per_kw" in said.column:
        return peak_kw
    highest = float(said.value.max(initial=0.0))
    if highest <= 0:
        faults.append("nothing is generated, so there is nothing to scale")
        return 0.0
    return peak_kw * 1000 / highest


def _step(said: Wholesale, minutes: int | None, faults: list[str]) -> int:
    shortest = int(said.series.seconds.min())
    step = shortest if minutes is None else minutes * 60
    if step not in STEPS:
        faults.append(f"readings of {step / 60:g} minutes; there are 15, 30 and 60")
        return shortest
    if (said.series.seconds % step).any():
        faults.append(f"intervals of {shortest / 60:g} minutes cannot be cut into {step / 60:g} minutes")
    return step


def _free(folder: Path, name: str) -> Path:
    if (folder / name).exists():
        raise DataError(f"{folder}: holds {name} already; name another folder with --out")
    return folder / name


def _stamps(start: npt.NDArray[np.datetime64]) -> list[str]:
    return [f"{stamp}Z" for stamp in start.astype("datetime64[s]").astype(str)]
