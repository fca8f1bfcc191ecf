"""What bounds several rounds: the planes above a concave bound, and the climb to its highest point."""
