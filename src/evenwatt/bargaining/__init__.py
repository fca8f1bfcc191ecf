"""Two or more sides, a feasible set: what rational members agree on."""

from evenwatt.bargaining import alternating, offers
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
from evenwatt.bargaining.transport.compromise import (
    CompromiseOutcome,
    egalitarian_flows,
    kalai_smorodinsky_flows,
)
from evenwatt.bargaining.transport.outcome import Multipliers, TransportOutcome
from evenwatt.bargaining.transport.problem import TransportBargain
from evenwatt.bargaining.transport.selection import Selection, proportional_flows
from evenwatt.bargaining.transport.smoothed import Gradient, Smoothed, smoothed
from evenwatt.bargaining.transport.solve import solve
from evenwatt.bargaining.transport.transferable import TransferOutcome, solve_with_transfers

__all__ = [
    "CompromiseOutcome",
    "Gradient",
    "Mixture",
    "Multipliers",
    "NashOutcome",
    "Selection",
    "Smoothed",
    "TransferOutcome",
    "TransportBargain",
    "TransportOutcome",
    "alternating",
    "bankruptcy_nash",
    "egalitarian",
    "egalitarian_flows",
    "kalai_smorodinsky",
    "kalai_smorodinsky_flows",
    "leximin",
    "nash",
    "nash_claims",
    "nash_equal",
    "nash_minimal_rights",
    "nash_minimal_rights_claims",
    "nash_mixture",
    "nash_outcome",
    "offers",
    "proportional_flows",
    "smoothed",
    "solve",
    "solve_with_transfers",
]
