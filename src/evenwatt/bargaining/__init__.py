"""Two or more sides, a feasible set: what rational members agree on."""

from evenwatt.bargaining.bankruptcy import bankruptcy_nash
from evenwatt.bargaining.combinations import (
    nash_claims,
    nash_equal,
    nash_minimal_rights,
    nash_minimal_rights_claims,
)
from evenwatt.bargaining.egalitarian import egalitarian, leximin
from evenwatt.bargaining.kalai_smorodinsky import kalai_smorodinsky
from evenwatt.bargaining.mixture import Mixture, nash_mixture
from evenwatt.bargaining.single import NashOutcome, nash, nash_outcome

__all__ = [
    "Mixture",
    "NashOutcome",
    "bankruptcy_nash",
    "egalitarian",
    "kalai_smorodinsky",
    "leximin",
    "nash",
    "nash_claims",
    "nash_equal",
    "nash_minimal_rights",
    "nash_minimal_rights_claims",
    "nash_mixture",
    "nash_outcome",
]
