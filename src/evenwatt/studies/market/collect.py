"""What a run remembers: one row a step, one row an agent, and sums of the day for the regulator's figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.studies.market.setting import Population

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Column = npt.NDArray[Any]

# Columns of a step: energies are whole Wh, the rest are figures.
ENERGIES = (
    "load_wh", "pv_wh", "produced_wh", "local_wh", "wholesale_wh", "contracted_wh", "import_wh", "export_wh",
    "balancing_wh", "unserved_wh", "forgone_wh", "curtailed_wh", "charged_wh", "discharged_wh", "lost_wh",
    "stored_wh", "retail_wh", "fed_wh", "renewable_wh", "available_wh", "own_wh",
)  # fmt: skip
MONEY = ("local_value_micro", "wholesale_value_micro")
FIGURES = (
    "local_per_mwh", "local_low_per_mwh", "local_high_per_mwh", "wholesale_per_mwh", "outside_per_mwh",
    "retail_per_mwh", "emissions_t", "welfare_micro", "carbon_per_t", "cap_per_mwh", "hhi", "hhi_so_far", "lerner",
    "rsi_least", "pivotal",
)  # fmt: skip


class Steps:
    """Columns over the steps of a stretch, filled row by row.

    Attributes
    ----------
    columns : dict of str to (T,)
        As ``ENERGIES``, ``MONEY`` and ``FIGURES`` name them; ``step`` is the number of each.
    """

    def __init__(self, rows: int, first: int = 0) -> None:
        self.columns: dict[str, Column] = {"step": np.arange(first, first + rows)}
        self.columns |= {name: np.zeros(rows, dtype=np.int64) for name in (*ENERGIES, *MONEY)}
        self.columns |= {name: np.full(rows, np.nan) for name in FIGURES}

    def __len__(self) -> int:
        return len(self.columns["step"])

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def write(self, row: int, values: Mapping[str, float | int]) -> None:
        """Fill a row."""
        for name, value in values.items():
            self.columns[name][row] = value


@dataclass
class Totals:
    """Sums over the run, by agent; households (H,), producers (P,), utilities (U,).

    Attributes
    ----------
    load, pv, bought_local, sold_local, bought_utility, fed_in, unserved, forgone : (H,)
        [Wh].
    surplus : (H,)
        Value of what was used, less what was paid [micro-units].
    generated, dispatch_cost : (P,)
        [Wh], [micro-units].
    offered : (P,)
        Capacity that was available [Wh].
    sold, bought : (U,)
        To customers, and by auctions and contracts [Wh].
    written_off : (agents,)
        Of what each owed and never paid [micro-units].
    violations : int
        Orders that were traded at worse than their limit, beyond rounding.
    """

    load: Whole
    pv: Whole
    bought_local: Whole
    sold_local: Whole
    bought_utility: Whole
    fed_in: Whole
    unserved: Whole
    forgone: Whole
    surplus: Whole
    generated: Whole
    dispatch_cost: Whole
    offered: Whole
    sold: Whole
    bought: Whole
    written_off: Whole
    violations: Whole
    defaults: Whole

    @classmethod
    def none(cls, people: Population) -> Totals:
        """Before the first step."""
        h, p, u = len(people.households), len(people.producers), len(people.utilities)
        sizes = {"generated": p, "dispatch_cost": p, "offered": p, "sold": u, "bought": u}
        sizes |= {"written_off": h + p + u + 1, "violations": 1, "defaults": 1}
        return cls(**{f.name: np.zeros(sizes.get(f.name, h), dtype=np.int64) for f in fields(cls)})

    def columns(self) -> dict[str, Column]:
        """As arrays by name, to be kept."""
        return {f"totals.{f.name}": getattr(self, f.name).copy() for f in fields(self)}

    def restore(self, held: Mapping[str, Column]) -> None:
        """Take what :meth:`columns` gave."""
        for f in fields(self):
            getattr(self, f.name)[:] = held[f"totals.{f.name}"]
