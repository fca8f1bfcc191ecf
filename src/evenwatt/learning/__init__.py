"""Rules tuned from history: what claims hide, which weights fit, and whether learning them helped."""

from evenwatt.learning.allocator import Allocated, Allocator
from evenwatt.learning.archive import append
from evenwatt.learning.ascent import Pace
from evenwatt.learning.baselines import (
    ByBargain,
    ByDemand,
    ByDivision,
    ByPolicy,
    BySurrogate,
    Shared,
    foresight,
    learned,
    mandatory,
    surrogate,
)
from evenwatt.learning.boosting import Growth
from evenwatt.learning.chosen import ByChoice
from evenwatt.learning.columns import COLUMNS, Column, LeakError
from evenwatt.learning.demand import DemandModel, out_of_fold
from evenwatt.learning.evaluate import evaluate
from evenwatt.learning.evaluation import Evaluation, across_worlds
from evenwatt.learning.feasible import feasible
from evenwatt.learning.guard import find_leak, refuse_leaks
from evenwatt.learning.hidden import HiddenWeights, weights_over_time
from evenwatt.learning.history import History
from evenwatt.learning.information import Information
from evenwatt.learning.inverse import InferredWeights, infer_weights
from evenwatt.learning.keeping import described, load, save
from evenwatt.learning.manipulation import claim_gains, rule_gains
from evenwatt.learning.market import statements
from evenwatt.learning.measured import measured_world
from evenwatt.learning.model import Explanation, Model, NotFittedError, Training
from evenwatt.learning.policy import WeightPolicy
from evenwatt.learning.single_resource import PotWeights, pot_weights
from evenwatt.learning.stationarity import kkt_weights
from evenwatt.learning.surrogate import Surrogate
from evenwatt.learning.terms import Terms
from evenwatt.learning.welfare import Welfare, satisfaction
from evenwatt.learning.worlds import World, drawn_bargains, with_outcomes, world

__all__ = [
    "COLUMNS",
    "Allocated",
    "Allocator",
    "ByBargain",
    "ByChoice",
    "ByDemand",
    "ByDivision",
    "ByPolicy",
    "BySurrogate",
    "Column",
    "DemandModel",
    "Evaluation",
    "Explanation",
    "Growth",
    "HiddenWeights",
    "History",
    "InferredWeights",
    "Information",
    "LeakError",
    "Model",
    "NotFittedError",
    "Pace",
    "PotWeights",
    "Shared",
    "Surrogate",
    "Terms",
    "Training",
    "WeightPolicy",
    "Welfare",
    "World",
    "across_worlds",
    "append",
    "claim_gains",
    "described",
    "drawn_bargains",
    "evaluate",
    "feasible",
    "find_leak",
    "foresight",
    "infer_weights",
    "kkt_weights",
    "learned",
    "load",
    "mandatory",
    "measured_world",
    "out_of_fold",
    "pot_weights",
    "refuse_leaks",
    "rule_gains",
    "satisfaction",
    "save",
    "statements",
    "surrogate",
    "weights_over_time",
    "with_outcomes",
    "world",
]
