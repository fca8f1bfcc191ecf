"""The rule of a case: that of its country, with what the case has otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from evenwatt.core.errors import CaseError
from evenwatt.sharing.countries.forms import BY_LEVEL, BY_RULE
from evenwatt.studies.division import division

if TYPE_CHECKING:
    from evenwatt.sharing.countries import Regulation
    from evenwatt.studies.sharing.config import RuleConfig

UNLIMITED = "unlimited"
FORMULA = "pro"  # divides intervals whose keys are free, unless the case names another

Kind = Literal["pairs", "pool", "levels", "formula"]


@dataclass(frozen=True)
class Regime:
    """How surplus is shared.

    Attributes
    ----------
    regulation : Regulation
        The country's rule, changed where the case says so.
    kind : "pairs", "pool", "levels" or "formula"
        By keys of a producer and a consumer; by keys of a consumer to all producers together; by levels of
        consumers, one after the other; or by a claims rule in each interval.
    formula : str or None
        That claims rule.
    own_use_first : bool
        Whether generation serves its own member first.
    participation : float
        Part of each meter that takes part.
    reserve : int
        Kept from sharing by each producer in each interval [Wh].
    """

    regulation: Regulation
    kind: Kind = "pairs"
    formula: str | None = None
    own_use_first: bool = True
    participation: float = 1.0
    reserve: int = 0

    @property
    def country(self) -> str:
        """Name of the regulation."""
        return self.regulation.name

    @property
    def title(self) -> str:
        """The regulation in words."""
        return self.regulation.title

    @property
    def source(self) -> str:
        """Where it is written."""
        return self.regulation.source

    @property
    def rounds(self) -> int | None:
        """How often what is left is offered again; None until nothing moves."""
        return self.regulation.rounds

    @property
    def quantum(self) -> int:
        """Every share is a whole multiple of it [Wh]."""
        return self.regulation.quantum

    @property
    def max_links(self) -> int | None:
        """Producers that a consumer may have."""
        return self.regulation.max_links

    @property
    def injecting_may_receive(self) -> bool:
        """Whether who feeds in may receive at the same time."""
        return self.regulation.injecting_may_receive

    @property
    def is_fixed(self) -> bool:
        """Whether keys or levels are agreed for the period, in ``keys.csv``."""
        return self.kind != "formula"

    @property
    def is_pooled(self) -> bool:
        """Whether ``keys.csv`` names all producers together."""
        return self.kind in ("pool", "levels")

    @property
    def has_rounds(self) -> bool:
        """Whether the number of rounds means something: keys of pairs, offered again."""
        return self.kind == "pairs"

    def with_rounds(self, rounds: int | None) -> Regime:
        """The same with another number of rounds."""
        return replace(self, regulation=replace(self.regulation, rounds=rounds))

    def with_formula(self, formula: str) -> Regime:
        """The same with every interval divided by a claims rule, as a country lets groups do where keys are free."""
        free = replace(self.regulation, form=BY_RULE, keys="none", formula=formula, rounds=1)
        return replace(self, regulation=free, kind="formula", formula=formula)

    def told(self) -> str:
        """The rule in a few words."""
        if self.kind == "levels":
            return f"consumers level by level, each level by {self.formula}"
        if self.kind == "formula":
            return f"each interval divided by {self.formula}"
        rounds = "rounds until nothing moves" if self.rounds is None else _counted(self.rounds, "round")
        floor = f", in steps of {self.quantum} Wh" if self.quantum > 1 else ""
        keys = "keys of each producer" if self.kind == "pairs" else "keys of all producers together"
        return f"{keys}, {rounds}{floor}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def known() -> Mapping[str, Regulation]:
    """Every country's rule by its name."""
    from evenwatt.sharing.countries import regulations

    return regulations()


def regime(config: RuleConfig) -> Regime:
    """The country's rule, with everything the case says otherwise.

    Raises
    ------
    CaseError
        If rounds are asked of a rule that has none.
    """
    base = known()[config.country]
    if config.formula is not None or config.keys == "interval":
        return _by_formula(base, config)
    held = of(base)
    if config.keys == "fixed" and not held.is_fixed:
        raise CaseError(f"case.toml: rule.keys: 'fixed', but {base.title} divides each interval anew")
    if config.rounds is not None and not base.form.knows_rounds:
        raise CaseError(f"case.toml: rule.rounds: {config.rounds!r}, but {base.title} knows no rounds")
    changed = _changed(base, config)
    if config.rounds is not None:
        changed = replace(changed, rounds=None if config.rounds == UNLIMITED else int(config.rounds))
    return replace(_with_terms(held, config), regulation=changed)


def of(regulation: Regulation) -> Regime:
    """A country's rule as it stands; where keys are free in each interval, by the proportional formula."""
    if regulation.keys == "fixed" and regulation.form.keys_shape.startswith("(I"):
        return Regime(regulation, "pairs")
    if regulation.keys == "fixed":
        return Regime(regulation, "pool", regulation.formula)
    if regulation.form is BY_LEVEL:
        return Regime(regulation, "levels", regulation.formula or FORMULA)
    return Regime(regulation).with_formula(regulation.formula or FORMULA)


def _by_formula(base: Regulation, config: RuleConfig) -> Regime:
    formula = division(config.formula or base.formula or FORMULA).spelling
    return _with_terms(Regime(_changed(base, config)), config).with_formula(formula)


def _changed(base: Regulation, config: RuleConfig) -> Regulation:
    said = {
        "quantum": config.quantum_wh,
        "max_links": config.max_links,
        "injecting_may_receive": config.injecting_may_receive,
    }
    return replace(base, **{name: value for name, value in said.items() if value is not None})  # type: ignore[arg-type]


def _with_terms(held: Regime, config: RuleConfig) -> Regime:
    return replace(
        held,
        own_use_first=config.own_use_first,
        participation=1.0 if config.participation is None else config.participation,
        reserve=config.reserve_wh or 0,
    )
