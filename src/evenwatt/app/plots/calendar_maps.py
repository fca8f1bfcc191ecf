"""The two maps of a period: coverage by member and day, shortage by day and time of day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from evenwatt.app.plots.cells import Table, energies, numbers, shares, words
from evenwatt.app.plots.colours import COVERAGE, SHORTAGE, agent_colour
from evenwatt.app.plots.drawing import statement
from evenwatt.app.plots.findings import NOTHING_SCARCE, Figure, Findings, Row
from evenwatt.app.plots.heatmap import Legend, Side, heatmap, marks_of
from evenwatt.app.plots.quantities import energy, percent

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MOST_ROWS = 280  # beyond this, members share rows of the map: a thinner row is not seen
NAMED_ROWS = 30  # up to this many members each row carries its name

Cells = Mapping[tuple[str, str], float | None]


def day_name(iso: str, *, weekday: bool = False) -> str:
    """``1 Jun`` or ``Wed 1 Jun``; a day that is no date stays as it came.

    Examples
    --------
    >>> day_name("2016-06-01", weekday=True)
    'Wed 1 Jun'
    """
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{DAYS[day.weekday()] + ' ' if weekday else ''}{day.day} {MONTHS[day.month - 1]}"


def coverage_map(found: Findings) -> Figure:
    """Coverage of every member on every day: members under their agent, best served first."""
    title = "Coverage of each member on each day"
    if not found.is_scarce:
        return Figure(
            title, statement(title, NOTHING_SCARCE), "Every member was covered in full on every day."
        )
    table = found.table("coverage_by_day")
    days = sorted({str(row["day"]) for row in table})
    cells = {(str(row["member"]), str(row["day"])): row.get("coverage") for row in table}
    groups = _members_by_agent(found, cells, days)
    each = -(-sum(map(len, groups.values())) // MOST_ROWS)
    rows, bands, marks = _stacked(found, groups, cells, days, max(each, 1))
    height = len(rows) * 18.0 if len(rows) <= NAMED_ROWS else min(len(rows) * 5.0, 560.0)
    told = _coverage_told(cells, days)
    drawn = heatmap(
        rows,
        title=title,
        description=told,
        across=Side("Day", marks_of([day_name(day) for day in days], 740, 52)),
        down=Side("Member, by agent", marks),
        ramp=COVERAGE,
        legend=Legend("Coverage: award over claim [%]", 0.0, 1.0, percent, "nothing claimed"),
        height=height,
        bands=bands,
        left=196.0,
    )
    shared = f" Each row is the mean of up to {each} members." if each > 1 else ""
    return Figure(title, drawn, f"{told} Within an agent the best-served member stands on top.{shared}")


def _members_by_agent(found: Findings, cells: Cells, days: Sequence[str]) -> dict[str, list[str]]:
    """Members of each agent, highest mean coverage first, those without any last."""
    agent_of = {str(row["id"]): str(row.get("agent") or "") for row in found.table("members")}
    means = {
        member: mean([cells.get((member, day)) for day in days]) for member in sorted({m for m, _ in cells})
    }
    ordered = sorted(means, key=lambda m: (-1.0 if (value := means[m]) is None else -1 - value, m))
    groups: dict[str, list[str]] = {agent: [] for agent in found.agents}
    for member in ordered:
        groups.setdefault(agent_of.get(member, ""), []).append(member)
    return {agent: members for agent, members in groups.items() if members}


def _stacked(
    found: Findings, groups: Mapping[str, Sequence[str]], cells: Cells, days: Sequence[str], each: int
) -> tuple[list[list[float | None]], list[tuple[int, int, str]], list[tuple[float, str]]]:
    """Rows of the map, the strip of each agent beside them, and the names to write."""
    rows: list[list[float | None]] = []
    bands, marks = [], []
    names, agent_names = found.names("members"), found.names("agents")
    few = sum(map(len, groups.values())) <= NAMED_ROWS
    for agent, members in groups.items():
        first = len(rows)
        for k in range(0, len(members), each):
            shared = members[k : k + each]
            rows.append([mean([cells.get((member, day)) for member in shared]) for day in days])
            marks += [(len(rows) - 0.5, names.get(shared[0], shared[0]))] if few else []
        bands.append((first, len(rows), agent_colour(found.position(agent))))
        marks += (
            [] if few else [((first + len(rows)) / 2, f"{agent_names.get(agent, agent)} ({len(members)})")]
        )
    return rows, bands, marks


def mean(values: Sequence[float | None]) -> float | None:
    """The mean of what is there; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _coverage_told(cells: Cells, days: Sequence[str]) -> str:
    """The leanest and the best day."""
    by_day: dict[str, list[float | None]] = defaultdict(list)
    for (_, day), value in cells.items():
        by_day[day].append(value)
    means = {day: value for day in days if (value := mean(by_day[day])) is not None}
    if len(means) < 2:
        return "".join(
            f"On {day_name(day, weekday=True)} members got {percent(v)} on average."
            for day, v in means.items()
        )
    lean, rich = min(means, key=lambda day: means[day]), max(means, key=lambda day: means[day])
    return (
        f"On {day_name(lean, weekday=True)}, the leanest day, members got {percent(means[lean])} of their"
        f" claims on average; on {day_name(rich, weekday=True)}, the best, {percent(means[rich])}."
    )


