"""What an outcome meant: sentence, measures and provenance in the one format that leaves evenwatt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Report:
    """A study's findings: one summary, named tables, measures, notes and where it all came from.

    Attributes
    ----------
    study : str
        Which study made it.
    summary : sequence of str
        Sentences, the most important first.
    measures : mapping
        Single figures; units are part of the key (``served_wh``), shares are fractions.
    tables : mapping of str to sequence of mapping
        Rows of named columns.
    notes : sequence of str
        Assumptions made and repairs applied, in words; nothing is done in silence.
    provenance : mapping
        Versions, input hashes, seed, configuration.
    """

    study: str
    summary: Sequence[str]
    measures: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types, with the schema version.

        Examples
        --------
        >>> Report("cascade", ["All served."]).to_dict()["schema"]
        1
        """
        return {
            "schema": SCHEMA_VERSION,
            "study": self.study,
            "summary": list(self.summary),
            "measures": plain(self.measures),
            "tables": plain(self.tables),
            "notes": list(self.notes),
            "provenance": plain(self.provenance),
        }


def plain(value: Any) -> Any:
    """Numpy and container types as plain JSON types; a number that is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value
