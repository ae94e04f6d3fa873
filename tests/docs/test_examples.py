"""The examples do what they say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_faas.model.media import IPYNB
from tests.support.gateway import Gateway
from tests.support.notebook import execute, read

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.docker


def published(gateway: Gateway, name: str) -> None:
    """Publish a whole notebook with the command."""
    command = [sys.executable, "-m", "jupyter_faas.cli", "publish", str(EXAMPLES / name), "--whole"]
    done = subprocess.run(
        command, env=gateway.environment, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr


def page(gateway: Gateway, path: str, arguments: bytes) -> str:
    answer = gateway.request("POST", path, arguments, {"Accept": "text/html"})
    assert answer.status == 200, answer.body
    return answer.body.decode()


def test_report(gateway: Gateway) -> None:
    published(gateway, "report.ipynb")
    best = {"year": 2024, "best": {"Oslo": 451.0, "Bergen": 322.4}}
    assert gateway.call("report", {"top": 2, "unit": "EUR"}).json == best
    text = page(gateway, "/functions/report?hide_input=1", b'{"year": 2023, "towns": ["Hamar", "Oslo"]}')
    assert "<td>40</td>" in text
    assert "data:image/png;base64," in text
    assert "nlargest" not in text
    failed = gateway.call("report", {"year": 1999}).json
    assert (failed["cell"], failed["source"]) == (3, 'raise ValueError(f"there are no sales in {year}")')


@pytest.mark.timeout(600)
def test_r_notebook(gateway: Gateway) -> None:
    published(gateway, "stopping.ipynb")
    answer = gateway.call("stopping", {"speed": 21})
    assert answer.json == {"distance": {"ft": pytest.approx(65.0, abs=0.01)}, "speed": 21}, answer.body
    assert '<h1 id="Speed-and-stopping-distance">' in page(gateway, "/functions/stopping?hide_input=1", b"{}")
    attack = ['m"); quit("no', "é"]
    notebook = gateway.request(
        "POST", "/functions/stopping", json.dumps({"units": attack}).encode(), {"Accept": IPYNB}
    ).json
    assert "".join(notebook["cells"][2]["source"]) == (
        '# Parameters\nunits <- c("m\\"); quit(\\"no", "\\u00e9")\n'
    )
    failed = gateway.call("stopping", {"units": [1, "a"]}).json  # a list, which is no subscript
    assert (failed["code"], failed["cell"]) == ("handler-error", 4), failed
    assert failed["source"].startswith("interval <- predict(")
    assert "invalid subscript type" in failed["message"]


def test_quickstart(gateway: Gateway) -> None:
    execute(read(EXAMPLES / "quickstart.ipynb"), gateway, EXAMPLES)
    program = subprocess.run(
        [sys.executable, EXAMPLES / "call_quickstart.py", gateway.url, gateway.token],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert program.stdout.count("→ 200 in") == 4
    assert '"How are you?"' in program.stdout
    assert '{"quantile":7.6' in program.stdout
    assert '[{"city":"Oslo","sales":8},{"city":"Bergen","sales":4}]' in program.stdout
    logged = [(entry["stream"], entry["text"]) for entry in gateway.client.logs("TestFn")]
    assert logged[:2] == [("INFO", "Hello from TestFn!"), ("INFO", "How are you?")]
