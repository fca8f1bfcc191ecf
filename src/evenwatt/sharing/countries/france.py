"""France: collective self-consumption by keys told beforehand, in proportion, or by keys sent afterwards."""

from evenwatt.sharing.countries.forms import BY_PAIR, BY_POOL, BY_RULE
from evenwatt.sharing.countries.regulation import Regulation

_SOURCE = "Code de l'énergie, art. L315-2 and D315-6; Enedis, collective self-consumption"
_UNCERTAIN = "Decimals of a coefficient and how the operator rounds; files of an open tool carry 0.1 %."

STATIC = Regulation(
    name="fr-static",
    country="France",
    title="the French static keys",
    form=BY_POOL,
    rule="A consumer gets the smaller of its demand and its fixed part of the production of the operation.",
    source=_SOURCE,
    certain="Coefficients are told to the operator beforehand.",
    uncertain=_UNCERTAIN,
    keys="fixed",
)
DEFAULT = Regulation(
    name="fr-default",
    country="France",
    title="the French dynamic keys by default",
    form=BY_RULE,
    rule="Production is divided in proportion to consumption in the same interval, never above it.",
    source=_SOURCE,
    certain="Proportional to consumption where the organiser sends nothing.",
    uncertain=_UNCERTAIN,
    formula="pro",
)
SIMPLE = Regulation(
    name="fr-simple",
    country="France",
    title="the French simple dynamic keys",
    form=BY_POOL,
    rule="The organiser sends, after the month, one coefficient per consumer and interval.",
    source=_SOURCE,
    certain="Coefficients per interval, sent afterwards: any rule may choose them.",
    uncertain=_UNCERTAIN,
    keys="interval",
)
FULL = Regulation(
    name="fr-full",
    country="France",
    title="the French full dynamic keys",
    form=BY_PAIR,
    rule="The organiser sends, after the month, one coefficient per producer, consumer and interval.",
    source=_SOURCE,
    certain="Coefficients per pair and interval, sent afterwards: any rule may choose them.",
    uncertain=_UNCERTAIN,
    keys="interval",
)
REGULATIONS = (STATIC, DEFAULT, SIMPLE, FULL)
