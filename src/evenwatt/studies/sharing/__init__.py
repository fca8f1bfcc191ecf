"""A sharing group: surplus goes to other members through the public grid, by keys and priorities."""

from __future__ import annotations

from evenwatt.studies.sharing.energy import DayEnergy, day_energy
from evenwatt.studies.sharing.group import SharingGroup, read_group
from evenwatt.studies.sharing.regime import Regime

__all__ = ["DayEnergy", "Regime", "SharingGroup", "day_energy", "read_group"]
