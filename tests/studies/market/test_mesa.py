"""The market as a model of Mesa: the same world, frames that Mesa's own collector would give, batches that agree."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from evenwatt.policies.scripted import SCRIPTED
from evenwatt.studies.market.sample import first_rules, population, weather
from evenwatt.studies.market.world import World

mesa = pytest.importorskip("mesa", reason="the Mesa model needs evenwatt[mesa]")
pd = pytest.importorskip("pandas")

from evenwatt.studies.market import mesa_agents as kinds  # noqa: E402
from evenwatt.studies.market.attributes import ATTRIBUTES  # noqa: E402
from evenwatt.studies.market.mesa_model import MarketModel, WorldModel  # noqa: E402

SMALL = {"consumers": 4, "prosumers": 3, "producers": 3, "utilities": 2, "seed": 5}


def seeds_price(model):
    """The notebook's own reporter, word for word but for Mesa 3's ``model.agents``."""
    return np.mean(
        [
            a.selling_price
            for a in model.agents
            if isinstance(a, (kinds.ProsumerAgent, kinds.EnergyProducerAgent, kinds.UtilityAgent))
        ]
    )


def seeds_production(model):
    return sum(
        a.production_level
        for a in model.agents
        if isinstance(a, (kinds.ProsumerAgent, kinds.EnergyProducerAgent))
    )


def stepped(model, steps=6):
    for _ in range(steps):
        model.step()
    return model


def test_stepping_through_mesa_is_the_run_itself():
    people = population(**SMALL)
    sky = weather(people, days=1, seed=5)
    alone = World(people, first_rules(), {role: make() for role, make in SCRIPTED.items()}, 5)
    alone.run(sky)
    model = MarketModel(**SMALL)
    model.run_model()
    held, other = alone.memory(), model.world.memory()
    assert held.keys() == other.keys()
    for name in held:
        np.testing.assert_array_equal(held[name], other[name], err_msg=name)


def test_running_ends_with_the_weather():
    model = MarketModel(**SMALL)
    model.run_model()
    assert model.steps == 96
    assert model.world.state.step == 96
    model.step()
    assert model.world.state.step == 96
    assert not model.running


def test_rows_of_the_model_and_records_of_agents_are_of_one_moment():
    model = stepped(MarketModel(**SMALL, model_reporters={"Money": total_money}))
    figures = model.datacollector.get_model_vars_dataframe()
    agents = model.datacollector.get_agent_vars_dataframe()
    assert agents.index.get_level_values("Step").unique().tolist() == list(range(7))
    held = agents["Resources"].replace(np.inf, 0.0).groupby(level="Step").sum()
    np.testing.assert_allclose(figures["Money"], held)
    assert figures["Money"].nunique() == 7


def total_money(model):
    return float(model.world.ledger.cash.sum()) / 1e6


def test_frames_are_those_of_mesas_own_collector():
    """Whatever the attribute: of all agents or of some, a number or a name."""
    reporters = {name.title(): name for name in ATTRIBUTES}
    model = MarketModel(**SMALL, agent_reporters=reporters)
    agent = {"Profit": "profit", "Resources": "resources", **reporters}
    own = mesa.DataCollector({"Average_Price": "average_price", "Seeds": seeds_production}, agent)
    own.collect(model)
    for _ in range(5):
        model.step()
        own.collect(model)
    pd.testing.assert_frame_equal(
        model.datacollector.get_agent_vars_dataframe(), own.get_agent_vars_dataframe()
    )
    pd.testing.assert_series_equal(
        model.datacollector.get_model_vars_dataframe()["Average_Price"],
        own.get_model_vars_dataframe()["Average_Price"],
    )


def test_a_reporter_that_asks_agents_one_by_one_gives_what_the_column_gives():
    reporters = {"Slow": doubled, "Unique": "unique_id", "Params": [shifted, [3.0]]}
    model = stepped(MarketModel(**SMALL, agent_reporters=reporters))
    frame = model.datacollector.get_agent_vars_dataframe()
    np.testing.assert_allclose(frame["Slow"], 2 * frame["Resources"])
    np.testing.assert_allclose(frame["Params"], 3 + frame["Resources"])
    assert frame["Unique"].tolist() == frame.index.get_level_values("AgentID").tolist()
    assert frame["Unique"].dtype == np.int64


def doubled(agent):
    return 2 * agent.resources


def shifted(agent, by):
    return agent.resources + by


def test_the_notebooks_reporters_are_the_columns():
    model = stepped(MarketModel(**SMALL, model_reporters={"Price": seeds_price, "Made": seeds_production}))
    frame = model.datacollector.get_model_vars_dataframe()
    np.testing.assert_allclose(frame["Price"][1:], frame["Average_Price"][1:])
    np.testing.assert_allclose(frame["Made"], frame["Total_Production"])
    assert (frame["Average_Price"] > 0).all()
    assert frame["Total_Production"].iloc[-1] > 0


def test_figures_of_the_model_are_those_of_a_run():
    people = population(**SMALL)
    world = World(people, first_rules(), {role: make() for role, make in SCRIPTED.items()}, 5)
    told = world.run(weather(people, days=1, seed=5))
    model = MarketModel(**SMALL)
    model.run_model()
    frame = model.datacollector.get_model_vars_dataframe()[1:]
    for name, column in (
        ("Local_Price", "local_per_mwh"),
        ("Wholesale_Price", "wholesale_per_mwh"),
        ("Local_Volume", "local_wh"),
        ("Wholesale_Volume", "wholesale_wh"),
        ("Unserved", "unserved_wh"),
    ):
        np.testing.assert_array_equal(frame[name], told[column], err_msg=name)
    np.testing.assert_allclose(frame["Welfare"], told["welfare_micro"] / 1e6)
    assert frame["Welfare"].sum() > 0
    assert (frame["Local_Volume"] > 0).any()


def test_profit_is_money_gained_and_resources_begin_as_in_the_notebook():
    model = MarketModel(**SMALL)
    first = model.datacollector.get_agent_vars_dataframe().loc[0]
    assert first["Profit"].eq(0).all()
    assert first["Resources"].unique().tolist() == [1000.0, 10_000.0, 50_000.0, np.inf]
    stepped(model, 3)
    last = model.datacollector.get_agent_vars_dataframe().loc[3]
    people = slice(0, -1)
    moved = (last["Resources"] - first["Resources"])[people]
    np.testing.assert_allclose(last["Profit"][people], moved, atol=1e-9)
    assert (moved != 0).any()


def test_agents_have_the_notebooks_attributes_and_no_others():
    model = stepped(MarketModel(**SMALL), 50)
    consumer, prosumer, producer, utility, regulator = (
        model.agents.select(agent_type=kind)[0]
        for kind in (
            kinds.ConsumerAgent,
            kinds.ProsumerAgent,
            kinds.EnergyProducerAgent,
            kinds.UtilityAgent,
            kinds.RegulatorAgent,
        )
    )
    assert consumer.persona in ("balanced", "eco", "greedy", "profit-driven", "depressed")
    assert consumer.energy_needs > 0
    assert consumer.buying_price > 0
    assert prosumer.selling_price > 0
    assert prosumer.max_capacity >= prosumer.production_level > 0
    assert prosumer.storage_level >= 0
    assert producer.production_type == "solar"
    assert producer.production_costs == 0.0
    assert utility.renewable_quota == 0.3
    assert utility.utility_type == utility.persona
    assert regulator.resources == np.inf
    evening = stepped(model, 28).agents.select(agent_type=kinds.UtilityAgent)
    assert sum(evening.get("energy_volume")) > 0
    with pytest.raises(AttributeError, match="a consumer has no attribute 'selling_price'"):
        _ = consumer.selling_price
    with pytest.raises(AttributeError, match="set it by a policy"):
        prosumer.selling_price = 3.0


def test_the_energy_mix_of_everybody_is_what_was_not_missing():
    model = stepped(MarketModel(**SMALL), 50)
    mixes = [agent.energy_mix for agent in model.agents.select(agent_type=kinds.ConsumerAgent)]
    assert len(mixes) == 7
    for mix in mixes:
        assert sum(mix.values()) == pytest.approx(1.0)
    assert any(mix["own"] > 0 for mix in mixes)
    assert all(mix["own"] == 0 for mix in mixes[:4])


def test_agents_by_type_are_all_of_them():
    model = MarketModel(**SMALL)
    sizes = {kind.__name__: len(agents) for kind, agents in model.agents_by_type.items()}
    assert sizes == {
        "ConsumerAgent": 4, "ProsumerAgent": 3, "EnergyProducerAgent": 3, "UtilityAgent": 2, "RegulatorAgent": 1,
    }  # fmt: skip
    assert len(model.agents) == 13


def test_a_given_world_goes_on_from_where_it_stands():
    people = population(**SMALL)
    sky = weather(people, days=1, seed=5)
    world = World(people, first_rules(scenario=2), {}, 5)
    world.run(
        sky.changed(
            load_wh=sky.load_wh[:10],
            pv_wh=sky.pv_wh[:10],
            availability=sky.availability[:10],
            outside_per_mwh=sky.outside_per_mwh[:10],
        )
    )
    rest = sky.changed(
        load_wh=sky.load_wh[10:],
        pv_wh=sky.pv_wh[10:],
        availability=sky.availability[10:],
        outside_per_mwh=sky.outside_per_mwh[10:],
        first=10,
    )
    model = WorldModel(world, rest)
    model.run_model()
    assert model.steps == 86
    assert world.state.step == 96


def test_a_market_of_nobody_is_an_ordinary_model():
    model = stepped(MarketModel(0, 0, 0, 0), 2)
    frame = model.datacollector.get_agent_vars_dataframe()
    assert len(frame) == 3
    assert np.isnan(model.average_price)
    assert model.total_production == 0.0


@pytest.mark.parametrize("period", [-1, 1])
def test_a_batch_reads_both_of_the_same_step(period):
    rows = batch(1, period)
    frame = pd.DataFrame(rows)
    assert len(frame) == 2 * 7 * (1 if period < 0 else 4)
    assert frame["Step"].max() == 3
    alone = stepped(MarketModel(**TINY, mechanism="pay-as-bid"), 4).datacollector
    mine = frame[(frame["mechanism"] == "pay-as-bid") & (frame["Step"] == 3)]
    agents = alone.get_agent_vars_dataframe().loc[3]
    np.testing.assert_array_equal(mine["Resources"].to_numpy(), agents["Resources"].to_numpy())
    assert mine["Average_Price"].unique().tolist() == [
        alone.get_model_vars_dataframe()["Average_Price"].iloc[3]
    ]


@pytest.mark.slow  # two new processes, each of which imports everything
def test_two_processes_give_what_one_gives():
    one, two = (sorted(batch(count, -1), key=order) for count in (1, 2))
    assert len(one) == 14
    pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(two))


TINY = {"consumers": 2, "prosumers": 2, "producers": 1, "utilities": 1, "seed": 5}


def batch(processes, period):
    from mesa.batchrunner import batch_run

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tqdm, which looks for a notebook
        return batch_run(
            MarketModel,
            {**TINY, "mechanism": ["uniform-price", "pay-as-bid"]},
            number_processes=processes,
            max_steps=3,
            data_collection_period=period,
            display_progress=False,
        )


def order(row):
    return row["RunId"], row["Step"], row["AgentID"]


@pytest.mark.parametrize("module", ["mesa_model", "mesa_agents", "mesa_collector"])
def test_without_mesa_the_extra_is_named(module):
    program = (
        "import sys; sys.modules['mesa'] = sys.modules['mesa.datacollection'] = None\n"
        f"import evenwatt.studies.market.{module}"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert 'pip install "evenwatt[mesa]"' in ended.stderr


def test_the_market_itself_never_imports_mesa():
    program = (
        "import sys\nfrom evenwatt.studies.market import world, attributes, environment\n"
        "assert not {'mesa', 'pandas', 'solara'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_page_for_solara_is_made_of_a_model():
    """Its parts are drawn where they can be; a page that cannot work says what to install."""
    solara = pytest.importorskip("solara", reason="the page needs evenwatt[mesa]")
    page = Path(__file__).parents[3] / "examples" / "solara" / "market_page.py"
    ended = subprocess.run([sys.executable, str(page)], capture_output=True, text=True)
    if hasattr(solara.v, "TabsItems"):
        assert ended.returncode == 0, ended.stderr
    else:
        assert 'pip install "ipyvuetify<3"' in ended.stderr
