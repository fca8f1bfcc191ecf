"""The surplus of every household in order, and how unequal it is as one curve."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

from evenwatt.app.plots.axes import Scale, money_ticks, percent_ticks, x_axis, y_axis
from evenwatt.app.plots.colours import BLUE
from evenwatt.app.plots.drawing import document, element, hover, line, polyline, rect, statement, text
from evenwatt.app.plots.legends import Sample, legend
from evenwatt.app.plots.market_inks import ROLES
from evenwatt.app.plots.quantities import counted, money, money_decimals, percent
from evenwatt.app.plots.values import Row, capital, value

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 960.0, 70.0, 566.0, 62.0, 354.0
SQUARE = (650.0, 930.0)  # left and right of the curve's frame, as high as it is wide
TITLE = "Surplus of each household"
NOTHING = "No household has a surplus or a loss to show."
HOUSEHOLDS = ("consumer", "prosumer")


def households(rows: Iterable[Row]) -> list[Row]:
    """Consumers and prosumers with a surplus that is known, smallest first."""
    held = [row for row in rows if row.get("role") in HOUSEHOLDS and value(row, "surplus_micro") is not None]
    return sorted(held, key=lambda row: (float(row["surplus_micro"]), str(row.get("id"))))


def member_surplus(rows: Sequence[Row], *, currency: str, gini: float | None, is_defined: bool) -> str:
    """Bars in order on the left, the Lorenz curve on the right where one can be drawn.

    Parameters
    ----------
    rows : rows of id, label, role, surplus_micro
    currency : str
    gini : float, optional
        Of the report.
    is_defined : bool
        Whether it lies in 0..1: with negative surplus it does not.
    """
    held = households(rows)
    amounts = [float(row["surplus_micro"]) for row in held]
    if not any(amounts):
        return statement(TITLE, NOTHING)
    has_curve = is_defined and amounts[0] >= 0
    right = RIGHT if has_curve else SQUARE[1]
    roles = [role for role in HOUSEHOLDS if any(row.get("role") == role for row in held)]
    what = f"{counted(len(held), 'household')}, smallest surplus first"
    parts = [
        *legend([Sample(capital(role), ROLES[role]) for role in roles], right=RIGHT),
        *_bars(held, amounts, right, currency),
        text((LEFT + right) / 2, BOTTOM + 40, what, anchor="middle"),
        *(_curve(amounts, gini) if has_curve else ()),
    ]
    told = surplus_told(rows, currency=currency, gini=gini, is_defined=is_defined)
    return document(TITLE, told, WIDTH, BOTTOM + 54, parts)


def _bars(rows: Sequence[Row], amounts: Sequence[float], right: float, currency: str) -> Iterable[str]:
    """The axis and a bar for each household."""
    low, high = min(0.0, *amounts), max(0.0, *amounts)
    air = 0.04 * (high - low)
    y = Scale(low - air if low < 0 else 0.0, high + air, BOTTOM, TOP)
    wide, decimals = (right - LEFT) / len(rows), money_decimals(amounts)
    title = f"Surplus of the period [{currency}]"
    yield y_axis(y, money_ticks(y.low, y.high, 6), left=LEFT, right=right, title=title, top=TOP)
    for k, (row, amount) in enumerate(zip(rows, amounts, strict=True)):
        top, base = sorted((y(amount), y(0)))
        who = f"{row.get('label') or row.get('id')} ({row.get('persona') or row['role']})"
        yield rect(
            LEFT + (k + 0.08) * wide, top, wide * 0.84, max(base - top, 0.8), fill=ROLES[str(row["role"])],
            inner=hover(f"{who}: {money(amount, currency, decimals)}"), fill_opacity="0.9",
        )  # fmt: skip
    yield line(LEFT, y(0), right, y(0), kind="rule", width=1.2)


def _curve(amounts: Sequence[float], gini: float | None) -> Iterable[str]:
    """The Lorenz curve of amounts in ascending order."""
    left, right = SQUARE
    words = "Lorenz curve" + (f", Gini {gini:.3f}" if gini is not None else "")
    x, y = Scale(0, 1, left, right), Scale(0, 1, BOTTOM, TOP)
    ticks, total = percent_ticks(0, 1, 4), sum(amounts)
    yield text(left - 44, 14.5, words, weight=600)
    yield y_axis(y, ticks, left=left, right=right, title="", top=TOP)
    yield text(left - 44, TOP - 14, "Share of surplus [%]")
    what = "Share of households [%]"
    yield x_axis(x, ticks, top=TOP, bottom=BOTTOM, title=what, middle=(left + right) / 2)
    equal = f"M{left} {BOTTOM}L{right} {TOP}"
    yield element("path", d=equal, class_="axis", stroke="#a3abb3", stroke_width=1.5)
    held = [0.0, *accumulate(amounts)]
    path = polyline((x(k / len(amounts)), y(so_far / total)) for k, so_far in enumerate(held))
    yield element("path", hover("all households"), d=path, fill="none", stroke=BLUE, stroke_width=2.6)


def surplus_told(rows: Sequence[Row], *, currency: str, gini: float | None, is_defined: bool) -> str:
    """What to see: the range, who lost, and how equal it is, or why that has no figure."""
    held = households(rows)
    amounts = [float(row["surplus_micro"]) for row in held]
    if not any(amounts):
        return NOTHING
    decimals = money_decimals(amounts)
    least, most = held[0], held[-1]
    told = (
        f"From {money(amounts[0], currency, decimals)} ({least.get('label') or least.get('id')}) to"
        f" {money(amounts[-1], currency, decimals)} ({most.get('label') or most.get('id')})."
    )
    lost = sum(amount < 0 for amount in amounts)
    if lost:
        return (
            f"{told} {counted(lost, 'household')} ended with a loss: shares of a whole with negative parts mean"
            " nothing, so there is no Lorenz curve, and the Gini index is not defined."
        )
    if not is_defined:
        return f"{told} The report says that the Gini index is not defined, so neither it nor the curve is shown."
    half = sum(amounts[: len(amounts) // 2]) / sum(amounts)
    index = f" (Gini {gini:.3f})" if gini is not None else ""
    return f"{told} The half of the households with the smaller surplus holds {percent(half)} of it{index}."
