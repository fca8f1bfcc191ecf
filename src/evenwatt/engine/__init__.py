"""What every family runs on: water-filling, rounding over time, and the executor."""
