"""Personas are rows of parameters, whichever of the vocabularies names them."""

from __future__ import annotations

import pytest

from evenwatt.core.errors import ProblemError
from evenwatt.policies.persona import PERSONAS, UTILITY_PERSONAS, UTILITY_TYPES, columns, persona


def test_the_table_is_the_documented_one() -> None:
    rows = {p.name: (p.margin, p.green_per_mwh, p.hedge, p.activity, p.battery) for p in PERSONAS.values()}
    assert rows == {
        "balanced": (0.10, 5.0, 0.6, 1.0, "self-use"),
        "eco": (0.08, 20.0, 0.6, 1.0, "self-use"),
        "greedy": (0.25, 0.0, 0.3, 1.0, "threshold"),
        "profit-driven": (0.18, 0.0, 0.5, 1.0, "threshold"),
        "depressed": (0.05, 0.0, 0.9, 0.3, "self-use"),
    }


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("neutral", "balanced"), ("default", "balanced"), ("eco-friendly", "eco"), ("eco_friendly", "eco"),
        ("environmentally conscious", "eco"), ("Greedy", "greedy"), ("profit_driven", "profit-driven"),
    ],
)  # fmt: skip
def test_aliases_mean_a_persona(name: str, meant: str) -> None:
    assert persona(name) is PERSONAS[meant]


@pytest.mark.parametrize("vocabulary", [UTILITY_TYPES, UTILITY_PERSONAS])
def test_both_vocabularies_name_three_different_personas(vocabulary: tuple[str, ...]) -> None:
    assert len({persona(name).name for name in vocabulary}) == 3


def test_all_unknown_personas_are_named_at_once_with_the_nearest() -> None:
    with pytest.raises(ProblemError, match=r"(?s)2 faults.*'gredy'; did you mean 'greedy'.*'angry'"):
        columns(["gredy", "eco", "angry", "gredy"])


def test_columns_have_a_row_for_each_name() -> None:
    made = columns(["greedy", "depressed", "greedy"])
    assert made["activity"].tolist() == [1.0, 0.3, 1.0]
    assert made["trades_battery"].tolist() == [True, False, True]


def test_nobody_has_empty_columns() -> None:
    assert {name: len(held) for name, held in columns([]).items()} == {
        "margin": 0, "green": 0, "hedge": 0, "activity": 0, "trades_battery": 0,
    }  # fmt: skip
