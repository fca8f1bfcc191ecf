"""The Sankey diagram: from suppliers through agents to members, with what the grid took and gave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evenwatt.app.plots.colours import GRID, agent_colour
from evenwatt.app.plots.drawing import document, element, hover, number, rect, shortened, statement, text
from evenwatt.app.plots.quantities import Unit, counted, energy, percent, unit_for, written

WIDTH, BAR, GAP, SLOT = (
    960.0,
    12.0,
    5.0,
    19.0,
)  # px; SLOT is the least height of a node, so that labels never meet
FLOW_HEIGHT = 400.0  # px of the fullest column
LABEL_ROOM = 214.0  # px on either side
TOP = 34.0
SOLD, BOUGHT = "grid:sold", "grid:bought"

Flow = Mapping[str, object]


@dataclass(frozen=True)
class Network:
    """Energy [Wh] between nodes of three columns, small nodes already gathered.

    Attributes
    ----------
    columns : nodes of each column, top to bottom
    links : (source, target) -> energy [Wh]
    labels, colours : of each node; the colour of a band is that of its agent
    """

    columns: Sequence[Sequence[str]]
    links: Mapping[tuple[str, str], int]
    labels: Mapping[str, str]
    colours: Mapping[str, str]

    @property
    def unit(self) -> Unit:
        """One unit for every figure, so that they compare."""
        return unit_for(self.links.values())

    def through(self, node: str) -> int:
        """Energy through a node: the larger of what comes in and what goes out."""
        return max(
            sum(wh for (_, target), wh in self.links.items() if target == node),
            sum(wh for (source, _), wh in self.links.items() if source == node),
        )


@dataclass
class Place:
    """Where a node stands, and how far its two sides are already taken by bands."""

    x: float
    y: float
    height: float
    taken: dict[str, float] = field(default_factory=lambda: {"in": 0.0, "out": 0.0})

    def take(self, side: str, height: float) -> float:
        """The upper edge of the next band on this side."""
        edge = self.y + self.taken[side]
        self.taken[side] += height
        return edge


def sankey(
    flows: Iterable[Flow],
    *,
    labels: Mapping[str, str],
    agents: Sequence[str],
    unserved: Mapping[str, int] | None = None,
    suppliers_shown: int = 10,
    members_shown: int = 12,
) -> str:
    """Bands as thick as the energy they carry; small suppliers and members are gathered into "others".

    Parameters
    ----------
    flows : rows of source, target and wh
        ``supplier:`` to ``agent:``, ``agent:`` to ``member:``, ``supplier:`` to ``grid`` [Wh].
    labels : mapping
        Name of each node (``supplier:pv1`` -> its label); a node without one shows its id.
    agents : sequence
        Agent ids in the order that fixes their colours.
    unserved : mapping, optional
        What each ``member:`` claimed and did not get, bought from the grid [Wh].
    """
    title = "Energy from suppliers through agents to members"
    network = gathered(links_of(flows, unserved or {}), labels, agents, suppliers_shown, members_shown)
    if not network.links:
        return statement(title, "No energy flowed through the pool.")
    described = "; ".join(
        f"{network.labels[n]} {written(network.through(n), network.unit)}" for n in network.columns[1]
    )
    return drawing(network, _headings(), title=title, told=f"Energy through the middle column: {described}.")


def drawing(network: Network, headings: Iterable[str], *, title: str, told: str) -> str:
    """The drawing of a network of three columns (the middle one may be empty) that has links."""
    places, height = _placed(network)
    parts = [*headings, *_bands(network, places), *_nodes(network, places)]
    return document(title, told, WIDTH, height, parts)


def links_of(flows: Iterable[Flow], unserved: Mapping[str, int]) -> dict[tuple[str, str], int]:
    """Energy per pair of nodes, the grid split into what it takes and what it gives."""
    links: dict[tuple[str, str], int] = defaultdict(int)
    for row in flows:
        source, target, wh = str(row["source"]), str(row["target"]), int(str(row["wh"]))
        source = BOUGHT if source == "grid" else source
        target = SOLD if target == "grid" else target
        links[source, target] += wh
    if not any(source == BOUGHT for source, _ in links):
        for member, wh in unserved.items():
            links[BOUGHT, member] += wh
    return {pair: wh for pair, wh in links.items() if wh > 0}


def gathered(
    links: Mapping[tuple[str, str], int],
    labels: Mapping[str, str],
    agents: Sequence[str],
    suppliers_shown: int = 10,
    members_shown: int = 12,
) -> Network:
    """The network with its smallest suppliers, and the smallest members of each agent, as one node each."""
    order = [f"agent:{agent}" for agent in agents]
    order += sorted({n for pair in links for n in pair if n.startswith("agent:")} - set(order))
    colours = {agent: agent_colour(k) for k, agent in enumerate(order)} | {SOLD: GRID, BOUGHT: GRID}
    served_by = _agents_of_members(links, order)
    size: dict[str, int] = defaultdict(int)
    for (source, target), wh in links.items():
        for node in {source, target}:
            size[node] += wh
    group, names = _groups(size, served_by, order, suppliers_shown, members_shown)
    merged: dict[tuple[str, str], int] = defaultdict(int)
    for (source, target), wh in links.items():
        merged[group.get(source, source), group.get(target, target)] += wh
    served_by |= {group[member]: agent for member, agent in served_by.items() if member in group}
    columns = _columns(merged, served_by, order)
    names |= {SOLD: "Sold to the grid", BOUGHT: "Bought from the grid"}
    told = {
        node: names.get(node) or labels.get(node) or node.partition(":")[2] for c in columns for node in c
    }
    return Network(columns, merged, told, colours | {m: colours[a] for m, a in served_by.items()})


def _agents_of_members(links: Mapping[tuple[str, str], int], order: Sequence[str]) -> dict[str, str]:
    """The agent that gave each member most; a member that got nothing has the grid."""
    best: dict[str, tuple[int, str]] = {}
    for (source, target), wh in links.items():
        if target.startswith("member:"):
            best[target] = max(best.get(target, (0, BOUGHT)), (wh if source in order else 0, source))
    return {member: source if source in order else BOUGHT for member, (_, source) in best.items()}


def _groups(
    size: Mapping[str, int], served_by: Mapping[str, str], order: Sequence[str], suppliers: int, members: int
) -> tuple[dict[str, str], dict[str, str]]:
    """Which node goes into which group, and what the groups are called."""
    group: dict[str, str] = {}
    names: dict[str, str] = {}
    crowds = [("supplier:*", [n for n in size if n.startswith("supplier:")], suppliers, "supplier")]
    sides = [side for side in (*order, BOUGHT) if side in served_by.values()]
    each = max(members // max(len(sides), 1), 1)
    crowds += [
        (f"member:*{side}", [m for m in size if served_by.get(m) == side], each, "member") for side in sides
    ]
    for name, crowd, shown, noun in crowds:
        small = sorted(crowd, key=lambda node: (-size[node], node))[shown:]
        if len(small) > 1:
            group |= dict.fromkeys(small, name)
            names[name] = counted(len(small), f"other {noun}")
    return group, names


def _columns(
    links: Mapping[tuple[str, str], int], served_by: Mapping[str, str], order: Sequence[str]
) -> list[list[str]]:
    """Suppliers, agents with the grid, members: larger first, groups last, members under their agent."""
    present = {node for pair in links for node in pair}
    out: dict[str, int] = defaultdict(int)
    for (source, target), wh in links.items():
        out[source] += wh
        out[target] += wh
    agents = [node for node in (*order, SOLD, BOUGHT) if node in present]
    suppliers = sorted(
        (n for n in present if n.startswith("supplier:")), key=lambda n: ("*" in n, -out[n], n)
    )
    rank = {agent: k for k, agent in enumerate((*order, BOUGHT))}
    members = sorted(
        (n for n in present if n.startswith("member:")),
        key=lambda n: (rank[served_by[n]], "*" in n, -out[n], n),
    )
    return [suppliers, agents, members]


def _placed(network: Network) -> tuple[dict[str, Place], float]:
    """Where each node stands, and the height of the whole drawing [px]."""
    through = {node: network.through(node) for column in network.columns for node in column}
    fullest = max(sum(through[node] for node in column) for column in network.columns)
    scale = FLOW_HEIGHT / fullest
    columns = [[(node, max(through[node] * scale, 1.0)) for node in column] for column in network.columns]
    tall = [sum(max(height, SLOT) + GAP for _, height in column) for column in columns]
    places = {}
    for column, height, x in zip(
        columns, tall, (LABEL_ROOM, (WIDTH - BAR) / 2, WIDTH - LABEL_ROOM - BAR), strict=True
    ):
        free = (max(tall) - height) / max(len(column), 1)
        y = TOP + free / 2
        for node, size in column:
            slot = max(size, SLOT)
            places[node] = Place(x, y + (slot - size) / 2, size)
            y += slot + GAP + free
    return places, TOP + max(tall) + 4


def _bands(network: Network, places: Mapping[str, Place]) -> Iterable[str]:
    """One curved band per link, in the order of the nodes so that bands do not cross at a node."""
    row = {node: k for column in network.columns for k, node in enumerate(column)}
    scale = {node: places[node].height / max(network.through(node), 1) for node in row}
    ordered = sorted(network.links.items(), key=lambda item: (row[item[0][0]], row[item[0][1]]))
    starts = {}
    for (source, target), wh in ordered:
        starts[source, target] = places[source].take("out", wh * scale[source])
    for (source, target), wh in sorted(ordered, key=lambda item: (row[item[0][1]], row[item[0][0]])):
        thick = wh * min(scale[source], scale[target])
        end = places[target].take("in", wh * scale[target])
        yield _band(
            places[source].x + BAR,
            starts[source, target],
            places[target].x,
            end,
            thick,
            network,
            source,
            target,
        )


def _band(
    x1: float, y1: float, x2: float, y2: float, thick: float, network: Network, source: str, target: str
) -> str:
    """A band of even thickness between two nodes, in the colour of its agent or the grid's grey."""
    thick, bend = max(thick, 0.6), number((x1 + x2) / 2)
    a, b = number(x1), number(x2)
    data = (
        f"M{a} {number(y1)}C{bend} {number(y1)} {bend} {number(y2)} {b} {number(y2)}"
        f"V{number(y2 + thick)}C{bend} {number(y2 + thick)} {bend} {number(y1 + thick)}"
        f" {a} {number(y1 + thick)}z"
    )
    grid = SOLD in (source, target) or BOUGHT in (source, target)
    agent = target if target.startswith("agent:") else source
    carried = written(network.links[source, target], network.unit)
    words = f"{network.labels[source]} → {network.labels[target]}: {carried}"
    colour, opacity = (GRID, 0.28) if grid else (network.colours[agent], 0.42)
    return element("path", hover(words), d=data, fill=colour, fill_opacity=f"{opacity}")


