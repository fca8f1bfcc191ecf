"""Who has what of the welfare, beside the same run without the regulator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from evenwatt.app.plots.axes import Scale, money_ticks, x_axis
from evenwatt.app.plots.drawing import document, hover, line, rect, statement, text
from evenwatt.app.plots.legends import OUTLINE, Sample, legend
from evenwatt.app.plots.market_inks import party_colour
from evenwatt.app.plots.quantities import MINUS, money, money_decimals
from evenwatt.app.plots.row_labels import row_label
from evenwatt.app.plots.values import Row, capital, listed, value, values

WIDTH, LEFT, RIGHT, TOP, ROW = 960.0, 150.0, 714.0, 62.0, 40.0
TITLE = "Welfare of each party"
NOTHING = "No party has gained or lost anything."
WITHOUT = "#7d858e"


def welfare_split(rows: Sequence[Row], *, currency: str) -> str:
    """A bar per party; where there is a control run its bar stands beneath as an outline.

    Parameters
    ----------
    rows : rows of party, micro, control_micro
        Welfare with the regulator, and of the same seed without, null where there was no such run [micro].
    currency : str
    """
    held = [row for row in rows if value(row, "micro") is not None]
    reached = values(held, "micro", "control_micro")
    if not any(reached):
        return statement(TITLE, NOTHING)
    low, high = min(0.0, *reached), max(0.0, *reached)
    air = 0.02 * (high - low)
    x, bottom = Scale(low - air if low < 0 else 0.0, high + air, LEFT, RIGHT), TOP + ROW * len(held)
    decimals = money_decimals(reached)
    has_control = any(value(row, "control_micro") is not None for row in held)
    what = f"Welfare over the period [{currency}]"
    parts = [
        x_axis(
            x, money_ticks(x.low, x.high, 6), top=TOP, bottom=bottom, title=what, middle=(LEFT + RIGHT) / 2
        ),
        line(x(0), TOP, x(0), bottom, kind="rule", width=1.3),
        *_headings(has_control),
    ]
    for k, row in enumerate(held):
        parts += _row(row, x, TOP + ROW * (k + 0.5), currency, decimals)
    return document(TITLE, welfare_told(rows, currency=currency), WIDTH, bottom + 52, parts)


def _headings(has_control: bool) -> Iterable[str]:
    yield text(842, TOP - 10, "welfare", anchor="end", kind="muted")
    if has_control:
        yield from legend([
            Sample("as it was, with the regulator", "#7d858e"), Sample("same seed, no intervention", WITHOUT, OUTLINE),
        ])  # fmt: skip
        yield text(WIDTH - 4, TOP - 10, "changed by", anchor="end", kind="muted")


def _row(row: Row, x: Scale, y: float, currency: str, decimals: int) -> Iterable[str]:
    party, micro, control = str(row.get("party")), float(row["micro"]), value(row, "control_micro")
    yield from row_label(LEFT - 12, y, capital(party), LEFT - 14, tall=ROW)
    told = f"{capital(party)}: {money(micro, currency, decimals)}"
    tall = 24.0 if control is None else 15.0
    top = y - tall / 2 if control is None else y - 14
    yield _bar(x, micro, top, tall, inner=hover(told), fill=party_colour(party), fill_opacity="0.88")
    yield text(
        842, y + 4.5, money(micro, currency, decimals).rpartition("\u202f")[0] or "", anchor="end", weight=600
    )
    if control is not None:
        words = hover(f"{capital(party)} without intervention: {money(control, currency, decimals)}")
        yield _bar(
            x,
            control,
            y + 3,
            9,
            inner=words,
            fill=WITHOUT,
            fill_opacity="0.12",
            stroke=WITHOUT,
            stroke_width=1.4,
        )
        yield text(WIDTH - 4, y + 4.5, gained(micro - control, "", decimals), anchor="end")


def _bar(x: Scale, micro: float, top: float, tall: float, **look: Any) -> str:
    left, right = sorted((x(0), x(micro)))
    return rect(left, top, max(right - left, 0.8), tall, rx=1.5, **look)


def gained(micro: float, currency: str, decimals: int = 2) -> str:
    """An amount with its sign.

    Examples
    --------
    >>> gained(2_500_000, "EUR").replace("\u202f", " "), gained(0, "EUR").replace("\u202f", " ")
    ('+2.50 EUR', '0.00 EUR')
    """
    words = money(micro, currency, decimals).rstrip("\u202f")
    return f"+{words}" if micro > 0 and words.strip("0.,\u202f") and not words.startswith(MINUS) else words


def welfare_told(rows: Sequence[Row], *, currency: str) -> str:
    """What to see: who has most, and for whom the regulator made it better or worse."""
    held = [row for row in rows if value(row, "micro") is not None]
    if not any(values(held, "micro")):
        return NOTHING
    decimals = money_decimals(values(held, "micro"))
    most = max(held, key=lambda row: float(row["micro"]))
    total = sum(float(row["micro"]) for row in held)
    told = (
        f"Together {money(total, currency, decimals)}; most of it went to the {most.get('party')},"
        f" {money(float(most['micro']), currency, decimals)}."
    )
    changes = [(str(row["party"]), float(row["micro"]) - float(row["control_micro"])) for row in held
               if value(row, "control_micro") is not None]  # fmt: skip
    if not changes:
        return f"{told} There is no control run beside it, so nothing is said of what the regulator changed."
    whole = gained(sum(change for _, change in changes), currency, decimals)
    told += f" Against the same seed without intervention the sum changed by {whole}."
    for words, ways in (("better off", 1), ("worse off", -1)):
        who = [
            f"{party} ({gained(c, '', decimals)})"
            for party, c in sorted(changes, key=lambda pair: -abs(pair[1]))
            if c * ways > 0
        ]
        told += f" {capital(words)}: {listed(who, 4)}." if who else ""
    return told
