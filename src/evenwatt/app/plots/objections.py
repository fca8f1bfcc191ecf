"""Would anyone leave: the largest objection of any group against each rule, as bars around zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
)
from evenwatt.app.plots.quantities import money, money_decimals

WIDTH, LEFT, RIGHT, TOP, ROW = 960.0, 290.0, 846.0, 40.0, 54.0
LEAVE, STAY, UNPAID = "#d55e00", "#009e73", "#7d858e"
INDIFFERENT = "Under no rule would any group gain or lose anything by leaving."
UNTESTED = "No rule was tested against groups that might leave."

Row = Mapping[str, object]


@dataclass(frozen=True)
class Objection:
    """The largest objection to a rule [micro].

    Attributes
    ----------
    rule, name : the rule and its title
    excess : what the most dissatisfied group would gain by leaving; zero or less where nobody leaves
    bound : proven upper end of it, None where there is none
    is_proven : whether no other group can have a larger one
    budget : what the rule hands out beyond what was gained
    who : the group in words
    """

    rule: str
    name: str
    excess: float
    bound: float | None
    is_proven: bool
    budget: float
    who: str

    @property
    def is_safe(self) -> bool:
        """Whether nobody leaves, and that with money that is there."""
        return self.excess <= 0 and self.budget <= 0

    @property
    def colour(self) -> str:
        """Orange where a group leaves, green where nobody does, grey where that is bought with missing money."""
        return LEAVE if self.excess > 0 else STAY if self.is_safe else UNPAID

    def told(self, currency: str) -> str:
        """Who leaves, and whether the rule hands out what there is."""
        who = f"{self.who} would leave" if self.excess > 0 else "nobody leaves"
        if self.excess <= 0 and not self.is_proven:
            who = "no group was found that would leave"
        if not self.budget:
            return who
        apart = money(abs(self.budget), currency, money_decimals([self.budget]))
        return f"hands out {apart} {'more' if self.budget > 0 else 'less'} than was gained; {who}"


def objections_of(rows: Sequence[Row], labels: Mapping[str, str]) -> list[Objection]:
    """The rules that were tested, in the order of their table."""
    return [
        Objection(
            str(row["rule"]),
            str(row.get("title") or row["rule"]),
            # Within the rounding of the gains nobody leaves.
            _micro(row, "core_excess_micro")
            if row.get("leaving")
            else min(0.0, _micro(row, "core_excess_micro")),
            None if row.get("core_bound_micro") is None else _micro(row, "core_bound_micro"),
            bool(row.get("core_exact")),
            _micro(row, "budget_micro"),
            group_words(row.get("leaving"), labels),
        )
        for row in rows
        if row.get("core_excess_micro") is not None
    ]


def _micro(row: Row, key: str) -> float:
    """An amount of a row, 0 where there is none."""
    return float(str(row.get(key) or 0))


def group_words(members: object, labels: Mapping[str, str], shown: int = 4) -> str:
    """A group by name: all of it, everybody but a few, or the first few and how many more."""
    ids = [str(m) for m in members] if isinstance(members, Sequence) and not isinstance(members, str) else []
    staying = [label for member, label in labels.items() if member not in ids]
    if not ids:
        return "nobody"
    if len(staying) <= 3 and 0 < len(staying) < len(ids):
        return f"everybody but {joined(staying)}"
    names = [labels.get(member, member) for member in ids]
    if len(names) <= shown + 1:
        return joined(names)
    return f"{', '.join(names[:shown])} and {len(names) - shown} more"


def joined(names: Sequence[str]) -> str:
    """Names as a list in words."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def objection_bars(objections: Sequence[Objection], *, currency: str, chosen: str | None) -> str:
    """A bar per rule: right of zero, a group would do better by itself; left of zero, everybody stays."""
    title = "The largest objection to each money rule"
    if not objections:
        return statement(title, UNTESTED)
    if not any((*(o.excess for o in objections), *(o.bound or 0 for o in objections))):
        return statement(title, INDIFFERENT)
    x, bottom = _scale(objections), TOP + ROW * len(objections)
    what = f"What the most dissatisfied group would gain by leaving [{currency}]"
    axis = x_axis(
        x, money_ticks(x.low, x.high, 6), top=TOP, bottom=bottom, title=what, middle=(LEFT + RIGHT) / 2
    )
    parts = [axis, *_sides(x(0)), line(x(0), TOP, x(0), bottom, kind="rule", width=1.4)]
    decimals = money_decimals(objection.excess for objection in objections)
    for k, objection in enumerate(objections):
        y, bold = TOP + ROW * k, 700 if objection.rule == chosen else None
        if bold:
            parts.insert(0, rect(0, y + 1, WIDTH, ROW - 2, fill="#f2f0e6", class_="marked", rx=4))
        figure = money(objection.excess, currency, decimals)
        parts.append(text(10, y + 23.5, shortened(objection.name, LEFT - 24), weight=bold))
        parts.append(text(WIDTH - 8, y + 23.5, figure, anchor="end", weight=bold))
        parts += _bar(objection, x, y, currency)
    return document(title, objections_told(objections, currency), WIDTH, bottom + 52, parts)


