"""What groups earn together: games, their values, and whether anyone would leave."""

from __future__ import annotations

from evenwatt.coalitions import compat
from evenwatt.coalitions.banzhaf import banzhaf, banzhaf_index, normalised_banzhaf
from evenwatt.coalitions.batteries.battery import Battery
from evenwatt.coalitions.batteries.battery_game import battery_game, battery_savings_game
from evenwatt.coalitions.batteries.dispatch import Dispatch, Prices
from evenwatt.coalitions.classic import airport_game, optimistic_claims_game, pessimistic_claims_game
from evenwatt.coalitions.core_set import CoreExcess, core_centre, core_excess, core_vertices, is_in_core
from evenwatt.coalitions.dutta_ray import dutta_ray
from evenwatt.coalitions.egalitarian import egalitarian, equal_surplus
from evenwatt.coalitions.game import Game
from evenwatt.coalitions.gately import gately
from evenwatt.coalitions.least_core import LeastCore, least_core, variance_core, variance_least_core
from evenwatt.coalitions.microgrid import (
    PoolingLossWarning,
    microgrid_game,
    savings_game,
    surplus_deficit_game,
)
from evenwatt.coalitions.nucleolus import (
    InexactWarning,
    Nucleolus,
    nucleolus,
    nucleolus_outcome,
    per_capita_nucleolus,
    prenucleolus,
)
from evenwatt.coalitions.owen import owen
from evenwatt.coalitions.production import OptimumGame, production_game
from evenwatt.coalitions.properties import (
    additive,
    balanced,
    convex,
    essential,
    monotone,
    properties,
    quasi_balanced,
    superadditive,
)
from evenwatt.coalitions.sampling import SamplingWarning
from evenwatt.coalitions.shapley import ShapleyValue, inside_values, shapley
from evenwatt.coalitions.sum_game import Kinked, SumGame
from evenwatt.coalitions.sums.structured import by_interval
from evenwatt.coalitions.tau import tau, tau_bounds
from evenwatt.coalitions.two_price import TwoPriceGame
from evenwatt.core.rule import Rule
from evenwatt.core.rule import all as _all
from evenwatt.core.rule import find as _find

__all__ = [
    "Battery",
    "CoreExcess",
    "Dispatch",
    "Game",
    "InexactWarning",
    "Kinked",
    "LeastCore",
    "Nucleolus",
    "OptimumGame",
    "PoolingLossWarning",
    "Prices",
    "SamplingWarning",
    "ShapleyValue",
    "SumGame",
    "TwoPriceGame",
    "additive",
    "airport_game",
    "balanced",
    "banzhaf",
    "banzhaf_index",
    "battery_game",
    "battery_savings_game",
    "by_interval",
    "compat",
    "convex",
    "core_centre",
    "core_excess",
    "core_vertices",
    "dutta_ray",
    "egalitarian",
    "equal_surplus",
    "essential",
    "gately",
    "inside_values",
    "is_in_core",
    "least_core",
    "microgrid_game",
    "monotone",
    "normalised_banzhaf",
    "nucleolus",
    "nucleolus_outcome",
    "optimistic_claims_game",
    "owen",
    "per_capita_nucleolus",
    "pessimistic_claims_game",
    "prenucleolus",
    "production_game",
    "properties",
    "quasi_balanced",
    "rule",
    "rules",
    "savings_game",
    "shapley",
    "superadditive",
    "surplus_deficit_game",
    "tau",
    "tau_bounds",
    "variance_core",
    "variance_least_core",
]


def rule(name: str) -> Rule:
    """Return the value or solution ``name``, e.g. ``nucleolus``.

    Examples
    --------
    >>> rule("nucleolus")(Game.from_table(3, [0, 0, 0, 6, 8, 4, 15])).round(9)
    array([6.75, 3.5 , 4.75])
    """
    return _find("coalitions", name)


def rules() -> dict[str, Rule]:
    """Every value and solution by name, sorted.

    Examples
    --------
    >>> "shapley" in rules(), rules()["tau"].title
    (True, 'tau value')
    """
    return _all("coalitions")
