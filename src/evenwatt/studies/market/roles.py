"""Who takes part in a market: ``roles.csv``, every cell checked, all faults told together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any

from evenwatt.core.chance import Keyed
from evenwatt.core.errors import CaseError, InputError, gather
from evenwatt.studies.market.columns import CASH, COLUMNS, EVERYBODY, HOUSEHOLDS, Column
from evenwatt.studies.market.kinds import SOURCES, source_named
from evenwatt.studies.market.retail import TARIFFS

ROLES = "roles.csv"
MOST_AGENTS = 1_000_000
NUMBER = "{n}"  # in a meter's name: the number of the agent within its row


@dataclass(frozen=True)
class Agent:
    """One agent as its row describes it.

    Attributes
    ----------
    id, label, role, persona : str
        The persona by its proper name.
    place : str
        Where it stands in the file, for messages.
    cells : mapping
        Values of the columns that its role has, defaults filled in.
    """

    id: str
    label: str
    role: str
    persona: str
    place: str
    cells: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.cells[name]


def read_roles(path: Path, *, seed: int = 0) -> tuple[Agent, ...]:
    """Read ``roles.csv``; an agent for every row, and as many as ``count`` says.

    Parameters
    ----------
    path : Path
        The file.
    seed : int
        Deals personas where a row names several.

    Raises
    ------
    CaseError
        Naming row, column, what was found and what was expected, for every fault.
    """
    rows, faults = _rows(path)
    named: Counter[str] = Counter()
    with gather(ROLES, CaseError) as found:
        found += faults
        read = [(place, held) for place, cells in rows if (held := _row(place, cells, found)) is not None]
        total = sum(held["count"] for _, held in read)
        if not read and not found:
            found.append("no rows; a market needs at least one agent")
        if total > MOST_AGENTS:
            found.append(f"{total:,} agents in all; there may be {MOST_AGENTS:,}")
            read = []
        agents = [agent for place, held in read for agent in _agents(place, held, named, seed)]
        found += _contradictions(agents)
    return tuple(agents)


def _rows(path: Path) -> tuple[list[tuple[str, dict[str, str]]], list[str]]:
    """Place and filled cells of every row, and what is wrong with the file's columns."""
    from evenwatt.data import table

    if not path.is_file():
        raise CaseError(f"{path}: missing; a market needs {ROLES}")
    found = table.load(path, lambda _: False)
    names = {name.strip().lower(): name for name in found.frame.columns}
    faults = list(found.faults)
    faults += [_unknown("column", name, list(COLUMNS)) for name in names if name not in COLUMNS]
    if "role" not in names:
        faults.append(f"column 'role' is missing; found {', '.join(names)}")
        return [], faults
    columns = {name: found.frame[column].to_list() for name, column in names.items() if name in COLUMNS}
    rows = []
    for k, place in enumerate(found.places.tolist()):
        cells = {name: str(values[k]).strip() for name, values in columns.items() if values[k] is not None}
        rows.append((f"{found.place} {place}", {name: cell for name, cell in cells.items() if cell}))
    return rows, faults


def _unknown(what: str, name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"{what} '{name}' is unknown; " + (
        f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}"
    )


def _row(place: str, cells: Mapping[str, str], faults: list[str]) -> dict[str, Any] | None:
    """A row's values with its role's defaults; None where the row says nothing or its role is not one."""
    if not cells:
        return None
    role = cells.get("role", "").lower()
    if role not in EVERYBODY:
        told = _unknown("role", role, EVERYBODY) if role else f"is empty; there are {', '.join(EVERYBODY)}"
        faults.append(f"{place}, column 'role': {told}")
        return None
    held: dict[str, Any] = {name: column.default for name, column in COLUMNS.items() if role in column.roles}
    for name, cell in cells.items():
        column = COLUMNS[name]
        if role not in column.roles:
            faults.append(
                f"{place}, column '{name}': {cell!r}, but a {role} has none; leave the cell empty "
                f"(it is for {', '.join(column.roles)})"
            )
        else:
            held[name] = _cell(place, name, column, cell, faults)
    scaled = "scale" in cells  # said, not assumed: only then may agents share a meter
    return {**held, "role": role, "scaled": scaled, **_completed(place, role, held, faults)}


def _cell(place: str, name: str, column: Column, cell: str, faults: list[str]) -> Any:
    if column.kind is str:
        return cell
    try:
        value = float(cell.replace(",", "."))
        whole = value == int(value)
    except (ValueError, OverflowError):
        value, whole = float("nan"), False
    unit = "" if column.unit == "-" else f" [{column.unit}]"
    wanted = "a whole number" if column.kind is int else "a number"
    if not isfinite(value) or (column.kind is int and not whole):
        faults.append(f"{place}, column '{name}': {cell!r}, expected {wanted}{unit}")
        return column.default
    if not column.low <= value <= column.high:
        faults.append(f"{place}, column '{name}': {cell}, expected {column.low:g} to {column.high:g}{unit}")
        return column.default
    return column.kind(value)


