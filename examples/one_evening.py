"""One evening: 9 kWh from the roofs for four flats that ask for 16.5 kWh, divided by every rule.

Run it: ``python examples/one_evening.py``.
"""

import numpy as np

from evenwatt import audit, claims

flats = ["Anna", "Bert", "Cleo", "Dora"]
asked_wh = np.array([1_500.0, 3_000.0, 4_000.0, 8_000.0])
held_wh = 9_000.0

print(f"{'rule':<9}" + "".join(f"{flat:>9}" for flat in flats) + "   Gini of awards   worst coverage")
for name, rule in claims.rules().items():
    if rule.refusal(len(flats)):
        continue
    awards = rule(held_wh, asked_wh)
    audit.conserved(held_wh, asked_wh, awards)
    coverage = audit.coverage(awards, asked_wh)
    print(
        f"{name:<9}"
        + "".join(f"{wh:9,.0f}" for wh in awards)
        + f"{audit.gini(awards):17.3f}{coverage.min():17.0%}"
    )
