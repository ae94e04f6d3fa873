"""``%%publish`` and ``%faas`` against a gateway over real HTTP."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_faas.kernel.choice import DRY_RUN, ONLY
from jupyter_faas.kernel.display import Progress
from jupyter_faas.kernel.lines import Call
from jupyter_faas.kernel.panel import Panel, Step
from jupyter_faas.kernel.tables import Table, functions_table
from jupyter_faas.model.bundle import Bundle
from jupyter_faas.model.connection import write_connection
from jupyter_faas.model.errors import BuildError
from jupyter_faas.model.examples import example_arguments, file_arguments
from tests.unit.client.gateway_double import TOKEN, GatewayDouble
from tests.unit.kernel.notebook import Notebook


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GatewayDouble]:
    """A gateway that the notebook finds by its connection file."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("FAAS_DATA_DIR", str(tmp_path / "data"))
    for name in ("FAAS_GATEWAY", "FAAS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with GatewayDouble() as double:
        write_connection(double.info())
        yield double


def test_publish(notebook: Notebook, gateway: GatewayDouble, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run(
        "%%publish --env KEY=s3cret\ndef total(values: list[float]) -> float:\n    return sum(values)"
    )
    said = capsys.readouterr().out
    assert "✓ capture" in said
    assert "✓ image" in said
    assert "total version 1 is live, after" in said
    url = f"{gateway.url}/functions/total"
    assert (
        f'curl -X POST {url} -H "Authorization: Bearer $(jupyter faas token)" -d \'{{"values": [1, 2, 3]}}\''
        in said
    )
    assert "from jupyter_faas import connect; connect()['total'](values=[1, 2, 3])" in said
    assert TOKEN not in said
    assert "s3cret" not in said
    (content,) = gateway.bundles.values()
    assert Bundle.unpack(content).manifest.entry == "total"


def test_failed_build(notebook: Notebook, gateway: GatewayDouble, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.build_fails = True
    error = notebook.run_failing("%%publish\ndef f():\n    return 1")
    assert isinstance(error, BuildError)
    said = capsys.readouterr().out
    assert BuildError.title in said
    assert "jupyter_faas/kernel" not in said


def test_another_gateway(
    notebook: Notebook, gateway: GatewayDouble, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.run(f"%%publish --gateway {gateway.url}\ndef f():\n    return 1")
    assert f"connect({gateway.url!r})['f']()" in capsys.readouterr().out


def test_no_gateway(notebook: Notebook, gateway: GatewayDouble) -> None:
    error = notebook.run_failing("%%publish --gateway http://127.0.0.1:9\ndef f():\n    return 1")
    assert type(error).__name__ == "GatewayUnavailable"


def test_commands(notebook: Notebook, gateway: GatewayDouble, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.add_function("echo")
    notebook.run(
        "listed = %faas list", "shown = %faas show echo", "state = %faas gateway", "%faas delete echo --yes"
    )
    names: dict[str, Any] = notebook.shell.user_ns
    assert "echo" in repr(names["listed"])
    assert "x (required)" in names["shown"]._repr_html_()
    assert gateway.url in repr(names["state"])
    assert gateway.functions == {}
    error = notebook.run_failing("%faas show echo")
    assert type(error).__name__ == "NotFound"


def test_invoke_takes_values_of_the_kernel(notebook: Notebook, gateway: GatewayDouble) -> None:
    gateway.add_function("echo")
    notebook.run(
        "from datetime import date\nday, many = date(2026, 1, 2), {'x': 1}",
        "a = %faas invoke echo x={day.replace(day=3)} text=day",
        "b = %faas invoke echo {many}",
        "def inside(local):\n    return get_ipython().run_line_magic('faas', 'invoke echo x={[local] * 2}')",
        "c = inside(7)",
    )
    given = [notebook.shell.user_ns[name]["arguments"] for name in "abc"]
    assert given == [{"x": "2026-01-03", "text": "day"}, {"x": 1}, {"x": [7, 7]}]
    error = notebook.run_failing("%faas invoke echo good=1 x={notebook_of}")
    assert "x={notebook_of} raised NameError" in str(error)
    error = notebook.run_failing("import sys\n%faas invoke echo good=1 x={sys}")
    assert str(error).startswith("x can't be sent as JSON: nothing makes JSON of a module.")


def test_a_function_that_a_run_holds_back_is_called_in_the_kernel(
    notebook: Notebook,
    gateway: GatewayDouble,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(DRY_RUN, "1")
    notebook.run(
        "from datetime import date\nfrom jupyter_faas import Context",
        "%%publish year-of\ndef year(day: date) -> int:\n    return day.year",
        "%%publish\nasync def items(n: int):\n    for i in range(n):\n        yield i",
        "%%publish\ndef told(context: Context): ...",
        '%%publish area --input "r: float = 1" --output area\narea = r * r',
        "a = %faas invoke year-of day=2026-01-02",
        "b = %faas invoke items n=2",
        "c = %faas invoke told",
        "d = %faas invoke area r=2",
    )
    assert [notebook.shell.user_ns[name] for name in "abcd"] == [2026, [0, 1], None, None]
    said = capsys.readouterr().out
    assert "year-of is not published in this run: the function in this kernel was called." in said
    assert "told is not published in this run, and was not called." in said
    error = notebook.run_failing("%faas invoke items m=2")
    assert str(error).startswith("items(n: int): missing a required argument: 'n'")
    assert gateway.functions == {}
    monkeypatch.setenv(DRY_RUN, "")
    monkeypatch.setenv(ONLY, "year-of")
    notebook.run("%%publish other\ndef other() -> str:\n    return 'here'", "e = %faas invoke other")
    assert notebook.shell.user_ns["e"] == "here"


def test_invoke_returns_the_value(notebook: Notebook, gateway: GatewayDouble) -> None:
    gateway.add_function("echo")
    notebook.run('a = %faas invoke echo {"x": 1}', "b = %faas invoke echo x=1")
    assert notebook.shell.user_ns["a"] == notebook.shell.user_ns["b"]


@pytest.mark.parametrize("line", ["", "list extra", "show", "nonsense", "logs f --limit many"])
def test_a_wrong_command_says_so(notebook: Notebook, gateway: GatewayDouble, line: str) -> None:
    assert type(notebook.run_failing(f"%faas {line}")).__name__ == "UsageError"


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        ({"properties": {"x": {"type": "string"}}, "required": ["x"]}, {"x": "text"}),
        ({"properties": {"x": {"type": "integer", "default": 7}, "y": {}}, "required": []}, {"x": 7}),
        (
            {"properties": {"x": {"anyOf": [{"type": "null"}, {"type": "boolean"}]}}, "required": ["x"]},
            {"x": True},
        ),
        (
            {"properties": {"x": {"type": "array", "items": {"type": "object"}}}, "required": ["x"]},
            {"x": [{}]},
        ),
        (
            {"properties": {"x": {"enum": ["a", "b"]}, "y": {"const": 3}}, "required": ["x", "y"]},
            {"x": "a", "y": 3},
        ),
        ({"properties": {}, "required": []}, {}),
    ],
)
def test_example_arguments(schema: dict[str, Any], arguments: dict[str, Any]) -> None:
    assert example_arguments(schema) == arguments


def test_everything_shown_is_escaped() -> None:
    evil = "<script>alert('x')</script>"
    panel = Panel(steps={evil: Step(evil, "failed", 1.0, evil)}, headline=evil)
    panel.call = Call(f"http://h/{evil}", evil, {evil: evil})
    panel.error = BuildError(evil, log=[evil])
    for shown in (panel.html(), Table((evil,), ((evil,),))._repr_html_()):
        assert "<script>" not in shown
        assert html.escape(evil) in shown
    assert evil in panel.text()


def test_a_curl_line_survives_the_shell() -> None:
    call = Call("http://h/f", "f", {"text": "it's $HOME"})
    assert call.curl.endswith("""-d '{"text": "it'"'"'s $HOME"}'""")


def test_files_are_named_in_the_lines_to_copy() -> None:
    file = {"type": "string", "contentEncoding": "base64"}
    properties = {"picture": {"anyOf": [file, {"type": "null"}]}, "size": {"type": "integer"}, "title": {}}
    assert file_arguments({"properties": properties}) == {"picture"}
    arguments = {"picture": "aGVsbG8=", "size": 3, "title": "it's"}
    call = Call(
        "http://h/f", "f", arguments, True, None, frozenset({"picture"}), "(picture, size: int, *, title)"
    )
    assert call.curl == (
        "curl -X POST http://h/f -F picture=@FILE -F 'size=3;type=application/json' -F 'title=it'\"'\"'s'"
    )
    assert call.python == (
        "from pathlib import Path; from jupyter_faas import connect; "
        """connect()['f'](picture=Path('FILE'), size=3, title="it's")"""
    )


@pytest.mark.parametrize("signature", ["(x, /)", "(*x)", "(*x, **rest)", ""])
def test_arguments_without_a_name_are_given_as_a_dict(signature: str) -> None:
    assert Call("http://h/f", "f", {"x": 1}, signature=signature).python.endswith(
        "connect().invoke('f', {'x': 1})"
    )


def test_steps_of_a_failed_build() -> None:
    class Screen:
        def show(self, panel: Panel, changed: Step | None) -> None:
            pass

    progress = Progress(Screen())
    progress.event("step", {"step": "environment", "state": "reused", "seconds": 0.0, "detail": "3 packages"})
    progress.event("step", {"step": "image", "state": "started"})
    progress.event("failed", {})
    text = progress.panel.text()
    assert "✓ environment 0 ms, reused, 3 packages" in text
    assert "✗ image" in text


def test_tables_in_a_terminal() -> None:
    assert repr(functions_table([])) == "No function is published yet: put %%publish on a cell."
    assert repr(Table(("a", "bb"), (("1", "2"), ("333", "4")))) == "a    bb\n1    2\n333  4"
