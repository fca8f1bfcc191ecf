"""A sweep: mechanisms by policies, each cell the mean over its seeds of one measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evenwatt.app.plots.drawing import statement
from evenwatt.app.plots.measured import Written, measure, written
from evenwatt.app.plots.quantities import counted
from evenwatt.app.plots.shaded_grid import Cell, Shades, Side, shaded_grid
from evenwatt.app.plots.values import Row, capital, value, values

NOTHING = "No cell of the sweep has a figure of this measure."


def sweep_grid(rows: Sequence[Row], key: str, *, titles: Mapping[str, str], currency: str) -> str:
    """Mechanisms down, policies across; the darker the higher, the best cell framed.

    Parameters
    ----------
    rows : rows of mechanism, policy, measure, mean, low, high, seeds
    key : str
        The measure.
    titles : mechanism -> name
    currency : str
    """
    held = _of(rows, key)
    title = f"{measure(key).title} by mechanism and policy"
    if not held:
        return statement(title, NOTHING)
    means = values(held, "mean")
    low, high, form = min(means), max(means), written(key, means, currency)
    best = _best(held, key)
    cells = {
        (str(row["mechanism"]), str(row["policy"])): _cell(row, low, high, form, row is best, titles)
        for row in held
    }
    unit = f" [{form.unit}]" if form.unit else ""
    shades = Shades(
        f"{measure(key).title}{unit}", form.number(low), form.number(high), "best" if best is not None else ""
    )
    down = {name: titles.get(name, name) for name in dict.fromkeys(str(row["mechanism"]) for row in held)}
    across = {
        name: capital(name.replace("-", " ")) for name in dict.fromkeys(str(row["policy"]) for row in held)
    }
    return shaded_grid(
        Side("Mechanism", down), Side("Policy", across), cells, shades, title=title, left=230,
        description=grid_told(rows, key, titles=titles, currency=currency),
    )  # fmt: skip


def _of(rows: Sequence[Row], key: str) -> list[Row]:
    return [row for row in rows if row.get("measure") == key and value(row, "mean") is not None]


def _best(rows: Sequence[Row], key: str) -> Row | None:
    """The best cell, where one way is better than the other and they are not all the same."""
    good = measure(key).more_is_good
    means = values(rows, "mean")
    if good is None or min(means) == max(means):
        return None
    return max(rows, key=lambda row: float(row["mean"]) * (1 if good else -1))


def _cell(row: Row, low: float, high: float, form: Written, is_best: bool, titles: Mapping[str, str]) -> Cell:
    mean, ends = float(row["mean"]), (value(row, "low"), value(row, "high"))
    known = ends[0] is not None and ends[1] is not None
    span = f"{form.number(ends[0] or 0)} to {form.number(ends[1] or 0)}" if known else ""
    name = titles.get(str(row["mechanism"]), str(row["mechanism"]))
    seeds = f", {counted(int(row['seeds']), 'seed')}" if value(row, "seeds") is not None else ""
    told = f"{name}, {row['policy']}: {form.full(mean)}" + (f" ({span}{seeds})" if span else seeds)
    finer = replace(form, decimals=form.decimals + 1)
    half = f"± {finer.number((ends[1] - ends[0]) / 2)}" if ends[0] is not None and ends[1] is not None else ""
    return Cell(
        (mean - low) / (high - low) * 0.8 if high > low else 0.3, form.number(mean), half, told, is_best
    )


def grid_told(rows: Sequence[Row], key: str, *, titles: Mapping[str, str], currency: str) -> str:
    """What to see: the highest and the lowest cell."""
    held = _of(rows, key)
    if not held:
        return NOTHING
    form = written(key, values(held, "mean"), currency)
    most, least = max(held, key=lambda row: float(row["mean"])), min(held, key=lambda row: float(row["mean"]))
    if float(most["mean"]) == float(least["mean"]):
        return f"{measure(key).title} is {form.full(float(most['mean']))} in every cell."
    ends = [
        f"{word} {form.full(float(row['mean']))} under {titles.get(str(row['mechanism']), str(row['mechanism']))} with"
        f" {row['policy']} policies"
        for word, row in (("highest", most), ("lowest", least))
    ]
    return f"{measure(key).title}: {ends[0]}, {ends[1]}. ± is half the interval over the seeds."
