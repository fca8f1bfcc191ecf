"""Plots as SVG text of our own: each a pure function, one file each, no request and no script."""

from evenwatt.app.plots.bars import award_bars
from evenwatt.app.plots.duration import duration
from evenwatt.app.plots.heatmap import heatmap
from evenwatt.app.plots.lorenz import lorenz
from evenwatt.app.plots.quarters import award_quarters
from evenwatt.app.plots.sankey import sankey
from evenwatt.app.plots.strips import coverage_strips

__all__ = ["award_bars", "award_quarters", "coverage_strips", "duration", "heatmap", "lorenz", "sankey"]
