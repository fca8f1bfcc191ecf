"""How well a language model did as a decider: everything that was asked, repeated, clipped, or left to the rule."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from evenwatt.policies.language.ladder import UNKNOWN, Clip, Decision
from evenwatt.policies.language.request import Answer


@dataclass
class Count:
    """Of one role and persona.

    Attributes
    ----------
    calls, replayed, joined : int
        Requests sent; answers from a recording; answers shared with one who asked the same.
    valid, reasked, fallbacks : int
        Situations decided by the model; asked a second time; left to the rule.
    clips : int
        Values that were brought within what is possible.
    tokens_in, tokens_out, cost_micro : int
        As billed.
    seconds : float
        Of waiting, all calls added, by the clock that the client was given.
    """

    calls: int = 0
    replayed: int = 0
    joined: int = 0
    valid: int = 0
    reasked: int = 0
    fallbacks: int = 0
    clips: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_micro: int = 0
    seconds: float = 0.0


@dataclass
class Health:
    """Counts by persona, clips by field, and reasons why the rule had to decide.

    Examples
    --------
    >>> health = Health()
    >>> health.answered("greedy", Answer(None, "fallback", "timeout", calls=3), 0)
    >>> health.fell_back("greedy", "timeout")
    >>> health.rows("consumer")[0]["calls"], health.reasons
    (3, {'timeout': 1})
    """

    counts: dict[str, Count] = field(default_factory=dict)
    clips: dict[str, list[Any]] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)

    def answered(self, persona: str, answer: Answer, cost_micro: int) -> None:
        """One answer came, from wherever."""
        count = self._of(persona)
        count.calls += answer.calls
        count.replayed += answer.source == "replay"
        count.joined += answer.source == "joined"
        count.tokens_in += answer.tokens_in
        count.tokens_out += answer.tokens_out
        count.cost_micro += cost_micro
        count.seconds += answer.seconds

    def decided(self, persona: str, decision: Decision) -> None:
        """One situation was decided by the model."""
        count = self._of(persona)
        count.valid += 1
        count.clips += len(decision.clips)
        unknown = [Clip(UNKNOWN, list(decision.ignored), None)] if decision.ignored else []
        for clip in (*decision.clips, *unknown):
            self._clip(clip, 1)

    def clipped(self, persona: str, clip: Clip, agents: int) -> None:
        """So many agents could not do what their strategy says."""
        self._of(persona).clips += agents
        self._clip(clip, agents)

    def reasked(self, persona: str) -> None:
        """One situation is asked about a second time."""
        self._of(persona).reasked += 1

    def fell_back(self, persona: str, reason: str) -> None:
        """One situation is left to the rule."""
        self._of(persona).fallbacks += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def rows(self, role: str) -> list[dict[str, Any]]:
        """The table ``language`` of the report."""
        return [
            {"role": role, "persona": persona, **asdict(count)}
            for persona, count in sorted(self.counts.items())
        ]

    def clip_rows(self, role: str) -> list[dict[str, Any]]:
        """The table ``language_clips`` of the report; examples are the first of each field."""
        return [
            {"role": role, "field": name, "clips": clips, "example_asked": asked, "example_used": used}
            for name, (clips, asked, used) in sorted(self.clips.items())
        ]

    def add(self, other: Health) -> None:
        """Count another's with these."""
        for persona, count in other.counts.items():
            into = self._of(persona)
            for name, value in asdict(count).items():
                setattr(into, name, getattr(into, name) + value)
        for name, (clips, asked, used) in other.clips.items():
            self.clips.setdefault(name, [0, asked, used])[0] += clips
        for reason, times in other.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + times

    def written(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return asdict(self)

    @classmethod
    def read(cls, found: dict[str, Any]) -> Health:
        """Go on from what :meth:`written` gave."""
        counts = {persona: Count(**values) for persona, values in found["counts"].items()}
        return cls(counts, found["clips"], found["reasons"])

    def _of(self, persona: str) -> Count:
        return self.counts.setdefault(persona, Count())

    def _clip(self, clip: Clip, times: int) -> None:
        told = self.clips.setdefault(clip.field, [0, _told(clip.asked), _told(clip.used)])
        told[0] += times


def _told(value: Any) -> str:
    """A value in the report: what a model said is text there, and short."""
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
