"""How the words of a configuration become the function that divides: any rule, or a Nash combination."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

from evenwatt.core import rule as registry
from evenwatt.core.errors import RuleError
from evenwatt.core.rule import Rule, Spelled

Array = npt.NDArray[np.float64]
Divide = Callable[..., Array]


@dataclass(frozen=True)
class Division:
    """One way to divide a stock among members, with what a report says of it.

    Attributes
    ----------
    spelling : str
        As in ``case.toml``, normalised.
    title : str
        In full, for people.
    function : callable
        ``(endowment (T,), claims (T, n), **parameters) -> awards (T, n)`` [Wh].
    rule : Rule or None
        The enrolled rule, or None for a combination built from others.
    weights : str or None
        Column of ``members.csv`` that weighs the members.
    """

    spelling: str
    title: str
    function: Divide
    source: str
    rule: Rule | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    weights: str | None = None

    def awards(self, endowment: Array, claims: Array, weights: Array | None = None) -> Array:
        """Divide a batch of problems; ``weights`` (n,) are given only where the spelling asks for them."""
        if weights is None:
            return self.function(endowment, claims, **self.parameters)
        return self.function(endowment, claims, weights=weights, **self.parameters)

    def refusal(self, members: int) -> str | None:
        """Say why this cannot divide among so many members, or None where it can."""
        return None if self.rule is None else self.rule.refusal(members)


@cache
def division(text: str) -> Division:
    """Read one rule as people write it.

    ``talmud``, ``tal:theta=0.25`` and ``cea:weights=need`` name enrolled claims rules; ``nash-minimal-rights``
    and its like the enrolled Nash combinations; ``nash:disagreement=cel,share=0.5,weights=claims`` bargains
    from a share of a rule's award (or from ``zero`` or ``minimal-rights``) with weights ``equal``, ``claims``
    or ``claims-minus-d``; ``mixture:rules=talmud+cea+cel,disagreement=minimal-rights,weights=equal`` takes the
    convex combination of rules with the largest Nash product.

    Raises
    ------
    RuleError
        If the name or a parameter is unknown.

    Examples
    --------
    >>> division("tal: theta=0.250").spelling
    'tal:theta=0.25'
    """
    name, _, options = text.strip().partition(":")
    if name == "nash":
        return _nash(_options(text, options, {"disagreement": "zero", "share": "0.5", "weights": "equal"}))
    if name == "mixture":
        return _mixture(
            _options(
                text, options, {"rules": "pro+cea+cel", "disagreement": "minimal-rights", "weights": "equal"}
            )
        )
    kind = "bargaining" if name in registry.all("bargaining") else "claims"
    return _enrolled(registry.spelled(kind, text.replace(": ", ":")))


def polynomial() -> list[Division]:
    """Every enrolled rule that is cheap enough for each run, by name."""
    return [division(name) for name, held in _known().items() if held.polynomial]


def every() -> list[Division]:
    """Every enrolled rule, by name."""
    return [division(name) for name in _known()]


def _known() -> dict[str, Rule]:
    return registry.all("claims") | registry.all("bargaining")


def _enrolled(text: Spelled) -> Division:
    held = text.rule
    title = held.title + (f" ({str(text).partition(':')[2]})" if ":" in str(text) else "")
    return Division(str(text), title, held.function, held.source, held, text.parameters, text.weights)


def _options(text: str, options: str, defaults: dict[str, str]) -> dict[str, str]:
    chosen = dict(defaults)
    for part in filter(None, options.split(",")):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if key not in defaults or not equals or not value:
            raise RuleError(
                f"'{text}': no parameter '{part}'; it takes {', '.join(f'{k}=...' for k in defaults)}"
            )
        chosen[key] = value
    if chosen["weights"] not in ("equal", "claims", "claims-minus-d"):
        raise RuleError(
            f"'{text}': weights '{chosen['weights']}' is not one of equal, claims, claims-minus-d"
        )
    return chosen


def _spelled(name: str, options: dict[str, str]) -> str:
    return f"{name}:" + ",".join(f"{key}={value}" for key, value in options.items())


def _disagreement(text: str) -> str | Divide:
    return text if text in ("zero", "minimal-rights") else registry.find("claims", text).function


def _nash(options: dict[str, str]) -> Division:
    start = _disagreement(options["disagreement"])
    try:
        share = float(options["share"])
    except ValueError:
        raise RuleError(f"nash: share '{options['share']}' is not a number") from None
    if not 0 <= share < 1:
        raise RuleError(f"nash: share {share} is not in [0, 1); at 1 nothing is left to bargain over")
    if isinstance(start, str):
        del options["share"]

    def nash(endowment: Array, claims: Array) -> Array:
        from evenwatt import bargaining

        return bargaining.bankruptcy_nash(
            endowment, claims, disagreement=start, share=share, weights=options["weights"]
        )

    return Division(
        _spelled("nash", options), "Nash bargaining over claims", nash, "Nash 1950, doi:10.2307/1907266"
    )


def _mixture(options: dict[str, str]) -> Division:
    parts = [registry.find("claims", name).function for name in options["rules"].split("+")]
    start = _disagreement(options["disagreement"])

    def mixture(endowment: Array, claims: Array) -> Array:
        from evenwatt import bargaining

        awards = np.stack([part(endowment, claims) for part in parts])
        mixed = bargaining.nash_mixture(
            endowment, claims, awards, disagreement=start, weights=options["weights"]
        )
        return np.asarray(mixed.awards)

    return Division(
        _spelled("mixture", options), "Nash mixture of rules", mixture, "Nash 1950, doi:10.2307/1907266"
    )
