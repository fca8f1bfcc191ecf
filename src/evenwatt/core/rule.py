"""What a rule is, how it enrols itself, and how a name becomes a function."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import RuleError

Array = npt.NDArray[np.float64]
F = TypeVar("F", bound=Callable[..., Any])

MANY = 10**9

# What nearly every claims rule promises; a rule that breaks one of these says so by leaving it out.
BASIC = frozenset({
    "efficiency", "claims-bounded", "non-negative", "equal-treatment", "anonymity", "order-awards", "order-losses",
    "homogeneity", "resource-monotonic", "claims-monotonic", "linked-monotonic", "null-claims-consistent",
})  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """A named way to turn a problem into awards, with the promises it makes.

    Calling a rule checks the problem and divides it; see ``function`` for the arguments.

    Attributes
    ----------
    name : str
        Short registry name, e.g. ``talmud``.
    function : callable
        ``(endowment, claims, *, ...) -> awards``, ``(...,), (..., n) -> (..., n)``; ``game -> values`` for the
        values of coalitions.
    source : str
        The paper or decree that defines it, with DOI.
    satisfies : frozenset of str
        Ids of the axioms it promises (``evenwatt.audit.AXIOMS``); each is tested.
    members : (int, int)
        Fewest and most members it can divide among.
    parameters : mapping
        Keyword parameters and their defaults, ``weights`` apart.
    weighted : bool
        Whether it takes ``weights=``.
    detail : callable or None
        ``(endowment, claims) -> dict``: the level and side a statement quotes to explain an award.
    polynomial : bool
        Whether it is cheap enough to run in every comparison.
    title : str
        The name in full, for people.
    kind : str
        The family it belongs to.
    """

    name: str
    function: Callable[..., Any]
    source: str
    satisfies: frozenset[str]
    members: tuple[int, int] = (1, MANY)
    parameters: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    weighted: bool = False
    detail: Callable[..., dict[str, Any]] | None = None
    polynomial: bool = True
    title: str = ""
    kind: str = "claims"

    def __call__(self, *problem: Any, **options: Any) -> Any:
        """Solve the problem: ``endowment, claims`` for claims rules, a game for values; options are the function's."""
        unknown = sorted(set(options) - set(self.parameters) - ({"weights"} if self.weighted else set()))
        if unknown:
            known = [*self.parameters, *(["weights"] if self.weighted else [])]
            raise RuleError(
                f"rule '{self.name}' takes no parameter '{unknown[0]}'; "
                + (f"it takes {', '.join(known)}" if known else "it takes none")
            )
        return self.function(*problem, **options)

    def refusal(self, members: int) -> str | None:
        """Say why this rule cannot divide among ``members``, or None where it can."""
        least, most = self.members
        if least <= members <= most:
            return None
        wanted = str(least) if least == most else f"{least} to {most}"
        return f"'{self.name}' divides among {wanted} members, not {members}"


_ENROLLED: dict[tuple[str, str], Rule] = {}


def rule(
    name: str,
    *,
    source: str,
    satisfies: Iterable[str],
    members: tuple[int, int] = (1, MANY),
    detail: Callable[..., dict[str, Any]] | None = None,
    polynomial: bool = True,
    title: str | None = None,
    kind: str = "claims",
) -> Callable[[F], F]:
    """Enrol the decorated function as the rule ``name``; it stays a plain function.

    Raises
    ------
    RuleError
        If another function already bears the name.

    Examples
    --------
    >>> from evenwatt import claims
    >>> claims.rule("talmud").source
    'Aumann & Maschler 1985, doi:10.1016/0022-0531(85)90102-4'
    """

    def enrol(function: F) -> F:
        held = _ENROLLED.get((kind, name))
        if held is not None and _place(held.function) != _place(function):
            raise RuleError(
                f"two {kind} rules are named '{name}': {_place(held.function)} and {_place(function)}; "
                "rename one of them"
            )
        keywords = {
            p.name: p.default
            for p in inspect.signature(function).parameters.values()
            if p.kind is inspect.Parameter.KEYWORD_ONLY
        }
        weighted = keywords.pop("weights", _ABSENT) is not _ABSENT
        _ENROLLED[kind, name] = Rule(
            name=name,
            function=function,
            source=source,
            satisfies=frozenset(satisfies),
            members=members,
            parameters=MappingProxyType(keywords),
            weighted=weighted,
            detail=detail,
            polynomial=polynomial,
            title=title or function.__name__.replace("_", " "),
            kind=kind,
        )
        return function

    return enrol


_ABSENT = object()


def _place(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


@cache
def _walk(kind: str) -> None:
    """Import every module of the family, and of outside packages that name its entry point group."""
    family = import_module(f"evenwatt.{kind}")
    for module in pkgutil.iter_modules(family.__path__):
        if not module.name.startswith("_"):
            import_module(f"evenwatt.{kind}.{module.name}")
    for point in entry_points(group=f"evenwatt.{kind}"):
        point.load()


def all(kind: str) -> dict[str, Rule]:
    """Every rule of a family by name, its own modules' and outside packages', sorted by name."""
    _walk(kind)
    return {name: _ENROLLED[held, name] for held, name in sorted(_ENROLLED) if held == kind}


def find(kind: str, name: str) -> Rule:
    """Return the rule ``name`` of family ``kind``.

    Raises
    ------
    RuleError
        If there is none; names the nearest.
    """
    rules = all(kind)
    if name in rules:
        return rules[name]
    near = get_close_matches(name, rules, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise RuleError(f"unknown rule '{name}'; {hint}`evenwatt rules` lists them")


_SPELLING = re.compile(r"^(?P<name>[a-z][a-z0-9_-]*)(:(?P<parameters>.+))?$")


@dataclass(frozen=True)
class Spelled:
    """A rule with its parameters, as people write it: ``tal:theta=0.25``, ``cea:weights=need``."""

    rule: Rule
    parameters: Mapping[str, float]
    weights: str | None = None

    def __str__(self) -> str:
        parts = [f"{key}={value:g}" for key, value in sorted(self.parameters.items())]
        if self.weights is not None:
            parts.append(f"weights={self.weights}")
        return self.rule.name + (":" + ",".join(parts) if parts else "")


def spelled(kind: str, text: str) -> Spelled:
    """Read ``name`` or ``name:parameter=value,...``.

    Parameters
    ----------
    kind : str
        The family, e.g. ``claims``.
    text : str
        Numbers for the rule's own parameters; for ``weights`` the name of a members column.

    Raises
    ------
    RuleError
        If the name is unknown, a parameter is not the rule's, or its value is not a number.

    Examples
    --------
    >>> str(spelled("claims", "tal:theta=0.25"))
    'tal:theta=0.25'
    """
    match = _SPELLING.match(text.strip())
    if match is None:
        raise RuleError(f"'{text}' is not a rule; expected NAME or NAME:parameter=value,...")
    found = find(kind, match["name"])
    parameters: dict[str, float] = {}
    weights = None
    for part in (match["parameters"] or "").split(","):
        if not part:
            continue
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if key == "weights" and found.weighted and equals and value:
            weights = value
            continue
        known = [*found.parameters, *(["weights"] if found.weighted else [])]
        if key not in found.parameters or not equals:
            raise RuleError(
                f"'{text}': rule '{found.name}' has no parameter '{part}'; "
                + (f"it takes {', '.join(f'{k}=...' for k in known)}" if known else "it takes none")
            )
        try:
            parameters[key] = float(value)
        except ValueError:
            raise RuleError(f"'{text}': {key} '{value}' is not a number") from None
    return Spelled(found, MappingProxyType(parameters), weights)
