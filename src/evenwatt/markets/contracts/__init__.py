"""Contracts: power purchase, forward, future, contracts for difference; signing, delivery, settlement, early end."""

from evenwatt.markets.contracts.collateral import pledge, release
from evenwatt.markets.contracts.delivering import deliveries
from evenwatt.markets.contracts.register import DEFAULTED, FULFILLED, RUNNING, STATUS, TERMINATED, Contracts
from evenwatt.markets.contracts.settling import KINDS, buyer_pays, close_out
from evenwatt.markets.contracts.signing import Deals, sign_bilaterally

__all__ = [
    "DEFAULTED",
    "FULFILLED",
    "KINDS",
    "RUNNING",
    "STATUS",
    "TERMINATED",
    "Contracts",
    "Deals",
    "buyer_pays",
    "close_out",
    "deliveries",
    "pledge",
    "release",
    "sign_bilaterally",
]
