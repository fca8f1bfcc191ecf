"""Where two requests first differ: what a recording that does not fit is told by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# In this order: what makes all requests differ comes first.
ORDER = (
    "model",
    "template",
    "schema",
    "temperature",
    "top_p",
    "max_tokens",
    "seed",
    "draw",
    "attempt",
    "messages",
)
_ABSENT = object()


@dataclass(frozen=True)
class Difference:
    """The first difference of a request from a recorded one.

    Attributes
    ----------
    field : str
        Where, as a path such as ``messages[1].market.step``; empty where there is none.
    recorded, asked : str
        What is there, shortened.
    agreed : int
        How many values agree; the nearest recording has the most.
    """

    field: str
    recorded: str
    asked: str
    agreed: int

    def __str__(self) -> str:
        return f"the nearest recording differs first in {self.field}: recorded {self.recorded}, asked {self.asked}"


def first_difference(recorded: dict[str, Any], asked: dict[str, Any]) -> Difference:
    """Compare two requests, looking into messages that are JSON themselves.

    Examples
    --------
    >>> said = [{"role": "user", "content": '{"price": 52}'}], [{"role": "user", "content": '{"price": 53}'}]
    >>> print(first_difference({"seed": 1, "messages": said[0]}, {"seed": 1, "messages": said[1]}))
    the nearest recording differs first in messages[0].price: recorded 52, asked 53
    """
    agreed, first = 0, None
    for field, was, now in _pairs({name: (recorded.get(name), asked.get(name)) for name in ORDER}):
        if was == now and type(was) is type(now):
            agreed += 1
        elif first is None:
            first = (field, _short(was), _short(now))
    return Difference(*(first or ("", "", "")), agreed)


def _pairs(fields: dict[str, tuple[Any, Any]]) -> Iterator[tuple[str, Any, Any]]:
    """Every single value of both, by where it is."""
    for name, (was, now) in fields.items():
        yield from _inside(name, _opened(was), _opened(now))


def _inside(place: str, was: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(was, dict) and isinstance(now, dict):
        for name in sorted({*was, *now}):
            yield from _inside(
                f"{place}.{name}", _opened(was.get(name, _ABSENT)), _opened(now.get(name, _ABSENT))
            )
    elif isinstance(was, list) and isinstance(now, list):
        for number in range(max(len(was), len(now))):
            one, other = (each[number] if number < len(each) else _ABSENT for each in (was, now))
            yield from _inside(f"{place}[{number}]", _opened(one), _opened(other))
    else:
        yield place, was, now


def _opened(value: Any) -> Any:
    """A message as what its text says, where it is JSON."""
    if isinstance(value, dict) and set(value) == {"role", "content"}:
        try:
            said = json.loads(value["content"])
        except (ValueError, TypeError):
            return value
        return said if isinstance(said, dict) else value
    return value


def _short(value: Any) -> str:
    if value is _ABSENT:
        return "nothing"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
