"""Who would leave: the worst-off coalition, found, bounded or searched for, and the levels built on it."""
