"""Bargaining weights: through time in a panel each, or as rows where there is one day; unknown ones hatched."""

from __future__ import annotations

from collections.abc import Sequence

from evenwatt.app.plots.axes import decimals_of, round_ticks
from evenwatt.app.plots.banded import Line, Point
from evenwatt.app.plots.calendar_maps import day_name
from evenwatt.app.plots.colours import DASHED, SOLID, Ink
from evenwatt.app.plots.drawing import element, line, polyline, rect, statement, text, text_width
from evenwatt.app.plots.hatching import hatched
from evenwatt.app.plots.interval_rows import DOT, HATCHED, OPEN, Axis, Held, interval_rows
from evenwatt.app.plots.panels import Frame, Panel, panels
from evenwatt.app.plots.parties import (
    FIXED,
    IDENTIFIED,
    INKS,
    LEARNED,
    SURENESS,
    UNKNOWN,
    WEAK,
    Labels,
    ordered,
    party_name,
    party_side,
    verdict,
)
from evenwatt.app.plots.quantities import grouped
from evenwatt.app.plots.values import Row, listed, value, values

MOST_PANELS = 12
TITLE = "Bargaining weights by day"
NO_WEIGHTS = "The report names no weight of anybody."
LOOKS = {FIXED: DOT, LEARNED: DOT, IDENTIFIED: DOT, WEAK: OPEN, UNKNOWN: HATCHED}
SAID = {
    FIXED: "fixed by the case",
    LEARNED: "set by the learned policy",
    IDENTIFIED: "identified, 95 % interval",
    WEAK: "weakly identified",
    UNKNOWN: "not identified: anything in the hatched interval",
}


def weights_over_time(rows: Sequence[Row], *, labels: Labels) -> str:
    """A panel per party: its weight of each day with the band of its interval.

    Parameters
    ----------
    rows : rows of day, party, weight, low, high, verdict
        A weight that is not identified is hatched over its interval, or over the whole panel where not even
        that is known; it has no line.
    labels : party -> name
    """
    days = sorted({str(row.get("day") or "") for row in rows})
    if not rows:
        return statement(TITLE, NO_WEIGHTS)
    if len(days) < 2:
        return weight_rows(rows, labels=labels)
    of = _by_party(rows)
    shown = _shown(of)
    most = _most(rows)
    ticks = round_ticks(0, most, 4)
    marks = [(tick, grouped(tick, decimals_of(ticks))) for tick in ticks]
    frame = Frame(0, len(days), 0, max(most * 1.06, ticks[-1]), marks, day_name(days[0]), day_name(days[-1]))
    made = [_panel(party, of[party], days, labels) for party in shown]
    kinds = [kind for kind in SURENESS if any(verdict(row) == kind for row in rows)]
    legend = _legend(kinds)
    return panels(
        made, frame, title=TITLE, description=weights_told(rows, labels), axis="Weight; all weights of a day sum to 1",
        legend=legend, legend_height=30.0,
    )  # fmt: skip


def _most(rows: Sequence[Row]) -> float:
    """The top of the axis: what is not identified may reach far, and must not flatten what is known."""
    known = values([row for row in rows if verdict(row) != UNKNOWN], "weight", "high")
    return max(known or values(rows, "high"), default=0.0) or 1.0


def _by_party(rows: Sequence[Row]) -> dict[str, list[Row]]:
    of: dict[str, list[Row]] = {}
    for party in ordered(str(row["party"]) for row in rows):
        of[party] = [row for row in rows if str(row["party"]) == party]
    return of


def _shown(of: dict[str, list[Row]]) -> list[str]:
    """The parties that have a panel: of very many those with the largest weights."""
    if len(of) <= MOST_PANELS:
        return list(of)
    most = {party: max(values(rows, "weight", "high"), default=0.0) for party, rows in of.items()}
    kept = set(sorted(most, key=lambda party: (-most[party], party))[:MOST_PANELS])
    return [party for party in of if party in kept]


def _panel(party: str, rows: Sequence[Row], days: Sequence[str], labels: Labels) -> Panel:
    """A party's line where its weight is known, hatches where it is not; a day without a row is a gap."""
    by_day = {str(row.get("day") or ""): row for row in rows}
    said = [verdict(row) for row in rows]
    points: list[Point | None] = []
    unknown = []
    for k, day in enumerate(days):
        row = by_day.get(day)
        weight = None if row is None or verdict(row) == UNKNOWN else value(row, "weight")
        if row is not None and weight is None:
            unknown.append((float(k), k + 1.0, value(row, "low"), value(row, "high"), INKS[UNKNOWN]))
        if row is None or weight is None:
            points.append(None)
        else:
            points.append(Point(k + 0.5, weight, value(row, "low"), value(row, "high")))
    worst = max(said, key=SURENESS.index)
    known = max((s for s in said if s != UNKNOWN), key=SURENESS.index, default=IDENTIFIED)
    ink = Ink(INKS[known], DASHED if known == WEAK else SOLID)
    name = f"{party_name(party, labels)} ({party_side(party)})" if party_side(party) else party
    return Panel(name, worst, [Line(name, points, ink)], _merged(unknown))


