"""Asking many questions at once: what is spent, what is shared, and who is left alone."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from evenwatt.core.errors import DataError, ProblemError
from evenwatt.policies.language.asking import Asker
from evenwatt.policies.language.budget import Budget, Limits
from evenwatt.policies.language.cassette import Cassette
from evenwatt.policies.language.circuit import Circuit
from evenwatt.policies.language.request import ModelError, Reply, Request, canonical, row
from evenwatt.policies.language.scripted import Scripted


def _question(number, **changes):
    return Request("small", (("system", "rules"), ("user", json.dumps({"price": number}))), "{}", **changes)


class _Counting:
    """Counts what is in flight, and answers with the tokens it is told."""

    def __init__(self, tokens=(10, 5), fails=lambda request: False) -> None:
        self.tokens, self.fails, self.asked, self.most, self.now = tokens, fails, [], 0, 0
        self._lock = threading.Lock()

    def complete(self, request):
        with self._lock:
            self.asked.append(request)
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.001)
        with self._lock:
            self.now -= 1
        if self.fails(request):
            raise ModelError("down", "status", tokens_in=0, tokens_out=0)
        return Reply(request.messages[-1][1], "stop", *self.tokens)


def test_the_key_is_of_the_whole_request_and_nothing_else() -> None:
    one = _question(1)
    assert one.text == canonical(row(one))
    changed = [_question(2), _question(1, temperature=0.5), _question(1, seed=1), _question(1, draw=1),
               _question(1, attempt=1), _question(1, max_tokens=9), _question(1, template="2"),
               _question(1, top_p=0.5)]  # fmt: skip
    assert len({one.key, *(other.key for other in changed)}) == 9
    assert _question(1).key == one.key


def test_answers_come_in_the_order_of_questions() -> None:
    asker = Asker(_Counting(), concurrency=16)
    answers = asker.ask([_question(number) for number in range(60)])
    assert [json.loads(answer.reply.text)["price"] for answer in answers] == list(range(60))
    asker.close()


def test_equal_questions_are_asked_once() -> None:
    backend = _Counting()
    asker = Asker(backend, concurrency=8)
    answers = asker.ask([_question(1)] * 5)
    assert [answer.source for answer in answers] == ["live", "joined", "joined", "joined", "joined"]
    assert len(backend.asked) == 1
    assert sum(answer.calls for answer in answers) == 1


def test_equal_questions_in_flight_are_joined() -> None:
    backend = _Counting()
    asker = Asker(backend, concurrency=4)
    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(lambda _: asker.ask([_question(1), _question(2)]), range(20)))
    asker.close()
    assert len(backend.asked) == 2
    assert all(answers[1].reply.text == '{"price": 2}' for answers in found)


def test_no_more_than_the_concurrency_is_in_flight() -> None:
    backend = _Counting()
    asker = Asker(backend, concurrency=7)
    asker.ask([_question(number) for number in range(60)])
    asker.close()
    assert 1 < backend.most <= 7


@pytest.mark.parametrize(
    "limits",
    [
        Limits(calls=37),
        Limits(tokens=20_000),
        Limits(cost_micro=30_000, in_per_million=2.0, out_per_million=8.0),
        Limits(calls=0),
    ],
)
def test_no_budget_is_passed_by_fifty_threads(limits) -> None:
    budget = Budget(limits)
    backend = _Counting(tokens=(300, 400))
    asker = Asker(backend, budget=budget, concurrency=50)
    passed = []

    def ask(worker):
        answers = asker.ask([_question(worker * 10 + number) for number in range(10)])
        passed.append(not (budget.spent + budget.promised).is_within(limits))
        return answers

    with ThreadPoolExecutor(50) as threads:
        answers = [answer for found in threads.map(ask, range(50)) for answer in found]
    asker.close()
    assert not any(passed)
    assert budget.spent.is_within(limits)
    assert budget.spent.calls == len(backend.asked) == sum(answer.reply is not None for answer in answers)
    assert budget.promised.calls == 0
    assert budget.refused == 500 - len(backend.asked)
    assert limits.calls == 0 or backend.asked


def test_a_budget_of_calls_is_used_up_in_order() -> None:
    for concurrency in (1, 50):
        asker = Asker(_Counting(), budget=Budget(Limits(calls=10)), concurrency=concurrency)
        answers = asker.ask([_question(number) for number in range(25)])
        assert [answer.reply is not None for answer in answers] == [True] * 10 + [False] * 15
        assert {answer.reason for answer in answers[10:]} == {"budget"}
        asker.close()


def test_a_server_that_counts_no_tokens_is_billed_the_most() -> None:
    asker = Asker(_Counting(tokens=(0, 0)), concurrency=1)
    asker.ask([_question(1)])
    assert asker.budget.spent.tokens == _question(1).most_tokens_in + _question(1).max_tokens


def test_time_runs_out() -> None:
    now = [0.0]
    budget = Budget(Limits(wall_s=10), clock=lambda: now[0])
    asker = Asker(_Counting(), budget=budget, concurrency=1)
    assert asker.ask([_question(1)])[0].reply is not None
    now[0] = 10.0
    assert asker.ask([_question(2)])[0].reason == "budget"


def test_a_dead_server_is_left_alone() -> None:
    backend = _Counting(fails=lambda request: True)
    asker = Asker(backend, circuit=Circuit(failures=3, rest=10), concurrency=1)
    answers = asker.ask([_question(number) for number in range(40)])
    tried = [number for number, answer in enumerate(answers) if answer.reason == "status"]
    assert tried == [0, 1, 2, 13, 24, 35]
    assert len(backend.asked) == 6
    assert asker.circuit.opened == 1


def test_the_circuit_judges_by_order_and_not_by_arrival() -> None:
    def fails(request):
        return json.loads(request.messages[-1][1])["price"] % 7 < 4

    found = []
    for concurrency in (1, 50):
        asker = Asker(_Counting(fails=fails), circuit=Circuit(failures=3, rest=4), concurrency=concurrency)
        answers = asker.ask([_question(number) for number in range(100)])
        found.append([(answer.reason, answer.reply and answer.reply.text) for answer in answers])
        asker.close()
    assert found[0] == found[1]
    assert {reason for reason, _ in found[0]} == {"", "status", "circuit"}


def test_a_server_that_recovers_is_asked_again() -> None:
    state = {"down": True}
    asker = Asker(
        _Counting(fails=lambda request: state["down"]), circuit=Circuit(failures=2, rest=3), concurrency=1
    )
    asker.ask([_question(number) for number in range(4)])
    state["down"] = False
    reasons = [answer.reason for answer in asker.ask([_question(number) for number in range(10, 15)])]
    assert reasons == ["circuit", "", "", "", ""]


def test_what_was_paid_for_is_kept_when_a_run_is_stopped() -> None:
    class Stops:
        def complete(self, request):
            if json.loads(request.messages[-1][1])["price"] == 3:
                raise KeyboardInterrupt
            return Reply("fine", "stop", 1, 1)

    asker = Asker(Stops(), mode="record", concurrency=1)
    with pytest.raises(KeyboardInterrupt):
        asker.ask([_question(number) for number in range(6)])
    assert len(asker.cassette) == 3
    assert asker.budget.promised.calls == 0


def test_recordings_survive_in_a_file(tmp_path) -> None:
    place = tmp_path / "run.sqlite"
    first = Asker(_Counting(), mode="record", cassette=Cassette(place), concurrency=1)
    first.ask([_question(1)])
    first.cassette.close()
    second = Asker(mode="replay", cassette=Cassette(place))
    assert second.ask([_question(1)])[0].reply.text == '{"price": 1}'
    second.cassette.close()


def test_exported_recordings_are_taken_in_again() -> None:
    first = Asker(_Counting(), mode="record", concurrency=1)
    first.ask([_question(number) for number in range(5)])
    other = Cassette()
    assert other.take(first.cassette.exported()) == 5
    assert other.exported() == first.cassette.exported()
    assert other.digest == first.cassette.digest


def test_a_missing_recording_names_the_first_difference() -> None:
    asker = Asker(_Counting(), mode="record", concurrency=1)
    asker.ask([_question(52), _question(90)])
    replay = Asker(mode="replay", cassette=asker.cassette)
    with pytest.raises(DataError, match=r"differs first in messages\[1\]\.price: recorded (52|90), asked 53"):
        replay.ask([_question(53)])
    with pytest.raises(DataError, match=r"differs first in temperature: recorded 0\.0, asked 0\.7"):
        replay.ask([_question(52, temperature=0.7)])
    with pytest.raises(DataError, match="holds no recordings"):
        Asker(mode="replay").ask([_question(1)])


def test_a_missing_recording_may_be_left_to_the_rule() -> None:
    answer = Asker(mode="replay-or-fallback").ask([_question(1)])[0]
    assert (answer.reply, answer.reason) == (None, "miss")


def test_a_recorded_failure_is_replayed_and_asked_again() -> None:
    down = {"is": True}
    live = Asker(_Counting(fails=lambda request: down["is"]), mode="record", concurrency=1)
    live.ask([_question(1)])
    assert Asker(mode="replay", cassette=live.cassette).ask([_question(1)])[0].reason == "status"
    down["is"] = False
    assert live.ask([_question(1)])[0].source == "live"
    assert Asker(mode="replay", cassette=live.cassette).ask([_question(1)])[0].source == "replay"


def test_recordings_that_were_changed_are_refused() -> None:
    live = Asker(Scripted(lambda request: "{}"), mode="record", concurrency=1)
    live.ask([_question(1)])
    line = live.cassette.exported()
    for changed, told in (
        (line.replace("price", "paice"), "key .* is not that of the request"),
        ("{}", "'key' is None; expected str"),
        ("nonsense", "line 1"),
        (line.replace('"reply":"{}"', '"reply":5'), "'reply' is 5"),
    ):
        with pytest.raises(DataError, match=told):
            Cassette().take(changed)


def test_a_file_that_is_no_cassette_is_named(tmp_path) -> None:
    place = tmp_path / "notes.txt"
    place.write_text("no database at all, but long enough to look like one" * 40)
    with pytest.raises(DataError, match=r"notes\.txt: not a cassette"):
        Cassette(place)


def test_settings_that_do_not_fit_are_named() -> None:
    with pytest.raises(ProblemError, match=r"mode 'tape'[\s\S]*concurrency is 0"):
        Asker(mode="tape", concurrency=0)
    with pytest.raises(ProblemError, match="needs a model to ask"):
        Asker(mode="live")
    with pytest.raises(ProblemError, match=r"calls is -1[\s\S]*wall_s is nan"):
        Limits(calls=-1, wall_s=float("nan"))
