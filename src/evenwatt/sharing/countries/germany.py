"""Germany: building supply and energy sharing by constant parts or in proportion to consumption."""

from evenwatt.sharing.countries.forms import BY_POOL, BY_RULE
from evenwatt.sharing.countries.regulation import Regulation

_SOURCE = "Energiewirtschaftsgesetz, § 42b (building supply) and § 42c (energy sharing)"

FIXED = Regulation(
    name="de-fixed",
    country="Germany",
    title="the German constant parts",
    form=BY_POOL,
    rule="A participant is credited the smaller of its consumption and its agreed part of the generation.",
    source=_SOURCE,
    certain="Within 15 minutes; credited amounts never exceed what is generated or what is consumed.",
    uncertain="How operators round; equal parts where nothing is agreed are not assumed here.",
    keys="fixed",
)
PROPORTIONAL = Regulation(
    name="de-proportional",
    country="Germany",
    title="the German parts in proportion",
    form=BY_RULE,
    rule="Generation is credited in proportion to consumption in the same quarter-hour, never above it.",
    source=_SOURCE,
    certain="As de-fixed.",
    uncertain="As de-fixed.",
    formula="pro",
)
REGULATIONS = (FIXED, PROPORTIONAL)
