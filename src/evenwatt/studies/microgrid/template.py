"""The tables and settings of a new microgrid, from readings alone."""

from __future__ import annotations

from evenwatt.core.errors import CaseError
from evenwatt.core.meters import Meters
from evenwatt.studies.microgrid.neighbours import PRICES
from evenwatt.studies.template import FIRST_PRICES, Draft, Settings, counting, members_of, quoted, toml


def draft(settings: Settings, meters: Meters, agents: int | None) -> Draft:
    """A member for each meter, and a first price.

    Raises
    ------
    CaseError
        If agents are asked for: in a microgrid everyone trades with everyone.
    """
    if agents is not None:
        raise CaseError("--agents: a microgrid has none; its members trade with one another")
    makers = counting(meters, "generation")
    named = counting(meters, "consumption")
    members = members_of([*named, *(meter for meter in makers if meter not in named)], makers)
    sections = [
        "[rule]",
        'energy = "pro"          # who buys and sells what is traded inside: any claims rule',
        f"money = {quoted(settings.rule)}      # how what is saved is divided",
        '# compare = ["tal:theta=0.25"]   # further energy rules for `evenwatt compare`',
        "",
        "[money]",
        "std_err = 0.005          # where a value is sampled: its standard error, of the gain per member",
    ]
    prices = {name: FIRST_PRICES[name] for name in PRICES}
    return Draft(
        {
            "members.csv": [{**row, "valid_from": "", "valid_to": ""} for row in members],
            "prices.csv": [{"interval_start": f"{meters.start[0]}Z", **prices}],
        },
        toml("microgrid", settings, sections),
    )
