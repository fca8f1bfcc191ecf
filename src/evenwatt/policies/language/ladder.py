"""From a model's words to a decision that can be carried out: parse, check, clip, and say what was wrong."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenwatt.policies.actions import MOST_SELLERS
from evenwatt.policies.language.schema import LONGEST_REASON, Field, fields

LONGEST_TEXT = 2**16  # characters
MOST_TRIES = 20  # places where an object may begin
_FENCED = re.compile(r"```[a-zA-Z]*\n?(.*?)(?:```|$)", re.DOTALL)
UNKNOWN = "(unknown keys)"


class Invalid(Exception):
    """An answer that is no decision; its message is what the model is told when it is asked again."""


@dataclass(frozen=True)
class Clip:
    """One value that was asked for and could not be had."""

    field: str
    asked: Any
    used: Any


@dataclass(frozen=True)
class Decision:
    """A valid answer.

    Attributes
    ----------
    asked : mapping
        Fields as the model gave them.
    used : mapping
        Fields as they are carried out; ids of a list as numbers.
    clips : tuple of Clip
        What was changed between the two.
    ignored : tuple of str
        Keys that nobody asked for.
    reason : str
        What the model said for it; never interpreted.
    """

    asked: Mapping[str, Any]
    used: Mapping[str, Any]
    clips: tuple[Clip, ...] = ()
    ignored: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Feasible:
    """What the market allows beyond the schema.

    Attributes
    ----------
    floor, cap : float
        Of prices [currency per MWh].
    offers : mapping of str to int
        Ids that were offered, and their numbers.
    """

    floor: float = -math.inf
    cap: float = math.inf
    offers: Mapping[str, int] | None = None


def decisions(role: str, text: str, feasible: Sequence[Feasible]) -> list[Decision]:
    """What an answer decides, for as many parties as it was asked for.

    Parameters
    ----------
    role : str
        Of the parties.
    text : str
        The model's answer, as it came.
    feasible : sequence
        What is possible for each of them.

    Raises
    ------
    Invalid
        Naming everything that is wrong with it.

    Examples
    --------
    >>> text = 'Gladly! {"output_share": 3, "markup": 0.2, "accept_contracts": true, "min_contract_steps": 4,'
    >>> text += ' "upgrade": false, "valid_steps": 8, "reason": "sun"}'
    >>> decisions("producer", text, [Feasible()])[0].clips
    (Clip(field='output_share', asked=3, used=1.0),)
    """
    found = parsed(text)
    if len(feasible) == 1:
        return [_decision(role, found, feasible[0])]
    answers = found.get("answers")
    if not isinstance(answers, list) or len(answers) != len(feasible):
        count = len(answers) if isinstance(answers, list) else "no"
        raise Invalid(f"'answers' holds {count} answers; expected exactly {len(feasible)}")
    made, faults = [], []
    for number, (answer, allowed) in enumerate(zip(answers, feasible, strict=True)):
        try:
            made.append(_decision(role, answer, allowed))
        except Invalid as fault:
            faults.append(f"answer {number}: {fault}")
    if faults:
        raise Invalid("; ".join(faults)[:2000])
    return made


def parsed(text: str) -> dict[str, Any]:
    """The first JSON object in a text: the whole of it, else outside code fences, else inside.

    Raises
    ------
    Invalid
        If there is none, or it has a key twice, or a number that is none.

    Examples
    --------
    >>> parsed('I would say {"a": 1}, or so')
    {'a': 1}
    """
    if not text.strip():
        raise Invalid("the answer is empty")
    if len(text) > LONGEST_TEXT:
        raise Invalid(f"the answer has {len(text)} characters; expected less than {LONGEST_TEXT}")
    whole = text.strip()
    if whole[0] in "{[":
        found = _at(whole, 0)
        if isinstance(found, list) and len(found) != 1:
            raise Invalid(f"the answer is a list of {len(found)}; expected one JSON object")
        found = found[0] if isinstance(found, list) else found
        if isinstance(found, dict):
            return found
    for place in (_FENCED.sub(" ", text), *_FENCED.findall(text)):
        found = _first(place)
        if found is not None:
            return found
    raise Invalid("the answer holds no complete JSON object")


def _first(text: str) -> dict[str, Any] | None:
    """The first object in a text; None if there is none."""
    at = text.find("{")
    for _ in range(MOST_TRIES):
        if at < 0:
            break
        found = _at(text, at)
        if isinstance(found, dict):
            return found
        at = text.find("{", at + 1)
    return None


def _at(text: str, place: int) -> Any:
    """The JSON value that begins there; None if there is none."""
    try:
        return _DECODER.raw_decode(text, place)[0]
    except (ValueError, RecursionError):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise Invalid(f"key '{twice[0][:40]}' is there more than once")
    return made


def _finite(text: str) -> float:
    raise Invalid(f"{text} is not a number that can be used")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_finite)


def _decision(role: str, found: Any, feasible: Feasible) -> Decision:
    """One party's decision."""
    if not isinstance(found, dict):
        raise Invalid(f"the answer is {_kind(found)}; expected a JSON object")
    asked: dict[str, Any] = {}
    used: dict[str, Any] = {}
    clips: list[Clip] = []
    faults: list[str] = []
    known = fields(role)
    # Who decides to do nothing need not say how much.
    rests = role == "regulator" and found.get("no_action") is True
    for field in known:
        if field.name not in found:
            if not rests:
                faults.append(f"'{field.name}' is missing")
            continue
        value = found[field.name]
        fault = _fault(field, value)
        if fault:
            faults.append(f"'{field.name}' is {fault}")
            continue
        asked[field.name] = _cut(value)
        used[field.name] = _clipped(field, value, feasible)
        if _is_changed(field, value, used[field.name], feasible):
            clips.append(Clip(field.name, _cut(value), _shown(field, used[field.name], feasible)))
    if faults:
        raise Invalid("; ".join(faults)[:2000])
    ignored = tuple(sorted(name[:40] for name in set(found) - {field.name for field in known} - {"reason"}))
    reason = found.get("reason")
    return Decision(
        asked, used, tuple(clips), ignored, reason[:LONGEST_REASON] if isinstance(reason, str) else ""
    )


