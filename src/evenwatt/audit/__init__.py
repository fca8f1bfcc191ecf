"""Is it fair, is it efficient, is it conserved: axioms, indices and checks for any rule and any division."""

from evenwatt.audit.awards_set import volume
from evenwatt.audit.axioms import AXIOMS, Axiom
from evenwatt.audit.card import Promise, promises
from evenwatt.audit.conservation import balances, conserved
from evenwatt.audit.counterexamples import counterexample
from evenwatt.audit.efficiency import efficiency_summary, served, surplus, unserved
from evenwatt.audit.fairness import (
    deviation_index,
    gini,
    jain,
    lorenz,
    lorenz_compare,
    lorenz_dominates,
    signed_deviation_index,
)
from evenwatt.audit.satisfaction import claim_adjusted_envy, coverage, coverage_envy, coverage_summary, envy
from evenwatt.audit.search import check_axiom
from evenwatt.audit.solutions import VALUE_AXIOMS, ValueAxiom, ValueWitness, check_value_axiom
from evenwatt.audit.witness import Witness

__all__ = [
    "AXIOMS",
    "VALUE_AXIOMS",
    "Axiom",
    "Promise",
    "ValueAxiom",
    "ValueWitness",
    "Witness",
    "balances",
    "check_axiom",
    "check_value_axiom",
    "claim_adjusted_envy",
    "conserved",
    "counterexample",
    "coverage",
    "coverage_envy",
    "coverage_summary",
    "deviation_index",
    "efficiency_summary",
    "envy",
    "gini",
    "jain",
    "lorenz",
    "lorenz_compare",
    "lorenz_dominates",
    "promises",
    "served",
    "signed_deviation_index",
    "surplus",
    "unserved",
    "volume",
]
