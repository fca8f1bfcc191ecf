"""What a day leaves behind for the report: sums small enough to keep for any period."""

from __future__ import annotations

from dataclasses import dataclass

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
