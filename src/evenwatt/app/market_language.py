"""The part of a market's page that tells how language models behaved as deciders, and what that does not show."""

from __future__ import annotations

from evenwatt.app.market_findings import MarketFindings
from evenwatt.app.plots.cells import Table, moneys, numbers, shares, words
from evenwatt.app.plots.findings import Figure, Row
from evenwatt.app.plots.language_health import language_health, language_told, situations, who
from evenwatt.app.plots.quantities import money_decimals
from evenwatt.app.plots.values import capital, value
from evenwatt.app.section import Block, Section, absent

WARNING = (
    "These figures tell whether the models answered as asked, not how people would behave. An effect of a persona needs"
    " a control: the same seeds with and without it, at least twenty of them, with an interval, beside the same persona"
    " as a rule."
)
NOBODY = "No language model decided anything in this run."


def language(found: MarketFindings) -> Section:
    """Validity, repeated questions, fallbacks, clips and cost."""
    name, title, rows = "language", "Language models as deciders", found.table("language")
    if not rows:
        return Section(name, title, [], NOBODY) if found.has("language") else absent(name, title, "language")
    blocks: list[Block] = [
        Figure("How they answered", language_health(rows), f"{language_told(rows)} {WARNING}"),
        _health(found),
    ]
    clips = found.table("language_clips")
    if clips:
        blocks.append(_clips(clips))
    return Section(name, title, blocks)


def _health(found: MarketFindings) -> Table:
    """Every role and persona in figures."""
    rows = found.table("language")
    costs = [value(row, "cost_micro") for row in rows]
    counts = {"calls": "Calls", "replayed": "From the recording", "joined": "Joined",
              "reasked": "Asked twice", "fallbacks": "Rule decided", "clips": "Clipped",
              "tokens_in": "Tokens in", "tokens_out": "Tokens out"}  # fmt: skip
    columns = [
        words("Role, persona", [who(row) for row in rows]),
        shares("Decided", [_valid(row) for row in rows], bars=True),
        *(numbers(heading, [value(row, key) for row in rows]) for key, heading in counts.items()),
        moneys("Cost", costs, found.currency, decimals=money_decimals(costs)),
        numbers("Time", [value(row, "seconds") for row in rows], 1, unit="s"),
    ]
    caption = "Joined are equal questions asked at one moment; clipped are answers that were not feasible as they stood"
    return Table("language-table", caption, columns, is_searchable=True)


def _valid(row: Row) -> float | None:
    """The share of situations that the model decided; None where nothing was asked."""
    valid, left, _ = situations(row)
    return valid / (valid + left) if valid + left else None


def _clips(rows: list[Row]) -> Table:
    """Which fields were clipped, with an example each."""
    columns = [
        words("Role", [capital(str(row.get("role") or "")) for row in rows]),
        words("Field", [row.get("field") for row in rows]),
        numbers("Clipped", [value(row, "clips") for row in rows]),
        words("Asked for", [row.get("example_asked") for row in rows]),
        words("Used", [row.get("example_used") for row in rows]),
    ]
    return Table("clips", "What was cut to what is feasible, with an example", columns)
