"""What a model looked at most: its features by importance."""

from __future__ import annotations

from collections.abc import Sequence

from evenwatt.app.plots.axes import percent_ticks
from evenwatt.app.plots.colours import BLUE
from evenwatt.app.plots.drawing import statement
from evenwatt.app.plots.interval_rows import BAR, Axis, Held, interval_rows
from evenwatt.app.plots.quantities import counted, percent
from evenwatt.app.plots.values import Row, capital, listed, value

TITLE = "Importance of each feature"
NOTHING = "No model tells what it looked at."
MOST_FEATURES = 10


def by_model(rows: Sequence[Row]) -> dict[str, list[tuple[str, float]]]:
    """Model -> features with their shares of all its importance, largest first."""
    of: dict[str, list[tuple[str, float]]] = {}
    for row in rows:
        held = value(row, "importance")
        if held is not None:
            of.setdefault(str(row.get("model") or ""), []).append(
                (str(row.get("meaning") or row.get("feature") or ""), max(held, 0.0))
            )
    made = {}
    for model, features in of.items():
        total = sum(v for _, v in features) or 1.0
        made[model] = sorted(
            ((name, v / total) for name, v in features), key=lambda item: (-item[1], item[0])
        )
    return made


def importances(rows: Sequence[Row]) -> str:
    """A bar for each of the most important features of each model.

    Parameters
    ----------
    rows : rows of model, feature, importance, and the feature's meaning in words where it has one
        Importances of one model count against each other: they are drawn as shares of their sum.
    """
    of = by_model(rows)
    if not any(share for features in of.values() for _, share in features):
        return statement(TITLE, NOTHING)
    held = [
        Held(feature, share, None, None, BLUE, BAR, percent(share), group=capital(model))
        for model, features in of.items()
        for feature, share in features[:MOST_FEATURES]
    ]
    ticks = percent_ticks(0, max(h.middle or 0 for h in held), 5)
    axis = Axis(
        0, max(ticks[-1][0], max(h.middle or 0 for h in held)), ticks, "Share of the model’s importance [%]"
    )
    return interval_rows(held, axis, title=TITLE, description=importances_told(rows), row=28.0)


def importances_told(rows: Sequence[Row]) -> str:
    """What to see: what each model looks at most, and how much rests on that."""
    of = by_model(rows)
    if not any(share for features in of.values() for _, share in features):
        return NOTHING
    told = [
        f"{capital(model)} rests most on {features[0][0]}, {percent(features[0][1])}"
        for model, features in of.items()
        if features[0][1]
    ]
    more = sum(max(len(features) - MOST_FEATURES, 0) for features in of.values())
    words = f"{listed(told)}."
    return words + (
        f" {counted(more, 'feature')} of less weight {'is' if more == 1 else 'are'} in the table."
        if more
        else ""
    )
