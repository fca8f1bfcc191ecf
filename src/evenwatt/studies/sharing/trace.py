"""The rounds rule for one interval, told step by step: what was asked of whom, what it offered, what was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evenwatt.sharing.problem import GRID
from evenwatt.studies.sharing.keys import KeyRow

MOST_ROUNDS = 1_000  # told of rounds without limit; by then steps of a Wh are long over


@dataclass(frozen=True)
class Step:
    """One consumer asking one producer in one round.

    Attributes
    ----------
    key : int
        [1/10,000]
    left : int
        What the producer had when the round began [Wh].
    offered : int
        Key times that, before rounding [Wh, rounded down to whole ones].
    wanted : int
        What the consumer still wanted [Wh].
    wh : int
        What it got: the smaller of the two, rounded down to the step of the rule [Wh].
    """

    round: int
    consumer: str
    producer: str
    priority: int
    key: int
    left: int
    offered: int
    wanted: int
    wh: int


def trace(
    supply: Mapping[str, int],
    demand: Mapping[str, int],
    rows: Sequence[KeyRow],
    *,
    rounds: int | None,
    quantum: int,
) -> list[Step]:
    """Every step of one interval in which somebody still wanted something of somebody who had something.

    Examples
    --------
    >>> rows = [KeyRow("anna", "roof", 5000, 1), KeyRow("bert", "roof", 3000, 1)]
    >>> told = trace({"roof": 1000}, {"anna": 400, "bert": 900}, rows, rounds=2, quantum=10)
    >>> [(step.round, step.consumer, step.offered, step.wh) for step in told]
    [(1, 'anna', 500, 400), (1, 'bert', 300, 300), (2, 'bert', 90, 90)]

    Source: decree 408/2015 Sb., annex 25.
    """
    left, want = dict(supply), dict(demand)
    asked = [row for row in rows if row.priority and row.producer in left and row.consumer in want]
    order = sorted(asked, key=lambda row: -row.priority)
    steps: list[Step] = []
    for number in range(1, (MOST_ROUNDS if rounds is None else rounds) + 1):
        given = dict.fromkeys(left, 0)
        for row in order:
            offered = row.key * left[row.producer] // GRID
            wanted = want[row.consumer]
            if not wanted or not left[row.producer]:
                continue
            wh = min(wanted, offered) // quantum * quantum
            want[row.consumer] -= wh
            given[row.producer] += wh
            steps.append(
                Step(
                    number,
                    row.consumer,
                    row.producer,
                    row.priority,
                    row.key,
                    left[row.producer],
                    offered,
                    wanted,
                    wh,
                )
            )
        left = {name: wh - given[name] for name, wh in left.items()}
        if not any(given.values()):
            break
    return steps
