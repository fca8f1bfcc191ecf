"""Community sharing: who gets whose surplus, by which keys and priorities, and how much better it could be."""

from evenwatt.sharing import compat, relaxed, search
from evenwatt.sharing.asked import METHODS
from evenwatt.sharing.bound import RoundsBound, cover, cover_exact, exact_bound, rounds_bound
from evenwatt.sharing.countries import Regulation, regulations, share
from evenwatt.sharing.exhaustive import exhaustive
from evenwatt.sharing.flows import Flows
from evenwatt.sharing.forward import walk_forward
from evenwatt.sharing.front import front
from evenwatt.sharing.grid import rounded as on_grid
from evenwatt.sharing.history import Step
from evenwatt.sharing.infer import Inferred, MatchWarning, Mismatch, infer_keys
from evenwatt.sharing.interval_keys import best_flows, coefficients, fair_awards, fair_flows
from evenwatt.sharing.keys import Certified, certified
from evenwatt.sharing.links import limited
from evenwatt.sharing.objectives import Coverage, Money, Shared
from evenwatt.sharing.optimise import optimise
from evenwatt.sharing.optimum import Optimum
from evenwatt.sharing.plan import Plan, equal_keys, proportional_keys
from evenwatt.sharing.problem import GRID, Agreement, agreement
from evenwatt.sharing.replay import Replay
from evenwatt.sharing.rounds import Allocation, KeyWarning, allocate, allocate_exact
from evenwatt.sharing.waterfall import waterfall

__all__ = [
    "GRID",
    "METHODS",
    "Agreement",
    "Allocation",
    "Certified",
    "Coverage",
    "Flows",
    "Inferred",
    "KeyWarning",
    "MatchWarning",
    "Mismatch",
    "Money",
    "Optimum",
    "Plan",
    "Regulation",
    "Replay",
    "RoundsBound",
    "Shared",
    "Step",
    "agreement",
    "allocate",
    "allocate_exact",
    "best_flows",
    "certified",
    "coefficients",
    "compat",
    "cover",
    "cover_exact",
    "equal_keys",
    "exact_bound",
    "exhaustive",
    "fair_awards",
    "fair_flows",
    "front",
    "infer_keys",
    "limited",
    "on_grid",
    "optimise",
    "proportional_keys",
    "regulations",
    "relaxed",
    "rounds_bound",
    "search",
    "share",
    "walk_forward",
    "waterfall",
]
