"""The tables and settings of a new cascade, from readings alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evenwatt.core.errors import CaseError
from evenwatt.core.meters import Meters
from evenwatt.studies.cascade.community import LINKS
from evenwatt.studies.template import FIRST_PRICES, Draft, Rows, Settings, counting, members_of, quoted, toml

MEMBER_COLUMNS = ("id", "label", "role", "agent", "meter", "weight", "valid_from", "valid_to")
FIRST_AGENTS = 3


def draft(settings: Settings, meters: Meters, agents: int | None) -> Draft:
    """Members dealt to agents in turn, a supplier for each meter that generates, and a first price."""
    wanted = FIRST_AGENTS if agents is None else agents
    if wanted < 1:
        raise CaseError(f"--agents {wanted}: a cascade needs at least one agent")
    users, makers = counting(meters, "consumption"), counting(meters, "generation")
    if not users or not makers:
        raise CaseError(
            f"the readings hold {len(users)} meters with consumption and {len(makers)} with generation; "
            "a cascade needs both"
        )
    names = [f"a{k + 1}" for k in range(wanted)]
    members = [
        {**row, "agent": names[k % wanted], "weight": 1} for k, row in enumerate(members_of(users, makers))
    ]
    return drafted(
        settings,
        members=members,
        suppliers=[
            {"id": meter, "meter": meter, "cost": 0, "offer": FIRST_PRICES["local_per_mwh"]} for meter in makers
        ],
        agents=[{"id": name, "value": FIRST_PRICES["grid_buy_per_mwh"]} for name in names],
        prices=[{"interval_start": f"{meters.start[0]}Z", **FIRST_PRICES}],
    )  # fmt: skip


def drafted(settings: Settings, *, members: Rows, suppliers: Rows, agents: Rows, prices: Rows) -> Draft:
    """A cascade of these tables; the members' columns come in the order of their documentation."""
    sections = [
        "[rule]",
        'agents = "pro"     # stage one: the pool among agents; "bargain" lets suppliers and agents agree',
        f"members = {quoted(settings.rule)}    # stage two: an agent's stock among its members",
        '# compare = ["tal:theta=0.25", "cea:weights=weight"]   # further rules beside the polynomial ones',
        "",
        "[money]",
        "agent_margin_per_mwh = 0.0",
        "",
        '# [bargain]                 # where rule.agents = "bargain"; links.csv holds limits and fees, if any',
        '# weights = "claims"        # or equal, given (column weight), learned (model = "models/...")',
        '# disagreement = "grid"     # what everybody has without an agreement; or zero',
        '# statements = "last-week"  # what agents claim; or metered, file (statements.csv)',
        "",
        "# [[scenario]]              # `evenwatt simulate` draws these worlds; without any, five usual ones",
        '# name = "drought"',
        "# supply = 0.6",
    ]
    tables = {
        "members.csv": _ordered(members),
        "suppliers.csv": suppliers,
        "agents.csv": agents,
        "prices.csv": prices,
    }
    return Draft(tables, toml("cascade", settings, sections))


def linked(drawn: Draft) -> Draft:
    """The same case with ``links.csv``: every supplier to every agent, without limit or fee, to be edited."""
    links = [
        {"supplier": supplier["id"], "agent": agent["id"], "limit": None, "fee": 0}
        for supplier in drawn.tables["suppliers.csv"]
        for agent in drawn.tables["agents.csv"]
    ]
    return replace(drawn, tables={**drawn.tables, LINKS: links})


def _ordered(members: Sequence[Mapping[str, Any]]) -> Rows:
    further = [name for name in members[0] if name not in MEMBER_COLUMNS]
    return [{name: row.get(name) for name in (*MEMBER_COLUMNS, *further)} for row in members]
