"""A model's strategies: few questions, and the same decisions whatever the order, the threads, or an interruption."""

from __future__ import annotations

import json

import numpy as np
import pytest

from evenwatt.core.chance import Keyed
from evenwatt.core.errors import ProblemError
from evenwatt.policies.feasible import feasible
from evenwatt.policies.language.asking import Asker
from evenwatt.policies.language.scripted import Scripted, drawn

CROWD = {"consumer": 700, "prosumer": 270, "producer": 20, "utility": 9, "regulator": 1}


def _said(**changes):
    """A backend whose every answer has these values."""
    return Scripted(lambda request: json.dumps({**json.loads(drawn(request)), **changes}))


def _calls(policies):
    return sum(row["calls"] for one in policies for row in one.health.rows(one.role))


def _day(see, policies, crowd, steps=range(96)):
    decided = []
    for step in steps:
        for one in policies:
            seen = see(one.role, step, crowd[one.role])
            made = one.decide(seen, Keyed(1, one.role, step))
            decided.append({name: values.copy() for name, values in made.items()})
    return decided


def test_a_thousand_agents_need_few_calls(see, decider) -> None:
    asker = Asker(Scripted(), concurrency=1)
    policies = [decider(role, asker) for role in CROWD]
    _day(see, policies, CROWD)
    assert 100 < _calls(policies) <= 2000
    assert all(one.health.reasons == {} for one in policies)


def test_a_strategy_lasts_as_long_as_it_says(see, decider) -> None:
    deciding = decider("producer", Asker(_said(valid_steps=8), concurrency=1), horizon_steps=16, band=1e9)
    asked = []
    for step in range(24):
        deciding.decide(see("producer", step), Keyed(1, "test", step))
        asked += [row["step"] for row in deciding.drain()]
    assert sorted(set(asked)) == [0, 8, 16]


def test_a_price_that_leaves_its_band_is_asked_about_early(see, decider) -> None:
    calm = decider("consumer", Asker(_said(valid_steps=96), concurrency=1), horizon_steps=8)
    for step, price in ((0, 100.0), (2, 140.0), (4, 160.0), (6, 160.0)):
        calm.decide(
            see("consumer", step, local_per_mwh=np.full(5, price), activity=np.ones(5)),
            Keyed(1, "test", step),
        )
    assert sorted({row["step"] for row in calm.drain()}) == [0, 4]


def test_the_same_bytes_with_one_thread_and_fifty(see, decider, fake, ask) -> None:
    found = []
    for concurrency in (1, 50):
        asker = Asker(ask(fake().url, timeout_s=20), mode="record", concurrency=concurrency)
        policies = [decider(role, asker) for role in ("consumer", "prosumer")]
        decided = _day(see, policies, {"consumer": 60, "prosumer": 20}, range(0, 36, 6))
        logs = [json.dumps(one.drain()) for one in policies]
        found.append(
            (asker.cassette.exported(), logs, [{k: v.tobytes() for k, v in one.items()} for one in decided])
        )
        asker.close()
    assert found[0] == found[1]
    assert found[0][0].count("\n") > 30


def test_a_failing_server_decides_the_same_with_one_thread_and_fifty(see, decider, fake, ask) -> None:
    """Some questions always fail, some answers are never valid; who is refused by the circuit is a matter of order."""

    def moody(number, body):
        return (None, "503", "503", "503", "wrong types", "500")[len(body["messages"][1]["content"]) % 6]

    found = []
    for concurrency in (1, 50):
        asker = Asker(ask(fake(moody).url, timeout_s=20, retries=0), mode="record", concurrency=concurrency)
        asker.circuit.failures, asker.circuit.rest = 3, 4
        deciding = decider("consumer", asker)
        _day(see, [deciding], {"consumer": 80}, (0, 24))
        found.append((json.dumps(deciding.drain()), asker.cassette.exported(), deciding.health.reasons))
        asker.close()
    assert found[0] == found[1]
    assert set(found[0][2]) == {"status", "circuit", "invalid"} - ({"invalid"} - set(found[0][2]))
    assert "circuit" in found[0][2]


