"""Who decides: scripted, learned or asked of a language model; one protocol for all."""

from evenwatt.policies.actions import ACTIONS, Actions, defaults
from evenwatt.policies.clips import Clips
from evenwatt.policies.feasible import feasible
from evenwatt.policies.persona import PERSONAS, Persona, persona
from evenwatt.policies.policy import Forgetful, Mixed, Policy
from evenwatt.policies.scripted import KNOWN, NAMES, policy
from evenwatt.policies.seen import PUBLIC, ROLES, SEEN, Observation

__all__ = [
    "ACTIONS",
    "KNOWN",
    "NAMES",
    "PERSONAS",
    "PUBLIC",
    "ROLES",
    "SEEN",
    "Actions",
    "Clips",
    "Forgetful",
    "Mixed",
    "Observation",
    "Persona",
    "Policy",
    "defaults",
    "feasible",
    "persona",
    "policy",
]
