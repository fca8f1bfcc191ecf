"""Which axioms a rule keeps, which it breaks and where, and which nobody has settled."""

from __future__ import annotations

from typing import NamedTuple

from evenwatt.audit.axioms import AXIOMS
from evenwatt.audit.counterexamples import counterexample
from evenwatt.audit.witness import Witness
from evenwatt.core.rule import Rule


class Promise(NamedTuple):
    """One line of a fairness card.

    Attributes
    ----------
    axiom : str
        Id of the axiom.
    holds : bool or None
        True where the rule declares it, False where a stored problem breaks it, None where neither.
    witness : Witness or None
        The problem that breaks it.
    """

    axiom: str
    holds: bool | None
    witness: Witness | None


def promises(rule: Rule) -> list[Promise]:
    """The rule against every axiom, for its fairness card.

    For a rule with parameters this is the family: True for all of them, False for at least one,
    whose parameters the witness names. Weights are taken as equal.

    Examples
    --------
    >>> from evenwatt import claims
    >>> card = {promise.axiom: promise for promise in promises(claims.rule("cea"))}
    >>> card["claims-truncation"].holds, card["self-dual"].holds
    (True, False)
    """
    return [_promise(rule, name) for name in AXIOMS]


def _promise(rule: Rule, axiom: str) -> Promise:
    if axiom in rule.satisfies:
        return Promise(axiom, True, None)
    broken = counterexample(rule.name, axiom)
    return Promise(axiom, None if broken is None else False, broken)
