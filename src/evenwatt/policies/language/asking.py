"""Many questions at once, answered in their own order: what is decided does not depend on who answers first."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from evenwatt.core.errors import DataError, ProblemError, gather
from evenwatt.policies.language.budget import Budget, Spent
from evenwatt.policies.language.cassette import UNANSWERED, Cassette, failure
from evenwatt.policies.language.circuit import Circuit
from evenwatt.policies.language.request import Answer, Backend, ModelError, Request
from evenwatt.policies.language.wave import Wave

Mode = Literal["live", "record", "replay", "replay-or-fallback"]


@dataclass
class Asker:
    """Puts questions to a model within a budget, or to recordings of it.

    Parameters
    ----------
    backend : Backend, optional
        The model; not needed for a replay.
    mode : str
        ``live`` asks; ``record`` asks what is not recorded yet, and keeps it; ``replay`` takes recordings only, and
        a question that is not there is an error; ``replay-or-fallback`` leaves it unanswered.
    cassette : Cassette
        Where replies are kept; in memory if not given.
    budget : Budget
        The most that may be spent; without limits if not given.
    circuit : Circuit
        When to leave a failing server alone.
    concurrency : int
        Most questions in flight.

    Raises
    ------
    ProblemError
        Naming every setting that does not fit.

    Examples
    --------
    >>> from evenwatt.policies.language.request import Reply
    >>> class Echo:
    ...     def complete(self, request):
    ...         return Reply(request.messages[-1][1])
    >>> asker = Asker(Echo(), concurrency=1)
    >>> question = Request("small", (("user", "buy?"),), "{}")
    >>> [(answer.source, answer.reply.text) for answer in asker.ask([question, question])]
    [('live', 'buy?'), ('joined', 'buy?')]
    """

    backend: Backend | None = None
    mode: Mode = "live"
    cassette: Cassette = field(default_factory=Cassette)
    budget: Budget = field(default_factory=Budget)
    circuit: Circuit = field(default_factory=Circuit)
    concurrency: int = 8

    def __post_init__(self) -> None:
        with gather("asking a language model", ProblemError) as faults:
            if self.mode not in get_args(Mode):
                faults.append(f"mode '{self.mode}' is not one of {', '.join(get_args(Mode))}")
            if self.mode in ("live", "record") and self.backend is None:
                faults.append(f"mode '{self.mode}' needs a model to ask")
            if self.concurrency < 1:
                faults.append(f"concurrency is {self.concurrency}; expected at least 1")
        self._flights: dict[str, Future[Answer]] = {}
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def ask(self, requests: Sequence[Request]) -> list[Answer]:
        """Answers, one for each request, in the same order; equal requests share one.

        Raises
        ------
        DataError
            In mode ``replay``, if a request was never recorded; names where it first differs from the nearest.
        """
        answers = self._recorded(requests)
        mine, theirs = self._parted([request for request in requests if request.key not in answers])
        try:
            for request, answer in zip(mine, self._answered(mine), strict=True):
                answers[request.key] = answer
        except BaseException as fault:
            for flight in self._landed(mine):
                flight.set_exception(fault)
            raise
        for request, flight in zip(mine, self._landed(mine), strict=True):
            flight.set_result(answers[request.key])
        for key, flight in theirs.items():
            answers[key] = _shared(flight.result())
        given: list[Answer] = []
        met: set[str] = set()
        for request in requests:
            answer = answers[request.key]
            given.append(_shared(answer) if request.key in met else answer)
            met.add(request.key)
        return given

    def close(self) -> None:
        """Let threads and connections go; the cassette stays open."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
        close = getattr(self.backend, "close", None)
        if close is not None:
            close()

    def _parted(self, requests: Sequence[Request]) -> tuple[list[Request], dict[str, Future[Answer]]]:
        """Requests that nobody is asking at this moment, and the flights of those that somebody is."""
        mine: list[Request] = []
        theirs: dict[str, Future[Answer]] = {}
        if not requests:
            return mine, theirs
        with self._lock:
            own: set[str] = set()
            for request in requests:
                if request.key in own or request.key in theirs:
                    continue
                if request.key in self._flights:
                    theirs[request.key] = self._flights[request.key]
                else:
                    own.add(request.key)
                    self._flights[request.key] = Future()
                    mine.append(request)
        return mine, theirs

    def _landed(self, requests: list[Request]) -> list[Future[Answer]]:
        """The flights of requests that are done with."""
        with self._lock:
            return [self._flights.pop(request.key) for request in requests]

    def _answered(self, requests: list[Request]) -> list[Answer]:
        """From the model, unless somebody else asked it in the meantime."""
        if not requests:
            return []
        found = self._recorded(requests)
        fresh = iter(self._asked([request for request in requests if request.key not in found]))
        return [found[request.key] if request.key in found else next(fresh) for request in requests]

    def _recorded(self, requests: Sequence[Request]) -> dict[str, Answer]:
        """Answers that this mode takes from the cassette, by key; the others are to be asked of the model."""
        found = self.cassette.find(list(dict.fromkeys(request.key for request in requests)))
        asks = self.mode in ("live", "record")
        made: dict[str, Answer] = {}
        for request in requests:
            reply = found.get(request.key)
            if reply is not None and reply.finish != UNANSWERED:
                made[request.key] = Answer(reply, "replay")
            elif not asks:
                if reply is None and self.mode == "replay":
                    raise DataError(self.cassette.missing(request))
                made[request.key] = Answer(None, "fallback", "miss" if reply is None else reply.text)
        return made

    def _asked(self, requests: list[Request]) -> list[Answer]:
        """From the model, in waves that the budget allows whatever comes of them."""
        answers: list[Answer] = []
        while len(answers) < len(requests):
            claims = self._claims(requests[len(answers) :])
            if not claims:
                break
            asked = requests[len(answers) : len(answers) + len(claims)]
            wave = Wave(asked, claims, self._ask_one, budget=self.budget, circuit=self.circuit)
            workers = min(self.concurrency, len(asked))
            try:
                answers += wave.run(self._threads() if workers > 1 else None, workers)
            finally:
                # What was paid for is kept, even where the run is stopped in the middle.
                self.cassette.put(wave.kept())
        left = requests[len(answers) :]
        self.budget.refuse(len(left))
        if left:
            self.cassette.put((request, failure("budget")) for request in left)
        return [*answers, *(Answer(None, "fallback", "budget") for _ in left)]

    def _claims(self, requests: list[Request]) -> list[Spent]:
        """Promises of the budget for as many of the requests, the first ones, as it can bear at worst.

        Taken before any of them is sent: who gets the last of a budget is a matter of order, not of speed.
        """
        # The first question to an unknown server finds out how it wants to be asked, and goes alone; if it finds out
        # nothing, the server is in trouble, and waiting for it one by one would take the longest.
        alone = not getattr(self.backend, "is_settled", True) and not self.circuit.failed
        most = getattr(self.backend, "most_calls", 1)
        claims: list[Spent] = []
        for request in requests[:1] if alone else requests:
            claim = self.budget.reserve(most, request.most_tokens_in, request.max_tokens)
            if claim is None:
                break
            claims.append(claim)
        return claims

    def _ask_one(self, request: Request, claim: Spent) -> Answer:
        """One question, and its bill."""
        assert self.backend is not None
        try:
            reply = self.backend.complete(request)
        except ModelError as fault:
            self.budget.settle(claim, fault.calls, fault.tokens_in, fault.tokens_out)
            return Answer(None, "fallback", fault.reason, fault.calls, fault.tokens_in, fault.tokens_out)
        except BaseException:
            self.budget.settle(claim, 0, 0, 0)
            raise
        # A server that counts nothing is billed the most it can have been.
        tokens_in = (reply.tokens_in or request.most_tokens_in) + reply.lost_in
        tokens_out = (reply.tokens_out or request.max_tokens) + reply.lost_out
        self.budget.settle(claim, reply.calls, tokens_in, tokens_out)
        return Answer(reply, "live", "", reply.calls, tokens_in, tokens_out, reply.seconds)

    def _threads(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.concurrency, thread_name_prefix="language")
            return self._pool


def _shared(answer: Answer) -> Answer:
    """The same for another who asked the same: nothing more is spent."""
    source = answer.source if answer.reply is None or answer.source == "replay" else "joined"
    return replace(answer, source=source, calls=0, tokens_in=0, tokens_out=0, seconds=0.0)
