"""The compiled loops agree with slow, obvious, mostly rational computations that share no code with them."""

from fractions import Fraction
from itertools import pairwise, permutations

import numpy as np
import pytest

from evenwatt import claims
from evenwatt.claims import _kernels

TOLERANCE = 1e-9  # of the claims' sum


def equal_awards(endowment, asked):
    """Serve the smallest claims in full until the rest must share equally."""
    awards = {}
    left = endowment
    for place, i in enumerate(sorted(range(len(asked)), key=lambda i: asked[i])):
        awards[i] = min(asked[i], left / (len(asked) - place))
        left -= awards[i]
    return [awards[i] for i in range(len(asked))]


def equal_losses(endowment, asked):
    lost = equal_awards(sum(asked) - endowment, asked)
    return [d - x for d, x in zip(asked, lost, strict=True)]


def hinge(theta):
    def divide(endowment, asked):
        if endowment <= theta * sum(asked):
            return equal_awards(endowment, [theta * d for d in asked])
        lost = equal_awards(sum(asked) - endowment, [(1 - theta) * d for d in asked])
        return [d - x for d, x in zip(asked, lost, strict=True)]

    return divide


def halves(below, above):
    """A rule below half the claims, and half the claims plus a rule above."""

    def divide(endowment, asked):
        half = [d / 2 for d in asked]
        if endowment <= sum(half):
            return below(endowment, half)
        more = above(endowment - sum(half), half)
        return [h + x for h, x in zip(half, more, strict=True)]

    return divide


def egalitarian(endowment, asked):
    half = [d / 2 for d in asked]
    if endowment <= sum(half):
        return equal_awards(endowment, half)
    corners = sorted({*half, *asked})

    def given(level):
        return [max(h, min(d, level)) for h, d in zip(half, asked, strict=True)]

    above = next(level for level in corners if sum(given(level)) >= endowment)
    below = max((level for level in corners if sum(given(level)) <= endowment), default=Fraction(0))
    low, high = sum(given(below)), sum(given(above))
    return given(below if low == high else below + (above - below) * (endowment - low) / (high - low))


def proportional(endowment, asked):
    return [d * endowment / sum(asked) for d in asked]


def adjusted(endowment, asked):
    missing = sum(asked) - endowment
    rights = [max(d - missing, 0) for d in asked]
    rest = endowment - sum(rights)
    cut = [min(d - m, rest) for d, m in zip(asked, rights, strict=True)]
    return [m + (rest * c / sum(cut) if rest else 0) for m, c in zip(rights, cut, strict=True)]


def overlap(endowment, asked):
    if max(asked) >= endowment:
        cap = endowment
    else:
        corners = sorted({Fraction(0), *asked})

        def short(s):
            return sum(max(d - s, 0) for d in asked) - (endowment - s)

        # short falls, then rises at the end; its first zero lies in the first segment that crosses
        cap = Fraction(0)
        for a, b in pairwise(corners):
            if short(a) > 0 >= short(b):
                cap = a + (b - a) * short(a) / (short(a) - short(b))
                break
    levels = sorted({Fraction(0), *(min(d, cap) for d in asked)})
    awards = [d - min(d, cap) if max(asked) < endowment else Fraction(0) for d in asked]
    for a, b in pairwise(levels):
        those = [i for i, d in enumerate(asked) if min(d, cap) >= b]
        for i in those:
            awards[i] += (b - a) / len(those)
    return awards


def recursive(endowment, asked):
    d, e = np.array([float(v) for v in asked]), float(endowment)
    awards = np.zeros(d.size)
    while e > 1e-17 * d.sum() and e > 1e-15 * awards.sum():
        step = np.minimum(d, e) / d.size
        awards, d, e = awards + step, d - step, e - step.sum()
    return list(awards)


def arrival(endowment, asked):
    orders = list(permutations(range(len(asked))))
    awards = [Fraction(0)] * len(asked)
    for order in orders:
        left = endowment
        for i in order:
            awards[i] += min(asked[i], left)
            left -= min(asked[i], left)
    return [x / len(orders) for x in awards]


def centre(endowment, asked):
    """Inclusion-exclusion over the simplices cut off at the claims."""
    n = len(asked)
    volume, moments = Fraction(0), [Fraction(0)] * n
    for mask in range(1 << n):
        inside = [bool(mask >> i & 1) for i in range(n)]
        left = endowment - sum(d for d, is_in in zip(asked, inside, strict=True) if is_in)
        if left > 0:
            weight = (-1) ** sum(inside) * left ** (n - 1)
            volume += weight
            for i in range(n):
                moments[i] += weight * (left / n + (asked[i] if inside[i] else 0))
    return [m / volume for m in moments]


SLOW = {
    "pro": proportional,
    "apro": adjusted,
    "cea": equal_awards,
    "cel": equal_losses,
    "talmud": hinge(Fraction(1, 2)),
    "tal:theta=0.25": hinge(Fraction(1, 4)),
    "tal:theta=0.75": hinge(Fraction(3, 4)),
    "rtalmud": halves(equal_losses, equal_awards),
    "piniles": halves(equal_awards, equal_awards),
    "ce": egalitarian,
    "av": lambda e, d: [(a + b) / 2 for a, b in zip(equal_awards(e, d), equal_losses(e, d), strict=True)],
    "mo": overlap,
    "dt": recursive,
    "ra": arrival,
    "aa": centre,
}
MOST = {"ra": 6, "aa": 9, "dt": 40}


