"""The worst coalition by looking at every one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions import masks
from evenwatt.coalitions.game import MOST_TABLED, Game
from evenwatt.coalitions.leaving.answer import Found
from evenwatt.coalitions.leaving.span import Span
from evenwatt.core.errors import ProblemError

Array = npt.NDArray[np.float64]


class Table:
    """Looks at every coalition."""

    method = "table"

    def __init__(self, game: Game) -> None:
        if game.n > MOST_TABLED:
            raise ProblemError(f"method 'table': {game.n} members; expected at most {MOST_TABLED}")
        self.n, self.worths = game.n, game.table()
        self.many = 4 * game.n

    def __call__(self, x: Array, span: Span, above: float, prove: bool = True) -> Found:
        """Coalitions of the largest excesses; the bound is the first of them."""
        excesses = self.worths - masks.sums(x)
        excesses[span.table()] = -np.inf
        best = int(excesses.argmax())
        worst = np.flatnonzero(excesses > above)
        if worst.size > self.many:
            # In part the worst of all, in part any that are violated: the worst look alike.
            ranked = worst[np.argpartition(-excesses[worst], self.many)[: self.many]]
            spread = worst[:: max(1, worst.size // self.many)][: self.many]
            worst = np.union1d(ranked, spread)
        worst = worst[np.argsort(-excesses[worst], kind="stable")]
        chosen = np.concatenate([[best], worst[worst != best]]).astype(np.int64)
        return Found(masks.rows(chosen, self.n), excesses[chosen], float(excesses[best]))
