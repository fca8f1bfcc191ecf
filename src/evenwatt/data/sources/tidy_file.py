"""What was fetched as a plain table, with a file beside it that says where every number is from."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from evenwatt.data.exports import files
from evenwatt.data.sources.collecting import Collected

START, SECONDS, KNOWN = "interval_start", "seconds", "known_at"


def write(collected: Collected, path: Path | str) -> tuple[Path, Path]:
    """Write a tidy CSV file and its manifest, each whole or not at all.

    The columns are interval_start (UTC), seconds (how long the row holds), known_at (UTC, where the
    source lets it be known), then the values, named with their unit; an empty cell is no value.

    Returns
    -------
    tuple of Path
        The table, and ``<name>.manifest.json``.
    """
    import polars as pl

    target = Path(path)
    series = collected.series
    columns: dict[str, Any] = {START: _stamps(series.start), SECONDS: series.seconds}
    if not np.isnat(series.known).all():
        columns[KNOWN] = _stamps(series.known)
    columns |= {name: pl.Series(values, nan_to_null=True) for name, values in series.columns.items()}
    files.written(target, lambda part: pl.DataFrame(columns).write_csv(part))
    told = manifest(collected) | {
        "file": {"name": target.name, "sha256": sha256(target.read_bytes()).hexdigest()}
    }
    beside = target.with_name(f"{target.name}.manifest.json")
    files.text(beside, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return target, beside


def manifest(collected: Collected) -> dict[str, Any]:
    """Where the numbers are from, without any key."""
    source, series = collected.source, collected.series
    missing = series.missing_seconds(collected.first, collected.last)
    return {
        "source": source.name,
        "title": source.title,
        "asked": {name: value for name, value in vars(source).items() if name != "base_url" and value != ""},
        "from": f"{collected.first}Z",
        "to": f"{collected.last}Z",
        "rows": len(series.start),
        "resolution_seconds": sorted(set(series.seconds.tolist())),
        "columns": [
            {"name": name, "unit": series.units[name], "missing_seconds": missing[name]}
            for name in series.columns
        ],
        "currency": collected.currency or None,
        "licence": collected.licence,
        "attribution": collected.attribution,
        "notes": list(collected.notes),
        "answers": [answer.to_dict() for answer in collected.answers],
    }


def _stamps(times: np.ndarray[Any, Any]) -> list[str | None]:
    return [None if word == "NaT" else f"{word}Z" for word in times.astype("datetime64[s]").astype(str)]
