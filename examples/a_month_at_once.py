"""A month of quarter-hours for a thousand homes in one call, and what the choice of rule moves.

Run it: ``python examples/a_month_at_once.py``.
"""

import numpy as np

from evenwatt import claims

rng = np.random.default_rng(1)
claims_wh = rng.gamma(1.0, 120.0, (2_976, 1_000))
endowment_wh = rng.uniform(0.02, 0.98, 2_976) * claims_wh.sum(axis=1)

proportional = claims.proportional(endowment_wh, claims_wh)
for name in ("cea", "cel", "talmud", "piniles"):
    awards = claims.rule(name)(endowment_wh, claims_wh)
    moved = np.abs(awards - proportional).sum() / 2
    print(f"{name:<8} gives {moved / endowment_wh.sum():5.1%} of the energy to other homes than pro does")
