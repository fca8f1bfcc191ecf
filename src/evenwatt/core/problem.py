"""Problems, checked on making: who has, who wants, and what nobody may be pushed below."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, told

Array = npt.NDArray[np.float64]

LARGEST = 1e290  # a sum of 1e18 of these is still a float
_LARGEST_BITS = np.float64(LARGEST).view(np.uint64)


@dataclass(frozen=True)
class Claims:
    """A claims problem, or a batch of them: an endowment and what each member asks of it.

    Attributes
    ----------
    endowment : (...)
        What there is to share, finite and non-negative [Wh].
    claims : (..., n)
        What each member asks for, finite and non-negative [Wh].

    Raises
    ------
    ProblemError
        Naming every faulty row, if an entry is negative or not finite or the shapes do not broadcast.

    Examples
    --------
    >>> Claims(20.0, [3, 5, 9, 13]).total
    array(30.)
    >>> Claims([5.0, 6.0], [[1.0, -2.0], [3.0, 4.0]])
    Traceback (most recent call last):
    ...
    evenwatt.core.errors.ProblemError: claims: row 0, member 1: claim -2.0 is negative
    """

    endowment: Array
    claims: Array

    def __init__(self, endowment: npt.ArrayLike, claims: npt.ArrayLike) -> None:
        held, asked = checked_claims(endowment, claims)
        object.__setattr__(self, "endowment", held)
        object.__setattr__(self, "claims", asked)

    @property
    def total(self) -> Array:
        """The members' claims together, (...) [Wh]."""
        return np.asarray(self.claims.sum(axis=-1))

    @property
    def members(self) -> int:
        """How many members there are."""
        return int(self.claims.shape[-1])

    @property
    def truncated(self) -> Array:
        """Claims cut to the endowment, (..., n) [Wh]."""
        return np.minimum(self.claims, self.endowment[..., None])

    @property
    def minimal_rights(self) -> Array:
        """What all others concede to each member, (..., n) [Wh]."""
        left = self.endowment[..., None] - (self.total[..., None] - self.claims)
        return np.minimum(np.maximum(left, 0.0), self.claims)

    @property
    def side(self) -> npt.NDArray[np.int64]:
        """+1 where the endowment is below half the claims, 0 at half, -1 above, (...)."""
        return np.sign(self.total / 2 - self.endowment).astype(np.int64)


@dataclass(frozen=True)
class Bargain:
    """Bargaining over one transferable resource: total, disagreement point, weights and bounds.

    Attributes
    ----------
    endowment : (...)
        The total to agree on [Wh]; may be below what anybody would accept, then it is infeasible.
    disagreement : (..., n)
        What each member keeps if the talks fail [Wh].
    weights : (..., n)
        Bargaining weights, positive [-].
    lower, upper : (..., n)
        Bounds on the awards [Wh]; ``upper`` may be infinite.
    """

    endowment: Array
    disagreement: Array
    weights: Array
    lower: Array
    upper: Array

    def __init__(
        self,
        endowment: npt.ArrayLike,
        disagreement: npt.ArrayLike,
        *,
        weights: npt.ArrayLike | None = None,
        lower: npt.ArrayLike | None = None,
        upper: npt.ArrayLike | None = None,
    ) -> None:
        total = np.asarray(endowment, dtype=np.float64)
        point = np.asarray(disagreement, dtype=np.float64)
        weighted = np.ones(()) if weights is None else np.asarray(weights, dtype=np.float64)
        floor = point if lower is None else np.asarray(lower, dtype=np.float64)
        cap = np.asarray(np.inf) if upper is None else np.asarray(upper, dtype=np.float64)
        faults = [
            *(f"endowment {total[i]} is not finite" for i in _places(~np.isfinite(total))),
            *_named("disagreement", point, ~np.isfinite(point), "is not finite"),
            *_named(
                "weight",
                weighted,
                ~((weighted > 0) & np.isfinite(weighted)),
                "is not a finite number above 0",
            ),
            *_named("lower bound", floor, ~np.isfinite(floor), "is not finite"),
            *_named("upper bound", cap, np.isnan(cap) | (cap == -np.inf), "is not a number"),
        ]
        if point.ndim == 0:
            faults.append("disagreement needs a member axis, found a single number")
        if faults:
            raise ProblemError(told("bargain", faults))
        try:
            shape = np.broadcast_shapes(
                (*total.shape, 1), point.shape, weighted.shape, floor.shape, cap.shape
            )
        except ValueError:
            raise ProblemError(
                f"bargain: shapes do not fit: endowment {total.shape}, disagreement {point.shape}, "
                f"weights {weighted.shape}, lower {floor.shape}, upper {cap.shape}; "
                "expected (...,) and (..., n)"
            ) from None
        for name, value in (("disagreement", point), ("weights", weighted), ("lower", floor), ("upper", cap)):
            object.__setattr__(self, name, np.broadcast_to(value, shape))
        object.__setattr__(self, "endowment", np.broadcast_to(total, shape[:-1]))