def _nodes(network: Network, places: Mapping[str, Place]) -> Iterable[str]:
    """A bar per node and its label: outside on the sides, beside the bar in the middle."""
    for column, nodes in enumerate(network.columns):
        for node in nodes:
            place, label, wh = (
                places[node],
                network.labels[node],
                written(network.through(node), network.unit),
            )
            colour = network.colours.get(node, "#4d565f")
            yield rect(
                place.x,
                place.y,
                BAR,
                place.height,
                inner=hover(f"{label}: {wh}"),
                fill=colour,
                rx=1,
                class_="node",
            )
            yield _label(column, place, label, wh)


def _label(column: int, place: Place, label: str, wh: str) -> str:
    """The name and the energy of a node: outside on the sides, beside the bar in the middle."""
    middle = place.y + place.height / 2 + 4.5
    words = shortened(label, LABEL_ROOM - 84)
    if column == 0:
        return text(place.x - 8, middle, words, anchor="end", then=wh)
    if column == 2:
        return text(place.x + BAR + 8, middle, words, then=wh)
    return text(place.x + BAR + 7, middle, shortened(label, 160), weight=600, halo=True, then=wh)


def _headings() -> Iterable[str]:
    """What the three columns are."""
    yield text(LABEL_ROOM + BAR, 14, "Suppliers", anchor="end", kind="muted")
    yield text(WIDTH / 2, 14, "Agents and grid", anchor="middle", kind="muted")
    yield text(WIDTH - LABEL_ROOM - BAR, 14, "Members (what they claimed)", kind="muted")


def sankey_caption(
    pool_wh: int, served_wh: int, unserved_wh: int, agents: Sequence[Mapping[str, object]]
) -> str:
    """What to see: which agent carried most, and how much of the claims the pool met."""
    claimed = served_wh + unserved_wh
    first = f"Members took {energy(served_wh)} from a pool of {energy(pool_wh)}"
    met = f", which met {percent(served_wh / claimed)} of what they claimed" if claimed else ""
    if len(agents) < 2 or not served_wh:
        return f"{first}{met}."
    largest = max(agents, key=lambda row: int(str(row.get("served_wh") or 0)))
    share = int(str(largest.get("served_wh") or 0)) / served_wh
    carried = f"{largest.get('label') or largest.get('id')} carried {percent(share)} of it"
    return f"{first}{met}; {carried}. Grey bands are the grid: surplus sold, shortfall bought."
