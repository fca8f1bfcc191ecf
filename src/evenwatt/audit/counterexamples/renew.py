"""Find the simplest problem on which each rule breaks each axiom it does not promise."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import combinations_with_replacement

import numpy as np

from evenwatt.audit.axioms import AXIOMS, Axiom, Divide, Draw, limits, pose
from evenwatt.audit.search import check_axiom
from evenwatt.audit.witness import Witness, witness
from evenwatt.core.rule import Array, Rule

# Largest claim tried, by number of members: all problems in whole numbers up to there.
LARGEST_CLAIM = {2: 12, 3: 9, 4: 7, 5: 4}
BLOCK = 400
# Where none of these will do, claims far apart, by number of members; few endowments.
FAR_APART = {3: (1, 2, 4, 10, 20, 40, 100), 4: (1, 2, 5, 20, 50)}
# A stored breach should be plain to see, not one of the sixth digit [part of all claims].
CLEAR = 1e-3
LAST_DRAWS = 20_000
# Values tried for a family's parameter where its default keeps the axiom.
FAMILIES = {"theta": (0.25, 0.75, 0.0, 1.0, 0.5)}


def renewed(rules: Mapping[str, Rule]) -> dict[str, dict[str, Witness]]:
    """The simplest counterexample to every axiom that each rule does not declare."""
    return {
        name: {
            axiom: found
            for axiom in AXIOMS
            if axiom not in rule.satisfies and (found := of_family(rule, axiom)) is not None
        }
        for name, rule in rules.items()
    }


def of_family(rule: Rule, axiom: str) -> Witness | None:
    """The simplest counterexample at the default parameters, else at others of the family."""
    for parameters in _members_of_family(rule):
        named = partial(rule, **parameters) if parameters else rule
        found = simplest(named, AXIOMS[axiom], parameters) or check_axiom(named, axiom, trials=LAST_DRAWS)
        if found is not None:
            return Witness.from_dict(axiom, {**found.to_dict(), "parameters": parameters})
    return None


def simplest(rule: Divide, axiom: Axiom, parameters: Mapping[str, float]) -> Witness | None:
    """The counterexample with fewest members, then least claims, then least endowment, in whole numbers."""
    least, most = limits(rule)
    for endowment, claims in _blocks():
        if least <= claims.shape[-1] <= most:
            found = _first(rule, axiom, endowment, claims, parameters)
            if found is not None:
                return found
    return None


def written(found: Mapping[str, Mapping[str, Witness]]) -> str:
    """The file's text: one line a counterexample, so that a change reads well."""
    rules = []
    for name, axioms in sorted(found.items()):
        lines = [f'    "{axiom}": {json.dumps(axioms[axiom].stored())}' for axiom in sorted(axioms)]
        rules.append(f'  "{name}": {{\n' + ",\n".join(lines) + "\n  }")
    return "{\n" + ",\n".join(rules) + "\n}\n"


def _members_of_family(rule: Rule) -> Iterator[dict[str, float]]:
    yield {}
    for name, values in FAMILIES.items():
        if name in rule.parameters:
            yield from ({name: value} for value in values if value != rule.parameters[name])


def _blocks() -> Iterator[tuple[Array, Array]]:
    """Problems in whole numbers, simple ones first, a block of one number of members at a time."""
    for n, largest in LARGEST_CLAIM.items():
        every = combinations_with_replacement(range(1, largest + 1), n)
        yield from _in_blocks((claims, held) for claims in every for held in range(1, sum(claims)))
    for n, values in FAR_APART.items():
        every = combinations_with_replacement(values, n)
        yield from _in_blocks((claims, held) for claims in every for held in _marks(claims))


def _marks(claims: tuple[int, ...]) -> set[int]:
    """Endowments at which some rules change: a claim, all but a claim, half of all."""
    total = sum(claims)
    return {held for claim in claims for held in (claim, total - claim, total // 2) if 0 < held < total}


def _in_blocks(problems: Iterable[tuple[tuple[int, ...], int]]) -> Iterator[tuple[Array, Array]]:
    simple_first = sorted(problems, key=lambda problem: (sum(problem[0]), problem[0][::-1], problem[1]))
    for start in range(0, len(simple_first), BLOCK):
        claims, held = zip(*simple_first[start : start + BLOCK], strict=True)
        yield np.array(held, dtype=float), np.array(claims, dtype=float)


def _first(
    rule: Divide, axiom: Axiom, endowment: Array, claims: Array, parameters: Mapping[str, float]
) -> Witness | None:
    posed = pose(rule, endowment, claims)
    draw = _whole(axiom.auxiliary.every(posed.endowment, posed.claims))
    tried = posed.repeated(len(next(iter(draw.values()))) if draw else 1)
    gap = axiom.measured(tried, draw)
    clear = gap > CLEAR * posed.total
    if not clear.any():
        return None
    row = int(np.flatnonzero(clear.any(axis=0))[0])
    choice = int(np.flatnonzero(clear[:, row])[0])
    return witness(axiom, tried, draw, float(gap[choice, row]), (choice, row), parameters)


def _whole(draw: Draw) -> Draw:
    """Whole numbers for the other endowment or claim, too."""
    rounding = {"larger": np.ceil, "smaller": np.floor, "more": np.ceil}
    return {name: rounding[name](values) if name in rounding else values for name, values in draw.items()}
