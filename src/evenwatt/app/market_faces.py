"""What a market shows in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evenwatt.app.plots.measured import measure, written
from evenwatt.app.plots.values import value
from evenwatt.app.terminal import say, table
from evenwatt.core import units

SCENES = {
    "books": "every mechanism on the same local orders",
    "worlds": "every mechanism in a world of its own: same seed, weather and people",
}
SET_BESIDE = (
    "welfare_share", "local_mean_per_mwh", "wholesale_mean_per_mwh", "unserved_wh", "emissions_t", "renewable_share",
    "hhi", "gini",
)  # fmt: skip


def run(held: Mapping[str, Any]) -> None:
    """Who has what, beside the world without intervention; then other mechanisms."""
    parties(held)
    control(held)
    mechanisms(held)


def parties(held: Mapping[str, Any]) -> None:
    """What each class gained."""
    rows = held["tables"].get("welfare") or []
    with_control = any(row.get("control_micro") is not None for row in rows)
    unit = str(held["measures"].get("currency") or "")
    beside = ("without intervention", "changed by") if with_control else ()
    if rows:
        table(
            f"who has what of the welfare [{unit}]",
            ("party", "welfare", *beside),
            [(row["party"], _money(row.get("micro")), *_beside(row, with_control)) for row in rows],
        )


def _beside(row: Mapping[str, Any], with_control: bool) -> Sequence[str | None]:
    """What the party would have without intervention, and what that changes."""
    if not with_control:
        return ()
    own, other = value(row, "micro"), value(row, "control_micro")
    change = None if own is None or other is None else f"{float(units.money(own - other)):+,.2f}"
    return (_money(row.get("control_micro")), change)


def control(held: Mapping[str, Any]) -> None:
    """Measures beside those of the same seed without intervention."""
    own, other = held["measures"], held["measures"].get("control")
    if not isinstance(other, Mapping):
        return
    rows = []
    for key in SET_BESIDE:
        mine, theirs = value(own, key), value(other, key)
        if mine is not None and theirs is not None:
            form = written(key, [mine, theirs], str(own.get("currency") or ""))
            figures = (form.number(mine), form.number(theirs), form.number(mine - theirs, signed=True))
            rows.append((measure(key).title, *figures, form.unit))
    if rows:
        heads = ("", "with the regulator", "no intervention", "changed by", "unit")
        table("what the regulator changed, same seed", heads, rows)


def mechanisms(held: Mapping[str, Any]) -> None:
    """Other mechanisms: welfare, volume, price, what the operator is left with, and what lying would gain."""
    measures = held["measures"]
    rows = held["tables"].get("mechanisms") or []
    ran, unit = [row for row in rows if not row.get("note")], str(measures.get("currency") or "")
    if ran:
        table(
            SCENES.get(str(measures.get("mechanisms_by")), SCENES["books"]),
            (
                "mechanism",
                "welfare",
                "volume",
                f"{unit} a MWh",
                f"operator {unit}",
                f"lying gains {unit} a MWh",
                "losers",
            ),
            [_mechanism(row, measures.get("local_mechanism")) for row in ran],
        )
    say(*(f"left out: {row['mechanism']}: {row['note']}" for row in rows if row.get("note")))


def _mechanism(row: Mapping[str, Any], chosen: object) -> tuple[str | int | None, ...]:
    return (
        ("* " if row["mechanism"] == chosen else "  ") + str(row["mechanism"]),
        _share(row.get("welfare_share")),
        _share(row.get("volume_share")),
        _price(row.get("price_per_mwh")),
        _money(row.get("budget_micro")),
        _price(row.get("misreport_gain_per_mwh")),
        row.get("rational_violations"),
    )


def changes(held: Mapping[str, Any]) -> None:
    """What each mechanism would change in welfare against the case's own, the largest change first."""
    rows = [row for row in held["tables"].get("mechanisms") or [] if row.get("welfare_share") is not None]
    own = next((row for row in rows if row["mechanism"] == held["measures"].get("local_mechanism")), None)
    if own is None:
        return
    others = [(row, row["welfare_share"] - own["welfare_share"]) for row in rows if row is not own]
    say(
        *(
            f"{row['mechanism']}: {change * 100:+.1f} points of welfare against {own['mechanism']}"
            for row, change in sorted(others, key=lambda pair: (-abs(pair[1]), pair[0]["mechanism"]))
        )
    )


def others(answer: Any) -> None:
    """One household's interval: what went through its meter, and what was paid for it."""
    energy = [(name.removesuffix("_wh").replace("_", " "), wh) for name, wh in answer.energy.items() if wh]
    if energy:
        table("energy of the interval [Wh]; what is taken or sold stands below zero", ("", "Wh"), energy)
    paid = [
        (name.replace("_", " "), f"{float(units.money(micro)):,.4f}") for name, micro in answer.money.items()
    ]
    table(f"paid in the interval [{answer.currency}]; received below zero", ("for", answer.currency), paid)


def _money(micro: float | None) -> str | None:
    return None if micro is None else f"{float(units.money(micro)):,.2f}"


def _price(per_mwh: float | None) -> str | None:
    return None if per_mwh is None else f"{per_mwh:,.2f}"


def _share(part: float | None) -> str | None:
    return None if part is None else f"{part:.1%}"
