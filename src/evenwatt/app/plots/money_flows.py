"""Money from who paid, through what it was for, to who received it; both sides come to the same sum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evenwatt.app.plots.colours import AGENTS
from evenwatt.app.plots.contract_bars import kind_name
from evenwatt.app.plots.drawing import statement, text
from evenwatt.app.plots.market_inks import party_colour
from evenwatt.app.plots.quantities import Unit, money, money_decimals, percent
from evenwatt.app.plots.sankey import LABEL_ROOM, WIDTH, Network, drawing
from evenwatt.app.plots.values import Row, value
from evenwatt.core.units import MICRO_PER_UNIT

TITLE = "Who paid whom for what"
NOTHING = "No money changed hands."
OPENING, OPERATOR = "opening", "operator"
SMALL = 0.004  # a reason with less of the whole than this is gathered with the others


@dataclass(frozen=True)
class Moneys(Network):
    """A network whose links are micro-units instead of watt-hours."""

    currency: str = ""

    @property
    def unit(self) -> Unit:
        """The currency."""
        return Unit(MICRO_PER_UNIT, self.currency)


def postings(rows: Iterable[Row]) -> dict[tuple[str, str, str], int]:
    """(Who paid, for what, who received) -> amount [micro]; a negative posting went the other way.

    What accounts held at the start was paid by nobody and is left out.
    """
    held: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in rows:
        micro = round(value(row, "micro") or 0)
        payer, receiver = str(row.get("debit")), str(row.get("credit"))
        if micro < 0:
            payer, receiver, micro = receiver, payer, -micro
        if micro and OPENING not in (payer, receiver):
            held[payer, str(row.get("reason") or "other"), receiver] += micro
    return dict(held)


def links_of(held: Mapping[tuple[str, str, str], int]) -> dict[tuple[str, str], int]:
    """Payer to reason, and reason to receiver; what only passes through the operator is left out."""
    links: dict[tuple[str, str], int] = defaultdict(int)
    passing: dict[str, int] = defaultdict(int)
    for (payer, reason, receiver), micro in held.items():
        for account, way in ((payer, -1), (receiver, 1)):
            if account == OPERATOR:
                passing[reason] += way * micro
        if payer != OPERATOR:
            links[f"pays:{payer}", f"agent:{reason}"] += micro
        if receiver != OPERATOR:
            links[f"agent:{reason}", f"gets:{receiver}"] += micro
    for reason, rest in passing.items():
        if rest:
            pair = (
                (f"agent:{reason}", f"gets:{OPERATOR}")
                if rest > 0
                else (f"pays:{OPERATOR}", f"agent:{reason}")
            )
            links[pair] += abs(rest)
    return dict(links)


def money_flows(rows: Sequence[Row], *, currency: str) -> str:
    """Three columns: payers, reasons, receivers; an account that does both stands on both sides.

    Parameters
    ----------
    rows : rows of reason, debit, credit, micro
        Money leaves the account debited and reaches the one credited [micro].
    currency : str
    """
    held = _gathered(postings(rows))
    if not held:
        return statement(TITLE, NOTHING)
    links = links_of(held)
    columns = _columns(links)
    labels = {node: titled(node.partition(":")[2]) for column in columns for node in column}
    reasons = {reason: AGENTS[k % len(AGENTS)] for k, reason in enumerate(columns[1])}
    parties = {node: party_colour(node.partition(":")[2]) for node in (*columns[0], *columns[2])}
    network = Moneys(columns, links, labels, reasons | parties, currency)
    headings = [
        text(LABEL_ROOM + 12, 14, "Paid by", anchor="end", kind="muted"),
        text(WIDTH / 2, 14, "For", anchor="middle", kind="muted"),
        text(WIDTH - LABEL_ROOM - 12, 14, "Received by", kind="muted"),
    ]  # fmt: skip
    return drawing(network, headings, title=TITLE, told=flows_told(rows, currency=currency))


def titled(words: str) -> str:
    """A reason or a class of accounts with a large first letter; kinds of contracts by their usual names.

    Examples
    --------
    >>> titled("ppa"), titled("feed-in")
    ('PPA', 'Feed-in')
    """
    told = kind_name(words).replace("_", " ")
    return told[:1].upper() + told[1:]


def _gathered(held: Mapping[tuple[str, str, str], int]) -> dict[tuple[str, str, str], int]:
    """The same with very small reasons as one."""
    size: dict[str, int] = defaultdict(int)
    for (_, reason, _), micro in held.items():
        size[reason] += micro
    least = SMALL * sum(size.values())
    small = {reason for reason, micro in size.items() if micro < least}
    merged: dict[tuple[str, str, str], int] = defaultdict(int)
    for (payer, reason, receiver), micro in held.items():
        name = "other reasons" if reason in small and len(small) > 1 else reason
        merged[payer, name, receiver] += micro
    return dict(merged)


def _columns(links: Mapping[tuple[str, str], int]) -> list[list[str]]:
    """Payers, reasons and receivers, each the largest first."""
    size: dict[str, int] = defaultdict(int)
    for pair, micro in links.items():
        for node in pair:
            size[node] += micro
    order = sorted(size, key=lambda node: (-size[node], node))
    return [[node for node in order if node.startswith(side)] for side in ("pays:", "agent:", "gets:")]


def balances(rows: Iterable[Row]) -> dict[str, tuple[int, int]]:
    """Account -> what it paid and what it received [micro], the largest net receiver first."""
    paid: dict[str, int] = defaultdict(int)
    got: dict[str, int] = defaultdict(int)
    for (payer, _, receiver), micro in postings(rows).items():
        paid[payer] += micro
        got[receiver] += micro
    names = sorted({*paid, *got}, key=lambda name: (paid[name] - got[name], name))
    return {name: (paid[name], got[name]) for name in names}


def flows_told(rows: Sequence[Row], *, currency: str) -> str:
    """What to see: how much moved, for what most, and that it sums to nothing."""
    held = postings(rows)
    if not held:
        return NOTHING
    of = {
        reason.partition(":")[2]: 0
        for pair in links_of(held)
        for reason in pair
        if reason.startswith("agent:")
    }
    for (payer, reason), micro in links_of(held).items():
        if payer.startswith("pays:"):
            of[reason.partition(":")[2]] += micro
    total = sum(of.values())
    most = max(of, key=lambda reason: (of[reason], reason))
    decimals = money_decimals([total])
    net = sum(got - paid for paid, got in balances(rows).values())
    return (
        f"{money(total, currency, decimals)} changed hands, {percent(of[most] / total)} of it for {most}. What all"
        f" accounts received less what they paid comes to {money(net, currency, decimals)}."
    )
