"""The loops of the rules with one level, compiled: every row a problem, awards written in place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.engine._compiled import FAST_WITH_INFINITY, compiled
from evenwatt.engine._kernels import level_of

Array = npt.NDArray[np.float64]

# A level rule is x = b*d + k*min(d, mu) with sum min(d, mu) = goal; these say which (goal, b, k).
TAL, REVERSE_TALMUD, PINILES, AVERAGE = 0, 1, 2, 3

# Below this many members a row is too short for SIMD, and the loops run across LANES problems instead.
SHORT = 32
LANES = 32
MOST_STEPS = 200
# An endowment this near the total claims is all of them: sums differ by the order of adding.
PLENTY = 1.0 - 1e-14


@compiled()
def share_rows(endowment: Array, claims: Array, awards: Array) -> None:
    """Proportional awards."""
    rows, n = claims.shape
    for t in range(rows):
        total = 0.0
        for i in range(n):
            total += claims[t, i]
        e = endowment[t]
        if e >= total * PLENTY:
            for i in range(n):
                awards[t, i] = claims[t, i]
        else:
            rate = e / total
            if rate > 1e-290:
                for i in range(n):
                    awards[t, i] = claims[t, i] * rate
            else:
                for i in range(n):
                    awards[t, i] = claims[t, i] / total * e


@compiled()
def adjusted_rows(endowment: Array, claims: Array, awards: Array) -> None:
    """Minimal rights first, the rest in proportion to what remains of the truncated claims."""
    rows, n = claims.shape
    for t in range(rows):
        total = 0.0
        for i in range(n):
            total += claims[t, i]
        e = endowment[t]
        if e >= total * PLENTY:
            for i in range(n):
                awards[t, i] = claims[t, i]
            continue
        loss = total - e
        rights = 0.0
        for i in range(n):
            rights += max(claims[t, i] - loss, 0.0)
        rest = max(e - rights, 0.0)
        cap = min(loss, rest)
        truncated = 0.0
        for i in range(n):
            truncated += min(claims[t, i], cap)
        rate = rest / truncated if truncated > 0.0 else 0.0
        for i in range(n):
            awards[t, i] = max(claims[t, i] - loss, 0.0) + rate * min(claims[t, i], cap)


def level_awards(endowment: Array, claims: Array, awards: Array, form: int, theta: float) -> None:
    """Awards of a rule with one level (average: two); TAL(0) is equal losses, 1/2 Talmud, 1 equal awards."""
    if claims.shape[1] < SHORT and claims.shape[0] > 1:
        level_blocks(endowment, claims, awards, form, theta)
    else:
        level_rows(endowment, claims, awards, form, theta)


@compiled()
def plan(form: int, theta: float, e: float, total: float) -> tuple[float, float, float]:
    """The goal, b and k of one problem with 0 < e < total."""
    # Chosen, not branched: which side a problem is on is a coin toss, and SIMD lanes differ.
    if form in (TAL, AVERAGE):
        below = e <= theta * total
        part = theta if below else 1.0 - theta
        goal = min((e if below else total - e) / part, total)
        return goal, 0.0 if below else 1.0, theta if below else theta - 1.0
    below = e <= 0.5 * total
    if form == PINILES:
        return 2.0 * e if below else 2.0 * e - total, 0.0 if below else 0.5, 0.5
    return abs(total - 2.0 * e), 0.5, -0.5 if below else 0.5


@compiled(FAST_WITH_INFINITY)
def newton(goal: float, claims: Array) -> float:
    """Root of sum min(d, mu) = goal; from the left the concave sum is never overshot."""
    n = claims.shape[0]
    mu = goal / n
    before = -1.0
    for _ in range(MOST_STEPS):
        s = 0.0
        open_ = 0.0
        for i in range(n):
            s += min(claims[i], mu)
            open_ += 1.0 if claims[i] > mu else 0.0
        if open_ == 0.0:
            return float(mu)
        mu += (goal - s) / open_
        if open_ == before:
            return float(mu)
        before = open_
    return float(mu)


@compiled()
def level_rows(endowment: Array, claims: Array, awards: Array, form: int, theta: float) -> None:
    """Row by row, for many members."""
    rows, n = claims.shape
    for t in range(rows):
        d = claims[t]
        x = awards[t]
        total = 0.0
        for i in range(n):
            total += d[i]
        e = endowment[t]
        if e >= total * PLENTY:
            for i in range(n):
                x[i] = d[i]
        elif e <= 0.0:
            for i in range(n):
                x[i] = 0.0
        elif form == AVERAGE:
            up = newton(e, d)
            down = newton(total - e, d)
            for i in range(n):
                x[i] = 0.5 * (min(d[i], up) + (d[i] - min(d[i], down)))
        else:
            goal, b, k = plan(form, theta, e, total)
            mu = newton(goal, d)
            for i in range(n):
                x[i] = b * d[i] + k * min(d[i], mu)


@compiled(FAST_WITH_INFINITY)
def newton_lanes(goal: Array, block: Array, mu: Array, s: Array, open_: Array, before: Array) -> None:
    """The root of :func:`newton` for LANES problems side by side; member first in ``block``."""
    n = block.shape[0]
    for b in range(LANES):
        mu[b] = goal[b] / n
        before[b] = -1.0
    for _ in range(MOST_STEPS):
        for b in range(LANES):
            s[b] = 0.0
            open_[b] = 0.0
        for i in range(n):
            for b in range(LANES):
                s[b] += min(block[i, b], mu[b])
                open_[b] += 1.0 if block[i, b] > mu[b] else 0.0
        moved = 0.0
        for b in range(LANES):
            step = (goal[b] - s[b]) / max(open_[b], 1.0)
            mu[b] += step if open_[b] > 0.0 else 0.0
            moved += abs(open_[b] - before[b])
            before[b] = open_[b]
        if moved == 0.0:
            return


@compiled()
def level_blocks(endowment: Array, claims: Array, awards: Array, form: int, theta: float) -> None:
    """LANES problems at a time, for few members."""
    rows, n = claims.shape
    block = np.zeros((n, LANES))
    total = np.zeros(LANES)
    held = np.zeros(LANES)
    goal = np.zeros(LANES)
    other = np.zeros(LANES)
    base = np.zeros(LANES)
    slope = np.zeros(LANES)
    slope_other = np.zeros(LANES)
    mu = np.zeros(LANES)
    mu_other = np.zeros(LANES)
    s = np.zeros(LANES)
    open_ = np.zeros(LANES)
    before = np.zeros(LANES)
    for start in range(0, rows, LANES):
        lanes = min(LANES, rows - start)
        for b in range(lanes):
            for i in range(n):
                block[i, b] = claims[start + b, i]
        for b in range(LANES):
            total[b] = 0.0
        for i in range(n):
            for b in range(LANES):
                total[b] += block[i, b]
        for b in range(LANES):
            held[b] = endowment[start + min(b, lanes - 1)]
        for b in range(LANES):
            plenty = held[b] >= total[b] * PLENTY
            short = (held[b] > 0.0) & (held[b] < total[b] * PLENTY)
            goal_b, base_b, slope_b = plan(form, theta, held[b], total[b])
            if form == AVERAGE:
                goal_b, base_b, slope_b = held[b], 0.5, 0.5
                other[b] = total[b] - held[b] if short else 0.0
                slope_other[b] = -0.5 if short else 0.0
            goal[b] = goal_b if short else 0.0
            base[b] = base_b if short else (1.0 if plenty else 0.0)
            slope[b] = slope_b if short else 0.0
        newton_lanes(goal, block, mu, s, open_, before)
        if form == AVERAGE:
            newton_lanes(other, block, mu_other, s, open_, before)
            for i in range(n):
                for b in range(LANES):
                    d = block[i, b]
                    block[i, b] = base[b] * d + (
                        slope[b] * min(d, mu[b]) + slope_other[b] * min(d, mu_other[b])
                    )
        else:
            for i in range(n):
                for b in range(LANES):
                    block[i, b] = base[b] * block[i, b] + slope[b] * min(block[i, b], mu[b])
        for b in range(lanes):
            for i in range(n):
                awards[start + b, i] = block[i, b]


@compiled()
def egalitarian_rows(endowment: Array, claims: Array, awards: Array) -> None:
    """Constrained egalitarian awards: equal up to half the claim, then equal from half the claim on."""
    rows, n = claims.shape
    half = np.empty(n)
    zeros = np.zeros(n)
    ones = np.ones(n)
    for t in range(rows):
        d = claims[t]
        x = awards[t]
        total = 0.0
        for i in range(n):
            total += d[i]
        e = endowment[t]
        if e >= total * PLENTY:
            for i in range(n):
                x[i] = d[i]
        elif e <= 0.0:
            for i in range(n):
                x[i] = 0.0
        elif e <= 0.5 * total:
            mu = newton(2.0 * e, d)
            for i in range(n):
                x[i] = 0.5 * min(d[i], mu)
        else:
            for i in range(n):
                half[i] = 0.5 * d[i]
            level = level_of(e, e - 0.5 * total, e / n, zeros, ones, half, d)
            for i in range(n):
                x[i] = min(max(level, half[i]), d[i])
