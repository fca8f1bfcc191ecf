"""The parts of a cascade's page that tell of its first stage where suppliers and agents bargain."""

from __future__ import annotations

from evenwatt.app.plots.bargain_links import bargain_links, links_told
from evenwatt.app.plots.cells import Table, energies, moneys, numbers, shares, words
from evenwatt.app.plots.findings import Figure, Findings, Row
from evenwatt.app.plots.parties import UNKNOWN, ordered, party_ink, party_name, party_side, verdict
from evenwatt.app.plots.party_gains import gains_told, party_gains
from evenwatt.app.plots.quantities import energy, money_decimals, per_kwh, percent
from evenwatt.app.plots.values import value, values
from evenwatt.app.plots.weights import weights_over_time, weights_told
from evenwatt.app.section import Block, Section

TABLES = ("bargain_links", "bargain_weights", "bargain_status", "bargain_parties")
STATUSES = {
    "optimal": "everybody with something to trade gained",
    "no_gain": "somebody could not gain and stayed where it was; the others bargained",
    "no_agreement": "no flows would give everybody what it has without agreement",
    "nothing_to_trade": "no supply, no demand, or no link between them",
}
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
Key = tuple[str, str, str]


def sections(found: Findings) -> list[Section]:
    """What the bargain did; nothing where the report tells of none."""
    made = [links(found), gains(found), weights(found)]
    return [section for section in made if section is not None]


def labels_of(found: Findings) -> dict[str, str]:
    """Party -> name, from the tables of suppliers and agents."""
    return {
        f"{side}:{key}": label
        for side in ("supplier", "agent")
        for key, label in found.names(f"{side}s").items()
    }


def links(found: Findings) -> Section | None:
    """Who sold to whom, and at what price."""
    rows = found.table("bargain_links")
    if not rows:
        return None
    names = {"suppliers": found.names("suppliers"), "agents": found.names("agents")}
    figure = Figure(
        "Energy and price of each link",
        bargain_links(rows, **names, currency=found.currency),
        links_told(rows, **names, currency=found.currency),
    )
    return Section("links", "Who sells to whom, and at what price", [figure, _links(found, rows)])


def _links(found: Findings, rows: list[Row]) -> Table:
    suppliers, agents = found.names("suppliers"), found.names("agents")
    rows = sorted(rows, key=lambda row: (-(value(row, "wh") or 0), str(row["supplier"]), str(row["agent"])))
    unit = f"{found.currency} per kWh"

    def prices(key: str) -> list[float | None]:
        return [None if (v := value(row, key)) is None else per_kwh(v) for row in rows]

    columns = [
        words("Supplier", [suppliers.get(str(row["supplier"]), row["supplier"]) for row in rows]),
        words("Agent", [agents.get(str(row["agent"]), row["agent"]) for row in rows]),
        *energies({"Energy": [value(row, "wh") for row in rows]}),
        numbers("Price", prices("price_per_mwh"), 4, unit=unit),
        numbers("Charge of the link", prices("charge_per_mwh"), 4, unit=unit),
        shares("Limit reached", [value(row, "limit_reached_share") for row in rows], bars=True),
    ]
    return Table("links-table", "The links, largest first", columns, is_searchable=True, is_folded=True)


def gains(found: Findings) -> Section | None:
    """What each party gains, and in how many intervals there was something to agree on."""
    rows, statuses = found.table("bargain_parties"), found.table("bargain_status")
    if not rows and not statuses:
        return None
    labels, blocks = labels_of(found), list[Block]()
    if rows:
        order = {party: k for k, party in enumerate(ordered(str(row["party"]) for row in rows))}
        rows = sorted(rows, key=lambda row: order[str(row["party"])])
        figure = Figure(
            "Gain of each party",
            party_gains(rows, labels=labels, currency=found.currency),
            gains_told(rows, labels, found.currency),
        )
        blocks += [figure, _parties(found, rows, labels)]
    if statuses:
        blocks.append(_statuses(statuses))
    return Section("gains", "What the bargain brings each party", blocks)