def oracle(name, endowment, asked):
    """Awards by the slow rule, conventions apart: plenty, nothing, members without a claim."""
    exact = [Fraction(float(d)) for d in asked]
    e = Fraction(float(endowment))
    if e >= sum(exact):
        return np.array(asked, dtype=float)
    real = [i for i, d in enumerate(exact) if d > 0]
    awards = np.zeros(len(exact))
    if e > 0:
        awards[real] = [float(x) for x in SLOW[name](e, [exact[i] for i in real])]
    return awards


def draw(rng, n):
    """Claims with ties, zeros, or twelve orders of magnitude, and an endowment at an awkward place."""
    kinds = [
        lambda: rng.gamma(1.0, size=n) * 10 + 0.1,
        lambda: rng.integers(0, 7, n).astype(float),
        lambda: 10 ** rng.uniform(-6, 6, n),
        lambda: rng.choice([1.0, 2, 10, 30], n) * rng.choice([1, 1, 1.5], n),
        lambda: 2.0 ** rng.permutation(max(n, 41))[:n],
    ]
    asked = kinds[rng.integers(len(kinds))]()
    total = asked.sum()
    near = [rng.uniform(0.02, 0.98) * total, total / 2, asked.max(), asked.min(), 0.0, total, total * 1.5]
    far = [rng.uniform(0, 0.02) * total, total * (1 - 10 ** -rng.uniform(1, 12))]
    return [*near, *far][rng.integers(9)], asked


def divide(text, endowment, asked):
    name, _, parameter = text.partition(":theta=")
    return claims.rule(name)(endowment, asked, **({"theta": float(parameter)} if parameter else {}))


@pytest.mark.parametrize("text", SLOW)
def test_rule_agrees_with_the_slow_one(text):
    rng = np.random.default_rng(7)
    for _ in range(120):
        endowment, asked = draw(rng, int(rng.integers(1, MOST.get(text, 45) + 1)))
        awards = divide(text, endowment, asked)
        gap = np.abs(awards - oracle(text, endowment, asked)).max()
        assert gap <= TOLERANCE * asked.sum(), (endowment, asked)


@pytest.mark.parametrize("text", SLOW)
def test_many_problems_at_once_are_the_same_as_one_by_one(text):
    rng = np.random.default_rng(11)
    for members in (1, 2, 6, 9):
        pairs = [draw(rng, members) for _ in range(45)]
        endowment = np.array([e for e, _ in pairs])
        asked = np.array([d for _, d in pairs])
        together = divide(text, endowment, asked)
        for row, (e, d) in zip(together, pairs, strict=True):
            np.testing.assert_allclose(row, divide(text, e, d), rtol=0, atol=1e-12 * d.sum())


@pytest.mark.parametrize("text", sorted(set(SLOW) - {"ra"}))
@pytest.mark.parametrize("members", [31, 32, 33, 200])
def test_awards_are_awards_for_many_members(text, members):
    rng = np.random.default_rng(members)
    pairs = [draw(rng, members) for _ in range(12)]
    endowment, asked = np.array([e for e, _ in pairs]), np.array([d for _, d in pairs])
    if text == "aa":  # a handful of giants beside many tiny claims takes the series seconds; tested apart
        asked = rng.gamma(1.0, size=asked.shape)
        endowment = rng.uniform(0, 1.2, 12) * asked.sum(axis=1)
    awards = divide(text, endowment, asked)
    total = asked.sum(axis=1)
    assert (awards >= 0).all()
    assert (awards <= asked * (1 + 1e-12)).all()
    assert (np.abs(awards.sum(axis=1) - np.minimum(endowment, total)) <= 1e-12 * total).all()


@pytest.mark.parametrize("form", [_kernels.TAL, _kernels.REVERSE_TALMUD, _kernels.PINILES, _kernels.AVERAGE])
def test_rows_and_lanes_are_two_ways_to_the_same_awards(form):
    rng = np.random.default_rng(5)
    for members in (1, 3, 40):
        asked = rng.gamma(1.0, size=(70, members)) * rng.integers(0, 2, (70, members))
        endowment = rng.uniform(0, 1.1, 70) * asked.sum(axis=1)
        by_row, by_lane = np.empty(asked.shape), np.empty(asked.shape)
        _kernels.level_rows(endowment, asked, by_row, form, 0.3)
        _kernels.level_blocks(endowment, asked, by_lane, form, 0.3)
        np.testing.assert_allclose(by_row, by_lane, rtol=0, atol=1e-12)


def test_weighted_rules_agree_with_a_search_for_the_level():
    rng = np.random.default_rng(3)
    for _ in range(60):
        endowment, asked = draw(rng, int(rng.integers(1, 12)))
        endowment = min(endowment, asked.sum())
        weights = 10 ** rng.uniform(-2, 2, asked.size)
        awards = claims.constrained_equal_awards(endowment, asked, weights=weights)
        open_ = awards < asked * (1 - 1e-12)
        levels = (awards / weights)[open_]
        assert abs(awards.sum() - endowment) <= 1e-12 * asked.sum()
        # Whoever is not served in full has risen to one level; the others met their claim below it.
        top = levels.max() if levels.size else np.inf
        assert (np.abs(levels - top) <= 1e-9 * top).all() or not levels.size
        assert (asked[~open_] <= weights[~open_] * top * (1 + 1e-9)).all()
        losses = asked - claims.constrained_equal_losses(endowment, asked, weights=weights)
        np.testing.assert_allclose(
            losses,
            claims.constrained_equal_awards(asked.sum() - endowment, asked, weights=weights),
            atol=1e-12 * asked.sum(),
        )
