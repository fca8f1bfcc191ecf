"""Names in a market's settings: mechanisms with their options, policies by role, variants of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from evenwatt.core.errors import ProblemError, RuleError

if TYPE_CHECKING:
    from evenwatt.markets.mechanism import Mechanism

OWN = "own"  # a variant of the policies: everybody decides as the case says
LANGUAGE = "language"  # a policy that asks a language model
HAVE_PERSONAS = ("consumer", "prosumer", "producer", "utility")
RULE = "rule"  # the scripted policy of each role


def mechanism(name: str, options: Mapping[str, Any] | None = None, *, lot_wh: int | None = None) -> Mechanism:
    """The mechanism of a name with options as a case writes them.

    With ``lot_wh``, one that is made for unit demand trades a lot of this size each.

    Raises
    ------
    RuleError
        If there is no such mechanism or option; names the nearest.

    Examples
    --------
    >>> mechanism("pay-as-bid")
    PayAsBid(paired=False)
    """
    from evenwatt.core import rule as registry
    from evenwatt.markets.clear import found
    from evenwatt.markets.lots import OneLot
    from evenwatt.markets.mechanism import KIND

    kind: Any = registry.find(KIND, name).function
    held = {field.name: field for field in fields(kind) if field.init}
    faults = [_no_option(name, option, list(held)) for option in options or {} if option not in held]
    faults += [
        f"mechanism '{name}' needs its option '{field.name}'"
        for field in held.values()
        if field.default is MISSING and field.default_factory is MISSING and field.name not in (options or {})
    ]
    if faults:
        raise RuleError("; ".join(faults))
    try:
        made = found(name, {key: _option(key, value) for key, value in (options or {}).items()})
    except (TypeError, ValueError) as error:
        raise RuleError(f"mechanism '{name}': {error}") from None
    return OneLot(mechanism=made, lot_wh=lot_wh) if lot_wh and getattr(made, "unit_demand", False) else made


def _no_option(name: str, option: str, known: list[str]) -> str:
    near = get_close_matches(option, known, 1)
    advice = f"did you mean '{near[0]}'?" if near else f"it takes {', '.join(known) or 'none'}"
    return f"mechanism '{name}' has no option '{option}'; {advice}"


def _option(name: str, value: Any) -> Any:
    """An option as TOML has it in the mechanism's own type: lines between nodes are rows, lists are tuples."""
    if name == "lines":
        from evenwatt.markets.auctions.zonal import Line

        return tuple(Line(**row) for row in value)
    return tuple(value) if isinstance(value, list) else value


def check_mechanism(name: str, options: Mapping[str, Any]) -> None:
    """Raise a RuleError where a mechanism or one of its options is not known."""
    mechanism(name, options)


def check_policy(role: str, name: str) -> None:
    """Raise a RuleError where a policy is not known, or cannot decide for the role."""
    from evenwatt.policies.scripted import KNOWN

    if name == LANGUAGE:
        return
    if name not in KNOWN:
        near = get_close_matches(name, [*KNOWN, LANGUAGE], 1)
        advice = f"did you mean '{near[0]}'?" if near else f"there are {', '.join([*KNOWN, LANGUAGE])}"
        raise RuleError(f"'{name}' is not a policy; {advice}")
    if role not in KNOWN[name]:
        fit = [other for other, roles in KNOWN.items() if role in roles]
        raise RuleError(f"policy '{name}' is not for a {role}; expected one of {', '.join([*fit, LANGUAGE])}")


def variant(text: str) -> Mapping[str, str]:
    """Which roles decide by which policy in a variant of a sweep; personas apart.

    Raises
    ------
    RuleError
        If a role or policy is unknown, or no role knows the policy.

    Examples
    --------
    >>> variant("own")
    {}
    >>> variant("prosumer=zip,producer=zip")
    {'prosumer': 'zip', 'producer': 'zip'}
    """
    from evenwatt.policies.seen import ROLES

    if text == OWN:
        return {}
    if "@" in text:
        personas(text)
        return {}
    if "=" not in text:
        return _wherever(text)
    made: dict[str, str] = {}
    for part in text.split(","):
        role, equals, name = (piece.strip() for piece in part.partition("="))
        if not equals or role not in ROLES:
            raise RuleError(f"'{text}': '{part}' is not ROLE=POLICY; roles are {', '.join(ROLES)}")
        check_policy(role, name)
        made[role] = name
    return made


def personas(text: str) -> Mapping[str, str]:
    """Which roles have which persona in a variant of a sweep, in place of those of the case.

    Raises
    ------
    RuleError
        If a role or persona is unknown.

    Examples
    --------
    >>> personas("prosumer@greedy,utility@eco-friendly")
    {'prosumer': 'greedy', 'utility': 'eco'}
    >>> personas("@greedy")
    {'consumer': 'greedy', 'prosumer': 'greedy', 'producer': 'greedy', 'utility': 'greedy'}
    >>> personas("zip")
    {}
    """
    if "@" not in text:
        return {}
    made: dict[str, str] = {}
    for part in text.split(","):
        role, _, name = (piece.strip() for piece in part.partition("@"))
        if role not in ("", *HAVE_PERSONAS):
            raise RuleError(f"'{text}': '{part}' is not ROLE@PERSONA; roles are {', '.join(HAVE_PERSONAS)}")
        proper = check_persona(name)
        made |= dict.fromkeys([role] if role else HAVE_PERSONAS, proper)
    return made


def check_persona(name: str) -> str:
    """The proper name of a persona; raises a RuleError where there is none."""
    from evenwatt.policies.persona import persona

    try:
        return persona(name).name
    except ProblemError as error:
        raise RuleError(str(error)) from None


def _wherever(name: str) -> Mapping[str, str]:
    """Every role that knows the policy."""
    from evenwatt.policies.scripted import KNOWN
    from evenwatt.policies.seen import ROLES

    known = {**KNOWN, LANGUAGE: ROLES}
    if name not in known:
        near = get_close_matches(name, [OWN, *known], 1)
        advice = f"did you mean '{near[0]}'?" if near else f"there are {', '.join([OWN, *known])}"
        raise RuleError(f"'{name}' is not a policy; {advice}")
    return {role: name for role in ROLES if role in known[name]}


def check_variant(text: str) -> None:
    """Raise a RuleError where a variant of a sweep is not one."""
    variant(text)
