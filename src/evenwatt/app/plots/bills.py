"""What each member pays: alone and with the microgrid, as two ends of a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from evenwatt.app.plots.axes import Scale, money_ticks, x_axis
from evenwatt.app.plots.colours import BLUE
from evenwatt.app.plots.drawing import document, element, hover, line, shortened, statement, text
from evenwatt.app.plots.quantities import money, money_decimals

WIDTH, LEFT, RIGHT, TOP, ROW = 960.0, 168.0, 850.0, 56.0, 24.0
ALONE = "#7d858e"

Row = Mapping[str, object]


def bill_lines(rows: Sequence[Row], *, currency: str, together: str = "with the microgrid") -> str:
    """A line per member from the bill alone (ring) to the bill with the microgrid (dot).

    Parameters
    ----------
    rows : rows of id, label, alone_micro, bill_micro, gain_micro
        In the order in which they stand [micro]; a bill below zero is money earned.
    together : str
        What the second bill is called.
    """
    title = f"Bills alone and {together}"
    ends = [micro(row, key) for row in rows for key in ("alone_micro", "bill_micro")]
    if not any(ends):
        return statement(title, "Nobody paid or earned anything, alone or together.")
    low, high = min(0.0, *ends), max(0.0, *ends)
    air = 0.03 * (high - low)
    x, bottom = Scale(low - air, high + air, LEFT, RIGHT), TOP + ROW * len(rows)
    what = f"Bill of the period [{currency}]" + ("; left of zero a member earns" if low < 0 else "")
    ticks = money_ticks(x.low, x.high, 7)
    parts = [
        x_axis(x, ticks, top=TOP, bottom=bottom, title=what, middle=(LEFT + RIGHT) / 2),
        line(x(0), TOP, x(0), bottom, kind="rule", width=1.4),
        *_legend(together),
    ]
    decimals = money_decimals(micro(row, "gain_micro") for row in rows)
    for k, row in enumerate(rows):
        parts += _row(row, x, TOP + ROW * (k + 0.5), currency, decimals, together)
    return document(title, bills_told(rows, currency), WIDTH, bottom + 52, parts)


def micro(row: Row, key: str) -> float:
    """An amount of a row, 0 where there is none."""
    return float(str(row.get(key) or 0))


def _legend(together: str) -> Iterable[str]:
    """What ring and dot are, and what stands on the right."""
    yield element("circle", cx=8, cy=9, r=6, fill="none", stroke=ALONE, stroke_width=1.6)
    yield text(20, 13.5, "alone")
    yield element("circle", cx=86, cy=9, r=4.4, fill=BLUE)
    yield text(98, 13.5, together)
    yield text(WIDTH - 4, TOP - 10, "saving", anchor="end", kind="muted")


def _row(row: Row, x: Scale, y: float, currency: str, decimals: int, together: str) -> Iterable[str]:
    """A member: name, line with both ends, saving."""
    alone, bill = micro(row, "alone_micro"), micro(row, "bill_micro")
    label = str(row.get("label") or row["id"])
    told = f"{label}: {money(alone, currency, decimals)} alone, {money(bill, currency, decimals)} {together}"
    yield text(LEFT - 12, y + 4.5, shortened(label, LEFT - 16), anchor="end")
    yield element(
        "path", d=f"M{x(alone):.1f} {y:.1f}H{x(bill):.1f}", stroke=BLUE, stroke_width=4, stroke_opacity="0.35"
    )
    yield element("circle", hover(told), cx=x(alone), cy=y, r=6, fill="none", stroke=ALONE, stroke_width=1.6)
    yield element("circle", hover(told), cx=x(bill), cy=y, r=4.4, fill=BLUE)
    yield text(WIDTH - 4, y + 4.5, money(micro(row, "gain_micro"), currency, decimals), anchor="end")


def bills_told(rows: Sequence[Row], currency: str) -> str:
    """What to see: how many pay less, and how many turn a bill into an income."""
    less = sum(micro(row, "gain_micro") > 0 for row in rows)
    worse = sum(micro(row, "gain_micro") < 0 for row in rows)
    turned = sum(micro(row, "alone_micro") > 0 > micro(row, "bill_micro") for row in rows)
    total = sum(micro(row, "gain_micro") for row in rows)
    told = f"{less} of {len(rows)} members are better off than alone"
    told += f", {worse} worse off" if worse else ""
    told += f"; {turned} earn where they would have paid" if turned else ""
    return f"{told}. Together they save {money(total, currency, money_decimals([total]))}."
