"""Who takes part in a cascade: members, agents, suppliers and prices, checked against one another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evenwatt.studies.members import Members, empty, read_members, repeated
from evenwatt.studies.prices import Prices, read_prices

PRICES = ("grid_buy_per_mwh", "grid_sell_per_mwh", "local_per_mwh")


@dataclass(frozen=True)
class Supplier:
    """A generation meter that feeds the pool."""

    id: str
    label: str
    meter: str
    cost: float
    offer: float


@dataclass(frozen=True)
class Agent:
    """Who buys from the pool for a group of members; ``value`` is what a MWh is worth to it."""

    id: str
    label: str
    value: float


@dataclass(frozen=True)
class Community(Members):
    """All who take part in a case, in the order of their files.

    Raises
    ------
    CaseError
        Naming every contradiction between the files.
    """

    agents: tuple[Agent, ...]
    suppliers: tuple[Supplier, ...]
    prices: Prices

    def faults(self) -> list[str]:
        """Contradictions within the tables and between them."""
        known = {agent.id for agent in self.agents}
        return [
            *repeated("agents.csv", [agent.id for agent in self.agents]),
            *repeated("suppliers.csv", [supplier.id for supplier in self.suppliers]),
            *repeated("suppliers.csv", [supplier.meter for supplier in self.suppliers], "meter"),
            *(
                f"members.csv: member '{spell.id}': agent '{spell.agent}' is not in agents.csv"
                for spell in self.memberships
                if spell.agent not in known
            ),
            *super().faults(),
            *empty("agents.csv", self.agents),
            *empty("suppliers.csv", self.suppliers),
        ]

    def metered(self) -> Iterator[tuple[str, str, str]]:
        """Everything that names a meter: table, id, meter."""
        yield from super().metered()
        for supplier in self.suppliers:
            yield "suppliers.csv", supplier.id, supplier.meter


def read_community(folder: Path, zone: str) -> Community:
    """Read members, agents, suppliers and prices of a case folder; every fault of a file at once.

    Parameters
    ----------
    folder : Path
        The case.
    zone : str
        IANA zone in which a price's bare time stamp is read.
    """
    from evenwatt.data import schema

    label = {"label": str}
    members = read_members(folder / "members.csv", required=("id", "agent", "meter"))
    agents = schema.read_table(folder / "agents.csv", {**schema.AGENTS, **label}, required=["id"])
    suppliers = schema.read_table(
        folder / "suppliers.csv", {**schema.SUPPLIERS, **label}, required=["id", "meter"]
    )
    return Community(
        members,
        tuple(Agent(row["id"], row["label"] or row["id"], row["value"] or 0.0) for row in agents),
        tuple(
            Supplier(
                row["id"], row["label"] or row["id"], row["meter"], row["cost"] or 0.0, row["offer"] or 0.0
            )
            for row in suppliers
        ),
        read_prices(folder / "prices.csv", PRICES, zone),
    )
