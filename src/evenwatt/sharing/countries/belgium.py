"""Belgium (Brussels): fixed keys in one or several rounds, proportional, or both one after the other."""

from evenwatt.sharing.countries.forms import BY_POOL, BY_RULE, HYBRID
from evenwatt.sharing.countries.regulation import Regulation

_SOURCE = "Sibelga, methods of distribution for energy sharing in the Brussels-Capital Region"
_UNCERTAIN = "The operator's own text was not at hand: the modes are told as its public pages describe them."

FIXED = Regulation(
    name="be-fixed",
    country="Belgium",
    title="the Brussels fixed keys in one round",
    form=BY_POOL,
    rule="A consumer gets the smaller of its demand and its fixed part of what is injected.",
    source=_SOURCE,
    certain="Fixed keys are one of the modes; quarter-hours.",
    uncertain=_UNCERTAIN,
    keys="fixed",
)
ROUNDS = Regulation(
    name="be-rounds",
    country="Belgium",
    title="the Brussels fixed keys in several rounds",
    form=BY_POOL,
    rule="As be-fixed, and what is left is offered again by the same keys.",
    source=_SOURCE,
    certain="Several rounds are one of the modes.",
    uncertain=_UNCERTAIN + " The number of rounds: three unless said otherwise.",
    rounds=3,
    keys="fixed",
)
PROPORTIONAL = Regulation(
    name="be-proportional",
    country="Belgium",
    title="the Brussels proportional mode",
    form=BY_RULE,
    rule="What is injected is divided in proportion to consumption in the same quarter-hour, never above it.",
    source=_SOURCE,
    certain="Proportional sharing is one of the modes.",
    uncertain=_UNCERTAIN,
    formula="pro",
)
MIXED = Regulation(
    name="be-hybrid",
    country="Belgium",
    title="the Brussels hybrid mode",
    form=HYBRID,
    rule="Fixed keys first, then what is left in proportion to what is wanted yet.",
    source=_SOURCE,
    certain="A hybrid of both is one of the modes.",
    uncertain=_UNCERTAIN,
    formula="pro",
    keys="fixed",
)
REGULATIONS = (FIXED, ROUNDS, PROPORTIONAL, MIXED)
