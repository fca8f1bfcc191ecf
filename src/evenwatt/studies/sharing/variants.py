"""What else could have been: other numbers of rounds, other keys, other countries, on the same readings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from evenwatt.core.meters import Meters
from evenwatt.studies.division import polynomial
from evenwatt.studies.sharing import keys as key_table
from evenwatt.studies.sharing.allocation import pooled, received, unrounded
from evenwatt.studies.sharing.day import weights_of
from evenwatt.studies.sharing.energy import DayEnergy, day_energy
from evenwatt.studies.sharing.group import SharingGroup
from evenwatt.studies.sharing.period import Period
from evenwatt.studies.sharing.regime import Regime, known, of
from evenwatt.studies.story import Work

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Kind = Literal["rounds", "keys", "country", "formula", "unrounded"]

SWEEP = (1, 2, 3, 5, 8, 13, 20, None)  # numbers of rounds to look at; None until nothing moves


@dataclass(frozen=True)
class Variant:
    """One thing changed.

    Attributes
    ----------
    kind, name, title : str
        What is varied, to what, and the same in words.
    regime : Regime
        The rule.
    keys : "current", "equal" or "demand"
        Those of the case; or each producer's in equal parts, or in proportion to its consumers' demand.
    is_chosen : bool
        Whether it is the case as it stands.
    refusal : str or None
        Why it cannot be tried.
    """

    kind: Kind
    name: str
    title: str
    regime: Regime
    keys: Literal["current", "equal", "demand"] = "current"
    is_chosen: bool = False
    refusal: str | None = None


@dataclass(frozen=True)
class Tried:
    """What a variant shares: all together, and each member, (n,) [Wh]; None where it was not tried or not told."""

    variant: Variant
    wh: float
    received: Whole | None


def variants(
    group: SharingGroup, consumers: int, complete: bool, own: str = "the keys of the case"
) -> list[Variant]:
    """Numbers of rounds and plain keys; every country and formula where ``complete``.

    ``own`` is what the group's keys are called.
    """
    held = group.regime
    others = [*_countries(held), *_formulas(held, consumers)] if complete else []
    return [*_rounds(held), *_keys(held, own), *others]


def _rounds(held: Regime) -> Iterator[Variant]:
    """Rounds mean something with fixed keys alone."""
    if not held.has_rounds:
        return
    numbers = sorted({*SWEEP, held.rounds}, key=lambda n: np.inf if n is None else n)
    for number in numbers:
        title = "until nothing moves" if number is None else f"{number} round{'s' if number > 1 else ''}"
        other = held.with_rounds(number)
        yield Variant("rounds", str(number or "unlimited"), title, other, is_chosen=number == held.rounds)
    for number, name in ((None, "unlimited"), (held.rounds, "rounds")):
        yield Variant("unrounded", name, "nothing rounded down", held.with_rounds(number))


def _keys(held: Regime, own: str) -> Iterator[Variant]:
    if held.kind not in ("pairs", "pool"):
        return
    yield Variant("keys", "current", own, held, is_chosen=True)
    yield Variant("keys", "equal", "each producer's in equal parts", held, "equal")
    yield Variant(
        "keys", "demand", "in proportion to what consumers wanted, known only afterwards", held, "demand"
    )


def _countries(held: Regime) -> Iterator[Variant]:
    """Every country's rule; fixed keys are the case's, as far as they can be translated."""
    for name, regulation in known().items():
        other = replace(of(regulation), own_use_first=held.own_use_first)
        if name == held.country and other.kind == held.kind:
            yield Variant("country", name, regulation.title, held, is_chosen=True)
        else:
            yield Variant("country", name, regulation.title, other, refusal=_untranslated(held, other))


def _untranslated(held: Regime, other: Regime) -> str | None:
    """Why the case's keys say nothing under the other rule: keys of pairs can be pooled, not parted."""
    able = {"pairs": {"pairs", "pool"}, "pool": {"pool"}, "levels": {"levels"}, "formula": set[str]()}
    if other.kind == "formula" or other.kind in able[held.kind]:
        return None
    needs = {"pairs": "keys of each producer", "pool": "keys of consumers", "levels": "levels of consumers"}
    return f"it needs {needs[other.kind]}, which keys.csv does not hold"


def _formulas(held: Regime, consumers: int) -> Iterator[Variant]:
    for one in polynomial():
        other = held.with_formula(one.spelling)
        is_chosen = held == other
        yield Variant(
            "formula", one.spelling, one.title, other, is_chosen=is_chosen, refusal=one.refusal(consumers)
        )


def tried(work: Work, period: Period, wanted: Sequence[Variant]) -> list[Tried]:
    """Share every day by every variant; memory does not grow with the period."""
    got = np.zeros((len(wanted), period.n), dtype=np.int64)
    sums = np.zeros(len(wanted))
    able = [(v, variant) for v, variant in enumerate(wanted) if variant.refusal is None]
    for number, date in enumerate(work.store.days, start=1):
        meters = work.store.day(date)
        days: dict[int, DayEnergy] = {}
        own = period.group.agreement(date, period.sides)
        for v, variant in able:
            day = _laid_out(days, meters, period, variant.regime)
            keys, priority = _keys_of(period, own, variant)
            if variant.kind == "unrounded":
                sums[v] += unrounded(variant.regime, day, keys, priority)
            else:
                weights = weights_of(period.group, variant.regime, day)
                got[v, period.sides.consumers] += received(variant.regime, day, keys, priority, weights)
        work.progress(number, len(work.store.days), "comparing")
    return [
        Tried(one, sums[v], None)
        if one.kind == "unrounded" or one.refusal
        else Tried(one, float(got[v].sum()), got[v])
        for v, one in enumerate(wanted)
    ]


def _laid_out(days: dict[int, DayEnergy], meters: Meters, period: Period, regime: Regime) -> DayEnergy:
    """A day in the settlement intervals of a rule, laid out once for each length."""
    minutes = regime.regulation.minutes
    if minutes not in days:
        days[minutes] = day_energy(meters, meters.days[0], period.group, period.sides, regime)
    return days[minutes]


def _keys_of(period: Period, own: tuple[Whole, Whole], variant: Variant) -> tuple[Whole, Whole]:
    """Keys and priorities of a variant: the case's of the day, plain ones, or both for all producers together."""
    keys, priority = own
    demand = period.deficit[period.sides.consumers].astype(np.float64)
    if variant.keys != "current":
        keys = key_table.by_weight(priority > 0, demand if variant.keys == "demand" else np.ones_like(demand))
    if variant.regime.is_pooled and not period.group.regime.is_pooled:
        supply = np.asarray(period.total("surplus"))[period.sides.producers].astype(np.float64)
        together = pooled(keys, supply, whole=variant.regime.regulation.sums_to_one)
        return together, priority.max(axis=0, keepdims=True, initial=0)
    return keys, priority