def _completed(place: str, role: str, held: Mapping[str, Any], faults: list[str]) -> dict[str, Any]:
    """What one column says about another, by role."""
    made: dict[str, Any] = {"personas": _personas(place, held["persona"], faults)}
    if role in CASH:
        made["cash"] = CASH[role] if held["cash"] is None else held["cash"]
    if role in ("prosumer", "utility") and held["battery_kw"] is None:
        made["battery_kw"] = held["battery_kwh"] / 2
    if role == "utility" and held["tariff"] not in TARIFFS:
        faults.append(f"{place}, column 'tariff': {_unknown('tariff', held['tariff'], list(TARIFFS))}")
    if role in HOUSEHOLDS and held["meter"] is None:
        faults.append(f"{place}, column 'meter': is empty; a {role} needs its readings")
        made["meter"] = ""
    return made | (_station(place, held, faults) if role == "producer" else {})


def _station(place: str, held: Mapping[str, Any], faults: list[str]) -> dict[str, Any]:
    """A producer's source, capacity, cost and emission."""
    name = None if held["source"] is None else source_named(held["source"])
    if name is None:
        told = "is empty" if held["source"] is None else _unknown("source", held["source"], list(SOURCES))
        faults.append(f"{place}, column 'source': {told}; there are {', '.join(SOURCES)}")
        name = "gas"
    kw, mw = held["capacity_kw"], held["capacity_mw"]
    if (kw is None) == (mw is None):
        found = "both are empty" if kw is None else "both are filled"
        faults.append(f"{place}, columns 'capacity_kw' and 'capacity_mw': {found}; say one of them")
    capacity = kw if kw is not None else (mw or 0.0) * 1000
    source = SOURCES[name]
    own = {
        "cost_per_mwh": source.cost_per_mwh,
        "emission_t_per_mwh": source.emission_t_per_mwh,
        "upgrade": source.upgrade_per_kw * capacity / 10,
    }
    return {
        "source": name,
        "capacity_kw": capacity,
        **{key: value if held[key] is None else held[key] for key, value in own.items()},
    }


def _personas(place: str, text: str, faults: list[str]) -> tuple[str, ...]:
    """Proper names of the personas that a cell names."""
    from evenwatt.policies.persona import persona

    found = []
    for word in filter(None, (part.strip() for part in text.split("|"))):
        try:
            found.append(persona(word).name)
        except InputError as error:
            faults.append(f"{place}, column 'persona': {error}")
    return tuple(found) or ("balanced",)


def _agents(place: str, held: dict[str, Any], named: Counter[str], seed: int) -> Iterator[Agent]:
    """The agents of one row, numbered where there are several; ``named`` counts those without an id."""
    role, count, several = held["role"], held["count"], held["count"] > 1
    cells = {name: held[name] for name in held if name not in ("id", "label", "role", "count", "persona")}
    personas = cells.pop("personas")
    for n in range(1, count + 1):
        named[role] += held["id"] is None
        id = held["id"] or f"{role}-{named[role]}"
        id = f"{id}-{n}" if several and held["id"] else id
        label = (f"{held['label']} {n}" if several else held["label"]) if held["label"] else id
        own = {
            name: cells[name].replace(NUMBER, str(n))
            for name in ("meter", "pv_meter")
            if isinstance(cells.get(name), str)
        }
        yield Agent(id, label, role, _dealt(personas, id, seed), place, {**cells, **own})


def _dealt(personas: Sequence[str], id: str, seed: int) -> str:
    if len(personas) == 1:
        return personas[0]
    return personas[int(Keyed(seed, f"persona of {id}").uniform(0) * len(personas))]


def _contradictions(agents: Sequence[Agent]) -> Iterator[str]:
    """What several rows say against one another."""
    first: dict[str, Agent] = {}
    for agent in agents:
        if agent.id in first:
            yield f"{agent.place}, column 'id': '{agent.id}' stands on {first[agent.id].place} already"
        first.setdefault(agent.id, agent)
    regulators = [agent for agent in agents if agent.role == "regulator"]
    if len(regulators) > 1:
        yield f"{regulators[1].place}: there is a regulator already; a market has at most one"
    yield from _shared(agents)


def _shared(agents: Sequence[Agent]) -> Iterator[str]:
    """Meters that stand for several agents though no scale says so."""
    for column, what in (("meter", "meter"), ("pv_meter", "panels' meter")):
        first: dict[str, Agent] = {}
        told = set()
        for agent in agents:
            meter = agent.cells.get(column)
            if not meter or agent.role == "producer":
                continue
            other = first.setdefault(meter, agent)
            said = agent["scaled"] and other["scaled"]
            if other is not agent and not said and (meter, agent.place) not in told:
                told.add((meter, agent.place))
                where = "the same row" if other.place == agent.place else other.place
                yield (
                    f"{agent.place}, column '{column}': {what} '{meter}' is that of '{other.id}' ({where}) too; "
                    "fill column 'scale' of both to share it"
                )
