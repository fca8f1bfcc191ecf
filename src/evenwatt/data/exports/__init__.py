"""Files of national data centres: told apart by content, read into one :class:`Export`, written back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from evenwatt.core.errors import DataError
from evenwatt.data.exports.export import MISSING, TOLERANCE_WH, Export, Pairs, Written
from evenwatt.data.exports.joining import concatenate, join

FORMATS = ("edc-all", "edc-pair", "eda", "e-redes", "enedis", "spain", "tidy")

__all__ = [
    "FORMATS",
    "MISSING",
    "TOLERANCE_WH",
    "Export",
    "Pairs",
    "Written",
    "concatenate",
    "join",
    "read",
    "reader",
    "sniff",
    "write",
]


def read(
    path: Path | str | Sequence[Path | str],
    *,
    zone: str | None = None,
    repair: Mapping[str, str] | None = None,
) -> Export:
    r"""Read what a national data centre says about a community.

    Parameters
    ----------
    path : path, or several
        A file of any known format; several files or a folder of them are put together: months after
        each other, EDC's pairs beside its meters, Enedis' producers beside each other.
    zone : str, optional
        IANA zone of the file's clock; the format's own country if not said.
    repair : mapping, optional
        Named repairs: ``autumn-day`` (``first``, ``second``, ``halves``), ``missing-rows`` (``keep``).

    Returns
    -------
    Export
        In UTC and whole Wh, everything at least zero; what the file leaves out is ``MISSING``.

    Raises
    ------
    DataError
        If the file is of no known format (shows columns and first row), or naming every fault.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> meter, other = "859182400000000001", "859182400000000002"
    >>> head = f"Datum;Cas od;Cas do;IN-{meter}-D;OUT-{meter}-D;IN-{other}-O;OUT-{other}-O;"
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "month.csv"
    ...     _ = file.write_text(f"{head}\n01.02.2025;00:00;00:15;1,0;0,44;-0,56;0,0;\n")
    ...     said = read(file)
    >>> said.format, said.supply.tolist(), said.demand.tolist(), said.shared.tolist()
    ('edc-all', [[1000]], [[560]], [[560]])
    """
    found = [Path(path)] if isinstance(path, Path | str) else [Path(one) for one in path]
    if len(found) == 1 and found[0].is_dir() and reader("e-redes").sniff(found[0]):
        return reader("e-redes").read(found[0], zone=zone, repair=repair)  # type: ignore[no-any-return]
    if len(found) == 1 and found[0].is_dir():
        found = sorted(file for file in found[0].iterdir() if file.is_file() and file.name[0] != ".")
    if not found:
        raise DataError(f"{path}: holds no files")
    return _together([reader(sniff(file)).read(file, zone=zone, repair=repair) for file in found])


def sniff(path: Path | str) -> str:
    """Name of the format that a file has, by its content.

    Raises
    ------
    DataError
        If no format fits; shows columns and first row, and names the known formats.
    """
    from evenwatt.data.exports import shown

    file = Path(path)
    for name in FORMATS:
        if reader(name).sniff(file):
            return name
    columns, first = shown.opening(file)
    known = "\n".join(f"    {name}: {reader(name).LOOKS_LIKE}" for name in FORMATS)
    raise DataError(
        f"{file}: is of no known format\n  columns: {columns}\n  first row: {first}\n  known formats:\n{known}"
    )


def write(export: Export, path: Path | str, *, format: str | None = None) -> Written:
    """Write an export in a country's format, by default the one it came in.

    Raises
    ------
    DataError
        If there is no such format, or the export lacks what it needs.
    """
    return reader(format or export.format).write(export, Path(path))  # type: ignore[no-any-return]


def reader(format: str) -> ModuleType:
    """The module of a format, for options that only that format has.

    Raises
    ------
    DataError
        If there is no such format.
    """
    if format not in FORMATS:
        raise DataError(f"format {format!r} is unknown, expected one of {', '.join(FORMATS)}")
    return import_module(f"evenwatt.data.exports.{_MODULES.get(format, format)}")


_MODULES = {"edc-all": "edc_all", "edc-pair": "edc_pair", "e-redes": "eredes"}


def _together(exports: list[Export]) -> Export:
    from evenwatt.data.exports.joining import together

    meters = [one for one in exports if one.format == "edc-all"]
    flows = [one for one in exports if one.format == "edc-pair"]
    if len(exports) == 1:
        return exports[0]
    if meters and flows and len(meters) + len(flows) == len(exports):
        return join(concatenate(meters), concatenate(flows))
    producers = {one.producers for one in exports}
    if {one.format for one in exports} == {"enedis"} and len(producers) > 1:
        return together(
            [concatenate([one for one in exports if one.producers == who]) for who in sorted(producers)]
        )
    return concatenate(exports)
