"""Callers, each with one connection that it keeps, and one call at a time."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.benchmarks.soak.kinds import KINDS, Arguments, Kind
from tests.support.gateway import Answer, Gateway

CALLERS = 16
MOST_WRONG = 20
"""So many wrong answers are enough to end it."""
SWEPT = "could not be ended, so the instance was"
"""What calls hear that ran beside one that the supervisor, on so busy a machine, did not end in time."""


@dataclass
class Findings:
    """What came of the calls so far."""

    answered: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    swept: int = 0
    """Calls that ended with their instance, for another's sake, and were told so."""
    invocations: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: Kind, asked: Arguments, answer: Answer | None) -> None:
        """Check an answer; ``None`` is the one of a cancelled call."""
        right = answer is None or _is_right(kind, asked, answer)
        with self.lock:
            self.answered[kind.name] += 1
            if answer is None:
                return
            identifier = answer.headers.get("faas-invocation-id", "")
            if not right and _was_swept(answer):
                self.swept += 1
            elif not right:
                said = (answer.body[:150] + b" ... " + answer.body[-450:]).decode(errors="replace")
                self.wrong.append(f"{kind.name} {asked['nonce']}: {answer.status} {said}")
            elif not identifier or identifier in self.invocations:
                self.wrong.append(f"{kind.name} {asked['nonce']}: its invocation {identifier!r} is another's")
            self.invocations.add(identifier)


def _was_swept(answer: Answer) -> bool:
    """Whether the call ended with its instance; a stream that has begun says so in its last record."""
    last = answer.body.splitlines()[-1] if answer.status == 200 and answer.body else answer.body
    return SWEPT.encode() in last and (answer.status == 502 or last.startswith(b'{"error":'))


def _is_right(kind: Kind, asked: Arguments, answer: Answer) -> bool:
    try:
        return kind.answer(answer, asked)
    except (ValueError, LookupError, TypeError):
        return False


def run_calls(gateway: Gateway, number: int, seed: int, looked: Callable[[int], None]) -> Findings:
    """Make ``number`` calls, and tell ``looked`` now and then how many there have been."""
    findings, taken = Findings(), itertools.count()
    threads = [
        threading.Thread(target=_caller, args=(gateway, random.Random(seed + index), number, taken, findings))
        for index in range(CALLERS)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        threads[0].join(0.5) if threads[0].is_alive() else time.sleep(0.1)
        looked(findings.answered.total())
    return findings


def _caller(
    gateway: Gateway, draw: random.Random, number: int, taken: itertools.count[int], findings: Findings
) -> None:
    kinds, shares = list(KINDS), [kind.share for kind in KINDS]
    address = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    for serial in iter(taken.__next__, None):
        if serial >= number or len(findings.wrong) >= MOST_WRONG:
            break
        kind = draw.choices(kinds, shares)[0]
        asked = {"kind": kind.does, "nonce": f"{serial}-{draw.getrandbits(64):x}", **kind.asked(draw)}
        try:
            answer = _call(connection, gateway.token, kind, asked, draw)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            answer = Answer(0, {}, repr(error).encode(), 0.0)
        findings.note(kind, asked, answer)
    connection.close()


def _call(
    connection: http.client.HTTPConnection, token: str, kind: Kind, asked: Arguments, draw: random.Random
) -> Answer | None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    begun = time.perf_counter()
    connection.request("POST", f"/functions/{kind.function}", json.dumps(asked), headers)
    if kind.cancelled:
        time.sleep(draw.random() * 0.05)
        connection.close()
        return None
    response = connection.getresponse()
    body = response.read()
    received = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, received, body, time.perf_counter() - begun)
