"""Who traded with whom: bands from sellers to buyers, and the matrix of all pairs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evenwatt.app.plots.colours import GRID, agent_colour
from evenwatt.app.plots.drawing import (
    document,
    element,
    hover,
    line,
    rect,
    shortened,
    statement,
    text,
    text_width,
)
from evenwatt.app.plots.quantities import Unit, counted, energy, grouped, percent, unit_for, written
from evenwatt.app.plots.sankey import BAR, LABEL_ROOM, WIDTH, Network, drawing

NOBODY_TRADED = "Nobody traded with anybody: surplus and deficit never met."
OTHER = "*"  # the sum of those too small to show
INK = "#0072b2"
LEFT, TOTAL = 150.0, 84.0

Pairs = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Words:
    """What the two sides and what they do are called."""

    giver: str = "seller"
    taker: str = "buyer"
    gave: str = "sold"
    giving: str = "surplus sold inside"
    taking: str = "deficit met inside"
    link: str = "to"
    noun: str = "trade"
    did: str = "traded"
    least: str = "trade"
    nothing: str = "no trade"
    nobody: str = NOBODY_TRADED


TRADE = Words()
SHARE = Words(
    giver="producer",
    taker="consumer",
    gave="shared",
    giving="gave",
    taking="received",
    link="with",
    noun="that is shared",
    did="shared",
    least="energy",
    nothing="nothing",
    nobody="Nobody shared with anybody: surplus never met a demand that a key served.",
)


def pairs_of(flows: Iterable[Mapping[str, object]]) -> dict[tuple[str, str], int]:
    """(Seller, buyer) -> energy [Wh], only what is above zero."""
    pairs: dict[tuple[str, str], int] = defaultdict(int)
    for row in flows:
        pairs[str(row["seller"]), str(row["buyer"])] += int(str(row["wh"]))
    return {pair: wh for pair, wh in pairs.items() if wh > 0}


@dataclass(frozen=True)
class Exchange:
    """Trades between the largest sellers and buyers; ``OTHER`` stands for the rest of its side.

    Attributes
    ----------
    sellers, buyers : largest first, ``OTHER`` last
    pairs : (seller, buyer) -> energy [Wh]
    hidden : how many sellers and buyers ``OTHER`` sums
    """

    sellers: Sequence[str]
    buyers: Sequence[str]
    pairs: Pairs
    hidden: tuple[int, int]

    @property
    def largest(self) -> int:
        """The most that two named members traded; sums of others would drown every pair [Wh]."""
        named = [wh for pair, wh in self.pairs.items() if OTHER not in pair]
        return max(named or self.pairs.values())

    def name(self, member: str, side: int, labels: Mapping[str, str]) -> str:
        """What a row or band is called; ``side`` is 0 for sellers, 1 for buyers."""
        if member != OTHER:
            return labels.get(member) or member
        return f"{grouped(self.hidden[side])} others"


def exchange(pairs: Pairs, shown: tuple[int, int]) -> Exchange:
    """The trades with all but the ``shown`` largest of each side as one; a single one left over stays itself."""
    sides: list[list[str]] = []
    kept: list[set[str]] = []
    hidden = []
    for side in (0, 1):
        traded: Counter[str] = Counter()
        for pair, wh in pairs.items():
            traded[pair[side]] += wh
        ranked = sorted(traded, key=lambda member: (-traded[member], member))
        own = ranked if len(ranked) <= shown[side] + 1 else ranked[: shown[side]]
        hidden.append(len(ranked) - len(own))
        kept.append(set(own))
        sides.append([*own, OTHER] if hidden[side] else list(own))
    merged: dict[tuple[str, str], int] = defaultdict(int)
    for (seller, buyer), wh in pairs.items():
        merged[seller if seller in kept[0] else OTHER, buyer if buyer in kept[1] else OTHER] += wh
    return Exchange(sides[0], sides[1], merged, (hidden[0], hidden[1]))


def trades(
    pairs: Pairs, *, labels: Mapping[str, str], shown: tuple[int, int] = (7, 12), words: Words = TRADE
) -> str:
    """Bands from sellers to buyers as thick as the energy they carry.

    Parameters
    ----------
    pairs : (seller, buyer) -> energy [Wh]
    labels : member -> name
    shown : (int, int)
        How many sellers and buyers have a band of their own; the rest are one of each.
    words : Words
        What the two sides are called.
    """
    title = f"Energy from {words.giver}s to {words.taker}s"
    if not pairs:
        return statement(title, words.nobody)
    met = exchange(pairs, shown)
    colours = {f"seller:{m}": GRID if m == OTHER else agent_colour(k) for k, m in enumerate(met.sellers)}
    names = {f"seller:{m}": met.name(m, 0, labels) for m in met.sellers}
    names |= {f"buyer:{m}": met.name(m, 1, labels) for m in met.buyers}
    links = {(f"seller:{a}", f"buyer:{b}"): wh for (a, b), wh in met.pairs.items()}
    columns = [[f"seller:{m}" for m in met.sellers], [], [f"buyer:{m}" for m in met.buyers]]
    headings = [
        text(
            LABEL_ROOM + BAR,
            14,
            f"{words.giver.capitalize()}s ({words.giving})",
            anchor="end",
            kind="muted",
        ),
        text(WIDTH - LABEL_ROOM - BAR, 14, f"{words.taker.capitalize()}s ({words.taking})", kind="muted"),
    ]
    return drawing(
        Network(columns, links, names, colours), headings, title=title, told=trades_told(pairs, labels, words)
    )


def trades_told(pairs: Pairs, labels: Mapping[str, str], words: Words = TRADE) -> str:
    """What to see: how much was traded by how many, and the largest pair."""
    if not pairs:
        return words.nobody
    total = sum(pairs.values())
    sellers, buyers = {a for a, _ in pairs}, {b for _, b in pairs}
    (seller, buyer), most = max(pairs.items(), key=lambda item: (item[1], item[0]))
    givers, takers = counted(len(sellers), words.giver), counted(len(buyers), words.taker)
    return (
        f"{givers} {words.gave} {energy(total)} {words.link} {takers}."
        f" The largest pair is {labels.get(seller) or seller} to {labels.get(buyer) or buyer}:"
        f" {energy(most)}, {percent(most / total)} of all {words.noun}."
    )


def pair_matrix(pairs: Pairs, *, labels: Mapping[str, str], shown: int = 30, words: Words = TRADE) -> str:
    """Energy of every pair: sellers down, buyers across, the darker the more.

    Parameters
    ----------
    pairs : (seller, buyer) -> energy [Wh]
    labels : member -> name
    shown : int
        How many of each side have a row or column of their own; the rest are summed in the last one.
    words : Words
        What the two sides are called.
    """
    title = f"Energy of each pair, {words.giver}s down and {words.taker}s across"
    if not pairs:
        return statement(title, words.nobody)
    met = exchange(pairs, (shown, shown))
    most = met.largest
    unit = unit_for([most])
    wide = min((WIDTH - LEFT - TOTAL) / len(met.buyers), 96.0)
    tall = 26.0 if len(met.sellers) <= 20 else 21.0
    names = [met.name(buyer, 1, labels) for buyer in met.buyers]
    is_level = all(text_width(name) <= wide - 8 for name in names)
    top = 66.0 if is_level else 132.0
    parts = [*_buyers(names, wide, top, is_level), *_legend(most, unit, words)]
    for k, seller in enumerate(met.sellers):
        parts += _row(met, labels, seller, top + k * tall, wide, tall, unit, most)
    edge, bottom = LEFT + wide * len(met.buyers), top + tall * len(met.sellers)
    parts.append(text(edge + TOTAL - 4, top - 10, words.gave, anchor="end", kind="muted"))
    parts.append(line(LEFT, top, edge, top, kind="axis"))
    return document(title, trades_told(pairs, labels, words), WIDTH, bottom + 6, parts)


def _buyers(names: Sequence[str], wide: float, top: float, is_level: bool) -> Iterable[str]:
    """Names of the columns: level where all fit, else upright."""
    for k, name in enumerate(names):
        x = LEFT + (k + 0.5) * wide
        if is_level:
            yield text(x, top - 10, name, anchor="middle", kind="muted")
        else:
            words = text(0, 0, shortened(name, top - 46), kind="muted")
            yield element("g", words, transform=f"translate({x + 4.5:.1f} {top - 8:.1f}) rotate(-90)")


def _row(
    met: Exchange, labels: Mapping[str, str], seller: str, y: float, wide: float, tall: float, unit: Unit, most: int
) -> Iterable[str]:  # fmt: skip
    """A seller's name, a cell per buyer and the sum."""
    name = met.name(seller, 0, labels)
    decimals = 0 if unit.wh == 1 or most >= 100 * unit.wh else 1 if most >= 10 * unit.wh else 2
    yield text(LEFT - 10, y + tall / 2 + 4.5, shortened(name, LEFT - 14), anchor="end")
    for k, buyer in enumerate(met.buyers):
        wh = met.pairs.get((seller, buyer), 0)
        if not wh:
            continue
        share, x = min(wh / most, 1.0), LEFT + k * wide
        is_sum = OTHER in (seller, buyer)
        told = hover(f"{name} → {met.name(buyer, 1, labels)}: {written(wh, unit)}")
        opacity = "0.16" if is_sum else f"{0.06 + 0.94 * share:.2f}"
        yield rect(
            x + 1,
            y + 1,
            wide - 2,
            tall - 2,
            inner=told,
            fill=GRID if is_sum else INK,
            fill_opacity=opacity,
            rx=2,
        )
        figure = unit.of(wh, decimals)
        if wide >= 40 and float(f"{wh / unit.wh:.{decimals}f}"):
            yield _figure(x + wide / 2, y + tall / 2 + 4.2, figure, 0.0 if is_sum else share)
    sold = sum(wh for (a, _), wh in met.pairs.items() if a == seller)
    edge = LEFT + wide * len(met.buyers)
    yield text(edge + TOTAL - 4, y + tall / 2 + 4.5, unit.of(sold), anchor="end", kind="muted")
    yield line(LEFT, y + tall, edge, y + tall)


