"""The error tree, readable at a glance, and the one way to report several faults of one input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

MOST_SHOWN = 20


class EvenwattError(Exception):
    """Anything evenwatt itself has to say against going on."""


class InputError(EvenwattError, ValueError):
    """What came in cannot be used; the message says where, what was found and what was expected."""


class ProblemError(InputError):
    """An array of a problem is malformed: a negative claim, a wrong shape."""


class BargainError(ProblemError):
    """A bargaining problem has no feasible agreement.

    Attributes
    ----------
    rows : tuple of int
        The rows (flattened over leading axes) that cannot be solved.
    """

    def __init__(self, message: str, rows: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.rows = rows


class RuleError(InputError):
    """A rule's name is unknown, taken twice, or its parameters do not fit."""


class DataError(InputError):
    """A file of measurements cannot be read, or holds what cannot be."""


class CaseError(InputError):
    """A case folder is incomplete or contradicts itself."""


class SolverError(EvenwattError):
    """A solver stopped short of the answer it promises; it says so rather than return what it has."""


class ConservationError(EvenwattError):
    """An outcome would create or destroy energy or money."""


@contextmanager
def gather(place: str, error: type[InputError] = DataError) -> Iterator[list[str]]:
    """Collect every fault of one input, then raise once.

    Parameters
    ----------
    place : str
        The file, folder or argument at fault; opens the message.
    error : type
        What to raise when at least one fault was collected.

    Examples
    --------
    >>> with gather("prices.csv") as faults:
    ...     faults.append("row 3: grid_buy_per_mwh 'x' is not a number")
    Traceback (most recent call last):
    ...
    evenwatt.core.errors.DataError: prices.csv: row 3: grid_buy_per_mwh 'x' is not a number
    """
    faults: list[str] = []
    yield faults
    if faults:
        raise error(told(place, faults))


def told(place: str, faults: list[str]) -> str:
    """One message for all ``faults`` of ``place``; a long list is cut, and the cut is counted."""
    if len(faults) == 1:
        return f"{place}: {faults[0]}"
    lines = [f"{place}: {len(faults)} faults", *(f"  {fault}" for fault in faults[:MOST_SHOWN])]
    if len(faults) > MOST_SHOWN:
        lines.append(f"  ... and {len(faults) - MOST_SHOWN} more")
    return "\n".join(lines)


def first_fault(error: InputError) -> str:
    """A message for a table: of an error that tells of many, how many and the first.

    Examples
    --------
    >>> first_fault(ProblemError(told("orders", ["order 0: no price", "order 1: no price"])))
    'orders: 2 faults, such as order 0: no price'
    """
    lines = str(error).splitlines()
    return lines[0] if len(lines) == 1 else f"{lines[0]}, such as {lines[1].strip()}"
