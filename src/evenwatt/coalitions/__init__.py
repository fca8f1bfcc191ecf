"""What groups earn together: games, their values, and whether anyone would leave."""

from __future__ import annotations

from evenwatt.coalitions import compat
from evenwatt.coalitions.banzhaf import banzhaf, banzhaf_index, normalised_banzhaf
from evenwatt.coalitions.classic import airport_game, optimistic_claims_game, pessimistic_claims_game
from evenwatt.coalitions.dutta_ray import dutta_ray
from evenwatt.coalitions.egalitarian import egalitarian, equal_surplus
from evenwatt.coalitions.game import Game
from evenwatt.coalitions.gately import gately
from evenwatt.coalitions.microgrid import (
    PoolingLossWarning,
    microgrid_game,
    savings_game,
    surplus_deficit_game,
)
from evenwatt.coalitions.owen import owen
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
from evenwatt.coalitions.shapley import ShapleyValue, shapley
from evenwatt.coalitions.structured import by_interval
from evenwatt.coalitions.sum_game import Kinked, SumGame
from evenwatt.coalitions.tau import tau, tau_bounds
from evenwatt.coalitions.two_price import TwoPriceGame

__all__ = [
    "Game",
    "Kinked",
    "PoolingLossWarning",
    "ShapleyValue",
    "SumGame",
    "TwoPriceGame",
    "additive",
    "airport_game",
    "balanced",
    "banzhaf",
    "banzhaf_index",
    "by_interval",
    "compat",
    "convex",
    "dutta_ray",
    "egalitarian",
    "equal_surplus",
    "essential",
    "gately",
    "microgrid_game",
    "monotone",
    "normalised_banzhaf",
    "optimistic_claims_game",
    "owen",
    "pessimistic_claims_game",
    "properties",
    "quasi_balanced",
    "savings_game",
    "shapley",
    "superadditive",
    "surplus_deficit_game",
    "tau",
    "tau_bounds",
]