def _parties(found: Findings, rows: list[Row], labels: dict[str, str]) -> Table:
    gain, without = ([value(row, key) for row in rows] for key in ("gain_micro", "disagreement_micro"))
    together = [None if g is None else g + (w or 0) for g, w in zip(gain, without, strict=True)]
    decimals = money_decimals(gain)
    parties = [str(row["party"]) for row in rows]
    columns = [
        words("Party", [party_name(p, labels) for p in parties], dots=[party_ink(p) for p in parties]),
        words("Side", [party_side(p) for p in parties]),
        moneys("Without agreement", without, found.currency, decimals=decimals),
        moneys("With the bargain", together, found.currency, decimals=decimals),
        moneys("Gain", gain, found.currency, decimals=decimals, bars=True),
    ]
    return Table("gains-table", "The gains in figures", columns, is_folded=True)


def _statuses(rows: list[Row]) -> Table:
    """How many intervals ended how."""
    rows = [row for row in rows if value(row, "intervals") != 0]
    total = sum(values(rows, "intervals")) or 1.0
    counts = [value(row, "intervals") for row in rows]
    said = [str(row.get("status") or "") for row in rows]
    columns = [
        words("Ended as", [s.replace("_", " ") for s in said], notes=[STATUSES.get(s, "") for s in said]),
        numbers("Intervals", counts),
        shares("Share", [None if c is None else c / total for c in counts], bars=True, decimals=1),
    ]
    return Table("statuses", "How the bargains of the intervals ended", columns)


def weights(found: Findings) -> Section | None:
    """How much each party's gain counted, and how well that is known."""
    rows = found.table("bargain_weights")
    if not rows:
        return None
    labels = labels_of(found)
    figure = Figure(
        "Weight of each party", weights_over_time(rows, labels=labels), weights_told(rows, labels)
    )
    return Section("weights", "How much each party’s gain counts", [figure, weights_table(rows, labels)])


def weights_table(rows: list[Row], labels: dict[str, str]) -> Table:
    """A row per party: mean, range over the days, interval and verdict; no figure for what is not identified."""
    parties = ordered(str(row["party"]) for row in rows)
    of = {p: [row for row in rows if str(row["party"]) == p] for p in parties}
    known = {p: values([row for row in of[p] if verdict(row) != UNKNOWN], "weight") for p in parties}
    lows, highs = ({p: values(of[p], key) for p in parties} for key in ("low", "high"))
    columns = [
        words("Party", [party_name(p, labels) for p in parties], dots=[party_ink(p) for p in parties]),
        words("Side", [party_side(p) for p in parties]),
        numbers(
            "Mean weight",
            [sum(known[p]) / len(known[p]) if known[p] else None for p in parties],
            3,
            bars=True,
        ),
        numbers("Lowest day", [min(known[p], default=None) for p in parties], 3),
        numbers("Highest day", [max(known[p], default=None) for p in parties], 3),
        numbers("Interval from", [min(lows[p], default=None) for p in parties], 3),
        numbers("to", [max(highs[p], default=None) for p in parties], 3),
        words("How sure", [", ".join(dict.fromkeys(verdict(row) for row in of[p])) for p in parties]),
    ]
    return Table("weights-table", "The weights in figures", columns, is_searchable=len(parties) > 12)


def key_figures(found: Findings) -> list[Key]:
    """The numbers of the first stage that a reader asks for first; none where it was no bargain."""
    if not any(found.table(table) for table in TABLES):
        return []
    measures, told = found.measures, list[Key]()
    if value(measures, "returned_wh") is not None and found.wh("stated_wh"):
        share = found.wh("returned_wh") / found.wh("stated_wh")
        told.append(
            (
                "Handed back",
                energy(found.wh("returned_wh")),
                f"{percent(share, 1)} of what agents stated was not needed",
            )
        )
    certificate = value(measures, "certificate_worst")
    if certificate is not None:
        told.append(("Proven gap of the bargain", _small(certificate), "of the weighted log gains, at worst"))
    return told


def _small(figure: float) -> str:
    """A very small number as a digit and a power of ten."""
    if figure <= 0:
        return "0"
    digit, _, power = f"{figure:.0e}".partition("e")
    return f"{digit} · 10{str(int(power)).translate(SUPERSCRIPTS)}"
