"""The parts of the page of a training: what was fitted, what it looks at, and which weights the data tell."""

from __future__ import annotations

from evenwatt.app.cascade_bargain import labels_of, weights_table
from evenwatt.app.learning_findings import LearningFindings
from evenwatt.app.plots.cells import Table, numbers, shares, words
from evenwatt.app.plots.discounts import discounts, discounts_told
from evenwatt.app.plots.epochs import by_model as epochs_by_model
from evenwatt.app.plots.epochs import epochs, epochs_told
from evenwatt.app.plots.findings import Figure, Row
from evenwatt.app.plots.importances import by_model, importances, importances_told
from evenwatt.app.plots.parties import UNKNOWN, ordered, party_name, party_side, verdict
from evenwatt.app.plots.quantities import counted
from evenwatt.app.plots.values import value
from evenwatt.app.plots.weights import weight_rows, weights_over_time, weights_told
from evenwatt.app.section import Block, Section, absent


def models(found: LearningFindings) -> Section:
    """What was fitted, and on what."""
    name, title, rows = "models", "What was learned, from what", found.table("models")
    if not rows:
        return absent(name, title, "models")
    columns = [
        words("Model", [row.get("model") for row in rows]),
        words("Version", [row.get("version") for row in rows]),
        words("From", [row.get("first") for row in rows]),
        words("To", [row.get("last") for row in rows]),
        numbers("Intervals", [value(row, "rows") for row in rows]),
        numbers("Time", [value(row, "seconds") for row in rows], 1, unit="s"),
        words("Hash of what it was learned from", [str(row.get("hash") or "–")[:16] for row in rows]),
    ]
    caption = f"{counted(len(rows), 'model')}; on intervals that it was fitted on, a model proves nothing"
    return Section(name, title, [Table("models-table", caption, columns)])


def learning(found: LearningFindings) -> Section:
    """How training went by epoch."""
    name, title, rows = "epochs", "How the training went", found.table("loss")
    if not rows:
        return absent(name, title, "loss")
    held = [row for of in epochs_by_model(rows).values() for row in of]
    columns = [
        words("Model", [row.get("model") for row in held]),
        numbers("Epoch", [value(row, "epoch") for row in held]),
        numbers("Days learned from", [value(row, "train") for row in held], 4),
        numbers("Days held back", [value(row, "validation") for row in held], 4),
    ]
    table = Table("epochs-table", "The losses in figures", columns, is_folded=True)
    return Section(name, title, [Figure("Loss by epoch", epochs(rows), epochs_told(rows)), table])


def importance(found: LearningFindings) -> Section:
    """What the models look at."""
    name, title, rows = "importance", "What the models look at", found.table("importance")
    if not rows:
        return absent(name, title, "importance")
    held = [(model, feature, share) for model, of in by_model(rows).items() for feature, share in of]
    columns = [
        words("Model", [model for model, _, _ in held]),
        words("Feature", [feature for _, feature, _ in held]),
        shares("Share of the model", [share for *_, share in held], bars=True, decimals=1),
    ]
    table = Table("importance-table", "All features", columns, is_searchable=True, is_folded=True)
    figure = Figure("Importance of each feature", importances(rows), importances_told(rows))
    return Section(name, title, [figure, table])


def identified(found: LearningFindings) -> Section:
    """Which weights the data can tell at all."""
    name, title, rows = "identified", "Which weights the data can tell", found.table("identifiability")
    if not rows:
        return absent(name, title, "identifiability")
    labels = labels_of(found)
    figure = Figure(
        "Weights and their intervals", weight_rows(rows, labels=labels), weights_told(rows, labels)
    )
    return Section(name, title, [figure, _identified(rows, labels)])


def _identified(rows: list[Row], labels: dict[str, str]) -> Table:
    """A row per party; what is not identified has no figure, only a reason."""
    of = {str(row["party"]): row for row in rows}
    held = [of[party] for party in ordered(of)]

    def known(key: str) -> list[float | None]:
        return [None if verdict(row) == UNKNOWN else value(row, key) for row in held]

    columns = [
        words("Party", [party_name(str(row["party"]), labels) for row in held]),
        words("Side", [party_side(str(row["party"])) for row in held]),
        numbers("Weight", known("weight"), 4),
        numbers("From", known("low"), 4),
        numbers("to", known("high"), 4),
        numbers("Error of its logarithm", known("se"), 3),
        numbers("Information", [value(row, "information") for row in held], 1),
        shares("Intervals it moves", [value(row, "sensitive_share") for row in held], bars=True),
        words("Verdict", [verdict(row) for row in held]),
    ]
    caption = "How well each weight is known; only ratios of weights have a meaning"
    return Table("identified-table", caption, columns, is_searchable=len(held) > 12)


def weights(found: LearningFindings) -> Section:
    """The weights that the learned rule used, day by day."""
    name, title, rows = "weights", "How much each party’s gain counts", found.table("bargain_weights")
    if not rows:
        return absent(name, title, "bargain_weights")
    labels = labels_of(found)
    figure = Figure(
        "Weight of each party", weights_over_time(rows, labels=labels), weights_told(rows, labels)
    )
    return Section(name, title, [figure, weights_table(rows, labels)])


def beliefs(found: LearningFindings) -> Section:
    """How much the rule takes of what each agent asks for."""
    asked = found.asked
    name, title, rows = "discounts", f"How much of each {asked} is taken", found.table("discount")
    if not rows:
        return absent(name, title, "discount")
    labels, blocks = found.names("agents"), list[Block]()
    blocks.append(
        Figure(
            f"Part of each {asked} that is taken",
            discounts(rows, labels=labels, asked=asked),
            discounts_told(rows, labels, asked),
        )
    )
    columns = [
        words("Agent", [labels.get(str(row["agent"]), row["agent"]) for row in rows]),
        shares("Mean", [value(row, "discount_mean") for row in rows], decimals=1),
        shares("from", [value(row, "low") for row in rows], decimals=1),
        shares("to", [value(row, "high") for row in rows], decimals=1),
    ]
    return Section(
        name, title, [*blocks, Table("discounts-table", "The parts in figures", columns, is_folded=True)]
    )
