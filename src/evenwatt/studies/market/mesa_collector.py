"""A data collector for Mesa that keeps columns, and makes records and frames of them when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.core.errors import EvenwattError
from evenwatt.studies.market.attributes import ATTRIBUTES

try:
    from mesa.datacollection import DataCollector  # type: ignore[import-untyped]
except ImportError:
    raise EvenwattError('a data collector for Mesa needs mesa: pip install "evenwatt[mesa]"') from None

if TYPE_CHECKING:
    import pandas as pd

Column = npt.NDArray[Any]
Record = tuple[Any, ...]
Reporters = Mapping[str, Any]


class Records(Sequence[Record]):
    """What Mesa keeps of a step, ``(step, unique_id, *values)`` an agent, made of columns on the way.

    Parameters
    ----------
    step : int
        Of the model.
    agents : (n,)
        Unique ids.
    columns : list of (n,)
        One a reporter.
    """

    def __init__(self, step: int, agents: Column, columns: list[Column]) -> None:
        self.step, self.agents, self.columns = step, agents, columns

    def __len__(self) -> int:
        return len(self.agents)

    def __iter__(self) -> Iterator[Record]:
        values = (column.tolist() for column in self.columns)
        return zip([self.step] * len(self), self.agents.tolist(), *values, strict=True)

    def __getitem__(self, row: Any) -> Any:
        return list(self)[row]


class ColumnarCollector(DataCollector):  # type: ignore[misc]
    """Collects as Mesa's own does, without asking agents one by one.

    A reporter that names a column of :data:`~evenwatt.studies.market.attributes.ATTRIBUTES` is a copy of that
    column. Everything else that Mesa accepts is asked of each agent in turn, which takes far longer.

    Parameters
    ----------
    model_reporters, agent_reporters, agenttype_reporters, tables : mapping, optional
        As ``mesa.DataCollector`` has them.
    """

    def __init__(
        self,
        model_reporters: Reporters | None = None,
        agent_reporters: Reporters | None = None,
        agenttype_reporters: Reporters | None = None,
        tables: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(None, agent_reporters, None, tables)
        self._named = {
            name: reporter
            for name, reporter in (agent_reporters or {}).items()
            if isinstance(reporter, str) and reporter in ATTRIBUTES
        }
        # Mesa's own for the model and for types of agents; the mappings are shared, so that either shows them.
        self._plain = DataCollector(model_reporters, None, agenttype_reporters)
        self.model_reporters, self.model_vars = self._plain.model_reporters, self._plain.model_vars
        self.agenttype_reporters = self._plain.agenttype_reporters
        self._agenttype_records = self._plain._agenttype_records
        self._agents: Column = np.zeros(0, dtype=np.int64)

    def collect(self, model: Any) -> None:
        """Note what the model and its agents are now."""
        self._plain.collect(model)
        if not self.agent_reporters:
            return
        if not len(self._agents):
            self._agents = np.arange(1, len(model.attributes) + 1)
        columns = [self._column(model, name) for name in self.agent_reporters]
        self._agent_records[model.steps] = Records(model.steps, self._agents, columns)

    def _column(self, model: Any, name: str) -> Column:
        if name in self._named:
            column: Column = model.attributes.column(self._named[name])
            return column
        report = self.agent_reporters[name]
        made = np.empty(len(self._agents), dtype=object)
        made[:] = [report(agent) for agent in model.agents]
        return made

    def get_agent_vars_dataframe(self) -> pd.DataFrame:
        """One row a step and agent, one column a reporter, as Mesa gives it.

        Raises
        ------
        UserWarning
            If there are no agent reporters, as Mesa does.
        """
        import pandas as pd

        if not self.agent_reporters:
            return super().get_agent_vars_dataframe()
        records = list(self._agent_records.values())
        index = pd.MultiIndex.from_product(
            [[record.step for record in records], self._agents], names=["Step", "AgentID"]
        )
        columns = {
            name: _inferred([record.columns[k] for record in records])
            for k, name in enumerate(self.agent_reporters)
        }
        return pd.DataFrame(columns, index=index)


def _inferred(parts: list[Column]) -> Any:
    """Steps one after another; what agents were asked one by one has the type that its values have together."""
    import pandas as pd

    joined = np.concatenate(parts)
    return joined if joined.dtype.kind != "O" else pd.Series(joined.tolist()).to_numpy()
