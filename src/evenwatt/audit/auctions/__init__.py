"""Does a mechanism keep its promises, and what does a lie bring: measures, searches and stored counterexamples."""

from evenwatt.audit.auctions.counterexamples import counterexample
from evenwatt.audit.auctions.misreports import GRID, Misreport, largest_gain, largest_quantity_gain
from evenwatt.audit.auctions.properties import PROPERTIES, Property
from evenwatt.audit.auctions.search import check_property
from evenwatt.audit.auctions.witness import Breach

__all__ = [
    "GRID",
    "PROPERTIES",
    "Breach",
    "Misreport",
    "Property",
    "check_property",
    "counterexample",
    "largest_gain",
    "largest_quantity_gain",
]
