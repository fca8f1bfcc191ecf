"""A period cut into blocks of intervals, one after another: days, say, of 92, 96 or 100 quarter-hours."""

from __future__ import annotations

from collections.abc import Sequence


def blocks_of(
    steps: int, horizon: int | None, blocks: Sequence[int | slice] | None, faults: list[str]
) -> tuple[slice, ...]:
    """Blocks of ``steps`` intervals: of one length, of given lengths or slices, or one of all.

    What is wrong is added to ``faults``.

    Examples
    --------
    >>> blocks_of(6, None, [4, slice(4, 6)], faults := [])
    (slice(0, 4, None), slice(4, 6, None))
    >>> blocks_of(6, 4, None, faults), len(faults)
    ((), 1)
    """
    if horizon is not None and blocks is not None:
        faults.append("horizon and blocks are both given; expected one of them")
        return ()
    if horizon is not None:
        if int(horizon) != horizon or horizon < 1 or steps % horizon:
            faults.append(
                f"horizon {horizon}; expected a whole number above 0 that divides {steps} intervals; "
                "give the length of each block where they differ"
            )
            return ()
        blocks = [horizon] * (steps // horizon)
    return _one_after_another(steps, [steps] if blocks is None else blocks, faults)


def _one_after_another(steps: int, blocks: Sequence[int | slice], faults: list[str]) -> tuple[slice, ...]:
    found, first = [], 0
    for k, block in enumerate(blocks):
        begin, end = (block.start, block.stop) if isinstance(block, slice) else (first, first + block)
        stepped = isinstance(block, slice) and block.step not in (None, 1)
        if (begin or 0) != first or end is None or int(end) != end or end <= first or stepped:
            faults.append(
                f"block {k}: {block}; expected one or more whole intervals from interval {first} on"
            )
            return ()
        found.append(slice(first, int(end)))
        first = int(end)
    if first != steps:
        faults.append(f"blocks: {first} intervals in all; expected {steps}")
    return tuple(found)
