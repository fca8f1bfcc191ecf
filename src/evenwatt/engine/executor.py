"""Where work runs: here, or in processes; the results never depend on which."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Protocol, TypeVar

from evenwatt.core.errors import InputError

T = TypeVar("T")
R = TypeVar("R")

# One thread per library in each worker: threads times workers would fight for the same cores.
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
)


class Executor(Protocol):
    """Three methods, the same for one process, many, or a cluster."""

    def map(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield ``work(item)`` in the order of ``items``."""
        ...

    def submit(self, work: Callable[..., R], *arguments: Any) -> Future[R]:
        """Start one piece of work and return its future."""
        ...

    def close(self) -> None:
        """Give the workers back; unfinished work is abandoned."""
        ...


class _Closing:
    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Any:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Serial(_Closing):
    """Runs everything here and now.

    Examples
    --------
    >>> with Serial() as here:
    ...     list(here.map(abs, [-1, 2]))
    [1, 2]
    """

    def map(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield ``work(item)`` in the order of ``items``."""
        return map(work, items)

    def submit(self, work: Callable[..., R], *arguments: Any) -> Future[R]:
        """Do the work at once; the future is already done."""
        future: Future[R] = Future()
        try:
            future.set_result(work(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def close(self) -> None:
        """Nothing to give back."""


class Processes(_Closing):
    """Runs work in fresh processes, one numerical thread each.

    ``work`` and its arguments must be picklable. Random numbers belong to the item (a child of
    ``core.chance.sequence`` per item), never to the worker, so any number of workers gives the same bytes.
    """

    def __init__(self, workers: int | None = None) -> None:
        count = os.cpu_count() or 1 if workers is None else workers
        if count < 1:
            raise InputError(f"workers: {workers} is not a whole number above 0")
        self._workers = count
        # spawn, not fork: numba and polars hold threads and locks that a fork would copy half-open.
        self._pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_single_thread)

    def map(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield ``work(item)`` in the order of ``items``, a few ahead of the reader."""
        waiting: list[Future[R]] = []
        for item in items:
            waiting.append(self._pool.submit(work, item))
            # Bounded, so that a long period neither fills memory with results nor outruns the reader.
            if len(waiting) > 2 * self._workers:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()

    def submit(self, work: Callable[..., R], *arguments: Any) -> Future[R]:
        """Start one piece of work and return its future."""
        return self._pool.submit(work, *arguments)

    def close(self) -> None:
        """Stop the workers; work not yet started is abandoned."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def executor(workers: int | None = 1) -> Serial | Processes:
    """One worker runs here; more run in processes; None takes every core."""
    return Serial() if workers == 1 else Processes(workers)


def _single_thread() -> None:
    for name in _ONE_THREAD:
        os.environ[name] = "1"
