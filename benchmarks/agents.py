"""A market of many agents: steps a second, in columns and agent by agent, after both gave the same market.

``python benchmarks/agents.py [same] [speed] [large] [profile]``; all parts but the last without an argument, other
sizes by ``same=1000 speed=1000,10000 large=100000 profile=10000``. The model of the same rules written agent by agent
is ``per_agent_market.py``, with its traders and its auction; it needs ``evenwatt[mesa]`` and is skipped by name
without. Times are the least of several short stretches of quarter-hours of one day, compile time excluded.
"""

from __future__ import annotations

import importlib.util
import resource
import sys
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter, process_time
from typing import Any

import numpy as np

from evenwatt.policies.scripted import SCRIPTED
from evenwatt.studies.market.sample import first_rules, population, weather
from evenwatt.studies.market.setting import Population, Rules, Weather
from evenwatt.studies.market.world import World

CONSUMERS = 0.6  # of the households; the rest have roofs
HOMES_A_NODE = 250
SEED = 1
LAST = 94  # at step 95 contracts are signed, which the model agent by agent leaves out
TAKE = 12  # steps of a stretch that is timed, from noon
NOON = 46


def main() -> None:
    """Run the parts asked for."""
    parts: dict[str, Callable[[str], None]] = {
        "same": _same, "speed": _speed, "large": _large, "profile": _profile,
    }  # fmt: skip
    asked = dict(word.partition("=")[::2] for word in sys.argv[1:]) or {"same": "", "speed": "", "large": ""}
    for name, sizes in asked.items():
        parts[name](sizes)


