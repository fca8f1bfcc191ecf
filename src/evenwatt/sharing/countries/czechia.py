"""Czech Republic: keys and priorities of pairs, applied in rounds, floored to 0.01 kWh."""

from evenwatt.sharing.countries.forms import BY_PAIR, BY_PAIR_EXACTLY
from evenwatt.sharing.countries.regulation import Regulation

_SOURCE = "decree 408/2015 Sb. on electricity market rules, annex 25"
_RULE = (
    "In each round a consumer takes from its producers, in order of priority, the smaller of what it still "
    "wants and its key times what the producer had left when the round began, rounded down to 0.01 kWh."
)

CZ = Regulation(
    name="cz",
    country="Czech Republic",
    title="the Czech rule in rounds",
    form=BY_PAIR,
    rule=_RULE,
    source=_SOURCE,
    certain="The formula, the floor of every share in every round, keys of two decimals in percent with a sum of "
    "at most 100 %, at most five producers of a consumption point, five rounds for small groups.",
    uncertain="Public texts disagree whether five rounds hold up to 50 or up to 100 points. For readings finer "
    "than 0.01 kWh the minimum is floored, not its parts; files carry two decimals, where both are the same.",
    rounds=5,
    quantum=10,
    keys="fixed",
    max_links=5,
    max_members=1000,
    limits={"members of an active customer": 11, "members with five rounds": 50},
)
CZ_ONE_ROUND = Regulation(
    name="cz-one-round",
    country="Czech Republic",
    title="the Czech rule in one round",
    form=BY_PAIR,
    rule=_RULE + " Large groups have one round.",
    source=_SOURCE,
    certain="As in five rounds; large groups have one.",
    uncertain="From how many points on a group counts as large: 50 or 100.",
    rounds=1,
    quantum=10,
    keys="fixed",
    max_links=5,
    max_members=1000,
)
CZ_EXACT = Regulation(
    name="cz-exact",
    country="Czech Republic",
    title="the Czech rule without floor and with endless rounds",
    form=BY_PAIR_EXACTLY,
    rule="Every consumer gets the smaller of its demand and its key times a common level, so that all that can "
    "be shared is: with one producer, weighted constrained equal awards.",
    source="proposal of the open project edc-report; not law",
    certain="It is a proposal.",
    uncertain="Whether it will be adopted.",
    rounds=None,
    keys="fixed",
    max_links=5,
)
REGULATIONS = (CZ, CZ_ONE_ROUND, CZ_EXACT)
