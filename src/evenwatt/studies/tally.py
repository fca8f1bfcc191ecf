"""What a day leaves behind for the report: sums small enough to keep for any period."""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tally:
    """Sums of one day: members M, agents A, suppliers S, rules R, intervals T.

    Energies [Wh], money [micro-units]; ``moved`` is what each rule gives to other members than the
    case's rule does. The residues are what rounding owes to the next day.
    """

    day: str
    intervals: int
    incomplete: int
    contested: int
    contested_wh: int
    load: Whole  # (M,)
    own_use: Whole  # (M,)
    claimed: Whole  # (M,)
    contested_claim: Whole  # (M,)
    local_micro: Whole  # (M,)
    grid_micro: Whole  # (M,)
    full_grid_micro: Whole  # (M,) had everything claimed come from the grid
    awarded: Whole  # (R, M)
    contested_award: Whole  # (R, M)
    moved: Array  # (R,)
    rule_micro: Whole  # (R, M)
    asked: Whole  # (A,)
    stock: Whole  # (A,)
    generated: Whole  # (S,)
    pooled: Whole  # (S,)
    delivered: Whole  # (S,)
    earned_micro: Whole  # (S,)
    flows: Whole  # (S, A)
    shortage: Whole  # (T,)
    slots: Whole  # (T,) quarter-hour (or other step) of the local day
    agent_residue: Array  # (A,)
    supplier_residue: Array  # (S,)
    member_residue: Array  # (R, M)

    def save(self, path: Path) -> None:
        """Write to a temporary name, then rename: a tally on disk is a whole one."""
        buffer = io.BytesIO()
        np.savez(
            buffer, allow_pickle=False, **{f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}
        )
        part = path.with_suffix(".part")
        part.write_bytes(buffer.getvalue())
        part.replace(path)

    @classmethod
    def load_from(cls, path: Path) -> Tally:
        """Read what :meth:`save` wrote."""
        with np.load(path, allow_pickle=False) as held:
            values: dict[str, Any] = {f.name: held[f.name] for f in fields(cls)}
        return cls(**{name: value.item() if value.ndim == 0 else value for name, value in values.items()})
