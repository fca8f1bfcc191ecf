"""A case is a folder: its configuration, its people, its readings, its runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenwatt.core.errors import CaseError, DataError, told
from evenwatt.studies.config import CaseConfig, checked_config, read_config
from evenwatt.studies.story import Progress, Story, find

if TYPE_CHECKING:
    import numpy as np

    from evenwatt.core.meters import Meters
    from evenwatt.data.quality import Quality
    from evenwatt.data.store import Store
    from evenwatt.studies.runs import Run

Accept = Callable[[Sequence[date], "np.datetime64"], None]


def silent(done: int, total: int, what: str) -> None:
    """Progress for those who do not watch."""


@dataclass(frozen=True)
class Case:
    """One community and one question, on disk.

    Attributes
    ----------
    folder : Path
        Holds ``case.toml``, the tables, ``meters/``, and what evenwatt writes: ``store/`` and ``runs/``.
    config : CaseConfig
        ``case.toml``, checked.
    """

    folder: Path
    config: CaseConfig

    @property
    def story(self) -> Story:
        """What its study does its own way."""
        return find(self.config.study)

    @cached_property
    def community(self) -> Any:
        """The people and prices of the study's tables, checked against one another."""
        return self.story.people(self.folder, self.config)

    @cached_property
    def inputs(self) -> dict[str, str]:
        """SHA-256 of every file the result depends on, by its path within the case."""
        found = [self._table(name) for name in self.story.tables]
        found += [path for name in self.story.optional if (path := self.folder / name).is_file()]
        return {
            path.relative_to(self.folder).as_posix(): sha256(path.read_bytes()).hexdigest()
            for path in [*found, *self._exports()]
        }

    def _table(self, name: str) -> Path:
        if not (self.folder / name).is_file():
            story = self.story
            raise CaseError(f"{self.folder / name}: missing; a {story.name} needs {', '.join(story.tables)}")
        return self.folder / name

    def _exports(self) -> list[Path]:
        place = self.folder / self.config.data.meters
        if not place.exists():
            raise CaseError(
                f"{self.folder / 'case.toml'}: data.meters: there is no '{self.config.data.meters}' in the case"
            )
        return sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]

    def quality(self) -> tuple[Meters, Quality]:
        """Read the raw exports as far as they can be read, and judge them."""
        from evenwatt.data import quality

        named = {meter for _, _, meter in self.community.metered()}
        return quality.read_and_check(
            self.folder / self.config.data.meters,
            zone=self.config.timezone,
            offset=self.config.data.offset,
            year=self.config.data.year,
            repair=dict(self.config.data.repair),
            members=sorted(named),
        )

    def store(
        self, progress: Progress = silent, *, accept: Accept | None = None, place: Path | None = None
    ) -> Store:
        """Give the day partitions of the readings, written again only when an export changed.

        Parameters
        ----------
        accept : callable, optional
            Told the settlement days and the first instant before anything is written; raises to refuse.
        place : Path, optional
            Where to keep the partitions, in place of the case's ``store/``.

        Raises
        ------
        DataError
            If the readings hold faults that no policy in ``data.repair`` mends.
        """
        from evenwatt.data.store import Store

        store = Store(place or self.folder / "store")
        source = self._source
        if store.catalogue.has(source):
            first = store.day(store.days[0])
            self._accept(first.meters, store.days, first.start[0], accept)
            return store
        progress(0, 1, "reading meters")
        meters = self._sound_readings()
        self._accept(meters.meters, [day.date for day in meters.days], meters.start[0], accept)
        # The case's exports are the whole truth: nothing of an earlier one may linger in the store.
        if store.path.exists():
            shutil.rmtree(store.path)
        store = Store(store.path)
        store.write(meters, source)
        progress(1, 1, "reading meters")
        return store

    @property
    def _source(self) -> str:
        """Identity of what the store was made of: the exports, and how they were read."""
        tables = {*self.story.tables, *self.story.optional}
        exports = sorted((name, digest) for name, digest in self.inputs.items() if name not in tables)
        return sha256(
            repr([exports, self.config.data.model_dump(), self.config.timezone]).encode()
        ).hexdigest()

    def _sound_readings(self) -> Meters:
        meters, quality = self.quality()
        if quality.errors:
            place = self.folder / self.config.data.meters
            faults = told(str(place), [str(finding) for finding in quality.errors])
            raise DataError(f"{faults}\n`evenwatt check {self.folder}` shows every finding")
        warned = [f"{finding.severity}: {finding}" for finding in quality.findings]
        return replace(meters, notes=(*meters.notes, *warned))

    def _accept(
        self, meters: Sequence[str], days: Sequence[date], first: np.datetime64, accept: Accept | None
    ) -> None:
        self.community.check_meters(meters, str(self.folder))
        if accept is not None:
            accept(days, first)

    def run(
        self,
        rule: str | None = None,
        *,
        progress: Progress = silent,
        workers: int = 1,
        page: Callable[[dict[str, Any]], str] | None = None,
    ) -> Run:
        """Run the case's study and keep the result under ``runs/``; a repeat returns the run that is there.

        Parameters
        ----------
        rule : str, optional
            The study's main rule, in place of the configuration's.
        progress : callable
            Told ``(done, total, what)`` as days are finished.
        workers : int
            Processes to share the rules' work; the result does not depend on it.
        page : callable, optional
            Draws ``report.html`` from the report's dictionary.
        """
        from evenwatt.studies import runs

        return runs.make(self.with_rule(rule), progress=progress, workers=workers, page=page)

    def with_rule(self, rule: str | None) -> Case:
        """The same case with its study's main rule replaced: the members' rule of a cascade."""
        section, key = self.story.main_rule
        return self if rule is None else self.with_settings({section: {key: rule}})

    def with_settings(self, changes: dict[str, dict[str, Any] | Any]) -> Case:
        """The same case with other settings, checked as if they stood in ``case.toml``."""
        raw = self.config.model_dump(mode="json")
        for key, value in changes.items():
            raw[key] = {**raw[key], **value} if isinstance(value, dict) else value
        return Case(self.folder, checked_config(raw, "settings"))


def load(folder: str | Path) -> Case:
    """Open a case folder.

    Raises
    ------
    CaseError
        If the folder is not a case, or ``case.toml`` has faults; all of them at once.
    """
    place = Path(folder)
    if not place.is_dir():
        raise CaseError(
            f"{place}: there is no such folder; `evenwatt init {place} --meters FILE` makes a case"
        )
    return Case(place, read_config(place / "case.toml"))
