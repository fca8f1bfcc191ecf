"""Worlds from real meters: what homes needed and plants gave is measured, what agents stated is not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evenwatt.core.chance import stream
from evenwatt.core.errors import DataError, gather
from evenwatt.core.meters import Meters
from evenwatt.core.units import WH_PER_KWH
from evenwatt.learning.columns import Array, Column, Times
from evenwatt.learning.market import DEAREST_LINK, GATE, SPREAD, Market, history_of, statements
from evenwatt.learning.worlds import Truth, World, hidden_weights

DAYS_A_YEAR = 365.25
LEAST_MARGIN = 1.0  # a supplier sells above its cost, however dear it is [money per energy]


def measured_world(
    meters: Meters,
    seed: int,
    *,
    agents: int = 6,
    suppliers: int = 2,
    seconds: int = 3600,
    supply: float | None = None,
    grid: npt.ArrayLike | None = None,
    grid_share: float = 0.5,
) -> World:
    """A world of real needs and real generation, grouped into agents and suppliers.

    **Statements are generated.** No public data set holds what agents claimed before the fact, so claims are
    drawn from the bias model of :func:`evenwatt.learning.statements` around the metered need. Costs, offers,
    willingness and charges are drawn as in :func:`evenwatt.learning.world`. Declared capacity is what the
    plants gave: a perfect forecast.

    Parameters
    ----------
    meters : Meters
        With registers of consumption and of generation; only intervals in which all have readings count.
    seed : int
        Of the grouping, the statements and the prices.
    agents, suppliers : int
        Groups of metering points with consumption, and of those with generation.
    seconds : int
        Length of the world's intervals, a multiple of the meters' own [s].
    supply : float, optional
        Scales generation so that it is this multiple of all need; as metered when not given.
    grid : (T,), optional
        Price of a further supplier, the grid, in each of the world's intervals [money per energy]; it was
        published before the gate, as day-ahead prices are.
    grid_share : float
        The most that the grid delivers, as a share of the mean need [-].

    Returns
    -------
    World
        Energy in kWh; suppliers ``plants-1`` ..., then ``grid`` where its price is given.

    Raises
    ------
    DataError
        If there are too few meters, or ``seconds`` or ``grid`` does not fit; names each fault.
    """
    start, need, output = _grouped(meters, seed, agents, suppliers, seconds)
    if supply is not None and output.sum() > 0:
        output = output * (supply * need.sum() / output.sum())
    price = None if grid is None else np.asarray(grid, dtype=np.float64)
    if price is not None and price.shape != start.shape:
        raise DataError(f"measured world: grid prices {price.shape}; expected {start.shape}, one an interval")
    market, truth = _market(seed, start, need, output, price, grid_share)
    names = [f"plants-{k + 1}" for k in range(suppliers)] + (["grid"] if price is not None else [])
    groups = [f"homes-{k + 1}" for k in range(agents)]
    extra = {} if price is None else {"price_ahead": Column(price, "interval", start - GATE)}
    return World(
        history_of(start, seconds, market, suppliers=names, agents=groups, extra=extra), truth, "measured"
    )


def _grouped(
    meters: Meters, seed: int, agents: int, suppliers: int, seconds: int
) -> tuple[Times, Array, Array]:
    """Interval starts (T,), needs (T, N) and generation (T, S) of the groups [kWh]."""
    homes = sorted({one.meter for one in meters.registers if one.direction == "consumption"})
    plants = sorted({one.meter for one in meters.registers if one.direction == "generation"})
    with gather("measured world") as faults:
        if not 1 <= agents <= len(homes):
            faults.append(f"{agents} agents of {len(homes)} meters with consumption; expected 1 to as many")
        if not 1 <= suppliers <= len(plants):
            faults.append(f"{suppliers} suppliers of {len(plants)} plants; expected 1 to as many")
        if seconds % meters.seconds or seconds < meters.seconds:
            faults.append(f"intervals of {seconds} s; expected a multiple of the meters' {meters.seconds} s")
    rng = stream(seed, "groups")
    drawn = meters.energy(homes, "consumption"), meters.energy(plants, "generation")
    needs, outputs = (
        _in_groups(energy, rng.permutation(energy.shape[1]), groups)
        for energy, groups in zip(drawn, (agents, suppliers), strict=True)
    )
    start, whole = _whole_intervals(meters, seconds)
    return start, needs[whole].sum(axis=1) / WH_PER_KWH, outputs[whole].sum(axis=1) / WH_PER_KWH


def _in_groups(energy: npt.NDArray[np.int64], order: npt.NDArray[np.int64], groups: int) -> Array:
    """Energy (T, n) of every metering point in one of some groups, dealt out in this order, (T, groups)."""
    return np.stack(
        [energy[:, order[k::groups]].sum(axis=1, dtype=np.float64) for k in range(groups)], axis=1
    )


def _whole_intervals(meters: Meters, seconds: int) -> tuple[Times, npt.NDArray[np.int64]]:
    """Longer intervals all of whose parts are complete: their starts (T,) and rows (T, parts)."""
    parts = seconds // meters.seconds
    length = np.timedelta64(seconds, "s")
    rows = np.flatnonzero(meters.complete)
    floor = meters.start[rows] - (meters.start[rows] - np.datetime64(0, "s")) % length
    start, first, count = np.unique(floor, return_index=True, return_counts=True)
    full = count == parts
    return start[full], rows[first[full][:, None] + np.arange(parts)]


def _market(
    seed: int, start: Times, need: Array, output: Array, price: Array | None, grid_share: float
) -> tuple[Market, Truth]:
    """Statements and prices around what was measured."""
    rng = stream(seed, "market")
    intervals, agents = need.shape
    day = (start - start.astype("M8[Y]").astype("M8[s]")) / np.timedelta64(86400, "s")
    claim, bias, noise = statements(need, np.sin(2 * np.pi * day / DAYS_A_YEAR), stream(seed, "claims"))
    typical = rng.uniform(20, 60, output.shape[1])
    cost = typical * np.maximum(0.5, 1 + 0.1 * rng.standard_normal(output.shape))
    worth = np.asarray(rng.uniform(100, 150, agents))
    if price is not None:
        limit = np.full((intervals, 1), grid_share * need.sum(axis=1).mean())
        output, cost = np.hstack([output, limit]), np.hstack([cost, price[:, None]])
    offer = cost + np.maximum(LEAST_MARGIN, SPREAD * (worth.min() - DEAREST_LINK - cost))
    suppliers = output.shape[1]
    charge = np.broadcast_to(
        rng.uniform(0, DEAREST_LINK, (suppliers, agents)), (intervals, suppliers, agents)
    )
    market = Market(need, bias, noise, claim, output, cost, offer, np.broadcast_to(worth, need.shape), charge)
    return market, Truth(need, bias, noise, hidden_weights(suppliers + agents, stream(seed, "weights")))
