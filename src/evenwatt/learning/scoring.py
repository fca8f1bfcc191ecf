"""The tables of an evaluation: regrets, paired differences and blocks, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evenwatt.audit.fairness import gini
from evenwatt.core.chance import stream
from evenwatt.learning.baselines import FORESIGHT
from evenwatt.learning.bootstrap import FEWEST_BLOCKS, Interval, block_starts, interval, resampled_sums
from evenwatt.learning.columns import Array
from evenwatt.learning.evaluation import Row, Score
from evenwatt.learning.history import History
from evenwatt.learning.walk import Fold, Index

DUST = 1e-6  # of perfect foresight's worth, to which bargains are solved [-]


class Draws:
    """Resampled sums of every rule's worth: the same intervals for all, so that differences are paired."""

    def __init__(self, scores: Sequence[Score], block: int, resamples: int, seed: int) -> None:
        self.block, self.resamples, self.seed = block, resamples, seed
        self.worth = {one.rule: one.worth for one in scores}
        self.sums = dict(zip(self.worth, self.resampled(list(self.worth.values())), strict=True))

    def resampled(self, series: list[Array]) -> Array:
        """Sums of some series over the resamples, (R, resamples)."""
        starts = block_starts(
            len(series[0]), self._block(series[0]), self.resamples, stream(self.seed, "blocks")
        )
        return resampled_sums(np.stack(series), starts, self._block(series[0]))

    def regret(self, worth: Array, best: Array) -> Interval:
        """Regret of a series of worths against the best there was."""
        mine, most = self.resampled([worth, best])
        return interval(float(1 - worth.sum() / best.sum()), 1 - _ratio(mine, most), self._blocks(worth))

    def difference(self, rule: str, against: str) -> Interval:
        """What a rule gains over another, as a share of perfect foresight's worth."""
        best = self.worth[FORESIGHT]
        value = float((self.worth[rule].sum() - self.worth[against].sum()) / best.sum())
        draws = _ratio(self.sums[rule] - self.sums[against], self.sums[FORESIGHT])
        # Two solvers of one bargain differ by dust, always in the same direction: that is no difference.
        if abs(value) < DUST and np.abs(draws).max(initial=0.0) < DUST:
            value, draws = 0.0, np.zeros_like(draws)
        return interval(value, draws, self._blocks(best))

    def _block(self, series: Array) -> int:
        return min(self.block, max(1, len(series) // FEWEST_BLOCKS))

    def _blocks(self, series: Array) -> float:
        return len(series) / self._block(series)


def _ratio(above: Array, below: Array) -> Array:
    """A ratio over resamples; those in which nothing could be won say nothing and count as 0."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def regret_rows(
    history: History,
    rows: Index,
    scores: Sequence[Score],
    draws: Draws,
    gains: Sequence[Row],
    wh_per_energy: float,
) -> tuple[Row, ...]:
    """Worth, regret, fairness, waste and temptation of each rule."""
    need = history.target("metered")[rows]
    best = scores[-1].worth
    found: list[Row] = []
    for one in scores:
        regret = draws.regret(one.worth, best)
        served = _satisfied(one.got, need)
        tempted = [
            float(row["gain_share"])
            for row in gains
            if row["rule"] == one.rule and row["gain_share"] is not None
        ]
        found.append(
            {
                "rule": one.rule,
                "title": one.title,
                "objective": float(one.worth.sum()),
                "regret": regret.value,
                "regret_low": regret.bounds[0],
                "regret_high": regret.bounds[1],
                "satisfaction_mean": float(served.mean()) if len(served) else None,
                "satisfaction_worst": float(served.min()) if len(served) else None,
                "gini": float(gini(served)) if len(served) else None,
                "wasted_wh": float(np.maximum(one.got - need, 0).sum() * wh_per_energy),
                "manipulation_gain": max(tempted, default=None),
                "seconds": one.seconds,
                "is_baseline": one.is_baseline,
            }
        )
    return tuple(found)


def _satisfied(got: Array, need: Array) -> Array:
    """Share of its need that each agent was given over all intervals; without agents that need nothing."""
    total = need.sum(axis=0)
    some = total > 0
    return np.asarray(np.minimum(got, need).sum(axis=0)[some] / total[some])


def paired_rows(scores: Sequence[Score], draws: Draws) -> tuple[Row, ...]:
    """Every rule against every baseline before it, foresight aside."""
    rows: list[Row] = []
    baselines = [one for one in scores if one.is_baseline and one.rule != FORESIGHT]
    rest = [one for one in scores if not one.is_baseline]
    for place, one in enumerate([*baselines, *rest]):
        for other in baselines[: min(place, len(baselines))]:
            gap = draws.difference(one.rule, other.rule)
            low, high = gap.bounds
            rows.append(
                {
                    "rule": one.rule, "against": other.rule, "difference": gap.value, "low": low, "high": high,
                    "verdict": gap.verdict,
                }
            )  # fmt: skip
    return tuple(rows)


def block_rows(history: History, cuts: Sequence[Fold], scores: Sequence[Score]) -> tuple[Row, ...]:
    """Regret of each rule in each block between two fits."""
    rows: list[Row] = []
    begun = 0
    for fold in cuts:
        part = slice(begun, begun + len(fold.test))
        best = float(scores[-1].worth[part].sum())
        first, last = (str(history.start[row]) for row in (fold.test[0], fold.test[-1]))
        for one in scores[:-1]:
            lost = 1 - float(one.worth[part].sum()) / best if best > 0 else None
            rows.append({"first": first, "last": last, "rule": one.rule, "regret": lost})
        begun = part.stop
    return tuple(rows)
