"""Games of communities with batteries: what a coalition earns by its best dispatch."""
