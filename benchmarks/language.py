"""What a language model costs beyond itself: processor time a call, time over the ideal, decisions replayed a second.

``python benchmarks/language.py [calls] [replay] [crowd]``; all parts without an argument. The server runs in a process
of its own, answers after 0.1 s, and is no model: it says the same valid thing to everybody. Other clients are timed
where they are installed, and named as skipped where they are not.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import multiprocessing
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from evenwatt.core.chance import Keyed
from evenwatt.policies.language.asking import Asker
from evenwatt.policies.language.client import Client, Server
from evenwatt.policies.language.ladder import Feasible, decisions
from evenwatt.policies.language.policy import LanguagePolicy, Sampling
from evenwatt.policies.language.request import Request
from evenwatt.policies.language.schema import schema
from evenwatt.policies.language.scripted import Scripted
from evenwatt.policies.persona import PERSONAS, columns
from evenwatt.policies.scripted import policy
from evenwatt.policies.seen import SEEN, Observation

CALLS, CONCURRENCY, LATENCY_S = 200, 50, 0.1
IDEAL_S = CALLS / CONCURRENCY * LATENCY_S
DECISION = {"output_share": 1.0, "markup": 0.2, "accept_contracts": True, "min_contract_steps": 4, "upgrade": False,
            "valid_steps": 8, "reason": "because"}  # fmt: skip
CROWD = {"consumer": 700, "prosumer": 270, "producer": 20, "utility": 9, "regulator": 1}


def main() -> None:
    """Run the parts asked for."""
    parts: dict[str, Callable[[], None]] = {"calls": _calls, "replay": _replay, "crowd": _crowd}
    for name in sys.argv[1:] or parts:
        parts[name]()


def _calls() -> None:
    """200 structured calls, 50 at a time."""
    print(f"\n### {CALLS} calls, {CONCURRENCY} at a time, {LATENCY_S} s each: ideal {IDEAL_S:.2f} s\n")
    print("| client | wall s | over ideal | CPU ms a call | valid |\n|---|---|---|---|---|")
    ready = multiprocessing.get_context("spawn").Queue()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(ready,), daemon=True)
    process.start()
    url = f"http://127.0.0.1:{ready.get(timeout=30)}/v1"
    for name, ask in {
        "evenwatt": _ours,
        "http.client, a thread each": _plain,
        "httpx": _httpx,
        "openai": _openai,
    }.items():
        if name in ("httpx", "openai") and importlib.util.find_spec(name) is None:
            print(f"| {name} | skipped: not installed | | | |")
            continue
        ask(url, CONCURRENCY)  # connections and imports are not counted
        best = min((_timed(ask, url) for _ in range(5)), key=lambda found: found[0])
        wall, cpu, valid = best
        print(
            f"| {name} | {wall:.3f} | {wall / IDEAL_S - 1:.1%} | {cpu / CALLS * 1e3:.2f} | {valid}/{CALLS} |"
        )
    process.terminate()
    process.join()


def _timed(ask: Callable[[str, int], list[str]], url: str) -> tuple[float, float, int]:
    wall, cpu = time.perf_counter(), time.process_time()
    texts = ask(url, CALLS)
    valid = sum(bool(decisions("producer", text, [Feasible()])) for text in texts)
    return time.perf_counter() - wall, time.process_time() - cpu, valid


def _questions(count: int) -> list[Request]:
    """Of the usual length."""
    told = {"situation": {f"figure_{place}": place * 1.5 for place in range(20)}}
    return [
        Request(
            "fake", (("system", "rules " * 200), ("user", json.dumps({**told, "n": n}))), schema("producer")
        )
        for n in range(count)
    ]


_ASKERS: dict[str, Any] = {}


def _ours(url: str, count: int) -> list[str]:
    """With budget, circuit, keys, and a recording."""
    if url not in _ASKERS:
        _ASKERS[url] = Client(Server(url), clock=time.monotonic, now=time.time, sleep=time.sleep)
        _ASKERS["pool"] = Asker(_ASKERS[url], concurrency=CONCURRENCY)
    asker = _ASKERS["pool"]
    asker.cassette = type(asker.cassette)()
    return [answer.reply.text for answer in asker.ask(_questions(count))]


def _plain(url: str, count: int) -> list[str]:
    """The same library with no care at all: the floor."""
    import http.client
    import threading

    local = threading.local()
    place = url.removeprefix("http://").removesuffix("/v1")

    def one(body: bytes) -> str:
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection(place)
        local.connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        return str(json.loads(local.connection.getresponse().read())["choices"][0]["message"]["content"])

    with ThreadPoolExecutor(CONCURRENCY) as threads:
        return list(threads.map(one, _bodies(count)))


def _httpx(url: str, count: int) -> list[str]:
    import httpx

    async def all_of_them() -> list[str]:
        gate = asyncio.Semaphore(CONCURRENCY)
        most = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
        async with httpx.AsyncClient(limits=most) as client:

            async def one(body: bytes) -> str:
                async with gate:
                    answer = await client.post(f"{url}/chat/completions", content=body)
                return str(answer.json()["choices"][0]["message"]["content"])

            return list(await asyncio.gather(*map(one, _bodies(count))))

    return asyncio.run(all_of_them())


def _openai(url: str, count: int) -> list[str]:
    import openai

    async def all_of_them() -> list[str]:
        gate = asyncio.Semaphore(CONCURRENCY)
        async with openai.AsyncOpenAI(base_url=url, api_key="none") as client:

            async def one(body: bytes) -> str:
                async with gate:
                    answer = await client.chat.completions.create(**json.loads(body))
                return str(answer.choices[0].message.content)

            return list(await asyncio.gather(*map(one, _bodies(count))))

    return asyncio.run(all_of_them())


def _bodies(count: int) -> list[bytes]:
    from evenwatt.policies.language.formats import body

    return [body(question, "json_schema") for question in _questions(count)]


def _serve(ready: Any) -> None:
    """Answer everybody the same, late."""
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": json.dumps(DECISION)},
    }
    usage = {"prompt_tokens": 900, "completion_tokens": 60, "total_tokens": 960}
    body = {"id": "1", "object": "chat.completion", "created": 0, "model": "fake", "choices": [choice]}
    said = json.dumps({**body, "usage": usage}).encode()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(said)}\r\n\r\n".encode()
    )

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                told = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    line for line in told.lower().split(b"\r\n") if line.startswith(b"content-length:")
                )
                await reader.readexactly(int(length.split(b":")[1]))
                await asyncio.sleep(LATENCY_S)
                writer.write(head + said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(serve_one, "127.0.0.1", 0, backlog=256)
        ready.put(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    asyncio.run(serve())


def _replay() -> None:
    """Answers from recordings, and agents' decisions carried out from them."""
    print("\n### Replay\n\n| what | a second |\n|---|---|")
    live = Asker(Scripted(), mode="record", concurrency=1)
    questions = _questions(5000)
    live.ask(questions)
    replay = Asker(mode="replay", cassette=live.cassette)
    fresh = _questions(5000)
    began = time.perf_counter()
    answers = replay.ask(fresh)
    lookups = len(answers) / (time.perf_counter() - began)
    print(f"| recorded answers, request hashed and looked up | {lookups:,.0f} |")
    began = time.perf_counter()
    for answer in replay.ask(_questions(5000)):
        decisions("producer", answer.reply.text if answer.reply else "", [Feasible()])
    print(f"| the same, request made anew and answer checked | {5000 / (time.perf_counter() - began):,.0f} |")
    asker = Asker(Scripted(), mode="record", concurrency=1)
    _day(asker)
    decided, calls, seconds = _day(Asker(mode="replay", cassette=asker.cassette))
    print(
        f"| decisions of {sum(CROWD.values()):,} agents over a day: {decided:,} from {calls:,} answers "
        f"| {decided / seconds:,.0f} |"
    )


