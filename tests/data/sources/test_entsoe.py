"""ENTSO-E's documents: resolutions, curves with omitted points, clock changes, refusals and archives."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.core.errors import DataError
from evenwatt.data.sources import Entsoe, Patience, SourceError, UnusableError, collect, period
from evenwatt.data.sources.areas import AREAS, has_check_character
from evenwatt.data.sources.chunk import asked

DAY = np.datetime64("2026-01-01", "s")
NEXT = np.datetime64("2026-01-02", "s")
CHUNK = asked("", {}, DAY, NEXT)
QUERY = {"periodStart": "202601010000", "periodEnd": "202601020000"}
HOUR = np.timedelta64(3600, "s")


def parse(content, what="prices", **options):
    return Entsoe("", zone="CZ", what=what, **options).parse(content, CHUNK, NEXT)


def values(parsed, name="price_per_mwh"):
    tracks = [track for track in parsed.tracks if track.name == name]
    return {
        str(t): (int(s), float(v))
        for track in tracks
        for t, s, v in zip(track.start, track.seconds, track.value, strict=True)
    }


@pytest.fixture
def entsoe(stand, formats):
    """ENTSO-E on the stand, in XML."""
    stand.kind = "text/xml"
    stand.answer = lambda path, query: formats.prices(query)
    return stand


def fetch(stand, time, cache, first, last, **options):
    source = Entsoe(stand.url, **({"zone": "CZ"} | options))
    return collect(
        source, first, last, cache=cache, clock=time.clock, environ={"ENTSOE_API_KEY": "a-token-of-some-length"},
        patience=Patience(timeout_s=20),
    )  # fmt: skip


@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_each_resolution_is_read(formats, minutes):
    made = values(parse(formats.prices(QUERY, minutes=minutes)))
    assert len(made) == 24 * 60 // minutes
    assert {seconds for seconds, _ in made.values()} == {minutes * 60}
    assert made["2026-01-01T01:00:00"][1] == 10.0 + 60 / minutes


def test_an_omitted_point_of_a_block_curve_repeats_the_one_before(formats):
    made = values(parse(formats.prices(QUERY, curve="A03", omit=(3, 4, 9))))
    assert len(made) == 24
    assert [made[f"2026-01-01T{h:02d}:00:00"][1] for h in (1, 2, 3, 4)] == [11.0, 11.0, 11.0, 14.0]


def test_points_omitted_at_the_end_stand_until_the_period_ends(formats):
    made = values(parse(formats.prices(QUERY, minutes=15, curve="A03", omit=(94, 95, 96))))
    assert len(made) == 96
    assert made["2026-01-01T23:45:00"] == made["2026-01-01T23:00:00"] == (900, 102.0)


def test_an_omitted_point_of_a_plain_curve_is_missing_and_not_zero(formats, entsoe, time, tmp_path):
    made = values(parse(formats.prices(QUERY, omit=(3,))))
    assert len(made) == 23
    assert "2026-01-01T02:00:00" not in made
    entsoe.answer = lambda path, query: formats.prices(query, omit=(3,))
    got = fetch(entsoe, time, tmp_path, DAY, NEXT)
    assert got.series.missing_seconds(DAY, NEXT) == {"price_per_mwh": 3600}
    assert any("2026-01-01T02:00Z to 2026-01-01T03:00Z" in note for note in got.notes)


def test_the_coupled_auction_is_told_from_the_other(formats):
    one = formats.series(DAY, NEXT, 60, dict.fromkeys(range(24), 1.0), "price.amount", auction=1)
    two = formats.series(DAY, NEXT, 60, dict.fromkeys(range(24), 2.0), "price.amount", auction=2)
    both = formats.publication([two, one])
    assert {v for _, v in values(parse(both)).values()} == {1.0}
    assert {v for _, v in values(parse(both, auction=2)).values()} == {2.0}
    alone = parse(formats.publication([two]))
    assert alone.tracks == ()
    assert "no prices of auction 1" in alone.reason


def test_intraday_prices_are_left_out(formats):
    daily = formats.series(DAY, NEXT, 60, dict.fromkeys(range(24), 1.0), "price.amount")
    intraday = formats.series(DAY, NEXT, 60, dict.fromkeys(range(24), 9.0), "price.amount", contract="A07")
    assert {v for _, v in values(parse(formats.publication([daily, intraday]))).values()} == {1.0}


def test_quarters_stand_where_hours_are_told_too(formats, entsoe, time, tmp_path):
    hours = formats.series(DAY, NEXT, 60, dict.fromkeys(range(24), 5.0), "price.amount")
    noon = DAY + 12 * HOUR
    quarters = formats.series(noon, noon + HOUR, 15, {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0}, "price.amount")
    entsoe.answer = lambda path, query: formats.publication([quarters, hours])
    made = fetch(entsoe, time, tmp_path, DAY, NEXT)
    assert made.series.seconds.tolist() == [3600] * 12 + [900] * 4 + [3600] * 11
    assert made.series.columns["price_per_mwh"][11:17].tolist() == [5.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert any("15, 60 minutes" in note for note in made.notes)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_local_days_have_their_hours(entsoe, time, tmp_path, day, hours):
    time.seconds = float(np.datetime64("2027-01-01", "s").astype(np.int64))
    first, last = period(day, day, "Europe/Prague")
    made = fetch(entsoe, time, tmp_path, first, last)
    assert len(made.series.start) == hours
    assert set(np.diff(made.series.start).tolist()) == {HOUR.tolist()}
    assert made.series.start[0] == first


def test_prices_come_in_fortnights_and_load_in_months(entsoe, formats, time, tmp_path):
    last = np.datetime64("2026-03-01", "s")
    fetch(entsoe, time, tmp_path, DAY, last)
    assert 5 <= len(entsoe.asked) <= 6
    entsoe.asked.clear()
    entsoe.answer = lambda path, query: formats.acknowledgement()
    fetch(entsoe, time, tmp_path, DAY, last, what="load")
    assert len(entsoe.asked) == 3  # Prague's months, the first hour of January is December's
    _, query = entsoe.asked[1]
    assert query["documentType"] == "A65"
    assert query["processType"] == "A16"
    assert query["outBiddingZone_Domain"] == AREAS["CZ"][0]
    assert query["periodStart"] == "202601312300"


def test_an_answer_at_the_limit_of_series_is_not_trusted(formats):
    part = formats.series(DAY, NEXT, 60, {0: 1.0}, "price.amount")
    with pytest.raises(SourceError, match="may be cut"):
        parse(formats.publication([part] * 100))


def test_generation_has_a_column_for_each_type_and_one_for_the_pumps(formats):
    day = (DAY, NEXT)
    parts = [
        formats.series(*day, 60, dict.fromkeys(range(24), 7.0), "quantity", psr="B16"),
        formats.series(*day, 15, dict.fromkeys(range(96), 3.0), "quantity", psr="B19"),
        formats.series(*day, 60, dict.fromkeys(range(24), 2.0), "quantity", psr="B10"),
        formats.series(
            *day, 60, dict.fromkeys(range(24), 1.0), "quantity", psr="B10", domain="outBiddingZone_Domain"
        ),
    ]
    made = parse(formats.quantities(parts), "generation")
    assert [track.name for track in made.tracks] == [
        "generation_solar_mw", "generation_wind_onshore_mw", "generation_pumped_storage_mw",
        "consumption_pumped_storage_mw",
    ]  # fmt: skip
    assert len(values(made, "generation_wind_onshore_mw")) == 96


def test_load_and_its_forecast_have_different_columns(formats):
    part = formats.series(DAY, NEXT, 60, {0: 7.0}, "quantity", domain="outBiddingZone_Domain")
    assert parse(formats.quantities([part]), "load").tracks[0].name == "load_mw"
    assert parse(formats.quantities([part]), "load-forecast").tracks[0].name == "load_forecast_mw"


def test_no_data_is_said_in_the_platform_s_words(formats, entsoe, time, tmp_path):
    assert "No matching data found" in parse(formats.acknowledgement()).reason
    for status in (200, 400):
        entsoe.status = status
        entsoe.answer = lambda path, query: formats.acknowledgement()
        made = fetch(entsoe, time, tmp_path / str(status), DAY, NEXT)
        assert len(made.series.start) == 0
        assert any("No matching data found" in note for note in made.notes)


def test_a_refusal_is_not_no_data(formats, entsoe, time, tmp_path):
    words = "The amount of requested data exceeds allowed limit"
    with pytest.raises(SourceError, match="exceeds allowed limit"):
        parse(formats.acknowledgement(words))
    entsoe.status = 400
    entsoe.answer = lambda path, query: formats.acknowledgement(words)
    with pytest.raises(SourceError, match="exceeds allowed limit"):
        fetch(entsoe, time, tmp_path, DAY, NEXT)
    assert len(entsoe.asked) == 1
    assert not (tmp_path / "manifest.jsonl").exists()


def test_archives_are_opened(formats):
    one = formats.prices(QUERY)
    two = formats.prices({"periodStart": "202601020000", "periodEnd": "202601030000"})
    assert len(values(parse(formats.zipped(one, two)))) == 48
    assert len(values(parse(formats.zipped(formats.acknowledgement(), one)))) == 24


def test_broken_documents_say_where(formats):
    whole = formats.prices(QUERY)
    for content, told in [
        (whole[:-40], "truncated or broken XML"),
        (whole[:-500], "truncated or broken XML"),
        (formats.zipped(whole)[:-30], "damaged archive"),
        (b"PK\x03\x04 and no archive", "damaged archive"),
        (b"<?xml version='1.0'?><html><body>hello</body></html>", "expected a market document"),
        (whole.replace(b"PT60M", b"P1D"), "time series 1: a period without readable resolution 'P1D'"),
        (
            whole.replace(b"<position>3</position>", b"<position>30</position>"),
            "numbers from 1 to 24, each once",
        ),
        (
            whole.replace(b"<position>3</position>", b"<position>2</position>"),
            "numbers from 1 to 24, each once",
        ),
        (whole.replace(b"2026-01-02T00:00Z</end>", b"2026-01-02T00:20Z</end>"), "whole intervals of 3600 s"),
        (whole.replace(b"<price.amount>12.0", b"<price.amount>n/e"), "could not convert"),
        (whole.replace(b"2026-01-01T00:00Z", b"2026-01-01T00:00"), "offset"),
        (whole.replace(b">MWH<", b">KWH<"), "expected per MWH"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + whole, "declarations"),
    ]:
        with pytest.raises(UnusableError, match=told.replace("(", r"\(")):
            parse(content)


def test_two_currencies_are_not_mixed(formats, entsoe, time, tmp_path):
    def answer(path, query):
        return formats.prices(query, currency="EUR" if query["periodStart"] < "202601200000" else "PLN")

    entsoe.answer = answer
    with pytest.raises(DataError, match="EUR, PLN"):
        fetch(entsoe, time, tmp_path, DAY, np.datetime64("2026-02-01", "s"))


def test_a_truncated_document_is_asked_for_again(entsoe, fault, time, tmp_path):
    entsoe.faults += [fault("half"), fault("cut")]
    made = fetch(entsoe, time, tmp_path, DAY, NEXT)
    assert len(made.series.start) == 24
    assert len(entsoe.asked) == 3


def test_areas_have_codes_with_a_right_check_character():
    assert all(has_check_character(code) for code, _ in AREAS.values())
    assert len({code for code, _ in AREAS.values()}) == len(AREAS)
    assert not has_check_character("10YCZ-CEPS-----X")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"zone": ""}, "--zone"),
        ({"zone": "DE-LX"}, "did you mean DE-LU"),
        ({"zone": "CZ", "what": "flows"}, "expected one of prices, load"),
    ],
)
def test_unknown_wishes_are_named(options, told):
    with pytest.raises(DataError, match=told):
        Entsoe("", **options)