Unknown = tuple[float, float, float | None, float | None, str]


def _merged(unknown: Sequence[Unknown]) -> list[Unknown]:
    """Neighbouring days with the same interval as one."""
    made: list[Unknown] = []
    for start, stop, low, high, colour in unknown:
        if made and made[-1][1] == start and made[-1][2:4] == (low, high):
            made[-1] = (made[-1][0], stop, low, high, colour)
        else:
            made.append((start, stop, low, high, colour))
    return made


def _legend(kinds: Sequence[str]) -> list[str]:
    """What lines, bands and hatches mean."""
    parts, x = [], 0.0
    for kind in kinds:
        colour = INKS[kind]
        if kind == UNKNOWN:
            parts.append(hatched(x, 3, 24, 13, colour))
        else:
            parts.append(
                rect(x, 3, 24, 13, fill=colour, fill_opacity="0.16") if kind in (IDENTIFIED, WEAK) else ""
            )
            sample = polyline([(x, 9.5), (x + 24, 9.5)])
            dash = DASHED if kind == WEAK else None
            parts.append(element("path", d=sample, stroke=colour, stroke_width=2, stroke_dasharray=dash))
        parts.append(text(x + 31, 14, SAID[kind]))
        x += text_width(SAID[kind]) + 56
    return [*parts, line(0, 26, 960, 26)]


def weight_rows(rows: Sequence[Row], *, labels: Labels) -> str:
    """A row per party: its weight and interval; one that is not identified is hatched over its interval.

    Parameters
    ----------
    rows : rows of party, weight, low, high, verdict
        One for each party.
    labels : party -> name
    """
    title = "Bargaining weights and how well they are known"
    if not rows:
        return statement(title, NO_WEIGHTS)
    of = {str(row["party"]): row for row in rows}
    held = [_row(party, of[party], labels) for party in ordered(of)]
    most = _most(rows)
    ticks = round_ticks(0, most, 6)
    axis = Axis(
        0, max(most * 1.04, ticks[-1]), [(t, grouped(t, decimals_of(ticks))) for t in ticks],
        "Weight; all weights sum to 1",
    )  # fmt: skip
    kinds = [kind for kind in SURENESS if any(verdict(row) == kind for row in rows)]
    legend = [(LOOKS[kind], INKS[kind], SAID[kind]) for kind in kinds]
    told = weights_told(rows, labels)
    return interval_rows(held, axis, title=title, description=told, legend=legend, heading="weight")


def _row(party: str, row: Row, labels: Labels) -> Held:
    said, side = verdict(row), party_side(party)
    weight = None if said == UNKNOWN else value(row, "weight")
    return Held(
        f"{party_name(party, labels)} ({side})" if side else party,
        weight, value(row, "low"), value(row, "high"), INKS[said], LOOKS[said],
        "not identified" if weight is None else grouped(weight, 3),
    )  # fmt: skip


def weights_told(rows: Sequence[Row], labels: Labels) -> str:
    """What to see: whose weight is largest, what moved most, and whose cannot be known."""
    if not rows:
        return NO_WEIGHTS
    of = _by_party(rows)
    unknown = [p for p, held in of.items() if all(verdict(row) == UNKNOWN for row in held)]
    means = {
        party: sum(known) / len(known)
        for party, held in of.items()
        if (known := values([row for row in held if verdict(row) != UNKNOWN], "weight"))
    }
    told = []
    if means:
        first = max(means, key=lambda party: (means[party], party))
        told.append(
            f"{party_name(first, labels)} has the largest weight, {grouped(means[first], 3)} in the mean."
        )
        told.append(_moved(of, means, labels))
    if unknown:
        weight, verb = ("weight", "is") if len(unknown) == 1 else ("weights", "are")
        names = listed(party_name(p, labels) for p in unknown)
        told.append(
            f"The {weight} of {names} {verb} not identified: the outcomes would be the same with any weight in the"
            " hatched interval, so no value is drawn."
        )
    hidden = len(of) - MOST_PANELS if len({str(row.get("day") or "") for row in rows}) > 1 else 0
    if hidden > 0:
        told.append(f"The weights of {grouped(hidden)} more, smaller ones, are in the table only.")
    return " ".join(words for words in told if words)


def _moved(of: dict[str, list[Row]], means: dict[str, float], labels: Labels) -> str:
    """Whose weight moved most from day to day."""
    spans = {}
    for party in means:
        known = values([row for row in of[party] if verdict(row) != UNKNOWN], "weight")
        spans[party] = (min(known), max(known))
    most = max(spans, key=lambda party: (spans[party][1] - spans[party][0], party))
    low, high = spans[most]
    if all(len(of[party]) < 2 for party in means):
        return ""
    if high - low < 5e-4:
        return "No weight moved."
    return f"That of {party_name(most, labels)} moved most, between {grouped(low, 3)} and {grouped(high, 3)}."