def checked_claims(endowment: npt.ArrayLike, claims: npt.ArrayLike) -> tuple[Array, Array]:
    """Both arrays as float64, broadcast to one another, every fault named in one error."""
    try:
        held = np.asarray(endowment, dtype=np.float64)
        asked = np.asarray(claims, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ProblemError(f"claims: endowment and claims must be numbers: {error}") from None
    if asked.ndim == 0:
        raise ProblemError("claims: claims need a member axis, found a single number; wrap it in a list")
    try:
        shape = np.broadcast_shapes(held.shape, asked.shape[:-1])
    except ValueError:
        raise ProblemError(
            f"claims: shapes do not fit: endowment {held.shape} and claims {asked.shape}; "
            "expected (...,) and (..., n)"
        ) from None
    if not (_sound(held) and _sound(asked)):
        raise ProblemError(told("claims", claim_faults(held, asked)))
    return np.broadcast_to(held, shape), np.broadcast_to(asked, (*shape, asked.shape[-1]))


def _sound(values: Array) -> bool:
    # One reading pass: as whole numbers, the bits of floats from 0 to LARGEST are in the floats' order, and
    # those of anything negative, infinite or NaN lie above. Only -0.0 and mistakes need the second look.
    bits = np.ascontiguousarray(values).view(np.uint64)
    return values.size == 0 or bool(bits.max() <= _LARGEST_BITS) or bool(_fits(values).all())


def _fits(values: Array) -> npt.NDArray[np.bool_]:
    return (values >= 0) & (values <= LARGEST)


def claim_faults(endowment: Array, claims: Array) -> list[str]:
    """Name every entry that is negative or not finite, endowments first."""
    faults = []
    for place in _places(~_fits(endowment)):
        faults.append(f"{_row(place)}endowment {endowment[place]} {_why(endowment[place])}")
    for place in _places(~_fits(claims)):
        faults.append(f"{_row(place[:-1])}member {place[-1]}: claim {claims[place]} {_why(claims[place])}")
    return faults


def _why(value: float) -> str:
    if not np.isfinite(value):
        return "is not finite"
    return "is negative" if value < 0 else f"is above {LARGEST:g}, where sums could overflow"


def _row(place: tuple[int, ...]) -> str:
    return f"row {', '.join(map(str, place))}, " if place else ""


def _places(mask: npt.NDArray[np.bool_]) -> list[tuple[int, ...]]:
    return [tuple(int(i) for i in place) for place in np.argwhere(mask)]


def _named(name: str, values: Array, bad: npt.NDArray[np.bool_], why: str) -> list[str]:
    return [
        f"{_row(place[:-1])}{f'member {place[-1]}: ' if place else ''}{name} {values[place]} {why}"
        for place in _places(bad)
    ]
