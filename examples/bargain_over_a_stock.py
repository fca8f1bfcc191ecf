"""Nash bargaining over one stock: what the disagreement point and the weights change.

Run it: ``python examples/bargain_over_a_stock.py``.
"""

import numpy as np

from evenwatt import bargaining, claims

stock_kwh, asked_kwh = 24.0, np.array([6.0, 12.0, 18.0])

for start in ("zero", "minimal-rights"):
    for weights in ("equal", "claims", "claims-minus-d"):
        awards = bargaining.bankruptcy_nash(stock_kwh, asked_kwh, disagreement=start, weights=weights)
        print(f"from {start:<15} weights {weights:<15} {awards.round(3)}")

rules = [claims.proportional, claims.constrained_equal_awards, claims.constrained_equal_losses, claims.talmud]
awards = np.stack([rule(stock_kwh, asked_kwh) for rule in rules])
mixed, shares = bargaining.nash_mixture(stock_kwh, asked_kwh, awards, disagreement="minimal-rights")
parts = " + ".join(
    f"{share:.0%} {rule.__name__}" for share, rule in zip(shares, rules, strict=True) if share > 1e-3
)
print(f"the mixture of rules with the largest Nash product: {mixed.round(3)} = {parts}")
