"""Each day's energy: where it came from, what went short or to waste, and what was emitted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from evenwatt.app.plots.axes import Scale, decimals_of, energy_ticks, round_ticks, y_axis
from evenwatt.app.plots.calendar_maps import day_name
from evenwatt.app.plots.colours import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, WINE
from evenwatt.app.plots.drawing import document, hover, line, rect, statement, text
from evenwatt.app.plots.heatmap import marks_of
from evenwatt.app.plots.legends import Sample, height, legend
from evenwatt.app.plots.quantities import THIN, energy, grouped, unit_for
from evenwatt.app.plots.values import Row, value

WIDTH, LEFT, RIGHT, TALL = 960.0, 60.0, 944.0, 190.0
TITLE_SERVED, TITLE_LOST, TITLE_EMITTED = (
    "How each day’s energy was traded",
    "What went short or to waste",
    "Emissions of each day",
)
NO_ENERGY = "No energy was traded."
NOTHING_LOST = "Nothing went short, and nothing was curtailed or lost."
NO_EMISSIONS = "On no day was anything emitted."

Days = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Part:
    """A part of a day's bar: key, name, colour and how full."""

    key: str
    name: str
    colour: str
    opacity: str = "0.88"


TRADED = (
    Part("local_wh", "Local market", BLUE),
    Part("contracted_wh", "Contracts", GREEN),
    Part("wholesale_wh", "Wholesale market", VERMILION),
    Part("import_wh", "Imported", GREY, "0.7"),
)
LOST = (
    Part("unserved_wh", "Unserved", VERMILION),
    Part("forgone_wh", "Forgone for its price", ORANGE),
    Part("curtailed_wh", "Curtailed", SKY),
    Part("lost_wh", "Lost in wires and batteries", PURPLE, "0.75"),
)
EMITTED = (Part("emissions_t", "Emissions", WINE, "0.85"),)


def by_day(rows: Iterable[Row], day_of: Callable[[Row], str], parts: Sequence[Part]) -> Days:
    """Day -> key -> sum over its steps."""
    days: dict[str, dict[str, float]] = {}
    for row in rows:
        held = days.setdefault(day_of(row), {part.key: 0.0 for part in parts})
        for part in parts:
            held[part.key] += value(row, part.key) or 0.0
    return days


def day_bars(
    days: Days, parts: Sequence[Part], *, title: str, nothing: str, told: str, is_energy: bool = True
) -> str:
    """A stacked bar a day, from zero.

    Parameters
    ----------
    days : day -> key -> amount
        Energies [Wh], or tonnes where ``is_energy`` is not set.
    parts : sequence of Part
        From the bottom up.
    title, nothing, told : str
        Of the drawing, what it says where every bar is empty, and what to see in it.
    is_energy : bool
    """
    most = max((sum(held[part.key] for part in parts) for held in days.values()), default=0.0)
    if most <= 0:
        return statement(title, nothing)
    shown = [part for part in parts if any(held[part.key] for held in days.values())]
    samples = (
        [Sample(part.name, part.colour, opacity=part.opacity) for part in shown] if len(parts) > 1 else []
    )
    top = (height(samples) if samples else 0.0) + 40
    y, bottom = Scale(0, most * 1.05, top + TALL, top), top + TALL
    wide = (RIGHT - LEFT) / len(days)
    drawn = [*legend(samples), _axis(y, top, most, is_energy)]
    for k, (day, held) in enumerate(days.items()):
        drawn += _bar(day, held, shown, LEFT + k * wide, wide, y, is_energy)
    names = [day_name(day, weekday=len(days) <= 10) for day in days]
    drawn.append(line(LEFT, bottom, RIGHT, bottom, kind="axis"))
    drawn += [
        text(LEFT + at * wide, bottom + 20, name, anchor="middle", kind="muted")
        for at, name in marks_of(names, RIGHT - LEFT, 62)
    ]
    return document(title, told, WIDTH, bottom + 34, drawn)


