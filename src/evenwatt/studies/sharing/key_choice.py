"""What other keys over the same links could have shared: the last step of a run's waterfall."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from evenwatt.sharing import search
from evenwatt.sharing.keys import certified
from evenwatt.sharing.plan import Plan
from evenwatt.studies.sharing import better
from evenwatt.studies.sharing.config import SharingConfig
from evenwatt.studies.sharing.losses import STAGES
from evenwatt.studies.sharing.period import Period
from evenwatt.studies.sharing.readings import Readings, readings
from evenwatt.studies.sharing.regime import Regime
from evenwatt.studies.story import Work

Row = dict[str, Any]

MOST_CELLS = (
    5_000_000  # intervals x links, beyond which a look at other keys takes longer than the run itself
)
TRIED = 1_000  # keys under the rule; `evenwatt optimise` tries more, and other links
TITLES = {
    "ideal": STAGES["ideal"],
    "links": STAGES["links"],
    "keys": "Best fixed keys, endless rounds",
    "rounds": "In the rounds of the rule",
    "floor": "Rounded down",
    "current": "By the case's own keys: shared",
}


def waterfall(work: Work, period: Period) -> list[Row] | None:
    """From the ideal to the case's own keys; None where keys or members change, are none, or are too many.

    Stages that a short search found say so; the last is what was shared.
    """
    config = work.case.config
    assert isinstance(config, SharingConfig)
    if not _is_steady(period) or not period.ideal:
        return None
    held = readings(work, period.group, period.sides)
    linked = replace(held, links=held.links & (held.priority > 0))
    if not 0 < int(linked.links.sum()) * len(held.supply) <= MOST_CELLS:
        return None
    quick = config.optimise.model_copy(update={"method": "hill-climbing", "max_evaluations": TRIED})
    found = _found(linked, period.group.regime, config.seed)
    rows = better.losses(
        linked, period.group.regime, found, config.model_copy(update={"optimise": quick}), work.progress
    )
    # Where the rule rounds otherwise than keys of pairs do, the steps would not end at what was shared.
    if rows[-1]["wh"] != period.shared:
        return None
    return [{**row, "title": TITLES[row["stage"]]} for row in rows]


def _found(held: Readings, regime: Regime, seed: int) -> Plan:
    """The best of certified keys for one round, keys by demand and the case's own, and a short climb from there."""
    most = max(int((held.priority > 0).sum(axis=0).max()), 1)
    one_round = certified(held.supply, held.demand, links=held.links)
    found = search.run(
        "hill-climbing",
        held.supply,
        held.demand,
        [
            search.from_weights(held.supply, one_round.weights, max_links=most),
            search.proportional(held.supply, held.demand, links=held.links, max_links=most),
            (held.keys, held.priority),
        ],
        rounds=regime.rounds,
        quantum=regime.quantum,
        links=held.links,
        max_links=most,
        rng=seed,
        max_evaluations=TRIED,
    )
    return Plan(found.keys, found.priority)


def _is_steady(period: Period) -> bool:
    """Whether the same fixed keys hold between the same people on every day."""
    regime, group = period.group.regime, period.group
    if regime.kind not in ("pairs", "pool") or not regime.is_fixed or not group.keys:
        return False
    days = [np.datetime64(tally.day) for tally in period.tallies]
    return not any(days[0] < np.datetime64(change) <= days[-1] for change in group.changes)
