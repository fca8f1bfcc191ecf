"""Who belongs to a case: spells of membership, read from ``members.csv`` and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError, gather

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Membership:
    """One spell of one member: from when to when, at which meter, served by which agent if any."""

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
class Members:
    """The members of a case, in the order of their file.

    Raises
    ------
    CaseError
        Naming every contradiction.
    """

    memberships: tuple[Membership, ...]

    def __post_init__(self) -> None:
        with gather("case", CaseError) as faults:
            faults += self.faults()

    def faults(self) -> list[str]:
        """Every contradiction; a study adds those of its own tables."""
        found = [fault for spell in self.memberships for fault in _spell_faults(spell)]
        return [*found, *overlaps(self.memberships), *empty("members.csv", self.memberships)]

    @property
    def members(self) -> tuple[str, ...]:
        """Ids of the members, in order of first appearance."""
        return tuple(dict.fromkeys(spell.id for spell in self.memberships))

    def labels(self) -> dict[str, str]:
        """What people call each member."""
        return {spell.id: spell.label or spell.id for spell in self.memberships}

    def metered(self) -> Iterator[tuple[str, str, str]]:
        """Everything that names a meter: table, id, meter."""
        for spell in self.memberships:
            yield "members.csv", spell.id, spell.meter

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
            for table, name, meter in self.metered():
                if meter not in known:
                    faults.append(
                        f"{table}: '{name}': meter '{meter}' has no readings; "
                        f"there are {', '.join(list(meters)[:4])} ..."
                    )


def read_members(path: Path, *, required: Sequence[str] = ("id", "meter")) -> tuple[Membership, ...]:
    """Read ``members.csv``; columns of one's own come as text, to be weighed by if they are numbers."""
    from evenwatt.data import schema, table

    names, _ = table.columns(path)
    own = {name: str for name in names if name.lower() not in schema.MEMBERS}
    rows = schema.read_table(path, {**schema.MEMBERS, **own}, required=list(required))
    return tuple(_membership(row) for row in rows)


def _membership(row: Mapping[str, Any]) -> Membership:
    named = {"id", "label", "role", "agent", "meter", "weight", "valid_from", "valid_to"}
    own = {key: _number(value) for key, value in row.items() if key not in named}
    return Membership(
        id=row["id"],
        label=row["label"] or row["id"],
        role=row["role"] or "consumer",
        agent=row["agent"] or "",
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


def _spell_faults(spell: Membership) -> Iterator[str]:
    if not (spell.weight > 0 and np.isfinite(spell.weight)):
        yield f"members.csv: member '{spell.id}': weight {spell.weight} is not a number above 0"
    if spell.valid_from and spell.valid_to and spell.valid_to < spell.valid_from:
        yield (
            f"members.csv: member '{spell.id}': valid_to {spell.valid_to} is before "
            f"valid_from {spell.valid_from}"
        )


def repeated(table: str, names: Sequence[str], what: str = "id") -> list[str]:
    """Say which names a table holds twice."""
    twice = sorted({name for name in names if list(names).count(name) > 1})
    return [f"{table}: {what} '{name}' appears twice" for name in twice]


def empty(table: str, rows: Sequence[Any]) -> list[str]:
    """Say that a table which needs rows has none."""
    return [] if rows else [f"{table}: no rows; a community needs at least one"]


def overlaps(spells: Sequence[Membership]) -> list[str]:
    """Say which member, or which meter, would take part twice on one day."""
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
