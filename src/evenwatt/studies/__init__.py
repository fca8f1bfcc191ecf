"""The five stories: each a loop of problem, rule, outcome, next problem."""
