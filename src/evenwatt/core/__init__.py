"""The four words: a problem, turned by a rule into an outcome, explained by a report."""

from evenwatt.core.errors import (
    BargainError,
    CaseError,
    ConservationError,
    DataError,
    EvenwattError,
    InputError,
    ProblemError,
    RuleError,
    SolverError,
    gather,
)
from evenwatt.core.meters import Meters, Register, Status
from evenwatt.core.outcome import Outcome
from evenwatt.core.problem import Bargain, Claims
from evenwatt.core.report import SCHEMA_VERSION, Report
from evenwatt.core.rule import Rule

__all__ = [
    "SCHEMA_VERSION",
    "Bargain",
    "BargainError",
    "CaseError",
    "Claims",
    "ConservationError",
    "DataError",
    "EvenwattError",
    "InputError",
    "Meters",
    "Outcome",
    "ProblemError",
    "Register",
    "Report",
    "Rule",
    "RuleError",
    "SolverError",
    "Status",
    "gather",
]
