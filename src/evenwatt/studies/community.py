"""Who takes part: members, agents, suppliers and prices of a case, checked against one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError, gather

Array = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]

PRICES = ("grid_buy_per_mwh", "grid_sell_per_mwh", "local_per_mwh")


@dataclass(frozen=True)
class Membership:
    """One spell of one member: from when to when, at which meter, served by which agent."""

    id: str
    label: str
    role: str
    agent: str
    meter: str
    weight: float = 1.0
    valid_from: date | None = None
    valid_to: date | None = None
    columns: Mapping[str, float] = field(default_factory=dict)

    def covers(self, day: date) -> bool:
        """Whether the member takes part on ``day``; both ends belong to the spell."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )

    def meets(self, other: Membership) -> bool:
        """Whether two spells share a day."""
        first = max(self.valid_from or date.min, other.valid_from or date.min)
        last = min(self.valid_to or date.max, other.valid_to or date.max)
        return first <= last


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
class Prices:
    """Prices as steps: each holds from its instant until the next [currency per MWh]."""

    start: Times
    columns: Mapping[str, Array]

    def at(self, times: Times, name: str) -> Array:
        """The price ``name`` in each interval, (T,) [currency per MWh]."""
        place = np.searchsorted(self.start, times, side="right") - 1
        if (place < 0).any():
            raise CaseError(
                f"prices.csv: no price before {self.start[0]}Z, but the readings begin {times[0]}Z; add a row"
            )
        return self.columns[name][place]


@dataclass(frozen=True)
class Community:
    """All who take part in a case, in the order of their files.

    Raises
    ------
    CaseError
        Naming every contradiction between the files.
    """

    memberships: tuple[Membership, ...]
    agents: tuple[Agent, ...]
    suppliers: tuple[Supplier, ...]
    prices: Prices

    def __post_init__(self) -> None:
        with gather("case", CaseError) as faults:
            faults += _repeated("agents.csv", [a.id for a in self.agents])
            faults += _repeated("suppliers.csv", [s.id for s in self.suppliers])
            faults += _repeated("suppliers.csv", [s.meter for s in self.suppliers], "meter")
            known = {a.id for a in self.agents}
            for spell in self.memberships:
                if spell.agent not in known:
                    faults.append(
                        f"members.csv: member '{spell.id}': agent '{spell.agent}' is not in agents.csv"
                    )
                if not (spell.weight > 0 and np.isfinite(spell.weight)):
                    faults.append(
                        f"members.csv: member '{spell.id}': weight {spell.weight} is not a number above 0"
                    )
                if spell.valid_from and spell.valid_to and spell.valid_to < spell.valid_from:
                    faults.append(
                        f"members.csv: member '{spell.id}': valid_to {spell.valid_to} is before "
                        f"valid_from {spell.valid_from}"
                    )
            faults += _overlaps(self.memberships)
            for name, rows in (
                ("members.csv", self.memberships), ("agents.csv", self.agents), ("suppliers.csv", self.suppliers)
            ):  # fmt: skip
                if not rows:
                    faults.append(f"{name}: no rows; a community needs at least one")

    @property
    def members(self) -> tuple[str, ...]:
        """Ids of the members, in order of first appearance."""
        return tuple(dict.fromkeys(spell.id for spell in self.memberships))

    def labels(self) -> dict[str, str]:
        """What people call each member."""
        return {spell.id: spell.label or spell.id for spell in self.memberships}

    def column(self, name: str, day: date) -> Array:
        """A numeric column of ``members.csv`` on a day, one value a member; 1 for those not taking part.

        Raises
        ------
        CaseError
            If the column is unknown, or a value is not above zero.
        """
        values = np.ones(len(self.members))
        place = {member: k for k, member in enumerate(self.members)}
        for spell in self.memberships:
            if not spell.covers(day):
                continue
            held = spell.weight if name == "weight" else spell.columns.get(name)
            if held is None:
                known = ["weight", *spell.columns]
                raise CaseError(
                    f"members.csv: no numeric column '{name}' to weigh by; there are {', '.join(known)}"
                )
            if not (held > 0 and np.isfinite(held)):
                raise CaseError(f"members.csv: member '{spell.id}': {name} {held} is not a number above 0")
            values[place[spell.id]] = held
        return values

    def check_meters(self, meters: Sequence[str], place: str) -> None:
        """Raise one CaseError for every meter named in a table but absent from the readings."""
        known = set(meters)
        with gather(place, CaseError) as faults:
            for table, rows in (("members.csv", self.memberships), ("suppliers.csv", self.suppliers)):
                for row in rows:
                    if row.meter not in known:
                        faults.append(
                            f"{table}: '{row.id}': meter '{row.meter}' has no readings; "
                            f"there are {', '.join(list(meters)[:4])} ..."
                        )


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
    members = _member_rows(folder / "members.csv")
    agents = schema.read_table(folder / "agents.csv", {**schema.AGENTS, **label}, required=["id"])
    suppliers = schema.read_table(
        folder / "suppliers.csv", {**schema.SUPPLIERS, **label}, required=["id", "meter"]
    )
    wanted = {"interval_start": schema.PRICES["interval_start"], **dict.fromkeys(PRICES, float)}
    prices = schema.read_table(folder / "prices.csv", wanted)
    return Community(
        tuple(_membership(row) for row in members),
        tuple(Agent(row["id"], row["label"] or row["id"], row["value"] or 0.0) for row in agents),
        tuple(
            Supplier(
                row["id"], row["label"] or row["id"], row["meter"], row["cost"] or 0.0, row["offer"] or 0.0
            )
            for row in suppliers
        ),
        _prices(prices, zone),
    )


