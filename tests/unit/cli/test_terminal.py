"""What a person at a terminal sees: questions and colours."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tests.support.terminal import in_terminal
from tests.unit.client.gateway_double import GatewayDouble


@pytest.mark.parametrize(("answer", "status", "left"), [("n", 1, 1), ("", 1, 1), ("y", 0, 0), ("Yes", 0, 0)])
def test_delete_asks(
    double: GatewayDouble, environment: dict[str, str], answer: str, status: int, left: int
) -> None:
    double.add_function("area", version=3)
    done, screen = in_terminal(environment, "delete", "area", typed=f"{answer}\n")
    assert done == status
    assert "Delete area with all its versions (3 versions)? [y/N]" in screen
    assert len(double.functions) == left


def test_errors_are_red_for_those_who_like_colours(
    double: GatewayDouble, environment: dict[str, str]
) -> None:
    double.add_function("fail")
    environment = {**environment, "TERM": "xterm", "NO_COLOR": ""}
    assert "\x1b[31mThe function raised an exception." in in_terminal(environment, "invoke", "fail", "x=1")[1]
    assert "\x1b" not in in_terminal({**environment, "NO_COLOR": "1"}, "invoke", "fail", "x=1")[1]
    assert "\x1b" not in in_terminal({**environment, "TERM": "dumb"}, "invoke", "fail", "x=1")[1]


def test_publish_shows_how_far_it_is(
    double: GatewayDouble, environment: dict[str, str], tmp_path: Path
) -> None:
    cells = ["import time\ntime.sleep(0.2)", "x = 1", "", "#| publish\ndef two():\n    return x"]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    nbformat.write(made, tmp_path / "work.ipynb")
    status, screen = in_terminal(environment, "publish", str(tmp_path / "work.ipynb"))
    assert status == 0, screen
    assert "  0% |" in screen
    assert "67% |" in screen
    assert "2/3 cells" in screen
    assert "#| publish" in screen
    assert screen.rstrip().splitlines()[-1].startswith("two       1        live")
    _, screen = in_terminal(environment, "publish", "--no-execute", str(tmp_path / "work.ipynb"))
    assert "0/1 functions" in screen
    status, screen = in_terminal(environment, "publish", "--whole", str(tmp_path / "work.ipynb"))
    assert status == 0, screen
    assert "0/4 steps" in screen
