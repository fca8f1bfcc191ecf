"""Whatever is asked, what is used is feasible, and every change is counted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenwatt.policies.actions import ACTIONS, MOST_SELLERS, TYPES, defaults
from evenwatt.policies.battery import limits
from evenwatt.policies.feasible import feasible
from evenwatt.policies.seen import ROLES, Observation

AGENTS = [8, 3, 11]
ODD_VALUES: list[Any] = [
    None, "cheap", "12", np.nan, np.inf, -np.inf, 1e308, -1e308, 10**400, 2.5, -3, 0, 1, True, 1j, [1], {}, b"x",
]  # fmt: skip


def odd_columns() -> st.SearchStrategy[Any]:
    """Columns that no policy should return."""
    value = st.sampled_from(ODD_VALUES)
    listed = st.lists(value, max_size=4)
    numbers = st.lists(st.floats(), min_size=3, max_size=3).map(np.array)
    whole = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3)
    return st.one_of(
        value,
        listed,
        listed.map(lambda held: np.array([*held, None], dtype=object)),
        st.lists(value, min_size=3, max_size=3).map(_objects),
        numbers,
        whole.map(lambda held: np.array(held, dtype=np.int64)),
        st.sampled_from([np.array(["a", "b", "c"]), np.zeros((3, 2)), np.array(3.0), np.zeros(3, "M8[s]")]),
        st.lists(st.integers(-5, 2**40), min_size=15, max_size=15).map(
            lambda held: np.array(held).reshape(3, 5)
        ),
    )


def _objects(values: list[Any]) -> np.ndarray:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


@pytest.mark.parametrize("role", ROLES)
@given(data=st.data())
def test_anything_at_all_ends_in_feasible_actions(role: str, observe: Any, data: st.DataObject) -> None:
    seen = observe(role, AGENTS)
    names = [action.name for action in ACTIONS[role]] + ["bribe"]
    asked = {name: data.draw(odd_columns()) for name in data.draw(st.sets(st.sampled_from(names)))}
    used, clips = feasible(seen, asked)
    assert list(used) == [action.name for action in ACTIONS[role]]
    for action in ACTIONS[role]:
        held = used[action.name]
        assert held.dtype == TYPES[action.kind]
        assert held.shape == ((3, MOST_SELLERS) if action.kind == "list" else (3,))
        assert np.isfinite(held).all()
        low = min(action.low, action.default) if not math.isnan(action.default) else action.low
        assert held.min() >= low
        assert held.max() <= action.high
    assert clips.total == sum(clips.counts.values())
    assert ("bribe" in asked) == ("bribe" in clips.odd)
    again, nothing = feasible(seen, used)
    assert nothing.total == 0
    assert all(np.array_equal(again[name], used[name]) for name in used)


@pytest.mark.parametrize("asked", [None, [], "buy", 3])
def test_no_columns_at_all_are_defaults(asked: Any, observe: Any) -> None:
    used, clips = feasible(observe("producer", AGENTS), asked)
    assert used["output_share"].tolist() == [1.0, 1.0, 1.0]
    assert "*" in clips.odd


@pytest.mark.parametrize("role", ROLES)
def test_defaults_are_no_clips(role: str, observe: Any) -> None:
    _, clips = feasible(observe(role, AGENTS), defaults(role, len(AGENTS)))
    assert (clips.counts, clips.odd) == ({}, {})


def test_what_is_right_is_handed_on_and_not_copied(observe: Any) -> None:
    asked = {
        "bid_per_mwh": np.array([100.0, 0.0, -20.0]), "source": np.array([0, 3, 1]), "utility": np.array([2, 0, 1]),
        "sellers": np.full((3, 5), -1),
    }  # fmt: skip
    used, clips = feasible(observe("consumer", AGENTS), asked)
    assert all(used[name] is held for name, held in asked.items())
    assert clips.total == 0


def test_a_clip_names_the_first_agent_by_number(observe: Any) -> None:
    asked = {"bid_per_mwh": np.array([9999.0, 5000.0, 10.0])}
    used, clips = feasible(observe("consumer", AGENTS), asked)
    assert used["bid_per_mwh"].tolist() == [4000.0, 4000.0, 10.0]
    assert clips.fields["bid_per_mwh"].agents.tolist() == [3, 8]
    assert clips.examples == {"bid_per_mwh": (5000.0, 4000.0)}


def test_prices_keep_to_cap_and_floor(observe: Any) -> None:
    used, clips = feasible(observe("producer", AGENTS), {"ask_per_mwh": np.array([-9e9, 50.0, 9e9])})
    assert used["ask_per_mwh"].tolist() == [-500.0, 50.0, 4000.0]
    assert clips.counts == {"ask_per_mwh": 2}


def test_infinity_is_no_price_and_counts(observe: Any) -> None:
    seen = observe("producer", AGENTS)
    used, clips = feasible(seen, {"ask_per_mwh": np.array([np.inf, -np.inf, np.nan])})
    assert np.array_equal(used["ask_per_mwh"], seen["cost_per_mwh"])
    assert clips.counts == {"ask_per_mwh": 2}


def test_nothing_said_is_what_the_state_suggests(observe: Any) -> None:
    home = observe("prosumer", AGENTS)
    used, _ = feasible(home, {})
    assert np.array_equal(used["bid_per_mwh"], np.minimum(home["value_per_mwh"], home["tariff_per_mwh"]))
    assert used["ask_per_mwh"].tolist() == [60.0, 60.0, 60.0]
    company = observe("utility", AGENTS)
    assert np.array_equal(feasible(company, {})[0]["retail_per_mwh"], company["retail_per_mwh"])


def test_an_unknown_utility_leaves_the_present_one(observe: Any) -> None:
    seen = observe("consumer", AGENTS)
    used, clips = feasible(seen, {"utility": np.array([7, 1, -4])})
    assert used["utility"].tolist() == [seen["utility"][0], 1, seen["utility"][2]]
    assert clips.counts == {"utility": 2}


def test_unknown_suppliers_are_nobody(observe: Any) -> None:
    asked = np.array([[0, 3, 4, 99, -1]] * 3)
    used, clips = feasible(observe("utility", AGENTS), {"suppliers": asked})
    assert used["suppliers"][0].tolist() == [0, 3, -1, -1, -1]
    assert clips.counts == {"suppliers": 3}


def test_nobody_buys_an_upgrade_without_the_money(observe: Any) -> None:
    seen = observe("producer", AGENTS)
    seen.own["upgrade_cost_micro"][:] = [5, 10, 20]
    seen.own["cash_micro"][:] = [5, 9, 30]
    used, clips = feasible(seen, {"upgrade": np.array([True, True, False])})
    assert used["upgrade"].tolist() == [True, False, False]
    assert clips.fields["upgrade"].agents.tolist() == [3]


def test_a_regulator_waits_for_the_review(observe: Any) -> None:
    seen = observe("regulator", [9])
    asked = {"carbon_change": np.array([0.1]), "fine_rate": np.array([1.5])}
    seen.own["review"][:] = True
    assert feasible(seen, asked)[1].total == 0
    seen.own["review"][:] = False
    used, clips = feasible(seen, asked)
    assert (used["carbon_change"][0], used["fine_rate"][0]) == (0.0, seen["fine_rate"][0])
    assert clips.counts == {"carbon_change": 1, "fine_rate": 1}


def test_instruments_move_a_step_at_a_time(observe: Any) -> None:
    seen = observe("regulator", [9])
    seen.own["review"][:] = True
    used, _ = feasible(seen, {"quota_change": np.array([0.1]), "subsidy_per_mwh": np.array([1e9])})
    assert (used["quota_change"][0], used["subsidy_per_mwh"][0]) == (0.02, 100.0)


def test_a_column_of_another_type_is_told_but_not_clipped(observe: Any) -> None:
    used, clips = feasible(
        observe("consumer", AGENTS), {"bid_per_mwh": [10, 20, 30], "source": [1.0, 2.0, 3.0]}
    )
    assert used["bid_per_mwh"].tolist() == [10.0, 20.0, 30.0]
    assert clips.counts == {}
    assert clips.odd["bid_per_mwh"] == "int64[3]"


def test_text_and_nothing_in_a_column_are_counted_one_by_one(observe: Any) -> None:
    asked = {"sell_share": np.array([None, "half", 0.5], dtype=object)}
    used, clips = feasible(observe("prosumer", AGENTS), asked)
    assert used["sell_share"].tolist() == [1.0, 1.0, 0.5]
    assert clips.counts == {"sell_share": 2}
    assert clips.examples["sell_share"] == ("half", 1.0)


def battery(stored: int, capacity: int, most: int, gain: float, arrives: float) -> Observation:
    held = {"stored_wh": stored, "battery_wh": capacity, "most_charge_wh": most, "most_discharge_wh": most}
    rates = {"charge_efficiency": gain, "discharge_efficiency": arrives}
    own = {name: np.array([value]) for name, value in {**held, **rates}.items()}
    return Observation("prosumer", 0, np.array([1]), own)


@given(
    stored=st.integers(0, 10**6),
    room=st.integers(0, 10**6),
    most=st.integers(0, 10**7),
    gain=st.sampled_from([0.001, 0.1, 1 / 3, 0.7, 0.95, 1 - 1e-12, 1.0]),
    arrives=st.sampled_from([0.001, 0.1, 1 / 3, 0.7, 0.95, 1 - 1e-12, 1.0]),
)
def test_limits_leave_the_battery_between_empty_and_full(
    stored: int, room: int, most: int, gain: float, arrives: float
) -> None:
    charge, discharge = (
        int(limit[0]) for limit in limits(battery(stored, stored + room, most, gain, arrives))
    )
    assert 0 <= charge <= most
    assert 0 <= discharge <= most
    assert stored + math.floor(gain * charge) <= stored + room
    assert stored - math.ceil(discharge / arrives) >= 0
    # No more than a rounding is left unused.
    assert charge == most or (charge + 1) * gain > room - 1e-6
    assert discharge == most or discharge + 2 > stored * arrives - 1e-6


@pytest.mark.parametrize(
    "odd",
    [{"gain": 0.0}, {"gain": np.nan}, {"arrives": 2.0}, {"stored": -5}, {"stored": 900}],
)
def test_a_battery_that_makes_no_sense_does_nothing(odd: dict[str, Any]) -> None:
    sound: dict[str, Any] = {"stored": 50, "capacity": 100, "most": 40, "gain": 0.9, "arrives": 0.9}
    assert [int(limit[0]) for limit in limits(battery(**sound))] == [40, 40]
    assert [int(limit[0]) for limit in limits(battery(**{**sound, **odd}))] == [0, 0]


def test_a_charge_is_cut_to_what_the_battery_takes() -> None:
    seen = battery(1000, 1500, 625, 0.95, 0.95)
    used, clips = feasible(seen, {"charge_wh": np.array([10**9])})
    assert used["charge_wh"].tolist() == [526]
    assert clips.examples["charge_wh"] == (10**9, 526)
    assert feasible(seen, {"charge_wh": np.array([-(10**9)])})[0]["charge_wh"].tolist() == [-625]
