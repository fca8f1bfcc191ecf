"""Policies written down as formulas: one for each role, and the traders that others are measured against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

from evenwatt.core.errors import ProblemError
from evenwatt.policies.policy import Policy
from evenwatt.policies.scripted.consumer import Consumer
from evenwatt.policies.scripted.nothing import Nothing
from evenwatt.policies.scripted.producer import Producer
from evenwatt.policies.scripted.prosumer import Prosumer
from evenwatt.policies.scripted.regulator import Regulator
from evenwatt.policies.scripted.utility import Utility
from evenwatt.policies.scripted.zero_intelligence import ZeroIntelligence
from evenwatt.policies.scripted.zip import Zip
from evenwatt.policies.seen import ROLES

SCRIPTED: Mapping[str, Callable[[], Policy]] = {
    "consumer": Consumer,
    "prosumer": Prosumer,
    "producer": Producer,
    "utility": Utility,
    "regulator": Regulator,
}
_TRADERS = ("consumer", "prosumer", "producer")
_LEARNERS = (*_TRADERS, "utility")
# Every policy, and the roles that it knows.
KNOWN: Mapping[str, tuple[str, ...]] = {
    "rule": ROLES,
    "zero-intelligence": _TRADERS,
    "zip": _TRADERS,
    "bandit": _LEARNERS,
    "q": _LEARNERS,
    "nothing": ROLES,
}
NAMES = tuple(KNOWN)


def policy(role: str, name: str = "rule", seed: int = 0) -> Policy:
    """A policy for the agents of a role, by name.

    Parameters
    ----------
    role : str
        One of ``ROLES``.
    name : str
        One of ``NAMES``.
    seed : int
        Of what an agent draws once for all, such as its learning rate.

    Raises
    ------
    ProblemError
        If there is no such role or policy, or the policy does not know the role; names the nearest.

    Examples
    --------
    >>> policy("consumer", "zip").name
    'zip'
    >>> policy("regulator", "zip")
    Traceback (most recent call last):
    ...
    evenwatt.core.errors.ProblemError: policy 'zip' is not for a regulator; expected one of rule, nothing
    """
    if role not in ROLES:
        raise ProblemError(f"policy: unknown role '{role}'; {_nearest(role, ROLES)}")
    if name not in KNOWN:
        raise ProblemError(f"policy of a {role}: unknown '{name}'; {_nearest(name, NAMES)}")
    if role not in KNOWN[name]:
        fit = [other for other, roles in KNOWN.items() if role in roles]
        raise ProblemError(f"policy '{name}' is not for a {role}; expected one of {', '.join(fit)}")
    return _made(role, name, seed)


def _made(role: str, name: str, seed: int) -> Policy:
    # Learned policies build on the scripted ones, so they cannot be imported while these are.
    from evenwatt.policies.learned.bandit import Bandit
    from evenwatt.policies.learned.q_learning import QLearning

    made: Mapping[str, Callable[[], Policy]] = {
        "rule": SCRIPTED[role],
        "zero-intelligence": lambda: ZeroIntelligence(role),
        "zip": lambda: Zip(role, seed=seed),
        "bandit": lambda: Bandit(role),
        "q": lambda: QLearning(role),
        "nothing": Nothing,
    }
    return made[name]()


def _nearest(name: str, names: tuple[str, ...]) -> str:
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"{hint}expected one of {', '.join(names)}"
