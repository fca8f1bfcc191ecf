"""A kept model is what it was; anything else is refused, with the way out."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from evenwatt.core.errors import DataError
from evenwatt.learning import keeping
from evenwatt.learning.ascent import Pace
from evenwatt.learning.boosting import Growth
from evenwatt.learning.demand import DemandModel
from evenwatt.learning.keeping import described, load, save
from evenwatt.learning.model import NotFittedError
from evenwatt.learning.policy import WeightPolicy
from evenwatt.learning.surrogate import Surrogate
from evenwatt.learning.worlds import world

HISTORY = world(17, intervals=260).history
PAST, NOW = HISTORY.until(HISTORY.gate[220]), HISTORY.at_gate(slice(220, 260))
FEW = Growth(trees=5, rate=0.3, leaves=4, leaf_rows=10)
SHORT = Pace(epochs=1)
DEMAND = DemandModel(growth=FEW, fewest_rows=50)
MODELS = {
    "demand": DEMAND.fit(PAST),
    "policy": WeightPolicy(pace=SHORT, refits=2).fit(PAST),
    "policy on demand": WeightPolicy(pace=SHORT, demand=DEMAND, discount=False).fit(PAST),
    "surrogate": Surrogate(growth=FEW).fit(PAST),
}


def numbers(said: object) -> list[np.ndarray]:
    return [said] if isinstance(said, np.ndarray) else [said.weights, said.caps]  # type: ignore[attr-defined]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return save(MODELS["demand"], tmp_path / "models" / "demand.model")


@pytest.mark.parametrize("kind", MODELS)
def test_a_kept_model_says_what_it_said(kind: str, tmp_path: Path) -> None:
    model = MODELS[kind]
    again = load(save(model, tmp_path / "one.model"))
    for before, after in zip(numbers(model.predict(NOW)), numbers(again.predict(NOW)), strict=True):
        assert before.tobytes() == after.tobytes()
    assert again.training == model.training
    assert again.explain() == model.explain()
    assert again.fit(PAST).predict(NOW) is not None  # settings came back too


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (save(MODELS["policy"], tmp_path / name).read_bytes() for name in ("a.model", "b.model"))
    assert first == second


def test_the_file_tells_what_it_is(kept: Path) -> None:
    told = described(kept)
    assert told["model"] == "demand"
    assert told["training"]["rows"] == 220
    assert len(told["training"]["sha256"]) == 64
    assert told["evenwatt"]


def test_the_fingerprint_of_the_past_sees_one_changed_reading() -> None:
    same = DEMAND.fit(PAST).training
    other = DEMAND.fit(HISTORY.until(HISTORY.gate[221])).training
    assert same == MODELS["demand"].training
    assert same != other


def test_the_file_holds_no_code(kept: Path) -> None:
    with zipfile.ZipFile(kept) as archive:
        for name in archive.namelist():
            assert name == "model.json" or archive.read(name).startswith(b"\x93NUMPY")
    assert keeping.KINDS["demand"] == "evenwatt.learning.demand:DemandModel"


def altered(path: Path, name: str, content: bytes) -> None:
    with zipfile.ZipFile(path) as archive:
        held = {one: archive.read(one) for one in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for one, old in {**held, name: content}.items():
            archive.writestr(one, old)


def test_altered_numbers_are_refused(kept: Path) -> None:
    with zipfile.ZipFile(kept) as archive:
        old = archive.read("0.line.npy")
    altered(kept, "0.line.npy", old[:-1] + bytes([old[-1] ^ 1]))
    with pytest.raises(DataError, match=r"hash differs.*fit the model again"):
        load(kept)


def test_altered_settings_are_refused(kept: Path) -> None:
    with zipfile.ZipFile(kept) as archive:
        meta = json.loads(archive.read("model.json"))
    meta["settings"]["learned"][0]["factor"] = 3.0
    altered(kept, "model.json", json.dumps(meta).encode())
    with pytest.raises(DataError, match="hash differs"):
        load(kept)


def test_a_cut_file_is_refused(kept: Path) -> None:
    kept.write_bytes(kept.read_bytes()[:500])
    with pytest.raises(DataError, match="damaged"):
        load(kept)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    place = tmp_path / "x.model"
    place.write_bytes(content)
    with pytest.raises(DataError, match="not a model file"):
        load(place)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        load(tmp_path / "none.model")


def test_another_version_says_fit_again(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DemandModel, "version", 2)
    with pytest.raises(DataError, match=r"version 1.*reads version 2.*fit it again"):
        load(kept)


def test_an_unknown_kind_is_named(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "KINDS", {"policy": keeping.KINDS["policy"]})
    with pytest.raises(DataError, match="'demand' is not known; expected one of policy"):
        load(kept)


def test_a_failed_write_leaves_the_old_file(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept.read_bytes()

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(keeping, "_put", full)
    with pytest.raises(OSError, match="no space"):
        save(MODELS["policy"], kept)
    assert kept.read_bytes() == before
    assert [one.name for one in kept.parent.iterdir()] == [kept.name]


def test_an_unfitted_model_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        save(DemandModel(), tmp_path / "x.model")
    assert not list(tmp_path.iterdir())
