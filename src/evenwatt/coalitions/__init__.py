"""What groups earn together: games, their values, and whether anyone would leave."""

from __future__ import annotations

from evenwatt.coalitions.classic import airport_game, optimistic_claims_game, pessimistic_claims_game
from evenwatt.coalitions.game import Game
from evenwatt.coalitions.microgrid import (
    PoolingLossWarning,
    microgrid_game,
    savings_game,
    surplus_deficit_game,
)
from evenwatt.coalitions.shapley import ShapleyValue, shapley
from evenwatt.coalitions.structured import by_interval
from evenwatt.coalitions.sum_game import Kinked, SumGame
from evenwatt.coalitions.two_price import TwoPriceGame

__all__ = [
    "Game",
    "Kinked",
    "PoolingLossWarning",
    "ShapleyValue",
    "SumGame",
    "TwoPriceGame",
    "airport_game",
    "by_interval",
    "microgrid_game",
    "optimistic_claims_game",
    "pessimistic_claims_game",
    "savings_game",
    "shapley",
    "surplus_deficit_game",
]
