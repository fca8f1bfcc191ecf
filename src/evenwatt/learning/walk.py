"""Walk-forward: fit on what was known, divide in the block that follows, move on; nothing is shuffled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import stream
from evenwatt.core.errors import ProblemError
from evenwatt.learning.allocator import Allocated, Allocator, Progress
from evenwatt.learning.columns import Array
from evenwatt.learning.history import History

Index = npt.NDArray[np.int64]
TRAINED = 0.7  # share of the rows that lies before the first test block, where nobody says


@dataclass(frozen=True)
class Fold:
    """A past to fit on and the block after it to be judged on.

    Attributes
    ----------
    past : int
        Rows before this one may be learned from, as far as they were known when the block began.
    test : (B,) int
        Rows of the block whose needs the meters know.
    """

    past: int
    test: Index


@dataclass(frozen=True)
class Walked:
    """What a rule gave over all test rows, in order.

    Attributes
    ----------
    flows : (T, S, N)
        As allocated [energy].
    weights : (T, P) or None
        Bargaining weights, where the rule bargained.
    fitted : Allocator
        The rule as fitted for the last block.
    seconds : float
        Spent on fitting and dividing.
    """

    flows: Array
    weights: Array | None
    fitted: Allocator
    seconds: float


def longest_delay(history: History) -> int:
    """Rows until the slowest column is known: the gap between a past and what is judged.

    Examples
    --------
    >>> from evenwatt.learning.worlds import world
    >>> longest_delay(world(1, intervals=30).history)
    26
    """
    most = 0
    for column in history.columns.values():
        known = ~np.isnat(column.known)
        waits = (column.known - history.gate)[known].astype("m8[s]").astype(np.int64)
        most = max(most, int(waits.max(initial=0)))
    return -(-most // history.seconds)


def folds(
    history: History, *, first: int | None = None, blocks: int = 3, gap: int | None = None
) -> tuple[Fold, ...]:
    """Cut a history into a past and blocks that follow, each to be judged after fitting on all before it.

    Parameters
    ----------
    history : History
        Plain, with ``metered``.
    first : int, optional
        First row of the first block; after 70 % of the rows when not given.
    blocks : int
        How many, of one length; rules are fitted anew for each.
    gap : int, optional
        Rows before a block that are not learned from; the longest delay of a column when not given.

    Raises
    ------
    ProblemError
        If nothing is left to learn from or to judge.
    """
    begin = round(TRAINED * len(history)) if first is None else first
    width = longest_delay(history) if gap is None else gap
    if not 1 <= blocks <= len(history) - begin or begin - width < 1:
        raise ProblemError(
            f"walk-forward: {blocks} blocks from row {begin} of {len(history)}, {width} rows apart from their "
            "past; expected at least one row to learn from and one in every block"
        )
    metered = np.asarray(~np.isnan(history.target("metered")).any(axis=1))
    edges = np.linspace(begin, len(history), blocks + 1).round().astype(int)
    made = []
    for low, high in pairwise(edges.tolist()):
        test = np.arange(low, high)[metered[low:high]]
        if not len(test):
            raise ProblemError(f"walk-forward: no row from {low} to {high} has meters to judge by")
        made.append(Fold(int(low) - width, test))
    return tuple(made)


def past_of(history: History, fold: Fold) -> History:
    """What was known when the block began, without the rows of the gap."""
    known = history.until(history.gate[fold.test[0]])
    return known.rows(slice(0, min(fold.past, len(known))))


def walk(
    history: History,
    rules: Sequence[Allocator],
    cuts: Sequence[Fold],
    *,
    seed: int = 0,
    clock: Callable[[], float],
    progress: Progress | None = None,
) -> dict[str, Walked]:
    """Fit every rule on each past and let it divide in the block after it.

    Parameters
    ----------
    history : History
        Plain; rules see only views of it.
    rules : sequence of Allocator
        Not changed.
    cuts : sequence of Fold
        Of :func:`folds`.
    seed : int
        Each rule draws from a stream of its own name, so adding a rule changes no other's result.
    clock : callable
        Seconds; nothing but ``seconds`` depends on it.
    progress : callable, optional
        Told how many of all fits are done.

    Returns
    -------
    dict of str to Walked
        By the rules' names.
    """
    given: dict[str, list[Allocated]] = {rule.name: [] for rule in rules}
    fitted: dict[str, Allocator] = {}
    seconds = dict.fromkeys(given, 0.0)
    for number, fold in enumerate(cuts):
        past, now = past_of(history, fold), history.at_gate(fold.test)
        for place, rule in enumerate(rules):
            if progress is not None:
                progress(number * len(rules) + place, len(cuts) * len(rules), rule.title)
            begun = clock()
            fitted[rule.name] = rule.fit(past, rng=stream(seed, f"{rule.name}:{number}"))
            given[rule.name].append(_checked(rule.name, fitted[rule.name].allocate(now), now))
            seconds[rule.name] += clock() - begun
    return {name: _joined(parts, fitted[name], seconds[name]) for name, parts in given.items()}


def _checked(name: str, given: Allocated, now: History) -> Allocated:
    """An allocation of the right shape that breaks no capacity and no limit.

    Raises
    ------
    ProblemError
        If it does: a result built on it would mean nothing.
    """
    shape = now.shapes["link"]
    if given.flows.shape != shape:
        raise ProblemError(f"rule '{name}': flows of shape {given.flows.shape}; expected {shape}")
    sold, capacity = given.flows.sum(axis=2), now["capacity"]
    over = (sold - capacity - 1e-6 * (1 + capacity)).max(initial=-1.0)
    if not np.isfinite(given.flows).all() or (given.flows < -1e-6).any() or over > 0:
        raise ProblemError(
            f"rule '{name}': a flow is negative or not a number, or a supplier sells more than it has"
        )
    return given


def _joined(parts: list[Allocated], fitted: Allocator, seconds: float) -> Walked:
    weights = [part.weights for part in parts if part.weights is not None]
    return Walked(
        np.concatenate([part.flows for part in parts]),
        np.concatenate(weights) if len(weights) == len(parts) else None,
        fitted,
        seconds,
    )
