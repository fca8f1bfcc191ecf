"""Ways to divide what a microgrid saves: values of its game, tariffs of practice, and a published script."""

from __future__ import annotations

from evenwatt.coalitions.money.pool import Pool, Split, kind_of, money_rule

__all__ = ["Pool", "Split", "kind_of", "money_rule"]
