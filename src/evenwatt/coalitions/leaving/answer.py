"""What is asked of an oracle, and what it answers: the coalitions that would gain most by leaving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.leaving.span import Span

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Found:
    """What an oracle answers.

    Attributes
    ----------
    coalitions : (k, n) booleans
        Those with large excesses, the largest first; at least one.
    excesses : (k,)
        v(S) - x(S) of each.
    bound : float
        No coalition asked about has a larger excess; ``inf`` where that is not proved.
    """

    coalitions: Flags
    excesses: Array
    bound: float


class Oracle(Protocol):
    """Answers which coalitions outside ``span`` have the largest v(S) - x(S).

    Attributes
    ----------
    method : str
        ``table``, ``grid``, ``relaxation`` or ``search``.
    """

    method: str

    def __call__(self, x: Array, span: Span, above: float, prove: bool = True) -> Found:
        """Coalitions of large excess; a proof is spared where one passes ``above`` or ``prove`` is off."""
        ...
