"""Where the energy goes that could have been shared: from the ideal down to today's keys, loss by loss.

Each level is the most that is known to be possible there, over all keys that any level knows; so no level is below
the next. Two of them are exact (the ideal and the maximum flow on the links) and so is the last, a replay. The ones
between are the best that a search found, with a bound that nothing exceeds: a loss between two levels is certain only
as far as those bounds allow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, gather
from evenwatt.sharing.interval_keys import best_flows
from evenwatt.sharing.plan import Plan
from evenwatt.sharing.problem import agreement, whole_wh
from evenwatt.sharing.replay import Replay
from evenwatt.sharing.rounds import exact_flows
from evenwatt.sharing.watch import Progress

Whole = npt.NDArray[np.int64]
Optimise = Callable[[Whole, Whole, int | None, int], Plan]  # supply, demand, rounds, quantum -> plan
Bound = Callable[[Whole, Whole, int | None, int], float]

DUST = 1e-9  # of a level: below it a loss is float noise


@dataclass(frozen=True)
class Level:
    """What can be shared under some of the limits.

    Attributes
    ----------
    name : str
        ideal, links, keys, rounds, floor or current.
    shared : float
        The most that is known [Wh].
    bound : float
        What cannot be exceeded there [Wh]; equal to ``shared`` where that is exact.
    """

    name: str
    shared: float
    bound: float

    @property
    def is_exact(self) -> bool:
        """Whether it is known that no more is possible."""
        return self.bound - self.shared <= DUST * (1 + abs(self.bound))


@dataclass(frozen=True)
class Bar:
    """What one more limit costs.

    Attributes
    ----------
    name : str
        The limit: links, keys, rounds, floor or current.
    lost : float
        Between the best that is known on both sides [Wh], never below 0.
    least, most : float
        What it costs with certainty, and at most [Wh].
    """

    name: str
    lost: float
    least: float
    most: float

    @property
    def kind(self) -> str:
        """Whether the loss is "certified", or "heuristic": as large as the search makes it."""
        return "certified" if self.most - self.least <= DUST * (1 + self.most) else "heuristic"


@dataclass(frozen=True)
class Waterfall:
    """Levels from the ideal down, and the bars between them."""

    levels: tuple[Level, ...]

    @property
    def bars(self) -> tuple[Bar, ...]:
        """One for each step down; together they make the way from the first level to the last."""
        return tuple(
            Bar(
                below.name,
                above.shared - below.shared,
                max(0.0, above.shared - below.bound),
                above.bound - below.shared,
            )
            for above, below in zip(self.levels[:-1], self.levels[1:], strict=True)
        )

    def __getitem__(self, name: str) -> Level:
        """The level of that name."""
        return next(level for level in self.levels if level.name == name)

    def rows(self) -> list[dict[str, float | str]]:
        """One row per bar, for tables [Wh]."""
        return [
            {
                "loss": bar.name,
                "lost_wh": bar.lost,
                "least_wh": bar.least,
                "most_wh": bar.most,
                "kind": bar.kind,
            }
            for bar in self.bars
        ]


def waterfall(
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    optimise: Optimise,
    *,
    current: Plan | None = None,
    links: npt.ArrayLike | None = None,
    rounds: int | None = 5,
    quantum: int = 10,
    plans: Sequence[Plan] = (),
    bound: Bound | None = None,
    progress: Progress | None = None,
) -> Waterfall:
    """What links, fixed keys, rounds, the floor and the choice of keys cost, one after the other.

    Parameters
    ----------
    supply, demand : (T, I), (T, J)
        Whole Wh.
    optimise : callable
        ``optimise(supply, demand, rounds, quantum) -> Plan``: the best keys for a rule, rounds None being
        without end and quantum 1 without a floor worth the name.
    current : Plan, optional
        Today's keys and priorities; without them the last level is missing.
    links : (I, J) bool, optional
        Pairs that may share; by default those of ``current``, or all.
    rounds, quantum : int
        Of the rule.
    plans : sequence of Plan
        Other keys worth trying at every level; they must keep to the links.
    bound : callable, optional
        ``bound(supply, demand, rounds, quantum)``: what no keys exceed; by default the maximum flow on the links.

    Returns
    -------
    Waterfall
        Levels ``ideal, links, keys, rounds, floor, current``.

    Raises
    ------
    ProblemError
        If shapes do not fit or a plan uses a pair that has no link.

    Examples
    --------
    Two quarter-hours, two consumers who want most in turn; any fixed keys lose something in one round:

    >>> half = Plan(np.array([[5000, 5000]]), np.array([[1, 1]]))
    >>> steps = waterfall([[400], [400]], [[100, 300], [300, 100]], lambda *rule: half, current=half, rounds=1)
    >>> [(bar.name, bar.lost, bar.kind) for bar in steps.bars]
    [('links', 0.0, 'certified'), ('keys', 0.0, 'certified'), ('rounds', 200.0, 'heuristic'),
     ('floor', 0.0, 'heuristic'), ('current', 0.0, 'heuristic')]
    """
    given, wanted = whole_wh(supply, "supply"), whole_wh(demand, "demand")
    linked = _linked(given, wanted, links, current, plans)
    known = list(plans) if current is None else [*plans, current]
    rules: list[tuple[str, int | None, int]] = [
        ("keys", None, 1),
        ("rounds", rounds, 1),
        ("floor", rounds, quantum),
    ]
    for done, (name, turns, step) in enumerate(rules):
        if progress is not None:
            progress(done, len(rules), f"best keys under the limit of {name}")
        known.append(optimise(given, wanted, turns, step))
    with gather("waterfall", ProblemError) as faults:
        for n, plan in enumerate(known):
            if ((plan.keys > 0) & (plan.priority > 0) & ~linked).any():
                faults.append(
                    f"plan {n}: a key on a pair without link; expected keys on {int(linked.sum())} links only"
                )
    return Waterfall(tuple(_levels(given, wanted, linked, known, current, rounds, quantum, bound)))


def _levels(
    supply: Whole,
    demand: Whole,
    linked: npt.NDArray[np.bool_],
    known: list[Plan],
    current: Plan | None,
    rounds: int | None,
    quantum: int,
    bound: Bound | None,
) -> list[Level]:
    """All levels, lifted so that none is below the next."""
    ideal = float(np.minimum(supply.sum(axis=1), demand.sum(axis=1)).sum())
    flow = float(best_flows(supply, demand, links=linked).sum())
    ceiling = {
        case: flow if bound is None else min(flow, bound(supply, demand, *case))
        for case in ((None, 1), (rounds, 1), (rounds, quantum))
    }
    rule = Replay(supply, demand, rounds=rounds, quantum=quantum)
    levels = [
        Level("ideal", ideal, ideal),
        Level("links", flow, flow),
        Level("keys", max(_unrounded(supply, demand, plan, None) for plan in known), ceiling[None, 1]),
        Level("rounds", max(_unrounded(supply, demand, plan, rounds) for plan in known), ceiling[rounds, 1]),
        Level("floor", float(max(rule.total(*plan) for plan in known)), ceiling[rounds, quantum]),
    ]
    if current is not None:
        now = float(rule.total(*current))
        levels.append(Level("current", now, now))
    for above, below in zip(range(len(levels) - 2, -1, -1), range(len(levels) - 1, 0, -1), strict=True):
        # In rare cases a floor shares more than none by the same keys; then those keys are not the best above.
        shared = max(levels[above].shared, levels[below].shared)
        levels[above] = replace(levels[above], shared=shared, bound=max(levels[above].bound, shared))
    return levels


def _unrounded(supply: Whole, demand: Whole, plan: Plan, rounds: int | None) -> float:
    """What a plan shares without the floor [Wh]."""
    return float(exact_flows(supply, demand, agreement(plan.keys, plan.priority, most=None), rounds).sum())


def _linked(
    supply: Whole, demand: Whole, links: npt.ArrayLike | None, current: Plan | None, plans: Sequence[Plan]
) -> npt.NDArray[np.bool_]:
    """Pairs that may share."""
    expected = (supply.shape[1], demand.shape[1])
    if links is not None:
        held = np.asarray(links, dtype=np.bool_)
    else:
        held = np.ones(expected, dtype=np.bool_) if current is None else np.asarray(current.priority) > 0
    with gather("waterfall", ProblemError) as faults:
        if len(supply) != len(demand):
            faults.append(f"demand has {len(demand)} intervals, supply {len(supply)}; expected as many")
        if held.shape != expected:
            faults.append(f"links: shape {held.shape}, expected {expected}")
        for n, plan in enumerate(plans if current is None else [*plans, current]):
            if np.shape(plan.keys) != expected or np.shape(plan.priority) != expected:
                faults.append(f"plan {n}: shape {np.shape(plan.keys)}, expected {expected}")
    return held
