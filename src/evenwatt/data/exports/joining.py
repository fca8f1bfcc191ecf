"""Files of one community put together: months after each other, pairs beside meters, producer by producer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from evenwatt.core.errors import DataError, gather
from evenwatt.core.meters import Whole
from evenwatt.data.exports.export import MISSING, TOLERANCE_WH, Export, Pairs, tables
from evenwatt.data.exports.times import label


def join(meters: Export, flows: Export) -> Export:
    """What was measured and who got it from whom, of one period, checked against each other.

    Parameters
    ----------
    meters : Export
        Of a file that knows what was measured and what was left.
    flows : Export
        Of a file that knows the pairs.

    Returns
    -------
    Export
        Of the format of ``meters``, with pairs. Rows in which the sums over a meter's pairs differ
        from its own figure by more than 0.01 kWh are in ``unbalanced``, and each one in ``doubts``.

    Raises
    ------
    DataError
        If the periods differ, or the pairs name meters that the other file does not know.
    """
    with gather(f"{meters.source} and {flows.source}") as faults:
        faults += _strangers(meters, flows)
    assert flows.pairs is not None
    giver = np.array([meters.producers.index(name) for name in flows.producers], dtype=np.int64)
    taker = np.array([meters.consumers.index(name) for name in flows.consumers], dtype=np.int64)
    links = np.column_stack([giver[flows.pairs.links[:, 0]], taker[flows.pairs.links[:, 1]]])
    joined = replace(meters, pairs=Pairs(links, flows.pairs.wh))
    found = [
        *_contradictions(joined, joined.given, links[:, 0], meters.producers, "gave"),
        *_contradictions(joined, joined.shared, links[:, 1], meters.consumers, "got"),
    ]
    rows = sorted({*meters.unbalanced, *(row for row, _ in found)})
    told = f"{flows.source}: {len(found)} sums over pairs differ from the meters' own by more than 0.01 kWh"
    return replace(
        joined,
        source=f"{meters.source} + {flows.source}",
        unbalanced=tuple(rows),
        doubts=(*meters.doubts, *(words for _, words in sorted(found))),
        notes=(*meters.notes, *flows.notes, *([told] if found else [])),
    )


def concatenate(exports: Sequence[Export]) -> Export:
    """Several files of one kind, such as months, as one; in order of time, whatever their order here.

    A meter that is in some files only is ``MISSING`` in the others.

    Raises
    ------
    DataError
        If there is none, their kinds differ, or they overlap.
    """
    if not exports:
        raise DataError("no files to put together")
    ordered = sorted(exports, key=lambda one: one.start[0] if len(one.start) else np.datetime64(0, "s"))
    with gather(
        " and ".join(one.source for one in exports[:2]) + (" ..." if len(exports) > 2 else "")
    ) as faults:
        faults += _odd_ones(ordered)
    producers = tuple(dict.fromkeys(name for one in ordered for name in one.producers))
    consumers = tuple(dict.fromkeys(name for one in ordered for name in one.consumers))
    wide = [_widened(one, producers, consumers) for one in ordered]
    steps = np.cumsum([0, *(len(one.start) for one in wide)]).tolist()
    first = wide[0]
    after_each_other: dict[str, Any] = {
        name: np.concatenate([dict(tables(one))[name] for one in wide])
        for name, _ in tables(first)
        if name != "pairs"
    }
    return replace(
        first,
        source=" + ".join(one.source for one in ordered),
        start=np.concatenate([one.start for one in wide]),
        unbalanced=tuple(row + at for one, at in zip(wide, steps, strict=False) for row in one.unbalanced),
        doubts=tuple(f"{one.source}: {words}" for one in ordered for words in one.doubts),
        notes=tuple(dict.fromkeys([*(note for one in ordered for note in one.notes), *_gaps(ordered)])),
        pairs=_pairs(wide),
        keys=_keys(wide),
        **after_each_other,
    )


def together(exports: Sequence[Export]) -> Export:
    """Files of single producers, of one period, as one community's keys.

    Raises
    ------
    DataError
        If periods or units differ, or a producer has two files.
    """
    first = exports[0]
    names = [name for one in exports for name in one.producers]
    with gather(f"{first.source} ...") as faults:
        faults += [
            f"two files of producer {name!r}" for name in sorted({n for n in names if names.count(n) > 1})
        ]
        for one in exports:
            if not np.array_equal(one.start, first.start) or one.key_units != first.key_units:
                faults.append(f"{one.source}: period or decimals differ from those of {first.source}")
    consumers = tuple(dict.fromkeys(name for one in exports for name in one.consumers))
    wide = [_widened(one, one.producers, consumers) for one in exports]
    return replace(
        first,
        source=" + ".join(one.source for one in exports),
        producers=tuple(names),
        consumers=consumers,
        keys=np.concatenate([one.keys for one in wide if one.keys is not None], axis=1),
        notes=tuple(dict.fromkeys(note for one in exports for note in one.notes)),
    )


def _strangers(meters: Export, flows: Export) -> list[str]:
    faults = []
    if flows.pairs is None or meters.shared is None or meters.given is None:
        return ["expected first what was measured and left, then who got it from whom"]
    if not np.array_equal(meters.start, flows.start):
        told = [f"{one.source}: {_span(one)}, {len(one.start)} intervals" for one in (meters, flows)]
        faults.append(f"the periods differ ({'; '.join(told)})")
    for role in ("producers", "consumers"):
        unknown = [name for name in getattr(flows, role) if name not in getattr(meters, role)]
        faults += [f"{flows.source}: {name} is none of the {role} of {meters.source}" for name in unknown]
    return faults


def _contradictions(
    joined: Export, own: Whole | None, column: Whole, names: tuple[str, ...], verb: str
) -> list[tuple[int, str]]:
    """Rows and meters whose own figure is not the sum of their pairs, with the words for it."""
    assert joined.pairs is not None
    assert own is not None
    wh = joined.pairs.wh
    sums, full = np.zeros_like(own), own != MISSING
    for link, meter in enumerate(column.tolist()):
        sums[:, meter] += wh[:, link]
        full[:, meter] &= wh[:, link] != MISSING
    off = full & (np.abs(sums - own) > TOLERANCE_WH)
    return [
        (
            row,
            f"{label(joined.start[row], joined.zone)}: {names[meter]} {verb} {own[row, meter] / 1000:.3f} kWh, "
            f"its pairs say {sums[row, meter] / 1000:.3f} kWh",
        )
        for row, meter in np.argwhere(off).tolist()
    ]


def _odd_ones(ordered: Sequence[Export]) -> list[str]:
    first = ordered[0]
    same = ("format", "seconds", "zone", "key_units")
    faults = [
        f"{one.source}: {name} is {getattr(one, name)!r}, of {first.source} {getattr(first, name)!r}"
        for one in ordered[1:]
        for name in same
        if getattr(one, name) != getattr(first, name)
    ]
    for before, after in pairwise(ordered):
        if not len(before.start) or not len(after.start):
            faults.append(
                f"{before.source} and {after.source}: keys without a period cannot follow each other"
            )
        elif after.start[0] <= before.start[-1]:
            faults.append(f"{before.source} ({_span(before)}) and {after.source} ({_span(after)}) overlap")
    return faults


def _gaps(ordered: Sequence[Export]) -> list[str]:
    step = np.timedelta64(ordered[0].seconds, "s")
    return [
        f"{before.source} ends at {label(before.start[-1] + step, before.zone)}, "
        f"{after.source} begins at {label(after.start[0], after.zone)}: nothing is known in between"
        for before, after in pairwise(ordered)
        if before.start[-1] + step != after.start[0]
    ]


def _span(one: Export) -> str:
    if not len(one.start):
        return "no period"
    return f"{label(one.start[0], one.zone)} to {label(one.start[-1], one.zone)}"


def _widened(one: Export, producers: tuple[str, ...], consumers: tuple[str, ...]) -> Export:
    """The same export among more meters."""
    giver = np.array([producers.index(name) for name in one.producers], dtype=np.int64)
    taker = np.array([consumers.index(name) for name in one.consumers], dtype=np.int64)
    wide: dict[str, Any] = {}
    for name, table in tables(one):
        if name != "pairs":
            place, width = (giver, producers) if name in ("supply", "unused") else (taker, consumers)
            wide[name] = np.full((len(table), len(width)), MISSING, dtype=np.int64)
            wide[name][:, place] = table
    keys = None
    if one.keys is not None:
        keys = np.zeros((len(one.keys), len(producers), len(consumers)), dtype=np.int64)
        keys[:, giver[:, None], taker] = one.keys
    pairs = None
    if one.pairs is not None:
        links = one.pairs.links
        pairs = Pairs(np.column_stack([giver[links[:, 0]], taker[links[:, 1]]]), one.pairs.wh)
    return replace(one, producers=producers, consumers=consumers, keys=keys, pairs=pairs, **wide)


def _pairs(wide: Sequence[Export]) -> Pairs | None:
    known = [one.pairs for one in wide if one.pairs is not None]
    if len(known) < len(wide):
        return None
    links = dict.fromkeys(tuple(link) for pairs in known for link in pairs.links.tolist())
    place = {link: k for k, link in enumerate(links)}
    wh = []
    for pairs in known:
        table = np.full((len(pairs.wh), len(links)), MISSING, dtype=np.int64)
        table[:, [place[tuple(link)] for link in pairs.links.tolist()]] = pairs.wh
        wh.append(table)
    return Pairs(np.array(list(links), dtype=np.int64).reshape(-1, 2), np.concatenate(wh))


def _keys(wide: Sequence[Export]) -> Whole | None:
    known = [one.keys for one in wide if one.keys is not None]
    if len(known) < len(wide):
        return None
    if all(len(keys) == 1 and np.array_equal(keys, known[0]) for keys in known):
        return known[0]
    return np.concatenate(
        [
            np.broadcast_to(keys, (len(one.start), *keys.shape[1:]))
            for one, keys in zip(wide, known, strict=True)
        ]
    )
