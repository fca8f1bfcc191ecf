"""Rows are shared among threads: each once, whatever their number, and also in a process that was forked."""

from __future__ import annotations

import multiprocessing
import sys
import threading

import pytest

from evenwatt.engine.threads import share_rows


def rows_done(threads: int | None = None) -> list[int]:
    done: list[int] = []
    share_rows(1000, lambda first, last: done.extend(range(first, last)), threads=threads)
    return done


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_every_row_is_done_once(threads):
    assert sorted(rows_done(threads)) == list(range(1000))


def test_what_a_thread_raises_is_raised():
    def work(first, last):
        raise ValueError(f"rows {first} to {last}")

    with pytest.raises(ValueError, match="rows 0 to"):
        share_rows(1000, work, threads=2)


def test_threads_are_used_again():
    seen: set[int] = set()
    for _ in range(20):
        share_rows(1000, lambda first, last: seen.add(threading.get_ident()), threads=2)
    assert len(seen) <= 2


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="this system has no fork")
@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python warns of a fork beside threads")
def test_a_forked_process_makes_threads_of_its_own():
    rows_done(2)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert len(pool.apply(rows_done, (2,))) == 1000
