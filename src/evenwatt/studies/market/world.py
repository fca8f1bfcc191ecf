"""The market, step by step: all observe, all decide at once, then auctions, contracts, delivery and money follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import Keyed
from evenwatt.core.errors import ConservationError
from evenwatt.markets.ledger import Ledger
from evenwatt.policies.actions import Actions
from evenwatt.policies.feasible import feasible
from evenwatt.policies.policy import Policy
from evenwatt.policies.seen import ROLES, Observation
from evenwatt.studies.market import local, wholesale
from evenwatt.studies.market.collect import Steps, Totals
from evenwatt.studies.market.contracting import Contracting
from evenwatt.studies.market.feedback import learn
from evenwatt.studies.market.households import Homes, grouped
from evenwatt.studies.market.observe import Observer
from evenwatt.studies.market.regulation import Regulation
from evenwatt.studies.market.retail import in_force
from evenwatt.studies.market.setting import Population, Rules, Weather
from evenwatt.studies.market.settle import Settlement
from evenwatt.studies.market.state import WHOLE, State, first_state
from evenwatt.studies.market.step import Step

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Column = npt.NDArray[Any]
Progress = Callable[[int, int, str], None]
Watch = Callable[[Step], None]


class World:
    """A market in time: what there is, what changes, and one step after another.

    Parameters
    ----------
    people : Population
        Who there is.
    rules : Rules
        How the market is run.
    policies : mapping of str to Policy
        Who decides for each role; a role that is left out takes its default actions.
    seed : int
        Of everything drawn by chance.
    keep : bool
        Whether to keep every posting of the ledger until it is drained.
    contracts : Contracting, optional
        Contracts that run from the start.

    Attributes
    ----------
    state : State
        What changes from step to step.
    ledger : Ledger
        Who holds what money; agents have the numbers of ``Population.agents``.
    totals : Totals
        Sums over the run, by agent.
    clips : dict of (role, action) to int
        How often a policy asked for what was not feasible.

    Examples
    --------
    >>> from evenwatt.studies.market.sample import population, weather, first_rules
    >>> people = population(consumers=4, prosumers=2, producers=2, utilities=2, seed=1)
    >>> world = World(people, first_rules(), {}, seed=1)
    >>> steps = world.run(weather(people, days=1, seed=1))
    >>> bool(world.ledger.balance.sum() == 0)
    True
    """

    def __init__(
        self,
        people: Population,
        rules: Rules,
        policies: Mapping[str, Policy],
        seed: int,
        *,
        keep: bool = False,
        contracts: Contracting | None = None,
    ) -> None:
        self.people, self.rules, self.policies, self.seed = people, rules, dict(policies), seed
        h, p, u = people.households, people.producers, people.utilities
        opening = np.concatenate([h.cash_micro, p.cash_micro, u.cash_micro, [0]]).astype(np.int64)
        classes = {
            "consumers": h.consumers,
            "prosumers": len(h) - h.consumers,
            "producers": len(p),
            "utilities": len(u),
            "regulator": 1,
        }
        self.ledger = Ledger(len(opening), opening=opening, classes=classes, keep=keep)
        self.state: State = first_state(people, rules)
        self.totals = Totals.none(people)
        self.clips: dict[tuple[str, str], int] = {}
        self.examples: dict[tuple[str, str], tuple[str, str]] = {}
        self.changes: list[dict[str, Any]] = []
        self._homes, self._observer = Homes(people, rules), Observer(people, rules)
        self.contracts = contracts or Contracting(people, rules)
        self._regulation = Regulation(people, rules)
        self._settlement = Settlement(people, rules, self.ledger, self.totals, self.contracts)

    def run(self, weather: Weather, *, progress: Progress | None = None, watch: Watch | None = None) -> Steps:
        """Play a stretch of steps; it must begin where the last one ended.

        Parameters
        ----------
        weather : Weather
            What nobody decides.
        progress : callable, optional
            Told ``(done, total, what)``, once a day.
        watch : callable, optional
            Shown each :class:`Step` once it is settled.

        Raises
        ------
        ConservationError
            If a step created energy or money; names the step.
        ValueError
            If the stretch begins elsewhere.
        """
        if weather.first != self.state.step:
            raise ValueError(
                f"weather begins at step {weather.first}; the world is at step {self.state.step}"
            )
        steps = Steps(len(weather), weather.first)
        for row in range(len(weather)):
            done = self._step(weather, row)
            steps.write(row, done.told())
            if watch is not None:
                watch(done)
            if progress is not None and self.state.step % self.rules.steps_a_day == 0:
                progress(row + 1, len(weather), "market")
        return steps

    def memory(self) -> dict[str, Column]:
        """Everything that is needed to go on later, as arrays by name."""
        held = {f"state/{name}": values for name, values in self.state.columns().items()}
        held |= {f"ledger/{name}": values for name, values in self.ledger.state().items()}
        held |= {f"totals/{name}": values for name, values in self.totals.columns().items()}
        held |= {f"contracts/{name}": values for name, values in self.contracts.memory().items()}
        for role, policy in self.policies.items():
            held |= {f"policy/{role}/{name}": values for name, values in policy.remember().items()}
        held |= {f"clips/{role}/{action}": np.array(count) for (role, action), count in self.clips.items()}
        return held

    def recall(self, held: Mapping[str, Column]) -> None:
        """Go on from what :meth:`memory` gave of a world with the same people, rules and policies."""
        self.state.restore(_under(held, "state/"))
        self.ledger.restore(_under(held, "ledger/"))
        self.totals.restore(_under(held, "totals/"))
        self.contracts.recall(_under(held, "contracts/"))
        for role, policy in self.policies.items():
            policy.recall(_under(held, f"policy/{role}/"))
        self.clips = {}
        for name, count in _under(held, "clips/").items():
            role, _, action = name.partition("/")
            self.clips[role, action] = int(count)

    def _step(self, weather: Weather, row: int) -> Step:
        """One step: exogenous, observe, decide, clip, local, contracts, wholesale, deliver, settle, regulate."""
        state, rules, people = self.state, self.rules, self.people
        self.ledger.step, state.slot = state.step, weather.slot(row, rules.steps_a_day)
        self._grow()
        outside = float(weather.outside_per_mwh[row])
        load = weather.load_wh[row]
        pv = self._homes.generated(
            weather.pv_wh[row, people.households.consumers :], state.households.size, state.step
        )
        available = np.floor(
            people.producers.capacity_wh * (state.producers.size / WHOLE) * weather.availability[row]
        ).astype(np.int64)
        available = np.where(state.producers.active, available, 0)
        step = Step(state.step, outside, load, pv, available, state.public.instruments)
        self.contracts.begin(state, step)
        step.actions = self._decided(step)
        self.contracts.retail(state, step, self.seed)
        self._play_local(step)
        self._play_wholesale(step)
        self._settlement.settle(state, step)
        self.changes += self._regulation.settle(state, step, self.ledger, self.totals)
        self._settlement.gains(step)
        # Pledges are no gain and no loss: they come after.
        self.contracts.sign(state, step, self.ledger, self.seed)
        learn(state, step, people, rules, self.totals)
        self._check(step)
        state.step += 1
        return step

    def _decided(self, step: Step) -> dict[str, Actions]:
        """Every role decides on the same frozen state; what is not feasible is clipped and counted."""
        seen = self._observer.see(
            self.state, self.ledger.cash, step.load, step.pv, step.available, step.outside,
            self.contracts.seen(self.state, step), int(self.ledger.balance[self.ledger.account("fund")]),
        )  # fmt: skip
        step.seen = seen
        return {role: self._of(role, seen[role]) for role in ROLES}

    def _of(self, role: str, seen: Observation) -> Actions:
        policy = self.policies.get(role)
        asked = (
            policy.decide(seen, Keyed(self.seed, f"policy {role}", seen.step)) if policy and len(seen) else {}
        )
        actions, clips = feasible(seen, asked)
        for name, count in clips.counts.items():
            self.clips[role, name] = self.clips.get((role, name), 0) + count
            clip = clips.fields[name]
            self.examples.setdefault((role, name), (str(clip.asked), str(clip.used)))
        return actions

    def _play_local(self, step: Step) -> None:
        state, acts = self.state, step.actions
        consumer, prosumer = acts["consumer"], acts["prosumer"]
        cash = self.ledger.balance[: len(self.people.households)]
        step.placed = self._homes.placed(state, step.load, step.pv, cash, consumer, prosumer)
        step.local = local.trade(
            step.placed, self._homes, self.rules, state, self.seed, (consumer["sellers"], prosumer["sellers"])
        )
        self.totals.violations += local.irrational(step.placed.orders, step.local.clearing)
        # One more tariff for those whom nobody serves: -1 reads it.
        tariffs = np.append(in_force(self.people, self.rules, state), np.nan)
        answer = step.local.clearing
        step.left = self._homes.left(
            step.placed, answer.fills, answer.payments, cash,
            np.concatenate([consumer["source"], prosumer["source"]]), tariffs[state.households.utility],
        )  # fmt: skip
        step.tariffs = tariffs

    def _play_wholesale(self, step: Step) -> None:
        """Utilities buy what they expected to need; what they really needed is balanced afterwards."""
        state, people, rules = self.state, self.people, self.rules
        utilities, contracts = len(people.utilities), step.contracts
        step.move_utility_batteries(people, state)
        expected = step.seen["utility"]["forecast_wh"] + step.utility_charge
        wanted = np.where(state.utilities.active, np.maximum(expected - contracts.bought, 0), 0)
        carbon = state.public.instruments.carbon_per_t
        cost = people.producers.cost_per_mwh + carbon * people.producers.emission_t_per_mwh
        step.cost = cost
        step.market = wholesale.traded(
            people, rules, state.public.instruments, step=step.number, seed=self.seed,
            utility=step.actions["utility"], producer=step.actions["producer"], wanted=wanted,
            free=step.available - contracts.generated, cost=cost, outside=step.outside, cash=self.ledger.cash,
            near=state.public.wholesale, allowed=self._regulation.allowed(state, cost),
        )  # fmt: skip
        step.needed = grouped(state.households.utility, step.left.retail, utilities)
        step.fed = grouped(state.households.utility, step.left.fed, utilities)
        self._deliver(step)

    def _deliver(self, step: Step) -> None:
        state, rules = self.state, self.rules
        charge = step.utility_charge
        need = step.needed + np.maximum(charge, 0)
        have = step.market.bought + step.contracts.bought + step.fed + np.maximum(-charge, 0)
        short = int(need.sum() + step.contracts.lacking.sum() - have.sum())
        if short > rules.import_limit_wh - step.market.imported and (charge > 0).any():
            # Nobody charges a battery while loads are shed.
            step.undo_utility_charging()
            need = step.needed.copy()
        step.delivered = wholesale.delivered(
            rules, need, have, step.contracts.lacking, market=step.market, outside=step.outside,
            idle=step.market.idle, cost=step.cost, divide=self._settlement.share,
        )  # fmt: skip
        self._settlement.shed(state, step)
        self._homes.uncharge(state.households.stored_wh, step.placed, step.left, step.shed)

    def _grow(self) -> None:
        """Upgrades whose time has come begin to work."""
        for part in (self.state.households, self.state.producers):
            due = part.grows_at == self.state.step
            if due.any():
                part.size[due] += WHOLE // 10
                part.upgrades[due] += 1
                part.grows_at[due] = -1

    def _check(self, step: Step) -> None:
        """Raise where a step made or lost energy or money."""
        made, used = step.energy()
        if made != used:
            raise ConservationError(f"step {step.number}: {made} Wh came in and {used} Wh went out")
        total = int(self.ledger.balance.sum())
        if total:
            raise ConservationError(f"step {step.number}: balances sum to {total} micro-units")
        if len(self.ledger.cash) and int(self.ledger.cash.min()) < 0:
            poor = np.flatnonzero(self.ledger.cash < 0)[:5]
            held = self.ledger.cash[poor].tolist()
            raise ConservationError(f"step {step.number}: agents {poor.tolist()} hold {held} micro-units")


def _under(held: Mapping[str, Column], start: str) -> dict[str, Column]:
    return {name[len(start) :]: values for name, values in held.items() if name.startswith(start)}
