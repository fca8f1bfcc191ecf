"""Alternating offers over energy and money: what can be proposed, and the talks played out."""
