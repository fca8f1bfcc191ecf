"""What proves fixed keys: the task, the central path to its optimum, cuts, and prices where links are few."""
