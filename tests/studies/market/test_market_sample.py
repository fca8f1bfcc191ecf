"""The sample market is drawn from one seed, and its stations are sized so that their order matters."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.core.errors import CaseError
from evenwatt.studies import demo
from evenwatt.studies.market import sample, template
from evenwatt.studies.market.availability import outside_prices, river, sunshine, wind
from evenwatt.studies.market.kinds import SOURCES
from evenwatt.studies.market.optimum import most
from evenwatt.studies.market.setting import Weather
from evenwatt.studies.template import Settings

YEAR = np.arange("2026-01-01", "2027-01-01", np.timedelta64(3600, "s"), dtype="datetime64[s]")


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return demo.make(tmp_path_factory.mktemp("towns") / "town", study="market", seed=3)


def test_the_town_is_as_large_as_it_says(town):
    people = town.community
    sizes = (len(people.consumers), len(people.prosumers), len(people.producers), len(people.utilities))
    assert sizes == (60, 30, 7, 3)
    assert people.regulated
    assert {agent["source"] for agent in people.producers} == {
        "solar", "wind", "hydro", "biomass", "coal", "gas", "oil",
    }  # fmt: skip
    assert len({agent["node"] for agent in people.households}) == 2


def test_a_week_of_quarter_hours_from_a_monday(town):
    store = town.store()
    assert len(store.days) == 7
    assert store.days[0].weekday() == 0
    assert all(len(store.day(day).start) == 96 for day in store.days)


def test_noons_may_cost_less_than_nothing_and_evenings_are_dear(town):
    prices = town.community.prices
    hour = np.datetime64("2026-05-31T22:00") + np.arange(168) * np.timedelta64(3600, "s")
    price = prices.at(hour.astype("datetime64[s]"), "price_per_mwh").reshape(7, 24)
    assert price[:, 12].mean() < price[:, 3].mean() < price[:, 20].mean()
    assert price.min() < 40


def test_the_same_seed_draws_the_same_town(tmp_path, town):
    again = demo.make(tmp_path / "again", study="market", seed=3)
    assert again.inputs == town.inputs
    assert demo.make(tmp_path / "other", study="market", seed=4).inputs != town.inputs


def test_stations_can_serve_the_evening_peak_but_not_without_the_dear_ones():
    meters = sample.readings(seed=1)
    rows = {row["id"]: row for row in template.stations(meters)}
    load = meters.wh[:, [r.direction == "consumption" for r in meters.registers]].sum(axis=1) * 4 / 1000
    cheap = sum(rows[name]["capacity_kw"] for name in rows if SOURCES[name].cost_per_mwh < 50)
    everything = sum(row["capacity_kw"] for row in rows.values())
    assert cheap < load.max() < everything


def test_a_draft_needs_somebody_who_consumes(hamlet_csv):
    from evenwatt.data import readers

    meters = readers.read(hamlet_csv)
    settings = Settings("meters/hamlet.csv", rule="uniform-price")
    made = template.draft(settings, meters, None)
    roles = [row["role"] for row in made.tables["roles.csv"]]
    assert (roles.count("consumer"), roles.count("prosumer"), roles.count("producer")) == (4, 1, 7)
    with pytest.raises(CaseError, match="market has roles"):
        template.draft(settings, meters, 3)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_weather_stays_within_capacity_and_has_its_seasons(seed):
    windy = wind(YEAR, 3600, 2, seed)
    assert 0.0 <= windy.min() <= windy.max() <= 1.0
    assert 0.2 < windy.mean() < 0.5
    sunny = sunshine(YEAR, 3600, seed, latitude=50.0, longitude=10.0)
    month = YEAR.astype("datetime64[M]").astype(int) % 12
    assert sunny[month == 5].sum() > 2.5 * sunny[month == 11].sum()
    assert 0.08 < sunny.mean() < 0.2
    rivers = river(YEAR, 3600, 1, seed)[:, 0]
    assert rivers[(month >= 2) & (month <= 4)].mean() > rivers[(month >= 8) & (month <= 10)].mean()
    price = outside_prices(YEAR, "Europe/Berlin", seed, sun_share=sunny, wind_share=windy[:, 0])
    assert 40 < price.mean() < 130
    assert 0 < (price < 0).mean() < 0.15


def test_a_bound_on_welfare_is_the_cheapest_service():
    people = sample.population(consumers=2, prosumers=0, producers=2, utilities=1)
    worth, cost = people.households.value_per_mwh, people.producers.cost_per_mwh
    day = Weather(np.array([[100, 50]]), np.zeros((1, 2), dtype=int), np.ones((1, 2)), np.array([900.0]))
    rules = sample.first_rules()
    none = np.zeros(1, dtype=np.int64)
    free = np.array([[150, 1000]])
    found = most(people, rules, day, pv=none, available=free, charged=none, discharged=none)
    # Export at 895 beats every household: all is sold outside but what must be kept for nobody.
    assert found[0] == pytest.approx(895 * 1150 - cost @ free[0])
    closed = Weather(day.load_wh, day.pv_wh, day.availability, np.array([-50.0]))
    found = most(people, rules, closed, pv=none, available=free, charged=none, discharged=none)
    # At -45 even the wind stands still, and households are paid to use what comes in.
    assert found[0] == pytest.approx(worth @ np.array([100, 50]) + 45 * 150)


def test_drawn_markets_are_of_any_size():
    for sizes in ((0, 0, 0, 0), (1, 0, 0, 1), (0, 1, 1, 0), (5, 5, 10, 4)):
        consumers, prosumers, producers, utilities = sizes
        people = sample.population(
            consumers=consumers, prosumers=prosumers, producers=producers, utilities=utilities
        )
        drawn = sample.weather(people, days=1)
        assert drawn.load_wh.shape == (96, consumers + prosumers)
        assert drawn.availability.shape == (96, producers)
