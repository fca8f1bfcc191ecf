"""Agents as Mesa users know them: one object each, made when it is asked for, that reads the columns."""

from __future__ import annotations

from typing import Any

from evenwatt.core.errors import EvenwattError
from evenwatt.studies.market.attributes import ATTRIBUTES, Attributes

try:
    import mesa  # type: ignore[import-untyped]
except ImportError:
    raise EvenwattError('a Mesa model of the market needs mesa: pip install "evenwatt[mesa]"') from None


class EnergyMarketAgent(mesa.Agent):  # type: ignore[misc]
    """One agent of a market; what it is and has is read off the columns of the world.

    Parameters
    ----------
    model : mesa.Model
        Whose agent it is; it is not registered there, as thousands of them may never be asked for.
    number : int
        Agent number in the market; Mesa's ``unique_id`` is one more.
    known : Attributes
        Where columns are read.
    """

    role = ""

    def __init__(self, model: mesa.Model, number: int, known: Attributes) -> None:
        self.__dict__ |= {"model": model, "unique_id": number + 1, "pos": None, "number": number}
        self.__dict__["_known"] = known

    def __getattr__(self, name: str) -> Any:
        if not self.__dict__["_known"].has(self.role, name):
            raise AttributeError(f"a {self.role} has no attribute '{name}'")
        value = self.__dict__["_known"].column(name)[self.number]
        return value.item() if hasattr(value, "item") else value

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ATTRIBUTES:
            raise AttributeError(
                f"'{name}' follows from what is decided; set it by a policy, not on the agent"
            )
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        """Role and number."""
        return f"<{type(self).__name__} {self.unique_id}>"


class ConsumerAgent(EnergyMarketAgent):
    """Buys energy."""

    role = "consumer"

    @property
    def energy_mix(self) -> dict[str, float]:
        """Where the energy of the last step came from: ``own``, ``local`` and ``utility``, as shares of the needs."""
        needs, known = self.energy_needs, self.__dict__["_known"]
        if not needs > 0:
            return {"own": 0.0, "local": 0.0, "utility": 0.0}
        step, i = known.step, self.number
        local = int(known.column("bought_local")[i]) - int(step.left.lost[i])
        utility = int(known.column("bought_utility")[i])
        missing = int(step.left.unpaid[i] + step.shed[i] + step.left.forgone[i])
        # What no one else brought was made, or had been stored, at home.
        own = max(needs - missing - local - utility, 0)
        return {name: wh / needs for name, wh in (("own", own), ("local", local), ("utility", utility))}


class ProsumerAgent(ConsumerAgent):
    """Buys, makes, stores and sells energy."""

    role = "prosumer"


class EnergyProducerAgent(EnergyMarketAgent):
    """Runs a power station."""

    role = "producer"

    @property
    def connected_utilities(self) -> list[int]:
        """``unique_id`` of the utilities that it has contracts with."""
        world = self.__dict__["_known"].world
        held, rows = world.contracts.contracts, world.contracts.contracts.due(world.state.step)
        return sorted({int(buyer) + 1 for buyer in held.buyer[rows][held.seller[rows] == self.number]})


class UtilityAgent(EnergyMarketAgent):
    """Buys at wholesale and serves households."""

    role = "utility"

    @property
    def utility_type(self) -> str:
        """Its persona."""
        return str(self.persona)


class RegulatorAgent(EnergyMarketAgent):
    """Sets the instruments."""

    role = "regulator"


KINDS = {
    kind.role: kind
    for kind in (ConsumerAgent, ProsumerAgent, EnergyProducerAgent, UtilityAgent, RegulatorAgent)
}
