"""Each country's rule on hand-worked intervals, and what all of them must keep."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt import claims, sharing
from evenwatt.core import exact
from evenwatt.core.errors import ProblemError, RuleError
from evenwatt.sharing import countries

PRO = claims.rule("pro")
ALL = list(countries.regulations())


def keyed(regulation, producers, consumers, steps, rng):
    """Keys and priorities as the regulation needs them."""
    if regulation.keys == "none":
        return {}
    width = rng.dirichlet(np.ones(consumers))
    pool = exact.vector(width * 10_000, 10_000)
    if "I" in regulation.form.keys_shape:
        keys = np.broadcast_to(pool, (producers, consumers))
        if regulation.keys == "interval":
            keys = np.broadcast_to(pool, (steps, producers, consumers))
        most = regulation.max_links or producers
        return {
            "keys": keys,
            "priority": (np.arange(producers)[:, None] < most) * np.ones((1, consumers), int),
        }
    return {"keys": np.broadcast_to(pool, (steps, consumers)) if regulation.keys == "interval" else pool}


def options(regulation, producers, consumers, steps, rng):
    held = keyed(regulation, producers, consumers, steps, rng)
    if regulation.formula:
        held["divide"] = claims.rule(regulation.formula)
    if regulation.name == "pt-hierarchical":
        held["priority"] = rng.integers(0, 3, consumers)
    return held


@pytest.mark.parametrize("name", ALL)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_no_country_gives_what_is_not_there(name, seed):
    regulation = countries.find(name)
    rng = np.random.default_rng(seed)
    producers, consumers, hours = int(rng.integers(1, 4)), int(rng.integers(1, 6)), 3
    quarters = hours * 4
    steps = quarters * 15 // regulation.minutes
    supply, demand = rng.integers(0, 900, (quarters, producers)), rng.integers(0, 900, (quarters, consumers))
    owners = {"owner_supply": np.arange(producers), "owner_demand": np.arange(consumers) + 1}
    found = sharing.share(
        regulation, supply, demand, **owners, **options(regulation, producers, consumers, steps, rng)
    )
    dense = found.flows.dense()
    assert found.unused.min() >= 0
    assert found.unmet.min() >= 0
    assert dense.sum() + found.unused.sum() == supply.sum()
    assert dense.sum() + found.unmet.sum() == demand.sum()
    for i in range(1, producers):
        if i - 1 < consumers:
            assert (dense[:, i, i - 1] == 0).all()
    if not regulation.injecting_may_receive:
        injects = supply[:, 1 : consumers + 1] > 0
        received = found.shared[:, : injects.shape[1]]
        assert (received[injects] == 0).all()


@pytest.mark.parametrize(
    "name", [n for n in ALL if countries.find(n).formula and countries.find(n).keys == "none"]
)
def test_a_formula_leaves_nothing_that_could_be_shared(name):
    regulation = countries.find(name)
    rng = np.random.default_rng(4)
    supply, demand = rng.integers(0, 900, (8, 2)), rng.integers(0, 900, (8, 3))
    steps = 8 * 15 // regulation.minutes
    owners = {} if regulation.injecting_may_receive else {"owner_supply": [8, 9], "owner_demand": [1, 2, 3]}
    found = sharing.share(regulation, supply, demand, **owners, **options(regulation, 2, 3, steps, rng))
    hourly = [v.reshape(steps, -1, v.shape[1]).sum(axis=1).sum(axis=1) for v in (supply, demand)]
    assert found.shared.sum(axis=1).tolist() == np.minimum(*hourly).tolist()


def test_the_czech_rule_is_the_engine_itself():
    supply, demand = [[1_000, 1_500]], [[500, 1_400, 900]]
    keys, priority = [[6000, 4000, 0], [2500, 2500, 5000]], [[5, 4, 0], [4, 5, 5]]
    for rounds in (1, 3, 5):
        mine = sharing.share("cz", supply, demand, keys=keys, priority=priority, rounds=rounds)
        assert (
            mine.flows.wh == sharing.allocate(supply, demand, keys, priority, rounds=rounds).flows.wh
        ).all()


def test_austria_static_lets_the_rest_go_and_dynamic_does_not():
    supply, demand = [[900, 300]], [[400, 1_000]]
    static = sharing.share("at-static", supply, demand, keys=[5000, 5000])
    assert static.shared.tolist() == [[400, 600]]
    assert static.unused.sum() == 200
    dynamic = sharing.share("at-dynamic", supply, demand, divide=PRO)
    assert dynamic.shared.tolist() == [[343, 857]]
    assert dynamic.unused.sum() == 0


def test_producers_of_a_pool_give_in_proportion():
    found = sharing.share("at-static", [[900, 300]], [[1_000, 1_000]], keys=[5000, 0])
    assert found.flows.dense()[0].tolist() == [[450, 0], [150, 0]]


def test_the_participation_factor_scales_both_sides():
    found = sharing.share("at-dynamic", [[1_000]], [[500, 500]], divide=PRO, participation=(0.5, (1, 0.5)))
    assert found.shared.tolist() == [[333, 167]]


def test_brussels_offers_the_rest_again():
    supply, demand = [[1_000]], [[100, 900]]
    one = sharing.share("be-fixed", supply, demand, keys=[5000, 5000])
    assert one.shared.tolist() == [[100, 500]]
    assert sharing.share("be-rounds", supply, demand, keys=[5000, 5000]).shared.tolist() == [[100, 800]]
    assert sharing.share("be-hybrid", supply, demand, keys=[5000, 5000], divide=PRO).shared.tolist() == [
        [100, 900]
    ]


def test_spain_settles_hours():
    supply, demand = [[0], [400], [0], [0]], [[100, 0], [100, 0], [100, 0], [100, 100]]
    found = sharing.share("es-fixed", supply, demand, keys=[7500, 2500])
    assert found.shared.tolist() == [[300, 100]]
    with pytest.raises(ProblemError, match="do not fill whole 60 minutes"):
        sharing.share("es-fixed", supply[:3], demand[:3], keys=[7500, 2500])
    with pytest.raises(ProblemError, match=r"sum to 9000; expected 10000"):
        sharing.share("es-fixed", supply, demand, keys=[7500, 1500])


def test_in_portugal_the_key_of_whoever_injects_is_spread():
    supply, demand = [[1_000, 10]], [[900, 900, 900]]
    found = sharing.share(
        "pt-fixed",
        supply,
        demand,
        keys=[2000, 3000, 5000],
        owner_supply=["p", "b"],
        owner_demand=["a", "b", "c"],
    )
    assert found.shared.tolist() == [[289, 0, 721]]


def test_levels_are_served_one_after_the_other():
    found = sharing.share(
        "pt-hierarchical", [[1_000]], [[300, 600, 600]], priority=[2, 1, 1], divide=PRO,
        owner_supply=["p"], owner_demand=["a", "b", "c"],
    )  # fmt: skip
    assert found.shared.tolist() == [[300, 350, 350]]


def test_italy_counts_the_smaller_total_of_the_hour():
    found = sharing.share("it", [[0], [500], [0], [0]], [[200, 0], [0, 0], [0, 0], [0, 100]], divide=PRO)
    assert found.shared.sum() == 300


def test_whoever_has_surplus_and_demand_at_once_does_not_feed_itself():
    found = sharing.share(
        "at-dynamic", [[1_000, 0]], [[800, 500]], divide=PRO, owner_supply=["a", "b"], owner_demand=["a", "b"]
    )
    assert found.shared.tolist() == [[0, 500]]


@pytest.mark.parametrize(
    ("name", "given_", "words"),
    [
        ("at-static", {}, "keys: missing"),
        ("at-dynamic", {"keys": [1, 2]}, "shares by a formula.*"),
        ("at-dynamic", {}, "pass the claims rule 'pro'"),
        ("pt-fixed", {"keys": [1, 2]}, "whoever injects cannot receive"),
        ("cz", {"keys": [[1, 2]]}, "priority: missing"),
        ("at-dynamic", {"divide": PRO, "rounds": 3}, "knows none"),
        ("at-static", {"keys": [[[1]]]}, "keys: shape"),
        (
            "pt-hierarchical",
            {"divide": PRO, "owner_supply": [1], "owner_demand": [2, 3]},
            "levels of consumers",
        ),
    ],
)
def test_what_a_regulation_lacks_is_named(name, given_, words):
    with pytest.raises(ProblemError, match=f"(?s){words}"):
        sharing.share(name, [[10]], [[10, 10]], **given_)


def test_an_unknown_country_names_the_nearest():
    with pytest.raises(RuleError, match="did you mean 'at-static'"):
        countries.find("at-statik")


def test_every_regulation_says_where_it_is_written_and_what_is_uncertain():
    held = countries.regulations().values()
    assert {one.country for one in held} == {
        "Czech Republic", "Austria", "France", "Spain", "Portugal", "Belgium", "Germany", "Italy",
    }  # fmt: skip
    for one in held:
        assert all(len(text) > 8 for text in (one.rule, one.source, one.certain, one.uncertain)), one.name
