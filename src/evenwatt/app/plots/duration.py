"""The duration curve: shortages of all intervals, largest first, and how much of the time was contested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenwatt.app.plots.axes import Scale, energy_ticks, percent_ticks, x_axis, y_axis
from evenwatt.app.plots.drawing import document, element, line, polyline, statement, text
from evenwatt.app.plots.quantities import counted, energy, grouped, percent, unit_for

WIDTH, HEIGHT = 960.0, 380.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 940.0, 40.0, 328.0
MOST_POINTS = 500

Points = list[tuple[float, float]]


def points_of(shortage: Sequence[int | Mapping[str, float]]) -> Points:
    """(Share of intervals, shortage [Wh]), largest first; from numbers or rows of rank and shortage_wh."""
    if shortage and isinstance(shortage[0], Mapping):
        rows = [row for row in shortage if isinstance(row, Mapping)]
        return sorted((float(row["rank"]), float(row["shortage_wh"])) for row in rows)
    values = sorted((float(v) for v in shortage if not isinstance(v, Mapping)), reverse=True)
    points = [((k + 0.5) / len(values), value) for k, value in enumerate(values)]
    every = max(-(-len(points) // MOST_POINTS), 1)
    return points[::every] + ([points[-1]] if every > 1 and (len(points) - 1) % every else [])


def duration(
    shortage: Sequence[int | Mapping[str, float]], *, contested: float | None = None, minutes: float = 15
) -> str:
    """Shortage per interval sorted from the largest; the contested part of the time is filled.

    Parameters
    ----------
    shortage : sequence
        Claims less stock of every complete interval [Wh], plain or as rows of rank (share) and shortage_wh.
    contested : float, optional
        Share of intervals in which claims exceeded the stock; counted from the points where None.
    minutes : float
        Length of an interval.
    """
    title = "Duration curve of shortage"
    points = points_of(shortage)
    highest = max((value for _, value in points), default=0.0)
    if highest <= 0:
        return statement(title, "Nothing was scarce: in no interval did claims exceed the stock.")
    share = contested if contested is not None else sum(value > 0 for _, value in points) / len(points)
    unit = unit_for([highest])
    x, y = Scale(0, 1, LEFT, RIGHT), Scale(0, highest * 1.04, BOTTOM, TOP)
    what = f"Shortage per {minutes:g}-minute interval [{unit.name}]"
    curve = [
        (x(0), y(points[0][1])),
        *((x(a), y(max(b, 0))) for a, b in points),
        (x(1), y(max(points[-1][1], 0))),
    ]
    filled = [(x(0), BOTTOM), *(p for p in curve if p[0] <= x(share)), (x(share), BOTTOM)]
    parts = [
        element("path", d=polyline(filled) + "z", fill="#d15e3f", fill_opacity="0.28"),
        x_axis(
            x,
            percent_ticks(),
            top=TOP,
            bottom=BOTTOM,
            title="Share of intervals, largest shortage first [%]",
            middle=(LEFT + RIGHT) / 2,
        ),
        y_axis(y, energy_ticks(highest, unit), left=LEFT, right=RIGHT, title=what, top=TOP),
        element("path", d=polyline(curve), fill="none", stroke="#b4450f", class_="accent", stroke_width=2.2),
        *_edge(x(share), share),
    ]
    return document(
        title, f"Contested {percent(share)} of the time; largest {energy(highest)}.", WIDTH, HEIGHT, parts
    )


def _edge(at: float, share: float) -> list[str]:
    """The end of the contested time and what lies on either side of it."""
    is_late = at > (LEFT + RIGHT) / 2
    words = f"contested {percent(share)} of the time"
    beside, anchor = (at - 10, "end") if is_late else (at + 10, None)
    return [
        line(at, TOP, at, BOTTOM, kind="accent"),
        text(beside, TOP + 18, words, anchor=anchor, kind="accent", weight=600, halo=True),
    ]


def duration_caption(
    shortage: Sequence[int | Mapping[str, float]], intervals: int, contested: int, minutes: float
) -> str:
    """What to see: how much of the time was contested, and how sharp the worst tenth of it was."""
    points = points_of(shortage)
    highest = max((value for _, value in points), default=0.0)
    if highest <= 0 or not intervals:
        return "Nothing was scarce: every claim was met in every interval."
    hours = contested * minutes / 60
    total = sum(max(value, 0) for _, value in points)
    worst = sum(max(value, 0) for share, value in points if share <= 0.1)
    return (
        f"Claims exceeded the stock in {grouped(contested)} of {counted(intervals, 'interval')}"
        f" ({percent(contested / intervals)}, {counted(round(hours), 'hour')}); the filled area is the"
        f" energy that was claimed and not there. The worst tenth of all intervals holds"
        f" {percent(worst / total)} of it, the largest being {energy(highest)} in {minutes:g} minutes."
    )
