"""What one study does its own way, so that cases, runs and their checks are written once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenwatt.core.errors import CaseError

if TYPE_CHECKING:
    import numpy as np

    from evenwatt.core.meters import Meters
    from evenwatt.core.report import Report
    from evenwatt.data.store import Store
    from evenwatt.studies.case import Case
    from evenwatt.studies.config import CaseConfig
    from evenwatt.studies.runs import Run
    from evenwatt.studies.template import Draft, Settings

Progress = Callable[[int, int, str], None]

# Every study with a story; its package holds ``story.STORY``.
STUDIES = ("cascade", "microgrid", "sharing", "market")


@dataclass(frozen=True)
class Work:
    """What a story is handed to compute a period.

    Attributes
    ----------
    case, store
        The case, and its readings by day.
    plan : object
        What the story's ``plan`` gave.
    folder : Path or None
        Where to write each day's tables, and under ``tallies/`` what is needed to go on after an
        interruption; None where nothing is kept.
    progress : callable
        Told ``(done, total, what)``.
    workers : int
        Processes to share the work; the result does not depend on it.
    """

    case: Case
    store: Store
    plan: Any
    folder: Path | None
    progress: Progress
    workers: int = 1


@dataclass(frozen=True)
class Story:
    """One study, as functions.

    Attributes
    ----------
    name : str
        As ``study`` in ``case.toml``.
    config : type of CaseConfig
        What its ``case.toml`` may say.
    tables, optional : tuple of str
        Files its case folder must, and may, hold.
    main_rule : (str, str)
        Section and key of the rule that ``--rule`` replaces.
    kept : mapping of str to mapping of str to type
        Tables of the report that a run keeps as files of their own, and the columns of an empty one.
    differs : tuple of str
        Columns of the members' table that tell two runs apart, the most telling first.
    people : callable
        ``(folder, config) -> Members``: reads and checks the case's tables.
    plan : callable
        ``(case, complete) -> plan``: what to compute; everything there is where ``complete``.
    question : callable
        ``plan -> list``: what identifies the question, beside inputs, settings and the code.
    accept : callable
        ``(case, plan, days, first instant)``: raises to refuse before anything is written.
    report : callable
        ``Work -> Report``: computes what the folder does not hold yet, without provenance.
    explain : callable
        ``(run, member, time) -> explanation`` with ``sentences`` and ``to_dict()``.
    draft : callable
        ``(settings, meters, agents) -> Draft``: tables and ``case.toml`` of a new case.
    first_rule : str
        The rule a new case starts with.
    members : str
        Table of the report with a row for everybody, by ``id`` and ``label``.
    """

    name: str
    config: type[CaseConfig]
    tables: tuple[str, ...]
    main_rule: tuple[str, str]
    kept: Mapping[str, Mapping[str, type]]
    differs: tuple[str, ...]
    people: Callable[[Path, Any], Any]
    plan: Callable[[Case, bool], Any]
    question: Callable[[Any], list[Any]]
    accept: Callable[[Case, Any, Sequence[date], np.datetime64], None]
    report: Callable[[Work], Report]
    explain: Callable[[Run, str, str], Any]
    draft: Callable[[Settings, Meters, int | None], Draft]
    first_rule: str
    optional: tuple[str, ...] = ()
    members: str = "members"


def find(study: str) -> Story:
    """The story of a study; its package is imported when it is first asked for.

    Raises
    ------
    CaseError
        If there is no such study; names those there are.

    Examples
    --------
    >>> find("cascade").main_rule
    ('rule', 'members')
    """
    if study not in STUDIES:
        raise CaseError(f"'{study}' is not a study; there are {', '.join(STUDIES)}")
    held: Story = import_module(f"evenwatt.studies.{study}.story").STORY
    return held
