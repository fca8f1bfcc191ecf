"""Modules that need an extra are no doctests where it is not installed; their tests say so by name."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("mesa") else ["evenwatt/studies/market/mesa_*.py"]
