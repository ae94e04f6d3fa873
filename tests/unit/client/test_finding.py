"""Which gateway is found, and with which token."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from jupyter_faas.client import Connection, connect
from jupyter_faas.client.connection import find_gateway, is_alive, known_connection, process_exists
from jupyter_faas.model.connection import ConnectionInfo, write_connection
from jupyter_faas.model.errors import GatewayUnavailable, MalformedRequest
from tests.support.waiting import eventually
from tests.unit.client.gateway_double import TOKEN, GatewayDouble

NOBODY = "http://127.0.0.1:9"  # the discard port, which nothing listens on


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_the_token_is_not_shown() -> None:
    assert "secret" not in repr(Connection(NOBODY, "secret"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("127.0.0.1:8899", "http://127.0.0.1:8899"),
        ("http://Host:1/", "http://host:1"),
        (" https://hub.example/user/Ada/faas/ ", "https://hub.example/user/Ada/faas"),
        ("http://[::1]:5", "http://[::1]:5"),
    ],
)
def test_addresses(written: str, meant: str) -> None:
    assert Connection.from_url(written, "t") == Connection(meant, "t")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://host",
        "http://",
        "http://host:port",
        "http://h:99999",
        "http://u:p@h",
        "http://h?t=1",
        "http://[::1",
    ],
)
def test_what_is_no_address_is_said_to_be_none(url: str) -> None:
    with pytest.raises(MalformedRequest, match="is not the address of a gateway"):
        Connection.from_url(url)


def test_where_the_token_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Connection.from_url(NOBODY).token == ""
    write_connection(ConnectionInfo(NOBODY, "file's", 1, "0", "/"))
    assert Connection.from_url(NOBODY + "/").token == "file's"
    assert Connection.from_url("http://127.0.0.1:10").token == ""
    monkeypatch.setenv("FAAS_TOKEN", "variable's")
    assert Connection.from_url(NOBODY).token == "variable's"
    assert Connection.from_url(NOBODY, "argument's").token == "argument's"
    assert Connection.from_url(NOBODY, "").token == ""


def test_the_variables_token_is_not_sent_to_another_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAAS_GATEWAY", "https://gateway.example")
    monkeypatch.setenv("FAAS_TOKEN", "secret")
    assert Connection.from_url("https://gateway.example").token == "secret"
    assert Connection.from_url("https://other.example").token == ""


def test_nothing_is_found_where_nothing_is() -> None:
    assert find_gateway() is None
    assert known_connection() is None
    with pytest.raises(GatewayUnavailable, match="jupyter faas serve"):
        connect()


def test_the_one_of_the_connection_file_is_found(double: GatewayDouble) -> None:
    write_connection(double.info())
    assert find_gateway() == Connection(double.url, TOKEN)
    with connect() as client:
        assert client.functions() == []


def test_one_that_does_not_answer_is_not_found(double: GatewayDouble) -> None:
    write_connection(replace(double.info(), url=NOBODY))
    assert find_gateway() is None
    assert known_connection() == Connection(NOBODY, TOKEN)


def test_whoever_took_over_the_address_is_not_asked(double: GatewayDouble) -> None:
    write_connection(replace(double.info(), pid=ended_process()))
    assert find_gateway() is None
    assert double.requests == []


def test_the_variable_wins(double: GatewayDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    write_connection(ConnectionInfo(NOBODY, "other", 1, "0", "/"))
    monkeypatch.setenv("FAAS_GATEWAY", double.url)
    monkeypatch.setenv("FAAS_TOKEN", TOKEN)
    assert find_gateway() == Connection(double.url, TOKEN)


def test_the_variables_gateway_must_answer(double: GatewayDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    write_connection(double.info())
    monkeypatch.setenv("FAAS_GATEWAY", NOBODY)
    with pytest.raises(GatewayUnavailable, match="which FAAS_GATEWAY names"):
        find_gateway()


def test_something_else_that_answers_is_no_gateway(double: GatewayDouble) -> None:
    assert is_alive(Connection(double.url))
    assert not is_alive(Connection(double.url + "/elsewhere"))


def test_an_ended_process_does_not_exist_even_before_it_is_waited_for() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        eventually(lambda: not process_exists(process.pid), what="the process ends")
        assert process.returncode is None
    assert not process_exists(0)
    assert not process_exists(-1)
    assert not process_exists(2**40)
