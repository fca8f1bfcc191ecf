"""Who shares: members and their spells, prices, and the keys that hold on each day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import CaseError
from evenwatt.core.meters import Meters
from evenwatt.studies.members import Members, Membership, read_members
from evenwatt.studies.prices import Prices, read_prices
from evenwatt.studies.sharing import keys as key_table
from evenwatt.studies.sharing.keys import KeyRow
from evenwatt.studies.sharing.regime import Regime

Whole = npt.NDArray[np.int64]

PRICES = ("grid_buy_per_mwh", "grid_sell_per_mwh", "local_per_mwh")


@dataclass(frozen=True)
class Sides:
    """Which members can give and which can take, by their place among the members.

    Attributes
    ----------
    producers : (I,) int64
        Members with a meter that generates, or named as producer by a key.
    consumers : (J,) int64
        Members with a meter that consumes, or named as consumer by a key.
    givers, takers : (I,), (J,) int64
        Whose each is: two of one owner never share with one another.
    """

    producers: Whole
    consumers: Whole
    givers: Whole
    takers: Whole


@dataclass(frozen=True)
class SharingGroup(Members):
    """All who share, in the order of their files.

    Raises
    ------
    CaseError
        Naming every contradiction between the files.
    """

    prices: Prices
    keys: tuple[KeyRow, ...]
    regime: Regime
    owners: Mapping[str, str] = field(default_factory=dict)

    def owner(self, member: str) -> str:
        """Who stands behind a member: itself, unless ``members.csv`` says otherwise."""
        return self.owners.get(member) or member

    def faults(self) -> list[str]:
        """Contradictions within the tables and between them, each told from the first day it holds."""
        pooled = self.regime.is_pooled
        found = [
            *super().faults(),
            *key_table.faults_of(self.keys, self.members, is_pooled=pooled),
            *self._self_links(),
        ]
        told: dict[str, str] = {}
        rule = self.regime.regulation
        for day in () if self.regime.kind in ("levels", "formula") else self.changes:
            for fault in key_table.faults_together(
                self.rows_on(day), rule.max_links, sums_to_one=rule.sums_to_one
            ):
                told.setdefault(fault, fault if day == date.min else f"{fault} (from {day})")
        return [*found, *told.values()]

    def _self_links(self) -> Iterator[str]:
        """Keys between two members of one owner."""
        for number, row in enumerate(self.keys, start=1):
            if row.producer != row.consumer and self.owner(row.producer) == self.owner(row.consumer):
                yield (
                    f"{key_table.FILE}: row {number}: '{row.producer}' and '{row.consumer}' have the same owner, "
                    f"'{self.owner(row.producer)}'; a building does not give to itself"
                )

    @cached_property
    def changes(self) -> list[date]:
        """Every day from which something else holds, the beginning of time first."""
        spells: list[KeyRow | Membership] = [*self.keys, *self.memberships]
        starts = {spell.valid_from for spell in spells if spell.valid_from}
        ends = {spell.valid_to + timedelta(days=1) for spell in spells if spell.valid_to}
        return sorted({date.min, *starts, *ends})

    def present(self, day: date) -> set[str]:
        """Members who take part on a day."""
        return {spell.id for spell in self.memberships if spell.covers(day)}

    def rows_on(self, day: date) -> list[KeyRow]:
        """Keys that hold on a day, between members who take part on it."""
        here = self.present(day)
        giving = here | {key_table.POOL}
        return [r for r in self.keys if r.covers(day) and r.producer in giving and r.consumer in here]

    def sides(self, meters: Meters) -> Sides:
        """Who can give and who can take, as registers and keys tell."""

        def of(direction: str, named: set[str]) -> Whole:
            held = {r.meter for r in meters.registers if r.direction == direction}
            able = {spell.id for spell in self.memberships if spell.meter in held} | named
            return np.array([k for k, member in enumerate(self.members) if member in able], dtype=np.int64)

        producers = of("generation", {row.producer for row in self.keys})
        consumers = of("consumption", {row.consumer for row in self.keys})
        code = {owner: k for k, owner in enumerate(dict.fromkeys(map(self.owner, self.members)))}
        whose = np.array([code[self.owner(member)] for member in self.members], dtype=np.int64)
        return Sides(producers, consumers, whose[producers], whose[consumers])

    def agreement(self, day: date, sides: Sides) -> tuple[Whole, Whole]:
        """Keys [1/10,000] and priorities of a day, (I, J) int64 each; (1, J) where all producers are one.

        Where a formula divides and no row limits it, everybody present may share with everybody else.
        """
        producers, consumers = (self.names(side) for side in (sides.producers, sides.consumers))
        if self.regime.is_pooled:
            return key_table.arrays(self.rows_on(day), [key_table.POOL], consumers)
        if self.keys or self.regime.is_fixed:
            return key_table.arrays(self.rows_on(day), producers, consumers)
        here = self.present(day)
        giving, taking = (
            np.array([name in here for name in side], dtype=np.bool_) for side in (producers, consumers)
        )
        linked = giving[:, None] & taking & (sides.givers[:, None] != sides.takers)
        return key_table.by_weight(linked, np.ones(len(consumers))), linked.astype(np.int64)

    def names(self, places: Sequence[int] | Whole) -> list[str]:
        """Ids of the members at these places."""
        members = self.members
        return [members[int(k)] for k in places]


def read_group(folder: Path, zone: str, regime: Regime) -> SharingGroup:
    """Read members, prices and keys of a case folder.

    Raises
    ------
    CaseError
        If the tables contradict one another, or fixed keys are asked for and there is no ``keys.csv``.
    """
    path = folder / key_table.FILE
    if regime.is_fixed and not path.is_file():
        raise CaseError(
            f"{path}: missing; with fixed keys a sharing group needs consumer, producer, key, priority "
            '(or [rule] keys = "interval")'
        )
    rows = key_table.read_keys(path) if path.is_file() else ()
    members = read_members(folder / "members.csv")
    prices = read_prices(folder / "prices.csv", PRICES, zone)
    return SharingGroup(members, prices, rows, regime, _owners(folder / "members.csv"))


def _owners(path: Path) -> dict[str, str]:
    """Owner of each member that has one, from the optional column ``owner`` of ``members.csv``."""
    from evenwatt.data import schema

    rows = schema.read_table(path, {"id": str, "owner": str}, required=("id",))
    return {row["id"]: row["owner"] for row in rows if row["owner"]}
