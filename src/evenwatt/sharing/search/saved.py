"""An interrupted search as bytes, so that it can go on later to the same end."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import ProblemError

FIELDS = ("method", "mark", "seed", "tried")


@dataclass(frozen=True, eq=False)
class Saved:
    """All that a search needs to go on as if it had not been interrupted.

    Attributes
    ----------
    method : str
        Which search it is.
    mark : str
        What measurements, rule and objective it belongs to.
    seed : int
        Of its chance.
    tried : int
        Moves tried so far.
    tables : mapping of str to array
        Where it stands.
    """

    method: str
    mark: str
    seed: int
    tried: int
    tables: Mapping[str, npt.NDArray[Any]]

    def to_bytes(self) -> bytes:
        """One compressed block, the same for the same search."""
        buffer = io.BytesIO()
        heads = {name: np.array(getattr(self, name)) for name in FIELDS}
        np.savez_compressed(buffer, allow_pickle=False, **heads, **self.tables)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, block: bytes) -> Saved:
        """What :meth:`to_bytes` gave.

        Raises
        ------
        ProblemError
            If the block is something else.
        """
        try:
            with np.load(io.BytesIO(block), allow_pickle=False) as held:
                heads = {name: held[name].item() for name in FIELDS}
                return cls(**heads, tables={name: held[name] for name in held if name not in FIELDS})
        except (ValueError, KeyError, OSError, EOFError) as fault:
            raise ProblemError(f"saved search: not a block that `to_bytes` wrote ({fault})") from fault
