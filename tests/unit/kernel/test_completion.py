"""The Tab key after our magics, in IPython's own completer."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from jupyter_faas.kernel.completion import complete_in, offers
from tests.unit.client.gateway_double import TOKEN, GatewayDouble


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[GatewayDouble]:
    with GatewayDouble() as running:
        running.add_function("summarize")["input_schema"] = {
            "properties": {
                "values": {"type": "array"},
                "q": {"type": "number"},
                "mode": {"enum": ["fast", "exact"]},
                "loud": {"type": "boolean"},
            }
        }
        running.add_function("score")["aliases"] = {"latest": {"1": 100}, "prod": {"1": 100}}
        monkeypatch.setenv("FAAS_GATEWAY", running.url)
        monkeypatch.setenv("FAAS_TOKEN", TOKEN)
        yield running


@pytest.fixture
def shell() -> InteractiveShell:
    made: InteractiveShell = InteractiveShell()
    complete_in(made)
    complete_in(made)  # as %reload_ext does
    return made


def completed(shell: InteractiveShell, text: str) -> list[str]:
    """The text of the cell's line with each of the completions in place."""
    assert shell.Completer is not None
    with provisionalcompleter():
        found = list(shell.Completer.completions(text, len(text)))
    return sorted({text[: each.start] + each.text for each in found})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%faas invok", ["%faas invoke"]),
        ("%faas show s", ["%faas show score", "%faas show summarize"]),
        ("%faas invoke sum", ["%faas invoke summarize"]),
        ("%faas invoke summarize q=1 v", ["%faas invoke summarize q=1 values="]),
        (
            "%faas invoke summarize mode=",
            ["%faas invoke summarize mode=exact", "%faas invoke summarize mode=fast"],
        ),
        ("%faas invoke summarize loud=t", ["%faas invoke summarize loud=true"]),
        ("%faas invoke score@p", ["%faas invoke score@prod"]),
        ("%faas alias score pr", ["%faas alias score prod"]),
        ("result = %faas invoke sc", ["result = %faas invoke score"]),
        ("%faas logs --lim", ["%faas logs --limit"]),
        ("%faas publish --whole --no-e", ["%faas publish --whole --no-execute"]),
        ("%%publish --time", ["%%publish --timeout"]),
        ("#| publish --mem", ["#| publish --memory"]),
    ],
)
def test_tab(double: GatewayDouble, shell: InteractiveShell, text: str, expected: list[str]) -> None:
    assert completed(shell, text) == expected


def test_functions_are_asked_for_once_for_several_tabs(
    double: GatewayDouble, shell: InteractiveShell
) -> None:
    for text in ("%faas show s", "%faas show su", "%faas invoke su"):
        completed(shell, text)
    assert len(double.requests) == 1


def test_other_lines_are_not_ours(double: GatewayDouble, shell: InteractiveShell) -> None:
    assert offers("x = 'use %faas li", lambda _: {}) is None
    assert offers("print(", lambda _: {}) is None
    shell.run_cell("summary = 1")
    assert "print(summary" in completed(shell, "print(summ")
    assert "%%publish\nx = summary" in completed(shell, "%%publish\nx = summ")
    assert double.requests == []


def test_a_gateway_that_does_not_answer_keeps_nobody_waiting(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("FAAS_GATEWAY", f"http://127.0.0.1:{silent.getsockname()[1]}")
        begun = time.monotonic()
        completed(shell, "%faas show s")
        assert time.monotonic() - begun < 3


def test_where_there_is_no_gateway(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAAS_GATEWAY", "http://127.0.0.1:9")
    assert completed(shell, "%faas sho") == ["%faas show"]
    assert offers("%faas show ", lambda _: {}) == ("", [])
