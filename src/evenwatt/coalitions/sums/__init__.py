"""Games on sums: exact values from the law of a random coalition's sum, and the normal law."""
