"""A market that stops in each step between seeing and deciding, so that somebody outside can decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Thread

from evenwatt.policies.actions import Actions
from evenwatt.policies.policy import Policy
from evenwatt.policies.scripted import SCRIPTED
from evenwatt.studies.market.setting import Population, Rules, Weather
from evenwatt.studies.market.step import Step
from evenwatt.studies.market.world import World


@dataclass(frozen=True)
class Game:
    """A market that is about to begin.

    Attributes
    ----------
    people, rules, weather : Population, Rules, Weather
        What is played.
    policies : mapping of str to Policy
        Who decides for those who do not learn, and all that learners leave open.
    """

    people: Population
    rules: Rules
    weather: Weather
    policies: Mapping[str, Policy] = field(
        default_factory=lambda: {role: make() for role, make in SCRIPTED.items()}
    )


def drawn(
    *,
    consumers: int = 60,
    prosumers: int = 30,
    producers: int = 7,
    utilities: int = 3,
    days: int = 1,
    scenario: int = 1,
) -> Callable[[int], Game]:
    """Games of these sizes, another for each seed.

    Examples
    --------
    >>> len(drawn(consumers=3, prosumers=1)(7).people.households)
    4
    """

    def make(seed: int) -> Game:
        from evenwatt.studies.market.sample import first_rules, population, weather

        people = population(
            consumers=consumers, prosumers=prosumers, producers=producers, utilities=utilities, seed=seed
        )
        return Game(people, first_rules(scenario=scenario), weather(people, days=days, seed=seed))

    return make


class Asking(World):
    """A world that calls ``ask`` in each step, once everybody has seen and the policies have decided for all."""

    ask: Callable[[Step], None]

    def _decided(self, step: Step) -> dict[str, Actions]:
        step.actions = super()._decided(step)
        self.ask(step)
        return step.actions


class Episode:
    """A game being played that waits in each step for somebody outside.

    The world is played in a thread of its own, so that it stops in the middle of a step; either it or the caller
    runs, never both, and the order of things is that of any other run.

    Parameters
    ----------
    game : Game
        What is played.
    seed : int
        Of everything drawn by chance.

    Attributes
    ----------
    world : World
        Between two decisions; not to be played by anybody else.
    waiting : Step or None
        The step that waits, with ``seen`` and ``actions``, which may be changed; None once the weather ended.
    settled : Step or None
        The last one that is done.
    """

    def __init__(self, game: Game, seed: int) -> None:
        self.world = Asking(game.people, game.rules, game.policies, seed)
        self.world.ask = self._wait
        self.weather = game.weather
        self.waiting: Step | None = None
        self.settled: Step | None = None
        self._told: SimpleQueue[Step | BaseException | None] = SimpleQueue()
        self._go: SimpleQueue[bool] = SimpleQueue()
        self._thread = Thread(target=self._play, name="evenwatt-episode", daemon=True)
        self._thread.start()
        self._next()

    def go_on(self) -> None:
        """Play the rest of the step that waits, and the next one up to where it waits."""
        self._go.put(True)
        self._next()

    def close(self) -> None:
        """Give up an episode that waits."""
        if self._thread.is_alive():
            self._go.put(False)
            self._thread.join()
        self.waiting = None

    def _next(self) -> None:
        told = self._told.get()
        if isinstance(told, BaseException):
            self.waiting = None
            raise told
        self.waiting = told

    def _play(self) -> None:
        try:
            self.world.run(self.weather, watch=self._settle)
        except _GivenUp:
            return
        except BaseException as error:
            self._told.put(error)
        else:
            self._told.put(None)

    def _settle(self, step: Step) -> None:
        self.settled = step

    def _wait(self, step: Step) -> None:
        self._told.put(step)
        if not self._go.get():
            raise _GivenUp


class _GivenUp(Exception):
    """Nobody waits for the rest of the episode."""