def drawn(agents: int) -> tuple[Population, Rules, Weather]:
    """A market of so many households, seven stations and three utilities."""
    consumers = round(agents * CONSUMERS)
    people = population(
        consumers=consumers, prosumers=agents - consumers, producers=7, utilities=3, seed=SEED
    )
    homes = replace(people.households, node=np.arange(agents) // HOMES_A_NODE)
    return replace(people, households=homes), first_rules(), weather(people, days=1, seed=SEED)


def columns(people: Population, rules: Rules, sky: Weather) -> Any:
    """Ours behind Mesa, with the same data collected of every agent."""
    from evenwatt.studies.market.mesa_model import WorldModel

    return WorldModel(_world(people, rules), sky)


def _world(people: Population, rules: Rules) -> World:
    return World(people, rules, {role: make() for role, make in SCRIPTED.items()}, SEED)


def _peer() -> bool:
    found = importlib.util.find_spec("mesa") is not None
    if not found:
        print('\nagent by agent: skipped, mesa is not installed: pip install "evenwatt[mesa]"')
    return found


def _sizes(text: str, usual: str) -> list[int]:
    return [int(size) for size in (text or usual).split(",")]


def _same(text: str) -> None:
    """Every step of a day: local price and volume, wholesale price and volume, and everybody's money."""
    if not _peer():
        return
    from per_agent_market import PerAgentMarket

    print("\n### The same market\n\n| households | steps | local trade, MWh | largest difference of |")
    print("| | | | a price | a volume, Wh | anybody's money, micro-units |\n|---|---|---|---|---|---|")
    for agents in _sizes(text, "1000"):
        people, rules, sky = drawn(agents)
        ours, theirs = columns(people, rules, sky), PerAgentMarket(people, rules, sky, SEED, collect=False)
        off, traded = np.zeros(3), 0
        for _ in range(LAST + 1):
            ours.step()
            theirs.step()
            off = np.maximum(off, _differences(ours, theirs))
            traded += theirs.local_volume
        print(
            f"| {agents:,} | {LAST + 1} | {traded / 1e6:.1f} | {off[0]:.3g} | {off[1]:.0f} | {off[2]:.0f} |"
        )
        if off.any():
            raise SystemExit("the two models differ: nothing is timed")


def _differences(ours: Any, theirs: Any) -> list[float]:
    prices = [(ours.local_price, theirs.local_price), (ours.wholesale_price, theirs.price)]
    volumes = [(ours.local_volume, theirs.local_volume)]
    cash = [agent.cash for agent in (*theirs.homes, *theirs.stations, *theirs.companies)]
    return [
        max(0.0 if np.isnan(a) and np.isnan(b) else np.nan_to_num(abs(a - b), nan=np.inf) for a, b in prices),
        max(abs(a - b) for a, b in volumes),
        float(np.abs(ours.world.ledger.cash[:-1] - cash).max(initial=0)),
    ]


def _speed(text: str) -> None:
    """Steps a second of both, Profit and Resources of all agents collected in every step."""
    print("\n### Steps a second, with data of every agent collected\n")
    print(
        "| households | columns | processor | agent by agent | processor | times as fast |\n|---|---|---|---|---|---|"
    )
    peer = _peer()
    for agents in _sizes(text, "1000,10000"):
        setting = drawn(agents)
        ours = _timed(columns(*setting), stretches=4, steps=TAKE)
        if not peer:
            print(f"| {agents:,} | {1 / ours[0]:,.1f} | {1 / ours[1]:,.1f} | skipped | - | - |")
            continue
        from per_agent_market import PerAgentMarket

        steps = max(1, min(TAKE, 20_000 // agents))
        theirs = _timed(PerAgentMarket(*setting, SEED), stretches=3, steps=steps)
        print(
            f"| {agents:,} | {1 / ours[0]:,.1f} | {1 / ours[1]:,.1f} | {1 / theirs[0]:,.2f} | {1 / theirs[1]:,.2f} | "
            f"{theirs[0] / ours[0]:,.0f} |"
        )


def _timed(model: Any, *, stretches: int, steps: int) -> tuple[float, float]:
    """Least wall and processor seconds a step, around noon."""
    while model.steps < NOON:
        model.step()
    wall, spent = [], []
    for _ in range(stretches):
        began, busy = perf_counter(), process_time()
        for _ in range(steps):
            model.step()
        wall.append((perf_counter() - began) / steps)
        spent.append((process_time() - busy) / steps)
    return min(wall), min(spent)


def _large(text: str) -> None:
    """Ours alone, without and with data of every agent."""
    print(
        "\n### Large markets\n\n| households | ms a step, the world | processor | collected | processor | peak memory |"
    )
    print("|---|---|---|---|---|---|")
    for agents in _sizes(text, "100000"):
        setting = drawn(agents)
        alone = _timed(_Bare(*setting), stretches=4, steps=TAKE)
        told = f"| {agents:,} | {1e3 * alone[0]:.2f} | {1e3 * alone[1]:.2f} |"
        if importlib.util.find_spec("mesa"):
            model = _timed(columns(*setting), stretches=4, steps=TAKE)
            told += f" {1e3 * model[0]:.2f} | {1e3 * model[1]:.2f} |"
        else:
            told += " skipped | - |"
        print(f"{told} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB |")


class _Bare:
    """The world alone, step by step."""

    def __init__(self, people: Population, rules: Rules, sky: Weather) -> None:
        self.world, self.sky, self.steps = _world(people, rules), sky, 0

    def step(self) -> None:
        part, sky = slice(self.steps, self.steps + 1), self.sky
        self.world.run(
            Weather(
                sky.load_wh[part],
                sky.pv_wh[part],
                sky.availability[part],
                sky.outside_per_mwh[part],
                self.steps,
            )
        )
        self.steps += 1


def _profile(text: str) -> None:
    """Where the time of a step goes."""
    import cProfile
    import pstats

    for agents in _sizes(text, "10000"):
        model = _Bare(*drawn(agents))
        while model.steps < NOON:
            model.step()
        watched = cProfile.Profile()
        watched.enable()
        for _ in range(2 * TAKE):
            model.step()
        watched.disable()
        print(f"\n### {agents:,} households, {2 * TAKE} steps")
        pstats.Stats(watched).sort_stats("tottime").print_stats(25)
        pstats.Stats(watched).sort_stats("cumulative").print_stats(45)


if __name__ == "__main__":
    main()