def _member_rows(path: Path) -> list[dict[str, Any]]:
    """Rows of ``members.csv``; columns of one's own come as text, to be weighed by if they are numbers."""
    from evenwatt.data import schema, table

    names, _ = table.columns(path)
    own = {name: str for name in names if name.lower() not in schema.MEMBERS}
    return schema.read_table(path, {**schema.MEMBERS, **own}, required=["id", "agent", "meter"])


def _membership(row: Mapping[str, Any]) -> Membership:
    named = {"id", "label", "role", "agent", "meter", "weight", "valid_from", "valid_to"}
    own = {key: _number(value) for key, value in row.items() if key not in named}
    return Membership(
        id=row["id"],
        label=row["label"] or row["id"],
        role=row["role"] or "consumer",
        agent=row["agent"],
        meter=row["meter"],
        weight=1.0 if row["weight"] is None else row["weight"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        columns={key: value for key, value in own.items() if value is not None},
    )


def _number(cell: str | None) -> float | None:
    try:
        return None if cell is None else float(cell)
    except ValueError:
        return None


def _prices(rows: Sequence[Mapping[str, Any]], zone: str) -> Prices:
    stamps = [row["interval_start"] for row in rows]
    aware = [stamp if stamp.tzinfo else stamp.replace(tzinfo=ZoneInfo(zone)) for stamp in stamps]
    start = np.array([stamp.astimezone(UTC).replace(tzinfo=None) for stamp in aware], dtype="datetime64[s]")
    if len(start) == 0 or (np.diff(start) <= np.timedelta64(0, "s")).any():
        raise CaseError(
            "prices.csv: interval_start must increase from row to row, and there must be a first row"
        )
    return Prices(start, {name: np.array([row[name] for row in rows], dtype=np.float64) for name in PRICES})


def _repeated(table: str, names: list[str], what: str = "id") -> list[str]:
    return [
        f"{table}: {what} '{name}' appears twice" for name in sorted({n for n in names if names.count(n) > 1})
    ]


def _overlaps(spells: Sequence[Membership]) -> list[str]:
    faults = []
    for what in ("id", "meter"):
        held: dict[str, list[Membership]] = {}
        for spell in spells:
            key = getattr(spell, what)
            if any(spell.meets(other) for other in held.get(key, [])):
                faults.append(
                    f"members.csv: {what} '{key}' appears twice on the same days; end the first spell (valid_to)"
                )
            held.setdefault(key, []).append(spell)
    return faults
