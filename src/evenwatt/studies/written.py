"""A report on disk that is no run: report.json, its tables, its page, whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evenwatt.core.report import plain

Page = Callable[[dict[str, Any]], str]


def write_report(
    folder: Path,
    told: dict[str, Any],
    tables: Mapping[str, Sequence[str]],
    *,
    page: Page | None = None,
    also: Callable[[Path], object] | None = None,
) -> None:
    """Write a folder beside its final name, then rename it.

    Parameters
    ----------
    folder : Path
        Must not exist yet.
    told : dict
        What ``Report.to_dict()`` gives.
    tables : mapping of str to sequence of str
        Tables to write as parquet and csv, with the columns of an empty one.
    page : callable, optional
        Draws ``report.html``.
    also : callable, optional
        Writes more into the folder it is given.
    """
    import polars as pl

    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        text = json.dumps(plain(told), indent=1, ensure_ascii=False, allow_nan=False)
        (part / "report.json").write_text(text + "\n", encoding="utf-8")
        for name, columns in tables.items():
            frame = pl.DataFrame(told["tables"][name], infer_schema_length=None)
            frame = frame if frame.width else pl.DataFrame({column: [] for column in columns})
            frame.write_parquet(part / f"{name}.parquet", compression="zstd")
            frame.write_csv(part / f"{name}.csv")
        if page is not None:
            (part / "report.html").write_text(page(told), encoding="utf-8")
        if also is not None:
            also(part)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