def _scale(objections: Sequence[Objection]) -> Scale:
    """The axis: zero, every bar and every bound, with some air."""
    ends = [end for o in objections for end in (o.excess, o.bound if o.bound is not None else o.excess)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    air = 0.05 * (high - low) or 1.0
    return Scale(low - air, high + air, LEFT, RIGHT)


def _sides(zero: float) -> list[str]:
    """What lies on either side of zero; only where its words fit."""
    told = []
    if zero - LEFT > 110:
        told.append(text(zero - 10, TOP - 12, "← nobody leaves", anchor="end", kind="muted"))
    if RIGHT - zero > 130:
        told.append(text(zero + 10, TOP - 12, "a group would leave →", kind="muted"))
    return told


def _bar(objection: Objection, x: Scale, y: float, currency: str) -> Iterable[str]:
    """A rule's bar with its bound, and beneath it who would leave."""
    start, stop = sorted((x(0), x(objection.excess)))
    told, wide = objection.told(currency), max(stop - start, 1.5)
    yield rect(start, y + 11, wide, 16, inner=hover(f"{objection.name}: {told}"), fill=objection.colour, rx=1)
    if objection.bound is not None and objection.bound > objection.excess:
        yield _bound(x(objection.excess), x(objection.bound), y + 19)
    is_left = x(0) - LEFT > WIDTH - x(0)
    room = (x(0) - LEFT if is_left else WIDTH - x(0)) - 16
    place, anchor = (x(0) - 8, "end") if is_left else (x(0) + 8, None)
    yield text(place, y + 44, shortened(told, room, 12), kind="muted", size=12, anchor=anchor, halo=False)


def _bound(start: float, stop: float, y: float) -> str:
    """How large the objection can at most be, proven."""
    data = f"M{number(start)} {number(y)}H{number(stop)}M{number(stop)} {number(y - 6)}v12"
    told = hover("proven upper bound")
    return element("path", told, d=data, fill="none", stroke="#5f6973", class_="frame", stroke_width=1.5)


def objections_told(objections: Sequence[Objection], currency: str) -> str:
    """What to see: under which rules nobody leaves, the largest objection, and what was not proven."""
    if not objections:
        return UNTESTED
    safe = [objection.name for objection in objections if objection.is_safe]
    are_proven = all(objection.is_proven for objection in objections if objection.is_safe)
    nobody = (
        "Nobody would do better by leaving"
        if are_proven
        else "Nobody was found who would do better by leaving"
    )
    worst = max(objections, key=lambda objection: objection.excess)
    told = f"{nobody} under {joined(safe)}"
    if not safe:
        told = "No rule keeps everybody"
    elif len(safe) == len(objections):
        told = f"{nobody} under any of these rules"
    if worst.excess > 0:
        told += (
            f"; the largest objection is to {worst.name}:"
            f" {money(worst.excess, currency, money_decimals([worst.excess]))}"
        )
    return f"{told}.{_proof(objections)}"


def _proof(objections: Sequence[Objection]) -> str:
    """What was searched for and not proven, and what the thin line means."""
    sought = sum(not objection.is_proven for objection in objections)
    if not sought:
        return ""
    of = "every rule" if sought == len(objections) else f"{sought} of {len(objections)} rules"
    bound = any(o.bound is not None and o.bound > o.excess for o in objections)
    line_ = " The thin line ends at a proven bound: no group could gain more than that." if bound else ""
    return f" Under {of} the worst group was searched for, not proven.{line_}"
