"""Austria: energy communities share statically by keys or dynamically in proportion to consumption."""

from evenwatt.sharing.countries.forms import BY_POOL, BY_RULE
from evenwatt.sharing.countries.regulation import Regulation

_SOURCE = (
    "Elektrizitätswirtschafts- und -organisationsgesetz 2010, §§ 16a-16e; market communication of EDA GmbH"
)

STATIC = Regulation(
    name="at-static",
    country="Austria",
    title="the Austrian static rule",
    form=BY_POOL,
    rule="A consumer gets the smaller of its demand and its fixed part of all that is generated; the rest is fed "
    "into the grid.",
    source=_SOURCE,
    certain="One pass, quarter-hours, no second distribution of what is left; a participation factor scales a "
    "point's generation and consumption before sharing.",
    uncertain="At which decimal the operator rounds: amounts here are whole Wh by largest remainder.",
    keys="fixed",
)
DYNAMIC = Regulation(
    name="at-dynamic",
    country="Austria",
    title="the Austrian dynamic rule",
    form=BY_RULE,
    rule="What is generated is divided in proportion to consumption in the same quarter-hour, never above it.",
    source=_SOURCE,
    certain="Proportional to the quarter-hour's consumption; the participation factor as in the static rule.",
    uncertain="As at-static.",
    formula="pro",
)
REGULATIONS = (STATIC, DYNAMIC)