def shortage_map(found: Findings) -> Figure:
    """Total shortage of every day and time of day."""
    title = "Shortage by day and time of day"
    table = found.table("shortage_by_slot")
    highest = max((row["shortage_wh"] or 0 for row in table), default=0)
    if not found.is_scarce or highest <= 0:
        return Figure(title, statement(title, NOTHING_SCARCE), "No interval of any day was short.")
    days = sorted({str(row["day"]) for row in table})
    # A day of 25 hours has more slots than the others; their last cells stay empty.
    slots = max(round(1440 / found.minutes), 1 + max(int(row["slot"]) for row in table))
    grid: dict[str, list[float | None]] = {day: [None] * slots for day in days}
    for row in table:
        grid[str(row["day"])][int(row["slot"])] = row["shortage_wh"]
    height = min(max(len(days) * 13.0, 40.0), 620.0)
    hours = [
        (k * 60 / found.minutes, f"{k:02d}:00") for k in range(0, 25, 3) if k * 60 / found.minutes <= slots
    ]
    told = _shortage_told(table, found.minutes)
    drawn = heatmap(
        list(grid.values()),
        title=title,
        description=told,
        across=Side("Time of day, start of the interval", hours),
        down=Side("Day", marks_of([day_name(day, weekday=True) for day in days], height, 18)),
        ramp=SHORTAGE,
        legend=Legend(f"Shortage per {found.minutes:g} minutes", 0, highest, energy, "no complete reading"),
        height=height,
        left=92.0,
    )
    return Figure(title, drawn, told)


def _shortage_told(table: Sequence[Row], minutes: float) -> str:
    """The hour that holds most of the shortage, and how much."""
    by_hour: dict[int, int] = defaultdict(int)
    for row in table:
        by_hour[int(int(row["slot"]) * minutes // 60)] += row["shortage_wh"] or 0
    total = sum(by_hour.values())
    worst = min(by_hour, key=lambda hour: (-by_hour[hour], hour))
    evening = sum(wh for hour, wh in by_hour.items() if worst - 1 <= hour <= worst + 1)
    return (
        f"Shortage peaks between {worst:02d}:00 and {worst + 1:02d}:00, which holds"
        f" {percent(by_hour[worst] / total)} of it; the three hours around hold {percent(evening / total)}."
    )


def days_table(found: Findings) -> Table:
    """The figures of both maps, a row a day."""
    covered: dict[str, list[float | None]] = defaultdict(list)
    short: dict[str, int] = defaultdict(int)
    for row in found.table("coverage_by_day"):
        covered[str(row["day"])].append(row.get("coverage"))
    for row in found.table("shortage_by_slot"):
        short[str(row["day"])] += row["shortage_wh"] or 0
    days = sorted(covered.keys() | short.keys())
    known = [[v for v in covered[day] if v is not None] for day in days]
    columns = [words("Day", [day_name(day, weekday=True) for day in days])]
    if covered:
        columns.append(shares("Mean coverage", [mean(values) for values in known], bars=True))
        columns.append(shares("Worst coverage", [min(values, default=None) for values in known]))
        columns.append(numbers("Members below 50 %", [sum(v < 0.5 for v in values) for values in known]))
    if short:
        columns += energies({"Shortage": [short[day] for day in days]}, bars=frozenset({"Shortage"}))
    return Table("days", "The figures by day", columns, is_folded=True)
