"""The key is in no file, no message, no log and no report, whatever happens to the request that carries it."""

from __future__ import annotations

import json
import logging
import pickle
import traceback
from pathlib import Path

import numpy as np
import pytest

from evenwatt.core.errors import DataError, EvenwattError
from evenwatt.data.sources import Entsoe, Patience, collect, write
from evenwatt.data.sources.secret import Secret

KEY = "s3cr3t/key+with=odd characters"
FORMS = (KEY, "s3cr3t", "key+with", "odd%20characters", "odd+characters", "s3cr3t%2Fkey")
FIRST, LAST = np.datetime64("2026-01-01", "s"), np.datetime64("2026-01-03", "s")


@pytest.fixture
def entsoe(stand, formats):
    """ENTSO-E on the stand, in XML."""
    stand.kind = "text/xml"
    stand.answer = lambda path, query: formats.prices(query)
    return Entsoe(stand.url, zone="CZ")


def fetch(source, cache, time, **options):
    return collect(
        source, FIRST, LAST, cache=cache, clock=time.clock, environ={"ENTSOE_API_KEY": KEY},
        patience=options.pop("patience", Patience(timeout_s=20)), **options,
    )  # fmt: skip


def no_key_in(text: str | bytes) -> bool:
    words = text if isinstance(text, bytes) else text.encode()
    return not any(form.encode() in words for form in FORMS)


def everything_below(folder: Path) -> bytes:
    return b"".join(str(p).encode() + (p.read_bytes() if p.is_file() else b"") for p in folder.rglob("*"))


def test_the_key_is_sent_and_written_nowhere(entsoe, stand, tmp_path, time, caplog):
    with caplog.at_level(logging.DEBUG):
        made = fetch(entsoe, tmp_path / "cache", time)
        write(made, tmp_path / "prices.csv")
    assert stand.asked[0][1]["securityToken"] == KEY
    assert caplog.records, "nothing was logged, so nothing was tested"
    assert no_key_in("\n".join(record.getMessage() for record in caplog.records))
    assert no_key_in(everything_below(tmp_path))
    assert no_key_in(repr(made))
    assert no_key_in(made.answers[0].url)


def test_a_server_that_repeats_the_key_does_not_get_it_written(entsoe, stand, formats, tmp_path, time):
    stand.answer = lambda path, query: formats.acknowledgement(
        f"No matching data found, securityToken={query['securityToken']}"
    )
    made = fetch(entsoe, tmp_path, time)
    assert any("securityToken=***" in note for note in made.notes)
    assert no_key_in(json.dumps(made.notes))
    assert no_key_in(everything_below(tmp_path))


@pytest.mark.parametrize(
    "trouble", ["reset", "cut", "hang", "refused", "moved", "html", "unreachable", "late"]
)
def test_no_error_tells_the_key(entsoe, stand, fault, formats, tmp_path, time, caplog, trouble):
    patience = Patience(attempts=2, timeout_s=0.3)
    echo = f"denied for token {KEY}".encode()
    stand.faults += {
        "refused": [fault(status=401, body=formats.acknowledgement(f"Unauthorized token {KEY}"))],
        "moved": [fault(status=302, headers={"Location": f"{stand.url}/x?securityToken=s3cr3t"})],
        "html": [fault(status=200, body=b"<html>" + echo + b"</html>")] * 2,
        "late": [fault(status=429, headers={"Retry-After": "9999"}, body=echo)],
    }.get(trouble, [fault(trouble)] * 2 if trouble != "unreachable" else [])
    source = Entsoe("http://127.0.0.1:9/api", zone="CZ") if trouble == "unreachable" else entsoe
    with caplog.at_level(logging.DEBUG), pytest.raises(EvenwattError) as raised:
        fetch(source, tmp_path, time, patience=patience)
    told, seen = raised.value, []
    while told is not None:
        seen.append("".join(traceback.format_exception(told, chain=True)) + repr(told.args))
        told = told.__cause__ or told.__context__
    assert no_key_in("\n".join(seen))
    assert no_key_in("\n".join(record.getMessage() for record in caplog.records))
    assert no_key_in(everything_below(tmp_path))


def test_a_refused_key_points_to_its_variable(entsoe, stand, fault, formats, tmp_path, time):
    stand.faults += [fault(status=401, body=formats.acknowledgement("Unauthorized"))]
    with pytest.raises(EvenwattError, match="is the key in ENTSOE_API_KEY right"):
        fetch(entsoe, tmp_path, time)


def test_a_key_that_is_not_there_is_asked_for(entsoe, stand, tmp_path, time):
    for environ in ({}, {"ENTSOE_API_KEY": "  "}):
        with pytest.raises(DataError, match="export ENTSOE_API_KEY"):
            collect(entsoe, FIRST, LAST, cache=tmp_path, clock=time.clock, environ=environ)
    assert stand.asked == []


def test_a_key_too_short_to_be_one_is_refused_untold(entsoe, tmp_path, time):
    with pytest.raises(DataError, match="holds 4 characters") as raised:
        collect(entsoe, FIRST, LAST, cache=tmp_path, clock=time.clock, environ={"ENTSOE_API_KEY": "zq7x"})
    assert "zq7x" not in str(raised.value)


def test_the_variable_s_name_can_be_chosen(entsoe, stand, tmp_path, time):
    collect(
        entsoe,
        FIRST,
        LAST,
        cache=tmp_path,
        clock=time.clock,
        environ={"MY_TOKEN": "abcdefgh-1"},
        key_variable="MY_TOKEN",
    )
    assert stand.asked[0][1]["securityToken"] == "abcdefgh-1"


def test_the_cache_is_the_same_for_every_key_and_needs_none(entsoe, stand, tmp_path, time):
    fetch(entsoe, tmp_path, time)
    made = collect(entsoe, FIRST, LAST, cache=tmp_path, clock=time.clock, environ={})
    assert made.requests == 0
    assert len(stand.asked) == 1


@pytest.mark.parametrize(
    "base", ["http://me:s3cr3t@127.0.0.1:9", "http://127.0.0.1:9/api?token=s3cr3t", "ftp://x", "x"]
)
def test_an_address_that_carries_a_secret_is_refused_untold(tmp_path, time, base):
    with pytest.raises(DataError, match="the base URL") as raised:
        fetch(Entsoe(base, zone="CZ"), tmp_path, time)
    assert "s3cr3t" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_secret_does_not_print_itself():
    secret = Secret("securityToken", KEY)
    assert no_key_in(repr(secret))
    assert no_key_in(f"{secret}")
    assert no_key_in(secret.strike(f"a {KEY} b s3cr3t%2Fkey%2Bwith%3Dodd%20characters"))
    assert KEY in pickle.loads(pickle.dumps(secret)).query().values()
