"""What the Metercode texts of an Austrian workbook mean."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """What a column's Metercode text means.

    Attributes
    ----------
    says : str
        Part of the text, in lower case.
    table : str
        Which table it fills; empty where it is not needed.
    role : "producers" or "consumers"
        Whose it is.
    obis : str
        The code of the quantity.
    """

    says: str
    table: str
    role: str
    obis: str


# Texts as the open reader of eegfaktura-energystore knows them (2026); the first that fits holds.
KINDS = (
    Kind("eigendeckung gemeinschaftliche erzeugung", "shared", "consumers", "1-1:2.9.0 G.03"),
    Kind("eigendeckung aus erneuerbarer energie", "", "consumers", "1-1:2.9.0 G.03R"),
    Kind("anteil gemeinschaftliche erzeugung", "", "consumers", "1-1:2.9.0 G.02"),
    Kind("gemeinschaftsüberschuss", "unused", "producers", "1-1:2.9.0 P.01"),
    Kind("restüberschuss bei eg und je zp", "unused", "producers", "1-1:2.9.0 P.01T"),
    Kind("gesamte gemeinschaftliche erzeugung", "supply", "producers", "1-1:2.9.0 G.01"),
    Kind("überschusserzeugung", "supply", "producers", "1-1:2.9.0 G.01"),
    Kind("gesamtverbrauch lt. messung", "demand", "consumers", "1-1:1.9.0 G.01"),
)
PARTICIPATION = "teilnahmefaktor"  # the same, times the point's participation factor


def meaning(code: str, direction: str) -> tuple[Kind | None, bool]:
    """What a Metercode text means, and whether it is times the participation factor.

    Examples
    --------
    >>> meaning("Eigendeckung gemeinschaftliche Erzeugung [KWH]", "CONSUMPTION")[0].obis
    '1-1:2.9.0 G.03'
    """
    bare = code.lower()
    partial = PARTICIPATION in bare or "restüberschuss" in bare
    kind = next((kind for kind in KINDS if kind.says in bare), None)
    if kind is None and partial:
        table = "supply" if direction.strip().upper() == "GENERATION" else "demand"
        kind = next(kind for kind in KINDS if kind.table == table)
    return kind, partial