def test_a_replay_decides_as_the_run_did(see, decider) -> None:
    live = Asker(Scripted(), mode="record", concurrency=1)
    first = decider("prosumer", live)
    decided = _day(see, [first], {"prosumer": 30}, range(30))
    replay = Asker(mode="replay", cassette=live.cassette)
    second = decider("prosumer", replay)
    again = _day(see, [second], {"prosumer": 30}, range(30))
    assert all(np.array_equal(a[name], b[name]) for a, b in zip(decided, again, strict=True) for name in a)
    assert {row["source"] for row in second.drain()} == {"replay"}
    assert _calls([second]) == 0 < _calls([first])


def test_the_order_of_agents_changes_nothing_but_the_order(see, decider) -> None:
    order = np.random.default_rng(3).permutation(40)
    plain, mixed = decider("prosumer"), decider("prosumer")
    for step in (0, 6, 12):
        seen = see("prosumer", step, 40)
        one, other = (
            plain.decide(seen, Keyed(1, "x", step)),
            mixed.decide(seen.rows(order), Keyed(1, "x", step)),
        )
        assert all(np.array_equal(values[order], other[name]) for name, values in one.items())
    assert plain.drain() == mixed.drain()


def test_an_interrupted_run_goes_on_the_same(see, decider) -> None:
    whole, half = decider("utility"), decider("utility")
    expected = _day(see, [whole], {"utility": 9}, range(40))
    _day(see, [half], {"utility": 9}, range(13))
    resumed = decider("utility")
    resumed.recall(half.remember())
    rest = _day(see, [resumed], {"utility": 9}, range(13, 40))
    assert all(np.array_equal(a[name], b[name], equal_nan=values.dtype.kind == "f")
               for a, b in zip(expected[13:], rest, strict=True) for name, values in a.items())  # fmt: skip
    assert resumed.health.rows("utility") == whole.health.rows("utility")
    assert resumed.asker.budget.spent == whole.asker.budget.spent


def test_memory_can_be_written_without_objects(see, decider) -> None:
    deciding = decider("prosumer")
    deciding.decide(see("prosumer"), Keyed(1, "test"))
    assert all(values.dtype.kind in "iufb" for values in deciding.remember().values())


def test_nobody_is_an_ordinary_crowd(see, decider) -> None:
    deciding = decider("consumer")
    made = deciding.decide(see("consumer", agents=0), Keyed(1, "test"))
    assert all(len(values) == 0 for values in made.values())
    assert deciding.drain() == []


def test_a_newcomer_is_asked_about_at_once(see, decider) -> None:
    deciding = decider("producer")
    deciding.decide(see("producer", 0, 3), Keyed(1, "test"))
    deciding.drain()
    deciding.decide(see("producer", 1, 4), Keyed(1, "test", 1))
    assert [row["agents"] for row in deciding.drain()] == [[973]]


def test_who_seldom_decides_lets_the_last_strategy_stand(see, decider) -> None:
    deciding = decider("producer", Asker(_said(valid_steps=1), concurrency=1), horizon_steps=4)
    for step in range(20):
        deciding.decide(see("producer", step, 400, activity=np.full(400, 0.3)), Keyed(1, "test", step))
    decided = sum(len(row["agents"]) for row in deciding.drain() if row["step"] > 0)
    assert 0.27 < decided / (19 * 400) < 0.33


def test_nobody_bids_above_what_energy_is_worth_to_him(see, decider) -> None:
    deciding = decider("consumer", Asker(_said(max_price=1e5), concurrency=1))
    seen = see("consumer", value_per_mwh=np.array([100.0, 200.0, 300.0, 390.0, 900.0]))
    bids = deciding.decide(seen, Keyed(1, "test"))["bid_per_mwh"]
    assert bids.tolist() == [100.0, 200.0, 300.0, 390.0, 400.0]


def test_an_upgrade_is_paid_once_and_only_by_those_who_can(see, decider) -> None:
    deciding = decider("prosumer", Asker(_said(upgrade=True, valid_steps=96), concurrency=1))
    cash = np.array([10**12, 10, 10**12, 0, 10**12])
    bought = [
        deciding.decide(see("prosumer", step, cash_micro=cash), Keyed(1, "test", step))["upgrade"].tolist()
        for step in range(3)
    ]
    assert bought == [[True, False, True, False, True], [False] * 5, [False] * 5]
    assert (
        sum(row["clips"] for row in deciding.health.clip_rows("prosumer") if row["field"] == "upgrade") == 2
    )