def _crowd() -> None:
    """How many calls a thousand agents make in 96 steps."""
    print("\n### 1,000 agents, 96 steps, scripted answers\n\n| horizon steps | band | calls |\n|---|---|---|")
    for horizon in (8, 16, 24, 48, 96):
        for band in (0.5, 1e9):
            asker = Asker(Scripted(), concurrency=1)
            _day(asker, horizon=horizon, band=band)
            print(f"| {horizon} | {'none' if band > 1 else band} | {asker.budget.spent.calls:,} |")


def _day(asker: Asker, *, horizon: int = 24, band: float = 0.5) -> tuple[int, int, float]:
    """Decisions, answers and seconds of a day; what is seen is made before."""
    policies = [
        LanguagePolicy(
            role, asker, policy(role, "rule"), Sampling("scripted"), horizon_steps=horizon, band=band
        )
        for role in CROWD
    ]
    seen = [{role: _seen(role, step, agents) for role, agents in CROWD.items()} for step in range(96)]
    began = time.perf_counter()
    for step, now in enumerate(seen):
        for one in policies:
            one.decide(now[one.role], Keyed(1, one.role, step))
    seconds = time.perf_counter() - began
    answers = sum(len(one.drain()) for one in policies)
    return 96 * sum(CROWD.values()), answers, seconds


