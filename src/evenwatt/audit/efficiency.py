"""How much of what there was reached somebody who asked for it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.problem import checked_claims
from evenwatt.core.rule import Array


def served(awards: npt.ArrayLike) -> Array:
    """What the members get together, (...) [Wh].

    Examples
    --------
    >>> float(served([3.0, 4.0]))
    7.0
    """
    return np.asarray(np.asarray(awards, dtype=np.float64).sum(axis=-1))[()]


def unserved(claims: npt.ArrayLike, awards: npt.ArrayLike) -> Array:
    """What the members asked for and did not get, together, (...) [Wh]."""
    return np.asarray(served(claims) - served(awards))[()]


def surplus(endowment: npt.ArrayLike, awards: npt.ArrayLike) -> Array:
    """What is left of the endowment, (...) [Wh]."""
    return np.asarray(np.asarray(endowment, dtype=np.float64) - served(awards))[()]


def efficiency_summary(
    endowment: npt.ArrayLike, claims: npt.ArrayLike, awards: npt.ArrayLike
) -> dict[str, Array]:
    """Energy served, unserved, left over and wasted, and the parts of endowment and claims these are.

    Parameters
    ----------
    endowment : (...)
        What there is to share [Wh].
    claims, awards : (..., n)
        What each member asks for and gets [Wh].

    Returns
    -------
    dict of (...)
        ``served_wh``, ``unserved_wh``, ``surplus_wh``; ``wasted_wh``, what both was left and was asked
        for; ``utilisation``, served over endowment [-], and ``satisfaction``, served over claims [-],
        1 where there is nothing to use or to satisfy.

    Examples
    --------
    >>> found = efficiency_summary(20, [12, 18], [8, 10])
    >>> {name: float(value) for name, value in found.items()}
    {'served_wh': 18.0, 'unserved_wh': 12.0, 'surplus_wh': 2.0, 'wasted_wh': 2.0,
     'utilisation': 0.9, 'satisfaction': 0.6}
    """
    held, asked = checked_claims(endowment, claims)
    used, wanted = served(awards), asked.sum(axis=-1)
    return {
        "served_wh": used,
        "unserved_wh": np.asarray(wanted - used)[()],
        "surplus_wh": np.asarray(held - used)[()],
        "wasted_wh": np.asarray(np.minimum(held, wanted) - used)[()],
        "utilisation": _part(used, held),
        "satisfaction": _part(used, wanted),
    }


def _part(used: Array, of: Array) -> Array:
    shape = np.broadcast_shapes(np.shape(used), np.shape(of))
    return np.divide(used, of, out=np.ones(shape), where=np.broadcast_to(np.asarray(of) > 0, shape))[()]
