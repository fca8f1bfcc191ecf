"""What a model may decide for each role: one table, from which schemas, prompts and checks are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from evenwatt.core.errors import ProblemError
from evenwatt.policies.actions import MOST_SELLERS, SOURCES
from evenwatt.policies.language.request import canonical

Kind = Literal["number", "whole", "choice", "flag", "list"]
LONGEST_HORIZON = 96  # steps
LONGEST_REASON = 200  # characters
LONGEST_ID = 12  # characters; without a limit a small model fills its whole answer with one id
BATTERY = ("self-use", "threshold", "hold")
STORAGE = ("increase", "decrease", "maintain")
LEAST_PRICE, MOST_PRICE = -1e4, 1e5  # currency per MWh; a market's cap and floor are narrower


@dataclass(frozen=True)
class Field:
    """One thing that a strategy says.

    Attributes
    ----------
    name, meaning : str
        As the model reads them.
    kind : str
        ``number``, ``whole``, ``choice``, ``flag`` or ``list`` (of ids that were offered).
    low, high : float
        What it may be; a number beyond is clipped.
    choices : tuple of str
        Of a choice.
    is_price : bool
        Whether the market's cap and floor bound it too.
    """

    name: str
    meaning: str
    kind: Kind = "number"
    low: float = 0.0
    high: float = 1.0
    choices: tuple[str, ...] = ()
    is_price: bool = False


def _price(name: str, meaning: str) -> Field:
    return Field(name, f"{meaning} [currency per MWh]", "number", LEAST_PRICE, MOST_PRICE, is_price=True)


_STEPS = Field("valid_steps", "for how many steps this strategy holds", "whole", 1, LONGEST_HORIZON)
_BUYER = (
    Field("source", "where to buy", "choice", choices=SOURCES),
    _price("max_price", "the most to pay in the local auction"),
    Field("sellers", "ids of offers, the best first; the first one serves you", "list"),
)
STRATEGIES: Mapping[str, tuple[Field, ...]] = {
    "consumer": (*_BUYER, _STEPS),
    "prosumer": (
        *_BUYER,
        Field("sell_share", "share of the surplus to offer locally"),
        _price("min_price", "the least to take in the local auction"),
        Field("battery", "keep the surplus for own use, trade on prices, or leave it", "choice", choices=BATTERY),
        Field("connected", "whether to be joined to the local grid", "flag"),
        Field("upgrade", "whether to pay for a tenth more panels now", "flag"),
        _STEPS,
    ),
    "producer": (
        Field("output_share", "share of the free capacity to offer"),
        Field("markup", "what is added to cost, as a share of it"),
        Field("accept_contracts", "whether to sell by contract", "flag"),
        Field("min_contract_steps", "shortest contract to accept", "whole", 1, 96 * 366),
        Field("upgrade", "whether to pay for a tenth more capacity now", "flag"),
        _STEPS,
    ),
    "utility": (
        Field("retail_markup", "what is added to the cost of procurement, as a share of it", high=0.5),
        Field("hedge_ratio", "share of the next day to secure by contract"),
        _price("max_contract_price", "the most to pay for a contract"),
        Field("renewable_target", "renewable share to aim at"),
        Field("suppliers", "ids of offers, the best first", "list"),
        Field("storage", "charge, discharge or leave the battery", "choice", choices=STORAGE),
        _STEPS,
    ),
    "regulator": (
        Field("no_action", "whether to leave everything as it is", "flag"),
        Field("carbon_change_pct", "change of the carbon price in percent", low=-10, high=10),
        Field("cap_change_pct", "change of the price cap in percent", low=-10, high=10),
        Field("quota_change", "change of the renewable quota", low=-0.02, high=0.02),
        Field("fine_rate", "share of the excess that price gouging costs", high=2),
        Field("subsidy", "for renewable generation [currency per MWh]", high=100),
    ),
}  # fmt: skip


def fields(role: str) -> tuple[Field, ...]:
    """What a strategy of the role says.

    Raises
    ------
    ProblemError
        If there is no such role.
    """
    if role not in STRATEGIES:
        raise ProblemError(f"role '{role}' is not one of {', '.join(STRATEGIES)}")
    return STRATEGIES[role]


@cache
def schema(role: str, answers: int = 1) -> str:
    """The JSON schema of a role's strategy, as canonical JSON.

    Parameters
    ----------
    role : str
        Whose strategy.
    answers : int
        How many are asked for at once; more than one come as a list of exactly so many.

    Examples
    --------
    >>> import json
    >>> json.loads(schema("producer"))["properties"]["markup"]["maximum"]
    1.0
    """
    one = _object({**{field.name: _property(field) for field in fields(role)}, "reason": _REASON})
    if answers == 1:
        return canonical(one)
    many = {"type": "array", "items": one, "minItems": answers, "maxItems": answers}
    return canonical(_object({"answers": many}))


_REASON = {"type": "string", "maxLength": LONGEST_REASON, "description": "why, in one sentence"}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _property(field: Field) -> dict[str, Any]:
    told: dict[str, Any] = {"description": field.meaning}
    if field.kind == "flag":
        return {**told, "type": "boolean"}
    if field.kind == "choice":
        return {**told, "type": "string", "enum": list(field.choices)}
    if field.kind == "list":
        one = {"type": "string", "maxLength": LONGEST_ID}
        return {**told, "type": "array", "items": one, "maxItems": MOST_SELLERS}
    if field.kind == "whole":
        return {**told, "type": "integer", "minimum": int(field.low), "maximum": int(field.high)}
    return {**told, "type": "number", "minimum": float(field.low), "maximum": float(field.high)}
