"""Sums of finished days, kept so that an interrupted run goes on after the last one."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import polars as pl

T = TypeVar("T")
Column = npt.NDArray[Any]

FOLDER = "tallies"  # within a run that is not finished yet


def save(tally: Any, folder: Path, day: str) -> None:
    """Write a dataclass of numbers and arrays under a temporary name, then rename: on disk it is whole."""
    save_arrays({f.name: np.asarray(getattr(tally, f.name)) for f in fields(tally)}, folder, day)


def save_arrays(arrays: Mapping[str, Column], folder: Path, day: str) -> None:
    """Write named arrays of numbers or text in the same way."""
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    held: dict[str, Any] = {name: np.asarray(values) for name, values in arrays.items()}
    np.savez(buffer, allow_pickle=False, **held)
    part = place / f"{day}.part"
    part.write_bytes(buffer.getvalue())
    part.replace(place / f"{day}.npz")


def load_arrays(folder: Path, day: str) -> dict[str, Column] | None:
    """Read what :func:`save_arrays` wrote; None where there is nothing."""
    path = folder / FOLDER / f"{day}.npz"
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as held:
        return {name: held[name] for name in held.files}


def load(kind: type[T], path: Path) -> T:
    """Read what :func:`save` wrote."""
    with np.load(path, allow_pickle=False) as held:
        values: dict[str, Any] = {f.name: held[f.name] for f in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value.item() if value.ndim == 0 else value for name, value in values.items()})


def finished(kind: type[T], folder: Path | None, days: Sequence[str]) -> list[T]:
    """The tallies of the days that ``folder`` holds, from the first on without a gap."""
    held: list[T] = []
    for day in days if folder is not None else ():
        path = Path(folder or "") / FOLDER / f"{day}.npz"
        if not path.is_file():
            break
        held.append(load(kind, path))
    return held


def write_tables(tables: Mapping[str, pl.DataFrame], folder: Path, name: str) -> None:
    """Write each table as ``<table>/<name>.parquet``, complete or not at all."""
    for table, frame in tables.items():
        place = folder / table
        place.mkdir(parents=True, exist_ok=True)
        part = place / f".{name}.part"
        frame.write_parquet(part, compression="zstd")
        part.replace(place / f"{name}.parquet")
