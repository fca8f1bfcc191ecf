"""Did learning help: every rule on the same unseen intervals, beside the rules it has to beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np

from evenwatt.core.errors import ProblemError
from evenwatt.learning.allocator import Allocator, Progress
from evenwatt.learning.baselines import BASELINES, FORESIGHT, MANDATORY, foresight
from evenwatt.learning.bootstrap import RESAMPLES, block_length
from evenwatt.learning.columns import Array
from evenwatt.learning.evaluation import Evaluation, Row, Score
from evenwatt.learning.history import History
from evenwatt.learning.manipulation import long_run_gain, rule_gains
from evenwatt.learning.scoring import Draws, block_rows, paired_rows, regret_rows
from evenwatt.learning.walk import Fold, Index, Walked, folds, walk
from evenwatt.learning.welfare import Welfare


def evaluate(
    history: History,
    rules: Sequence[Allocator],
    *,
    first: int | None = None,
    blocks: int = 3,
    gap: int | None = None,
    objective: Welfare | None = None,
    curve: Sequence[int] = (),
    manipulation: bool = True,
    long_run: bool = False,
    wh_per_energy: float = 1.0,
    resamples: int = RESAMPLES,
    seed: int = 0,
    clock: Callable[[], float] = perf_counter,
    progress: Progress | None = None,
) -> Evaluation:
    """Walk forward through a history with every rule and compare what they were worth.

    Parameters
    ----------
    history : History
        Plain, with ``metered``; rules see only what was known at each gate.
    rules : sequence of Allocator
        All of :func:`evenwatt.learning.baselines.mandatory`, and those to be compared with them.
    first, blocks, gap
        As in :func:`evenwatt.learning.walk.folds`.
    objective : Welfare, optional
        What an allocation is worth; the note's by default.
    curve : sequence of int
        Numbers of past rows to learn from: the learning curve of the rules that learn, on the last block.
    manipulation, long_run : bool
        Whether to look for what agents would gain by claiming falsely, and for what is left of it once rules
        have learned from it (every rule is then fitted anew for every agent).
    wh_per_energy : float
        Watt-hours in one unit of the history's energy [Wh].
    resamples : int
        Of the bootstrap.
    seed : int
        Same seed, same result; but for the seconds.
    clock : callable
        Seconds; only ``seconds`` depends on it.
    progress : callable, optional
        Told what is done.

    Returns
    -------
    Evaluation

    Raises
    ------
    ProblemError
        If a mandatory baseline is missing, a name appears twice, or the history is too short.
    """
    _refuse_gaps(rules)
    judge = Welfare() if objective is None else objective
    cuts = folds(history, first=first, blocks=blocks, gap=gap)
    rows = np.concatenate([fold.test for fold in cuts])
    reference = _reference(history, rows, judge, clock)
    best = reference.worth
    if not best.sum() > 0:
        raise ProblemError(
            f"perfect foresight is worth {best.sum():.6g} over the {len(rows)} test intervals; regret needs a "
            "worth above 0: there may be nothing to sell in them, or costs above what agents are willing to pay"
        )
    walked = walk(history, rules, cuts, seed=seed, clock=clock, progress=progress)
    scores = (*(_score(history, rows, rule, walked[rule.name], judge) for rule in rules), reference)
    lost = np.stack([best - one.worth for one in scores])
    block = block_length(lost, history.seconds)
    draws = Draws(scores, block, resamples, seed)
    gains = _manipulated(history, rules, walked, cuts[-1], long_run, seed) if manipulation else ()
    return Evaluation(
        start=history.start[rows],
        need=history.target("metered")[rows],
        scores=scores,
        block=block,
        regret=regret_rows(history, rows, scores, draws, gains, wh_per_energy),
        paired=paired_rows(scores, draws),
        learning_curve=_curve_rows(history, rules, cuts[-1], curve, judge, draws, seed, clock, progress),
        blocks=block_rows(history, cuts, scores),
        manipulation=gains,
    )


def _refuse_gaps(rules: Sequence[Allocator]) -> None:
    names = [rule.name for rule in rules]
    missing = [name for name in MANDATORY if name not in names]
    if missing:
        raise ProblemError(
            f"evaluate: the mandatory baselines {', '.join(missing)} are missing; a table without them proves "
            "nothing: add those of `evenwatt.learning.mandatory()`"
        )
    twice = sorted({name for name in names if names.count(name) > 1 or name == FORESIGHT})
    if twice:
        raise ProblemError(f"evaluate: two rules are named {', '.join(twice)}; rename one of each")


def _score(history: History, rows: Index, rule: Allocator, walked: Walked, judge: Welfare) -> Score:
    return Score(
        rule.name,
        rule.title,
        _worth(history, rows, walked.flows, judge),
        walked.flows.sum(axis=1),
        walked.weights,
        walked.seconds,
        rule.name in BASELINES,
    )


def _worth(history: History, rows: Index, flows: Array, judge: Welfare) -> Array:
    """Welfare of each row, by what the meters said."""
    part = history.rows(rows)
    return judge.value(flows, part.target("metered"), part["cost"], part["willingness"])


def _reference(history: History, rows: Index, judge: Welfare, clock: Callable[[], float]) -> Score:
    foresight(history.rows(rows[:1]))  # compiles what is compiled on first use, which no rule should pay for
    begun = clock()
    best = foresight(history.rows(rows))
    worth = _worth(history, rows, best.flows, judge)
    title = "Perfect foresight"
    return Score(FORESIGHT, title, worth, best.flows.sum(axis=1), best.weights, clock() - begun, True)


def _curve_rows(
    history: History,
    rules: Sequence[Allocator],
    fold: Fold,
    curve: Sequence[int],
    judge: Welfare,
    draws: Draws,
    seed: int,
    clock: Callable[[], float],
    progress: Progress | None,
) -> tuple[Row, ...]:
    """Regret on the last block after learning from only so many rows before it."""
    learning = [rule for rule in rules if rule.learns]
    best = draws.worth[FORESIGHT][-len(fold.test) :]
    rows: list[Row] = []
    for length in sorted({min(int(length), fold.past) for length in curve if length > 0}):
        # Whoever learns from less also remembers less: the rows before are gone, not only left out of fits.
        begun = fold.past - length
        part = history.rows(slice(begun, None))
        cut = replace(fold, past=length, test=fold.test - begun)
        walked = walk(part, learning, [cut], seed=seed, clock=clock, progress=progress)
        for rule in learning:
            worth = _worth(history, fold.test, walked[rule.name].flows, judge)
            regret = draws.regret(worth, best)
            low, high = regret.bounds
            rows.append({"rule": rule.name, "rows": length, "regret": regret.value, "low": low, "high": high})
    return tuple(rows)


def _manipulated(
    history: History,
    rules: Sequence[Allocator],
    walked: Mapping[str, Walked],
    fold: Fold,
    long_run: bool,
    seed: int,
) -> tuple[Row, ...]:
    """What each agent would gain under each rule, on the last block."""
    rows: list[Row] = []
    for rule in rules:
        gains = rule_gains(walked[rule.name].fitted, history, fold.test)
        for agent, name in enumerate(history.agents):
            share = float(gains.share[agent])
            tried = not np.isnan(share)
            later: float | None = None
            if long_run and share > 0:
                factor = float(gains.factor[agent])
                later = long_run_gain(rule, history, fold, agent, factor, seed=seed) if rule.learns else share
            rows.append(
                {
                    "rule": rule.name, "agent": name, "factor": float(gains.factor[agent]) if tried else None,
                    "gain_share": share if tried else None, "long_run_gain_share": later,
                }
            )  # fmt: skip
    return tuple(rows)
