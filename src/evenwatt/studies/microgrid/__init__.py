"""The microgrid: neighbours net surplus against deficit, and divide what they save."""

from __future__ import annotations

from evenwatt.studies.microgrid.energy import DayEnergy, Traded, trade
from evenwatt.studies.microgrid.neighbours import Neighbours, read_neighbours

__all__ = ["DayEnergy", "Neighbours", "Traded", "read_neighbours", "trade"]
