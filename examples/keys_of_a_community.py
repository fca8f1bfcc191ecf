"""A month of a generated community: share it by keys, prove how much better keys could be, and find keys again."""

from evenwatt import sharing
from evenwatt.data.group import group

village = group(3, 12, seed=7)
priority = sharing.search.proportional(village.supply, village.demand).priority(3)
today = sharing.proportional_keys(village.demand, priority)

given = sharing.allocate(village.supply, village.demand, *today, rounds=5)
print(f"ideal            {village.ideal / 1e6:6.3f} MWh: no rule shares more")
print(f"keys by demand   {given.flows.total / 1e6:6.3f} MWh after five rounds")

best = sharing.optimise(
    village.supply, village.demand, rounds=5, method="hill-climbing", max_evaluations=1_500
)
print(
    f"better keys      {best.shared / 1e6:6.3f} MWh; no keys pass {best.bound / 1e6:.3f} MWh, gap {best.gap:.1%}"
)

replayed = sharing.allocate(village.supply, village.demand, best.keys, best.priority, rounds=5)
found = sharing.infer_keys(village.supply, village.demand, replayed.shared, pairs=replayed.flows)
print(
    f"found again      {found.rounds} rounds, {found.matched:.1%} of all cells explained by the keys inferred"
)
