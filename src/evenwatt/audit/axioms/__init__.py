"""The axioms of fair division, each as a number: how far a rule falls short of it on a problem.

Source: Thomson 2019, doi:10.1017/9781139017206, the catalogue of properties.
"""

from evenwatt.audit.axioms import awards, changes, members
from evenwatt.audit.axioms.auxiliary import Auxiliary, Draw
from evenwatt.audit.axioms.axiom import AXIOMS, Axiom, Divide, Posed, limits, pose

__all__ = [
    "AXIOMS",
    "Auxiliary",
    "Axiom",
    "Divide",
    "Draw",
    "Posed",
    "awards",
    "changes",
    "limits",
    "members",
    "pose",
]
