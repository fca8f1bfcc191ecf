"""Tables of one day: every step, and every posting of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evenwatt.markets.ledger import NAMED
from evenwatt.studies.market.playing import Arm, Day

if TYPE_CHECKING:
    import polars as pl


def steps_frame(day: Day) -> pl.DataFrame:
    """One row a step, with all that was noted of it."""
    import polars as pl
    from polars import selectors

    columns = {name: values for name, values in day.steps.items() if name != "start"}
    return pl.DataFrame({"start": day.steps["start"].astype("datetime64[ms]"), **columns}).with_columns(
        selectors.float().fill_nan(None)
    )


def ledger_frame(made: Arm) -> pl.DataFrame:
    """Every posting since the last time: step, who paid whom, how much [micro-units], and what for."""
    import polars as pl

    people, journal = made.world.people, made.world.ledger.drain()
    agents = [*people.households.ids, *people.producers.ids, *people.utilities.ids, "regulator"]
    names = np.array([*(f"agent:{id}" for id in agents), *NAMED], dtype=object)
    reasons = np.array(journal.reasons, dtype=object)
    return pl.DataFrame(
        {
            "step": journal.step,
            "payer": names[journal.debit].tolist(),
            "payee": names[journal.credit].tolist(),
            "micro": journal.amount,
            "reason": reasons[journal.reason].tolist(),
            "ref": journal.ref,
        },
        schema={
            "step": pl.Int64,
            "payer": pl.String,
            "payee": pl.String,
            "micro": pl.Int64,
            "reason": pl.String,
            "ref": pl.Int64,
        },
    )
