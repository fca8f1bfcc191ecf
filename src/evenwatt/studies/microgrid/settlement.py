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
from evenwatt.studies.story import Progress

if TYPE_CHECKING:
    import polars as pl

    from evenwatt.coalitions.core_set import CoreExcess
    from evenwatt.coalitions.game import Game

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

# How far gains may miss what there is before a rule counts as unbalanced.
BALANCED = 1e-6  # [fraction of the gain]
ROUNDED = 3.0  # the books round three sums [micro-units]


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
    balance = period.position.sum(axis=1)
    imports = round(float(period.buy @ np.maximum(-balance, 0)))
    exports = round(float(period.sell @ np.maximum(balance, 0)))
    return Books(_whole(period.alone, round(float(period.alone.sum()))), imports, exports)


def shares(
    period: Period, held: Books, name: str, energy: int = 0, progress: Progress | None = None
) -> Shares | str:
    """Divide the gain by one money rule, or say why it cannot."""
    rule = registry.find(MONEY, name)
    reason = rule.refusal(period.n) or _too_dear(period, name)
    if reason:
        return reason
    function: Any = rule.function
    try:
        split: Split = function(period.pool(name, energy, progress))
    except (ProblemError, SolverError) as error:
        return str(error)
    total = float(split.gains.sum())
    # A value hands out what the game is worth; batteries run in whole Wh save a trifle less.
    if any(abs(total - worth) <= ROUNDED + BALANCED * abs(worth) for worth in (period.game.total, held.gain)):
        part = held.gain / total if period.people.storages and total else 1.0
        return Shares(name, split, _whole(split.gains * part, held.gain))
    return Shares(name, split, _whole(split.gains, round(total)))


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


def objection(period: Period, held: Books, one: Shares) -> dict[str, Any]:
    """Which coalition would gain most by leaving, and how much.

    An excess within the rounding of the gains, a micro-unit a member and what whole Wh cost, is none.
    """
    from evenwatt.coalitions.core_set import core_excess

    if period.n == 1:
        return {
            "core_excess_micro": None, "core_bound_micro": None, "core_exact": True,
            "core_method": "one member", "leaving": [], "leaving_gain_micro": 0,
        }  # fmt: skip
    shared = one.gains.astype(np.float64)
    found = core_excess(period.game, shared) if lists_coalitions(period) else _met(period.game, shared)
    leaves = found.excess > period.n + max(0.0, period.game.total - held.gain)
    return {
        "core_excess_micro": round(found.excess),
        "core_bound_micro": round(found.bound) if np.isfinite(found.bound) else None,
        "core_exact": found.exact,
        "core_method": found.method,
        "leaving": [period.people.members[k] for k in np.flatnonzero(found.coalition)] if leaves else [],
        "leaving_gain_micro": round(found.excess) if leaves else 0,
    }


def _met(game: Game, shared: Array) -> CoreExcess:
    """The worst-off of the groups whose worth is known already, where each further one is dear."""
    from evenwatt.coalitions.core_set import CoreExcess

    game.worth(np.eye(game.n, dtype=np.bool_))
    coalitions, worths = game.known()
    inner = ~coalitions.all(axis=1)
    coalitions, excesses = coalitions[inner], worths[inner] - coalitions[inner] @ shared
    worst = int(excesses.argmax())
    missing = game.total - float(shared.sum())
    method = f"the {len(excesses):,} groups met while sampling"
    return CoreExcess(float(excesses[worst]), coalitions[worst], np.inf, missing, False, method)


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
