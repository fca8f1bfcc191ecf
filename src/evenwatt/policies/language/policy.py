"""Decides by a language model: few questions, every answer checked, and a rule for whatever goes wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import Keyed
from evenwatt.core.errors import ProblemError, gather
from evenwatt.policies.actions import Actions
from evenwatt.policies.kept import Kept
from evenwatt.policies.language.archetypes import Archetype, archetypes
from evenwatt.policies.language.asking import Asker
from evenwatt.policies.language.budget import Spent
from evenwatt.policies.language.health import Health
from evenwatt.policies.language.ladder import Clip, Decision, Feasible, Invalid, decisions
from evenwatt.policies.language.prompt import MOST_HISTORY, TEMPLATE, again, messages, moment, offers
from evenwatt.policies.language.request import Answer, Message, Request
from evenwatt.policies.language.schema import LONGEST_HORIZON, fields, schema
from evenwatt.policies.language.strategy import carried_out, starts, written
from evenwatt.policies.policy import Policy
from evenwatt.policies.reading import figure, own
from evenwatt.policies.seen import Observation

Column = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]
REVIEWS = 4  # a horizon has as many moments at which strategies may be renewed
_LEAST_PRICE = 10.0  # currency per MWh; near zero a band relative to the price would be no band


@dataclass(frozen=True)
class Sampling:
    """How the model answers; part of every request's key.

    Attributes
    ----------
    model : str
        As its server names it.
    temperature, top_p : float
        Of sampling.
    max_tokens : int
        Longest answer.
    seed : int
        Asked of the server.
    """

    model: str
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 400
    seed: int = 0


@dataclass
class LanguagePolicy:
    """A model gives strategies, which are carried out every step until they run out.

    Agents in the same situation share a question. An answer that cannot be used is asked for once more, with what was
    wrong; then, as for every question without an answer, the rule decides until the next review.

    Parameters
    ----------
    role : str
        Whose decisions.
    asker : Asker
        The model, its budget and its recordings; roles may share one.
    rule : Policy
        Decides where the model does not.
    sampling : Sampling
        How the model answers.
    horizon_steps : int
        Longest that a strategy holds, 1 to 96 [steps]. There are four reviews in it, at which strategies that ran out
        are renewed: between reviews nobody asks, save who is new.
    band : float
        A strategy is renewed at a review before it runs out when the price has moved by more than this share [-].
    most_groups : int
        The most situations that are told apart at a review.
    together : int
        How many situations one question is about.

    Raises
    ------
    ProblemError
        Naming every setting that cannot be used.
    """

    role: str
    asker: Asker
    rule: Policy
    sampling: Sampling
    horizon_steps: int = 24
    band: float = 0.5
    most_groups: int = 32
    together: int = 1
    name: str = field(default="language", init=False)

    def __post_init__(self) -> None:
        with gather(f"language policy of {self.role}", ProblemError) as faults:
            if not 1 <= self.horizon_steps <= LONGEST_HORIZON:
                faults.append(f"horizon_steps is {self.horizon_steps}; expected 1 to {LONGEST_HORIZON}")
            if not self.band > 0:
                faults.append(f"band is {self.band}; expected a share above 0")
            if self.most_groups < 1 or self.together < 1:
                faults.append(
                    f"most_groups {self.most_groups}, together {self.together}; expected at least 1"
                )
        times = {"until": np.int64(-1), "since": np.int64(-1), "mark": np.float64(np.nan), "led": np.False_}
        self._kept = Kept({**starts(self.role), **times})
        self._history: list[dict[str, Any]] = []
        self._log: list[dict[str, Any]] = []
        self.health = Health()

    def decide(self, seen: Observation, rng: Keyed) -> Actions:
        """Actions of every agent: by strategy where there is one, else by the rule."""
        rows = self._kept.rows(seen.agents)
        due = self._due(seen, rng)
        if due.any():
            self._renew(seen.rows(np.flatnonzero(due)))
        held = {name: self._kept[name][rows] for name in self._kept.columns}
        ruled = self.rule.decide(seen, rng)
        return carried_out(seen, held, ruled, led=held["led"], fresh=held["since"] == seen.step)

    def drain(self) -> list[dict[str, Any]]:
        """Decisions since the last time, one row for each situation, for the log."""
        rows, self._log = self._log, []
        return rows

    def remember(self) -> Mapping[str, Column]:
        """Strategies in force, what was spent and counted, and what the rule remembers."""
        told = {
            "history": self._history,
            "health": self.health.written(),
            "spent": vars(self.asker.budget.spent),
            "circuit": [self.asker.circuit.failed, self.asker.circuit.refused, self.asker.circuit.opened],
        }
        text = np.frombuffer(json.dumps(told).encode(), dtype=np.uint8).copy()
        ruled = {f"rule/{name}": held for name, held in self.rule.remember().items()}
        return {"told": text, **self._kept.remember(), **ruled}

    def recall(self, memory: Mapping[str, Column]) -> None:
        """Go on exactly as if there had been no interruption."""
        self._kept.recall(memory)
        self.rule.recall(
            {name.removeprefix("rule/"): held for name, held in memory.items() if name.startswith("rule/")}
        )
        if len(memory.get("told", ())):
            told = json.loads(bytes(memory["told"]))
            self._history, self.health = told["history"], Health.read(told["health"])
            self.asker.budget.spent = Spent(**told["spent"])
            circuit = self.asker.circuit
            circuit.failed, circuit.refused, circuit.opened = told["circuit"]

    def _due(self, seen: Observation, rng: Keyed) -> Flags:
        """Who is asked about in this step."""
        rows = self._kept.rows(seen.agents)
        until, mark = self._kept["until"][rows], self._kept["mark"][rows]
        if self.role == "regulator" and "review" in seen.own:
            return np.asarray(seen.own["review"]).astype(np.bool_)
        new = until < 0
        if seen.step % max(self.horizon_steps // REVIEWS, 1):
            return new
        with np.errstate(invalid="ignore"):
            moved = np.abs(_price(seen) - mark) > self.band * np.maximum(np.abs(mark), _LEAST_PRICE)
        # Who seldom decides anew lets the last decision stand.
        active = rng.uniform(seen.agents, "language activity") < own(seen, "activity", 1.0)
        due: Flags = new | (active & (moved | (seen.step >= until)))
        return due

    def _renew(self, seen: Observation) -> None:
        """Ask about everybody seen."""
        groups = archetypes(seen, most=self.most_groups)
        offered = offers(seen)
        feasible = Feasible(
            figure(seen, "floor_per_mwh", -np.inf),
            figure(seen, "cap_per_mwh", np.inf),
            {one.id: one.number for one in offered},
        )
        parties = [groups[at : at + self.together] for at in range(0, len(groups), self.together)]
        past = [{name: value for name, value in row.items() if name != "step"} for row in self._history]
        asked = [self._request(messages(seen, some, offered, past), len(some)) for some in parties]
        for some, decided, answer, key in self._climbed(parties, asked, feasible):
            for number, group in enumerate(some):
                self._take(seen, group, decided[number] if decided else None, answer, key)
        if not self._history or self._history[-1]["step"] + self.horizon_steps <= seen.step:
            self._history = [*self._history, {"step": seen.step, **moment(seen)}][-MOST_HISTORY:]

    def _request(self, said: tuple[Message, ...], parties: int, attempt: int = 0) -> Request:
        one = self.sampling
        return Request(
            one.model, said, schema(self.role, parties), one.temperature, one.top_p,
            one.max_tokens * parties, one.seed, TEMPLATE, attempt=attempt,
        )  # fmt: skip

    def _climbed(
        self, parties: Sequence[Sequence[Archetype]], asked: Sequence[Request], feasible: Feasible
    ) -> list[tuple[Sequence[Archetype], list[Decision] | None, Answer, str]]:
        """Ask; ask once more where an answer cannot be used; give up where that cannot be used either."""
        first = [
            self._judged(*each, feasible)
            for each in zip(parties, asked, self._answers(parties, asked), strict=True)
        ]
        wrong = [place for place, (found, _, fault) in enumerate(first) if found is None and fault]
        repeated = [
            self._request(again(asked[at].messages, _text(first[at][1]), first[at][2]), len(parties[at]), 1)
            for at in wrong
        ]
        for at in wrong:
            for group in parties[at]:
                self.health.reasked(group.persona)
        which = [parties[at] for at in wrong]
        second = [
            self._judged(*each, feasible)
            for each in zip(which, repeated, self._answers(which, repeated), strict=True)
        ]
        final = {at: (one, request) for at, one, request in zip(wrong, second, repeated, strict=True)}
        made = []
        for at, (some, request) in enumerate(zip(parties, asked, strict=True)):
            (found, answer, _), request = final.get(at, (first[at], request))
            made.append((some, found, answer, request.key))
        return made

    def _answers(self, parties: Sequence[Sequence[Archetype]], asked: Sequence[Request]) -> list[Answer]:
        """Answers, counted."""
        answers = self.asker.ask(asked)
        for some, answer in zip(parties, answers, strict=True):
            cost = self.asker.budget.limits.cost_micro_of(answer.tokens_in, answer.tokens_out)
            self.health.answered(some[0].persona, answer, cost)
        return answers

    def _judged(
        self, some: Sequence[Archetype], request: Request, answer: Answer, feasible: Feasible
    ) -> tuple[list[Decision] | None, Answer, str]:
        """Decisions, or what is wrong with them; nothing is wrong where there is no answer to judge."""
        if answer.reply is None:
            return None, answer, ""
        try:
            return decisions(self.role, answer.reply.text, [feasible] * len(some)), answer, ""
        except Invalid as fault:
            cut = (
                f"it was cut off after {request.max_tokens} tokens; "
                if answer.reply.finish == "length"
                else ""
            )
            return None, answer, f"{cut}{fault}"

    def _take(
        self, seen: Observation, group: Archetype, decision: Decision | None, answer: Answer, key: str
    ) -> None:
        """Put a decision in force for its agents; without one the rule is."""
        agents = np.sort(seen.agents[group.rows])
        rows = self._kept.rows(seen.agents[group.rows])
        valid = (
            self.horizon_steps
            if decision is None
            else int(decision.used.get("valid_steps", self.horizon_steps))
        )
        self._kept["until"][rows] = seen.step + min(valid, self.horizon_steps)
        self._kept["since"][rows] = seen.step
        self._kept["mark"][rows] = _price(seen)[group.rows]
        self._kept["led"][rows] = decision is not None
        told: dict[str, Any] = {
            "step": seen.step, "role": self.role, "agents": agents.tolist(), "key": key,
            "source": "fallback", "asked": {}, "used": {}, "clips": [], "reason": "", "why": "",
        }  # fmt: skip
        if decision is None:
            told["why"] = answer.reason or "invalid"
            self.health.fell_back(group.persona, told["why"])
        else:
            for one in fields(self.role):
                if one.name in decision.used:
                    self._kept[one.name][rows] = written(one, decision.used[one.name])
            self.health.decided(group.persona, decision)
            clips = [*decision.clips, *self._poor(seen, group, decision)]
            told |= {
                "source": "replay" if answer.source == "replay" else "live",
                "asked": dict(decision.asked), "used": dict(decision.used), "clips": [vars(one) for one in clips],
                "reason": decision.reason,
            }  # fmt: skip
        self._log.append(told)

    def _poor(self, seen: Observation, group: Archetype, decision: Decision) -> list[Clip]:
        """An upgrade that some of the agents cannot pay for."""
        if not decision.used.get("upgrade"):
            return []
        rows = group.rows
        cash, cost = own(seen, "cash_micro")[rows], own(seen, "upgrade_cost_micro")[rows]
        poor = int((~(cash >= cost)).sum())
        clip = Clip("upgrade", True, False)
        if poor:
            self.health.clipped(group.persona, clip, poor)
        return [clip] if poor else []


def _price(seen: Observation) -> Column:
    """(n,) the price that a strategy was made for."""
    if seen.role in ("consumer", "prosumer"):
        local = own(seen, "local_per_mwh")
        return np.where(np.isnan(local), own(seen, "tariff_per_mwh"), local)
    if seen.role == "regulator":
        return own(seen, "mean_per_mwh")
    return np.full(len(seen), figure(seen, "wholesale_per_mwh", np.nan))


def _text(answer: Answer) -> str:
    return "" if answer.reply is None else answer.reply.text
