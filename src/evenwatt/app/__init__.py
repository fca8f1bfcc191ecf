"""The faces: command line, pages, plots."""