def _fault(field: Field, value: Any) -> str:
    """Why a value is not of its field's kind; empty if it is."""
    if field.kind == "flag":
        return "" if isinstance(value, bool) else f"{_kind(value)}; expected true or false"
    if field.kind == "choice":
        is_one = isinstance(value, str) and value in field.choices
        return "" if is_one else f"{_kind(value)}; expected one of {', '.join(field.choices)}"
    if field.kind == "list":
        is_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
        return "" if is_list else f"{_kind(value)}; expected a list of ids"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{_kind(value)}; expected a number"
    if not abs(value) <= 1e300:  # infinite, not a number, or whole and beyond what a float holds
        return "not a finite number"
    if field.kind == "whole" and value != math.floor(value):
        return f"{value}; expected a whole number"
    return ""


def _clipped(field: Field, value: Any, feasible: Feasible) -> Any:
    """The nearest value that can be had."""
    if field.kind in ("flag", "choice"):
        return value
    if field.kind == "list":
        offers = feasible.offers or {}
        return tuple(offers[one] for one in dict.fromkeys(value) if one in offers)[:MOST_SELLERS]
    low, high = field.low, field.high
    if field.is_price:
        low, high = max(low, feasible.floor), min(high, feasible.cap)
    near = min(max(value, low), high)
    return int(near) if field.kind == "whole" else float(near)


def _is_changed(field: Field, asked: Any, used: Any, feasible: Feasible) -> bool:
    if field.kind == "list":
        return bool(list(asked) != _shown(field, used, feasible))
    return bool(asked != used)


def _shown(field: Field, used: Any, feasible: Feasible) -> Any:
    """What was used, in the model's words."""
    if field.kind != "list":
        return used
    names = {number: name for name, number in (feasible.offers or {}).items()}
    return [names[number] for number in used]


def _cut(value: Any) -> Any:
    """What was asked, short enough for a log."""
    return [one[:40] for one in value[: 4 * MOST_SELLERS]] if isinstance(value, list) else value


def _kind(value: Any) -> str:
    """A value in a few words, for the model's eyes only."""
    text = json.dumps(value, default=str, allow_nan=True)
    return text if len(text) <= 40 else f"{text[:37]}..."
