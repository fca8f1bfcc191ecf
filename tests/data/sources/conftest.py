"""A server on this machine that speaks each source's format, and that can be told its faults."""

from __future__ import annotations

import io
import json
import socket
import struct
import threading
import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from evenwatt.data.sources import Clock, Patience

PUBLICATION = "urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3"
GENERATION = "urn:iec62325.351:tc57wg16:451-6:generationloaddocument:3:0"


@dataclass
class Fault:
    """What the server does once instead of answering."""

    kind: str = "status"
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"trouble"


class Stand(ThreadingHTTPServer):
    """Answers by ``answer(path, query)``, after the faults that it was told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: Callable[[str, dict[str, str]], bytes] = lambda path, query: b"{}"
        self.status = 200
        self.kind = "application/json"
        self.faults: deque[Fault | None] = deque()
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that gives up is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: Stand

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.server.asked.append((parts.path, query))
        fault = self.server.faults.popleft() if self.server.faults else None
        if fault is None:
            self._send(self.server.status, self.server.answer(parts.path, query))
        elif fault.kind == "status":
            self._send(fault.status, fault.body, fault.headers)
        elif fault.kind == "hang":
            self.server.closing.wait(20)
        elif fault.kind == "reset":
            # Closing with a linger of nothing sends a reset instead of an end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif fault.kind == "cut":
            self._send(200, self.server.answer(parts.path, query), keep=0.5)
        elif fault.kind == "half":
            whole = self.server.answer(parts.path, query)
            self._send(200, whole[: len(whole) // 2])

    def _send(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, keep: float = 1.0
    ) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": self.server.kind} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: int(len(body) * keep)])
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to the terminal."""


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    """A server that runs for one test."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Stand()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


class FakeTime:
    """A clock that only moves when somebody sleeps."""

    def __init__(self, now: str = "2026-06-01T12:00:00") -> None:
        self.seconds = float(np.datetime64(now, "s").astype(np.int64))
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.seconds, self.sleep)


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def quick() -> Patience:
    """Five attempts; a time limit that a busy machine does not reach."""
    return Patience(timeout_s=20)


@dataclass(frozen=True)
class Formats:
    """Answers as the sources write them."""

    @staticmethod
    def prices(
        query: dict[str, str],
        *,
        minutes: int = 60,
        value: Callable[[int], float] = lambda k: 10.0 + k,
        curve: str = "A01",
        omit: tuple[int, ...] = (),
        auction: int | None = None,
        contract: str = "A01",
        currency: str = "EUR",
    ) -> bytes:
        """A document of day-ahead prices for the period of a query, one time series a day of UTC."""
        first, last = (_time(query[name]) for name in ("periodStart", "periodEnd"))
        days = np.arange(first, last, np.timedelta64(1, "D"))
        parts = []
        for day in days:
            end = min(day + np.timedelta64(1, "D"), last)
            count = int((end - day) / np.timedelta64(minutes, "m"))
            parts.append(
                Formats.series(
                    day, end, minutes, {k: value(k) for k in range(count) if k + 1 not in omit},
                    "price.amount", curve, auction=auction, contract=contract, currency=currency,
                )
            )  # fmt: skip
        return Formats.publication(parts)

    @staticmethod
    def publication(parts: list[str]) -> bytes:
        body = "".join(parts)
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            f'<Publication_MarketDocument xmlns="{PUBLICATION}"><mRID>1</mRID><type>A44</type>'
            "<createdDateTime>2026-06-01T10:00:00Z</createdDateTime>"
            f"{body}</Publication_MarketDocument>"
        ).encode()

    @staticmethod
    def series(
        first: np.datetime64,
        last: np.datetime64,
        minutes: int,
        points: dict[int, float],
        name: str,
        curve: str = "A01",
        *,
        auction: int | None = None,
        contract: str = "A01",
        currency: str = "EUR",
        domain: str = "inBiddingZone_Domain",
        psr: str = "",
    ) -> str:
        """One time series; points by position from 0."""
        sequence = "classificationSequence_AttributeInstanceComponent.position"
        told = "".join(
            f"<Point><position>{k + 1}</position><{name}>{v}</{name}></Point>" for k, v in points.items()
        )
        if name == "price.amount":
            words = (
                f"<contract_MarketAgreement.type>{contract}</contract_MarketAgreement.type>"
                f"<currency_Unit.name>{currency}</currency_Unit.name>"
                "<price_Measure_Unit.name>MWH</price_Measure_Unit.name>"
            ) + (f"<{sequence}>{auction}</{sequence}>" if auction else "")
        else:
            words = (
                f'<{domain}.mRID codingScheme="A01">10YCZ-CEPS-----N</{domain}.mRID>'
                "<quantity_Measure_Unit.name>MAW</quantity_Measure_Unit.name>"
            ) + (f"<MktPSRType><psrType>{psr}</psrType></MktPSRType>" if psr else "")
        return (
            f"<TimeSeries><mRID>1</mRID>{words}<curveType>{curve}</curveType><Period><timeInterval>"
            f"<start>{str(first)[:16]}Z</start><end>{str(last)[:16]}Z</end></timeInterval>"
            f"<resolution>PT{minutes}M</resolution>{told}</Period></TimeSeries>"
        )

    @staticmethod
    def quantities(parts: list[str]) -> bytes:
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><GL_MarketDocument xmlns="{GENERATION}">'
            f"<mRID>1</mRID><type>A75</type>{''.join(parts)}</GL_MarketDocument>"
        ).encode()

    @staticmethod
    def acknowledgement(text: str = "No matching data found for Data item DAY_AHEAD_PRICES") -> bytes:
        space = "urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0"
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><Acknowledgement_MarketDocument xmlns="{space}">'
            f"<mRID>1</mRID><Reason><code>999</code><text>{text}</text></Reason>"
            "</Acknowledgement_MarketDocument>"
        ).encode()

    @staticmethod
    def zipped(*documents: bytes) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for k, content in enumerate(documents):
                archive.writestr(f"{k:03d}.xml", content)
        return buffer.getvalue()

    @staticmethod
    def charts(query: dict[str, str], *, step: int = 3600, licence: str = "CC BY 4.0 from SMARD") -> bytes:
        """Prices of energy-charts for the period of a query."""
        unix = list(range(int(query["start"]), int(query["end"]) + 1, step))
        return json.dumps(
            {
                "license_info": licence,
                "unix_seconds": unix,
                "price": [(second // 3600) % 24 + 0.5 for second in unix],
                "unit": "EUR / MWh",
                "deprecated": False,
            }
        ).encode()

    @staticmethod
    def weather(query: dict[str, str]) -> bytes:
        """Hours of Open-Meteo: temperature is the hour of the day, everything else its double."""
        stamps = np.arange(
            np.datetime64(query["start_date"], "h"),
            np.datetime64(query["end_date"], "D") + 1,
            dtype="datetime64[h]",
        )
        units = {
            "temperature_2m": "°C", "wind_speed_10m": "m/s", "cloud_cover": "%", "shortwave_radiation": "W/m²",
        }  # fmt: skip
        names = query["hourly"].split(",")
        hour = [int(h) for h in stamps.astype(np.int64) % 24]
        return json.dumps(
            {
                "latitude": 50.0,
                "utc_offset_seconds": 0,
                "timezone": "GMT",
                "hourly_units": {"time": "iso8601", **{name: units[name] for name in names}},
                "hourly": {
                    "time": [f"{stamp}:00" for stamp in stamps],
                    **{n: hour if n == "temperature_2m" else [2 * h for h in hour] for n in names},
                },
            }
        ).encode()

    @staticmethod
    def solar(query: dict[str, str], *, minute: int = 10) -> bytes:
        """Hours of PVGIS for the years of a query, at an odd minute."""
        first, last = int(query["startyear"]), int(query["endyear"])
        stamps = np.arange(
            np.datetime64(f"{first}-01-01T00", "h"), np.datetime64(f"{last + 1}-01-01T00", "h")
        )
        rows = [
            {
                "time": f"{str(stamp)[:10].replace('-', '')}:{str(stamp)[11:13]}{minute:02d}",
                "P": float(k % 24), "G(i)": 2.0 * (k % 24), "H_sun": 0.0, "T2m": 5.0, "WS10m": 3.0, "Int": 0.0,
            }
            for k, stamp in enumerate(stamps)
        ]  # fmt: skip
        return json.dumps(
            {
                "inputs": {"meteo_data": {"radiation_db": "PVGIS-SARAH3"}},
                "outputs": {"hourly": rows},
                "meta": {},
            }
        ).encode()


@pytest.fixture
def formats() -> type[Formats]:
    return Formats


@pytest.fixture
def fault() -> type[Fault]:
    return Fault


def _time(stamp: str) -> np.datetime64:
    return np.datetime64(f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T{stamp[8:10]}:{stamp[10:12]}", "s")
