"""Starting a gateway in the background, with the double as the program that is started."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_faas.client import Connection, GatewayClient
from jupyter_faas.client.connection import ensure_gateway, find_gateway, process_exists
from jupyter_faas.client.start import gateway_command, start_gateway
from jupyter_faas.model.connection import read_connection
from jupyter_faas.model.errors import GatewayUnavailable
from tests.support.waiting import eventually
from tests.unit.client import gateway_double

DOUBLE = [sys.executable, str(gateway_double.__file__)]


def failing(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    if connection := find_gateway():
        GatewayClient(connection).shutdown()
    if info := read_connection():
        eventually(lambda: not process_exists(info.pid), what="the gateway of this test ends")


def test_the_gateway_is_found_once_it_is_up_and_outlives_its_starter(own_jupyter: Path) -> None:
    connection = start_gateway(DOUBLE, find_gateway)
    assert find_gateway() == connection
    assert ensure_gateway() == connection  # starts no other
    assert (own_jupyter / "data" / "gateway.log").stat().st_mode & 0o777 == 0o600


def test_two_starters_get_the_same_gateway() -> None:
    with ThreadPoolExecutor(4) as pool:
        starts = [pool.submit(start_gateway, DOUBLE, find_gateway) for _ in range(4)]
        connections = {start.result() for start in starts}
    assert len(connections) == 1


def test_one_that_ends_at_once_is_an_error_with_its_last_lines(own_jupyter: Path) -> None:
    log = own_jupyter / "data" / "gateway.log"
    log.parent.mkdir()
    log.write_text("a line of an earlier run\n")
    command = failing("import sys; [print(n) for n in range(100)]; sys.exit('no such port')")
    with pytest.raises(GatewayUnavailable, match="ended with status 1") as caught:
        start_gateway(command, find_gateway)
    lines = caught.value.detail.splitlines()
    assert lines[-1] == "99" or lines[-1] == "no such port"
    assert len(lines) == 16
    assert "earlier run" not in caught.value.detail
    assert str(log) in caught.value.detail


def test_one_that_says_nothing_is_an_error_too() -> None:
    with pytest.raises(GatewayUnavailable, match=r"status 3.*gateway\.log, is empty"):
        start_gateway(failing("import sys; sys.exit(3)"), find_gateway)


def test_one_that_never_answers_is_ended_after_the_deadline(
    own_jupyter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_faas.client.start.START_SECONDS", 2.0)
    pid_file = own_jupyter / "pid"
    code = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    # Long enough for Python to start and write its pid, on any machine.
    with pytest.raises(GatewayUnavailable, match="did not answer within 2 s"):
        start_gateway(failing(code), find_gateway)
    pid = int(pid_file.read_text())
    eventually(lambda: not process_exists(pid), what="the process that was started ends")


def test_a_gateway_that_was_going_down_is_replaced(
    own_jupyter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_faas.client.start.RESTART_SECONDS", 0.1)
    marker = own_jupyter / "second"
    code = (
        "import pathlib, runpy, sys\n"
        f"marker = pathlib.Path({str(marker)!r})\n"
        "if not marker.exists(): marker.touch(); sys.exit(75)\n"
        f"runpy.run_path({DOUBLE[1]!r}, run_name='__main__')"
    )
    assert isinstance(start_gateway(failing(code), find_gateway), Connection)


def test_a_module_in_the_current_folder_is_not_taken_for_a_library() -> None:
    assert gateway_command("--port", "1") == [
        sys.executable,
        "-P",
        "-m",
        "jupyter_faas.gateway",
        "--port",
        "1",
    ]
