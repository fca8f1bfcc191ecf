"""The loops of the rules that need the claims in order, compiled: minimal overlap, Dominguez-Thomson."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.claims._kernels import PLENTY
from evenwatt.engine._compiled import EXACT, FAST_WITH_INFINITY, compiled

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

FEW = 24  # up to here plain insertion is the fastest sort
DIGIT = 11  # bits of one counting pass; two passes leave the claims almost in order


@compiled(EXACT)
def sort_claims(d: Array, keys: Whole, order: Whole, spare: Whole, counts: Whole, up: Array) -> int:
    """Put the positive claims into ``up``, ascending, their members into ``order``; return how many.

    Two counting passes over the leading bits of the floats (which sort as integers do), then insertion.
    """
    n = 0
    for i in range(d.shape[0]):
        if d[i] > 0.0:
            up[n] = d[i]
            order[n] = i
            n += 1
    if n > FEW:
        bits = d.view(np.int64)
        low = bits[order[0]]
        high = low
        for i in range(n):
            key = bits[order[i]]
            low = min(low, key)
            high = max(high, key)
        shift = 0
        while (high - low) >> shift >= 1 << (2 * DIGIT):
            shift += 1
        mask = (1 << DIGIT) - 1
        for turn in range(2):
            source = order if turn == 0 else spare
            target = spare if turn == 0 else order
            drop = shift + turn * DIGIT
            counts[:] = 0
            for i in range(n):
                keys[i] = ((bits[source[i]] - low) >> drop) & mask
                counts[keys[i]] += 1
            place = 0
            for c in range(mask + 1):
                here = counts[c]
                counts[c] = place
                place += here
            for i in range(n):
                target[counts[keys[i]]] = source[i]
                counts[keys[i]] += 1
        for i in range(n):
            up[i] = d[order[i]]
    moves = 0
    for i in range(1, n):
        value = up[i]
        member = order[i]
        j = i
        while j > 0 and up[j - 1] > value:
            up[j] = up[j - 1]
            order[j] = order[j - 1]
            j -= 1
        up[j] = value
        order[j] = member
        moves += i - j
        if moves > 64 * n:  # claims all but equal beside one far off: the leading bits told nothing
            members = order[:n][np.argsort(up[:n], kind="mergesort")]
            for m in range(n):
                order[m] = members[m]
                up[m] = d[members[m]]
            return n
    return n


@compiled(EXACT)
def overlap_rows(endowment: Array, claims: Array, awards: Array) -> None:
    """Minimal overlap awards."""
    rows, members = claims.shape
    up = np.empty(members)
    keys = np.empty(members, np.int64)
    order = np.empty(members, np.int64)
    spare = np.empty(members, np.int64)
    counts = np.empty(1 << DIGIT, np.int64)
    for t in range(rows):
        d = claims[t]
        x = awards[t]
        n = sort_claims(d, keys, order, spare, counts, up)
        total = 0.0
        for k in range(n):
            total += up[k]
        e = endowment[t]
        if e >= total * PLENTY:
            x[:] = d
            continue
        x[:] = 0.0
        if e <= 0.0:
            continue
        cap = e
        extra = e > up[n - 1]
        if extra:
            cap = 0.0
            above = 0.0
            for k in range(n - 1, -1, -1):
                above += up[k]
                if k <= n - 2:
                    cap = max(cap, (above - e) / (n - k - 1))
        share = 0.0
        last = 0.0
        for k in range(n):
            t_k = min(up[k], cap)
            share += (t_k - last) / (n - k)
            last = t_k
            x[order[k]] = share + (up[k] - t_k if extra else 0.0)


@compiled(FAST_WITH_INFINITY)
def recursive_rows(endowment: Array, claims: Array, awards: Array) -> None:
    """Dominguez-Thomson awards: jump from one truncation of a claim to the next."""
    rows, members = claims.shape
    up = np.empty(members)
    keys = np.empty(members, np.int64)
    order = np.empty(members, np.int64)
    spare = np.empty(members, np.int64)
    counts = np.empty(1 << DIGIT, np.int64)
    prefix = np.empty(members + 1)
    for t in range(rows):
        d = claims[t]
        x = awards[t]
        n = sort_claims(d, keys, order, spare, counts, up)
        prefix[0] = 0.0
        for k in range(n):
            prefix[k + 1] = prefix[k] + up[k]
        e = endowment[t]
        x[:] = 0.0
        if e >= prefix[n] * PLENTY:
            x[:] = d
        elif n == 1:
            x[order[0]] = e
        elif e > 0.0:
            recursive_row(e, n, up, prefix, order, x)


@compiled(FAST_WITH_INFINITY)
def recursive_row(e: float, n: int, up: Array, prefix: Array, order: Whole, x: Array) -> None:
    """One problem with 0 < e < total and n >= 2 positive claims in ascending order."""
    log_q = np.log1p(-1.0 / n)
    scale = 1.0  # what is left of an untruncated claim, q to the power of the steps done
    received = 0.0  # by a member truncated since the start
    left = n  # untruncated: the smallest
    while True:
        while left > 0 and up[left - 1] * scale >= e:
            left -= 1
            x[order[left]] = up[left] * (1.0 - scale) - received
        k = n - left
        if left == 0:
            received += e / n
            break
        largest = up[left - 1] * scale
        open_ = prefix[left] * scale
        if k == 0:
            wait = np.log((open_ - e) / (open_ - largest)) / log_q
        elif k == 1:
            wait = (e - largest) * (n - 1.0) / open_
        else:
            rest = open_ / (k - 1.0)
            log_r = np.log1p(-k / n)
            wait = np.log((largest + rest) / (e + rest)) / (log_r - log_q)
        steps = max(1.0, np.ceil(wait * (1.0 - 1e-14)))
        gone = -np.expm1(steps * log_q)  # 1 - q^steps
        if k == 0:
            after = e - open_ * gone
        elif k == 1:
            after = (1.0 - gone) * (e - steps * open_ / (n - 1.0))
        else:
            after = (e + rest) * np.exp(steps * log_r) - rest * (1.0 - gone)
        after = min(max(after, 0.0), e)
        if k > 0:
            received += max(e - after - open_ * gone, 0.0) / k
        scale *= 1.0 - gone
        e = after
        if e <= 0.0:
            break
    for i in range(left):
        x[order[i]] = up[i] * (1.0 - scale)
    for i in range(left, n):
        x[order[i]] += received
