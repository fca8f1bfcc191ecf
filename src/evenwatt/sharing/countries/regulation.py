"""What a country's rule is: how it shares, over which intervals, where it is written, what is certain."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError, RuleError, gather
from evenwatt.sharing.countries.forms import Divide, Form, Group
from evenwatt.sharing.problem import Whole, apart, whole_wh
from evenwatt.sharing.rounds import Allocation

QUARTER_HOUR = 15  # minutes


@dataclass(frozen=True)
class Regulation:
    """One way in which a country lets energy be shared.

    Attributes
    ----------
    name : str
        Such as "cz" or "at-dynamic".
    country, title : str
        In words.
    form : Form
        How an interval is shared: by keys of pairs, keys of the pool, a claims rule, levels.
    formula : str or None
        Name of the claims rule that divides, where one does.
    rounds : int or None
        How often keys are applied; None for ever, 1 where nothing is said.
    quantum : int
        Floor step of every share [Wh]; 1 where none is known.
    minutes : int
        Length of the settlement interval.
    keys : str
        "fixed" (agreed beforehand for the period), "interval" (per interval), or "none" (a formula).
    max_links, max_members : int or None
        Most producers of a consumer; most metering points of a group; None where no limit is known.
    injecting_may_receive : bool
        Whether a member that feeds in during an interval can receive in it.
    sums_to_one : bool
        Whether keys must use up the whole supply.
    rule, source : str
        The rule in one sentence; the legal text.
    certain, uncertain : str
        What was read in the text or in official data; what was not.
    limits : mapping of str to int
        Further figures of the rule that a report should show.
    """

    name: str
    country: str
    title: str
    form: Form
    rule: str
    source: str
    certain: str
    uncertain: str
    formula: str | None = None
    rounds: int | None = 1
    quantum: int = 1
    minutes: int = QUARTER_HOUR
    keys: str = "none"
    max_links: int | None = None
    max_members: int | None = None
    injecting_may_receive: bool = True
    sums_to_one: bool = False
    limits: Mapping[str, int] = field(default_factory=dict)


@cache
def regulations() -> Mapping[str, Regulation]:
    """All regulations by name, in alphabetical order of the files that hold them."""
    from evenwatt.sharing import countries

    found: dict[str, Regulation] = {}
    for module in sorted(iter_modules(countries.__path__), key=lambda module: module.name):
        held = import_module(f"evenwatt.sharing.countries.{module.name}")
        for one in getattr(held, "REGULATIONS", ()):
            if one.name in found:
                raise RuleError(f"regulation '{one.name}' is defined twice")
            found[one.name] = one
    return found


def find(name: str) -> Regulation:
    """The regulation of that name.

    Raises
    ------
    RuleError
        If there is none; names the nearest.

    Examples
    --------
    >>> find("cz").rounds, find("es-fixed").minutes
    (5, 60)
    """
    held = regulations()
    if name not in held:
        near = difflib.get_close_matches(name, held, 1, 0.4)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise RuleError(f"'{name}' is no regulation{hint} There are {', '.join(held)}")
    return held[name]


def share(
    regulation: Regulation | str,
    supply: npt.ArrayLike,
    demand: npt.ArrayLike,
    *,
    keys: npt.ArrayLike | None = None,
    priority: npt.ArrayLike | None = None,
    divide: Divide | None = None,
    minutes: int = QUARTER_HOUR,
    rounds: int | None = None,
    owner_supply: npt.ArrayLike | None = None,
    owner_demand: npt.ArrayLike | None = None,
    participation: object = None,
) -> Allocation:
    """Share as a country does.

    Parameters
    ----------
    regulation : Regulation or str
        Such as "cz"; see :func:`regulations`.
    supply, demand : (T, I), (T, J)
        Whole Wh. Quarter-hours are added up first where the country settles hours.
    keys : optional
        As the form needs: (I, J) or (T, I, J) by pair, (J,) or (T, J) of the pool; whole numbers of 1/10,000.
        T counts the country's intervals.
    priority : optional
        (I, J) by pair, the larger first, 0 = no link; (J,) for levels of consumers, the larger first.
    divide : callable, optional
        ``(endowment (T,), claims (T, J)) -> awards``; needed where the regulation names a formula.
    minutes : int
        Length of the intervals given.
    rounds : int, optional
        Other than the regulation's, where it knows rounds.
    owner_supply, owner_demand, participation : optional
        As in :func:`evenwatt.sharing.allocate`.

    Returns
    -------
    Allocation
        Per interval of the country, whole Wh, conserved.

    Raises
    ------
    ProblemError
        Naming what is missing or does not fit.

    Examples
    --------
    >>> share("at-static", [[900, 300]], [[400, 1_000]], keys=[5000, 5000]).shared
    array([[400, 600]])

    Source: the regulation's own, see ``Regulation.source``.
    """
    held = find(regulation) if isinstance(regulation, str) else regulation
    given, wanted = (
        added_up(whole_wh(v, n), minutes, held.minutes, n)
        for v, n in ((supply, "supply"), (demand, "demand"))
    )
    if len(given) != len(wanted):
        raise ProblemError(f"supply has {len(given)} intervals, demand {len(wanted)}; expected as many")
    with gather(held.name, ProblemError) as faults:
        if held.keys != "none" and keys is None:
            faults.append(f"keys: missing; {held.title} shares by keys ({held.form.keys_shape})")
        if held.keys == "none" and keys is not None:
            faults.append(f"keys: given, but {held.title} shares by a formula")
        if held.formula is not None and divide is None:
            faults.append(f"divide: missing; pass the claims rule '{held.formula}'")
        if not held.injecting_may_receive and owner_supply is None:
            faults.append("owner_supply, owner_demand: missing; whoever injects cannot receive")
        if rounds is not None and held.rounds == 1 and rounds != 1 and not held.form.knows_rounds:
            faults.append(f"rounds: {rounds}; {held.title} knows none")
    same = apart(owner_supply, owner_demand, given.shape[1], wanted.shape[1])
    return held.form.share(
        Group(
            supply=given,
            demand=wanted,
            keys=None if keys is None else np.asarray(keys),
            priority=None if priority is None else np.asarray(priority),
            divide=divide,
            rounds=held.rounds if rounds is None else rounds,
            quantum=held.quantum,
            max_links=held.max_links,
            same=same,
            injecting_may_receive=held.injecting_may_receive,
            participation=participation,
            sums_to_one=held.sums_to_one,
        )
    )


def added_up(energy: Whole, minutes: int, wanted: int, name: str) -> Whole:
    """Add intervals up to the country's; the first must begin one.

    Raises
    ------
    ProblemError
        If intervals are longer than the country's, or do not fill its last one.
    """
    if minutes == wanted:
        return energy
    count, rest = divmod(wanted, minutes)
    if count < 1 or rest:
        raise ProblemError(f"{name}: intervals of {minutes} minutes; expected {wanted} or a part of them")
    if len(energy) % count:
        raise ProblemError(
            f"{name}: {len(energy)} intervals of {minutes} minutes do not fill whole {wanted} minutes"
        )
    return np.ascontiguousarray(energy.reshape(-1, count, energy.shape[1]).sum(axis=1))
