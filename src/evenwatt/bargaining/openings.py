"""Where a mixture may start when equal shares push somebody below its disagreement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import BargainError
from evenwatt.core.rule import Array

# Linear programs are exact to about 1e-10; a gain below this part of a member's largest is none [-].
ROUNDING = 1e-9
LEAST = 1e-12  # what a rule in use keeps at the start, so that all start inside [-]


@dataclass(frozen=True)
class Opening:
    """Shares from which everybody who can gain does.

    Attributes
    ----------
    shares : (R,)
        Shares above 0 for the rules in use, 0 for the others [-].
    rules : (R,) bool
        Rules that some acceptable mixture uses.
    stuck : (n,) bool
        Members that no acceptable mixture lets gain.
    ties : (q, k)
        Independent linear forms of the ``k`` shares in use that every acceptable mixture shares; the first
        is their sum.
    """

    shares: Array
    rules: npt.NDArray[np.bool_]
    stuck: npt.NDArray[np.bool_]
    ties: Array


def opening(gains: Array) -> Opening | None:
    """Find where to start from the gains (R, n) of each rule, or None where no mixture is acceptable."""
    scale = np.abs(gains).max(axis=0)
    disputed = scale > 0
    relative = gains[:, disputed] / scale[disputed]
    shares, least = _fairest(relative)
    if least < -ROUNDING:
        return None
    if least > ROUNDING:
        return _inside(shares, relative, disputed)
    return _on_the_edge(relative, disputed)


def _fairest(gains: Array) -> tuple[Array, float]:
    """The mixture whose worst-off member gains most, and that gain."""
    rules, members = gains.shape
    worse = np.hstack([-gains.T, np.ones((members, 1))])
    found = _maximum(np.append(np.zeros(rules), 1.0), worse, np.append(np.ones(rules), 0.0))
    return found[:-1], float(found[-1])


def _inside(shares: Array, gains: Array, disputed: npt.NDArray[np.bool_]) -> Opening:
    """Move towards equal shares, as far as everybody keeps half its gain."""
    rules = len(shares)
    had, even = shares @ gains, gains.mean(axis=0)
    room = np.divide(had / 2, had - even, out=np.ones_like(had), where=had > even)
    part = min(0.5, float(room.min()))
    mixed = (1 - part) * shares + part / rules
    everything = np.ones(rules, dtype=bool)
    return Opening(mixed, everything, np.zeros(disputed.shape, dtype=bool), np.ones((1, rules)))


def _on_the_edge(gains: Array, disputed: npt.NDArray[np.bool_]) -> Opening:
    """Average the acceptable mixtures that are best for each member and each rule."""
    rules, members = gains.shape
    aims = np.vstack([gains.T, np.eye(rules)])
    corners = np.array([_maximum(aim, -gains.T, np.ones(rules)) for aim in aims])
    reached = np.einsum("kr,kr->k", aims, corners)
    fixed, used = reached[:members] <= ROUNDING, reached[members:] > ROUNDING
    stuck = np.zeros(disputed.shape, dtype=bool)
    stuck[disputed] = fixed
    shares = np.where(used, np.clip(corners.mean(axis=0), 0.0, None), 0.0)
    forms = np.vstack([np.ones(used.sum()), gains[used][:, fixed].T])
    wanted = np.append(1.0, np.zeros(fixed.sum()))
    correction = np.linalg.lstsq(forms, wanted - forms @ shares[used], rcond=None)[0]
    shares[used] = np.maximum(shares[used] + correction, LEAST)
    return Opening(shares, used, stuck, _independent(forms))


def _independent(forms: Array) -> Array:
    """The first form, and as few as span the others beside it."""
    beside = forms[1:] - forms[1:].mean(axis=1, keepdims=True)
    _, sizes, directions = np.linalg.svd(beside, full_matrices=False)
    return np.vstack([forms[:1], directions[sizes > ROUNDING]])


def _maximum(aim: Array, below_zero: Array, to_one: Array) -> Array:
    """Maximise ``aim @ x`` where ``below_zero @ x <= 0`` and ``to_one @ x == 1``; only shares are signed."""
    from scipy.optimize import linprog

    signs = [(0.0, None) if part else (None, None) for part in to_one]
    answer = linprog(
        -aim,
        A_ub=below_zero,
        b_ub=np.zeros(len(below_zero)),
        A_eq=to_one[None, :],
        b_eq=[1.0],
        bounds=signs,
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if answer.x is None:
        raise BargainError(f"nash_mixture: no linear program of the opening was solved: {answer.message}")
    return np.asarray(answer.x)
