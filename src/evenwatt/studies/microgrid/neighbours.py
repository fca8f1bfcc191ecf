"""Who takes part in a microgrid: members, the grid's prices, and the members' batteries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from evenwatt.core.errors import CaseError, gather
from evenwatt.core.units import SECONDS_PER_HOUR
from evenwatt.studies.members import Members, read_members
from evenwatt.studies.prices import Prices, read_prices

PRICES = ("grid_buy_per_mwh", "grid_sell_per_mwh")
BATTERIES = "batteries.csv"
ROUND_TRIP = 0.9  # share of the energy taken up that is given out again, where the file does not say


@dataclass(frozen=True)
class Storage:
    """A member's battery.

    Attributes
    ----------
    capacity_wh, power_w : float
        What it holds, and how fast it takes up or gives out.
    efficiency : float
        Share of what it takes up that it gives out again: round trip, the losses half each way.
    """

    member: str
    capacity_wh: float
    power_w: float
    efficiency: float = ROUND_TRIP

    def faults(self) -> list[str]:
        """What is wrong with its numbers."""
        who = f"{BATTERIES}: battery of '{self.member}'"
        found = [
            f"{who}: {name} {value:g} is below 0"
            for name, value in (("capacity_wh", self.capacity_wh), ("power_w", self.power_w))
            if value < 0
        ]
        if not 0 < self.efficiency <= 1:
            found.append(f"{who}: efficiency {self.efficiency:g}; expected above 0 and at most 1")
        return found


@dataclass(frozen=True)
class Neighbours(Members):
    """All who take part in a microgrid, in the order of their files.

    Raises
    ------
    CaseError
        Naming every contradiction between the files.
    """

    prices: Prices
    storages: tuple[Storage, ...] = ()

    def faults(self) -> list[str]:
        """Contradictions within the tables and between them."""
        known = set(self.members)
        return [
            *super().faults(),
            *(fault for storage in self.storages for fault in storage.faults()),
            *(
                f"{BATTERIES}: member '{storage.member}' is not in members.csv"
                for storage in self.storages
                if storage.member not in known
            ),
        ]

    def batteries(self, seconds: int) -> list[Any]:
        """The batteries in the terms of the game: Wh, and Wh per interval of so many seconds."""
        from evenwatt.coalitions.batteries.battery import Battery

        place = {member: k for k, member in enumerate(self.members)}
        return [
            Battery(
                member=place[storage.member],
                capacity=storage.capacity_wh,
                power=storage.power_w * seconds / SECONDS_PER_HOUR,
                efficiency_in=storage.efficiency**0.5,
                efficiency_out=storage.efficiency**0.5,
            )
            for storage in self.storages
        ]

    def check_owners(self, days: Sequence[date]) -> None:
        """Raise a CaseError where a battery's owner does not take part on all days.

        What a battery is worth to a group is counted over the whole period.
        """
        with gather(BATTERIES, CaseError) as faults:
            for storage in self.storages:
                spells = [spell for spell in self.memberships if spell.id == storage.member]
                away = [day for day in days if not any(spell.covers(day) for spell in spells)]
                if away:
                    faults.append(
                        f"member '{storage.member}' is away on {len(away)} days, first {away[0]}; "
                        "a battery's owner must take part from the first day to the last"
                    )


def read_neighbours(folder: Path, zone: str) -> Neighbours:
    """Read members, prices and, where there are any, batteries of a case folder.

    Parameters
    ----------
    folder : Path
        The case.
    zone : str
        IANA zone in which a price's bare time stamp is read.
    """
    members = read_members(folder / "members.csv")
    prices = read_prices(folder / "prices.csv", PRICES, zone)
    return Neighbours(members, prices, _storages(folder / BATTERIES))


def _storages(path: Path) -> tuple[Storage, ...]:
    from evenwatt.data import schema

    if not path.is_file():
        return ()
    columns = {"member": str, "capacity_wh": float, "power_w": float, "efficiency": float}
    rows = schema.read_table(path, columns, required=["member", "capacity_wh", "power_w"])
    return tuple(_storage(row) for row in rows)


def _storage(row: Mapping[str, Any]) -> Storage:
    efficiency = ROUND_TRIP if row["efficiency"] is None else row["efficiency"]
    return Storage(row["member"], row["capacity_wh"], row["power_w"], efficiency)
