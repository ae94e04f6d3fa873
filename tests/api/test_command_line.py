"""``jupyter faas invoke`` and the completion of a shell, with functions of the real gateway."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.described import countdown, greet, measure, price, summarize
from tests.support.gateway import Gateway
from tests.support.published import publish
from tests.support.terminal import in_terminal

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module", autouse=True)
def functions(gateway: Gateway) -> None:
    for function in (summarize, countdown, price, measure, greet):
        publish(gateway, function)
    gateway.publish("def any_of(**given):\n    return given\n", "any_of")
    towns = [{"town": "Ulm", "n": 1}, {"town": "Bonn", "n": 22}]
    gateway.publish(f"def towns():\n    return {towns}\n", "towns")


def faas(
    gateway: Gateway, folder: Path, *words: str, stdin: bytes = b"", **more: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "jupyter_faas.cli", *words],
        env={**gateway.environment, "COLUMNS": "100", **more},
        cwd=folder,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("words", "result"),
    [
        (["summarize", "--values", "[1, 2, 3]", "--q", "0.5"], {"quantile": 2.0, "mean": 2.0}),
        (["summarize", "--values", "1", "--values=5"], {"quantile": 5.0, "mean": 3.0}),
        (["summarize", "--values", "7"], {"quantile": 7.0, "mean": 7.0}),
        (["summarize", "--values", "@values.json", "q=0"], {"quantile": 4.0, "mean": 5.0}),
        (["price", "--room", '{"kind": "single"}', "--extras", "late", "--extras", "late"], 80),
        (["greet", "--name", "5", "--loud"], "HELLO 5"),
        (["greet", "--loud", "false", "--times", "2"], "hello you hello you"),
        (["measure", "--content", "@values.json"], {"bytes": 6, "name": 4}),
        (["measure", "--content", "-"], {"bytes": 3, "name": 4}),
        (["any_of", "--a", "1", "--b=x", "c=[2]"], {"a": 1, "b": "x", "c": [2]}),
        (["countdown@1", "--start", "2", "--accept", "application/json"], [2, 1]),
        (["summarize", "--data", '{"values": [1]}'], {"quantile": 1.0, "mean": 1.0}),
    ],
)
def test_parameters_are_options(gateway: Gateway, tmp_path: Path, words: list[str], result: object) -> None:
    (tmp_path / "values.json").write_text("[4, 6]")
    done = faas(gateway, tmp_path, "invoke", *words, stdin=b"abc")
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout) == result


def test_help_is_made_from_the_schema(gateway: Gateway, tmp_path: Path) -> None:
    shown = faas(gateway, tmp_path, "invoke", "summarize", "--help").stdout.decode()
    assert "Quantile and mean of a list of numbers." in shown
    assert "Which quantile, from 0 to 1; number; default 0.5" in " ".join(shown.split())
    assert "list of number; required" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["summarize"], "summarize needs --values (list of number)"),
        (["summarize", "--vlaues", "[1]"], "there is no parameter --vlaues; did you mean --values?"),
        (["summarize", "--values", "@nowhere.json"], "nowhere.json can't be read"),
        (["measure", "--content", "@nowhere.bin"], "there is no file nowhere.bin"),
        (["summarize", "[1]"], "'[1]' is not KEY=VALUE"),
        (["summarize", "--data", "{}", "--q", "1"], "with --data or by name, not both"),
        (["greet", "--output", "no/such/folder.json"], "can't be written"),
    ],
)
def test_wrong_usage(gateway: Gateway, tmp_path: Path, words: list[str], said: str) -> None:
    done = faas(gateway, tmp_path, "invoke", *words)
    assert done.returncode == 2
    assert said in done.stderr.decode()


def test_results_are_written_to_files_and_streams_come_line_by_line(gateway: Gateway, tmp_path: Path) -> None:
    done = faas(gateway, tmp_path, "invoke", "greet", "--output", "said.txt")
    assert (tmp_path / "said.txt").read_text() == "hello you"
    assert done.stderr.decode() == "Wrote said.txt (9 B, text/plain).\n"
    assert faas(gateway, tmp_path, "invoke", "countdown", "--start", "3").stdout == b"3\n2\n1\n"


def test_a_terminal_gets_tables_and_colours_and_a_pipe_json(gateway: Gateway, tmp_path: Path) -> None:
    colourful = {**gateway.environment, "TERM": "xterm-256color", "NO_COLOR": "", "COLUMNS": "100"}
    status, screen = in_terminal(colourful, "invoke", "towns")
    assert status == 0
    assert "\x1b[1mtown" in screen, "a head in bold"
    plain = re.sub(r"\x1b\[[0-9;]*m", "", screen)
    assert [line.split() for line in plain.splitlines()] == [["town", "n"], ["Ulm", "1"], ["Bonn", "22"]]
    _, screen = in_terminal(colourful, "invoke", "summarize", "--values", "1")
    assert "\x1b[" in screen
    assert json.loads(re.sub(r"\x1b\[[0-9;]*m", "", screen)) == {"quantile": 1.0, "mean": 1.0}
    _, screen = in_terminal({**colourful, "NO_COLOR": "1"}, "invoke", "summarize", "--values", "1")
    assert json.loads(screen) == {"quantile": 1.0, "mean": 1.0}
    piped = faas(gateway, tmp_path, "invoke", "towns").stdout
    assert json.loads(piped) == [{"town": "Ulm", "n": 1}, {"town": "Bonn", "n": 22}]


def test_logs_are_followed_in_a_shell_until_they_are_interrupted(gateway: Gateway) -> None:
    gateway.publish("def tell(n=0):\n    print('said', n)\n", "tell")
    gateway.call("tell")
    with subprocess.Popen(
        [sys.executable, "-m", "jupyter_faas.cli", "logs", "tell", "-f"],
        env=gateway.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as following:
        assert following.stdout is not None
        assert following.stdout.readline().endswith("said 0\n"), "what was written before"
        gateway.call("tell", {"n": 1})
        assert following.stdout.readline().endswith("said 1\n"), "as it is written"
        following.send_signal(signal.SIGINT)
        _, said = following.communicate(timeout=20)
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("jupyter-faas invok", {"invoke"}),
        ("jupyter-faas show s", {"summarize"}),
        ("jupyter-faas invoke sum", {"summarize"}),
        ("jupyter-faas invoke summarize --v", {"--values"}),
        ("jupyter-faas invoke summarize q", {"q="}),
        ("jupyter-faas invoke greet --loud ", {"true", "false"}),
        ("jupyter-faas completion ", {"bash", "zsh", "fish"}),
    ],
)
def test_a_shell_completes(gateway: Gateway, tmp_path: Path, line: str, offered: set[str]) -> None:
    """As the code that ``completion`` prints asks: the answer comes by file descriptor 8."""
    asked = {"_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "COMP_LINE": line, "COMP_POINT": str(len(line))}
    done = subprocess.run(
        ["bash", "-c", f"{Path(sys.executable).parent / 'jupyter-faas'} 8>&1 9>/dev/null >/dev/null"],
        env={**os.environ, **gateway.environment, **asked},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert {word.strip() for word in done.stdout.split("\n")} - {""} == offered
    assert done.stderr == ""


def test_each_shell_gets_its_code(gateway: Gateway, tmp_path: Path) -> None:
    for shell in ("bash", "zsh", "fish"):
        code = faas(gateway, tmp_path, "completion", shell).stdout.decode()
        assert "jupyter-faas" in code
