"""What no keys, priorities or rounding can exceed with so many rounds: a certificate for every search.

Take any set A of consumers. Those outside get at most what they want. Those inside hold keys that sum to w_i(A)
of producer i and draw at most w_i(A) of what is left of its supply in every round, so after R rounds at most
``s_i f(w_i(A))`` with ``f(x) = 1 - (1 - x)^R``: drawing less earlier leaves more, but never enough to catch up. So

    shared <= min over A of [ sum over j outside A of d_j + sum over i of s_i f(w_i(A)) ]

in every interval, whatever the priorities, and all the more when shares are rounded down.

Without rounding more can be said, for the rule holds nothing back: each link draws its full key in every round until
its consumer is full. So a producer gives an ever smaller part of what it has left. If it offers H in all rounds
together and gives T of its supply s, then at the end of each round it has given at least T/H of all it has offered
so far, and ``T <= s f(T/H)``. Those inside A got at most ``w(A) H`` of T, those outside the rest x. For any price c
from 0 to 1, ``T - c x`` is then at most ``s f_c(w(A))``, f_c being the least concave function above f and 1 - c, so

    shared <= min over A and c of [ c * sum over j outside A of d_j + sum over i of s_i f_c(w_i(A)) ].

The price 1 is the bound above; smaller ones count what those outside take away early. Both are concave in the keys:
tangent planes bound them from above, and a linear programme over the planes finds keys at which all are high.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.sharing.ceilings.ceiling import climb, covered, curves, scaled
from evenwatt.sharing.history import Step, told
from evenwatt.sharing.interval_keys import best_flows, checked
from evenwatt.sharing.watch import Progress, Watch

Array = npt.NDArray[np.float64]

ANY_ROUNDING = np.array([1.0])  # prices of what those outside the set get
NO_ROUNDING = np.array([1.0, 0.85, 0.7, 0.55, 0.4, 0.25, 0.1])


@dataclass(frozen=True, eq=False)
class RoundsBound:
    """What is proved about all keys at once.

    Attributes
    ----------
    bound : float
        No keys and priorities share more with these rounds on these links [Wh]: however shares are rounded down if
        :func:`rounds_bound` made it, without rounding if :func:`exact_bound` did.
    weights : (I, J)
        Keys at which the bound for given keys is highest, as fractions: a start for a search.
    steps : tuple of Step
        Bound against seconds; ``shared`` is what the keys of that moment, cut to the grid, reach under the rule when
        shares are rounded down to 1 Wh, the best so far.
    """

    bound: float
    weights: Array
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        """One line: shared, bound, gap, seconds."""
        return told("bound", self.steps)


def cover(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    weights: npt.ArrayLike,
    rounds: int | None,
    *,
    links: npt.ArrayLike | None = None,
) -> Array:
    """What given keys cannot exceed in every interval, with any priorities and any rounding down.

    With one producer or one round it is the least over all sets of consumers; otherwise over the sets that tangents
    and single changes reach, which makes it no less valid.

    Parameters
    ----------
    supply : (T, I)
        Whole Wh.
    demand : (T, J)
        Whole Wh.
    weights : (I, J)
        Keys as fractions; of every producer they sum to at most 1.
    rounds : int or None
        None goes on until nothing moves: then the maximum flow on the links that have a key.
    links : (I, J) bool, optional
        Pairs that may share; all by default. A key without a link counts for nothing.

    Returns
    -------
    (T,)
        [Wh]

    Raises
    ------
    ProblemError
        Naming every fault of the energies, keys or rounds.

    Examples
    --------
    >>> keys = [[0.5, 0.3, 0.2]]
    >>> cover([[12_000]], [[4_000, 5_000, 6_000]], keys, 1), cover([[12_000]], [[4_000, 5_000, 6_000]], keys, 5)
    (array([10000.]), array([12000.]))
    """
    return _cover(supply, demand, weights, rounds, links, ANY_ROUNDING)


def cover_exact(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    weights: npt.ArrayLike,
    rounds: int | None,
    *,
    links: npt.ArrayLike | None = None,
) -> Array:
    """What given keys cannot exceed in every interval under the rule without rounding: never above :func:`cover`.

    Shares that are rounded down can lie above it, though seldom and by little: rounding holds energy back.

    Parameters
    ----------
    supply, demand, weights, rounds, links
        As for :func:`cover`.

    Returns
    -------
    (T,)
        [Wh]

    Raises
    ------
    ProblemError
        As for :func:`cover`.

    Examples
    --------
    Half each of 4,000 Wh for demands of 1,000 and 3,000 Wh: 3,500 Wh are shared in two rounds.

    >>> cover_exact([[4_000]], [[1_000, 3_000]], [[0.5, 0.5]], 2).round()
    array([3667.])
    """
    return _cover(supply, demand, weights, rounds, links, NO_ROUNDING)


def rounds_bound(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    rounds: int | None,
    *,
    links: npt.ArrayLike | None = None,
    tolerance: float = 1e-3,
    time_limit: float | None = None,
    start: npt.ArrayLike | None = None,
    progress: Progress | None = None,
    clock: Callable[[], float] = perf_counter,
) -> RoundsBound:
    """What nothing can exceed with so many rounds, however shares are rounded down: the highest :func:`cover`.

    Cutting planes, with steps kept near the best keys so far. The bound is valid whenever it stops, and it is computed
    from the programme's multipliers, so that it does not lean on the solver's tolerances.

    Parameters
    ----------
    supply : (T, I)
        Whole Wh.
    demand : (T, J)
        Whole Wh.
    rounds : int or None
        None goes on until nothing moves: then the bound is the maximum flow on the links.
    links : (I, J) bool, optional
        Pairs that may share; all by default.
    tolerance : float
        Stop when the bound is within this fraction of the highest point found.
    time_limit : float, optional
        Stop after so many seconds of the clock.
    start : (I, J), optional
        Keys to begin with, as fractions; by default in proportion to demand.
    progress : callable, optional
        Told ``(done, total, what)`` after every step.

    Returns
    -------
    RoundsBound

    Raises
    ------
    ProblemError
        Naming every fault of the energies, keys, rounds or tolerance.

    Examples
    --------
    With one round and the same keys all day, the best that two consumers with opposite days can do:

    >>> found = rounds_bound([[4], [4]], [[1, 3], [3, 1]], 1)
    >>> round(found.bound, 6), found.weights
    (6.0, array([[0.5, 0.5]]))
    """
    watch = Watch(clock, time_limit, progress)
    return _bound(supply, demand, rounds, links, tolerance, start, watch, ANY_ROUNDING)


def exact_bound(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    rounds: int | None,
    *,
    links: npt.ArrayLike | None = None,
    tolerance: float = 1e-3,
    time_limit: float | None = None,
    start: npt.ArrayLike | None = None,
    progress: Progress | None = None,
    clock: Callable[[], float] = perf_counter,
) -> RoundsBound:
    """What no keys and priorities can exceed under the rule without rounding: the highest :func:`cover_exact`.

    Parameters
    ----------
    supply, demand, rounds, links, tolerance, time_limit, start, progress, clock
        As for :func:`rounds_bound`.

    Returns
    -------
    RoundsBound
        Never above that of :func:`rounds_bound` but for its tolerance.

    Raises
    ------
    ProblemError
        As for :func:`rounds_bound`.

    Examples
    --------
    >>> two = [[4], [4]], [[1, 3], [3, 1]], 2
    >>> round(rounds_bound(*two).bound, 2), round(exact_bound(*two).bound, 2)
    (8.0, 7.33)
    """
    watch = Watch(clock, time_limit, progress)
    return _bound(supply, demand, rounds, links, tolerance, start, watch, NO_ROUNDING)


def _cover(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    weights: npt.ArrayLike,
    rounds: int | None,
    links: npt.ArrayLike | None,
    prices: Array,
) -> Array:
    given, wanted, linked = checked(supply, demand, links)
    held = np.where(linked, _weights(weights, linked.shape), 0.0)
    if _rounds(rounds) is None:
        return best_flows(given, wanted, links=held > 0).astype(np.float64)
    many = int(rounds or 1)
    return covered(given.astype(float), wanted.astype(float), held, many, curves(many, prices))[0]


def _bound(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    rounds: int | None,
    links: npt.ArrayLike | None,
    tolerance: float,
    start: npt.ArrayLike | None,
    watch: Watch,
    prices: Array,
) -> RoundsBound:
    given, wanted, linked = checked(supply, demand, links)
    if not 0 < tolerance < 1:
        raise ProblemError(f"tolerance: {tolerance}; expected between 0 and 1")
    proportional = linked * wanted.sum(axis=0) / max(1, int(wanted.sum()))
    begin = proportional if start is None else np.where(linked, _weights(start, linked.shape), 0.0)
    ideal = best_flows(given, wanted, links=linked)
    if _rounds(rounds) is None or not ideal.any():
        return RoundsBound(float(ideal.sum()), begin, ())
    task = scaled(given, wanted, ideal, linked, int(rounds or 1), prices)
    return RoundsBound(*climb(task, begin, tolerance, watch))


def _weights(weights: npt.ArrayLike, shape: tuple[int, ...]) -> Array:
    held = np.asarray(weights, dtype=np.float64)
    with gather("weights", ProblemError) as faults:
        if held.shape != shape:
            faults.append(f"shape {held.shape}, expected {shape} (producers, consumers)")
        elif not (np.isfinite(held) & (held >= 0)).all():
            place = np.argwhere(~(np.isfinite(held) & (held >= 0)))[0]
            faults.append(f"{[int(k) for k in place]}: {held[tuple(place)]}; expected a fraction from 0 to 1")
        else:
            for i in np.flatnonzero(held.sum(axis=1) > 1 + 1e-9):
                faults.append(f"producer {i}: keys sum to {held[i].sum():g}; expected at most 1")
    return held


def _rounds(rounds: int | None) -> int | None:
    if rounds is not None and (isinstance(rounds, bool) or int(rounds) != rounds or rounds < 1):
        raise ProblemError(
            f"rounds: {rounds!r}; expected a whole number from 1, or None to go on until nothing moves"
        )
    return rounds
