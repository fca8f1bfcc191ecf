"""Random books of every sort on which mechanisms are known to break promises: ties, gaps, one side, nobody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.audit.auctions.outcome import Outcome, held
from evenwatt.core.errors import ProblemError
from evenwatt.markets.mechanism import Mechanism, Terms
from evenwatt.markets.orders import BUY, Orders

Whole = npt.NDArray[np.int64]

AGENTS = 10


def book(
    rng: np.random.Generator, kind: str = "single", *, agents: int = AGENTS, nodes: int = 1, bids: bool = True
) -> Orders:
    """A book of up to ``agents`` agents.

    Parameters
    ----------
    rng : Generator
        Chance.
    kind : str
        ``"lots"``: everybody wants or has the same whole quantity; ``"single"``: any quantity, one order an
        agent; ``"several"``: up to three orders an agent, on one side; ``"both"``: on any side.
    agents : int
        The most there are.
    nodes : int
        Nodes the orders are spread over.
    bids : bool
        Whether there are any.

    Returns
    -------
    Orders
        Of one period.

    Examples
    --------
    >>> len(book(np.random.default_rng(3), "lots"))
    8
    """
    n = int(rng.integers(0, agents + 1))
    numbers = rng.choice(50, size=n, replace=False)
    orders = rng.integers(1, 4, n) if kind in ("several", "both") else np.ones(n, dtype=np.int64)
    agent = np.repeat(numbers, orders)
    rows = len(agent)
    one = np.repeat(rng.random(n) < rng.choice([0.5, 0.5, 0.5, 0.2, 0.8, 0.0, 1.0]), orders)
    side = np.where(bids & (rng.random(rows) < 0.5 if kind == "both" else one), BUY, -BUY)
    # Rows of no quantity are no orders, whatever their price.
    quantity = _lots(rng, rows) if kind == "lots" else rng.choice(_sizes(rng), size=rows)
    price = np.where(quantity > 0, _prices(rng, side), np.nan)
    return Orders(
        agent, side, price, quantity, node=rng.integers(0, nodes, rows), period=int(rng.integers(0, 5))
    )


def _lots(rng: np.random.Generator, rows: int) -> Whole:
    return np.where(rng.random(rows) < 0.05, 0, int(rng.choice([1, 10, 100, 997])))


def _sizes(rng: np.random.Generator) -> Whole:
    families = ([10, 20, 30], [0, 7, 50, 101], [100, 1000], list(range(1, 400)))
    return np.array(families[rng.integers(len(families))])


def _prices(rng: np.random.Generator, side: Whole) -> npt.NDArray[np.float64]:
    """Levels few enough to tie, some of them negative; bids above asks more often than not."""
    n = len(side)
    families = (
        lambda: rng.integers(0, 8, n) * 10.0,
        lambda: rng.integers(-6, 7, n) * 5.0,
        lambda: rng.integers(0, 400, n) + 10.0 * side,
        lambda: 50.0 + 15.0 * side + rng.integers(-30, 31, n),
        lambda: np.round(rng.uniform(-20.0, 120.0, n), 3),
        lambda: np.full(n, 40.0),
    )
    return np.asarray(families[rng.integers(len(families))](), dtype=np.float64)


def terms(rng: np.random.Generator, orders: Orders, *, demand: bool = False) -> Terms:
    """How an auction is run, drawn too: split, seed, and, where it is asked for, demand that takes any price."""
    split = float(rng.choice([0.0, 0.5, 1.0, 0.3]))
    wanted = rng.integers(0, 300, len(orders.markets)) if demand else None
    return Terms(split=split, seed=int(rng.integers(1000)), demand=wanted)


@dataclass(frozen=True)
class Taken:
    """Which books a mechanism takes.

    Attributes
    ----------
    kinds : tuple of str
        See :func:`book`.
    forms : tuple of (bool, bool)
        Whether there are bids, and whether there is demand that takes any price.
    """

    kinds: tuple[str, ...]
    forms: tuple[tuple[bool, bool], ...]


# By kind of book: who sends two bids and two asks, and of how much.
_PLAIN = {
    "lots": ([1, 2, 3, 4], [100, 100, 100, 100]),
    "single": ([1, 2, 3, 4], [100, 200, 300, 100]),
    "several": ([1, 1, 3, 3], [100, 200, 300, 100]),
    "both": ([1, 2, 1, 1], [100, 200, 300, 100]),
}
_FORMS = ((True, False), (True, True), (False, True))


def taken(mechanism: Mechanism) -> Taken:
    """Ask the mechanism with books that nothing else can be wrong with.

    Raises
    ------
    ProblemError
        If it refuses even one lot of the same size for everyone.

    Examples
    --------
    >>> from evenwatt.markets.clear import found
    >>> taken(found("pay-as-bid"))
    Taken(kinds=('lots', 'single', 'several', 'both'), forms=((True, False),))
    >>> taken(found("mcafee")).kinds
    ('lots',)
    """
    forms = tuple(form for form in _FORMS if _refusal(mechanism, "lots", form) is None)
    if not forms:
        raise ProblemError(_refusal(mechanism, "lots", _FORMS[0]))
    return Taken(tuple(kind for kind in _PLAIN if _refusal(mechanism, kind, forms[0]) is None), forms)


def _refusal(mechanism: Mechanism, kind: str, form: tuple[bool, bool]) -> str | None:
    agent, quantity = _PLAIN[kind]
    first = 0 if form[0] else 2
    orders = Orders(
        agent[first:], [BUY, BUY, -BUY, -BUY][first:], [60.0, 50.0, 20.0, 30.0][first:], quantity[first:]
    )
    try:
        mechanism.clear(orders, Terms(demand=np.array([100]) if form[1] else None))
    except ProblemError as refusal:
        return str(refusal)
    return None


def posed(
    mechanism: Mechanism, rng: np.random.Generator, takes: Taken, *, agents: int = AGENTS, nodes: int = 1
) -> Outcome:
    """A random auction of a sort that the mechanism takes, held."""
    bids, demand = takes.forms[rng.integers(len(takes.forms))]
    orders = book(rng, str(rng.choice(takes.kinds)), agents=agents, nodes=nodes, bids=bids)
    return held(mechanism, orders, terms(rng, orders, demand=demand))
