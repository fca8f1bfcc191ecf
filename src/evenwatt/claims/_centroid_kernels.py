"""The loops of the average of awards, compiled: pyramids for few members, a Fourier series for many."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._kernels import PLENTY
from evenwatt.engine._compiled import EXACT, FAST, compiled

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

FAST_WITH_NAN = FAST - {"nnan"}
GRID = 2.0**50
FEW = 6  # members for which pyramids are the faster way
MANY = 12  # members up to which they serve where the series is too long
DUST = 1e-13  # claims this small against all are shared pro rata: far below what a float award can show
TERMS = 4096  # of the series, before a problem is left to the pyramids or split
NEGLIGIBLE = -41.5  # log of a term that no longer counts, 1e-18
SERIES = 18  # powers kept near zero, where the closed forms cancel


def average_rows(endowment: Array, claims: Array, awards: Array) -> None:
    """Average of awards of every row, by the cheapest method that is exact for it."""
    from evenwatt.claims._centroid_split import split_awards

    for t in np.flatnonzero(centroid_rows(endowment, claims, awards, FEW, TERMS)):
        awards[t] = split_awards(float(endowment[t]), claims[t])


@compiled(EXACT)
def centroid_rows(endowment: Array, claims: Array, awards: Array, few: int, terms: int) -> Flags:
    """Average of awards; True for the rows whose series would not end within ``terms``."""
    rows = claims.shape[0]
    unsolved = np.zeros(rows, np.bool_)
    for t in range(rows):
        unsolved[t] = not centroid_row(endowment[t], claims[t], awards[t], few, terms)
    return unsolved


@compiled(EXACT)
def centroid_row(endowment: float, claims: Array, x: Array, few: int, terms: int) -> bool:
    """One problem, mirrored and truncated until no claim passes the endowment and it is at most half."""
    members = claims.shape[0]
    x[:] = 0.0
    total = 0.0
    for i in range(members):
        total += claims[i]
    if endowment >= total * PLENTY:
        x[:] = claims
        return True
    if endowment <= 0.0:
        return True
    e, d, base, sign = reduced(endowment / total, claims / total)
    size = d.sum()
    if e <= 0.0 or size <= 0.0:
        for i in range(members):
            x[i] = min(max(base[i], 0.0), 1.0) * total
        return True
    rate = e / size
    kept = np.empty(members, np.int64)
    n = 0
    for i in range(members):
        if d[i] > DUST * size:
            kept[n] = i
            n += 1
    for i in range(members):
        if d[i] <= DUST * size:
            x[i] = d[i] * rate
            e -= x[i]
    e = np.rint(e * GRID) / GRID
    big = d[kept[:n]]
    share = np.empty(n)
    solved = True
    if n == 1:
        share[0] = e
    elif n <= few or np.isnan(series(e, big, share, terms)):
        solved = n <= MANY
        if solved:
            pyramids(e, big, share)
    for k in range(n):
        x[kept[k]] = share[k]
    for i in range(members):
        x[i] = min(max((base[i] + sign * x[i]) * total, 0.0), claims[i])
    return solved


@compiled(EXACT)
def reduced(endowment: float, claims: Array) -> tuple[float, Array, Array, float]:
    """The same problem, with claims that sum to 1, mirrored and truncated: e at most half, no claim above e.

    Its awards x give ``base + sign * x``. On a grid of 2^-50 all sums and differences are exact, so a
    sliver between claims keeps its width.
    """
    d = np.rint(claims * GRID) / GRID
    e = np.rint(endowment * GRID) / GRID
    base = np.zeros(d.size)
    sign = 1.0
    size = d.sum()
    for _ in range(8):
        if e > 0.5 * size:
            base += sign * d
            sign = -sign
            e = size - e
        before = size
        d = np.minimum(d, e)
        size = d.sum()
        if size == before and e <= 0.5 * size:
            break
    return e, d, base, sign


@compiled(EXACT)
def pyramids(e: float, d: Array, x: Array) -> float:
    """Centroid and volume of {0 <= x <= d, sum x = e}, all terms positive.

    From its point proportional to ``d`` the set falls into pyramids over its faces (one award at zero or
    at its claim), each face a smaller problem. A face is coded in base 3: 0 free, 1 at its claim, 2 at zero.
    """
    n = d.shape[0]
    full = 1 << n
    upper = np.zeros(full)
    for i in range(n):
        for s in range(1 << i):
            upper[(1 << i) + s] = upper[s] + d[i]
    power = np.ones(n + 1, np.int64)
    for i in range(n):
        power[i + 1] = 3 * power[i]
    volume = np.zeros(power[n])
    for code in range(power[n] - 1, -1, -1):
        free, at_claim, count, last = read_face(code, n)
        y = e - upper[at_claim]
        above = e - upper[at_claim | free]
        if count == 0 or y <= 0.0 or above > 0.0:
            continue
        if count == 1:
            volume[code] = 1.0
            continue
        t = y / (y - above) if y > above else 0.0
        found = 0.0
        for j in range(n):
            if (free >> j) & 1:
                found += d[j] * (t * volume[code + 2 * power[j]] + (1.0 - t) * volume[code + power[j]])
        volume[code] = found / (count - 1.0)
    x[:] = 0.0
    mass = np.zeros(power[n])
    mass[0] = 1.0
    for code in range(power[n]):
        if mass[code] <= 0.0:
            continue
        free, at_claim, count, last = read_face(code, n)
        y = e - upper[at_claim]
        above = e - upper[at_claim | free]
        if count == 1:
            x[last] += mass[code] * min(max(y, 0.0), d[last])
            continue
        t = y / (y - above) if y > above else 0.0
        scale = mass[code] / (count * volume[code])
        for j in range(n):
            if (free >> j) & 1:
                x[j] += mass[code] * t * d[j] / count
                low = scale * d[j] * t * volume[code + 2 * power[j]]
                high = scale * d[j] * (1.0 - t) * volume[code + power[j]]
                mass[code + 2 * power[j]] += low
                mass[code + power[j]] += high
                x[j] += high * d[j]
    return float(volume[0])


@compiled(EXACT)
def read_face(code: int, n: int) -> tuple[int, int, int, int]:
    """Bit masks of the free members and of those at their claim, how many are free, and the last of them."""
    free = 0
    at_claim = 0
    count = 0
    last = -1
    for i in range(n):
        digit = code % 3
        code //= 3
        if digit == 0:
            free |= 1 << i
            count += 1
            last = i
        elif digit == 1:
            at_claim |= 1 << i
    return free, at_claim, count, last


@compiled(EXACT)
def tilt(e: float, d: Array) -> float:
    """The theta <= 0 at which awards, uniform on [0, d] but weighted by exp(theta x), sum to e on average."""
    n = d.shape[0]
    low = 0.0
    high = n / e
    for _ in range(44):
        s = 0.5 * (low + high)
        mean = 0.0
        for i in range(n):
            v = s * d[i]
            if v < 1e-2:
                mean += d[i] * (0.5 - v / 12.0 + v * v * v / 720.0)
            else:
                mean += d[i] * (1.0 / v - 1.0 / np.expm1(v))
        if mean > e:
            low = s
        else:
            high = s
    return float(-0.5 * (low + high))


@compiled(FAST_WITH_NAN)
def series(e: float, d: Array, x: Array, terms: int) -> float:
    """E[U_i | sum U = e] for U uniform on [0, d] and e at most half: an exact Fourier series.

    The density of the sum has bounded support, so a step of 2 pi / support has no aliasing; theta moves
    the line of summation to the saddle point, where nothing cancels. Returns the log of the density at e
    but for a constant of ``d``, NaN if ``terms`` were too few.
    """
    n = d.shape[0]
    theta = tilt(e, d)
    step = 2.0 * np.pi / d.sum()
    reach, at_zero = reaches(theta, d)
    turn = np.exp(1j * step * d)
    phase = np.ones(n, np.complex128)
    mass = np.empty(n, np.complex128)
    mean = np.empty(n, np.complex128)
    left = np.ones(n + 1, np.complex128)
    total = 0.0
    x[:] = 0.0
    for k in range(terms):
        y = step * k
        if k > 0 and envelope(reach, 0.5 * np.log(theta * theta + y * y)) < NEGLIGIBLE:
            for i in range(n):
                x[i] = min(max(x[i] / total, 0.0), d[i])
            return float(np.log(total) + np.log(at_zero).sum() - theta * e)
        for i in range(n):
            phase[i] = np.exp(1j * y * d[i]) if k % 32 == 0 else phase[i] * turn[i]
            m, m_prime = transform(complex(theta * d[i], y * d[i]), phase[i])
            mass[i] = m / at_zero[i]
            mean[i] = m_prime * (d[i] / at_zero[i])
            left[i + 1] = left[i] * mass[i]
        right = np.exp(-1j * y * e) * (1.0 if k == 0 else 2.0)
        total += (left[n] * right).real
        # Each award needs the product of all other factors; one may be zero, so nothing is divided.
        for i in range(n - 1, -1, -1):
            x[i] += (left[i] * right * mean[i]).real
            right *= mass[i]
    return np.nan


@compiled(EXACT)
def reaches(theta: float, d: Array) -> tuple[Array, Array]:
    """Log of how far each factor of the series reaches before it falls off, and its value at theta."""
    reach = np.empty(d.size)
    at_zero = np.empty(d.size)
    for i in range(d.size):
        v = -theta * d[i]
        reach[i] = np.log(2.0 / d[i] if v < 1e-8 else -theta / np.tanh(0.5 * v))
        at_zero[i] = 1.0 - 0.5 * v if v < 1e-8 else -np.expm1(-v) / v
    return reach, at_zero


@compiled(FAST)
def envelope(reach: Array, radius: float) -> float:
    """Log of a bound on a term of the series, and on all that follow."""
    size = 0.0
    for i in range(reach.size):
        size += min(0.0, reach[i] - radius)
    return size


@compiled(FAST)
def transform(w: complex, phase: complex) -> tuple[complex, complex]:
    """M = (e^w - 1)/w and M' = (e^w - M)/w, the second the mean of u e^(wu) over [0, 1]."""
    if w.real * w.real + w.imag * w.imag >= 0.25:
        grown = np.exp(w.real) * phase
        m = (grown - 1.0) / w
        return m, (grown - m) / w
    m = 0.0j
    m_prime = 0.0j
    factor = 1.0  # M = sum w^p / (p+1)!,  M' = sum w^p / (p! (p+2))
    for power in range(SERIES, 0, -1):
        m = (m + factor / (power + 1.0)) * w
        m_prime = (m_prime + factor / (power + 2.0)) * w
        factor *= power
    return m / factor + 1.0, m_prime / factor + 0.5
