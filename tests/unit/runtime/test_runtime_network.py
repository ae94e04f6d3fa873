"""``--network none`` in the workers themselves, and the TCP link with its secret."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_faas.model.wire import PREFIX, Kind, encode_frame
from tests.unit.runtime.runtime_instance import DEADLINE_SECONDS, Instance, free_port, instance, make_root

SOURCE = """
import asyncio, ctypes, os, socket, subprocess, sys, urllib.request
def f(what):
    if what == "tcp":
        socket.create_connection(("127.0.0.1", 9))
    if what == "url":
        urllib.request.urlopen("http://127.0.0.1:9/")
    if what == "name":
        socket.getaddrinfo("example.invalid", 80)
    if what == "wrapped":
        try:
            socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        except OSError as error:
            raise RuntimeError("no luck") from error
    if what == "child":
        code = "import socket\\ntry: socket.socket()\\nexcept OSError as e: print(e.errno)"
        return int(subprocess.check_output([sys.executable, "-c", code]))
    if what == "io_uring":
        ctypes.CDLL(None, use_errno=True).syscall(425, 1, 0)
        return ctypes.get_errno()
    if what == "unix":
        one, other = socket.socketpair()
        one.send(b"x")
        return asyncio.run(asyncio.sleep(0, 1))
    if what == "other":
        raise OSError(2, "no such file")
"""


@pytest.fixture(scope="module")
def walled() -> Iterator[Instance]:
    with instance(SOURCE, network="none") as running:
        yield running


@pytest.mark.parametrize("what", ["tcp", "url", "name", "wrapped"])
def test_a_function_without_network_is_told_so(walled: Instance, what: str) -> None:
    outcome = walled.failure(what=what)
    assert outcome["code"] == "handler-error"
    hint = "This function has no network (--network none). Publish it with --network egress to let it out."
    assert outcome["figures"]["hint"] == hint
    assert outcome["detail"].endswith(hint)


def test_children_and_io_uring_are_walled_in_too(walled: Instance) -> None:
    assert walled.value(what="child") == errno.ENETUNREACH
    assert walled.value(what="io_uring") == errno.ENOSYS


def test_unix_sockets_work(walled: Instance) -> None:
    assert walled.value(what="unix") == 1


def test_other_errors_get_no_hint(walled: Instance) -> None:
    assert "hint" not in walled.failure(what="other")["figures"]


def test_with_egress_sockets_open() -> None:
    with instance(SOURCE, network="egress") as running:
        outcome = running.failure(what="tcp")
        assert outcome["figures"]["exception"] == "ConnectionRefusedError"
        assert "hint" not in outcome["figures"]


SECRET = "correct horse"
SPY = """
import os, re
def f():
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb") as memory:
        ranges = [line.split()[0].split("-") for line in maps if " rw" in line and "[v" not in line]
        found = 0
        for start, end in ranges:
            memory.seek(int(start, 16))
            content = memory.read(int(end, 16) - int(start, 16))
            found += len(re.findall(b"[c]orrect [h]orse", content))  # the pattern doesn't find itself
    return [found, [name for name in os.environ if name.startswith("FAAS")]]
"""


@contextmanager
def listening(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    root = make_root(tmp_path, SPY)
    port = free_port()
    digest = hashlib.sha256(SECRET.encode()).hexdigest()
    variables = {"PATH": os.environ["PATH"], "FAAS_LINK": f"tcp:{port}", "FAAS_SECRET_SHA256": digest}
    process = subprocess.Popen([sys.executable, "-I", str(root / "start.py")], env=variables)
    try:
        yield process, port
        process.wait(DEADLINE_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def connect(port: int) -> socket.socket:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_SECONDS)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.01)


WRONG = [
    encode_frame(Kind.AUTH, 0, {"secret": "wrong"}),
    encode_frame(Kind.AUTH, 0, {"nothing": 1}),
    encode_frame(Kind.INIT, 0, {"secret": SECRET}),
    PREFIX.pack(Kind.AUTH, 0, 1 << 17, 0) + b" " * 5000,
    PREFIX.pack(Kind.AUTH, 0, 2, 1) + b"{}x",
    b"GET / HTTP/1.1\r\n\r\n",
    struct.pack(">BH", 5, 0),
]


def test_tcp_takes_only_who_knows_the_secret(tmp_path: Path) -> None:
    with listening(tmp_path) as (process, port):
        for wrong in WRONG:
            with connect(port) as link:
                link.sendall(wrong)
                link.shutdown(socket.SHUT_WR)
                try:
                    assert link.recv(100) == b""
                except ConnectionResetError:
                    continue
        with connect(port) as link:
            init = {"protocol": 2, "environment": {}, "workers": 1, "log_bytes": 1, "result_bytes": 1000}
            link.sendall(encode_frame(Kind.AUTH, 0, {"secret": SECRET}) + encode_frame(Kind.INIT, 0, init))
            running = Instance(process, link)
            running.expect(Kind.HELLO)
            running.expect(Kind.READY)
            assert running.value() == [0, []]  # nothing of the secret is in the worker's memory
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), timeout=5)
        assert process.wait(10) == 0


def test_a_listening_supervisor_ends_on_a_signal(tmp_path: Path) -> None:
    with listening(tmp_path) as (process, port):
        with connect(port):
            process.terminate()
        assert process.wait(10) == 0


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "neither FAAS_LINK nor PORT is set"),
        ({"FAAS_LINK": "smoke:signals"}, "neither unix:PATH nor tcp:PORT"),
        ({"FAAS_LINK": "unix:/nowhere/at/all"}, "No such file"),
        ({"PORT": "http"}, "invalid literal"),
    ],
)
def test_nothing_to_serve_is_said(tmp_path: Path, variables: dict[str, str], message: str) -> None:
    root = make_root(tmp_path, "def f(): pass")
    command = [sys.executable, "-I", str(root / "start.py")]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
