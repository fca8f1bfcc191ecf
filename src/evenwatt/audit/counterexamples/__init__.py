"""Why a promise is not made: one stored problem for every axiom that a rule of ours breaks.

``python -m evenwatt.audit.counterexamples --renew`` finds them anew; none is typed by hand.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from evenwatt.audit.search import axiom_named
from evenwatt.audit.witness import Witness

STORED = "stored.json"


def counterexample(rule_name: str, axiom: str) -> Witness | None:
    """The stored problem on which a rule breaks an axiom, the simplest found; None where there is none.

    Parameters
    ----------
    rule_name : str
        Registry name of the rule, of any family.
    axiom : str
        Id of the axiom.

    Raises
    ------
    InputError
        If no axiom has that name; names the nearest.

    Examples
    --------
    >>> counterexample("cea", "self-dual").sentence
    'endowment 1 for claims (1, 2): awards (0.5, 0.5); sharing what is missing by the same rule leaves other
    awards (by 0.5)'
    """
    return stored().get(rule_name, {}).get(axiom_named(axiom).id)


@cache
def stored() -> dict[str, dict[str, Witness]]:
    """Every stored counterexample, by rule and axiom."""
    text = files(__name__).joinpath(STORED).read_text(encoding="utf-8")
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(text)
    return {
        rule: {axiom: Witness.from_dict(axiom, held) for axiom, held in axioms.items()}
        for rule, axioms in found.items()
    }
