"""What honesty costs: how much welfare a mechanism reaches, against what an agent gains by misreporting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evenwatt.app.plots.axes import Scale, percent_ticks, x_axis, y_axis
from evenwatt.app.plots.colours import BLUE, GREY, VERMILION
from evenwatt.app.plots.drawing import document, element, hover, line, rect, statement, text
from evenwatt.app.plots.legends import DOT, Sample, legend
from evenwatt.app.plots.placing import placed
from evenwatt.app.plots.prices_per_mwh import price_ticks, priced, unit_of
from evenwatt.app.plots.quantities import percent
from evenwatt.app.plots.values import Row, listed, value

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 960.0, 66.0, 940.0, 70.0, 420.0
TITLE = "Welfare against the gain from misreporting"
NOTHING = "No mechanism was tried on misreports."
TRUTHFUL = "truthful-price"
NEGLIGIBLE = 1e-6  # per MWh; below it a gain is rounding


def tried(rows: Iterable[Row]) -> list[Row]:
    """Mechanisms with a welfare and a gain, the most welfare first."""
    held = [row for row in rows if _is_tried(row)]
    return sorted(held, key=lambda row: (-float(row["welfare_share"]), _gain(row), str(row["mechanism"])))


def _is_tried(row: Row) -> bool:
    return value(row, "welfare_share") is not None and value(row, "misreport_gain_per_mwh") is not None


def _gain(row: Row) -> float:
    return max(value(row, "misreport_gain_per_mwh") or 0.0, 0.0)


def mechanism_title(row: Row) -> str:
    """What a mechanism is called."""
    return str(row.get("title") or row.get("mechanism"))


def is_truthful(row: Row) -> bool:
    """Whether it promises that nobody gains by another price."""
    return TRUTHFUL in (row.get("promises") or ())


def honesty(rows: Sequence[Row], *, currency: str, chosen: str | None) -> str:
    """A dot per mechanism: the higher, the more welfare; the further left, the less pays a false price.

    Parameters
    ----------
    rows : rows of mechanism, title, welfare_share, misreport_gain_per_mwh, promises
    currency : str
    chosen : str, optional
        The case's mechanism, set off.
    """
    held = tried(rows)
    if not held:
        return statement(TITLE, NOTHING)
    shares = [float(row["welfare_share"]) for row in held]
    low = max(min(shares) - 0.25 * max(max(shares) - min(shares), 0.02), 0.0)
    most = max(max(map(_gain, held)), 1.0)
    x, y = Scale(-0.02 * most, most * 1.12, LEFT, RIGHT), Scale(low, max(*shares, 1.0) + 0.004, BOTTOM, TOP)
    what = "Welfare, of the most there is [%]" + ("; the axis does not begin at zero" if low > 0 else "")
    gains = f"Largest gain from misreporting, over the agent’s energy [{unit_of(currency)}]"
    marks = [(at, words) for at, words in price_ticks(x, 6) if at >= 0]
    parts = [
        *legend([
            Sample("promises that no false price pays", BLUE, DOT), Sample("makes no such promise", VERMILION, DOT),
        ]),
        _ground(x),
        y_axis(y, percent_ticks(low, max(*shares, 1.0), 5), left=LEFT, right=RIGHT, title=what, top=TOP),
        x_axis(x, marks, top=TOP, bottom=BOTTOM, title=gains, middle=(LEFT + RIGHT) / 2),
    ]  # fmt: skip
    points = [(x(_gain(row)), y(float(row["welfare_share"]))) for row in held]
    labels = placed(
        points, [mechanism_title(row) for row in held], (LEFT + 4, TOP - 6, WIDTH - 4, BOTTOM - 2), radius=7
    )
    for row, (px, py), label in zip(held, points, labels, strict=True):
        parts.append(_dot(row, px, py, currency, row["mechanism"] == chosen))
        if label:
            tie = (
                line(px, py, label.x + (3 if label.anchor == "end" else -3), label.y - 4, kind="axis")
                if label.is_far
                else ""
            )
            bold = 700 if row["mechanism"] == chosen else None
            parts += [
                tie,
                text(label.x, label.y, mechanism_title(row), anchor=label.anchor, halo=True, weight=bold),
            ]
    return document(TITLE, honesty_told(rows, currency=currency), WIDTH, BOTTOM + 52, parts)


def _ground(x: Scale) -> str:
    """The side on which honesty pays."""
    return rect(LEFT, TOP, x(0) - LEFT + 9, BOTTOM - TOP, fill=BLUE, fill_opacity="0.08")


def _dot(row: Row, x: float, y: float, currency: str, is_chosen: bool) -> str:
    share = percent(float(row["welfare_share"]), 1)
    told = f"{mechanism_title(row)}: {share} of the welfare; {gain_words(row, currency)}"
    colour = BLUE if is_truthful(row) else VERMILION
    ring = (
        element("circle", cx=x, cy=y, r=10.5, fill="none", stroke=GREY, stroke_width=1.6) if is_chosen else ""
    )
    return ring + element("circle", hover(told), cx=x, cy=y, r=6.2, fill=colour, fill_opacity="0.9")


def gain_words(row: Row, currency: str) -> str:
    """What an agent gains by misreporting, in words."""
    gain = _gain(row)
    if gain <= NEGLIGIBLE:
        return "no misreport that was tried pays"
    who = f" ({row['misreport_who']})" if row.get("misreport_who") else ""
    return f"a misreport gains {priced(gain, currency)}{who}"


def honesty_told(rows: Sequence[Row], *, currency: str) -> str:
    """What to see: which mechanisms keep everybody honest, what that costs, and where lying pays most."""
    held = tried(rows)
    if not held:
        return NOTHING
    honest = [row for row in held if _gain(row) <= NEGLIGIBLE]
    most = max(held, key=_gain)
    told = []
    if honest:
        best = honest[0]
        words = "no misreport that was tried pays under " + listed(
            (mechanism_title(row) for row in honest), 4
        )
        told.append(words)
        lost = float(held[0]["welfare_share"]) - float(best["welfare_share"])
        paid = value(best, "budget_micro")
        if paid is not None and paid < 0:
            told.append(f"{mechanism_title(best)} reaches most of them, but somebody must pay its deficit")
        elif lost > 5e-4:
            told.append(
                f"the best of them, {mechanism_title(best)}, gives up {percent(lost, 1)} of the welfare for it"
            )
    if _gain(most) > NEGLIGIBLE:
        told.append(f"lying pays most under {mechanism_title(most)}, {priced(_gain(most), currency)}")
    words = "; ".join(told)
    return f"{words[0].upper()}{words[1:]}. Each agent’s report was changed on a grid, all others’ left as they were."
