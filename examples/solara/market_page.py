"""The market on a page, with Mesa's own controls: ``solara run examples/solara/market_page.py``.

It needs ``pip install "evenwatt[mesa]" "ipyvuetify<3"``: pages of Mesa 3.3 use tabs that ipyvuetify 3 no longer has.
"""

from __future__ import annotations

import numpy as np
import solara
from mesa.visualization import SolaraViz, make_plot_component
from mesa.visualization.utils import update_counter

from evenwatt.studies.market.mesa_model import MarketModel

if not hasattr(solara.v, "TabsItems"):
    raise SystemExit('pages of Mesa 3.3 need an older ipyvuetify: pip install "ipyvuetify<3"')

NAMES = ("uniform-price", "pay-as-bid", "mid-market", "vcg", "muda", "huang", "order-book")
COLOURS = {"buy": "#1f6f8b", "sell": "#d1672a"}


@solara.component
def curve(model):
    """Bids and asks of the local auction at the first node, and where they met."""
    update_counter.get()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 3.2), layout="constrained")
    axes = figure.subplots()
    for name, side in (("buy", 1), ("sell", -1)):
        price, quantity = orders(model, side)
        if len(price):
            reached = np.concatenate([[0.0], np.cumsum(quantity)]) / 1000
            axes.step(reached, [*price, price[-1]], where="post", color=COLOURS[name], label=name)
    if not np.isnan(model.local_price):
        axes.axhline(model.local_price, color="0.6", linewidth=0.8)
    axes.set(xlabel="kWh", ylabel="currency/MWh", title="Local auction of the last step")
    if axes.lines:
        axes.legend(frameon=False)
    solara.FigureMatplotlib(figure, format="png", bbox_inches="tight", dependencies=[model.steps])


def orders(model, side):
    """Prices and quantities of one side, best first."""
    step = model.attributes.step
    if step is None:
        return np.zeros(0), np.zeros(0)
    book = step.placed.orders
    mine = (book.side == side) & (book.quantity > 0) & (book.node == 0)
    order = np.argsort(-side * book.price[mine], kind="stable")
    return book.price[mine][order], book.quantity[mine][order]


@solara.component
def earnings(model):
    """What each role gained."""
    update_counter.get()
    rows = []
    for kind, agents in model.agents_by_type.items():
        gained = agents.get("profit")
        rows.append(f"| {kind.role} | {len(gained)} | {sum(gained):,.2f} | {max(gained):,.2f} |")
    solara.Markdown(
        "#### Money gained since the start\n| role | agents | together | most |\n|---|---|---|---|\n"
        + "\n".join(rows)
    )


def labelled(unit):
    """The unit of a chart's vertical axis."""

    def finish(axes):
        axes.set_ylabel(unit)
        axes.set_xlabel("step")
        axes.legend(frameon=False)

    return finish


def slider(label, value, low, high):
    """One of the sizes of the market."""
    return {"type": "SliderInt", "value": value, "label": label, "min": low, "max": high, "step": 1}


page = SolaraViz(
    MarketModel(days=2),
    components=[
        make_plot_component(
            {"Local_Price": "#1f6f8b", "Wholesale_Price": "#d1672a", "Retail_Price": "#777777"},
            labelled("currency/MWh"),
        ),
        make_plot_component({"Local_Volume": "#1f6f8b", "Unserved": "#b3261e"}, labelled("Wh")),
        curve,
        earnings,
    ],
    model_params={
        "consumers": slider("Consumers", 60, 0, 300),
        "prosumers": slider("Prosumers", 30, 0, 300),
        "producers": slider("Producers", 7, 0, 20),
        "utilities": slider("Utilities", 3, 1, 6),
        "mechanism": {"type": "Select", "value": NAMES[0], "values": list(NAMES), "label": "Local auction"},
        "scenario": {"type": "Select", "value": 1, "values": [1, 2], "label": "Scenario"},
        "days": 2,
        "seed": slider("Seed", 1, 1, 100),
    },
    name="evenwatt market",
)
page  # noqa: B018  what solara shows