def _figure(x: float, y: float, words: str, share: float) -> str:
    """The figure in a cell, light where the cell is dark."""
    if share < 0.7:
        return text(x, y, words, anchor="middle", size=12)
    return element("text", words, x=x, y=y, text_anchor="middle", fill="#ffffff", font_size=12)


def _legend(most: int, unit: Unit, words: Words) -> list[str]:
    """What the shades mean."""
    wide = 180.0
    x, step = WIDTH - wide - 4, wide / 20
    cells = [
        rect(x + k * step, 2, step, 10, fill=INK, fill_opacity=f"{0.06 + 0.94 * (k + 0.5) / 20:.2f}")
        for k in range(20)
    ]
    return [
        *cells,
        text(x - 10, 11, f"Energy {words.gave} by a row {words.link} a column [{unit.name}]", anchor="end"),
        text(x, 27, "0", kind="muted"),
        text(x + wide, 27, unit.of(most), anchor="end", kind="muted"),
    ]


def matrix_caption(pairs: Pairs, shown: int = 30, words: Words = TRADE) -> str:
    """What to see in the matrix, and whom it sums."""
    if not pairs:
        return words.nobody
    met = exchange(pairs, (shown, shown))
    first = (
        f"{counted(len(pairs), 'pair')} of a {words.giver} and a {words.taker} {words.did}; "
        f"an empty cell is {words.nothing} at all."
    )
    summed = [
        f"{counted(number, noun)}"
        for number, noun in zip(met.hidden, (words.giver, words.taker), strict=True)
        if number
    ]
    tail = f" The grey last row or column sums the {' and the '.join(summed)} with least {words.least}, unshaded."
    return first + tail if summed else first
