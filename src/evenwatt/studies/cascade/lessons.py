"""What a case has to teach: its stage one as a history, and what identifies the question asked of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenwatt.core.errors import CaseError, DataError, InputError
from evenwatt.core.meters import local_dates
from evenwatt.core.report import plain
from evenwatt.studies import runs
from evenwatt.studies.cascade.config import BARGAIN, CascadeConfig
from evenwatt.studies.cascade.outcomes import FILE as OUTCOMES
from evenwatt.studies.cascade.outcomes import read_outcomes
from evenwatt.studies.cascade.period import bargain_period
from evenwatt.studies.case import Case
from evenwatt.studies.story import Progress

if TYPE_CHECKING:
    from evenwatt.learning.columns import Times
    from evenwatt.learning.history import History

Row = dict[str, Any]

STORE = "store"
HISTORY = "history"  # in the case folder: parquet files that training and evaluation add to
FEWEST = 14  # days without which a week cannot be learned from and another judged


@dataclass(frozen=True)
class Lessons:
    """Stage one of a case, to learn from.

    Attributes
    ----------
    case : Case
        With stage one as a bargain.
    history : History
        Every complete interval: offers and statements known at the gate, needs known a day after [Wh, currency
        per MWh, so that money is in micro-units].
    first, last : str
        Settlement days.
    notes : tuple of str
        What the readers assumed, and what stands in for statements that nobody made.
    """

    case: Case
    history: History
    first: str
    last: str
    notes: tuple[str, ...]

    @property
    def config(self) -> CascadeConfig:
        """The settings of the cascade."""
        held = self.case.config
        assert isinstance(held, CascadeConfig)
        return held

    @property
    def inputs(self) -> dict[str, str]:
        """SHA-256 of every file the result depends on: the case's, and what is known of past outcomes."""
        place = self.case.folder / OUTCOMES
        known = {OUTCOMES: sha256(place.read_bytes()).hexdigest()} if place.is_file() else {}
        return {**self.case.inputs, **known}

    def measures(self, kind: str) -> Row:
        """What every report on learning says of its case."""
        return {
            "kind": kind,
            "case": self.case.folder.resolve().name,
            "currency": self.config.currency,
            "zone": self.config.timezone,
            "first": self.first,
            "last": self.last,
            "intervals": len(self.history),
            "interval_seconds": self.history.seconds,
            "statements": self.config.bargain.statements,
            "suppliers": len(self.history.suppliers),
            "agents": len(self.history.agents),
        }

    def days(self) -> Times:
        """The settlement day of each interval, (T,) datetime64[D]."""
        return local_dates(self.history.start, self.config.timezone)

    def people(self) -> dict[str, list[Row]]:
        """Tables of who is who."""
        community = self.case.community
        return {
            "suppliers": [{"id": one.id, "label": one.label} for one in community.suppliers],
            "agents": [{"id": one.id, "label": one.label} for one in community.agents],
        }

    def provenance(self, name: str) -> Row:
        """What the numbers were made of."""
        return {
            "made": name,
            "versions": runs.versions(),
            "inputs": self.inputs,
            "seed": self.config.seed,
            "config": self.config.model_dump(mode="json"),
        }

    def id(self, *question: object) -> str:
        """First day, and a hash of inputs, settings and what is asked."""
        held = [
            sorted(self.inputs.items()),
            self.config.model_dump(mode="json"),
            list(question),
            runs.code_hash(),
        ]
        return f"{self.first}-{sha256(json.dumps(plain(held), sort_keys=True).encode()).hexdigest()[:10]}"


@contextmanager
def untouched(case: Case) -> Iterator[None]:
    """Leave no store behind where the case had none and is refused."""
    store = case.folder / STORE
    was_there = store.exists()
    try:
        yield
    except InputError:
        if not was_there:
            shutil.rmtree(store, ignore_errors=True)
        raise


def lessons(case: Case, progress: Progress) -> Lessons:
    """Read a case as something to learn from.

    Raises
    ------
    CaseError
        If the case is no cascade, or too short to learn from and to judge by.
    """
    if not isinstance(case.config, CascadeConfig):
        raise CaseError(
            f"{case.folder}: is a {case.config.study}; only a cascade has suppliers and agents to learn from"
        )
    # What is learned does not depend on the weights the case bargains by today.
    held = case.with_settings(
        {
            "rule": {"agents": BARGAIN},
            "money": {"agent_margin_per_mwh": 0.0},
            "bargain": {"weights": "claims", "model": None},
        }
    )
    store = runs.open_store(held, runs.plan_of(held), progress)
    if len(store.days) < FEWEST:
        raise CaseError(
            f"{case.folder}: {len(store.days)} days of readings; learning needs at least {FEWEST}, a week to learn "
            "from and a week to be judged by"
        )
    period = bargain_period(held, store)
    history = period.history()
    notes = [*store.notes]
    if period.unknown:
        notes.append(
            f"statements that could not be made, where needs as metered stand in: {period.unknown:,} intervals"
        )
    if held.config.bargain.statements == "metered":  # type: ignore[attr-defined]
        notes.append(
            "agents state exactly what their members turn out to need (bargain.statements = 'metered'): "
            "there is no error for a model to correct"
        )
    if (place := case.folder / OUTCOMES).is_file():
        history = history.with_columns(read_outcomes(place, history, held.config.timezone))
    return Lessons(held, history, str(store.days[0]), str(store.days[-1]), tuple(notes))


def remember(found: Lessons) -> int:
    """Add the case's history to its folder; rows that are there already are not written again.

    A history that tells the same intervals otherwise (prices or statements were edited, somebody joined) is put
    aside under a name of its own, and a new one begun.

    Returns
    -------
    int
        How many rows were added.
    """
    place = found.case.folder / HISTORY
    try:
        return found.history.append(place)
    except DataError:
        place.rename(_free(place))
        return found.history.append(place)


def _free(place: Path) -> Path:
    """The first name ``history-before-N`` that nothing has."""
    number = 1
    while (aside := place.with_name(f"{place.name}-before-{number}")).exists():
        number += 1
    return aside


def refuse_existing(out: Path | None) -> None:
    """Refuse to write where something is.

    Raises
    ------
    CaseError
        If ``out`` exists.
    """
    if out is not None and out.exists():
        raise CaseError(f"{out}: exists already; choose another name or remove it")
