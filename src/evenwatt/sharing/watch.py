"""How long a search takes, how long it may, and who is told."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int, str], object]  # done, total, what


class Watch:
    """Seconds since the beginning, the limit on them, and who is told of progress."""

    def __init__(self, clock: Callable[[], float], limit: float | None, progress: Progress | None) -> None:
        self.clock, self.limit, self.progress = clock, limit, progress
        self._begun = clock()

    @property
    def seconds(self) -> float:
        """Since the beginning [s]."""
        return self.clock() - self._begun

    @property
    def is_late(self) -> bool:
        """Whether the limit is reached."""
        return self.limit is not None and self.seconds >= self.limit

    def left(self, part: float = 1.0) -> float | None:
        """Part of the time that is left; None where there is no limit."""
        return None if self.limit is None else max(0.0, (self.limit - self.seconds) * part)

    def tell(self, done: int, total: int, what: str) -> None:
        """Pass progress on, where anybody listens."""
        if self.progress is not None:
            self.progress(done, total, what)