def _seen(role: str, step: int, agents: int) -> Observation:
    """Prices and loads that follow the day and drift; preferences and sizes that differ."""
    rng = np.random.default_rng([1, list(CROWD).index(role)])
    hour = step / 4
    sun = max(0.0, float(np.sin((hour - 6) / 12 * np.pi)))
    wholesale = 60 + 25 * np.sin((hour - 13) / 24 * 4 * np.pi) - 20 * sun + 0.15 * step
    local = 130 - 60 * sun + 6 * np.sin(step * 0.9) if 5 <= hour <= 20 else np.nan
    persona = columns(list(rng.choice(list(PERSONAS), agents)))
    own = {fact.name: np.zeros(agents) for fact in SEEN[role]}
    own |= {name: persona[name] for name in ("margin", "green", "hedge", "activity")}
    own |= {
        "gain_micro": np.zeros(agents, dtype=np.int64), "customers": rng.integers(10, 300, agents),
        "cash_micro": (rng.uniform(50, 5000, agents) * 1e6 - step * 1e4).astype(np.int64),
        "value_per_mwh": rng.uniform(200, 600, agents), "tariff_per_mwh": rng.choice([250.0, 240.0, 265.0], agents),
        "local_per_mwh": np.full(agents, local), "connected": np.ones(agents, dtype=bool),
        "load_wh": np.rint(rng.lognormal(4.5, 0.7, agents) * (1 + np.sin(hour / 24 * np.pi))).astype(np.int64),
        "pv_wh": np.rint(rng.uniform(500, 2500, agents) * sun).astype(np.int64),
        "battery_wh": np.where(rng.random(agents) < 0.5, 8000, 0), "stored_wh": np.zeros(agents, dtype=np.int64),
        "most_charge_wh": np.full(agents, 900), "most_discharge_wh": np.full(agents, 900),
        "charge_efficiency": np.full(agents, 0.95), "discharge_efficiency": np.full(agents, 0.95),
        "upgrade_cost_micro": np.full(agents, 800_000_000), "capacity_wh": rng.integers(5_000, 90_000, agents),
        "cost_per_mwh": rng.uniform(0, 90, agents), "expected_per_mwh": np.full(agents, wholesale),
        "renewable": rng.random(agents) < 0.5, "forecast_wh": rng.integers(1_000, 90_000, agents),
        "retail_per_mwh": rng.uniform(150, 300, agents), "renewable_share": rng.random(agents),
        "distance_km": rng.uniform(0, 2, agents), "utility": rng.integers(0, 3, agents),
        "node": rng.integers(0, 3, agents), "wear_per_mwh": np.full(agents, 20.0),
        "mean_per_mwh": np.full(agents, wholesale), "review": np.full(agents, step == 0),
    }  # fmt: skip
    public = {
        "step": step, "evening_per_mwh": 180.0, "carbon_per_t": 30.0, "quota": 0.3,
        "slot": step, "steps_a_day": 96, "wholesale_per_mwh": wholesale, "outside_per_mwh": wholesale + 5,
        "low_per_mwh": 90.0, "high_per_mwh": 140.0, "feed_in_per_mwh": 60.0, "cap_per_mwh": 400.0,
        "floor_per_mwh": -50.0,
        "retail_per_mwh": [250.0, 240.0, 265.0], "retail_green": [0.2, 0.5, 0.9],
        "contract_per_mwh": [55.0, 70.0, 62.0], "contract_green": [0.0, 1.0, 0.0],
    }  # fmt: skip
    names = {"utilities": ("North", "South", "Green"), "producers": ("Coal", "Wind", "Gas")}
    first = sum(list(CROWD.values())[: list(CROWD).index(role)])
    return Observation(
        role, step, first + np.arange(agents), own, {k: np.array(v) for k, v in public.items()}, names
    )


if __name__ == "__main__":
    main()
