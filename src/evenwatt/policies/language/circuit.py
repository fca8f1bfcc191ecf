"""When a server keeps failing: leave it alone for a while, counted in questions, so that no clock decides."""

from __future__ import annotations

from dataclasses import dataclass

from evenwatt.core.errors import ProblemError


@dataclass
class Circuit:
    """Opens after failures in a row; then lets every so many-th question through to try.

    Parameters
    ----------
    failures : int
        How many in a row open it.
    rest : int
        How many questions are refused between two tries.

    Examples
    --------
    >>> circuit = Circuit(failures=2, rest=1)
    >>> for _ in range(2):
    ...     circuit.judge(False)
    >>> [circuit.admits(), circuit.admits()]
    [False, True]
    >>> circuit.judge(True)
    >>> circuit.is_open
    False
    """

    failures: int = 5
    rest: int = 20
    failed: int = 0
    refused: int = 0
    opened: int = 0

    def __post_init__(self) -> None:
        if self.failures < 1 or self.rest < 0:
            raise ProblemError(
                f"circuit: failures {self.failures}, rest {self.rest}; expected at least 1 and 0"
            )

    @property
    def is_open(self) -> bool:
        """Whether questions are being refused."""
        return self.failed >= self.failures

    @property
    def would_admit(self) -> bool:
        """Whether the next question would go through."""
        return not self.is_open or self.refused >= self.rest

    def admits(self) -> bool:
        """Whether this question goes through; a refusal is counted."""
        if self.would_admit:
            self.refused = 0
            return True
        self.refused += 1
        return False

    def judge(self, answered: bool) -> None:
        """Learn whether the server answered."""
        was_open = self.is_open
        self.failed = 0 if answered else self.failed + 1
        self.opened += self.is_open and not was_open
