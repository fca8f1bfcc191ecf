"""Decisions by a language model, which can break nothing: its answers are checked, and a rule stands by."""

from evenwatt.policies.language.asking import Asker
from evenwatt.policies.language.budget import Budget, Limits, Spent
from evenwatt.policies.language.cassette import Cassette
from evenwatt.policies.language.circuit import Circuit
from evenwatt.policies.language.client import Client, Server
from evenwatt.policies.language.opening import opened
from evenwatt.policies.language.policy import LanguagePolicy, Sampling
from evenwatt.policies.language.report import asking, drained, tables
from evenwatt.policies.language.request import Backend, ModelError, Reply, Request
from evenwatt.policies.language.schema import STRATEGIES, schema
from evenwatt.policies.language.scripted import Scripted

__all__ = [
    "STRATEGIES",
    "Asker",
    "Backend",
    "Budget",
    "Cassette",
    "Circuit",
    "Client",
    "LanguagePolicy",
    "Limits",
    "ModelError",
    "Reply",
    "Request",
    "Sampling",
    "Scripted",
    "Server",
    "Spent",
    "asking",
    "drained",
    "opened",
    "schema",
    "tables",
]
