"""The formulas of a learned rule: from features to weights and caps, and back from slopes to parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evenwatt.learning.columns import Array
from evenwatt.learning.terms import Terms

FLOOR = 1e-5  # no player's weight is smaller [-]
ABSENT = -12.0  # logit of an agent that asks for nothing: it has no say, and none is taken from it [log]
SUPPLIER = -4.0  # logit suppliers start at: what they weigh hardly matters while they are sold out [log]


@dataclass(frozen=True)
class Inputs:
    """What the formulas look at, row by row.

    Attributes
    ----------
    base : (T, N)
        What is asked for: the claims, or predictions of the need [energy].
    agent : (T, N, F)
        Features of the agents, scaled, the constant first.
    supplier : (T, S, G)
        Features of the suppliers, scaled, the constant first.
    """

    base: Array
    agent: Array
    supplier: Array

    def rows(self, chosen: npt.NDArray[np.int64]) -> Inputs:
        """Some of the rows."""
        return Inputs(self.base[chosen], self.agent[chosen], self.supplier[chosen])


@dataclass(frozen=True)
class Parameters:
    """What is learned.

    Attributes
    ----------
    discount : (N, F)
        Log of cap over base, linear in the features; all 0 where only weights are learned.
    agent : (N, F)
        Logit of an agent's weight beyond its size.
    supplier : (S, G)
        Logit of a supplier's weight.
    size : (1,)
        How the weight grows with the cap; 1 is in proportion.
    """

    discount: Array
    agent: Array
    supplier: Array
    size: Array

    @property
    def flat(self) -> Array:
        """All of them in a row, (K,)."""
        return np.concatenate([self.discount.ravel(), self.agent.ravel(), self.supplier.ravel(), self.size])

    def like(self, flat: Array) -> Parameters:
        """Parameters of the same shapes from a row."""
        cuts = np.cumsum([self.discount.size, self.agent.size, self.supplier.size])
        discount, agent, supplier, size = np.split(flat, cuts)
        return Parameters(
            discount.reshape(self.discount.shape),
            agent.reshape(self.agent.shape),
            supplier.reshape(self.supplier.shape),
            size,
        )


@dataclass(frozen=True)
class Formed:
    """Terms with what is needed to find the slope of the parameters.

    Attributes
    ----------
    weights : (T, P)
        Summing to 1.
    caps : (T, N)
        [energy]
    """

    inputs: Inputs
    parameters: Parameters
    weights: Array
    caps: Array
    shares: Array
    log_size: Array

    @property
    def terms(self) -> Terms:
        """Weights and caps, checked."""
        return Terms(self.weights, self.caps)

    def slopes(self, weights: Array, caps: Array) -> Parameters:
        """Slope of a value in the parameters, of its slopes (T, P) in the weights and (T, N) in the caps."""
        inputs, asked = self.inputs, self.inputs.base > 0
        players = self.shares.shape[1]
        in_shares = (1 - players * FLOOR) * weights
        logits = self.shares * (in_shares - (self.shares * in_shares).sum(axis=1, keepdims=True))
        suppliers = players - asked.shape[1]
        of_agents = np.where(asked, logits[:, suppliers:], 0.0)
        # The logit sees the cap through its log, less the mean log of those that ask.
        grown = self.parameters.size[0] * of_agents
        centred = grown - np.where(asked, _mean(grown, asked), 0.0)
        log_cap = centred + np.where(asked, caps * self.caps, 0.0)
        return Parameters(
            np.einsum("tn,tnf->nf", log_cap, inputs.agent),
            np.einsum("tn,tnf->nf", of_agents, inputs.agent),
            np.einsum("ts,tsg->sg", logits[:, :suppliers], inputs.supplier),
            np.array([(of_agents * self.log_size).sum()]),
        )


def form(inputs: Inputs, parameters: Parameters) -> Formed:
    """Weights and caps of every row.

    ``log cap_j = log base_j + discount_j . features_j``; the weight of agent ``j`` is the softmax of
    ``size * (log cap_j - mean log cap) + agent_j . features_j``, that of supplier ``i`` of ``supplier_i . features_i``,
    and nobody weighs less than 1e-5. With ``size`` 1 and no more, weights are in proportion to caps.

    Examples
    --------
    >>> asked = Inputs(np.array([[4.0, 12.0]]), np.ones((1, 2, 1)), np.ones((1, 1, 1)))
    >>> plain = Parameters(np.zeros((2, 1)), np.zeros((2, 1)), np.full((1, 1), -4.0), np.ones(1))
    >>> formed = form(asked, plain)
    >>> formed.caps, (formed.weights[0, 2] / formed.weights[0, 1]).round(2)
    (array([[ 4., 12.]]), np.float64(3.0))
    """
    asked = inputs.base > 0
    log_base = np.log(np.where(asked, inputs.base, 1.0))
    log_cap = log_base + np.einsum("nf,tnf->tn", parameters.discount, inputs.agent)
    log_size = np.where(asked, log_cap - _mean(log_cap, asked), 0.0)
    beyond = np.einsum("nf,tnf->tn", parameters.agent, inputs.agent)
    of_agents = np.where(asked, parameters.size[0] * log_size + beyond, ABSENT)
    of_suppliers = np.einsum("sg,tsg->ts", parameters.supplier, inputs.supplier)
    logits = np.concatenate([of_suppliers, of_agents], axis=1)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return Formed(
        inputs=inputs,
        parameters=parameters,
        weights=(1 - shares.shape[1] * FLOOR) * shares + FLOOR,
        caps=np.where(asked, np.exp(log_cap), 0.0),
        shares=shares,
        log_size=log_size,
    )


def plain(suppliers: int, agents: int, agent_features: int, supplier_features: int) -> Parameters:
    """Weights in proportion to the base, caps equal to it: the rule learning starts from."""
    of_suppliers = np.zeros((suppliers, supplier_features))
    of_suppliers[:, 0] = SUPPLIER
    nothing = np.zeros((agents, agent_features))
    return Parameters(nothing, nothing.copy(), of_suppliers, np.ones(1))


def _mean(values: Array, asked: npt.NDArray[np.bool_]) -> Array:
    """Mean over those that ask, (T, 1)."""
    count = np.maximum(asked.sum(axis=1, keepdims=True), 1)
    return np.asarray(np.where(asked, values, 0.0).sum(axis=1, keepdims=True) / count)
