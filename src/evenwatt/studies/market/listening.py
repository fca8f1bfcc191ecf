"""The language model of a case: one client, one recording and one budget for all roles that ask it."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenwatt.core.errors import CaseError
from evenwatt.core.units import MICRO_PER_UNIT
from evenwatt.studies.market.config import LanguageConfig

if TYPE_CHECKING:
    from evenwatt.policies.language.asking import Asker
    from evenwatt.policies.language.budget import Budget, Limits
    from evenwatt.policies.language.policy import LanguagePolicy
    from evenwatt.policies.language.request import Backend

Row = dict[str, Any]
ASKING = ("live", "record")  # modes in which a server is asked


def check(config: LanguageConfig, folder: Path) -> None:
    """Refuse what cannot be asked, before anything is opened.

    Raises
    ------
    CaseError
        If there is nothing to replay, or no model is named to be asked.
    """
    if config.mode == "replay" and not (folder / config.cassette).is_file():
        raise CaseError(
            f"{folder / 'case.toml'}: language.mode: there is no recording '{config.cassette}' to replay; "
            "make one with mode = 'record'"
        )
    if config.mode in ASKING and not config.model:
        raise CaseError(f"{folder / 'case.toml'}: language.model: name the model that is to be asked")


class Listening:
    """Opens the model where the first role asks for it.

    Parameters
    ----------
    config : LanguageConfig
        Server, mode and budget.
    folder : Path
        The case, where the recording lies.
    seed : int
        Asked of the server.
    share : float
        Of the budget: a world beside it has the rest.
    """

    def __init__(self, config: LanguageConfig, folder: Path, seed: int, share: float) -> None:
        self.config, self.seed = config, seed
        self.policies: list[LanguagePolicy] = []
        self._asker = self._opened(folder / config.cassette, share)

    def _opened(self, place: Path, share: float) -> Asker:
        from evenwatt.policies.language.asking import Asker
        from evenwatt.policies.language.budget import Budget
        from evenwatt.policies.language.cassette import Cassette

        config = self.config
        budget = Budget(self._limits(share), clock=time.monotonic)
        asks = config.mode in ASKING
        # Who only replays leaves no file behind where there was none.
        cassette = Cassette(place if asks or place.is_file() else None)
        backend = self._client(budget) if asks else None
        return Asker(
            backend, mode=config.mode, cassette=cassette, budget=budget, concurrency=config.concurrency
        )

    def _client(self, budget: Budget) -> Backend:
        from evenwatt.policies.language.client import Client, Server

        config = self.config
        return Client(
            Server(config.base_url, config.key_env, config.timeout_s),
            clock=time.monotonic,
            now=time.time,
            sleep=time.sleep,
            seconds_left=budget.seconds_left,
        )

    def _limits(self, share: float) -> Limits:
        from evenwatt.policies.language.budget import Limits

        config = self.config
        return Limits(
            calls=math.floor(config.calls * share),
            tokens=math.floor(config.tokens * share),
            cost_micro=math.floor(config.cost * MICRO_PER_UNIT * share),
            wall_s=math.inf if config.seconds is None else config.seconds * share,
            in_per_million=config.cost_in_per_million,
            out_per_million=config.cost_out_per_million,
        )

    def policy(self, role: str) -> LanguagePolicy:
        """A policy of this role that asks the model."""
        from evenwatt.policies.language.policy import LanguagePolicy, Sampling
        from evenwatt.policies.scripted import policy

        config = self.config
        made = LanguagePolicy(
            role,
            self._asker,
            policy(role),
            Sampling(config.model, config.temperature, max_tokens=config.most_tokens, seed=self.seed),
            config.horizon_steps,
        )
        self.policies.append(made)
        return made

    def decisions(self) -> str:
        """What was decided since the last time, a JSON object a line."""
        rows = [row for policy in self.policies for row in policy.drain()]
        return "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)

    def health(self) -> tuple[list[Row], list[Row], list[str]]:
        """Rows by role and persona, rows of clips, and what a reader must know."""
        digest = self._asker.cassette.heard
        return (
            [row for policy in self.policies for row in policy.health.rows(policy.role)],
            [row for policy in self.policies for row in policy.health.clip_rows(policy.role)],
            [
                f"a language model decided in mode '{self.config.mode}'; what it answered has the hash {digest[:12]}",
                "what a persona changes can only be told against the same seeds without it: `evenwatt sweep --policy "
                "prosumer@greedy` plays both",
            ],
        )

    def close(self) -> None:
        """Let connections go."""
        self._asker.close()
        self._asker.cassette.close()
