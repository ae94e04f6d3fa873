"""The gateway's own description, and clients that know nothing else of it."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from openapi_spec_validator import validate

from tests.api.described import FUNCTIONS, greet, summarize
from tests.support.gateway import Gateway
from tests.support.published import publish

pytestmark = pytest.mark.docker
NO_TOKEN = {"Authorization": ""}
HOOKS = """
import schemathesis
from schemathesis import GenerationMode


@schemathesis.hook
def filter_case(context, case):
    # Texts are read with patience (1 for true, one text for a list of one), and a query beside JSON isn't
    # read: that wrong arguments are refused is asked of JSON.
    if case.meta is None or not case.path.startswith("/functions/"):
        return True
    negative = GenerationMode.NEGATIVE
    wrong = {place.value for place, each in case.meta.components.items() if each.mode == negative}
    return "query" not in wrong and ("body" not in wrong or case.media_type == "application/json")
"""


@pytest.fixture(scope="module", autouse=True)
def functions(gateway: Gateway) -> None:
    for function in FUNCTIONS:
        publish(gateway, function, public=function is greet)


def called(document: dict[str, Any]) -> set[str]:
    return {path for path in document["paths"] if path.startswith("/functions/") and "{" not in path}


def test_the_document_lists_what_the_caller_may_know_of(gateway: Gateway) -> None:
    whole = gateway.request("GET", "/openapi.json").json
    validate(cast("Any", whole))
    assert called(whole) == {f"/functions/{function.__name__}" for function in FUNCTIONS}
    public = gateway.request("GET", "/openapi.json", headers=NO_TOKEN).json
    validate(cast("Any", public))
    assert called(public) == {"/functions/greet"}
    assert "summarize" not in json.dumps(public)


def test_one_function_and_its_versions(gateway: Gateway) -> None:
    latest = gateway.request("GET", "/api/v1/functions/greet/openapi.json", headers=NO_TOKEN).json
    validate(cast("Any", latest))
    assert called(latest) == {"/functions/greet"}
    assert latest["servers"] == [{"url": "../../../.."}]
    first = gateway.request("GET", "/api/v1/functions/summarize/openapi.json?version=1").json
    assert called(first) == {"/functions/summarize@1"}
    assert gateway.request("GET", "/api/v1/functions/summarize/openapi.json?version=9").status == 404
    for path in ("summarize/openapi.json", "nobody/openapi.json", "summarize/form"):
        answer = gateway.request("GET", f"/api/v1/functions/{path}", headers=NO_TOKEN)
        assert (answer.status, answer.code) == (401, "unauthenticated")


def test_the_form_of_a_function(gateway: Gateway) -> None:
    form = gateway.request("GET", "/api/v1/functions/summarize/form").json
    assert form["formData"] == {"values": [1, 2, 3], "q": 0.5}
    field = form["schema"]["properties"]["q"]
    assert (field["title"], field["default"], field["examples"]) == ("q", 0.5, [0.5])
    assert field["description"] == "Which quantile, from 0 to 1."
    assert form["uiSchema"]["q"] == {"ui:widget": "updown"}


def test_a_method_that_there_is_not_names_those_that_there_are(gateway: Gateway) -> None:
    assert gateway.request("PATCH", "/api/v1/functions").headers["allow"] == "GET"
    assert gateway.request("PATCH", "/functions/greet").headers["allow"] == "GET, POST"


def test_the_page_loads_nothing_from_elsewhere(gateway: Gateway) -> None:
    page = gateway.request("GET", "/docs", headers=NO_TOKEN)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    text = page.body.decode()
    assert "http" not in text
    assert '"/' not in text  # every address is relative, so that it works below any path
    kinds = {
        "swagger-ui.css": "text/css",
        "swagger-ui-bundle.js": "text/javascript",
        "docs.js": "text/javascript",
    }
    for name, kind in kinds.items():
        assert f'"docs/{name}"' in text
        file = gateway.request("GET", f"/docs/{name}", headers=NO_TOKEN)
        assert (file.status, file.headers["content-type"].partition(";")[0]) == (200, kind)
        assert len(file.body) > 500
    for name in ("swagger-ui.js", "secrets.js", "docs.html", "..%2fbase.py"):
        assert gateway.request("GET", f"/docs/{name}").status == 404


def test_schemathesis_finds_nothing(gateway: Gateway, tmp_path: Path) -> None:
    (tmp_path / "hooks.py").write_text(HOOKS)
    command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{gateway.url}/openapi.json"]
    command += ["--header", f"Authorization: Bearer {gateway.token}", "--url", gateway.url, "--no-color"]
    # What ends the gateway, what deletes, what wants the digest of its body, and what may want a thousand
    # instances to be started stay out.
    command += ["--exclude-path", "/api/v1/shutdown", "--exclude-method", "DELETE", "--exclude-method", "PUT"]
    command += ["--exclude-method", "PATCH"]
    command += ["--max-examples", "25", "--phases", "examples,coverage,fuzzing"]
    done = subprocess.run(
        [*command, "--warnings", "off"],
        env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def test_a_generated_client_calls_every_example(
    gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = gateway.request("GET", "/openapi.json").json
    (tmp_path / "openapi.json").write_text(json.dumps(whole))
    (tmp_path / "config.yaml").write_text(
        "post_hooks: []\nproject_name_override: made\npackage_name_override: made\n"
    )
    command = [str(Path(sys.executable).parent / "openapi-python-client"), "generate", "--meta", "none"]
    command += ["--path", "openapi.json", "--config", "config.yaml", "--output-path", "made"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100)
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    client = importlib.import_module("made").AuthenticatedClient(gateway.url, gateway.token)
    for path in sorted(called(whole)):
        name = path.rpartition("/")[2]
        content = whole["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        call = importlib.import_module(f"made.api.functions.call_{name}")
        model = getattr(importlib.import_module("made.models"), f"{name.capitalize()}Input")
        results = gateway.client.function(name)["examples"]
        assert "examples" in content or name == "measure"  # bytes are no literals of JSON
        for each, expected in zip(content.get("examples", {}).values(), results, strict=True):
            answer = call.sync_detailed(client=client, body=model.from_dict(each["value"]))
            assert answer.status_code == 200, answer.content
            if "result" in expected:
                assert json.loads(answer.content) == expected["result"]
    parsed = call_summarize(client)
    assert parsed == {"quantile": 2.0, "mean": 2.0}


def call_summarize(client: Any) -> dict[str, Any]:
    models = importlib.import_module("made.models")
    call = importlib.import_module("made.api.functions.call_summarize")
    result: dict[str, Any] = call.sync(client=client, body=models.SummarizeInput([1.0, 2.0, 3.0])).to_dict()
    return result


def test_examples_are_part_of_a_function(gateway: Gateway) -> None:
    assert gateway.client.function("summarize")["examples"] == [
        {"arguments": {"values": [1, 2, 3], "q": 0.5}, "result": {"quantile": 2, "mean": 2}},
        {"arguments": {"values": [4]}, "result": {"quantile": 4, "mean": 4}},
    ]
    assert summarize.__doc__ is not None
