"""Who takes part in a cascade: members, agents, suppliers and prices, checked against one another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evenwatt.studies.members import Members, empty, read_members, repeated
from evenwatt.studies.prices import Prices, read_prices

Array = npt.NDArray[np.float64]

LINKS = "links.csv"
PRICES = ("grid_buy_per_mwh", "grid_sell_per_mwh", "local_per_mwh")


@dataclass(frozen=True)
class Supplier:
    """A generation meter that feeds the pool."""

    id: str
    label: str
    meter: str
    cost: float
    offer: float | None  # None: the local price
    weight: float | None = None  # in a bargain with given weights


@dataclass(frozen=True)
class Agent:
    """Who buys from the pool for a group of members; ``value`` is what a MWh is worth to it."""

    id: str
    label: str
    value: float | None  # None: what the grid would take for it
    weight: float | None = None  # in a bargain with given weights


@dataclass(frozen=True)
class Link:
    """A way from a supplier to an agent: the most that may flow on it [Wh per interval], and its fee [per MWh]."""

    supplier: str
    agent: str
    limit: float
    fee: float


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
    links: tuple[Link, ...] = ()

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
            *self._weight_faults(),
            *self._link_faults(),
        ]

    def _weight_faults(self) -> Iterator[str]:
        for table, parties in (("suppliers.csv", self.suppliers), ("agents.csv", self.agents)):
            for party in parties:
                if party.weight is not None and not party.weight > 0:
                    yield f"{table}: '{party.id}': weight {party.weight} is not a number above 0"

    def _link_faults(self) -> Iterator[str]:
        suppliers, agents = {s.id for s in self.suppliers}, {a.id for a in self.agents}
        for link in self.links:
            for table, name, known in (
                ("suppliers.csv", link.supplier, suppliers),
                ("agents.csv", link.agent, agents),
            ):
                if name not in known:
                    yield f"links.csv: '{link.supplier}' to '{link.agent}': '{name}' is not in {table}"
            if link.limit < 0:
                yield f"links.csv: '{link.supplier}' to '{link.agent}': limit {link.limit} Wh is below 0"
        yield from repeated(
            "links.csv", [f"{link.supplier}' to '{link.agent}" for link in self.links], "link"
        )

    @property
    def limits(self) -> Array:
        """The most that may flow on each link in an interval, (S, A) [whole Wh]; infinite unless said."""
        return self._linked("limit", np.inf)

    @property
    def fees(self) -> Array:
        """What an agent pays to the network for using each link, (S, A) [per MWh]; 0 unless said."""
        return self._linked("fee", 0.0)

    def _linked(self, name: str, otherwise: float) -> Array:
        rows = {supplier.id: i for i, supplier in enumerate(self.suppliers)}
        columns = {agent.id: j for j, agent in enumerate(self.agents)}
        table = np.full((len(rows), len(columns)), otherwise)
        for link in self.links:
            table[rows[link.supplier], columns[link.agent]] = getattr(link, name)
        return np.floor(table) if name == "limit" else table

    def metered(self) -> Iterator[tuple[str, str, str]]:
        """Everything that names a meter: table, id, meter."""
        yield from super().metered()
        for supplier in self.suppliers:
            yield "suppliers.csv", supplier.id, supplier.meter


def read_community(folder: Path, zone: str) -> Community:
    """Read members, agents, suppliers, links and prices of a case folder; every fault of a file at once.

    A pair of supplier and agent that ``links.csv`` does not name is linked without limit or fee, as every
    pair is where there is no such file; a limit of 0 cuts a link.

    Parameters
    ----------
    folder : Path
        The case.
    zone : str
        IANA zone in which a price's bare time stamp is read.
    """
    from evenwatt.data import schema

    label = {"label": str, "weight": float}
    wired = folder / LINKS
    links = schema.read_table(wired, schema.LINKS, required=["supplier", "agent"]) if wired.is_file() else []
    members = read_members(folder / "members.csv", required=("id", "agent", "meter"))
    agents = schema.read_table(folder / "agents.csv", {**schema.AGENTS, **label}, required=["id"])
    suppliers = schema.read_table(
        folder / "suppliers.csv", {**schema.SUPPLIERS, **label}, required=["id", "meter"]
    )
    return Community(
        members,
        tuple(Agent(row["id"], row["label"] or row["id"], row["value"], row["weight"]) for row in agents),
        tuple(
            Supplier(
                row["id"],
                row["label"] or row["id"],
                row["meter"],
                row["cost"] or 0.0,
                row["offer"],
                row["weight"],
            )
            for row in suppliers
        ),
        read_prices(folder / "prices.csv", PRICES, zone),
        tuple(
            Link(
                row["supplier"],
                row["agent"],
                np.inf if row["limit"] is None else row["limit"],
                row["fee"] or 0.0,
            )
            for row in links
        ),
    )
