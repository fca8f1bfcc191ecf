"""Who takes part is read row by row, and every fault of the file is told at once."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.core.errors import CaseError, InputError
from evenwatt.studies.market.population import ordered, population
from evenwatt.studies.market.roles import read_roles


def written(tmp_path, *lines):
    path = tmp_path / "roles.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_an_empty_cell_takes_what_is_usual(tmp_path):
    path = written(
        tmp_path, "role,meter,source,capacity_kw", "consumer,a,,", "producer,,gas,10", "utility,,,"
    )
    home, gas, utility = read_roles(path)
    assert (home.id, home["cash"], home["value_per_mwh"]) == ("consumer-1", 1000.0, 400.0)
    assert (gas["cost_per_mwh"], gas["emission_t_per_mwh"], gas["upgrade"]) == (61.2, 0.367, 900.0)
    assert (utility.persona, utility["cash"], utility["retail_per_mwh"]) == ("balanced", 50_000.0, 220.0)


def test_several_of_a_row_are_numbered_each_with_its_meter(tmp_path):
    path = written(tmp_path, "id,label,role,count,meter", "h,House,consumer,3,house-{n}")
    homes = read_roles(path)
    assert [home.id for home in homes] == ["h-1", "h-2", "h-3"]
    assert [home.label for home in homes] == ["House 1", "House 2", "House 3"]
    assert [home["meter"] for home in homes] == ["house-1", "house-2", "house-3"]


def test_rows_without_an_id_never_get_the_same(tmp_path):
    path = written(tmp_path, "role,count,meter", "consumer,2,a{n}", "consumer,1,b", "consumer,2,c{n}")
    assert [home.id for home in read_roles(path)] == [f"consumer-{k}" for k in range(1, 6)]


def test_a_shared_meter_must_be_said(tmp_path):
    lines = ("id,role,meter,scale", "a,consumer,m,", "b,consumer,m,")
    with pytest.raises(CaseError, match=r"line 3, column 'meter': meter 'm' is that of 'a' \(line 2\) too"):
        read_roles(written(tmp_path, *lines))
    assert (
        len(read_roles(written(tmp_path, "id,role,meter,scale", "a,consumer,m,1", "b,consumer,m,0.5"))) == 2
    )
    with pytest.raises(CaseError, match="the same row"):
        read_roles(written(tmp_path, "id,role,count,meter", "a,consumer,2,m"))


def test_both_vocabularies_of_personas_are_understood(tmp_path):
    words = [
        "eco-friendly",
        "balanced",
        "greedy",
        "environmentally conscious",
        "depressed",
        "default",
        "neutral",
    ]
    rows = [f"u{k},utility,{word}" for k, word in enumerate(words)]
    found = [agent.persona for agent in read_roles(written(tmp_path, "id,role,persona", *rows))]
    assert found == ["eco", "balanced", "greedy", "eco", "depressed", "balanced", "balanced"]


def test_personas_are_dealt_by_the_seed_and_by_nothing_else(tmp_path):
    rows = [f"u{k},utility,eco|greedy|depressed" for k in range(60)]
    path = written(tmp_path, "id,role,persona", *rows)
    one, again, other = ([agent.persona for agent in read_roles(path, seed=seed)] for seed in (1, 1, 2))
    assert one == again
    assert one != other
    assert {*one} == {"eco", "greedy", "depressed"}
    turned = written(tmp_path, "id,role,persona", *reversed(rows))
    assert [agent.persona for agent in read_roles(turned, seed=1)] == one[::-1]


def test_words_of_the_old_model_name_sources(tmp_path):
    path = written(
        tmp_path, "id,role,source,capacity_mw", "a,producer,OilAndGas,0.5", "b,producer,RenewableEnergy,1"
    )
    assert [(agent["source"], agent["capacity_kw"]) for agent in read_roles(path)] == [
        ("gas", 500.0),
        ("solar", 1000.0),
    ]


def test_every_fault_is_named_with_its_row_and_column(tmp_path):
    path = written(
        tmp_path,
        "id,role,persona,meter,source,capacity_kw,capacity_mw,cost_per_mwh,battery_kwh,colour,distance_km",
        "a,consumer,gredy,m,,,,,,,",
        "a,prosumr,,n,,,,,,,",
        "c,producer,,,colal,1,2,,,,",
        "d,consumer,,p,,,,12,,,",
        "e,prosumer,,q,,,,,-3,,",
        "f,consumer,,,,,,,,,near",
        "g,regulator,,,,,,,,,",
        "h,regulator,,,,,,,,,",
    )
    with pytest.raises(CaseError) as told:
        read_roles(path)
    text = str(told.value)
    for part in (
        "column 'colour' is unknown",
        "line 2, column 'persona': persona: unknown 'gredy'; did you mean 'greedy'?",
        "line 3, column 'role': role 'prosumr' is unknown; did you mean 'prosumer'?",
        "line 4, column 'source': source 'colal' is unknown; did you mean 'coal'?",
        "line 4, columns 'capacity_kw' and 'capacity_mw': both are filled",
        "line 5, column 'cost_per_mwh': '12', but a consumer has none",
        "line 6, column 'battery_kwh': -3, expected 0 to 1e+09 [kWh]",
        "line 7, column 'meter': is empty; a consumer needs its readings",
        "line 7, column 'distance_km': 'near', expected a number [km]",
        "line 9: there is a regulator already",
    ):
        assert part in text


def test_a_file_without_agents_is_refused(tmp_path):
    with pytest.raises(InputError, match="no rows"):
        read_roles(written(tmp_path, "id,role", ","))
    with pytest.raises(CaseError, match="column 'role' is missing"):
        read_roles(written(tmp_path, "id,meter", "a,b"))
    with pytest.raises(CaseError, match="missing"):
        read_roles(tmp_path / "none.csv")


def test_a_count_beyond_reason_is_refused_at_once(tmp_path):
    rows = ["utility,1000000", "utility,1000000"]
    with pytest.raises(CaseError, match="2,000,000 agents in all"):
        read_roles(written(tmp_path, "role,count", *rows))
    with pytest.raises(CaseError, match="expected 1 to 1e\\+06"):
        read_roles(written(tmp_path, "role,count", "utility,0"))


def test_agents_are_numbered_by_role_whatever_the_order_of_rows(tmp_path):
    lines = ("id,role,meter,source,capacity_kw,battery_kwh", "u,utility,,,,40", "p,producer,,wind,7.3,",
             "b,prosumer,m2,,,5", "a,consumer,m1,,,", "r,regulator,,,,")  # fmt: skip
    agents = ordered(read_roles(written(tmp_path, *lines)))
    assert [agent.id for agent in agents] == ["a", "b", "p", "u", "r"]
    people = population(agents, 900)
    assert {role: numbers.tolist() for role, numbers in people.agents.items()} == {
        "consumer": [0], "prosumer": [1], "producer": [2], "utility": [3], "regulator": [4],
    }  # fmt: skip
    assert people.producers.capacity_wh.tolist() == [1825]
    assert people.households.batteries.capacity_wh.tolist() == [0, 5000]
    assert people.households.batteries.charge_wh.tolist() == [0, 625]
    both_ways = people.utilities.batteries.charge_efficiency * people.utilities.batteries.discharge_efficiency
    assert both_ways == pytest.approx(0.9)
    assert people.households.cash_micro.tolist() == [1_000_000_000, 2_000_000_000]


def test_nobody_of_a_role_is_an_ordinary_market(tmp_path):
    people = population(ordered(read_roles(written(tmp_path, "role", "regulator"))), 900)
    assert (len(people.households), len(people.producers), len(people.utilities)) == (0, 0, 0)
    assert people.households.batteries.capacity_wh.dtype == np.int64
