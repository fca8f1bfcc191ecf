"""Keep a fitted model in one file, and refuse a file that is not what was kept."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from dataclasses import asdict
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import DataError
from evenwatt.learning.model import Model, State, Training, fitted

FORMAT = 1
META = "model.json"
# What a file can make the reader of archives raise, whichever of its bytes are wrong.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, KeyError, ValueError, AttributeError, EOFError, OSError, NotImplementedError,
    RuntimeError,
)  # fmt: skip
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same model gives the same bytes, whenever it is kept

# Where each kind of model lives; a file may only name one of these.
KINDS = {
    "demand": "evenwatt.learning.demand:DemandModel",
    "policy": "evenwatt.learning.policy:WeightPolicy",
    "surrogate": "evenwatt.learning.surrogate:Surrogate",
    "hidden-weights": "evenwatt.learning.hidden:HiddenWeights",
}


def save(model: Model, path: str | Path) -> Path:
    """Write a fitted model to one file, all of it or nothing.

    The file is a zip of JSON and plain arrays. It holds no code: boosted trees are kept as their thresholds and
    leaves, so reading a model somebody sent cannot run anything.

    Parameters
    ----------
    model : Model
        Fitted.
    path : str or Path
        Where to; its folder is made. An existing file is replaced.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    NotFittedError
        If the model has learned nothing yet.

    Examples
    --------
    >>> import tempfile
    >>> from evenwatt.learning.demand import DemandModel
    >>> from evenwatt.learning.worlds import world
    >>> model = DemandModel().fit(world(1, intervals=200).history)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load(save(model, f"{folder}/demand.model")).training == model.training
    True
    """
    training = fitted(model.training, model.name)
    state = model.state()
    payload = {f"{name}.npy": _bytes_of(name, values) for name, values in sorted(state.arrays.items())}
    meta: dict[str, Any] = {
        "format": FORMAT,
        "model": model.name,
        "version": model.version,
        "evenwatt": _own_version(),
        "training": asdict(training),
        "settings": state.settings,
    }
    meta["sha256"] = _fingerprint(meta, payload)
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
            _put(archive, META, json.dumps(meta, indent=1, sort_keys=True).encode())
            for name, content in payload.items():
                _put(archive, name, content)
        os.replace(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)
    return target


def load(path: str | Path) -> Any:
    """Read a model that `save` wrote, as it was when it was kept.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Model
        Fitted; predicts what it predicted before.

    Raises
    ------
    DataError
        If the file is missing, is no model, was damaged or altered, or is of another version of the model; says
        what to do.
    """
    place = Path(path)
    meta, payload = _read(place)
    kind = _kind(meta.get("model"), place)
    if meta.get("format") != FORMAT or meta.get("version") != kind.version:
        raise DataError(
            f"{place}: model {kind.name!r} of version {meta.get('version')} in format {meta.get('format')}; "
            f"this evenwatt reads version {kind.version} in format {FORMAT}; fit it again"
        )
    arrays = {name.removesuffix(".npy"): _array_of(place, content) for name, content in payload.items()}
    training = Training(**{**meta["training"], "columns": tuple(meta["training"]["columns"])})
    return kind.restored(State(meta["settings"], arrays), training)


def described(path: str | Path) -> dict[str, Any]:
    """What the file says of its model, hash checked: kind, versions, training window and settings.

    Raises
    ------
    DataError
        As :func:`load`, save for the version of the model.
    """
    return _read(Path(path))[0]


def _read(place: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The description and the arrays of a file whose hash holds."""
    try:
        with zipfile.ZipFile(place) as archive:
            held = {name: archive.read(name) for name in archive.namelist()}
        meta = json.loads(held.pop(META))
        expected = meta.pop("sha256")
    except FileNotFoundError:
        raise DataError(f"{place}: there is no such file; fit the model and save it first") from None
    except DAMAGED as error:
        raise DataError(f"{place}: not a model file, or damaged ({error}); fit the model again") from None
    if _fingerprint(meta, held) != expected:
        raise DataError(
            f"{place}: the content is not what was saved (its hash differs); restore the file or fit the model again"
        )
    meta["sha256"] = expected
    return meta, held


def _kind(name: object, place: Path) -> Any:
    """The class of a kind of model."""
    if not isinstance(name, str) or name not in KINDS:
        raise DataError(f"{place}: model {name!r} is not known; expected one of {', '.join(KINDS)}")
    module, _, cls = KINDS[name].partition(":")
    return getattr(import_module(module), cls)


def _fingerprint(meta: dict[str, Any], payload: dict[str, bytes]) -> str:
    digest = sha256(json.dumps(meta, sort_keys=True).encode())
    for name, content in sorted(payload.items()):
        digest.update(f"{name} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def _bytes_of(name: str, values: npt.NDArray[Any]) -> bytes:
    if values.dtype.hasobject:
        raise DataError(f"array {name!r} holds objects; a kept model holds numbers and words only")
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(values, order="C"), allow_pickle=False)
    return stream.getvalue()


def _array_of(place: Path, content: bytes) -> npt.NDArray[Any]:
    try:
        return np.asarray(np.lib.format.read_array(io.BytesIO(content), allow_pickle=False))
    except ValueError as error:
        raise DataError(f"{place}: an array cannot be read ({error}); fit the model again") from None


def _own_version() -> str:
    from evenwatt import __version__

    return __version__
