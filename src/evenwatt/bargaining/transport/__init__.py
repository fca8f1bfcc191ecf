"""Several suppliers, several agents: who buys how much from whom."""
