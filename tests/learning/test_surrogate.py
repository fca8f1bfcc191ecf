"""The surrogate is a baseline that may be wrong, but never impossible."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenwatt.core.errors import ProblemError
from evenwatt.learning.boosting import Growth
from evenwatt.learning.columns import Column
from evenwatt.learning.feasible import feasible
from evenwatt.learning.model import NotFittedError
from evenwatt.learning.surrogate import Surrogate
from evenwatt.learning.worlds import world

FEW = Growth(trees=25, rate=0.2, leaves=8, leaf_rows=15)
WORLD = world(23, intervals=500).history
PAST, NOW = WORLD.until(WORLD.gate[400]), WORLD.at_gate(slice(400, 500))
MODEL = Surrogate(growth=FEW).fit(PAST)

sizes = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 5))
energy = st.one_of(st.just(0.0), st.floats(1e-6, 1e6))


@st.composite
def wishes(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    t, s, n = draw(sizes)

    def some(*shape: int, of: st.SearchStrategy[float] = energy) -> np.ndarray:
        return np.array(
            draw(st.lists(of, min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
        ).reshape(shape)

    limit = some(t, s, n, of=st.one_of(energy, st.just(np.inf)))
    return some(t, n), some(t, s), some(t, s, of=st.sampled_from([10.0, 20.0, 30.0])), limit


@settings(max_examples=150, deadline=None)
@given(wishes())
def test_flows_are_always_feasible(wish: tuple[np.ndarray, ...]) -> None:
    wanted, capacity, offer, limit = wish
    flows = feasible(wanted, capacity, offer=offer, limit=limit)
    near = 1e-12 * (1 + wanted.sum() + capacity.sum())
    assert (flows >= 0).all()
    assert (flows <= limit + near).all()
    assert (flows.sum(axis=2) <= capacity + near).all()
    assert (flows.sum(axis=1) <= wanted + near).all()


@settings(max_examples=100, deadline=None)
@given(wishes())
def test_without_limits_nothing_is_left_lying_that_somebody_wished(wish: tuple[np.ndarray, ...]) -> None:
    wanted, capacity, offer, _ = wish
    flows = feasible(wanted, capacity, offer=offer)
    owed = np.minimum(wanted.sum(axis=1), capacity.sum(axis=1))
    assert flows.sum(axis=(1, 2)) == pytest.approx(owed, rel=1e-9, abs=1e-9)
    share = np.divide(owed, wanted.sum(axis=1), out=np.zeros_like(owed), where=wanted.sum(axis=1) > 0)
    assert flows.sum(axis=1) == pytest.approx(wanted * share[:, None], rel=1e-9, abs=1e-9)


def test_a_link_at_its_limit_leaves_the_rest_to_others() -> None:
    flows = feasible([[6.0, 6.0]], [[10.0]], offer=[[1.0]], limit=[[[2.0, np.inf]]])
    assert flows.tolist() == [[[2.0, 6.0]]]


def test_what_may_not_be_wished_is_named() -> None:
    with pytest.raises(ProblemError, match=r"(?s)wanted.*capacity"):
        feasible([[-1.0]], [[np.nan]], offer=[[1.0]])


def test_predictions_are_feasible_also_where_limits_bind() -> None:
    gate = WORLD.gate
    limited = WORLD.with_columns({"limit": Column(np.full((500, 3, 6), 1.5), "link", gate)})
    flows = Surrogate(growth=FEW).fit(limited.until(gate[400])).predict(limited.at_gate(slice(400, 500)))
    assert flows.max() == pytest.approx(1.5)
    assert (flows.sum(axis=2) <= WORLD["capacity"][400:] * (1 + 1e-12)).all()
    assert (flows.sum(axis=1) <= WORLD["claim"][400:] * (1 + 1e-12)).all()


def test_it_learns_past_flows_where_there_are_some() -> None:
    claim, capacity = WORLD["claim"], WORLD["capacity"]
    kept = claim * np.array([0.2, 0.2, 0.2, 0.9, 0.9, 0.9]) * 0.5
    flow = feasible(kept, capacity, offer=WORLD["offer"])
    told = WORLD.with_columns({"flow": Column(flow, "link", WORLD.gate)})
    got = (
        Surrogate(growth=FEW)
        .fit(told.until(told.gate[400]))
        .predict(told.at_gate(slice(400, 500)))
        .sum(axis=1)
    )
    assert np.abs(got - kept[400:]).mean() < 0.05 * kept[400:].mean()


def test_shuffled_outcomes_teach_no_more_than_the_mean_part() -> None:
    flow = feasible(WORLD["claim"] * 0.4, WORLD["capacity"], offer=WORLD["offer"])
    part = np.random.default_rng(0).uniform(0.2, 1.0, (500, 1, 6))
    noisy = WORLD.with_columns({"flow": Column(flow * part, "link", WORLD.gate)})
    said = Surrogate(growth=FEW).fit(noisy.until(noisy.gate[400])).predict(noisy.at_gate(slice(400, 500)))
    missed = np.abs(said.sum(axis=1) - (flow * part).sum(axis=1)[400:]).mean()
    mean = np.abs(flow.sum(axis=1)[400:] * part[:400].mean(axis=0) - (flow * part).sum(axis=1)[400:]).mean()
    assert missed > 0.97 * mean


def test_it_says_that_it_is_a_baseline() -> None:
    assert Surrogate.is_baseline
    told = MODEL.explain()
    assert told.sentences[0].startswith("a baseline")
    by_agent = sum(row["importance"] for row in told.rows if row["agent"] == "a1")
    assert by_agent == pytest.approx(1.0)


def test_one_row_and_an_agent_never_seen_are_no_trouble() -> None:
    one = world(2, intervals=1, suppliers=1, agents=1).history
    assert Surrogate(growth=FEW).fit(one).predict(one).shape == (1, 1, 1)
    silent = WORLD.with_columns({"claim": Column(WORLD["claim"] * [0, 1, 1, 1, 1, 1], "agent", WORLD.gate)})
    flows = Surrogate(growth=FEW).fit(silent.until(silent.gate[400])).predict(silent.at_gate(slice(400, 500)))
    assert (flows[:, :, 0] == 0).all()


def test_misuse_is_named() -> None:
    with pytest.raises(NotFittedError):
        Surrogate().predict(NOW)
    with pytest.raises(ProblemError, match="fit it again"):
        MODEL.predict(world(1, agents=2, intervals=5).history)
