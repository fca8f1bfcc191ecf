"""A part of a page, whichever study it tells of: what it shows, or why there is nothing to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evenwatt.app.plots.axioms import Axioms
from evenwatt.app.plots.cells import Table
from evenwatt.app.plots.findings import Figure, Findings
from evenwatt.app.plots.stories import Story

Block = Figure | Table | Axioms | Story


@dataclass(frozen=True)
class Section:
    """A part of the page: figures, tables and stories in order, or the reason why there is nothing."""

    name: str
    title: str
    blocks: Sequence[Block]
    absent: str = ""


@dataclass(frozen=True)
class Front:
    """What stands above the sections.

    Attributes
    ----------
    about : few words each: where, when, by which rule
    calm : a sentence to say first where there was nothing to divide, else empty
    is_good : whether that is good news
    key_figures : name, figure and remark
    """

    about: Sequence[str]
    calm: str
    key_figures: Sequence[tuple[str, str, str]]
    is_good: bool = True


def missing(*tables: str) -> str:
    """The sentence in the place of tables that a report does not hold."""
    listed = " and ".join(f"“{table}”" for table in tables)
    return f"The report holds no rows of {listed}, so there is nothing to show here."


def absent(name: str, title: str, *tables: str) -> Section:
    """A section that says why it is empty."""
    return Section(name, title, [], missing(*tables))


def marked(rules: Sequence[str], found: Findings) -> frozenset[int]:
    """The rows of the case's rule."""
    return frozenset(k for k, rule in enumerate(rules) if rule == found.chosen)


def period(found: Findings) -> str:
    """First and last day in words."""
    days = [str(found.measures[key]) for key in ("first", "last") if found.measures.get(key)]
    return " to ".join(dict.fromkeys(days))
