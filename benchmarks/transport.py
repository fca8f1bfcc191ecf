"""Suppliers and agents bargain: batches of problems, their certificates and derivatives, beside cvxpy in one run.

``python benchmarks/transport.py``; compile time excluded. cvxpy and cvxpylayers are measured where they are installed.
The peer's best of several ways counts: problems made anew or with parameters, by each solver it has for the cone.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt import bargaining
from evenwatt.bargaining import TransportBargain
from evenwatt.bargaining.transport.conic import solve_conic

Array = npt.NDArray[np.float64]
SIZES = ((4, 8, 10_000), (10, 50, 400))
SAMPLE = 12  # problems given to the peers; they take one at a time
BARRIER = 1e-5


def main() -> None:
    """Print the tables."""
    print("### Solved, certified\n")
    print(
        "| size | prices | problems | seconds | ms each | worst certificate | above 1e-6 | by cone | closed form |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    each = {}
    for suppliers, agents, count in SIZES:
        for uniform in (False, True):
            problem = drawn(count, suppliers, agents, seed=1, uniform=uniform)
            seconds, outcome = _least(lambda p=problem: bargaining.solve(p))
            each[suppliers, agents, uniform] = seconds / count * 1e3
            method = outcome.method
            print(
                f"| {suppliers} x {agents} | {'uniform' if uniform else 'generic'} | {count:,} | {seconds:.3f} | "
                f"{seconds / count * 1e3:.4f} | {outcome.certificate.max():.1e} | "
                f"{int((outcome.certificate > 1e-6).sum())} | {int((method == 'conic').sum())} | "
                f"{int((method == 'closed form').sum())} |"
            )
    _settlement()
    _gradient()
    _peers(each)


def drawn(count: int, suppliers: int, agents: int, *, seed: int, uniform: bool = False) -> TransportBargain:
    """Bargains with everybody gaining somewhere; with one price for all, many flows are equally good."""
    rng = np.random.default_rng(seed)
    capacity = rng.uniform(0.5, 1.5, (count, suppliers)) * 10 * agents / suppliers
    demand = rng.uniform(0.5, 1.5, (count, agents)) * 12
    cost, value = rng.uniform(20, 60, (count, suppliers)), rng.uniform(90, 150, (count, agents))
    charge = rng.uniform(0, 10, (count, suppliers, agents))
    part = rng.uniform(0.2, 0.8, (count, suppliers))
    if uniform:
        cost, charge, part = (
            np.repeat(cost[:, :1], suppliers, 1),
            0 * charge,
            np.repeat(part[:, :1], suppliers, 1),
        )
    offer = cost + part * (value.min(1, keepdims=True) - charge.max((1, 2))[:, None] - cost)
    weights = rng.uniform(0.5, 2, (count, suppliers + agents))
    problem = TransportBargain(
        capacity, demand, cost=cost, offer=offer, willingness=value, charge=charge, weights=weights
    )
    total = np.maximum(capacity.sum(1), demand.sum(1))[:, None, None]
    return problem.changed(
        disagreement=0.3 * problem.utilities(0.3 * capacity[:, :, None] * demand[:, None] / total)
    )


def _settlement() -> None:
    print("\n### Settlement grade\n")
    print("| size | prices | problems | ms each | worst certificate | worst residual | finished by Newton | "
          "utilities against the cone, worst and median |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    for suppliers, agents, count in ((4, 8, 1000), (10, 50, 40)):
        for uniform in (False, True):
            problem = drawn(count, suppliers, agents, seed=3, uniform=uniform)
            seconds, outcome = _least(lambda p=problem: bargaining.solve(p, grade="settlement"), runs=2)
            other = solve_conic(problem.rows(np.arange(min(count, 100))), tolerance=1e-12)
            rows = np.arange(min(count, 100))
            utilities = problem.rows(rows).utilities(other.flows)
            apart = np.abs(utilities / outcome.utilities[rows] - 1)
            print(
                f"| {suppliers} x {agents} | {'uniform' if uniform else 'generic'} | {count:,} | "
                f"{seconds / count * 1e3:.3f} | {outcome.certificate.max():.1e} | {outcome.residual.max():.1e} | "
                f"{(outcome.method == 'active set').mean():.2%} | {apart.max():.1e}, {np.median(apart):.1e} |"
            )


def _gradient() -> None:
    print(f"\n### Derivatives at barrier {BARRIER:g}\n")
    print("| size | point ms | gradient ms | error against differences, median | worst |")
    print("|---|---|---|---|---|")
    for suppliers, agents, count in ((3, 6, 2000), (4, 8, 2000), (10, 50, 100)):
        problem = drawn(count, suppliers, agents, seed=5)
        seconds, point = _least(lambda p=problem: bargaining.smoothed(p, barrier=BARRIER))
        slope = np.random.default_rng(0).normal(size=point.flows.shape)
        pulled, gradient = _least(lambda q=point, s=slope: q.pull(s))
        errors = _errors(problem.rows(np.arange(min(count, 200))), gradient, slope)
        print(
            f"| {suppliers} x {agents} | {seconds / count * 1e3:.4f} | {pulled / count * 1e3:.4f} | "
            f"{np.median(errors):.0e} | {errors.max():.0e} |"
        )


def _errors(problem: TransportBargain, gradient: Any, slope: Array) -> Array:
    """Relative errors of slopes in weights, capacities and demands against fourth-order central differences."""
    rng, count = np.random.default_rng(1), len(problem.capacity)
    errors = []
    for name in ("weights", "capacity", "demand"):
        values, told = getattr(problem, name), getattr(gradient, name)[:count]
        for k in rng.integers(values.shape[1], size=3):
            step = 2e-5 * values[:, k]

            def loss(
                times: int, k: int = k, name: str = name, values: Array = values, step: Array = step
            ) -> Array:
                moved = values.copy()
                moved[:, k] += times * step
                flows = bargaining.smoothed(problem.changed(**{name: moved}), barrier=BARRIER).flows
                return np.asarray((flows * slope[:count]).sum((-1, -2)))

            shown = (8 * (loss(1) - loss(-1)) - (loss(2) - loss(-2))) / (12 * step)
            errors.append(np.abs(shown - told[:, k]) / np.abs(told).max(axis=-1))
    return np.concatenate(errors)


def _peers(each: dict[tuple[int, int, bool], float]) -> None:
    print("\n### Peers\n")
    if find_spec("cvxpy") is None:
        print("cvxpy: skipped, not installed")
        return
    print("| size | way | ms each | times ours |\n|---|---|---|---|")
    for suppliers, agents, _ in SIZES:
        problem = drawn(SAMPLE, suppliers, agents, seed=1)
        ours = each[suppliers, agents, False]
        for way, work in _ways(problem).items():
            found = _timed(work)
            told = "failed" if found is None else f"{found:.2f} | {found / ours:,.0f}"
            print(f"| {suppliers} x {agents} | {way} | {told} |")
    _layers()


def _ways(problem: TransportBargain) -> dict[str, Callable[[], None]]:
    """Each way cvxpy has of solving the sample, as a function that does so; set-up that can be kept is kept."""
    import cvxpy as cp

    s, n = problem.suppliers, problem.agents
    scale = float(problem.demand.mean())

    def made(row: int, solver: str) -> None:
        flows = cp.Variable((s, n), nonneg=True)
        sold = cp.multiply(problem.margin[row], cp.sum(flows, axis=1))
        gains = (
            cp.hstack([sold, cp.sum(cp.multiply(problem.gain[row], flows), axis=0)])
            - problem.disagreement[row]
        )
        worth = problem.weights[row] / problem.weights[row].sum()
        rows = [cp.sum(flows, 1) <= problem.capacity[row], cp.sum(flows, 0) <= problem.demand[row]]
        cp.Problem(cp.Maximize(worth @ cp.log(gains)), rows).solve(solver=solver)

    flows, gains = cp.Variable((s, n), nonneg=True), cp.Variable(s + n)
    table, point = cp.Parameter((s + n, s * n)), cp.Parameter(s + n)
    held, asked, worth = cp.Parameter(s), cp.Parameter(n), cp.Parameter(s + n, nonneg=True)
    told = cp.Problem(
        cp.Maximize(worth @ cp.log(gains)),
        [
            gains == table @ cp.vec(flows, order="C") - point,
            cp.sum(flows, 1) <= held,
            cp.sum(flows, 0) <= asked,
        ],
    )

    def kept(row: int, solver: str) -> None:
        rows = np.zeros((s + n, s, n))
        rows[np.arange(s), np.arange(s)] = problem.margin[row][:, None]
        rows[s + np.arange(n), :, np.arange(n)] = problem.gain[row].T
        table.value, point.value = rows.reshape(s + n, -1), problem.disagreement[row]
        held.value, asked.value = problem.capacity[row], problem.demand[row]
        worth.value = problem.weights[row] / problem.weights[row].sum()
        told.solve(solver=solver)

    def through(one: Callable[[int, str], None], solver: str) -> Callable[[], None]:
        return lambda: [one(row, solver) for row in range(SAMPLE)] and None

    assert scale > 0
    # With parameters the table of 60 x 500 takes minutes to compile; measured at the smaller size only.
    kinds = {"made anew": made} | ({"with parameters": kept} if n <= 8 else {})
    return {
        f"cvxpy, {kind}, {solver}": through(one, solver)
        for kind, one in kinds.items()
        for solver in ("CLARABEL", "ECOS", "SCS")
    }


def _timed(work: Callable[[], None]) -> float | None:
    """Milliseconds a problem, the first round excluded; None where the peer fails."""
    import warnings

    from cvxpy.error import SolverError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            work()
            start = perf_counter()
            work()
        except SolverError:
            return None
    return (perf_counter() - start) / SAMPLE * 1e3


def _layers() -> None:
    if find_spec("cvxpylayers") is None or find_spec("jax") is None:
        print("\ncvxpylayers with jax: skipped, not installed")
        return
    import cvxpy as cp
    import jax
    import jax.numpy as jnp
    from cvxpylayers.jax import CvxpyLayer

    jax.config.update("jax_enable_x64", True)
    problem = drawn(SAMPLE, 3, 6, seed=5)
    flows, gains = cp.Variable((3, 6), nonneg=True), cp.Variable(9)
    worth, asked = cp.Parameter(9, nonneg=True), cp.Parameter(6, nonneg=True)
    slope = np.random.default_rng(0).normal(size=(3, 6))
    seconds, apart = [], []
    for row in range(SAMPLE):
        sold = cp.multiply(problem.margin[row], cp.sum(flows, axis=1))
        won = (
            cp.hstack([sold, cp.sum(cp.multiply(problem.gain[row], flows), axis=0)])
            - problem.disagreement[row]
        )
        told = cp.Problem(
            cp.Maximize(worth @ cp.log(gains)),
            [gains == won, cp.sum(flows, 1) <= problem.capacity[row], cp.sum(flows, 0) <= asked],
        )
        layer = CvxpyLayer(told, parameters=[worth, asked], variables=[flows])

        def loss(w: Any, d: Any, layer: Any = layer) -> Any:
            return jnp.sum(layer(w, d, solver_args={"solve_method": "Clarabel"})[0] * slope)

        back = jax.grad(loss, argnums=(0, 1))
        weights = jnp.array(problem.weights[row] / problem.weights[row].sum())
        demand = jnp.array(problem.demand[row])
        back(weights, demand)
        start = perf_counter()
        _, by_demand = back(weights, demand)
        seconds.append(perf_counter() - start)
        one = problem.rows(np.array([row]))
        ours = bargaining.smoothed(one, barrier=1e-9).pull(slope[None]).demand[0]
        shown = _exact(one, slope)
        apart.append([np.abs(found - shown).max() for found in (np.asarray(by_demand), ours)])
    many = drawn(2000, 3, 6, seed=5)
    point, found = _least(lambda: bargaining.smoothed(many, barrier=1e-6))
    slopes = np.broadcast_to(slope, found.flows.shape)
    pulled, _ = _least(lambda: found.pull(slopes))
    ours_ms, theirs = (point + pulled) / 2000 * 1e3, float(np.median(seconds)) * 1e3
    far, near = np.median(apart, axis=0)
    print(
        f"\ncvxpylayers (jax, Clarabel), 3 x 6, forward and backward, warm: {theirs:.1f} ms each; "
        f"ours {ours_ms:.4f} ms, {theirs / ours_ms:,.0f}x."
    )
    print(
        f"Slopes in demands miss those of the exact solutions by {far:.0e} (cvxpylayers, median of the "
        f"worst), {near:.0e} (ours at barrier 1e-9)."
    )


def _exact(one: TransportBargain, slope: Array) -> Array:
    """Slopes in the demands by central differences of settlement-grade solutions."""

    def loss(agent: int, change: float) -> float:
        demand = one.demand.copy()
        demand[0, agent] += change
        return float(
            (bargaining.solve(one.changed(demand=demand), grade="settlement").flows[0] * slope).sum()
        )

    return np.array([(loss(j, 1e-4) - loss(j, -1e-4)) / 2e-4 for j in range(one.agents)])


def _least(work: Callable[[], Any], runs: int = 5) -> tuple[float, Any]:
    """The least of several runs after the one that compiles, in seconds, and what the last gave."""
    work()
    best, found = np.inf, None
    for _ in range(runs):
        start = perf_counter()
        found = work()
        best = min(best, perf_counter() - start)
    return best, found


if __name__ == "__main__":
    main()
