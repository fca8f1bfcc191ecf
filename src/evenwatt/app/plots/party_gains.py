"""What each party has from the bargain, beyond what it would have without."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evenwatt.app.plots.axes import Scale, money_ticks, x_axis
from evenwatt.app.plots.drawing import (
    document,
    element,
    hover,
    line,
    number,
    rect,
    shortened,
    statement,
    text,
    text_width,
)
from evenwatt.app.plots.parties import AGENT, SUPPLIER, Labels, party_ink, party_name, party_side
from evenwatt.app.plots.quantities import counted, money, money_decimals, percent
from evenwatt.app.plots.values import Row, listed, value

WIDTH, LEFT, RIGHT, TOP, ROW = 960.0, 190.0, 846.0, 58.0, 26.0
WITHOUT = "#7d858e"
MOST_ROWS = 40
TITLE = "Gain of each party beyond its disagreement"
NO_GAIN = "Nobody gained anything by the bargain."


def party_gains(rows: Sequence[Row], *, labels: Labels, currency: str) -> str:
    """A row per party: from what it would have without the bargain (a stroke) to what it has with it (a dot).

    Parameters
    ----------
    rows : rows of party, gain_micro, disagreement_micro
        In the order in which they stand [micro]; of more than forty only the first are drawn.
    labels : party -> name
    currency : str
    """
    held = [row for row in rows if value(row, "gain_micro") is not None][:MOST_ROWS]
    ends = [end for row in held for end in _ends(row)]
    if not any(ends):
        return statement(TITLE, NO_GAIN)
    low, high = min(0.0, *ends), max(0.0, *ends)
    air = 0.03 * (high - low)
    x, bottom = Scale(low - air if low < 0 else low, high + air, LEFT, RIGHT), TOP + ROW * len(held)
    decimals = money_decimals(value(row, "gain_micro") for row in held)
    what = f"Worth of the period to the party [{currency}]"
    ticks = money_ticks(x.low, x.high, 7)
    parts = [
        x_axis(x, ticks, top=TOP, bottom=bottom, title=what, middle=(LEFT + RIGHT) / 2),
        line(x(0), TOP, x(0), bottom, kind="rule", width=1.4),
        *_legend(held),
    ]
    for k, row in enumerate(held):
        parts += _row(row, x, TOP + ROW * (k + 0.5), labels, currency, decimals)
    return document(TITLE, gains_told(rows, labels, currency), WIDTH, bottom + 52, parts)


def _ends(row: Row) -> tuple[float, float]:
    """What a party has without and with the bargain."""
    without = value(row, "disagreement_micro") or 0.0
    return without, without + (value(row, "gain_micro") or 0.0)


def _row(row: Row, x: Scale, y: float, labels: Labels, currency: str, decimals: int) -> Iterable[str]:
    party = str(row["party"])
    name, colour, (without, together) = party_name(party, labels), party_ink(party), _ends(row)
    gain = money(together - without, currency, decimals)
    told = hover(
        f"{name} ({party_side(party)}): {money(without, currency, decimals)} without, {gain} more with it"
    )
    yield text(LEFT - 12, y + 4.5, shortened(name, LEFT - 18), anchor="end")
    left, right = sorted((x(without), x(together)))
    yield rect(left, y - 6, right - left, 12, inner=told, fill=colour, fill_opacity="0.75")
    if without:
        data = f"M{number(x(without))} {number(y - 9)}v18"
        yield element("path", d=data, stroke=WITHOUT, stroke_width=2.4)
    yield text(WIDTH - 4, y + 4.5, gain, anchor="end")


def _legend(rows: Sequence[Row]) -> Iterable[str]:
    x = 0.0
    sides = {party_side(str(row["party"])) for row in rows}
    for side, colour in (("supplier", SUPPLIER), ("agent", AGENT)):
        if side in sides:
            words = f"gain of {'a' if side == 'supplier' else 'an'} {side}"
            yield rect(x, 4, 20, 12, fill=colour, fill_opacity="0.75")
            yield text(x + 27, 14.5, words)
            x += text_width(words) + 52
    if any(value(row, "disagreement_micro") for row in rows):
        yield element("path", d=f"M{number(x + 3)} 1v18", stroke=WITHOUT, stroke_width=2.4)
        yield text(x + 13, 14.5, "without agreement")
    yield text(WIDTH - 4, TOP - 10, "gain", anchor="end", kind="muted")


def gains_told(rows: Sequence[Row], labels: Labels, currency: str) -> str:
    """What to see: how the gain is split between the sides, who gains most, and who gains nothing."""
    held = [row for row in rows if value(row, "gain_micro") is not None]
    total = sum(float(row["gain_micro"]) for row in held)
    if total <= 0:
        return NO_GAIN
    most = max(held, key=lambda row: (float(row["gain_micro"]), str(row["party"])))
    of_suppliers = sum(
        float(row["gain_micro"]) for row in held if party_side(str(row["party"])) == "supplier"
    )
    decimals = money_decimals([total])
    told = (
        f"The bargain is worth {money(total, currency, decimals)} more than no agreement; suppliers have"
        f" {percent(of_suppliers / total)} of that, {party_name(str(most['party']), labels)} gains most,"
        f" {money(float(most['gain_micro']), currency, decimals)}."
    )
    nothing = [party_name(str(row["party"]), labels) for row in held if float(row["gain_micro"]) <= 0]
    if nothing:
        told += f" {listed(nothing)} {'gains' if len(nothing) == 1 else 'gain'} nothing."
    if len(held) > MOST_ROWS:
        told += f" {counted(len(held) - MOST_ROWS, 'row')} more are in the table only."
    return told
