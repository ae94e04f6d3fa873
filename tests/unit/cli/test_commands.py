"""The command line as a real process, against a gateway in miniature."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_faas.client.connection import process_exists
from jupyter_faas.model.connection import connection_file, read_connection
from tests.support.waiting import eventually
from tests.unit.cli.conftest import Run
from tests.unit.client import gateway_double
from tests.unit.client.gateway_double import TOKEN, GatewayDouble

COMMANDS = (
    *("serve", "status", "stop", "token", "env", "doctor", "version"),
    *("list", "show", "invoke", "logs", "delete", "publish"),
)
NOBODY = "http://127.0.0.1:9"


def test_help_shows_every_command_and_examples(run: Run) -> None:
    shown = run("--help").stdout
    assert all(f"\n    {command} " in shown for command in COMMANDS)
    assert "examples:" in shown
    assert "exit status: 0 done, 1" in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(run: Run, command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"usage: jupyter faas {command}" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["list", "--nonsense"],
        ["list", "--gateway", "ftp://x"],
        ["invoke", "f", "--data", "{"],
        ["invoke", "f", "--data", "[1]"],
        ["invoke", "f", "--data", "@no-such-file"],
        ["invoke", "f", "--data", "{}", "x=1"],
        ["invoke", "f", "x"],
        ["publish", "no-such.ipynb"],
    ],
)
def test_wrong_usage(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "usage: jupyter faas" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [["status"], ["stop"], ["list"], ["show", "f"], ["invoke", "f"], ["logs", "f"], ["delete", "f", "--yes"]],
)
def test_no_gateway(run: Run, arguments: list[str]) -> None:
    for given in (arguments, ["--gateway", NOBODY, *arguments], [*arguments, "--gateway", NOBODY]):
        done = run(*given)
        assert done.returncode == 3
        assert "jupyter faas serve" in done.stderr
        assert done.stdout == ""


def test_no_gateway_for_a_program(run: Run) -> None:
    done = run("list", "--json")
    assert json.loads(done.stderr)["code"] == "gateway-unavailable"
    assert done.stdout == ""


def test_the_gateway_of_the_variables(run: Run, double: GatewayDouble) -> None:
    done = run("list", "--json", FAAS_GATEWAY=double.url, FAAS_TOKEN="wrong")
    assert done.returncode == 1
    assert json.loads(done.stderr)["code"] == "unauthenticated"


def test_version(run: Run) -> None:
    version = json.loads(run("version", "--json").stdout)["version"]
    assert run("version").stdout == run("--version").stdout == f"jupyter-faas {version}\n"


def test_list(run: Run, double: GatewayDouble) -> None:
    nothing = run("list")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "%%publish" in nothing.stderr
    double.add_function("area")
    double.add_function("circumference", version=12)
    lines = run("list").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["NAME", "VERSION"],
        ["area", "1"],
        ["circumference", "12"],
    ]
    assert len({line.index(word) for line, word in zip(lines, ("VERSION", "1", "12"), strict=True)}) == 1
    assert json.loads(run("list", "--json").stdout) == {"functions": list(double.functions.values())}


def test_show(run: Run, double: GatewayDouble) -> None:
    double.add_function("area")
    shown = run("show", "area").stdout
    for text in ("What area does.", "x: integer", "timeout 30 s", "memory 256 MB", "numpy==2.0.0", "API_KEY"):
        assert text in shown
    assert "\x1b" not in shown
    assert json.loads(run("show", "area", "--json").stdout) == double.functions["area"]


def test_an_unknown_function(run: Run, double: GatewayDouble) -> None:
    done = run("show", "unknown")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["There is no such thing.", "  There is no function 'unknown'."]


@pytest.mark.parametrize(
    ("arguments", "stdin", "sent"),
    [
        ([], "", {}),
        (
            ["x=1", "name=Ada", "xs=[1, 2]", 'quoted="1"', "empty=", "a=b=c"],
            "",
            {"x": 1, "name": "Ada", "xs": [1, 2], "quoted": "1", "empty": "", "a": "b=c"},
        ),
        (["--data", '{"x": "ä"}'], "", {"x": "ä"}),
        (["--data", "@input.json"], "", {"x": 2}),
        (["--data", "-"], '{"x": 3}', {"x": 3}),
    ],
)
def test_invoke(
    run: Run, double: GatewayDouble, tmp_path: Path, arguments: list[str], stdin: str, sent: dict[str, object]
) -> None:
    (tmp_path / "input.json").write_text('{"x": 2}')
    double.add_function("echo")["input_schema"] = {"type": "object"}
    for more in ([], ["--json"]):
        done = run("invoke", "echo", *arguments, *more, stdin=stdin)
        assert json.loads(done.stdout)["arguments"] == sent
    assert len(done.stdout.splitlines()) == 1


def test_invoke_writes_what_is_no_json_as_it_is(run: Run, double: GatewayDouble) -> None:
    double.add_function("table")
    assert run("invoke", "table", "x=1", "--accept", "text/csv").stdout == "a\n1\n"
    assert "arguments" in json.loads(run("invoke", "table", "--x", "1").stdout)


def test_invoke_a_function_that_raises(run: Run, double: GatewayDouble) -> None:
    double.add_function("fail")
    done = run("invoke", "fail", "--x=1")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "The function raised an exception.",
        "  The function raised ZeroDivisionError.",
        "  cell In [3], line 4, in fail",
        "      return 1 / 0",
        "  ZeroDivisionError: division by zero",
    ]
    problem = json.loads(run("invoke", "fail", "--json", "x=1").stderr)
    assert problem["traceback"][0]["cell_line"] == 4


def test_invoke_with_input_that_does_not_fit(run: Run, double: GatewayDouble) -> None:
    double.add_function("strict")
    done = run("invoke", "strict", "x=a")
    assert done.returncode == 1
    assert "  - /x: 'a' is not of type 'integer'" in done.stderr.splitlines()


def test_logs(run: Run, double: GatewayDouble) -> None:
    double.add_function("area")
    assert run("logs", "area", "--limit", "7").stdout == "2025-01-01T00:00:00+00:00  stdout    Hello\n"
    assert double.requests[-1].endswith("/logs?limit=7")
    assert json.loads(run("logs", "area", "--json").stdout)["logs"][0]["invocation"] == "i1"


def test_delete(run: Run, double: GatewayDouble) -> None:
    double.add_function("area")
    refused = run("delete", "area")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert "area" in double.functions
    assert run("delete", "area", "--yes").stdout == "Deleted area (1 version).\n"
    assert double.functions == {}
    double.add_function("area")
    assert json.loads(run("delete", "area", "--yes", "--json").stdout) == {"deleted": "area", "versions": 1}


def test_status(run: Run, double: GatewayDouble) -> None:
    shown = run("status").stdout
    assert double.url in shown
    assert "does not isolate" in shown
    assert json.loads(run("status", "--json").stdout)["engine"]["name"] == "double"


def test_token(run: Run, double: GatewayDouble) -> None:
    assert run("token").stdout == f"{TOKEN}\n"
    assert run("token", "--gateway", double.url).stdout == f"{TOKEN}\n"
    assert run("token", "--gateway", NOBODY).returncode == 3


def test_env(run: Run, double: GatewayDouble) -> None:
    assert run("env").stdout == f"export FAAS_GATEWAY={double.url}\nexport FAAS_TOKEN={TOKEN}\n"
    assert run("env", "--gateway", NOBODY).returncode == 3


def test_serve_hands_its_options_to_the_gateway(run: Run) -> None:
    done = run("serve", "--help-all")
    assert done.returncode == 0
    assert "--GatewayApp.port" in done.stdout


def test_serve_in_the_background_keeps_the_gateway_that_runs(run: Run, double: GatewayDouble) -> None:
    done = run("serve", "--background")
    assert (done.returncode, done.stdout) == (0, f"The gateway runs at {double.url}.\n")


def test_stop_returns_when_the_gateway_has_ended(run: Run, environment: dict[str, str]) -> None:
    Path(environment["FAAS_DATA_DIR"]).mkdir()
    file = connection_file(Path(environment["JUPYTER_RUNTIME_DIR"]))
    with subprocess.Popen([sys.executable, str(gateway_double.__file__)], env=environment) as gateway:
        eventually(lambda: read_connection(file), what="the gateway writes its connection file")
        assert run("status").returncode == 0
        done = run("stop")
        assert (done.returncode, done.stdout) == (0, "The gateway has ended.\n")
        assert not process_exists(gateway.pid)
    assert run("stop").returncode == 3


def test_stop_says_so_if_the_gateway_does_not_end(run: Run, double: GatewayDouble) -> None:
    done = run("stop", "--timeout", "0.2")
    assert done.returncode == 3
    assert "still runs after 0.2 s" in done.stderr


def test_a_reader_that_has_seen_enough(double: GatewayDouble, environment: dict[str, str]) -> None:
    for n in range(2000):
        double.add_function(f"function_{n}")
    command = f"{sys.executable} -m jupyter_faas.cli list | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("NAME")


def test_the_command_is_light(environment: dict[str, str]) -> None:
    heavy = {"IPython", "nbclient", "jupyter_client", "tornado", "pydantic", "jupyter_faas.gateway"}
    code = f"import sys, jupyter_faas.cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(
    importlib.util.find_spec("jupyter_faas.gateway.doctor") is None, reason="there is no doctor yet"
)
def test_doctor(run: Run) -> None:
    found = run("doctor", "--json")
    report = json.loads(found.stdout)
    assert found.returncode == (0 if report["ok"] else 1)
    shown = run("doctor")
    assert shown.returncode == found.returncode
    marks = [line[:9].strip() for line in shown.stdout.splitlines() if not line.startswith(" ")]
    assert marks == ["ok" if check["ok"] else "attention" for check in report["checks"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["diff", "area", "1", "2", "3"], "diff compares two versions"),
        (["diff", "area", "one"], "not the number of a version"),
        (["alias", "area", "--remove"], "--remove forgets one alias"),
        (["alias", "area", "prod", "7", "--remove"], "--remove forgets one alias"),
        (["rollback", "area", "--to", "prod"], "not the number of a version"),
        (["prune"], "add --yes"),
        (["publish", "x.ipynb", "--alias", "latest"], "moves by itself"),
        (["publish", "x.ipynb", "--alias", "7"], "A number is the version itself"),
    ],
)
def test_misuse_of_versions(run: Run, double: GatewayDouble, words: list[str], said: str) -> None:
    double.add_function("area")
    done = run(*words)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())


def test_deleting_by_an_alias_is_refused(run: Run, double: GatewayDouble) -> None:
    double.add_function("area")
    done = run("delete", "area@prod", "--yes")
    assert done.returncode == 1
    assert "`jupyter faas alias area prod --remove` forgets an alias" in done.stderr
    assert "area" in double.functions
