"""What a weight policy has learned, and how to tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from evenwatt.learning.agent_demand import LINEAR
from evenwatt.learning.ascent import Climb
from evenwatt.learning.columns import Array, Times
from evenwatt.learning.features import MEANING, agent_features
from evenwatt.learning.line import Scale, with_constant
from evenwatt.learning.policy_form import Inputs, Parameters, form
from evenwatt.learning.policy_task import Task

if TYPE_CHECKING:
    from evenwatt.learning.history import History

NORMAL = 1.96  # of a 95 % interval [standard deviations]
SELDOM = 0.05  # a weight felt in fewer rows than this is not identified [-]
SHARP, BLUNT = 0.1, 0.5  # standard deviation of a log weight: below identified, above not identified [log]
STILL = 1e-9  # refits closer than this have not moved at all [log]
NOT_IDENTIFIED = "not identified"

AGENT_FEATURES = ("constant", *LINEAR)
SUPPLIER_FEATURES = ("constant", "its cost beside the others", "scarcity")


@dataclass(frozen=True)
class PolicyFeatures:
    """What a policy looks at, by the scale of the rows it learned from.

    Attributes
    ----------
    agents, suppliers : Scale
        Of the features of agents (N, F) and suppliers (S, G), without their constants.
    """

    agents: Scale
    suppliers: Scale

    @classmethod
    def of(cls, past: History, rows: npt.NDArray[np.int64]) -> PolicyFeatures:
        """The scale of some rows; later ones must not be seen."""
        agents, suppliers = _looked_at(past)
        return cls(Scale.of(agents[rows]), Scale.of(suppliers[rows]))

    def inputs(self, rows: History, base: Array) -> Inputs:
        """What the formulas look at, with what is asked for (T, N) [energy]."""
        agents, suppliers = _looked_at(rows)
        return Inputs(
            base, with_constant(self.agents.applied(agents)), with_constant(self.suppliers.applied(suppliers))
        )


@dataclass(frozen=True)
class PolicyLearned:
    """Parameters with their history.

    Attributes
    ----------
    suppliers, agents : tuple of str
        Whose they are.
    features : PolicyFeatures
        Scales.
    parameters : Parameters
        Of the fit.
    refits : (R, K)
        Of the fits on drawn days.
    train, validation : (E + 1,)
        Mean worth after each epoch, over the worth of the mean need [-].
    discounts : (1 + R, N)
        Caps over what was asked for in the training rows, of the fit and of the refits [-].
    felt : (P,)
        Share of training rows in which somebody's gain feels the player's weight [-].
    spread : (P,)
        Standard deviation of the log weight over the refits, mean of the training rows; NaN without refits.
    """

    suppliers: tuple[str, ...]
    agents: tuple[str, ...]
    features: PolicyFeatures
    parameters: Parameters
    refits: Array
    train: Array
    validation: Array
    discounts: Array
    felt: Array
    spread: Array

    @classmethod
    def of(
        cls,
        past: History,
        features: PolicyFeatures,
        task: Task,
        judged: Climb,
        climbs: Sequence[Array],
        rows: npt.NDArray[np.int64],
    ) -> PolicyLearned:
        """What the climbs (the fit first) came to on the training rows, and how their length was judged."""
        main, *others = climbs
        formed = [form(task.inputs.rows(rows), task.start.like(one)) for one in climbs]
        asked = np.maximum(task.inputs.base[rows].sum(axis=0), np.finfo(float).tiny)
        players = task.bargain.players
        logs = np.log([one.weights for one in formed[1:]])
        return cls(
            suppliers=past.suppliers,
            agents=past.agents,
            features=features,
            parameters=task.start.like(main),
            refits=np.array(others).reshape(len(others), len(main)),
            train=judged.train,
            validation=judged.validation,
            discounts=np.array([one.caps.sum(axis=0) / asked for one in formed]),
            felt=task.felt(main, rows) if len(rows) else np.zeros(players),
            spread=logs.std(axis=0, ddof=1).mean(axis=0) if others else np.full(players, np.nan),
        )

    @property
    def players(self) -> tuple[str, ...]:
        """``supplier:ID`` and ``agent:ID``, as in a history."""
        return (*(f"supplier:{one}" for one in self.suppliers), *(f"agent:{one}" for one in self.agents))

    def band(self, inputs: Inputs) -> tuple[Array, Array]:
        """Low and high of each weight, (T, P)."""
        logs = np.log([form(inputs, self.parameters.like(one)).weights for one in self.refits])
        off = NORMAL * logs.std(axis=0, ddof=1)
        weights = form(inputs, self.parameters).weights
        return weights * np.exp(-off), np.minimum(weights * np.exp(off), 1.0)

    def verdicts(self) -> list[str]:
        """How well the past tells each weight, (P,).

        ``not identified`` where hardly any gain feels it, as with a sold-out supplier: its number then is only where
        the climb began; so too where all refits end where they began. Else by the standard deviation of its log over
        the refits: ``identified`` below 0.1, ``weak`` below 0.5; without refits ``weak``.
        """
        told = []
        for felt, spread in zip(self.felt, self.spread, strict=True):
            if felt < SELDOM or spread >= BLUNT or spread <= STILL:
                told.append(NOT_IDENTIFIED)
            else:
                told.append("identified" if spread < SHARP else "weak")
        return told

    def daily(
        self, days: Times, weights: Array, band: tuple[Array, Array] | None
    ) -> Iterator[dict[str, str | float | None]]:
        """Rows of day and party; a weight that is not identified is null, its interval all there is."""
        for day in np.unique(days):
            here = days == day
            for player, (party, verdict) in enumerate(zip(self.players, self.verdicts(), strict=True)):
                hidden = verdict == NOT_IDENTIFIED
                low = high = None
                if band is not None:
                    low, high = (float(one[here, player].mean()) for one in band)
                yield {
                    "day": str(day),
                    "party": party,
                    "weight": None if hidden else float(weights[here, player].mean()),
                    "low": 0.0 if hidden else low,
                    "high": 1.0 if hidden else high,
                    "verdict": verdict,
                }

    def loss_rows(self, model: str) -> list[dict[str, str | int | float]]:
        """Loss of each epoch, the start first: what is missing to the worth of the mean need [-]."""
        return [
            {"model": model, "epoch": epoch, "train": float(1 - train), "validation": float(1 - judged)}
            for epoch, (train, judged) in enumerate(zip(self.train, self.validation, strict=True))
        ]

    def discount_rows(self) -> list[dict[str, str | float | None]]:
        """Mean factor on what each agent asks for, with its 95 % interval over the refits."""
        rows: list[dict[str, str | float | None]] = []
        for place, agent in enumerate(self.agents):
            mean, refits = float(self.discounts[0, place]), self.discounts[1:, place]
            off = NORMAL * float(refits.std(ddof=1)) if len(refits) > 1 else None
            rows.append(
                {
                    "agent": agent,
                    "discount_mean": mean,
                    "low": None if off is None else mean - off,
                    "high": None if off is None else mean + off,
                }
            )
        return rows

    def importance(self) -> dict[str, float]:
        """Mean size of the coefficients of each feature, caps and weights together; features are scaled [log]."""
        size = np.abs(self.parameters.discount) + np.abs(self.parameters.agent)
        return dict(zip(AGENT_FEATURES[1:], size.mean(axis=0)[1:].tolist(), strict=True))

    def sentences(self, title: str, *, discount: bool) -> Iterator[str]:
        """What was learned, the most important first."""
        gain = float(self.validation.max() - self.validation[0])
        epoch = int(np.argmax(self.validation))
        if epoch:
            yield f"{title}: training added {gain:.2%} of the worth of all need on held-out rows (epoch {epoch})"
        else:
            yield f"{title}: no epoch did better on held-out rows than where it started"
        if discount:
            for agent, factor in zip(self.agents, self.discounts[0], strict=True):
                yield f"what {agent} asks for is multiplied by {factor:.3f} in the mean"
        if any(self.importance().values()):
            best = max(self.importance().items(), key=lambda item: item[1])[0]
            yield f"what moves the terms most is {MEANING[best]}"
        yield from self._lost()

    def _lost(self) -> Iterator[str]:
        """Whose weights the past does not tell, and why."""
        reasons: dict[str, list[str]] = {}
        for name, told, felt, spread in zip(
            self.players, self.verdicts(), self.felt, self.spread, strict=True
        ):
            if told == NOT_IDENTIFIED:
                why = (
                    "hardly matter here and cannot be told from the past" if felt < SELDOM
                    else "stay where the climb began: the past gave no reason to move them" if spread <= STILL
                    else "differ so much between draws of the past that it does not tell them"
                )  # fmt: skip
                reasons.setdefault(why, []).append(name)
        for why, names in reasons.items():
            yield f"the weights of {', '.join(names)} {why}"

    def state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """What JSON can say, and arrays."""
        arrays: dict[str, npt.NDArray[Any]] = {name: getattr(self, name) for name in ARRAYS}
        for name in PARAMETERS:
            arrays[f"parameters.{name}"] = getattr(self.parameters, name)
        for name in SCALES:
            scale = getattr(self.features, name)
            arrays[f"{name}.centre"], arrays[f"{name}.spread"] = scale.centre, scale.spread
        return {"suppliers": list(self.suppliers), "agents": list(self.agents)}, arrays

    @classmethod
    def restored(cls, told: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> PolicyLearned:
        """The learned of :meth:`state`."""
        agents, suppliers = (Scale(arrays[f"{name}.centre"], arrays[f"{name}.spread"]) for name in SCALES)
        parameters = Parameters(*(arrays[f"parameters.{name}"] for name in PARAMETERS))
        refits, train, validation, discounts, felt, spread = (arrays[name] for name in ARRAYS)
        return cls(
            tuple(told["suppliers"]), tuple(told["agents"]), PolicyFeatures(agents, suppliers), parameters,
            refits, train, validation, discounts, felt, spread,
        )  # fmt: skip


ARRAYS = ("refits", "train", "validation", "discounts", "felt", "spread")
PARAMETERS = ("discount", "agent", "supplier", "size")
SCALES = ("agents", "suppliers")


def _looked_at(rows: History) -> tuple[Array, Array]:
    """Features of agents (T, N, F) and of suppliers (T, S, G), as each gate knew them."""
    found = agent_features(rows)
    agents = np.stack([found[name] for name in LINEAR], axis=-1)
    cost = rows.information().current("cost")
    apart = cost - cost.mean(axis=1, keepdims=True)
    scarcity = np.broadcast_to(found["scarcity"][:, :1], cost.shape)
    return agents, np.stack([apart, scarcity], axis=-1)
