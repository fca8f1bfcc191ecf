"""Rows of a compiled loop, shared among threads: a kernel that holds no lock runs on every core."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

# Fewer rows than this a thread are done before it has begun.
FEWEST = 16
MANY = 15_000  # the same for rows of a few nanoseconds, such as a household's part of a step


def share_rows(
    rows: int, work: Callable[[int, int], object], *, threads: int | None = None, least: int = FEWEST
) -> None:
    """Call ``work(first, last)`` on stretches that cover ``range(rows)``, in as many threads as there are cores.

    Each row must write to places of its own, so that the result does not depend on the number of threads.

    Parameters
    ----------
    rows : int
        How many there are.
    work : callable
        A compiled loop that releases the interpreter's lock.
    threads : int, optional
        By default one a core, or what ``NUMBA_NUM_THREADS`` says: 1 within the workers of an executor.
    least : int
        Rows that are worth a thread; where a row takes some nanoseconds, it takes ``MANY`` of them.

    Examples
    --------
    >>> done = []
    >>> share_rows(100, lambda first, last: done.append(last - first), threads=2)
    >>> sum(done)
    100
    """
    if rows < 2 * least:
        # Asking how many cores there are takes longer than a few rows do.
        work(0, rows)
        return
    wanted = (
        threads if threads is not None else int(os.environ.get("NUMBA_NUM_THREADS") or os.cpu_count() or 1)
    )
    count = max(1, min(wanted, rows // least))
    if count == 1:
        work(0, rows)
        return
    # Several stretches a thread: some rows take longer than others.
    stretches = 4 * count
    edges = [rows * k // stretches for k in range(stretches + 1)]
    # list() waits, and raises what a thread raised.
    list(_pool(count).map(work, edges[:-1], edges[1:]))


@cache
def _pool(count: int) -> ThreadPoolExecutor:
    """Threads that wait for the next stretch: making them anew takes longer than many a loop."""
    return ThreadPoolExecutor(count, thread_name_prefix="evenwatt-rows")


# A forked process has none of its parent's threads, and would wait for them for ever.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
