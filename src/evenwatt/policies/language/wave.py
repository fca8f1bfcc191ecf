"""Questions in flight together, whose answers count in the order of the questions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from evenwatt.policies.language.budget import Budget, Spent
from evenwatt.policies.language.cassette import failure
from evenwatt.policies.language.circuit import Circuit
from evenwatt.policies.language.request import Answer, Reply, Request

Ask = Callable[[Request, Spent], Answer]
SERVERS_FAULT = frozenset({"timeout", "connection", "status", "malformed", "refused"})


class Wave:
    """Questions in flight together; what the circuit learns of them, it learns in their order."""

    def __init__(
        self,
        requests: Sequence[Request],
        claims: Sequence[Spent],
        ask: Ask,
        *,
        budget: Budget,
        circuit: Circuit,
    ) -> None:
        self._requests, self._claims, self._ask = requests, claims, ask
        self._budget, self._circuit = budget, circuit
        self._done: list[Answer | None] = [None] * len(requests)
        self._committed = self._next = 0
        self._fault: BaseException | None = None
        self._turn = threading.Condition()

    def run(self, threads: Executor | None, workers: int) -> list[Answer]:
        """All answers, by so many threads; without threads one after the other."""
        try:
            if threads is None:
                self._work()
            else:
                for flight in [threads.submit(self._work) for _ in range(workers)]:
                    flight.result()
        except BaseException as fault:
            self._stop(fault)
        if self._fault is not None:
            self._release()
            raise self._fault
        return [answer for answer in self._done if answer is not None]

    def kept(self) -> list[tuple[Request, Reply]]:
        """What is recorded of it."""
        with self._turn:
            pairs = zip(self._requests, self._done, strict=True)
            return [(request, kept(answer)) for request, answer in pairs if answer is not None]

    def _release(self) -> None:
        """Free what was promised to questions that will not be sent."""
        with self._turn:
            for claim in self._claims[self._next :]:
                self._budget.settle(claim, 0, 0, 0)

    def _stop(self, fault: BaseException) -> None:
        with self._turn:
            self._fault = fault
            self._turn.notify_all()

    def _work(self) -> None:
        """Take questions one after the other, until none is left."""
        while True:
            with self._turn:
                number = self._next
                if number >= len(self._requests) or self._fault is not None:
                    return
                self._next += 1
                may_ask = self._waited(number)
            try:
                answer = self._answer(number, may_ask)
            except BaseException as fault:
                self._stop(fault)
                return
            with self._turn:
                self._done[number] = answer
                self._commit()

    def _waited(self, number: int) -> bool:
        """Whether to ask; while the circuit is open each question waits for those before it."""
        while self._circuit.is_open and self._committed < number and self._fault is None:
            self._turn.wait()
        return self._circuit.would_admit and self._fault is None

    def _answer(self, number: int, may_ask: bool) -> Answer:
        if may_ask:
            return self._ask(self._requests[number], self._claims[number])
        self._budget.settle(self._claims[number], 0, 0, 0)
        return Answer(None, "fallback", "circuit")

    def _commit(self) -> None:
        """Let the circuit judge whatever is complete up to the first question still in flight."""
        while self._committed < len(self._done):
            answer = self._done[self._committed]
            if answer is None:
                break
            if not self._circuit.admits():
                # It was sent before those ahead of it failed; its answer counts no more, its bill does.
                self._done[self._committed] = replace(answer, reply=None, source="fallback", reason="circuit")
            else:
                self._circuit.judge(answer.reason not in SERVERS_FAULT)
            self._committed += 1
        self._turn.notify_all()


def kept(answer: Answer) -> Reply:
    """An answer as it is recorded."""
    return failure(answer.reason) if answer.reply is None else answer.reply
