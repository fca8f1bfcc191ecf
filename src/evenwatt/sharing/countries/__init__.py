"""The rules of countries, as configurations of one engine; adding a country is adding one file here."""

from evenwatt.sharing.countries.regulation import Regulation, find, regulations, share

__all__ = ["Regulation", "find", "regulations", "share"]
