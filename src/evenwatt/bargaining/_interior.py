"""The concave program under a mixture: ``max sum_j w_j log(sum_r alpha_r G_rj)`` over shares alpha."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import SolverError
from evenwatt.core.rule import Array

MOST_STEPS = 100
# Where a share and its price both vanish, the shares are wrong by the square root of their product.
COMPLEMENTARITY = 1e-26
RESIDUAL = 1e-12
# What a row that used up its steps must have reached: its awards are right to about the root of the gap.
GOOD_GAP, GOOD_RESIDUAL = 1e-20, 1e-9
# Added to the scaled matrix, so that rules which coincide do not make it singular. Measured on problems
# whose best mixture is one rule: 1e-14 lets rounding in (1e-7 of an award), 1e-11 stops short of the best.
LIFT = 1e-12
BACK_OFF = 0.995


@dataclass(frozen=True)
class State:
    """The iterate of B programs of R rules and n members, and their data."""

    gains: Array  # (B, R, n)
    weights: Array  # (B, n), summing to 1, 0 where a member is left out
    ties: Array  # (B, q, R), independent rows; their products with the shares stay as they are
    shares: Array  # (B, R) > 0
    prices: Array  # (B, R) > 0, of the shares' signs
    levels: Array  # (B, q), of the ties

    @property
    def member_gains(self) -> Array:
        """What each member gains, (B, n); 1 where it is left out."""
        return np.where(self.weights > 0, _times(self.shares, self.gains), 1.0)

    def kept(self, rows: npt.NDArray[np.bool_]) -> State:
        """The programs of some rows."""
        return State(*(getattr(self, part.name)[rows] for part in fields(self)))


def best_shares(gains: Array, weights: Array, ties: Array, start: Array) -> Array:
    """Shares that maximise the weighted Nash product, by a primal-dual interior point method.

    Parameters
    ----------
    gains : (B, R, n)
        What each member gains by each rule.
    weights : (B, n)
        Weights summing to 1; 0 leaves a member out.
    ties : (B, q, R)
        Independent linear forms of the shares that keep their value at the start; the first is all ones.
    start : (B, R)
        Shares above 0 at which every member with a weight gains.

    Returns
    -------
    (B, R)
        The best shares, one of them where several are best.

    Raises
    ------
    SolverError
        If a program is not solved within the steps allowed.

    Source: Mehrotra 1992, doi:10.1137/0802028 (predictor and corrector).
    """
    levels = np.zeros((len(start), ties.shape[1]))
    state = State(gains, weights, ties, start, np.empty_like(start), levels)
    worth = _worth(state)
    levels[:, 0] = worth.max(axis=-1) + 0.1
    state = replace(state, prices=levels[:, :1] - worth)
    shares = start.copy()
    live = np.arange(len(start))
    for _ in range(MOST_STEPS):
        state = _step(state)
        shares[live] = state.shares
        open_rows = ~_solved(state)
        if not open_rows.any():
            break
        live, state = live[open_rows], state.kept(open_rows)
    else:
        _refuse_unsolved(state)
    return shares


def _refuse_unsolved(state: State) -> None:
    """Let pass what is as good as solved; raise for the rest."""
    gap, residual = (state.shares * state.prices).mean(axis=-1), np.abs(_residual(state)).max(axis=-1)
    short = ~((gap < GOOD_GAP) & (residual < GOOD_RESIDUAL))
    if short.any():
        raise SolverError(
            f"nash_mixture: {int(short.sum())} problems not solved in {MOST_STEPS} steps "
            f"(gap up to {gap.max():.1e}, residual up to {residual.max():.1e})"
        )


def _worth(state: State) -> Array:
    """Slope of the objective in each share, (B, R)."""
    return np.asarray((state.gains @ (state.weights / state.member_gains)[..., None])[..., 0])


def _residual(state: State) -> Array:
    """How far the prices miss stationarity, (B, R)."""
    return _times(state.levels, state.ties) - _worth(state) - state.prices


def _solved(state: State) -> npt.NDArray[np.bool_]:
    gap = (state.shares * state.prices).mean(axis=-1)
    return np.asarray((gap < COMPLEMENTARITY) & (np.abs(_residual(state)).max(axis=-1) < RESIDUAL))


def _step(state: State) -> State:
    """One predictor and corrector step."""
    newton = _Newton(state)
    product = state.shares * state.prices
    gap = product.mean(axis=-1, keepdims=True)
    shares, prices, _ = newton.direction(-product)
    reach = np.minimum(1.0, newton.reach(shares, prices))
    left = ((state.shares + reach * shares) * (state.prices + reach * prices)).mean(axis=-1, keepdims=True)
    centring = np.clip((left / gap) ** 3, 1e-8, 1.0)
    shares, prices, levels = newton.direction(centring * gap - product - shares * prices)
    length = np.minimum(1.0, BACK_OFF * newton.reach(shares, prices))
    return replace(
        state,
        shares=state.shares + length * shares,
        prices=state.prices + length * prices,
        levels=state.levels + length * levels,
    )


class _Newton:
    """The linear system of one iterate, factored once for predictor and corrector."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.residual = _residual(state)
        self.member_gains = state.member_gains
        curved = state.gains * (np.sqrt(state.weights) / self.member_gains)[:, None, :]
        matrix = curved @ curved.transpose(0, 2, 1)
        diagonal = np.einsum("brr->br", matrix)  # a view
        diagonal += state.prices / state.shares
        self.scale = 1 / np.sqrt(diagonal)
        matrix *= self.scale[:, :, None] * self.scale[:, None, :]
        self.matrix = matrix.copy()
        diagonal += LIFT
        self.inverse = np.linalg.inv(matrix)
        # Shares move along the ties only: solve for the ties' levels first.
        self.tied = self._solve(state.ties.transpose(0, 2, 1))
        self.between = np.linalg.inv(state.ties @ self.tied)

    def _solve(self, right: Array) -> Array:
        """Solve for columns (B, R, k), with one step of refinement."""
        scaled = self.scale[..., None] * right
        found = self.inverse @ scaled
        found += self.inverse @ (scaled - self.matrix @ found)
        return np.asarray(self.scale[..., None] * found)

    def direction(self, complementarity: Array) -> tuple[Array, Array, Array]:
        """Directions of shares, prices and levels that bring the products up by ``complementarity``."""
        state = self.state
        free = self._solve((complementarity / state.shares - self.residual)[..., None])
        levels = self.between @ (state.ties @ free)
        shares = (free - self.tied @ levels)[..., 0]
        prices = (complementarity - state.prices * shares) / state.shares
        return shares, prices, levels[..., 0]

    def reach(self, shares: Array, prices: Array) -> Array:
        """The longest step that keeps shares, prices and gains above zero, (B, 1)."""
        state = self.state
        moved = np.where(state.weights > 0, _times(shares, state.gains), 0.0)
        steps = [(state.shares, shares), (state.prices, prices), (self.member_gains, moved)]
        return np.asarray(np.minimum.reduce([_until_zero(*step) for step in steps]))


def _until_zero(value: Array, change: Array) -> Array:
    steps = np.divide(-value, change, out=np.full_like(value, np.inf), where=change < 0)
    return np.asarray(steps.min(axis=-1, keepdims=True))


def _times(vectors: Array, matrices: Array) -> Array:
    """Row vectors (B, k) times matrices (B, k, m)."""
    return np.asarray((vectors[:, None, :] @ matrices)[:, 0, :])
