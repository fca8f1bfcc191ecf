"""Who ended up with what: agents one by one, classes of them, contracts, and the money that flowed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.studies.market.period import PARTIES, Period

Whole = npt.NDArray[np.int64]
Row = dict[str, Any]


def agents(period: Period) -> list[Row]:
    """One row an agent: money at both ends, and the energy that passed through its hands."""
    world = period.arm.world
    totals, state, homes = world.totals, world.state, len(world.people.households)
    consumers, producers = world.people.households.consumers, len(world.people.producers)
    end, profit = world.ledger.cash, period.profit
    grown = np.concatenate([
        np.zeros(consumers, dtype=np.int64), state.households.upgrades, state.producers.upgrades,
    ])  # fmt: skip
    own: dict[str, tuple[int, Whole]] = {
        "surplus_micro": (0, totals.surplus), "load_wh": (0, totals.load), "pv_wh": (0, totals.pv),
        "bought_local_wh": (0, totals.bought_local), "sold_local_wh": (0, totals.sold_local),
        "bought_utility_wh": (0, totals.bought_utility), "fed_in_wh": (0, totals.fed_in),
        "unserved_wh": (0, totals.unserved), "forgone_wh": (0, totals.forgone),
        "generated_wh": (homes, totals.generated), "sold_wh": (homes + producers, totals.sold),
        "bought_wh": (homes + producers, totals.bought),
        "stored_wh": (0, state.households.stored_wh), "upgrades": (0, grown),
    }  # fmt: skip
    stored = {homes + producers + k: int(wh) for k, wh in enumerate(state.utilities.stored_wh)}
    rows = []
    for number, agent in enumerate(period.people.agents):
        row: Row = {
            "id": agent.id, "label": agent.label, "role": agent.role, "persona": agent.persona,
            "node": agent.cells.get("node"), "cash_start_micro": int(period.opening[number]),
            "cash_end_micro": int(end[number]), "profit_micro": int(profit[number]),
        }  # fmt: skip
        for name, (first, values) in own.items():
            mine = first <= number < first + len(values)
            row[name] = (
                int(values[number - first]) if mine else stored.get(number, 0) if name == "stored_wh" else 0
            )
        if number >= homes:
            row["surplus_micro"] = row["profit_micro"]
        rows.append({**row, "written_off_micro": int(totals.written_off[number])})
    return rows


def welfare(period: Period, control: Period | None) -> list[Row]:
    """One row a class: what it gained, and what it would have gained without intervention."""
    return [
        {
            "party": party,
            "micro": period.parties[party],
            "control_micro": None if control is None else control.parties[party],
        }
        for party in PARTIES
    ]


def flows_money(period: Period) -> list[Row]:
    """One row a reason and pair of classes: the ledger of the period in short."""
    moved = period.arm.world.ledger.totals
    return [
        {"reason": reason, "debit": debit, "credit": credit, "micro": micro}
        for (reason, debit, credit), micro in sorted(moved.items())
    ]


def contracts(period: Period) -> list[Row]:
    """One row a contract between companies."""
    held = period.arm.world.contracts.contracts
    names = [agent.id for agent in period.people.agents]
    steps = period.steps["start"]
    first = int(period.steps["step"][0]) if len(period) else 0
    seconds = np.timedelta64(period.view.seconds, "s")

    def when(step: int) -> str | None:
        return f"{steps[0] + (step - first) * seconds}Z" if len(steps) else None

    return [
        {
            "id": row["id"], "kind": row["kind"], "seller": names[row["seller"]], "buyer": names[row["buyer"]],
            "start": when(row["start"]), "end": when(row["end"]), "price_per_mwh": row["price_per_mwh"],
            "contracted_wh": row["contracted_wh"], "delivered_wh": row["delivered_wh"],
            "paid_micro": row["paid_micro"], "status": row["status"],
        }
        for row in held.to_rows()
    ]  # fmt: skip