@pytest.mark.parametrize("mode", ["self-use", "threshold", "hold"])
@pytest.mark.parametrize("step", [0, 40, 48, 76])
def test_batteries_stay_within_what_they_hold(mode, step, see, decider) -> None:
    deciding = decider("prosumer", Asker(_said(battery=mode), concurrency=1))
    seen = see("prosumer", step, 50)
    actions, clips = feasible(seen, deciding.decide(seen, Keyed(1, "test", step)))
    assert "charge_wh" not in clips.counts
    assert mode != "hold" or not actions["charge_wh"].any()


def test_self_use_stores_the_surplus_and_covers_the_deficit(see, decider) -> None:
    deciding = decider("prosumer", Asker(_said(battery="self-use"), concurrency=1))
    seen = see("prosumer", 0, 3, pv_wh=np.array([500, 0, 5000]), load_wh=np.array([100, 300, 100]),
               battery_wh=np.full(3, 8000), stored_wh=np.full(3, 4000))  # fmt: skip
    assert deciding.decide(seen, Keyed(1, "test"))["charge_wh"].tolist() == [400, -300, 900]


def test_a_utility_that_left_serves_nobody(see, decider) -> None:
    deciding = decider("consumer", Asker(_said(sellers=["u2", "u1"], valid_steps=96), concurrency=1))
    seen = see("consumer")
    assert deciding.decide(seen, Keyed(1, "test"))["utility"].tolist() == [2] * 5
    gone = {**see("consumer", 1).public, "retail_per_mwh": np.array([250.0, 240.0, np.nan])}
    later = see("consumer", 1)
    later = type(later)(later.role, 1, later.agents, later.own, gone, later.names)
    assert deciding.decide(later, Keyed(1, "test", 1))["utility"].tolist() == [1] * 5


def test_green_suppliers_come_first_until_the_target_is_met(see, decider) -> None:
    deciding = decider("utility", Asker(_said(suppliers=["p0", "p2"], renewable_target=0.5), concurrency=1))
    seen = see("utility", agents=2, renewable_share=np.array([0.2, 0.7]))
    assert deciding.decide(seen, Keyed(1, "test"))["suppliers"][:, :2].tolist() == [[2, 0], [0, 2]]


def test_a_regulator_acts_at_reviews_and_then_lets_things_be(see, decider) -> None:
    deciding = decider(
        "regulator", Asker(_said(no_action=False, carbon_change_pct=5.0, fine_rate=0.5), concurrency=1)
    )
    first = deciding.decide(see("regulator", 96, 1), Keyed(1, "test", 96))
    then = deciding.decide(see("regulator", 97, 1), Keyed(1, "test", 97))
    assert (first["carbon_change"].tolist(), first["fine_rate"].tolist()) == ([0.05], [0.5])
    assert then["carbon_change"].tolist() == [0.0]
    assert np.isnan(then["fine_rate"]).all()


def test_negative_cost_is_marked_up_too(see, decider) -> None:
    deciding = decider("producer", Asker(_said(markup=0.5), concurrency=1))
    seen = see("producer", agents=2, cost_per_mwh=np.array([-40.0, 40.0]))
    assert deciding.decide(seen, Keyed(1, "test"))["ask_per_mwh"].tolist() == [-20.0, 60.0]


def test_bad_settings_are_named_together(decider) -> None:
    with pytest.raises(ProblemError, match=r"3 faults[\s\S]*horizon_steps is 0[\s\S]*band[\s\S]*most_groups"):
        decider("consumer", horizon_steps=0, band=float("nan"), most_groups=0)


@pytest.mark.parametrize("role", CROWD)
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 0.0, -1.0, 1e300])
def test_absurd_observations_never_crash(role, odd, see, decider) -> None:
    deciding, seen = decider(role), see(role)
    own = {name: np.full(5, odd) if values.dtype.kind == "f" else values for name, values in seen.own.items()}
    public = {
        name: np.full(values.shape, odd) for name, values in seen.public.items() if name != "steps_a_day"
    }
    strange = type(seen)(role, 0, seen.agents, own, public, {})
    with np.errstate(all="ignore"):
        actions, _ = feasible(strange, deciding.decide(strange, Keyed(1, "test")))
    assert all(np.isfinite(values.astype(float)).all() for values in actions.values())