def _axis(y: Scale, top: float, most: float, is_energy: bool) -> str:
    if is_energy:
        unit = unit_for([most])
        return y_axis(
            y,
            energy_ticks(most, unit, 4),
            left=LEFT,
            right=RIGHT,
            title=f"Energy of the day [{unit.name}]",
            top=top,
        )
    worth, unit_name = (0.001, "kg") if most < 1 else (1.0, "t")
    marks = round_ticks(0, most / worth, 4)
    ticks = [(at * worth, grouped(at, decimals_of(marks))) for at in marks]
    return y_axis(y, ticks, left=LEFT, right=RIGHT, title=f"Emissions of the day [{unit_name}]", top=top)


def _bar(
    day: str,
    held: Mapping[str, float],
    parts: Sequence[Part],
    x: float,
    wide: float,
    y: Scale,
    is_energy: bool,
) -> Iterable[str]:
    gap, start = min(wide * 0.14, 10.0), 0.0
    for part in parts:
        size = max(held[part.key], 0.0)
        if size:
            amount = energy(size) if is_energy else tonnes(size)
            told = hover(f"{day_name(day, weekday=True)}, {part.name.lower()}: {amount}")
            tall = y(start) - y(start + size)
            yield rect(x + gap, y(start + size), wide - 2 * gap, tall, inner=told, fill=part.colour,
                       fill_opacity=part.opacity)  # fmt: skip
        start += size


def tonnes(t: float) -> str:
    """A mass with its unit.

    Examples
    --------
    >>> tonnes(0.0123).replace(THIN, " "), tonnes(12_345).replace(THIN, " ")
    ('12.3 kg', '12 345 t')
    """
    if abs(t) < 1:
        return f"{grouped(t * 1000, 0 if abs(t) >= 0.1 else 1)}{THIN}kg"
    return f"{grouped(t, 0 if abs(t) >= 100 else 2)}{THIN}t"


def balance_told(days: Days) -> str:
    """What to see: by which way most energy was traded, and how that differs between days."""
    total = {part: sum(held[part.key] for held in days.values()) for part in TRADED}
    whole = sum(total.values())
    if not whole:
        return NO_ENERGY
    most = max(total, key=lambda part: total[part])
    sunny = max(days, key=lambda day: days[day]["local_wh"])
    told = f"Of {energy(whole)} that was traded, {energy(total[most])} went by the way “{most.name.lower()}”."
    if days[sunny]["local_wh"]:
        most_local = energy(days[sunny]["local_wh"])
        told += f" Neighbours traded most among themselves on {day_name(sunny, weekday=True)}, {most_local}."
    return told


def lost_told(days: Days) -> str:
    """What to see: how much in all, and the worst day for those who went short."""
    total = {part: sum(held[part.key] for held in days.values()) for part in LOST}
    if not any(total.values()):
        return NOTHING_LOST
    words = ", ".join(
        f"{energy(wh)} {part.name[0].lower()}{part.name[1:]}" for part, wh in total.items() if wh
    )
    worst = max(days, key=lambda day: days[day]["unserved_wh"])
    if days[worst]["unserved_wh"]:
        short = energy(days[worst]["unserved_wh"])
        return f"In all {words}. Most went unserved on {day_name(worst, weekday=True)}, {short}."
    return f"In all {words}. Everybody who wanted energy at its price was served."


def emitted_told(days: Days) -> str:
    """What to see: the dirtiest and the cleanest day."""
    held = {day: amounts["emissions_t"] for day, amounts in days.items()}
    if not any(held.values()):
        return NO_EMISSIONS
    most, least = max(held, key=lambda day: held[day]), min(held, key=lambda day: held[day])
    told = f"{tonnes(sum(held.values()))} in all"
    ends = (
        f"{word} on {day_name(day, weekday=True)}, {tonnes(held[day])}"
        for word, day in (("most", most), ("least", least))
    )
    return f"{told}; {', '.join(ends)}." if len(held) > 1 else f"{told}, on the only day."
