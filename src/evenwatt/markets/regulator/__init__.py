"""Rules of the market that react to it: bounded instruments, fines, carbon, quota, subsidies, rebates, screens."""

from evenwatt.markets.regulator.carbon import carbon_charges, cost_with_carbon, emissions
from evenwatt.markets.regulator.fines import gouging_fines, mean_price
from evenwatt.markets.regulator.fund import rebates, subsidies
from evenwatt.markets.regulator.instruments import LIMITS, Change, Instruments, Limit, bounded, wanted
from evenwatt.markets.regulator.quota import Surrender, certificates, surrender
from evenwatt.markets.regulator.screen import Alarm, Screen, bid_caps

__all__ = [
    "LIMITS",
    "Alarm",
    "Change",
    "Instruments",
    "Limit",
    "Screen",
    "Surrender",
    "bid_caps",
    "bounded",
    "carbon_charges",
    "certificates",
    "cost_with_carbon",
    "emissions",
    "gouging_fines",
    "mean_price",
    "rebates",
    "subsidies",
    "surrender",
    "wanted",
]
