"""Parties of the bargain by name, and how sure their weights are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evenwatt.app.plots.colours import AGENTS, BLUE, GREEN, GREY, ORANGE
from evenwatt.app.plots.values import Row

FIXED, LEARNED, IDENTIFIED, WEAK, UNKNOWN = "fixed", "learned", "identified", "weak", "not identified"
INKS = {FIXED: GREY, LEARNED: GREEN, IDENTIFIED: BLUE, WEAK: ORANGE, UNKNOWN: GREY}
# From the surest to the least sure.
SURENESS = (FIXED, LEARNED, IDENTIFIED, WEAK, UNKNOWN)
SUPPLIER, AGENT = BLUE, GREEN

Labels = Mapping[str, str]


def party_name(party: str, labels: Labels) -> str:
    """What a party (``supplier:pv1``) is called: its label, else its id.

    Examples
    --------
    >>> party_name("agent:north", {"agent:north": "North"}), party_name("supplier:pv1", {})
    ('North', 'pv1')
    """
    return labels.get(party) or party.partition(":")[2] or party


def party_side(party: str) -> str:
    """``supplier`` or ``agent``; empty where a party does not say."""
    side, found, _ = party.partition(":")
    return side if found else ""


def party_ink(party: str) -> str:
    """Suppliers and agents have a colour each."""
    return {"supplier": SUPPLIER, "agent": AGENT}.get(party_side(party), AGENTS[-1])


def ordered(parties: Iterable[str]) -> list[str]:
    """Each party once, suppliers first, else as they come."""
    return sorted(dict.fromkeys(parties), key=lambda party: party_side(party) != "supplier")


def verdict(row: Row) -> str:
    """How sure a weight is; one without a weight is not identified, whatever it says."""
    told = str(row.get("verdict") or "")
    if row.get("weight") is None:
        return UNKNOWN
    return told if told in SURENESS else FIXED
