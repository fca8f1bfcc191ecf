"""Mechanisms, one file each; `evenwatt.markets.mechanisms()` lists them with what they promise."""
