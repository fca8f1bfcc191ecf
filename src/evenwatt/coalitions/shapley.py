"""The Shapley value: what each member adds, averaged over all orders of joining; the method chosen and named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from evenwatt.coalitions.classic import AirportGame
from evenwatt.coalitions.game import Game
from evenwatt.coalitions.sampling import Design, Progress, sampled
from evenwatt.coalitions.shapley_enumeration import enumerated
from evenwatt.coalitions.sum_game import Kinked, SumGame
from evenwatt.coalitions.sums.normal import FEWEST, inside_by_normal, normal
from evenwatt.coalitions.sums.structured import affordable, fine_enough, inside_by_law, structured
from evenwatt.coalitions.two_price import TwoPriceGame
from evenwatt.core.errors import ProblemError
from evenwatt.core.rule import rule

Array = npt.NDArray[np.float64]
Method = Literal[
    "auto", "closed-form", "law-of-sums", "grid", "enumeration", "normal", "sampling", "stratified-sampling"
]

METHODS = (
    "auto", "closed-form", "law-of-sums", "grid", "enumeration", "normal", "sampling", "stratified-sampling",
)  # fmt: skip


@dataclass(frozen=True)
class ShapleyValue:
    """A Shapley value and how far it can be trusted.

    Attributes
    ----------
    values : (n,)
        What each member gets [unit of the worth].
    std_err : (n,)
        Standard error; 0 unless sampled.
    interval : (n, 2)
        Confidence interval where sampled, proven bounds where numbers were moved to a grid, estimated ones
        under the normal law; both ends equal the value where exact.
    exact : bool
        Whether the value is exact but for rounding.
    method : str
        How it was computed.
    evaluations : int
        Orders of arrival evaluated; 0 unless sampled.
    """

    values: Array
    std_err: Array
    interval: Array
    exact: bool
    method: str
    evaluations: int = 0


def shapley(
    game: Game,
    method: Method = "auto",
    *,
    rng: np.random.Generator | int = 0,
    std_err: float | None = None,
    orders: int | None = None,
    confidence: float = 0.95,
    workers: int = 1,
    progress: Progress | None = None,
) -> ShapleyValue:
    """Average what each member adds over all orders of joining.

    ``auto`` takes the first of these that applies, and says which: a closed form; for games on sums of whole
    numbers the law of a random coalition's sum (exact at a thousand members); enumeration where the game says
    that listing its coalitions is cheap, at most 24 members; for games on sums of other numbers, or of too
    many, the same law on a fine grid, with a proven bound, or where no affordable grid is fine the normal law,
    with an estimate of its error; sampled orders, each with its reverse.

    Parameters
    ----------
    game : Game
        Any game.
    method : str
        ``auto``, ``closed-form``, ``law-of-sums``, ``grid``, ``enumeration``, ``normal``, ``sampling``
        (antithetic pairs) or ``stratified-sampling``.
    rng : Generator or int
        Chance for sampling, or its seed.
    std_err : float, optional
        Standard error at which sampling stops [unit of the worth]; by default 4,096 orders are drawn.
    orders : int, optional
        Most orders to draw.
    confidence : float
        Of the intervals, in (0, 1).
    workers : int
        Processes for sampling; the answer does not depend on it.
    progress : callable, optional
        Told ``(orders done, most orders, what)`` while sampling.

    Raises
    ------
    ProblemError
        If the method does not apply to the game, naming one that does.

    Warns
    -----
    SamplingWarning
        If ``std_err`` was not reached.

    Examples
    --------
    >>> from evenwatt import coalitions
    >>> held = shapley(coalitions.surplus_deficit_game([4, 2, -1, -3]))
    >>> held.values.round(4), held.exact, held.method
    (array([1.25  , 0.4167, 0.5833, 1.75  ]), True, 'law-of-sums')

    Source: Shapley 1953, doi:10.1515/9781400881970-018.
    """
    if method not in METHODS:
        raise ProblemError(f"method: '{method}'; expected one of {', '.join(METHODS)}")
    if not 0 < confidence < 1:
        raise ProblemError(f"confidence: {confidence}; expected a number between 0 and 1")
    chosen = _chosen(game) if method == "auto" else method
    if chosen in ("sampling", "stratified-sampling"):
        design: Design = "antithetic" if chosen == "sampling" else "stratified"
        held = sampled(
            game, std_err=std_err, orders=orders, design=design, rng=rng, workers=workers, progress=progress
        )
        return ShapleyValue(held.mean, held.std_err, held.interval(confidence), False, chosen, held.orders)
    values, bound, method_used = _DETERMINISTIC[chosen](game)
    around = np.stack([values - bound, values + bound], axis=-1)
    return ShapleyValue(values, np.zeros(game.n), around, not bound.any(), method_used)


@rule(
    "shapley",
    kind="coalitions",
    title="Shapley value",
    source="Shapley 1953, doi:10.1515/9781400881970-018",
    satisfies={"efficiency", "symmetry", "dummy", "additivity", "covariance"},
)
def shapley_values(game: Game) -> Array:
    """Shapley value as a vector, by :func:`shapley` with its own choice of method.

    Examples
    --------
    >>> from evenwatt import coalitions
    >>> shapley_values(coalitions.airport_game([1.0, 2.0, 4.0])).round(4)
    array([-0.3333, -0.8333, -2.8333])
    """
    return shapley(game).values


def inside_values(game: TwoPriceGame) -> Array:
    """What each member adds to the energy traded inside, interval by interval, as :func:`shapley` would count it.

    Parameters
    ----------
    game : TwoPriceGame
        Of T intervals.

    Returns
    -------
    (T, n)
        Shapley values of min(surplus, deficit) [unit of the net positions]; 0 in intervals without a spread.

    Examples
    --------
    >>> from evenwatt import coalitions
    >>> inside_values(coalitions.savings_game([4, 2, -1, -3], 0.30, 0.08)).round(4)
    array([[1.25  , 0.4167, 0.5833, 1.75  ]])
    """
    return (inside_by_normal(game) if _chosen(game) == "normal" else inside_by_law(game))[0]


def _chosen(game: Game) -> str:
    if _is_closed(game):
        return "closed-form"
    on_sums = isinstance(game, (SumGame, TwoPriceGame))
    if on_sums and affordable(cast(SumGame, game)):
        return "law-of-sums"
    if game.n <= game.most_listed:
        return "enumeration"
    bent = isinstance(game, TwoPriceGame) or (isinstance(game, SumGame) and isinstance(game.f, Kinked))
    if not bent:
        return "sampling"
    return "grid" if game.n < FEWEST or fine_enough(cast(SumGame, game)) else "normal"


def _is_closed(game: Game) -> bool:
    if isinstance(game, SumGame) and (game.z == game.z[0]).all():
        return True
    return game.n == 1 or isinstance(game, AirportGame)


def _closed(game: Game) -> tuple[Array, Array, str]:
    none = np.zeros(game.n)
    if game.n == 1:
        return np.array([game.total]), none, "closed-form"
    if isinstance(game, AirportGame):
        # Each stretch of runway is shared by those who need it.
        order = np.argsort(game.costs)
        steps = np.diff(game.costs[order], prepend=0.0) / np.arange(game.n, 0, -1)
        values = np.empty(game.n)
        values[order] = -np.cumsum(steps)
        return values, none, "closed-form"
    if isinstance(game, SumGame) and (game.z == game.z[0]).all():
        shared = (game.total - game.base.sum()) / game.n
        return game.base + shared, none, "closed-form"
    raise ProblemError("closed-form: this game has none here; method='auto' finds what applies")


def _structured(game: Game) -> tuple[Array, Array, str]:
    if not isinstance(game, (SumGame, TwoPriceGame)):
        raise ProblemError(
            "law-of-sums: expected a SumGame or TwoPriceGame; method='auto' finds what applies"
        )
    values, bound = structured(game)
    return values, bound, "grid" if bound.any() else "law-of-sums"


def _enumerated(game: Game) -> tuple[Array, Array, str]:
    return enumerated(game), np.zeros(game.n), "enumeration"


def _normal(game: Game) -> tuple[Array, Array, str]:
    if not isinstance(game, (SumGame, TwoPriceGame)):
        raise ProblemError("normal: expected a SumGame or TwoPriceGame; method='auto' finds what applies")
    values, error = normal(game)
    return values, error, "normal"


_DETERMINISTIC: dict[str, Callable[[Game], tuple[Array, Array, str]]] = {
    "closed-form": _closed,
    "law-of-sums": _structured,
    "grid": _structured,
    "enumeration": _enumerated,
    "normal": _normal,
}
