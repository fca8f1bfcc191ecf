"""Rules against axioms: what each rule promises, and the counter-examples that keep promises off it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HOLDS, FAILS, UNDECIDED = "✓", "✗", "–"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Mark:
    """One cell: its sign, what a pointer reads, and the number of its counter-example (0: none)."""

    sign: str
    hint: str = ""
    witness: int = 0


@dataclass(frozen=True)
class Axioms:
    """A matrix of marks with the numbered counter-examples; axioms go down, as their names are long.

    Attributes
    ----------
    rules : rule, and whether it is the case's
    rows : name of an axiom, and a mark per rule
    witnesses : number, rule, axiom, sentence
    told : what to see
    """

    rules: Sequence[tuple[str, bool]]
    rows: Sequence[tuple[str, Sequence[Mark]]]
    witnesses: Sequence[tuple[int, str, str, str]]
    told: str


def axioms_of(table: Sequence[Row], chosen: str | None) -> Axioms:
    """The matrix of the ``axioms`` table; rules and axioms stay in the order in which they come."""
    titles = {str(row["axiom"]): str(row.get("title") or row["axiom"]) for row in table}
    rules = list(dict.fromkeys(str(row["rule"]) for row in table))
    found = {(str(row["rule"]), str(row["axiom"])): row for row in table}
    rows = []
    witnesses: list[tuple[int, str, str, str]] = []
    for axiom, title in titles.items():
        marks = []
        for rule in rules:
            row = found.get((rule, axiom), {})
            witness = str(row.get("witness") or "") if row.get("holds") is False else ""
            if witness:
                witnesses.append((len(witnesses) + 1, rule, title, witness))
            marks.append(_mark(row, rule, title, len(witnesses) if witness else 0))
        rows.append((title, marks))
    return Axioms([(rule, rule == chosen) for rule in rules], rows, witnesses, _told(rules, rows, chosen))


def _mark(row: Row, rule: str, title: str, witness: int) -> Mark:
    """The mark of one rule and axiom."""
    holds = row.get("holds")
    if holds is None:
        return Mark(UNDECIDED, f"{rule}, {title}: undecided")
    if holds:
        return Mark(HOLDS, f"{rule}, {title}: promised and tested")
    return Mark(
        FAILS, f"{rule}, {title}: fails. {row.get('witness') or 'No counter-example recorded.'}", witness
    )


def _told(rules: Sequence[str], rows: Sequence[tuple[str, Sequence[Mark]]], chosen: str | None) -> str:
    """Who keeps most of the promises, and how many the case's rule keeps."""
    kept = {rule: sum(marks[k].sign == HOLDS for _, marks in rows) for k, rule in enumerate(rules)}
    best = max(kept.values(), default=0)
    leaders = [rule for rule, number in kept.items() if number == best]
    more = [] if len(leaders) <= 3 else [f"{len(leaders) - 2} more"]
    named = [*leaders[: 2 if more else 3], *more]
    listed = " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
    verb = "keeps" if len(leaders) == 1 else "keep"
    first = f"{listed} {verb} {best} of {len(rows)} promises, the most of all rules"
    if chosen is None or chosen not in kept or chosen in leaders:
        return f"{first}."
    return f"{first}; the case’s rule, {chosen}, keeps {kept[chosen]}."
