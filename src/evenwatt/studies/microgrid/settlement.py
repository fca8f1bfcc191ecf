"""Who gains what under every money rule, whether anybody would leave, and who pays whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt import audit
from evenwatt.coalitions.money.pool import Split
from evenwatt.core import exact
from evenwatt.core import rule as registry
from evenwatt.core.errors import ConservationError, ProblemError, SolverError
from evenwatt.studies.microgrid.config import MONEY
from evenwatt.studies.microgrid.period import Period

if TYPE_CHECKING:
    import polars as pl

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

BALANCED = (
    1e-6  # how far gains may miss what there is before a rule counts as unbalanced [fraction of the gain]
)


@dataclass(frozen=True)
class Books:
    """A period's money in whole micro-units, before any rule divides it.

    Attributes
    ----------
    alone : (n,) int64
        What each member would pay the grid alone.
    imports, exports : int
        What the microgrid pays the grid, and is paid.
    """

    alone: Whole
    imports: int
    exports: int

    @property
    def pooled(self) -> int:
        """What the microgrid pays the grid on balance."""
        return self.imports - self.exports

    @property
    def gain(self) -> int:
        """What all together save."""
        return int(self.alone.sum()) - self.pooled


@dataclass(frozen=True)
class Shares:
    """One money rule's answer.

    Attributes
    ----------
    split : Split
        As the rule computed it.
    gains : (n,) int64
        In whole micro-units, summing to the gain exactly where the rule hands out the gain.
    """

    rule: str
    split: Split
    gains: Whole


def books(period: Period) -> Books:
    """Round the period's money once, so that everything after is exact."""
    imports = period.buy @ np.maximum(-period.position.sum(axis=1), 0)
    gain, total = round(period.game.total), float(period.alone.sum())
    pooled, paid = round(total - period.game.total), round(float(imports))
    return Books(_whole(period.alone, pooled + gain), paid, paid - pooled)


def shares(period: Period, held: Books, name: str, energy: int = 0) -> Shares | str:
    """Divide the gain by one money rule, or say why it cannot."""
    rule = registry.find(MONEY, name)
    reason = rule.refusal(period.n) or _too_dear(period, name)
    if reason:
        return reason
    function: Any = rule.function
    try:
        split: Split = function(period.pool(name, energy))
    except (ProblemError, SolverError) as error:
        return str(error)
    total = float(split.gains.sum())
    is_balanced = abs(total - period.game.total) <= BALANCED * (1 + abs(period.game.total))
    return Shares(name, split, _whole(split.gains, held.gain if is_balanced else round(total)))


def _too_dear(period: Period, name: str) -> str | None:
    """Batteries make every worth a programme a day; a table of all coalitions is then soon out of reach."""
    if not period.people.storages or name not in ("nucleolus", "tau") or lists_coalitions(period):
        return None
    return (
        f"'{name}' looks at every group; with batteries {2**period.n:,} groups on {len(period.tallies)} days "
        "would each take a linear programme"
    )


def lists_coalitions(period: Period) -> bool:
    """Whether the worths of all coalitions can be computed in reasonable time."""
    return not period.people.storages or period.n <= period.game.most_listed


def _whole(parts: Array, total: int) -> Whole:
    # The total was rounded from other figures: what parts miss of it, a few micro-units, the largest takes.
    shifted = np.asarray(parts, dtype=np.float64).copy()
    shifted[np.argmax(np.abs(shifted))] += total - shifted.sum()
    return exact.vector(shifted, total)


def objection(period: Period, one: Shares) -> dict[str, Any]:
    """Which coalition would gain most by leaving, and how much.

    An excess within the rounding of the gains, a micro-unit a member, is none.
    """
    from evenwatt.coalitions.core_set import core_excess

    nobody = {"leaving": [], "leaving_gain_micro": 0}
    if period.n == 1 or not lists_coalitions(period):
        is_known = period.n == 1
        return {
            "core_excess_micro": None, "core_bound_micro": None, "core_exact": is_known,
            "core_method": "one member" if is_known else "not computed: too many linear programmes", **nobody,
        }  # fmt: skip
    found = core_excess(period.game, one.gains.astype(np.float64))
    leaves = found.excess > period.n
    return {
        "core_excess_micro": round(found.excess),
        "core_bound_micro": round(found.bound) if np.isfinite(found.bound) else None,
        "core_exact": found.exact,
        "core_method": found.method,
        "leaving": [period.people.members[k] for k in np.flatnonzero(found.coalition)] if leaves else [],
        "leaving_gain_micro": round(found.excess) if leaves else 0,
    }


def gini(gains: Whole) -> float | None:
    """Gini index of the gains; None where somebody loses, for then it says nothing."""
    return float(audit.gini(gains.astype(np.float64))) if (gains >= 0).all() else None


def ledger(period: Period, held: Books, gains: Whole) -> pl.DataFrame:
    """Every payment of the period: payer, payee, wh, micro; what flows into the pool flows out of it.

    Where a rule does not hand out exactly the gain, ``nobody`` pays or keeps the difference: the ledger
    shows it rather than hide it.

    Raises
    ------
    ConservationError
        If the pool's account does not close.
    """
    import polars as pl

    imported = int((period.deficit_total - period.bought[0].sum(axis=0)).sum())
    exported = int((period.surplus_total - period.sold[0].sum(axis=0)).sum())
    rows = [("pool", "grid", imported, held.imports), ("grid", "pool", exported, held.exports)]
    inside = period.bought[0].sum(axis=0) + period.sold[0].sum(axis=0)
    for member, bill, wh in zip(
        period.people.members, (held.alone - gains).tolist(), inside.tolist(), strict=True
    ):
        who = f"member:{member}"
        rows.append((who, "pool", wh, bill) if bill >= 0 else ("pool", who, wh, -bill))
    missing = int(gains.sum()) - held.gain
    if missing:
        rows.append(("nobody", "pool", 0, missing) if missing > 0 else ("pool", "nobody", 0, -missing))
    balance = sum(micro * ((payee == "pool") - (payer == "pool")) for payer, payee, _, micro in rows)
    if balance:
        raise ConservationError(f"ledger: the pool is left with {balance} micro-units; expected 0")
    return pl.DataFrame(
        [row for row in rows if row[2] or row[3]],
        schema={"payer": pl.String, "payee": pl.String, "wh": pl.Int64, "micro": pl.Int64},
        orient="row",
    )


def moved(one: Whole, other: Whole) -> int:
    """How much money another rule gives to other members [micro-units]."""
    return int(np.abs(one - other).sum()) // 2


def first(answers: Sequence[Shares | str]) -> Shares:
    """The case's own rule's answer, which is the first.

    Raises
    ------
    ProblemError
        If the rule could not divide.
    """
    if isinstance(answers[0], str):
        raise ProblemError(answers[0])
    return answers[0]
