"""Bids and contracts: orders in, trades, prices and money out."""

from evenwatt.markets.clear import clear, found, mechanisms
from evenwatt.markets.clearing import STATUS, Clearing, Pairs
from evenwatt.markets.contracts import Contracts
from evenwatt.markets.dues import Dues
from evenwatt.markets.ledger import Ledger
from evenwatt.markets.lots import OneLot
from evenwatt.markets.mechanism import PROPERTIES, Mechanism, Terms
from evenwatt.markets.orders import Orders
from evenwatt.markets.regulator import Instruments

__all__ = [
    "PROPERTIES",
    "STATUS",
    "Clearing",
    "Contracts",
    "Dues",
    "Instruments",
    "Ledger",
    "Mechanism",
    "OneLot",
    "Orders",
    "Pairs",
    "Terms",
    "clear",
    "found",
    "mechanisms",
]
