"""The market as a Mesa model: a morning under two auctions, then the same as a batch of Mesa's own.

Run it: ``python examples/market_mesa.py``; it needs ``pip install "evenwatt[mesa]"``.
"""

import importlib.util
import warnings


def main():
    import pandas as pd
    from mesa.batchrunner import batch_run

    from evenwatt.studies.market.mesa_model import MarketModel

    size = {"consumers": 12, "prosumers": 6, "producers": 4, "utilities": 2, "seed": 3}
    model = MarketModel(**size, agent_reporters={"Persona": "persona", "Selling": "selling_price"})
    for _ in range(48):
        model.step()
    figures = model.datacollector.get_model_vars_dataframe()
    print("The model, every third hour\n")
    print(figures[["Average_Price", "Total_Production", "Local_Price", "Local_Volume"]][::12].round(2))

    print("\nIts agents after half a day, by persona\n")
    agents = model.datacollector.get_agent_vars_dataframe().loc[48]
    print(agents.groupby("Persona")[["Profit", "Selling"]].mean().round(2))

    best = model.agents.select(lambda agent: agent.role == "prosumer").sort("profit")[0]
    print(
        f"\n{best.name} gained most, {best.profit:.2f}; it asks {best.selling_price:.1f} per MWh, {best.persona}"
    )

    print("\nTwo auctions as mesa.batch_run has them: means over agents and steps\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its progress bar, which looks for a notebook
        rows = batch_run(
            MarketModel,
            {**size, "mechanism": ["uniform-price", "pay-as-bid"]},
            max_steps=47,
            data_collection_period=1,
            display_progress=False,
        )
    frame = pd.DataFrame(rows)
    print(frame.groupby("mechanism")[["Local_Price", "Local_Volume", "Profit"]].mean().round(3))


if importlib.util.find_spec("mesa"):
    main()
else:
    print('Mesa is not installed.\nThis example needs it:\n    pip install "evenwatt[mesa]"')
